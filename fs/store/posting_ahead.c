/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ahead of what is written. What is put into a list is in its order, and of a sweep most rows
 * get some: so rows are read by one statement that goes from row to row, many at a time, and copied,
 * since they are written while more are to come. Where the next posting is far away, its row is
 * looked for, and few are read behind that: the one that tells how far it reaches, and one more.
 */
#include "posting_ahead.h"

#include <errno.h>
#include <string.h>

#include "posting_row.h"
#include "private.h"

#define FEW  2u
#define MANY 64u /* 40 KB */

struct ahead_row {
	struct posting first;
	size_t start, len; /* of its places, in `bytes` */
};

void posting_ahead_deinit(struct posting_ahead *a)
{
	buf_deinit(&a->rows);
	buf_deinit(&a->bytes);
}

static const struct ahead_row *row_at(const struct posting_ahead *a, size_t i)
{
	return (const struct ahead_row *)a->rows.data + i;
}

static size_t row_count(const struct posting_ahead *a)
{
	return a->rows.len / sizeof(struct ahead_row);
}

static int copy_row(struct posting_ahead *a, sqlite3_stmt *q)
{
	struct str places = col_str(q, 3);
	struct ahead_row row = { posting_first(q), a->bytes.len, places.n };

	buf_put(&a->rows, &row, sizeof(row));
	buf_put_str(&a->bytes, places);
	return buf_error(&a->rows) ? -ENOMEM : buf_error(&a->bytes);
}

/* So many of those behind a place. */
static int read_behind(struct posting_ahead *a, const struct posting *place, size_t n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(a->s, posting_lists[a->list].behind, POSTING_ROWS(place, n), &q);

	for (; n && !r; n--) {
		r = sql_next(a->s, q, &row);
		if (r || !row)
			break;
		r = copy_row(a, q);
	}
	a->ended = !row;
	return r;
}

static void forget(struct posting_ahead *a)
{
	buf_reset(&a->rows);
	buf_reset(&a->bytes);
	a->at = a->found = 0;
	a->stale = false;
}

/* What is before the first row belongs to that one. */
static int seek(struct posting_ahead *a, const struct posting *p)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct posting from = *p;
	int r;

	forget(a);
	a->many = FEW;
	r = sql_get(a->s, posting_lists[a->list].at, POSTING_ROWS(p, 1), &q);
	if (!r) {
		from = posting_first(q);
		r = copy_row(a, q);
	} else if (r == STORE_E_NOT_FOUND) {
		r = 0;
	}
	return r ? r : read_behind(a, &from, a->many);
}

/* Goes on behind the last row that was read, which stays. */
static int read_on(struct posting_ahead *a)
{
	struct ahead_row last = *row_at(a, row_count(a) - 1);

	if (last.len)
		memmove(a->bytes.data, a->bytes.data + last.start, last.len);
	forget(a);
	a->bytes.len = last.len;
	last.start = 0;
	buf_put(&a->rows, &last, sizeof(last));
	a->many = MIN(2 * a->many, MANY);
	return read_behind(a, &last.first, a->many);
}

/* To the row that a posting may belong to, of those that were read. */
static void step(struct posting_ahead *a, const struct posting *p)
{
	while (a->at + 1 < row_count(a) &&
	       posting_order(&row_at(a, a->at + 1)->first, p) <= 0) {
		a->at++;
		a->stale = false;
	}
}

/* How far the row reaches that was found: is that known? */
static bool is_bounded(const struct posting_ahead *a)
{
	return a->ended || a->at + 1 < row_count(a);
}

static int find(struct posting_ahead *a, const struct posting *p)
{
	int r = 0;

	step(a, p);
	/* Where one of eight rows gets some, at least, it is worth going through them all. */
	if (!is_bounded(a) && a->found > 1 + a->many / 8) {
		r = read_on(a);
		if (!r)
			step(a, p);
	}
	return r || (is_bounded(a) && !a->stale) ? r : seek(a, p);
}

int posting_ahead_find(struct posting_ahead *a, const struct posting *p,
		       struct posting_found *ret)
{
	const struct ahead_row *row;
	int r = find(a, p);

	*ret = (struct posting_found){ .is_none = true, .is_last = true };
	a->stale = true;
	if (r || !row_count(a))
		return r;
	a->found++;
	row = row_at(a, a->at);
	ret->is_none = false;
	ret->is_last = a->at + 1 == row_count(a);
	ret->first = row->first;
	ret->places = (struct str){ a->bytes.data + row->start, row->len };
	if (!ret->is_last)
		ret->next = row[1].first;
	return 0;
}
