/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline in their order, some dozens a row: a row of its own would take a line more
 * than twice what it tells. A row has all lines from its place to that of the next row; a place is a
 * line's millisecond, its kind and so much of its rank that some hundred thousand lines of one
 * millisecond, as of resources that were all recorded at once, are in rows like others. Of each line:
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
#define PLACE_BITS \
	20 /* of a place, below the milliseconds: two of the kind, the rest the rank's */
#define PLACE_MS_MAX (INT64_MAX >> PLACE_BITS)

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

int64_t timeline_place(const struct store_line *line)
{
	/* In its order, but from 0 on. */
	uint64_t rank = (uint64_t)line->rank ^ UINT64_C(1) << 63;

	if (line->time_ms > PLACE_MS_MAX)
		return INT64_MAX;
	if (line->time_ms < -PLACE_MS_MAX)
		return INT64_MIN;
	return line->time_ms * (INT64_C(1) << PLACE_BITS) +
	       (int64_t)((uint64_t)line->kind << (PLACE_BITS - 2) |
			 rank >> (64 - (PLACE_BITS - 2)));
}

/* Its first place, or INT64_MAX. */
static int64_t place_of_time(int64_t time_ms)
{
	const struct store_line first = timeline_from(time_ms);

	return timeline_place(&first);
}

static int64_t time_of_place(int64_t place)
{
	return place >> PLACE_BITS;
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
		    line.kind > STORE_LINE_TRANSITION ||
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
	int64_t place;    /* of it, where it is there */
	int64_t end;      /* place of the next one */
	struct buf lines; /* struct store_line */
};

static void row_deinit(struct row *row)
{
	buf_deinit(&row->lines);
}

static int decode_row(struct store *s, sqlite3_stmt *q, struct buf *ret)
{
	int64_t first_ms = time_of_place(col_int(q, 0));

	if (!timeline_decode(first_ms, col_str(q, 1), ret))
		return body_damaged(s, "the timeline from", first_ms);
	return buf_error(ret);
}

static int row_read(struct store *s, enum statement id, int64_t place, struct row *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, ARGS(INT(place)), &q);

	if (r)
		return r;
	ret->is_there = true;
	ret->place = col_int(q, 0);
	return decode_row(s, q, &ret->lines);
}

/* The row that what is of that place is in, or would be: before all of them in the first one. */
static int row_find(struct store *s, int64_t place, struct row *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *next = NULL;
	int r = row_read(s, Q_TIMELINE_ROW, place, ret);

	ret->end = INT64_MAX;
	if (r == STORE_E_NOT_FOUND)
		r = row_read(s, Q_TIMELINE_NEXT, place, ret);
	if (!r)
		r = sql_get(s, Q_TIMELINE_NEXT, ARGS(INT(MAX(place, ret->place))), &next);
	if (!r)
		ret->end = col_int(next, 0);
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
			   ARGS(INT(timeline_place(lines)), BLOB(buf_str(&bytes))));
}

/* As many rows as it takes: full ones at the end of all, where more will come behind them. */
static int put_rows(struct store *s, const struct row *row, const struct buf *lines)
{
	const struct store_line *l = (const struct store_line *)lines->data;
	size_t n = lines->len / sizeof(*l), step = TIMELINE_ROW_LINES, end;
	int r = 0;

	if (row->is_there && (!n || timeline_place(l) != row->place))
		r = sql_run(s, Q_TIMELINE_DELETE, ARGS(INT(row->place)));
	if (row->end < INT64_MAX && n > step) {
		size_t rows = (n + step - 1) / step;

		step = (n + rows - 1) / rows;
	}
	for (size_t i = 0; i < n && !r; i = end) {
		end = MIN(i + step, n);
		while (end < n && timeline_place(&l[end]) == timeline_place(&l[end - 1]))
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

		r = row_find(s, timeline_place(&ops[i].line), &row);
		for (end = i + 1; end < n && timeline_place(&ops[end].line) < row.end;
		     end++)
			;
		if (!r)
			r = merge(s, &row, &ops[i], end - i, changed, &lines);
		if (!r)
			r = put_rows(s, &row, &lines);
	}
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

static int first_row(struct store *s, int64_t place, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_TIMELINE_ROW, ARGS(INT(place)), &q);

	*ret = r ? place : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int timeline_newest(struct store *s, int64_t before_ms, int64_t *ret)
{
	_cleanup_(row_deinit) struct row row = { 0 };
	const struct store_line *l;
	size_t n;
	int r = row_read(s, Q_TIMELINE_BEFORE, place_of_time(before_ms), &row);

	*ret = -1;
	l = (const struct store_line *)row.lines.data;
	n = row.lines.len / sizeof(*l);
	for (size_t i = 0; i < n && !r && l[i].time_ms < before_ms; i++)
		*ret = l[i].time_ms;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int timeline_each(struct store *s, const struct store_line *from, int64_t to_ms,
		  int (*visit)(void *ctx, const struct store_line *line, bool *more),
		  void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf lines = BUF_INIT;
	bool row = true, more = true;
	int64_t first;
	int r = first_row(s, timeline_place(from), &first);

	if (!r)
		r = sql_open(s, Q_TIMELINE_ROWS,
			     ARGS(INT(first), INT(place_of_time(to_ms))), &q);
	while (!r && more) {
		const struct store_line *l;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		buf_reset(&lines);
		r = decode_row(s, q, &lines);
		l = (const struct store_line *)lines.data;
		for (size_t i = 0; i < lines.len / sizeof(*l) && more && !r; i++)
			if (timeline_order(&l[i], from) >= 0 && l[i].time_ms < to_ms)
				r = visit(ctx, &l[i], &more);
	}
	return r;
}
