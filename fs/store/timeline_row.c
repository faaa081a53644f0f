/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline in their order, some dozens a row: a row of its own would take a line more
 * than twice what it tells. A row has all lines from its place to that of the next row; a place is a
 * line's millisecond, its kind and so much of its rank that some hundred thousand lines of one
 * millisecond, as of resources that were all recorded at once, are in rows like others. Their bytes:
 * timeline_code.c.
 *
 * A change's rank is kept only where another one is of its millisecond: it follows from the resource,
 * and is looked up there when such a one comes. So the first place of a millisecond's changes begins
 * a row, unless they are in several.
 */
#include "timeline_row.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "store/derive.h"

/* Its first place, or INT64_MAX. */
static int64_t place_of_time(int64_t time_ms)
{
	const struct store_line first = timeline_from(time_ms);

	return timeline_place(&first);
}

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
	int64_t first_ms = timeline_time(col_int(q, 0));

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

/* --- ranks --------------------------------------------------------------------------------- */

static bool same_moment(const struct store_line *a, const struct store_line *b)
{
	return a->time_ms == b->time_ms && a->kind == b->kind;
}

/* What its resource says. */
static int look_up_rank(struct store *s, struct store_line *line)
{
	_cleanup_(sql_endp) sqlite3_stmt *resource = NULL;
	int r = sql_get(s, Q_RESOURCE_IDENTITY, ARGS(INT(state_resource(line->ref))),
			&resource);

	if (r)
		return r == STORE_E_NOT_FOUND
			       ? body_damaged(s, "the line of state", line->ref)
			       : r;
	line->rank =
		(int64_t)(store_resource_rank(col_str(resource, 0), col_str(resource, 1),
					      col_str(resource, 2),
					      col_str(resource, 3)) >>
			  1);
	line->rank = timeline_rank(line);
	return 0;
}

/* Of the lines of its moment that come and go the one that is of the same state has it, too. */
static int find_rank(struct store *s, const struct line_op *ops, size_t n,
		     struct store_line *line)
{
	for (size_t i = 0; i < n && same_moment(&ops[i].line, line); i++)
		if (ops[i].line.ref == line->ref) {
			line->rank = ops[i].line.rank;
			return 0;
		}
	return look_up_rank(s, line);
}

/* Lines that are no longer alone in their moment get their ranks. */
static int rank_old(struct store *s, struct row *row, const struct line_op *ops, size_t n)
{
	struct store_line *old = (struct store_line *)row->lines.data;
	size_t n_old = row->lines.len / sizeof(*old), k = 0;
	int r = 0;

	for (size_t i = 0; i < n_old && !r; i++) {
		if (old[i].rank != TIMELINE_NO_RANK)
			continue;
		while (k < n && !same_moment(&ops[k].line, &old[i]) &&
		       timeline_order(&ops[k].line, &old[i]) < 0)
			k++;
		if (k < n && same_moment(&ops[k].line, &old[i]))
			r = find_rank(s, &ops[k], n - k, &old[i]);
	}
	return r;
}

/* A part of the changes of its moment is in another row, of which that is the place. */
static bool is_parted(const struct store_line *line, int64_t place)
{
	return timeline_beside(place, timeline_place(line)) && !timeline_is_first(place);
}

void timeline_forget_ranks(const int64_t *place, int64_t end, struct store_line *lines,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool before = i ? same_moment(&lines[i - 1], &lines[i])
				: place && is_parted(&lines[i], *place);
		bool behind = i + 1 < n ? same_moment(&lines[i + 1], &lines[i])
					: is_parted(&lines[i], end);

		if (lines[i].kind == STORE_LINE_CHANGE && !before && !behind)
			lines[i].rank = TIMELINE_NO_RANK;
	}
}

/* --- rows ---------------------------------------------------------------------------------- */

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

static int put_row(struct store *s, int64_t place, const struct store_line *lines,
		   size_t n)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	int r;

	timeline_encode(&bytes, timeline_time(place), lines, n);
	r = buf_error(&bytes);
	return r ? r
		 : sql_run(s, Q_TIMELINE_PUT, ARGS(INT(place), BLOB(buf_str(&bytes))));
}

/* Of a row that begins with the line: that of its moment, unless a part of that is before it. */
static int64_t place_of_row(const struct store_line *line, bool parted)
{
	struct store_line first = *line;

	if (!parted)
		first.rank = TIMELINE_NO_RANK;
	return timeline_place(&first);
}

/* As many rows as it takes: full ones at the end of all, where more will come behind them. */
static int put_rows(struct store *s, const struct row *row, struct buf *lines)
{
	struct store_line *l = (struct store_line *)lines->data;
	size_t n = lines->len / sizeof(*l), step = TIMELINE_ROW_LINES, end;
	bool parted = n && row->is_there && is_parted(l, row->place);
	int r = 0;

	timeline_forget_ranks(row->is_there ? &row->place : NULL, row->end, l, n);
	if (row->is_there && (!n || place_of_row(l, parted) != row->place))
		r = sql_run(s, Q_TIMELINE_DELETE, ARGS(INT(row->place)));
	if (row->end < INT64_MAX && n > step) {
		size_t rows = (n + step - 1) / step;

		step = (n + rows - 1) / rows;
	}
	for (size_t i = 0; i < n && !r; i = end) {
		end = MIN(i + step, n);
		while (end < n && timeline_place(&l[end]) == timeline_place(&l[end - 1]))
			end++;
		parted = i ? same_moment(&l[i - 1], &l[i]) : parted;
		r = put_row(s, place_of_row(&l[i], parted), &l[i], end - i);
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
			r = rank_old(s, &row, &ops[i], end - i);
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
