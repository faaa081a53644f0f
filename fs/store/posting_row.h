/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Rows of posting lists, for what reads them and what writes them: see posting.c, posting_put.c. */

#include "posting.h"
#include "statement.h"

/* The statements of a list. */
struct posting_list_sql {
	const char *table;
	size_t row_max; /* postings; fewer where one comes seldom to many rows */
	enum statement at, behind, insert, update, delete;
};

extern const struct posting_list_sql posting_lists[]; /* by enum posting_list */

/* Of a list's statements: `at` and `behind` are asked for so many rows. */
#define POSTING_ROWS(p, n) ARGS(INT((p)->key), INT((p)->time_ms), INT((p)->event), INT(n))
#define POSTING_PLACE(p)   ARGS(INT((p)->key), INT((p)->time_ms), INT((p)->event))

/* The first of the row that a statement stands on. */
static inline struct posting posting_first(sqlite3_stmt *q)
{
	return (struct posting){ col_int(q, 0), col_int(q, 1), col_int(q, 2) };
}

/* Appends a row's postings: posting_decode(), but a damaged row is told. */
int postings_take(struct store *s, enum posting_list list, const struct posting *first,
		  struct str places, struct buf *out) _must_check_;
/* One row as postings, by one of the list's statements; `out` stays empty where there is none. */
int posting_row(struct store *s, enum posting_list list, enum statement id,
		const struct posting *place, struct buf *out) _must_check_;
/* STORE_E_DAMAGED, with a message that names the row by its first. */
int posting_damaged(struct store *s, enum posting_list list,
		    const struct posting *first) _must_check_;
