/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading the history. Rows are named by their row id, which is stable and never reused. Text
 * in a returned struct lives in the arena given. Listing calls page by "after": the last row id
 * of the page before, 0 at first; rows added meanwhile come last and disturb nothing.
 */

#include "model/alarm.h"
#include "model/item.h"
#include "store/store.h"
#include "util/arena.h"
#include "util/buf.h"

/* A folder of resources/: account, region or type segment. */
#define STORE_ROOT 0 /* parent of the accounts */
struct store_folder {
	int64_t id;
	int64_t parent;    /* STORE_ROOT for an account */
	struct str name;   /* escaped, as listed */
	int64_t newest_ms; /* newest capture time beneath it */
	uint64_t changed; /* grows with whatever is shown of it or of a resource beneath it */
};
int store_folder_get(struct store *s, int64_t id, struct arena *a,
		     struct store_folder *ret) _must_check_;
int store_folder_find(struct store *s, int64_t parent, struct str name, struct arena *a,
		      struct store_folder *ret) _must_check_;
int store_folders(struct store *s, int64_t parent, int64_t after, struct arena *a,
		  struct store_folder *ret, size_t n, size_t *ret_n) _must_check_;

struct store_resource {
	int64_t id;
	int64_t folder;
	struct str name;                       /* escaped, as listed in its folder */
	struct str account, region, type, rid; /* filled by store_resource_get only */
	int64_t first_ms,
		newest_ms; /* capture times of its first and newest state shown */
	int64_t latest;    /* row of the newest state shown; 0: none */
	uint64_t text_len, jsonl_len; /* of changes and changes.jsonl */
	uint64_t blame_len;           /* of blame; 0: not derived yet */
	uint64_t rel_len;   /* of the lines of relationships.tsv, without its header */
	uint64_t states;    /* shown */
	int64_t changed_ms; /* when its story was last derived: for caches */
};
int store_resource_get(struct store *s, int64_t id, struct arena *a,
		       struct store_resource *ret) _must_check_;
int store_resource_find(struct store *s, int64_t folder, struct str name, struct arena *a,
			struct store_resource *ret) _must_check_;
/* By identity, not by file name. */
int store_resource_lookup(struct store *s, struct str account, struct str region,
			  struct str type, struct str rid, int64_t *ret) _must_check_;
int store_resources(struct store *s, int64_t folder, int64_t after, struct arena *a,
		    struct store_resource *ret, size_t n, size_t *ret_n) _must_check_;
/* The same with nothing but id, folder and name, which is to be had in half of the time. */
int store_resource_names(struct store *s, int64_t folder, int64_t after, struct arena *a,
			 struct store_resource *ret, size_t n,
			 size_t *ret_n) _must_check_;
/* Are there more than n in the folder? Much cheaper than reading so many. */
int store_resources_more(struct store *s, int64_t folder, size_t n,
			 bool *ret) _must_check_;

/* A state as listed. Order: time, then twin. */
struct store_state {
	int64_t id;
	int64_t resource;
	int64_t time_ms;
	unsigned twin;
	uint32_t size; /* of its file */
	bool hidden;
	enum item_status status;
};
int store_state_get(struct store *s, int64_t id, struct store_state *ret) _must_check_;
int store_state_find(struct store *s, int64_t resource, int64_t time_ms, unsigned twin,
		     struct store_state *ret) _must_check_;
/* The newest state at or before the moment. */
int store_state_as_of(struct store *s, int64_t resource, int64_t time_ms,
		      bool with_hidden, struct store_state *ret) _must_check_;
/* States shown (hidden ones too when with_hidden), after (after_ms, after_twin); -1, 0 at first. */
int store_states(struct store *s, int64_t resource, int64_t after_ms, unsigned after_twin,
		 bool with_hidden, struct store_state *ret, size_t n,
		 size_t *ret_n) _must_check_;
/* The canonical compact body / the bytes as received; appended. */
int store_state_body(struct store *s, int64_t id, struct buf *out) _must_check_;
int store_state_raw(struct store *s, int64_t id, struct buf *out) _must_check_;
/* What a deletion inherits; both empty for any other state. */
int store_state_inherited(struct store *s, int64_t id, struct arena *a,
			  struct str *ret_name, struct str *ret_arn) _must_check_;
/* The newest state of a resource as that was read, with what it inherits; in the arena. */
int store_state_latest(struct store *s, const struct store_resource *of, struct arena *a,
		       struct store_state *ret, struct str *ret_name,
		       struct str *ret_arn) _must_check_;

/* An event's record as received; appended. */
int store_event_body(struct store *s, int64_t event, struct buf *out) _must_check_;
int store_event_find(struct store *s, struct str identity,
		     int64_t *ret_event) _must_check_;
/* The event that issued the session: by access key, else by session ARN at or before time. The
   record is appended. STORE_E_NOT_FOUND when the history has none. */
int store_session_issuer(struct store *s, struct str access_key, struct str session_arn,
			 int64_t time_ms, struct buf *out) _must_check_;

struct store_transition {
	int64_t id;
	int64_t time_ms;
	struct str alarm, account, region, state, previous_state, reason;
};
int store_transition_get(struct store *s, int64_t id, struct arena *a,
			 struct store_transition *ret) _must_check_;

/* The same as what render takes. */
static inline struct transition store_transition_model(const struct store_transition *t)
{
	return (struct transition){
		.alarm = { .name = t->alarm, .account = t->account, .region = t->region },
		.time_ms = t->time_ms,
		.state = t->state,
		.previous_state = t->previous_state,
		.reason = t->reason,
	};
}

/* The story of a resource in order of time; see store/derive.h for struct store_entry. */
struct store_entry;
int store_story(struct store *s, int64_t resource, struct arena *a,
		struct store_entry **ret, size_t *ret_n) _must_check_;
/* What of it is of that time, both ends in it. */
int store_story_between(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
			struct arena *a, struct store_entry **ret,
			size_t *ret_n) _must_check_;

/* Row totals for `driftfs status` and the mount's README. */
struct store_totals {
	uint64_t resources, items, states, events, transitions, refused, sources, notices;
	uint64_t values, days;         /* shown in activity/ and timeline/ */
	uint64_t skipped;              /* read-only calls that were not taken in */
	uint64_t keys;                 /* public keys of CloudTrail's */
	uint64_t points, metric_files; /* of metrics */
	uint64_t remade; /* lists of relationships that were damaged, and made anew */
	uint64_t bytes;  /* of the history file */
	int64_t item_first_ms, item_last_ms, event_first_ms, event_last_ms; /* -1: none */
};
int store_totals(struct store *s, struct store_totals *ret) _must_check_;

/* One line per account, region and what ("item" + type, "event" + source, "alarm"). */
struct store_tally {
	struct str what, account, region, type;
	uint64_t n, resources;
	int64_t first_ms, last_ms;
};
int store_tallies(struct store *s, struct arena *a, struct store_tally **ret,
		  size_t *ret_n) _must_check_;
int store_tallies_of(struct store *s, struct str what, struct arena *a,
		     struct store_tally **ret, size_t *ret_n) _must_check_;

/* Read-only calls that were not taken in, by service and name; `after` as with listings. */
struct store_skipped {
	int64_t id;
	struct str service, name;
	uint64_t n;
};
int store_skipped_calls(struct store *s, int64_t after, struct arena *a,
			struct store_skipped *ret, size_t n, size_t *ret_n) _must_check_;

struct store_refusal {
	int64_t id;
	struct str source, field, reason;
	uint64_t offset, length;
	uint64_t kept;       /* bytes of it that are kept */
	int64_t finished_ms; /* its source; 0: not yet */
};
int store_refusal_get(struct store *s, int64_t id, struct arena *a,
		      struct store_refusal *ret) _must_check_;
int store_refusals(struct store *s, int64_t after, struct arena *a,
		   struct store_refusal *ret, size_t n, size_t *ret_n) _must_check_;
int store_refusal_bytes(struct store *s, int64_t id, struct buf *out) _must_check_;

/* --- stories, loaded (model/story.h) ------------------------------------------------------- */

struct story_entry;
struct story_actor;
struct event;
/*
 * Loads one entry: bodies are read and parsed, the difference taken, each cause's event viewed and
 * its person found. Lives in the arena.
 */
int store_story_load(struct store *s, const struct store_resource *resource,
		     const struct store_entry *entry, struct arena *a,
		     struct story_entry *ret) _must_check_;
/* Follows sessions back to whoever opened the first of them (at most STORY_MAX_VIA steps). */
int store_actor_of(struct store *s, const struct event *e, struct arena *a,
		   struct story_actor *ret) _must_check_;
/*
 * The same, for who asks of many and no facts come in meanwhile: what was found of sessions is kept,
 * the last thousand of them, 300 KB at most of usual names. NULL keeps nothing.
 */
struct store_actors;
int store_actors_new(struct store_actors **ret) _must_check_;
struct store_actors *store_actors_free(struct store_actors *k); /* NULL */
int store_actor_kept(struct store *s, struct store_actors *kept, const struct event *e,
		     struct arena *a, struct story_actor *ret) _must_check_;

/*
 * Unpacked blocks of events that several connections, of several threads, keep together: `most`
 * at a time, of about so many bytes. An event is mostly one of some forty in its block, which is
 * unpacked for any of them. 0 or -ENOMEM.
 */
struct store_blocks;
int store_blocks_new(size_t most, size_t bytes, struct store_blocks **ret) _must_check_;
/* After the connections that use them are closed; returns NULL. */
struct store_blocks *store_blocks_free(struct store_blocks *b);
/*
 * From now on; all of them read one history. A writer keeps its own, and so does who reads a file that
 * nobody is expected to write: if somebody does, the connections find that out one by one.
 */
void store_blocks_use(struct store *s, struct store_blocks *blocks);
