/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a story tells of a state: how long its parts of a moment's files are, and the change it came
 * with. It is kept with the state's listing row, as a few bytes; see told.c.
 */

#include <sqlite3.h>
#include <stdbool.h>

#include "store/derive.h"
#include "util/buf.h"

struct store;

struct told {
	bool measured; /* the lengths are known: a story was made */
	uint32_t csv_len, jsonl_len, item_len; /* as in struct store_shown */
	bool has_change;
	struct store_entry change; /* without causes; time_ms, ref: not of the bytes */
	uint64_t seq; /* order among all that its story tells of that millisecond */
	bool follows; /* on the change before it, whatever that is: change.previous is not told */
};

/* Of a state whose story is not made yet. */
#define TOLD_NOTHING ((struct told){ .follows = true })

/* The byte that what is told begins with; its bit 7 is not used. */
#define TOLD_MORE 32u /* the change's order, the one before it and why are told */
unsigned told_flags(const struct told *told);
/* What the byte alone tells. false: there is no such. */
bool told_of_flags(unsigned flags, struct told *ret) _must_check_;

/* Nothing is put of what tells nothing. */
void told_put(struct buf *out, const struct told *told);
/* false: these are not such bytes. `why` is borrowed from them. */
bool told_take(struct str bytes, struct told *ret) _must_check_;

/* A column of that kind, of the listing row of a state. */
int told_of(struct store *s, sqlite3_stmt *q, int column, int64_t state,
	    struct told *ret) _must_check_;

/* --- changes, of the rows of states ------------------------------------------------------- */

/* A change, and its order among what is told of that millisecond. */
struct told_change {
	struct store_entry change;
	uint64_t seq;
};

/* Puts it at its place; they come in their order, or nearly. */
int told_change_add(struct buf *changes, const struct told *told) _must_check_;
/* Changes of from_ms <= time <= to_ms in their order, appended to `ret` (struct told_change). */
int told_changes(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
		 struct arena *a, struct buf *ret) _must_check_;
/* The state of the last change before that time; 0: there is none. */
int told_before(struct store *s, int64_t resource, int64_t time_ms,
		int64_t *ret) _must_check_;
