/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing of posting lists: what comes is merged into the rows it belongs to. A row that has grown
 * too long is split: evenly, so that the parts can grow again, but for one that was added to at the
 * end of all, or of a key that is long, as most are.
 */
#include <errno.h>

#include "posting.h"
#include "posting_ahead.h"
#include "posting_row.h"
#include "private.h"
#include "writer.h"

/* So many at most are looked at at once, where no row is behind. */
#define BATCH 4096u

/* A row by its first, and what it has behind that. */
static int write_places(struct store *s, enum statement id, const struct posting *first,
			const struct buf *places)
{
	return sql_run(s, id,
		       ARGS(INT(first->key), INT(first->time_ms), INT(first->event),
			    BLOB(buf_str(places))));
}

static int write_row(struct store *s, enum statement id, const struct posting *rows,
		     size_t n)
{
	struct buf *places = &s->writer->pack;
	int r;

	buf_reset(places);
	posting_encode(places, rows, n);
	r = buf_error(places);
	return r ? r : write_places(s, id, &rows[0], places);
}

static int write_rows(struct store *s, enum posting_list list, const struct posting *rows,
		      size_t n, bool even)
{
	size_t most = posting_lists[list].row_max, parts = (n + most - 1) / most;
	size_t step = even ? (n + parts - 1) / MAX(parts, (size_t)1) : most;
	int r = 0;

	for (size_t at = 0; at < n && !r; at += step)
		r = write_row(s, posting_lists[list].insert, rows + at,
			      MIN(step, n - at));
	return r;
}

/* Both in order; each posting once. */
static int merge(const struct posting *a, size_t n_a, const struct posting *b, size_t n_b,
		 struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0, j = 0; i < n_a || j < n_b;) {
		int order = i == n_a ? 1 : j == n_b ? -1 : posting_order(&a[i], &b[j]);
		const struct posting *p = order <= 0 ? &a[i] : &b[j];

		i += order <= 0;
		j += order >= 0;
		if (!out->len ||
		    posting_order((const struct posting *)(out->data + out->len) - 1, p))
			buf_put(out, p, sizeof(*p));
	}
	return buf_error(out);
}

/* What a list is written with: memory that one row after the other needs. */
struct putting {
	struct posting_ahead ahead;
	struct buf before, after; /* struct posting each: of a row that is split */
};

static void putting_deinit(struct putting *p)
{
	posting_ahead_deinit(&p->ahead);
	buf_deinit(&p->before);
	buf_deinit(&p->after);
}

/*
 * How many of those that are behind, when new ones have come into the row, are to go apart, so that
 * those before stay in rows that are full: SIZE_MAX for what is to be split evenly.
 */
static size_t how_many_apart(const struct buf *row, bool is_last,
			     const struct posting *rows, size_t n, size_t most)
{
	const struct posting *before = (const struct posting *)row->data;
	size_t n_before = row->len / sizeof(*before), at = n_before;

	while (at && posting_order(&before[at - 1], &rows[0]) > 0)
		at--;
	if (at == n_before && is_last)
		return 0;
	if (at < most / 2 || before[at - most / 2].key != rows[0].key ||
	    rows[n - 1].key != rows[0].key ||
	    (at < n_before && before[at].key == rows[0].key))
		return SIZE_MAX;
	return n_before - at;
}

/* Does a row with this one as its last reach into the next one? */
static bool is_overlap(const struct posting_found *found, const struct posting *last)
{
	return !found->is_last && posting_order(last, &found->next) >= 0;
}

static int decode(struct putting *c, const struct posting_found *found)
{
	struct buf *row = &c->before;
	int r;

	buf_reset(row);
	if (found->is_none)
		return 0;
	r = postings_take(c->ahead.s, c->ahead.list, &found->first, found->places, row);
	if (!r && is_overlap(found, (const struct posting *)(row->data + row->len) - 1))
		r = posting_damaged(c->ahead.s, c->ahead.list, &found->first);
	return r;
}

/* A row that is too long then, or begins with a new one, is taken out, and others are in its place. */
static int replace(struct putting *c, const struct posting_found *found,
		   const struct posting *rows, size_t n)
{
	struct store *s = c->ahead.s;
	enum posting_list list = c->ahead.list;
	const struct posting *after;
	size_t n_after, apart;
	int r = decode(c, found);

	if (!r)
		r = merge((const struct posting *)c->before.data,
			  c->before.len / sizeof(*after), rows, n, &c->after);
	if (r)
		return r;
	after = (const struct posting *)c->after.data;
	n_after = c->after.len / sizeof(*after);
	apart = how_many_apart(&c->before, found->is_last, rows, n,
			       posting_lists[list].row_max);
	if (!found->is_none)
		r = sql_run(s, posting_lists[list].delete, POSTING_PLACE(&found->first));
	if (r || apart == SIZE_MAX)
		return r ? r : write_rows(s, list, after, n_after, true);
	r = write_rows(s, list, after, n_after - apart, false);
	return r ? r : write_rows(s, list, after + n_after - apart, apart, true);
}

/* In its place, where it has room and begins as before; *ret_done: it has them all. */
static int grow(struct putting *c, const struct posting_found *found,
		const struct posting *rows, size_t n, bool *ret_done)
{
	struct store *s = c->ahead.s;
	const struct posting_list_sql *list = &posting_lists[c->ahead.list];
	struct buf *places = &s->writer->pack;
	struct posting_splice told;
	int r;

	*ret_done = false;
	if (found->is_none || posting_order(&rows[0], &found->first) < 0)
		return 0;
	buf_reset(places);
	r = posting_splice(&found->first, found->places, rows, n, list->row_max, places,
			   &told);
	if (r == -EBADMSG || (!r && is_overlap(found, &told.last)))
		return posting_damaged(s, c->ahead.list, &found->first);
	if (r || told.n_before + told.n_added > list->row_max)
		return r;
	*ret_done = true;
	return told.n_added ? write_places(s, list->update, &found->first, places) : 0;
}

/* Of postings, how many belong to the row that the first of them does. */
static size_t how_many(const struct posting_found *found, const struct posting *rows,
		       size_t n)
{
	size_t k = 1;

	n = MIN(n, (size_t)BATCH);
	while (k < n && (found->is_last || posting_order(&rows[k], &found->next) < 0))
		k++;
	return k;
}

int postings_put(struct store *s, enum posting_list list, const struct posting *rows,
		 size_t n)
{
	_cleanup_(putting_deinit) struct putting c = { .ahead = POSTING_AHEAD(s, list) };
	struct posting_found found;
	int r = 0;

	for (size_t at = 0, k; at < n && !r; at += k) {
		bool done = false;

		r = posting_ahead_find(&c.ahead, &rows[at], &found);
		k = r ? 1 : how_many(&found, rows + at, n - at);
		if (!r)
			r = grow(&c, &found, rows + at, k, &done);
		if (!r && !done)
			r = replace(&c, &found, rows + at, k);
	}
	return r;
}

int postings_remove(struct store *s, enum posting_list list, const struct posting *gone)
{
	_cleanup_(buf_deinit) struct buf row = BUF_INIT;
	struct posting *p, first;
	size_t n, kept = 0;
	int r = posting_row(s, list, posting_lists[list].at, gone, &row);

	if (r || !row.len)
		return r;
	p = (struct posting *)row.data;
	n = row.len / sizeof(*p);
	first = p[0];
	for (size_t i = 0; i < n; i++)
		if (posting_order(&p[i], gone))
			p[kept++] = p[i];
	if (kept == n)
		return 0;
	if (kept && posting_order(&p[0], &first) == 0)
		return write_row(s, posting_lists[list].update, p, kept);
	r = sql_run(s, posting_lists[list].delete, POSTING_PLACE(&first));
	return r || !kept ? r : write_row(s, posting_lists[list].insert, p, kept);
}
