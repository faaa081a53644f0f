/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a writing connection holds between SQLite's rows and its callers: caches of folder and
 * resource ids, and changes gathered for the end of the transaction, each row written once
 * however many items or events touch it.
 */

#include <stdbool.h>

#include "block.h"
#include "gathered.h"
#include "late.h"
#include "map.h"
#include "tell.h"
#include "util/arena.h"
#include "util/buf.h"

struct store;

enum counter {
	COUNTER_SOURCE,
	COUNTER_RESOURCE,
	COUNTER_ITEM,
	COUNTER_KEYFRAME,
	COUNTER_SHOWN, /* states shown and not hidden */
	COUNTER_EVENT,
	COUNTER_EVENT_ROW, /* last event id given out */
	COUNTER_TRANSITION,
	COUNTER_REFUSAL,
	COUNTER_NOTICE,
	COUNTER_SKIPPED,
	COUNTER_TOLD,         /* commits that changed something in activity/ */
	COUNTER_VALUE,        /* values shown */
	COUNTER_DAY,          /* days of the timeline */
	COUNTER_UNTOLD_EVENT, /* last row not told of; see tell.c */
	COUNTER_UNTOLD_TRANSITION,
	COUNTER_KEY,
	COUNTER_POINT,
	COUNTER_METRIC_FILE,
	COUNTER_UNSWEPT, /* rows of states that are in packs as well */
	COUNTER_ARRIVAL, /* there is one: states are noted in the order they come in */
	COUNTER_COMMIT,  /* transactions that changed anything */
	COUNTER_LATE,    /* postings of activity that wait to be merged; see late.c */
	COUNTER_REMADE, /* lists that were damaged, and made anew from what they follow from */
	/* Times that are raised, not added to: of the first ones less than nothing, of the last. */
	COUNTER_ITEM_FIRST,
	COUNTER_ITEM_LAST,
	COUNTER_EVENT_FIRST,
	COUNTER_EVENT_LAST,
	COUNTER_COUNT
};

/* The counter's name in its table. */
struct str counter_name(enum counter c);
/* Beside those: the time that a source was finished at last. */
#define FINISHED_COUNTER "last finish"

#define LEAF_DEPTH 10 /* account, region, NAME_TYPE_DEPTH segments */

/* A folder that holds resources, with the folders above it. */
struct leaf {
	struct map_node node; /* account, region, type */
	struct leaf *next_touched;
	int64_t path[LEAF_DEPTH]; /* folder ids, the account's first */
	unsigned depth;
	int64_t newest_ms, first_ms; /* to be noted in all of path, once touched */
	bool touched;
};

static inline int64_t leaf_id(const struct leaf *leaf)
{
	return leaf->path[leaf->depth - 1];
}

/* A resource's row and view as they will be after the transaction. */
struct resource {
	struct map_node node; /* folder id, resource id */
	struct resource *next_touched;
	int64_t id;
	int64_t last; /* number of the state put last */
	bool fresh;   /* made just now: no state is in the history */
	bool touched;
	bool dirty;
	int64_t dirty_ms;
	int64_t first_ms, newest_ms, latest;
	int64_t states, text_len, jsonl_len, changed_ms;
	int64_t items; /* new ones, to be added to those it has */
};

struct tally {
	struct map_node node; /* the four texts */
	struct tally *next;
	struct str what, account, region, type;
	int64_t n, resources, first_ms, last_ms;
};

struct trail {
	struct map_node node; /* account */
	struct trail *next;
	int64_t first_ms, last_ms;
};

/* Calls of one name that one source held and that were not taken in. */
struct skipped {
	struct map_node node; /* source, the two texts */
	struct skipped *next;
	int64_t source;
	struct str service, name;
	int64_t n;
};

/* What came of one account, region, source and day. */
struct day_sum {
	struct map_node node;
	struct day_sum *next;
	struct str account, region;
	int source; /* enum coverage_source */
	int64_t day, n, writes, first_ms, last_ms, hours;
};

/* How long the path of a folder is; see relation.c. */
#define PATH_LENGTHS 1024
struct path_length {
	int64_t folder; /* 0: none */
	size_t n;
};

struct writer {
	struct map leaves, resources;
	struct arena cached; /* nodes of both */
	struct leaf *leaves_touched;
	struct resource *resources_touched,
		**resources_end; /* in the order of their touch */
	struct map tallies, trails, skipped;
	struct arena summed; /* nodes of all three */
	struct tally *tally_list;
	struct trail *trail_list;
	struct map days;
	struct day_sum *day_list, *last_day;
	struct skipped *skipped_list;
	int64_t counters[COUNTER_COUNT]; /* what to add */
	int64_t finished_ms;      /* when a source was finished last; 0: none was */
	struct gathered gathered; /* over commits, until they go to their lists */
	struct late late;
	/* Of stories; unlike the rest not written when another story is put. */
	struct token_rows aliases; /* hashes of names: of resources */
	struct token_rows bearers; /* see bearer.c */
	struct token_rows edges;   /* tokens of relationships: of their sources */
	struct buf
		recalled; /* int64_t: tokens by which resources are called now, or were */
	struct sums grown;  /* what: resource, text_len: its relationships' file's */
	struct buf recount; /* int64_t: resources of whose file that length is not known */
	struct buf noted;   /* int64_t: folders in which something has changed */
	bool putting;       /* a story: nothing that is gathered is read meanwhile */
	struct tell tell;
	struct path_length path_lengths[PATH_LENGTHS];
	int64_t next_event;
	int64_t in_stories; /* events below may stand in stories, later ones cannot; 0: unknown */
	struct packing events;
	int64_t bodies_total[2]; /* of a kind, for training a dictionary */
	int64_t bodies_next[2]; /* train when there are so many; INT64_MAX: never again */
	struct buf redated; /* int64_t: folders whose newest time is to be looked for */
	struct buf
		packed; /* struct state_span: packs put, whose states have their rows yet */
	bool has_transition; /* else no file of alarms/ is to be made anew */
	bool has_alias; /* else nothing needs to be spread: what is dirty is dirty as a whole */
	bool notes_arrivals; /* states are noted in their order: somebody asks for that */
	bool pending;        /* something is gathered */
	struct buf key, name, pack, raw, guess, trimmed; /* scratch */
};

int writer_new(struct writer **ret) _must_check_;
struct writer *writer_free(struct writer *w); /* returns NULL */
/* Reads what a transaction starts from. */
int writer_begin(struct store *s) _must_check_;
/* Forgets everything gathered and cached. */
void writer_forget(struct writer *w);
/* Writes all that is gathered; before a commit, and before a read of what it concerns. */
int writer_settle(struct store *s) _must_check_;
/* Writes what stories have gathered; a part of the above. */
int stories_settle(struct store *s) _must_check_;
/* The facts' part, and forgets cached rows: before they are changed behind the cache's back. */
int writer_uncache(struct store *s) _must_check_;

/* The parts as one unambiguous key in w->key: their lengths, then their bytes. */
int writer_key(struct writer *w, const struct str *parts, size_t n) _must_check_;
void writer_count(struct store *s, enum counter c, int64_t n);
int writer_tally(struct store *s, struct str what, struct str account, struct str region,
		 struct str type, int64_t n, int64_t resources,
		 int64_t time_ms) _must_check_;
int writer_trail(struct store *s, struct str account, int64_t time_ms) _must_check_;
/* An alias, and the writing of those gathered. */
int writer_alias(struct store *s, int64_t token, int64_t resource) _must_check_;
int writer_aliases(struct store *s) _must_check_;
/* Puts gathered rows into their list. */
int writer_postings(struct store *s, struct token_rows *t,
		    enum posting_list list) _must_check_;
/* Gathers a row for a list; with `most` of them all are put. */
int writer_posting(struct store *s, struct token_rows *t, size_t most,
		   enum posting_list list, const struct posting *p) _must_check_;

/* The folder of an account, region and type, made when missing. Valid until the next begin. */
int leaf_get(struct store *s, struct str account, struct str region, struct str type,
	     struct leaf **ret) _must_check_;
/* The resource, made when missing; tallied by the caller when ->fresh. */
int resource_get(struct store *s, struct leaf *leaf, struct str rid,
		 struct resource **ret) _must_check_;
void resource_touch(struct store *s, struct resource *res);
void leaf_touch(struct store *s, struct leaf *leaf, int64_t time_ms);
/*
 * A state that came in before is the resource's newest from now on, since another one is hidden or
 * itself is not any more: its folders' newest times, which can only grow by what comes in, are
 * looked for again at the commit.
 */
int folders_redate(struct store *s, int64_t resource) _must_check_;
/*
 * Something that is shown of a resource in the folder has changed: so the folder and those above it
 * have, which readers go by (folder.changed). They are told of it once, at the commit.
 */
int folder_note(struct store *s, int64_t folder) _must_check_;
int folder_note_of(struct store *s, int64_t resource) _must_check_;
int folders_settle(struct store *s) _must_check_;
