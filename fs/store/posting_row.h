/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Rows of posting lists, for what reads them and what writes them: see posting.c, posting_put.c. */

#include "posting.h"
#include "statement.h"

/* The statements of a list. */
struct posting_list_sql {
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

/* One row as postings, and its first; `out` stays empty where there is none. */
int posting_row(struct store *s, enum statement id, const struct posting *place,
		struct buf *out) _must_check_;
/* STORE_E_DAMAGED, with its message. */
int posting_damaged(struct store *s);
