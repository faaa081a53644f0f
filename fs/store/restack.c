/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting rows of states close together again. When a dictionary is new, bodies of before take a
 * third of what they took, and the pages that they stand in would stay as empty for good: rows only
 * come in behind the last. So they are all taken out and put back in their order, which fills the
 * pages from the first one on.
 */
#include "restack.h"

#include <errno.h>

#include "private.h"

#define BYTES_MAX ((size_t)48 << 20) /* taken out at once */

/* A value of a row; of a text or blob the bytes are elsewhere, in the order of the values. */
struct value {
	enum sql_type type;
	union {
		int64_t number;
		size_t len;
	};
};

struct stack {
	struct buf values; /* struct value each, RESTACK_COLUMNS a row */
	struct buf bytes;
};

static void stack_deinit(struct stack *st)
{
	buf_deinit(&st->values);
	buf_deinit(&st->bytes);
}

static void take_value(struct stack *st, sqlite3_stmt *q, int column)
{
	struct value v = { .type = SQL_NULL };
	int type = sqlite3_column_type(q, column);

	if (type == SQLITE_INTEGER) {
		v = (struct value){ .type = SQL_INT, .number = col_int(q, column) };
	} else if (type != SQLITE_NULL) {
		struct str s = col_str(q, column);

		v = (struct value){ .type = type == SQLITE_TEXT ? SQL_TEXT : SQL_BLOB,
				    .len = s.n };
		buf_put_str(&st->bytes, s);
	}
	buf_put(&st->values, &v, sizeof(v));
}

/* *ret_all: false when they are too many. */
static int take_out(struct store *s, int64_t from, struct stack *st, bool *ret_all)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_STATES_FROM, ARGS(INT(from)), &q);

	*ret_all = false;
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (st->values.len + st->bytes.len > BYTES_MAX)
			return 0;
		for (int i = 0; i < RESTACK_COLUMNS; i++)
			take_value(st, q, i);
		r = buf_error(&st->values);
	}
	*ret_all = true;
	return r ? r : buf_error(&st->bytes);
}

static int put_back(struct store *s, const struct stack *st)
{
	const struct value *v = (const struct value *)st->values.data;
	size_t rows = st->values.len / sizeof(*v) / RESTACK_COLUMNS;
	const char *bytes = st->bytes.data;
	int r = 0;

	for (size_t row = 0; row < rows && !r; row++) {
		struct sql_arg args[RESTACK_COLUMNS];

		for (size_t i = 0; i < RESTACK_COLUMNS; i++, v++) {
			args[i] = (struct sql_arg){ .type = v->type };
			if (v->type == SQL_INT) {
				args[i].i = v->number;
			} else if (v->type != SQL_NULL) {
				args[i].s = (struct str){ bytes, v->len };
				bytes += v->len;
			}
		}
		r = sql_run(s, Q_STATE_PUT_BACK, args, RESTACK_COLUMNS);
	}
	return r;
}

int states_restack(struct store *s, int64_t from)
{
	_cleanup_(stack_deinit) struct stack st = { 0 };
	bool all;
	int r = take_out(s, from, &st, &all);

	if (r || !all)
		return r;
	r = sql_run(s, Q_STATES_DELETE_FROM, ARGS(INT(from)));
	return r ? r : put_back(s, &st);
}
