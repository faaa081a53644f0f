/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Events, some in a block: their records (block.c), and what else is told of each (block_row.c). */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/guid.h"
#include "util/macro.h"
#include "util/str.h"

struct bodies;
struct phrases;
struct store;
struct store_blocks;
struct store_record;

#define BLOCK_EVENTS 64u /* at most */

/* Bits of block_row.flags. */
enum event_flag {
	EVENT_READ_ONLY = 1,
	EVENT_FAILED = 2,
	EVENT_ISSUED = 4,   /* a session */
	EVENT_MENTIONS = 8, /* some are in the history */
	/* these of its record are apart */
	EVENT_ID_APART = 16,
	EVENT_REQUEST_APART = 32,
};

/* What a block tells of an event beside its record. */
struct block_row {
	uint64_t key;      /* hash of its identity; 0 where that is apart */
	int64_t source;    /* the source it came in first */
	uint32_t text_len; /* bytes of its line in a .log; 0: nothing is told of it yet */
	uint32_t jsonl_len; /* bytes of its line in a .jsonl */
	unsigned flags;
};

/* Records end to end, without what is apart, coded: those of events first, first + 1 ... */
struct block {
	int64_t first; /* 0: none */
	unsigned n;
	/* Of the dictionary, borrowed as that is: what they are coded with; NULL: they are text. */
	const struct phrases *phrases;
	size_t ends[BLOCK_EVENTS];
	struct block_row rows[BLOCK_EVENTS];
	struct buf ids; /* GUIDs that are apart, event by event: its own, its request's */
	struct buf bytes; /* of the records; of a head, which has none: empty */
};

/* Rows of blocks as they are made: events not written yet, and the page that the next row is for. */
struct packing {
	struct block block;
	int64_t dictionary; /* of a block under way: whose phrases it is coded with */
	size_t permille; /* of the records' bytes: what the last row took; 0: none yet */
	size_t left;     /* bytes free of the page */
	unsigned rows;   /* for how many; 0: none */
};

#define BLOCK_KEPT_ROOM \
	((size_t)128 << 10) /* bytes of each that is kept, on the average at most */

/* Blocks read last; where they are is apart, since it is gone through for each event. */
struct kept_place {
	int64_t first;
	uint64_t n;    /* 0: none */
	uint64_t used; /* when, by the clock; 0: never */
};
struct kept_blocks {
	struct block *blocks;
	struct kept_place *places; /* of each */
	size_t n;
	uint64_t clock;
	struct block spare; /* is read into next */
};
int kept_blocks_init(struct kept_blocks *k, size_t n) _must_check_;
void kept_blocks_forget(struct kept_blocks *k);
void kept_blocks_deinit(struct kept_blocks *k);

void block_deinit(struct block *b);
/* Is the event one of its? Which. */
bool block_has(const struct block *b, int64_t event, unsigned *ret_i);
/* Appends record i without what is apart. -EBADMSG, -ENOMEM. */
int block_cut(const struct block *b, unsigned i, struct buf *out) _must_check_;

/* --- the code: block_row.c --- */

/* How many GUIDs of the events before i are apart. */
size_t block_ids_before(const struct block *b, unsigned i);
/* Appends record i of another block as the next, which is coded as these are. -EBADMSG, -ENOMEM. */
int block_append(struct block *b, const struct block *from, unsigned i) _must_check_;
/* Codes all records with other phrases. -EBADMSG, -ENOMEM: the block is lost. */
int block_recode(struct block *b, const struct phrases *phrases) _must_check_;
/* Appends how long the records of the first n are and what is told of each. */
void block_rows_put(struct buf *out, const struct block *b, unsigned n);
/* The same taken back, `first` and `bytes` left alone; false: they are not what was put. */
bool block_rows_take(struct str rows, struct str ids, struct block *b) _must_check_;
/* What of a record stands apart. */
struct block_apart {
	unsigned flags;                    /* EVENT_ID_APART, EVENT_REQUEST_APART */
	unsigned char ids[2 * GUID_BYTES]; /* as in block.ids */
};

/* Appends a record coded, without what can be apart. -ENOMEM. */
int block_code(const struct phrases *phrases, struct str record, struct str identity,
	       struct block_apart *ret, struct buf *out) _must_check_;
/* Appends a record that is coded as the block's are, as its next. -ENOMEM. */
int block_put(struct block *b, struct str coded, const struct block_apart *apart,
	      const struct block_row *row) _must_check_;
/* Both in one. */
int block_push(struct block *b, struct str record, struct str identity,
	       const struct block_row *row) _must_check_;
/* Appends record i as it was received. -EBADMSG: it is no code, or has no place for what is apart. */
int block_record(const struct block *b, unsigned i, struct buf *out) _must_check_;
/* The hash of its identity. */
uint64_t block_key(const struct block *b, unsigned i);

/* --- blocks of the history: block.c --- */

/* Adds a new event, whose id is the last one's and one. */
int block_add(struct store *s, int64_t event, const struct store_record *record,
	      const struct block_row *row) _must_check_;
/* Writes what is gathered; before a commit. */
int block_flush(struct store *s) _must_check_;
/* A block by its first event, as it is written. STORE_E_NOT_FOUND. */
int block_read(struct store *s, int64_t first, struct block *ret) _must_check_;
/* Writes blocks, given by their first events in order, anew with the dictionary of the day. */
int blocks_renew(struct store *s, const int64_t *firsts, size_t n) _must_check_;

/* The block of an event, as far as it is in memory, and which of its it is; NULL: it is not. */
const struct block *block_kept(struct store *s, int64_t event, unsigned *ret_i);
/* Appends the record of an event. STORE_E_NOT_FOUND. */
int body_of_event(struct store *s, int64_t event, struct buf *out) _must_check_;

/* --- blocks that several connections keep: block_shared.c --- */

/* body_of_event() of a connection that uses such. */
int shared_record(struct store *s, int64_t event, struct buf *out) _must_check_;
/* What is told of an event whose block is among them; false: it is not. */
bool shared_row(struct store_blocks *b, int64_t event, struct block_row *ret);
/* Gives up what a connection, whose phrases are about to go, has unpacked. NULL: nothing. */
void shared_forget(struct store_blocks *b, const struct bodies *owner);

/* --- events one by one: event_row.c --- */

/* What is told of an event. STORE_E_NOT_FOUND. */
int event_row(struct store *s, int64_t event, struct block_row *ret) _must_check_;
/* The hash of its identity, which events of one time are in order of. STORE_E_NOT_FOUND. */
int event_row_key(struct store *s, int64_t event, uint64_t *ret) _must_check_;
/* Notes how long its lines are. */
int event_row_tell(struct store *s, int64_t event, uint32_t text_len,
		   uint32_t jsonl_len) _must_check_;
/* The ids at and before `from`, the highest first. */
int events_down(struct store *s, int64_t from, int64_t *ret, size_t n,
		size_t *ret_n) _must_check_;
