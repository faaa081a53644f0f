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
 * that was cut off, or one that follows and must not stop for seconds, the next one merges.
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

/* So many are merged by who has little time, too: some tenths of a second. */
#define HASTY (1u << 16)

/* Rows that are merged at once: 16384 postings at most. */
#define SLICE 64

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
	struct posting first, last; /* of the row that was read last */
	struct buf rows;            /* struct posting */
};

static void merging_deinit(struct merging *m)
{
	buf_deinit(&m->rows);
}

/* Appends a row, which is behind the one before it. */
static int take_row(struct store *s, sqlite3_stmt *q, struct merging *m)
{
	struct posting first = posting_first(q);
	int r;

	if (posting_order(&m->last, &first) >= 0)
		return posting_damaged(s, POSTING_LATE, &m->first);
	r = postings_take(s, POSTING_LATE, &first, col_str(q, 3), &m->rows);
	if (r)
		return r;
	m->first = first;
	m->last = ((const struct posting *)(m->rows.data + m->rows.len))[-1];
	return 0;
}

/* The rows behind the one that was read last; none are left: m->rows is empty. */
static int take_slice(struct store *s, struct merging *m)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_LATE_BEHIND, POSTING_ROWS(&m->first, SLICE), &q);

	buf_reset(&m->rows);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
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

static int merge(struct store *s)
{
	const struct posting none = { INT64_MIN, INT64_MIN, INT64_MIN };
	_cleanup_(merging_deinit) struct merging m = { .first = none, .last = none };
	int64_t n;
	int r = waiting(s, &n);

	do {
		if (!r)
			r = take_slice(s, &m);
		if (!r)
			r = postings_put(s, POSTING_ACTIVITY,
					 (const struct posting *)m.rows.data,
					 m.rows.len / sizeof(struct posting));
	} while (!r && m.rows.len);
	if (!r)
		r = sql_run(s, Q_LATE_CLEAR, NO_ARGS);
	if (!r)
		writer_count(s, COUNTER_LATE, -n);
	return r;
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
	int r;

	if (!l->waits) {
		l->waits = is_scattered(s, n, n_late);
		return 0;
	}
	r = waiting(s, &wait);
	return r || (size_t)MAX(wait, 0) < l->many ? r : merge(s);
}

/* What is left by who is in haste goes on to wait. */
static int is_to_sweep(struct store *s, bool in_haste, bool *ret)
{
	struct late *l = &s->writer->late;
	int64_t n;
	int r = late_any(s, ret);

	if (!in_haste)
		l->waits = false;
	if (r || !*ret || !in_haste)
		return r;
	r = waiting(s, &n);
	*ret = !r && (size_t)MAX(n, 0) <= l->hasty;
	return r;
}

int late_sweep(struct store *s, bool in_haste, bool *ret_done)
{
	int r = is_to_sweep(s, in_haste, ret_done);

	if (r || !*ret_done)
		return r;
	r = store_begin(s, "merge activity");
	if (!r)
		r = merge(s);
	if (!r)
		r = store_commit(s);
	if (r)
		store_rollback(s);
	return r;
}
