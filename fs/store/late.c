/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Late postings of activity. An import in order of time adds to the end of each value's places. One
 * that goes account by account comes back to the same times with each account, and the values that all
 * accounts share (names of events, addresses) have most of the places: of a commit of a second some
 * fall into nearly every row of these, which is read, decoded and written for one or two. Once a settle
 * has written so many rows for what it put, what is older than what its value had at the settle before
 * goes into a list of its own, of the same form, which is short, and which is merged into the large one
 * when it is not any more, and when an import is through: then each row of the large one is written for
 * many. Where what is late lies close together, in a short history or in parts that are in order, it
 * costs no more in its place.
 *
 * Readers merge: a value has a run in each list. After an import that ended none waits; what one has left
 * that was cut off, the next one merges. One that follows must not stop for seconds: it merges a slice at
 * a time, whenever it has nothing else to do, the first keys first. Each slice is a transaction, so that a
 * posting is in one of the lists at each commit; and as both are in the same order, each row of the large
 * one is in one slice, or two, and all of them write little more than one merge does.
 */
#include "late.h"

#include "posting_row.h"
#include "private.h"

/* Of a settle: fewer are put where they belong, at once. */
#define FEW 4096u

/* A settle that put so many to each row that it wrote put them close together. */
#define DENSE 8u

/*
 * That many wait at most. Each commit writes most rows of what waits, each merge most rows of all that is
 * there: the more wait, the more the commits cost, and the fewer merges there are. Reckoned with a commit
 * of some hundred thousand and five bytes a posting, all of it is least with one and a half million where
 * there are ten million events, with four and a half where there are a hundred million.
 */
#define MANY (1u << 21)

/*
 * Rows of the large list that a slice writes, and as many more as the last row that it takes has
 * postings: some tens of milliseconds, whether they lie side by side or each in a page of its own. Where
 * that makes the log long, it is taken into the file besides, as by any commit.
 */
#define HASTY 1024u

/* Rows that are taken at once: 16384 postings at most. */
#define TAKEN 64

void late_init(struct late *l)
{
	*l = (struct late){ .few = FEW, .dense = DENSE, .many = MANY, .hasty = HASTY };
}

bool late_begin(struct store *s, size_t n_late)
{
	struct late *l = &s->writer->late;

	l->begun = sqlite3_total_changes64(s->db);
	return l->waits && n_late && n_late >= l->few;
}

int late_any(struct store *s, bool *ret)
{
	return sql_exists(s, Q_LATE_ANY, NO_ARGS, ret);
}

int late_put(struct store *s, const struct posting *rows, size_t n)
{
	if (!n)
		return 0;
	writer_count(s, COUNTER_LATE, (int64_t)n);
	return postings_put(s, POSTING_LATE, rows, n);
}

/* --- merging ------------------------------------------------------------------------------- */

struct merging {
	struct posting first, last; /* of the row that was taken last */
	struct buf rows;            /* struct posting */
	bool more;                  /* there is a row behind it */
};

static void merging_deinit(struct merging *m)
{
	buf_deinit(&m->rows);
}

static int take_row(struct store *s, sqlite3_stmt *q, struct merging *m)
{
	struct posting first = posting_first(q);
	int r = postings_take(s, POSTING_LATE, &first, col_str(q, 3), &m->rows);

	if (r)
		return r;
	m->first = first;
	m->last = ((const struct posting *)(m->rows.data + m->rows.len))[-1];
	return 0;
}

/* The next n rows. One more is looked at: the last of them must not reach into it. */
static int take_rows(struct store *s, struct merging *m, size_t n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_open(s, Q_LATE_BEHIND, POSTING_ROWS(&m->first, n + 1), &q);

	buf_reset(&m->rows);
	while (!r) {
		struct posting first;

		r = sql_next(s, q, &m->more);
		if (r || !m->more)
			break;
		first = posting_first(q);
		if (posting_order(&m->last, &first) >= 0)
			return posting_damaged(s, POSTING_LATE, &m->first);
		if (!n--)
			break;
		r = take_row(s, q, m);
	}
	return r;
}

/* With what this transaction has not told the history yet. */
static int waiting(struct store *s, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_LATE))), &q);

	*ret = s->writer->counters[COUNTER_LATE] + (r ? 0 : col_int(q, 0));
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* The n postings that were merged do not wait any more. */
static int clear(struct store *s, const struct merging *m, int64_t n)
{
	int r = m->more ? sql_run(s, Q_LATE_CLEAR_TO, POSTING_PLACE(&m->first))
			: sql_run(s, Q_LATE_CLEAR, NO_ARGS);

	if (!r && !m->more)
		r = waiting(s, &n);
	if (!r)
		writer_count(s, COUNTER_LATE, -n);
	return r;
}

/* All; or so many rows of the large list (0: all), by as few as possible of what waits. */
static int merge(struct store *s, size_t most, bool *ret_more)
{
	const struct posting none = { INT64_MIN, INT64_MIN, INT64_MIN };
	_cleanup_(merging_deinit) struct merging m = { .first = none, .last = none };
	int64_t begun = sqlite3_total_changes64(s->db), n = 0;
	int r;

	do {
		size_t n_taken;

		r = take_rows(s, &m, most ? 1 : TAKEN);
		n_taken = m.rows.len / sizeof(struct posting);
		if (!r)
			r = postings_put(s, POSTING_ACTIVITY,
					 (const struct posting *)m.rows.data, n_taken);
		n += (int64_t)n_taken;
	} while (!r && m.more &&
		 (!most || sqlite3_total_changes64(s->db) - begun < (int64_t)most));
	*ret_more = m.more;
	return r ? r : clear(s, &m, n);
}

/* As all of it was put in its place. */
static bool is_scattered(struct store *s, size_t n, size_t n_late)
{
	const struct late *l = &s->writer->late;
	int64_t rows = sqlite3_total_changes64(s->db) - l->begun;

	return n_late && n_late >= l->few && (size_t)rows > n / l->dense;
}

int late_settle(struct store *s, size_t n, size_t n_late)
{
	struct late *l = &s->writer->late;
	int64_t wait;
	bool more;
	int r;

	if (!l->waits) {
		l->waits = is_scattered(s, n, n_late);
		return 0;
	}
	r = waiting(s, &wait);
	return r || (size_t)MAX(wait, 0) < l->many ? r : merge(s, 0, &more);
}

int late_sweep(struct store *s, bool in_haste, bool *ret_done, bool *ret_more)
{
	struct late *l = &s->writer->late;
	int r = late_any(s, ret_done);

	*ret_more = false;
	if (!in_haste)
		l->waits = false;
	if (r || !*ret_done)
		return r;
	r = store_begin(s, "merge activity");
	if (!r)
		r = merge(s, in_haste ? l->hasty : 0, ret_more);
	if (!r)
		r = store_commit(s);
	if (r)
		store_rollback(s);
	*ret_done = !r && !*ret_more;
	return r;
}
