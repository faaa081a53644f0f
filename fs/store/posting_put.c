/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing of posting lists: what comes is merged into the rows it belongs to. A row that has grown
 * too long is split: evenly, so that the parts can grow again, but for one that was added to at the
 * end of all, or of a key that is long, as most are.
 */
#include "posting.h"
#include "posting_row.h"
#include "private.h"
#include "writer.h"

/* So many at most are looked at at once, where no row is behind. */
#define BATCH 4096u

static int write_row(struct store *s, enum statement id, const struct posting *rows,
		     size_t n)
{
	struct buf *places = &s->writer->pack;
	int r;

	buf_reset(places);
	posting_encode(places, rows, n);
	r = buf_error(places);
	return r ? r
		 : sql_run(s, id,
			   ARGS(INT(rows[0].key), INT(rows[0].time_ms),
				INT(rows[0].event), BLOB(buf_str(places))));
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

/* A row, and what is known of the one behind it. */
struct row {
	struct buf postings;
	bool is_last;
	struct posting next; /* the first of that one */
};

static void row_deinit(struct row *row)
{
	buf_deinit(&row->postings);
}

/*
 * How many of those that are behind, when new ones have come into the row, are to go apart, so that
 * those before stay in rows that are full: SIZE_MAX for what is to be split evenly.
 */
static size_t how_many_apart(const struct row *row, const struct posting *rows, size_t n,
			     size_t most)
{
	const struct posting *before = (const struct posting *)row->postings.data;
	size_t n_before = row->postings.len / sizeof(*before), at = n_before;

	while (at && posting_order(&before[at - 1], &rows[0]) > 0)
		at--;
	if (at == n_before && row->is_last)
		return 0;
	if (at < most / 2 || before[at - most / 2].key != rows[0].key ||
	    rows[n - 1].key != rows[0].key ||
	    (at < n_before && before[at].key == rows[0].key))
		return SIZE_MAX;
	return n_before - at;
}

/* The row that is there, with the new ones, in its place. */
static int rewrite(struct store *s, enum posting_list list, const struct row *row,
		   const struct posting *rows, size_t n)
{
	_cleanup_(buf_deinit) struct buf all = BUF_INIT;
	const struct posting *before = (const struct posting *)row->postings.data, *after;
	size_t n_before = row->postings.len / sizeof(*before), n_after, apart;
	int r = merge(before, n_before, rows, n, &all);

	after = (const struct posting *)all.data;
	n_after = all.len / sizeof(*after);
	if (r || n_after == n_before)
		return r;
	if (n_before && n_after <= posting_lists[list].row_max &&
	    posting_order(after, before) == 0)
		return write_row(s, posting_lists[list].update, after, n_after);
	apart = how_many_apart(row, rows, n, posting_lists[list].row_max);
	if (n_before)
		r = sql_run(s, posting_lists[list].delete, POSTING_PLACE(before));
	if (r || apart == SIZE_MAX)
		return r ? r : write_rows(s, list, after, n_after, true);
	r = write_rows(s, list, after, n_after - apart, false);
	return r ? r : write_rows(s, list, after + n_after - apart, apart, true);
}

static int find_next(struct store *s, enum posting_list list, struct row *row)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	const struct posting *p = (const struct posting *)row->postings.data;
	int r = sql_get(s, posting_lists[list].behind, POSTING_PLACE(p), &q);

	row->is_last = r == STORE_E_NOT_FOUND;
	if (r)
		return row->is_last ? 0 : r;
	row->next = posting_first(q);
	p = (const struct posting *)(row->postings.data + row->postings.len) - 1;
	return posting_order(p, &row->next) < 0 ? 0 : posting_damaged(s);
}

/* The row that a posting belongs to; *ret_n: of those from it on, how many do. */
static int find_row(struct store *s, enum posting_list list, const struct posting *rows,
		    size_t n, struct row *row, size_t *ret_n)
{
	int r = posting_row(s, posting_lists[list].at, &rows[0], &row->postings);

	row->is_last = true;
	if (!r && !row->postings.len)
		r = posting_row(s, posting_lists[list].behind, &rows[0], &row->postings);
	if (!r && row->postings.len)
		r = find_next(s, list, row);
	n = MIN(n, BATCH);
	for (*ret_n = 1; *ret_n < n &&
			 (row->is_last || posting_order(&rows[*ret_n], &row->next) < 0);)
		++*ret_n;
	return r;
}

int postings_put(struct store *s, enum posting_list list, const struct posting *rows,
		 size_t n)
{
	_cleanup_(row_deinit) struct row row = { 0 };
	int r = 0;

	for (size_t at = 0, k; at < n && !r; at += k) {
		r = find_row(s, list, rows + at, n - at, &row, &k);
		if (!r)
			r = rewrite(s, list, &row, rows + at, k);
	}
	return r;
}

int postings_remove(struct store *s, enum posting_list list, const struct posting *gone)
{
	_cleanup_(buf_deinit) struct buf row = BUF_INIT;
	struct posting *p, first;
	size_t n, kept = 0;
	int r = posting_row(s, posting_lists[list].at, gone, &row);

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
