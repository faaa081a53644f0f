/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posting lists. What names an event, which credential made it, in which files of activity/ it
 * stands: some eight rows an event, each of which would cost 26 bytes and a descent of the index.
 * Instead the events of one key stand together, some hundred in a row, in the order of their time;
 * the first is in the row's key, and each one behind it is the difference to the one before: two
 * numbers as util/varint.h has them.
 *
 *   time   in seconds, doubled, where that is exact, else in milliseconds, doubled and one more
 *   event  by how much the row differs from the one before, signed
 *
 * Rows of a key never overlap. A row that has grown too long is split: evenly, so that the parts
 * can grow again, but for one that was added to at its end, as most are.
 */
#include "posting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "private.h"
#include "util/varint.h"

/* The statements of a list. */
struct list_sql {
	size_t row_max; /* postings; fewer where one comes seldom to many rows */
	enum statement last, at, behind, insert, update, delete, each;
};

static const struct list_sql lists[] = {
	[POSTING_MENTION] = { 256, Q_MENTION_LAST, Q_MENTION_AT, Q_MENTION_BEHIND,
			      Q_MENTION_INSERT, Q_MENTION_UPDATE, Q_MENTION_DELETE,
			      Q_MENTION_EACH },
	[POSTING_ACTOR] = { 256, Q_ACTOR_LAST, Q_ACTOR_AT, Q_ACTOR_BEHIND, Q_ACTOR_INSERT,
			    Q_ACTOR_UPDATE, Q_ACTOR_DELETE, Q_ACTOR_EACH },
	[POSTING_ACTIVITY] = { 256, Q_ACTIVITY_LAST, Q_ACTIVITY_AT, Q_ACTIVITY_BEHIND,
			       Q_ACTIVITY_INSERT, Q_ACTIVITY_UPDATE, Q_ACTIVITY_DELETE,
			       Q_ACTIVITY_EACH },
	[POSTING_KEY] = { 128, Q_EVENT_KEY_LAST, Q_EVENT_KEY_AT, Q_EVENT_KEY_BEHIND,
			  Q_EVENT_KEY_INSERT, Q_EVENT_KEY_UPDATE, Q_EVENT_KEY_DELETE,
			  Q_EVENT_KEY_EACH },
	[POSTING_ALIAS] = { 128, Q_ALIAS_LAST, Q_ALIAS_AT, Q_ALIAS_BEHIND, Q_ALIAS_INSERT,
			    Q_ALIAS_UPDATE, Q_ALIAS_DELETE, Q_ALIAS_EACH },
};

static int by_place(const struct posting *x, const struct posting *y)
{
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

int posting_order(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return by_place(x, y);
}

/* --- the code ------------------------------------------------------------------------------ */

void posting_encode(struct buf *out, const struct posting *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t time = (uint64_t)rows[i].time_ms - (uint64_t)rows[i - 1].time_ms;
		int64_t event = rows[i].event - rows[i - 1].event;
		unsigned char bytes[2 * VARINT_MAX];
		size_t len;

		time = time % 1000 ? time << 1 | 1 : time / 1000 << 1;
		len = varint_write(bytes, time);
		len += varint_write(bytes + len, zigzag(event));
		buf_put(out, bytes, len);
	}
}

/* Makes the next one of p; false: the places are damaged. */
static bool decode_next(struct str *places, struct posting *p)
{
	int64_t before = p->time_ms;
	uint64_t time, event;

	if (!varint_take(places, &time) || !varint_take(places, &event))
		return false;
	/* What would leave the numbers is damaged, too: nothing is later by so much. */
	if (time >> 52)
		return false;
	time = time & 1 ? time >> 1 : (time >> 1) * 1000;
	p->time_ms = (int64_t)((uint64_t)p->time_ms + time);
	p->event = (int64_t)((uint64_t)p->event + (uint64_t)unzigzag(event));
	return p->time_ms >= before && p->event > 0;
}

int posting_decode(const struct posting *first, struct str places, struct buf *out)
{
	struct posting p = *first;

	buf_put(out, &p, sizeof(p));
	while (places.n > 0) {
		if (!decode_next(&places, &p))
			return -EBADMSG;
		buf_put(out, &p, sizeof(p));
	}
	return buf_error(out);
}

/* --- rows ---------------------------------------------------------------------------------- */

static int damaged(struct store *s)
{
	(void)snprintf(s->message, sizeof(s->message),
		       "a list of postings cannot be decoded");
	return STORE_E_DAMAGED;
}

/* The postings of the row that a statement stands on, appended. */
static int take_row(struct store *s, sqlite3_stmt *q, int64_t key, struct buf *out)
{
	struct posting first = { key, col_int(q, 0), col_int(q, 1) };
	int r = posting_decode(&first, col_str(q, 2), out);

	return r == -EBADMSG ? damaged(s) : r;
}

/* One row as postings; `out` stays empty where there is none. */
static int one_row(struct store *s, enum statement id, const struct sql_arg *args,
		   size_t n, int64_t key, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, args, n, &q);

	buf_reset(out);
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	return take_row(s, q, key, out);
}

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
	size_t most = lists[list].row_max, parts = (n + most - 1) / most;
	size_t step = even ? (n + parts - 1) / MAX(parts, (size_t)1) : most;
	int r = 0;

	for (size_t at = 0; at < n && !r; at += step)
		r = write_row(s, lists[list].insert, rows + at, MIN(step, n - at));
	return r;
}

/* Both in order; each posting once. */
static int merge(const struct posting *a, size_t n_a, const struct posting *b, size_t n_b,
		 struct buf *out)
{
	buf_reset(out);
	for (size_t i = 0, j = 0; i < n_a || j < n_b;) {
		int order = i == n_a ? 1 : j == n_b ? -1 : by_place(&a[i], &b[j]);
		const struct posting *p = order <= 0 ? &a[i] : &b[j];

		i += order <= 0;
		j += order >= 0;
		if (!out->len ||
		    by_place((const struct posting *)(out->data + out->len) - 1, p))
			buf_put(out, p, sizeof(*p));
	}
	return buf_error(out);
}

/* The row that is there, with the new ones, in its place. */
static int rewrite(struct store *s, enum posting_list list, const struct buf *old,
		   const struct posting *rows, size_t n)
{
	_cleanup_(buf_deinit) struct buf all = BUF_INIT;
	const struct posting *before = (const struct posting *)old->data, *after;
	size_t n_before = old->len / sizeof(*before), n_after;
	int r = merge(before, n_before, rows, n, &all);

	after = (const struct posting *)all.data;
	n_after = all.len / sizeof(*after);
	if (r || n_after == n_before)
		return r;
	if (n_after <= lists[list].row_max && by_place(after, before) == 0)
		return write_row(s, lists[list].update, after, n_after);
	r = sql_run(s, lists[list].delete,
		    ARGS(INT(before[0].key), INT(before[0].time_ms),
			 INT(before[0].event)));
	return r ? r
		 : write_rows(s, list, after, n_after,
			      by_place(&rows[0], &before[n_before - 1]) <= 0);
}

/* The row that a posting belongs to; *ret_n: of those from it on, how many do. */
static int find_row(struct store *s, enum posting_list list, const struct posting *rows,
		    size_t n, struct buf *old, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf next = BUF_INIT;
	const struct posting *first;
	int64_t key = rows[0].key;
	int r = one_row(s, lists[list].last, ARGS(INT(key)), key, old);

	*ret_n = n;
	if (r || !old->len || by_place((const struct posting *)old->data, &rows[0]) <= 0)
		return r;
	r = one_row(s, lists[list].at,
		    ARGS(INT(key), INT(rows[0].time_ms), INT(rows[0].event)), key, old);
	if (!r && !old->len)
		r = one_row(s, lists[list].behind,
			    ARGS(INT(key), INT(rows[0].time_ms), INT(rows[0].event)), key,
			    old);
	if (r)
		return r;
	first = (const struct posting *)old->data;
	r = one_row(s, lists[list].behind,
		    ARGS(INT(key), INT(first->time_ms), INT(first->event)), key, &next);
	if (r || !next.len)
		return r;
	first = (const struct posting *)next.data;
	for (*ret_n = 1; *ret_n < n && by_place(&rows[*ret_n], first) < 0;)
		++*ret_n;
	return 0;
}

static int put_key(struct store *s, enum posting_list list, const struct posting *rows,
		   size_t n, struct buf *old)
{
	int r = 0;

	for (size_t at = 0, k; at < n && !r; at += k) {
		r = find_row(s, list, rows + at, n - at, old, &k);
		if (!r && old->len)
			r = rewrite(s, list, old, rows + at, k);
		else if (!r)
			r = write_rows(s, list, rows + at, k, false);
	}
	return r;
}

int postings_put(struct store *s, enum posting_list list, const struct posting *rows,
		 size_t n)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, own = BUF_INIT;
	int r = 0;

	for (size_t at = 0, k; at < n && !r; at += k) {
		for (k = 1; at + k < n && rows[at + k].key == rows[at].key;)
			k++;
		/* Each once, as those that are there. */
		r = merge(rows + at, k, NULL, 0, &own);
		if (!r)
			r = put_key(s, list, (const struct posting *)own.data,
				    own.len / sizeof(rows[0]), &old);
	}
	return r;
}

int postings_remove(struct store *s, enum posting_list list, const struct posting *gone)
{
	_cleanup_(buf_deinit) struct buf row = BUF_INIT;
	struct posting *p, first;
	size_t n, kept = 0;
	int r = one_row(s, lists[list].at,
			ARGS(INT(gone->key), INT(gone->time_ms), INT(gone->event)),
			gone->key, &row);

	if (r || !row.len)
		return r;
	p = (struct posting *)row.data;
	n = row.len / sizeof(*p);
	first = p[0];
	for (size_t i = 0; i < n; i++)
		if (by_place(&p[i], gone))
			p[kept++] = p[i];
	if (kept == n)
		return 0;
	if (kept && by_place(&p[0], &first) == 0)
		return write_row(s, lists[list].update, p, kept);
	r = sql_run(s, lists[list].delete,
		    ARGS(INT(first.key), INT(first.time_ms), INT(first.event)));
	return r || !kept ? r : write_row(s, lists[list].insert, p, kept);
}

/* --- reading ------------------------------------------------------------------------------- */

struct looking {
	int64_t from_ms, to_ms;
	posting_fn *each;
	void *ctx;
	bool more;
};

/* Those of the row that a statement stands on; what is behind the last is not decoded. */
static int look_through(struct store *s, sqlite3_stmt *q, int64_t key, struct looking *l)
{
	struct posting p = { key, col_int(q, 0), col_int(q, 1) };
	struct str places = col_str(q, 2);

	for (;;) {
		if (p.time_ms > l->to_ms)
			l->more = false;
		else if (p.time_ms >= l->from_ms) {
			int r = l->each(l->ctx, &p, &l->more);

			if (r)
				return r;
		}
		if (!l->more || !places.n)
			return 0;
		if (!decode_next(&places, &p))
			return damaged(s);
	}
}

int postings_each(struct store *s, enum posting_list list, int64_t key, int64_t from_ms,
		  int64_t to_ms, posting_fn *each, void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct looking l = { from_ms, to_ms, each, ctx, true };
	bool found = true;
	int r = sql_open(s, lists[list].each, ARGS(INT(key), INT(from_ms), INT(to_ms)),
			 &q);

	while (!r && l.more) {
		r = sql_next(s, q, &found);
		if (r || !found)
			break;
		r = look_through(s, q, key, &l);
	}
	return r;
}

int postings_span(struct store *s, enum posting_list list, int64_t key,
		  int64_t *ret_first_ms, int64_t *ret_last_ms)
{
	_cleanup_(buf_deinit) struct buf row = BUF_INIT;
	int r = one_row(s, lists[list].last, ARGS(INT(key)), key, &row);

	if (r || !row.len)
		return r ? r : STORE_E_NOT_FOUND;
	*ret_last_ms = ((const struct posting *)(row.data + row.len) - 1)->time_ms;
	r = one_row(s, lists[list].behind, ARGS(INT(key), INT(INT64_MIN), INT(INT64_MIN)),
		    key, &row);
	if (!r && row.len)
		*ret_first_ms = ((const struct posting *)row.data)->time_ms;
	return r;
}
