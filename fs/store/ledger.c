/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's tables as lines. Lengths are summed by pages of a thousand rows, by triggers, so
 * that neither the size of a table nor a place in it takes a walk over its rows.
 */
#include "store/ledger.h"

#include <errno.h>

#include "ledger.h"
#include "private.h"
#include "rows.h"

#define PAGE_BITS 10 /* as the schema has it */

/* --- lines that change --------------------------------------------------------------------- */

int ledger_due(struct store *s, enum store_lines file, int64_t id)
{
	int r = sql_run(s, Q_LINE_DELETE, ARGS(INT(file), INT(id)));

	return r ? r : sql_run(s, Q_LINE_DUE, ARGS(INT(file), INT(id)));
}

int ledger_forget_refusals(struct store *s, int64_t source)
{
	int r = sql_run(s, Q_REFUSAL_LINES_DELETE, ARGS(INT(source)));

	return r ? r : sql_run(s, Q_REFUSAL_LINES_UNDUE, ARGS(INT(source)));
}

int store_lines_due(struct store *s, enum store_lines file, int64_t *ret, size_t n,
		    size_t *ret_n)
{
	return sql_page(s, Q_LINES_DUE, ARGS(INT(file), INT(n)), &sql_number, NULL, ret,
			n, ret_n);
}

int store_put_line(struct store *s, enum store_lines file, int64_t id, size_t len)
{
	int r = writing(s, "line");

	if (!r)
		r = sql_run(s, Q_LINE_DONE, ARGS(INT(file), INT(id)));
	if (!r)
		r = sql_run(s, Q_LINE_INSERT, ARGS(INT(file), INT(id), INT(len)));
	return written(s, r);
}

/* --- rows ---------------------------------------------------------------------------------- */

static int import_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_import *import = ret;

	*import = (struct store_import){
		.id = col_int(q, 0),
		.name = arena_str(a, col_str(q, 1)),
		.size = (uint64_t)col_int(q, 2),
		.finished = col_int(q, 3) != 0,
		.finished_ms = col_int(q, 4),
		.counts = { .items = (uint64_t)col_int(q, 5),
			    .events = (uint64_t)col_int(q, 6),
			    .transitions = (uint64_t)col_int(q, 7),
			    .duplicates = (uint64_t)col_int(q, 8),
			    .notices = (uint64_t)col_int(q, 9),
			    .refused = (uint64_t)col_int(q, 10),
			    .skipped = (uint64_t)col_int(q, 11) },
	};
	return import->name.p ? 0 : -ENOMEM;
}

static const struct sql_shape import_shape = { sizeof(struct store_import), import_of };

int store_import_get(struct store *s, int64_t id, struct arena *a,
		     struct store_import *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_IMPORT, ARGS(INT(id)), &q);

	return r ? r : import_of(q, a, ret);
}

int store_import_lines(struct store *s, int64_t after, struct arena *a,
		       struct store_import *ret, size_t n, size_t *ret_n)
{
	return sql_page(s, Q_IMPORT_LINES, ARGS(INT(after)), &import_shape, a, ret, n,
			ret_n);
}

static int refusal_of(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_refusal *refusal = ret;

	*refusal = (struct store_refusal){ .id = col_int(q, 0),
					   .source = arena_str(a, col_str(q, 1)),
					   .field = arena_str(a, col_str(q, 2)),
					   .reason = arena_str(a, col_str(q, 3)),
					   .offset = (uint64_t)col_int(q, 4),
					   .length = (uint64_t)col_int(q, 5),
					   .kept = (uint64_t)col_int(q, 6),
					   .finished_ms = col_int(q, 7) };
	return refusal->source.p && refusal->field.p && refusal->reason.p ? 0 : -ENOMEM;
}

static const struct sql_shape refusal_shape = { sizeof(struct store_refusal),
						refusal_of };

int store_refusal_get(struct store *s, int64_t id, struct arena *a,
		      struct store_refusal *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_REFUSAL, ARGS(INT(id)), &q);

	return r ? r : refusal_of(q, a, ret);
}

static int refusals(struct store *s, enum statement id, int64_t after, struct arena *a,
		    struct store_refusal *ret, size_t n, size_t *ret_n)
{
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, id, ARGS(INT(after)), &refusal_shape, a, ret, n, ret_n);
}

int store_refusals(struct store *s, int64_t after, struct arena *a,
		   struct store_refusal *ret, size_t n, size_t *ret_n)
{
	return refusals(s, Q_REFUSALS, after, a, ret, n, ret_n);
}

int store_refusal_lines(struct store *s, int64_t after, struct arena *a,
			struct store_refusal *ret, size_t n, size_t *ret_n)
{
	return refusals(s, Q_REFUSAL_LINES, after, a, ret, n, ret_n);
}

int store_refusal_bytes(struct store *s, int64_t id, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_REFUSAL_BYTES, ARGS(INT(id)), &q);
	return r ? r : body_unpack(s, col_str(q, 1), 0, STR_NULL, col_int(q, 0), out);
}

/* --- sums ---------------------------------------------------------------------------------- */

int store_lines_size(struct store *s, enum store_lines file, uint64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_LINES_SIZE, ARGS(INT(file)), &q);

	if (!r)
		*ret = (uint64_t)col_int(q, 0);
	return r;
}

int store_lines_seek(struct store *s, enum store_lines file, uint64_t offset,
		     int64_t *ret_after, uint64_t *ret_offset)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	uint64_t at = 0;
	bool row = true;
	int r = sql_open(s, Q_LINE_PAGES, ARGS(INT(file)), &q);

	*ret_after = 0;
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row || at + (uint64_t)col_int(q, 1) > offset)
			break;
		at += (uint64_t)col_int(q, 1);
		*ret_after = ((col_int(q, 0) + 1) << PAGE_BITS) - 1;
	}
	*ret_offset = at;
	return r;
}

int store_finished_ms(struct store *s, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_COUNTER, ARGS(TEXT(STR(FINISHED_COUNTER))), &q);
	*ret = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}
