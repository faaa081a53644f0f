/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The derived tables' write side: what follows from the facts and can be dropped and made again
 * - listing rows, causes, story entries, sizes. A resource is dirty from some moment on when a
 * fact that touches its story came in later than its story was made; deriving it anew clears
 * that, in the same transaction as the rows.
 */

#include "model/change.h"
#include "store/read.h"
#include "store/relation.h"
#include "store/write.h"

struct store_dirty {
	int64_t resource; /* resource row */
	int64_t from_ms; /* its story is to be made anew from the change at or before this time */
	uint64_t account; /* hash of its account's number: what is read for those of one is alike */
};

/*
 * The log beside the history is taken into the file when it has become long, after a commit. It can
 * begin anew only when all of it was taken, which somebody who reads what was before that commit
 * prevents. While it is held, the caller has it taken when nobody does. store_log_take(): 0,
 * STORE_E_..., negative errno.
 */
void store_log_hold(struct store *s);
bool store_log_is_long(const struct store *s);
int store_log_take(struct store *s) _must_check_;
void store_log_release(struct store *s);

/*
 * Spreads dirt: for the events, transitions and aliases that came in since the last call, marks
 * each resource that shares a token with them, from the event's time on; and, for events that
 * issue a session, the resources whose story has events of that session; and where an account's
 * trail has grown, those with a change that had no trail. Inside a transaction; does at most
 * `limit` rows and says whether more are left.
 *
 * Afterwards all that came in is found by store_events_of_token() of other connections, too: until
 * then what names it may wait in the writer.
 *
 * As long as no resource has an alias nothing is noted for spreading, since all are dirty as a
 * whole: so facts must not be put between the reading of a story's candidates and its put.
 */
int store_spread_dirt(struct store *s, size_t limit, bool *ret_more) _must_check_;

/* The next dirty resources (at most n), by row id above `after`. *ret_n == 0: none. */
int store_dirty_next(struct store *s, int64_t after, struct store_dirty *ret, size_t n,
		     size_t *ret_n) _must_check_;

/* One line of a resource's story, made by correlation. */
enum store_entry_kind {
	STORE_ENTRY_CHANGE,     /* ref: state row */
	STORE_ENTRY_ATTEMPT,    /* ref: event row */
	STORE_ENTRY_ACTIVITY,   /* ref: event row */
	STORE_ENTRY_TRANSITION, /* ref: transition row */
};

/* Whose files in activity/ an event stands in; texts that it has not are empty. */
struct store_event_values {
	int64_t time_ms;
	struct str principal, role, session; /* as struct event_told */
	struct str address, access_key, name, error;
};

struct store_cause {
	int64_t event; /* event row */
	/* Of the event, which is read for them where they are not given: NULL. */
	const struct store_event_values *values;
	uint32_t evidence;
	uint8_t confidence;
	uint32_t line_len, line_jsonl_len; /* of the change's line behind the event's */
	uint32_t label_len; /* of what `blame` says of it in a line; 0: not known */
};

struct store_entry {
	int64_t time_ms;
	enum store_entry_kind kind;
	int64_t ref;
	int64_t previous; /* CHANGE: state row before it, 0 for none */
	uint8_t change_type, reason;
	struct str why; /* CHANGE: more than the reason; may be empty */
	uint32_t text_len,
		jsonl_len; /* bytes of its block in `changes`, its line in `changes.jsonl` */
	uint32_t line_len, line_jsonl_len; /* CHANGE: of its line in timeline/ */
	const struct store_cause *causes;
	size_t n_causes;
};

/* The derived listing values of one state. */
struct store_shown {
	int64_t state;
	int64_t time_ms;
	unsigned twin; /* number among the states of one millisecond, by state id */
	bool hidden;   /* a global item's repetition of the state before it */
	uint32_t size; /* of its file */
	/* bytes of its lines in inventories, and of the item in a snapshot */
	uint32_t csv_len, jsonl_len, item_len;
	struct str name; /* inherited by a deletion; else empty: the body's own */
	struct str arn;
};

/* A way to a resource besides its path. */
enum store_name_kind {
	STORE_NAME_NAME = 1, /* a resourceName */
	STORE_NAME_ARN = 2,
	STORE_NAME_ID = 3, /* the resourceId; only for its stem, as ids have an index */
	STORE_NAME_TAG = 4,
};

struct store_name {
	enum store_name_kind kind;
	struct str key;  /* of a tag; else empty */
	struct str text; /* the name, ARN, id or the tag's value */
};

/* Hash of a resource's identity: its place among others at one time. */
uint64_t store_resource_rank(struct str account, struct str region, struct str type,
			     struct str rid) _pure_;

/* By what names events find a resource; each set sorted, no name in two of them. */
struct store_aliases {
	struct mention_set own;   /* its states tell */
	struct mention_set given; /* ids that calls on it were given: as good as its own */
	struct mention_set lost; /* of neighbours it lost, for the time it lost them in */
};

/* States of a resource in one row; see store_packs_make(). */
struct store_pack {
	int64_t first; /* id of the first state; the others' follow on it */
	unsigned n;
	unsigned merged; /* first of them, those of a pack whose place it takes; the others were alone */
	uint64_t made_of; /* tells whether these, or that pack, are as they were */
	int64_t dictionary;
	struct str bytes;
};

/* All that deriving a resource makes. */
struct store_story {
	struct store_dirty dirty; /* what it was made for */
	/* What came in changes nothing of an entry before this time whose row is as it was; it may be
	   made from earlier on. */
	int64_t settled_ms;
	uint64_t rank; /* as store_resource_rank() has it */
	struct store_entry *entries;
	size_t n_entries;
	struct store_shown *shown;
	size_t n_shown;
	bool only_entries; /* shown, names, relations, blame and follower are as they were */
	struct store_aliases aliases;
	bool sought; /* ... and events before dirty.from_ms were looked through for new ones */
	int64_t follower; /* resource whose story follows from this one: it is dirty now; 0: none */
	struct store_name
		*names; /* of all its states; sorted by kind, key, text; each once */
	size_t n_names;
	struct store_relations relations;
	uint32_t blame_len; /* bytes of `blame` */
	struct store_pack *packs;
	size_t n_packs;
};

/*
 * Replaces the resource's entries, causes and listing rows from from_ms on (or from the first of
 * the list on, where that is earlier), its aliases and names (all of them, of all its states)
 * and its totals, and clears its dirt (only if it is not dirtier than `dirty` says). Entries are in
 * order of time. When a new alias stands in an event before from_ms, and the story was made without
 * looking there, the resource is dirty again from that event on: go over store_dirty_next() until
 * nothing is left.
 */
int store_put_story(struct store *s, const struct store_story *story) _must_check_;

/*
 * Packs the states of the story's resource that came in since its last story, for
 * store_put_story(): where some of them have come or gone until then it leaves such a pack out.
 */
int store_packs_make(struct store *s, struct arena *a,
		     struct store_story *story) _must_check_;
/* After stories were put, between transactions: clears away what packs took the place of, merges what
   came late into the files of activity/, which takes seconds where it is much in a large history: in haste
   some hundredths of one, or some tenths where the log is taken into the file, and *ret_more is whether
   some is left, which is read all the same; and gives the file's free pages back where they are many. */
int store_sweep(struct store *s, bool in_haste, bool *ret_more) _must_check_;

/* --- what deriving reads ------------------------------------------------------------------ */

/* Those that the resource's story was put with last. STORE_E_NOT_FOUND: none, or not told apart. */
int store_aliases_of(struct store *s, int64_t resource, struct arena *a,
		     struct store_aliases *ret) _must_check_;
/* Is its story to be made anew? */
int store_is_dirty(struct store *s, int64_t resource, bool *ret) _must_check_;

/* An event, or a transition, that a token names. */
struct store_event_hit {
	int64_t event; /* row */
	int64_t time_ms;
};
/* By time, then by row. */
int store_event_hit_order(const void *a, const void *b) _pure_;
/* The events with the token, from_ms <= time <= to_ms, in their order: appended. */
int store_events_of_token(struct store *s, uint64_t token, int64_t from_ms, int64_t to_ms,
			  struct buf *ret) _must_check_;
/*
 * Which tokens it surely finds nothing by, for who will ask of so many, while no facts come in: all
 * mentions are read for it. *ret is NULL where that would take longer than the searches.
 */
struct store_named;
int store_named_new(struct store *s, size_t asked, struct store_named **ret) _must_check_;
struct store_named *store_named_free(struct store_named *n); /* NULL */
bool store_may_be_named(const struct store_named *n, uint64_t token) _pure_;
/* The transitions of alarms that have any of the tokens, in their order, each once. */
int store_transitions_mentioning(struct store *s, const struct mention_set *tokens,
				 struct arena *a, struct store_event_hit **ret,
				 size_t *ret_n) _must_check_;
/* Does any alarm watch anything? Else there is nothing for the call above to find. */
int store_alarms_any(struct store *s, bool *ret) _must_check_;
/* The tokens that it finds any by, uint64_t each, appended; *ret_all: not more than max, all of them. */
int store_alarm_tokens(struct store *s, size_t max, struct buf *ret,
		       bool *ret_all) _must_check_;
/* First and last time of the account's events: is there a trail at all?
   STORE_E_NOT_FOUND when there is none. */
int store_trail_span(struct store *s, struct str account, int64_t *ret_first,
		     int64_t *ret_last) _must_check_;
/* The gaps in the trail that concern a region: its own, and those of the whole account. */
struct store_trail_gap {
	int64_t from_ms, to_ms; /* the latter not in it; the largest: it has no end */
	struct str why;         /* who stopped it; may be empty */
};
int store_trail_gaps(struct store *s, struct str account, struct str region,
		     struct arena *a, struct store_trail_gap **ret,
		     size_t *ret_n) _must_check_;
