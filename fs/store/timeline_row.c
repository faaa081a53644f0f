/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline in their order, some dozens a row: a row of its own would take a line more
 * than twice what it tells. A row has all lines from the time of its first to that of the next
 * row's first. Of each line:
 *
 *   milliseconds since the line before it
 *   kind 2 bits, is a twin 1 bit                              a byte
 *   rank: of a change 40 bits of it, else 64                  greatest byte first
 *   number among twins, where it is one
 *   ref less that of the line before it                       by zigzag
 *   lengths in .log and in .jsonl
 */
#include "timeline_row.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "util/varint.h"

#define KIND_MASK    3u
#define IS_TWIN      4u
#define RANK_CUT     23 /* bits of a change's 63 that are not kept */
#define CHANGE_BYTES 5u
#define RANK_BYTES   8u

int timeline_order(const void *a, const void *b)
{
	const struct store_line *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->twin != y->twin)
		return x->twin < y->twin ? -1 : 1;
	return (x->ref > y->ref) - (x->ref < y->ref);
}

int64_t timeline_rank(const struct store_line *line)
{
	return line->kind == STORE_LINE_CHANGE ? line->rank >> RANK_CUT << RANK_CUT
					       : line->rank;
}

/* --- bytes --------------------------------------------------------------------------------- */

static void put_rank(struct buf *out, const struct store_line *l)
{
	unsigned n = l->kind == STORE_LINE_CHANGE ? CHANGE_BYTES : RANK_BYTES;
	uint64_t rank = (uint64_t)l->rank;

	if (l->kind == STORE_LINE_CHANGE)
		rank >>= RANK_CUT;
	while (n--)
		buf_put_char(out, (char)(rank >> 8 * n));
}

static bool take_rank(struct str *in, struct store_line *l)
{
	unsigned n = l->kind == STORE_LINE_CHANGE ? CHANGE_BYTES : RANK_BYTES;
	uint64_t rank = 0;

	if (in->n < n)
		return false;
	for (unsigned i = 0; i < n; i++)
		rank = rank << 8 | (unsigned char)in->p[i];
	*in = str_from(*in, n);
	l->rank = (int64_t)(l->kind == STORE_LINE_CHANGE ? rank << RANK_CUT : rank);
	return true;
}

void timeline_encode(struct buf *out, int64_t first_ms, const struct store_line *lines,
		     size_t n)
{
	struct store_line last = { .time_ms = first_ms };

	for (size_t i = 0; i < n; i++) {
		const struct store_line *l = &lines[i];

		varint_put(out, (uint64_t)l->time_ms - (uint64_t)last.time_ms);
		buf_put_char(out, (char)(l->kind | (l->twin ? IS_TWIN : 0)));
		put_rank(out, l);
		if (l->twin)
			varint_put(out, (uint64_t)l->twin);
		varint_put(out, zigzag((int64_t)((uint64_t)l->ref - (uint64_t)last.ref)));
		varint_put(out, l->text_len);
		varint_put(out, l->jsonl_len);
		last = *l;
	}
}

/* The line behind `last`. */
static bool take_line(struct str *in, const struct store_line *last,
		      struct store_line *ret)
{
	uint64_t time, twin = 0, ref, text_len, jsonl_len;
	unsigned flags;

	if (!varint_take(in, &time) || !in->n)
		return false;
	flags = (unsigned char)in->p[0];
	*in = str_from(*in, 1);
	*ret = (struct store_line){ .kind = (enum store_line_kind)(flags & KIND_MASK) };
	if (flags > (IS_TWIN | KIND_MASK) || !take_rank(in, ret) ||
	    (flags & IS_TWIN && !varint_take(in, &twin)) || !varint_take(in, &ref) ||
	    !varint_take(in, &text_len) || !varint_take(in, &jsonl_len) ||
	    text_len > UINT32_MAX || jsonl_len > UINT32_MAX)
		return false;
	ret->time_ms = (int64_t)((uint64_t)last->time_ms + time);
	ret->twin = (int64_t)twin;
	ret->ref = (int64_t)((uint64_t)last->ref + (uint64_t)unzigzag(ref));
	ret->text_len = (uint32_t)text_len;
	ret->jsonl_len = (uint32_t)jsonl_len;
	return true;
}

bool timeline_decode(int64_t first_ms, struct str in, struct buf *ret)
{
	struct store_line last = { .time_ms = first_ms }, line;

	for (bool first = true; in.n; first = false) {
		if (!take_line(&in, &last, &line) || line.time_ms < last.time_ms ||
		    (!first && timeline_order(&line, &last) <= 0))
			return false;
		buf_put(ret, &line, sizeof(line));
		last = line;
	}
	return true;
}

/* --- writing ------------------------------------------------------------------------------- */

/* A row, and what it holds. */
struct row {
	bool is_there;
	int64_t first_ms;
	int64_t end_ms;   /* where the next one begins */
	struct buf lines; /* struct store_line */
};

static void row_deinit(struct row *row)
{
	buf_deinit(&row->lines);
}

static int decode_row(struct store *s, sqlite3_stmt *q, struct buf *ret)
{
	if (!timeline_decode(col_int(q, 0), col_str(q, 1), ret))
		return body_damaged(s, "the timeline from", col_int(q, 0));
	return buf_error(ret);
}

/* The row that lines of that time are in, or would be. */
static int row_find(struct store *s, int64_t time_ms, struct row *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL, *next = NULL;
	int r = sql_get(s, Q_TIMELINE_ROW, ARGS(INT(time_ms)), &q);

	ret->is_there = r == 0;
	if (!r) {
		ret->first_ms = col_int(q, 0);
		r = decode_row(s, q, &ret->lines);
	} else if (r == STORE_E_NOT_FOUND) {
		r = 0;
	}
	if (!r)
		r = sql_get(s, Q_TIMELINE_NEXT, ARGS(INT(time_ms)), &next);
	ret->end_ms = r ? INT64_MAX : col_int(next, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int by_order(const void *a, const void *b)
{
	const struct line_op *x = a, *y = b;
	int order = timeline_order(&x->line, &y->line);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

typedef int changed_line(struct store *s, const struct store_line *line, int sign);

/* What the row holds and what comes and goes, in one run. */
static int merge(struct store *s, const struct row *row, const struct line_op *ops,
		 size_t n, changed_line *changed, struct buf *ret)
{
	const struct store_line *old = (const struct store_line *)row->lines.data;
	size_t n_old = row->lines.len / sizeof(*old), i = 0, k = 0;
	int r = 0;

	while (!r && (i < n_old || k < n)) {
		int side = i == n_old ? 1
			   : k == n   ? -1
				      : timeline_order(&old[i], &ops[k].line);

		if (side < 0) {
			buf_put(ret, &old[i++], sizeof(*old));
			continue;
		}
		while (k + 1 < n && timeline_order(&ops[k].line, &ops[k + 1].line) == 0)
			k++;
		if (side == 0)
			r = changed(s, &old[i++], -1);
		if (!r && !ops[k].gone) {
			buf_put(ret, &ops[k].line, sizeof(*old));
			r = changed(s, &ops[k].line, 1);
		}
		k++;
	}
	return r ? r : buf_error(ret);
}

static int put_row(struct store *s, const struct store_line *lines, size_t n)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	int r;

	timeline_encode(&bytes, lines[0].time_ms, lines, n);
	r = buf_error(&bytes);
	return r ? r
		 : sql_run(s, Q_TIMELINE_PUT,
			   ARGS(INT(lines[0].time_ms), BLOB(buf_str(&bytes))));
}

/* As many rows as it takes: full ones at the end of all, where more will come behind them. */
static int put_rows(struct store *s, const struct row *row, const struct buf *lines)
{
	const struct store_line *l = (const struct store_line *)lines->data;
	size_t n = lines->len / sizeof(*l), step = TIMELINE_ROW_LINES, end;
	int r = 0;

	if (row->is_there && (!n || l[0].time_ms != row->first_ms))
		r = sql_run(s, Q_TIMELINE_DELETE, ARGS(INT(row->first_ms)));
	if (row->end_ms < INT64_MAX && n > step) {
		size_t rows = (n + step - 1) / step;

		step = (n + rows - 1) / rows;
	}
	for (size_t i = 0; i < n && !r; i = end) {
		end = MIN(i + step, n);
		while (end < n && l[end].time_ms == l[end - 1].time_ms)
			end++;
		r = put_row(s, &l[i], end - i);
	}
	return r;
}

int timeline_apply(struct store *s, struct line_op *ops, size_t n, changed_line *changed)
{
	int r = 0;

	if (n > 1)
		qsort(ops, n, sizeof(*ops), by_order);
	for (size_t i = 0, end; i < n && !r; i = end) {
		_cleanup_(row_deinit) struct row row = { 0 };
		_cleanup_(buf_deinit) struct buf lines = BUF_INIT;

		r = row_find(s, ops[i].line.time_ms, &row);
		for (end = i + 1; end < n && ops[end].line.time_ms < row.end_ms; end++)
			;
		if (!r)
			r = merge(s, &row, &ops[i], end - i, changed, &lines);
		if (!r)
			r = put_rows(s, &row, &lines);
	}
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

static int first_row(struct store *s, int64_t from_ms, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_TIMELINE_ROW, ARGS(INT(from_ms)), &q);

	*ret = r ? from_ms : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int timeline_each(struct store *s, int64_t from_ms, int64_t to_ms,
		  int (*visit)(void *ctx, const struct store_line *line, bool *more),
		  void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf lines = BUF_INIT;
	bool row = true, more = true;
	int64_t first;
	int r = first_row(s, from_ms, &first);

	if (!r)
		r = sql_open(s, Q_TIMELINE_ROWS, ARGS(INT(first), INT(to_ms)), &q);
	while (!r && more) {
		const struct store_line *l;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		buf_reset(&lines);
		r = decode_row(s, q, &lines);
		l = (const struct store_line *)lines.data;
		for (size_t i = 0; i < lines.len / sizeof(*l) && more && !r; i++)
			if (l[i].time_ms >= from_ms && l[i].time_ms < to_ms)
				r = visit(ctx, &l[i], &more);
	}
	return r;
}
