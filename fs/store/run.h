/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The listing rows of a resource's states, some dozens a row of the history: a run. Each run is
 * found by the time of its first state; the states of one millisecond are never in two. Statements
 * read them as the rows of a table `shown`, which run_table.c makes of them; what is asked most
 * often is read by the cursor here, and all that is written goes through run_list() and run_put().
 */

#include "run_set.h"
#include "told.h"

struct store;

#define RUN_STATES 32u /* of a run, unless more are of one millisecond */

/* A state as listed. Texts are borrowed from the bytes of the run. */
struct run_row {
	int64_t time_ms; /* its capture time */
	int64_t state;
	uint32_t twin;        /* number among the states of one millisecond */
	uint32_t size;        /* bytes of its file */
	uint8_t status;       /* enum item_status */
	bool hidden;          /* a global item's repetition of the state before it */
	struct str name, arn; /* inherited by a deletion; empty: the body's own */
	struct told told;     /* its change has no time and no state of its own */
};

/* --- bytes, see run_row.c ------------------------------------------------------------------ */

/* What of the row before tells of the next. */
struct run_last {
	int64_t time_ms, state;
	uint32_t twin, size;
	uint32_t lengths[7];
	bool any;
};

/* Appends a row to those before it; the first one's time is not in the bytes. */
void run_row_put(struct buf *out, struct run_last *last, const struct run_row *row);
/* Takes the row off the front of *in. false: these are not such bytes. The last row's time is that
   of the run before any was taken. */
bool run_row_take(struct str *in, struct run_last *last,
		  struct run_row *ret) _must_check_;

/* --- reading, see run.c -------------------------------------------------------------------- */

/* The states of a resource from one time to another, from either end. */
struct run_cursor {
	struct store *s;
	int64_t resource, from_ms, to_ms;
	bool down;
	bool last;              /* nothing behind the run at hand is within */
	int64_t first_ms;       /* of the run at hand */
	struct buf bytes, rows; /* of it; rows: struct run_row */
	size_t at;              /* the next one of them; downwards the one before it */
};

/* Before anything else is read with it: of no resource. */
#define RUN_CURSOR(store) ((struct run_cursor){ .s = (store) })
void run_cursor_deinit(struct run_cursor *c);
/* Sets out; both times are within. */
int run_seek(struct run_cursor *c, int64_t resource, int64_t from_ms, int64_t to_ms,
	     bool down) _must_check_;
/* The next row, good until the next call; NULL: there is none. */
int run_next(struct run_cursor *c, const struct run_row **ret) _must_check_;
/* The row of a state, of c->resource; STORE_E_NOT_FOUND: it is not listed. */
int run_of_state(struct run_cursor *c, int64_t state,
		 const struct run_row **ret) _must_check_;
/* The newest row up to a time, of those hidden too when asked for; STORE_E_NOT_FOUND: none. */
int run_as_of(struct run_cursor *c, int64_t resource, int64_t time_ms, bool with_hidden,
	      const struct run_row **ret) _must_check_;

/* --- writing ------------------------------------------------------------------------------- */

/* The runs that have a resource's states from one time to another, or would have them. */
struct run_list {
	int64_t resource;
	struct run_set runs;
	struct buf rows; /* struct run_row: of the whole runs */
};

#define RUN_LIST_INIT ((struct run_list){ 0 })
void run_list_deinit(struct run_list *list);
int run_list(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
	     struct run_list *ret) _must_check_;
static inline const struct run_row *run_rows(const struct run_list *list, size_t *ret_n)
{
	*ret_n = list->rows.len / sizeof(struct run_row);
	return (const struct run_row *)list->rows.data;
}
/* Where the rows from that time on begin. */
size_t run_find(const struct run_list *list, int64_t time_ms) _pure_;
/* Puts n rows in the place of those of the list from first to end, whose texts they may have. The
   list is not to be used any more. */
int run_put(struct store *s, struct run_list *list, size_t first, size_t end,
	    const struct run_row *rows, size_t n) _must_check_;

/* --- the table, see run_table.c ------------------------------------------------------------ */

/* The connection's statements may read from `shown` now. An SQLite code. */
int run_table(struct store *s);
