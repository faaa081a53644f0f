/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posting lists. What names an event, which credential made it, in which files of activity/ it
 * stands: some eight rows an event, each of which would cost 26 bytes and a descent of the index.
 * Instead they stand together, some hundred in a row, whatever their keys, in the order of key, time
 * and event: two of three tokens have one event alone. The first is in the row's key, and each one
 * behind it is the difference to the one before: numbers as util/varint.h has them. Of the same key
 *
 *   time   in seconds, doubled, where that is exact, else in milliseconds, four times, and one
 *   event  by how much it differs, signed
 *
 * and of another one
 *
 *   key    by how much it is greater, four times, and three
 *   time   by how much it differs, signed: in seconds, doubled, or in milliseconds, doubled, and one
 *   event  as above
 *
 * Rows never overlap. A row that has grown too long is split: evenly, so that the parts can grow
 * again, but for one that was added to at the end of all, or of a key that is long, as most are.
 */
#include "posting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "private.h"
#include "util/radix.h"
#include "util/varint.h"

/* The statements of a list. */
struct list_sql {
	size_t row_max; /* postings; fewer where one comes seldom to many rows */
	enum statement at, behind, insert, update, delete;
};

#define LIST(most, NAME)                                                   \
	{                                                                  \
		most, Q_##NAME##_AT, Q_##NAME##_BEHIND, Q_##NAME##_INSERT, \
			Q_##NAME##_UPDATE, Q_##NAME##_DELETE,              \
	}

static const struct list_sql lists[] = {
	[POSTING_MENTION] = LIST(128, MENTION),   [POSTING_ACTOR] = LIST(128, ACTOR),
	[POSTING_ACTIVITY] = LIST(256, ACTIVITY), [POSTING_KEY] = LIST(128, EVENT_KEY),
	[POSTING_ALIAS] = LIST(128, ALIAS),       [POSTING_SESSION] = LIST(128, SESSION),
	[POSTING_UNIT] = LIST(128, UNIT_TOKEN),   [POSTING_PERSON] = LIST(128, PERSON),
	[POSTING_BEHIND] = LIST(128, BEHIND),     [POSTING_VALUE] = LIST(128, VALUE_NAME),
};

/* So many at most are looked at at once, where no row is behind. */
#define BATCH 4096u

int posting_order(const void *a, const void *b)
{
	const struct posting *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

void postings_sort(struct posting *rows, size_t n)
{
	radix_sort(rows, n, sizeof(rows[0]), 3);
}

/* --- the code ------------------------------------------------------------------------------ */

#define IN_MS   1u /* of two bits */
#define NEW_KEY 3u

static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

/* Which of two, doubled; and one for the second. */
static uint64_t time_code(int64_t time)
{
	return time % 1000 ? zigzag(time) << 1 | 1 : zigzag(time / 1000) << 1;
}

void posting_encode(struct buf *out, const struct posting *rows, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct posting *p = &rows[i], *before = &rows[i - 1];
		int64_t time = minus(p->time_ms, before->time_ms);
		uint64_t key = (uint64_t)minus(p->key, before->key);
		unsigned char bytes[3 * VARINT_MAX];
		size_t len;

		if (key) {
			len = varint_write(bytes, key << 2 | NEW_KEY);
			len += varint_write(bytes + len, time_code(time));
		} else {
			len = varint_write(bytes, time % 1000
							  ? (uint64_t)time << 2 | IN_MS
							  : (uint64_t)time / 1000 << 1);
		}
		len += varint_write(bytes + len, zigzag(minus(p->event, before->event)));
		buf_put(out, bytes, len);
	}
}

/* As varint_take(), of which there are some hundred here for each that is looked for. */
static inline bool take(struct str *in, uint64_t *ret)
{
	if (in->n && !(in->p[0] & 0x80)) {
		*ret = (unsigned char)in->p[0];
		*in = str_from(*in, 1);
		return true;
	}
	return varint_take(in, ret);
}

/* What would leave the numbers is damaged: nothing is later, or earlier, by so much. */
#define FAR (UINT64_C(1) << 52)

static bool take_new_key(uint64_t key, struct str *places, struct posting *p)
{
	uint64_t code;
	int64_t time, before = p->key;

	if (!key || !take(places, &code))
		return false;
	time = unzigzag(code >> 1);
	if (time <= -(int64_t)FAR || time >= (int64_t)FAR)
		return false;
	p->key = plus(p->key, (int64_t)key);
	p->time_ms = plus(p->time_ms, code & 1 ? time : time * 1000);
	return p->key > before;
}

static bool take_later(uint64_t time, struct posting *p)
{
	int64_t before = p->time_ms;

	if (time >= FAR)
		return false;
	p->time_ms = plus(p->time_ms, (int64_t)time);
	return p->time_ms >= before;
}

/* Makes the next one of p; false: the places are damaged. */
static inline bool decode_next(struct str *places, struct posting *p)
{
	uint64_t code, event;
	bool good;

	if (!take(places, &code))
		return false;
	if (code & 1)
		good = (code & NEW_KEY) == NEW_KEY ? take_new_key(code >> 2, places, p)
						   : take_later(code >> 2, p);
	else
		good = code >> 1 < FAR && take_later((code >> 1) * 1000, p);
	if (!good || !take(places, &event))
		return false;
	/* Of one time they are in the order of their events. */
	if (code <= IN_MS && unzigzag(event) < 0)
		return false;
	p->event = plus(p->event, unzigzag(event));
	return p->event > 0;
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

#define PLACE(p) ARGS(INT((p)->key), INT((p)->time_ms), INT((p)->event))

static int damaged(struct store *s)
{
	(void)snprintf(s->message, sizeof(s->message),
		       "a list of postings cannot be decoded");
	return STORE_E_DAMAGED;
}

/* The first of the row that a statement stands on. */
static struct posting first_of(sqlite3_stmt *q)
{
	return (struct posting){ col_int(q, 0), col_int(q, 1), col_int(q, 2) };
}

/* One row as postings, and its first; `out` stays empty where there is none. */
static int one_row(struct store *s, enum statement id, const struct posting *place,
		   struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct posting first;
	int r = sql_get(s, id, PLACE(place), &q);

	buf_reset(out);
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	first = first_of(q);
	r = posting_decode(&first, col_str(q, 3), out);
	return r == -EBADMSG ? damaged(s) : r;
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
	if (n_before && n_after <= lists[list].row_max &&
	    posting_order(after, before) == 0)
		return write_row(s, lists[list].update, after, n_after);
	apart = how_many_apart(row, rows, n, lists[list].row_max);
	if (n_before)
		r = sql_run(s, lists[list].delete, PLACE(before));
	if (r || apart == SIZE_MAX)
		return r ? r : write_rows(s, list, after, n_after, true);
	r = write_rows(s, list, after, n_after - apart, false);
	return r ? r : write_rows(s, list, after + n_after - apart, apart, true);
}

static int find_next(struct store *s, enum posting_list list, struct row *row)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	const struct posting *p = (const struct posting *)row->postings.data;
	int r = sql_get(s, lists[list].behind, PLACE(p), &q);

	row->is_last = r == STORE_E_NOT_FOUND;
	if (r)
		return row->is_last ? 0 : r;
	row->next = first_of(q);
	p = (const struct posting *)(row->postings.data + row->postings.len) - 1;
	return posting_order(p, &row->next) < 0 ? 0 : damaged(s);
}

/* The row that a posting belongs to; *ret_n: of those from it on, how many do. */
static int find_row(struct store *s, enum posting_list list, const struct posting *rows,
		    size_t n, struct row *row, size_t *ret_n)
{
	int r = one_row(s, lists[list].at, &rows[0], &row->postings);

	row->is_last = true;
	if (!r && !row->postings.len)
		r = one_row(s, lists[list].behind, &rows[0], &row->postings);
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
	int r = one_row(s, lists[list].at, gone, &row);

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
		return write_row(s, lists[list].update, p, kept);
	r = sql_run(s, lists[list].delete, PLACE(&first));
	return r || !kept ? r : write_row(s, lists[list].insert, p, kept);
}

/* --- reading ------------------------------------------------------------------------------- */

struct looking {
	int64_t key, from_ms, to_ms;
	posting_fn *each;
	void *ctx;
	bool more;
};

/* Those of the row that a statement stands on; what is behind the last is not decoded. */
static int look_through(struct store *s, sqlite3_stmt *q, struct looking *l)
{
	struct posting p = first_of(q);
	struct str places = col_str(q, 3);

	for (;;) {
		if (p.key > l->key || (p.key == l->key && p.time_ms > l->to_ms))
			l->more = false;
		else if (p.key == l->key && p.time_ms >= l->from_ms) {
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

/* From the last row that begins before the span on: it may reach into it. */
int postings_each(struct store *s, enum posting_list list, int64_t key, int64_t from_ms,
		  int64_t to_ms, posting_fn *each, void *ctx)
{
	struct looking l = { key, from_ms, to_ms, each, ctx, true };
	struct posting at = { key, from_ms, INT64_MIN };
	enum statement id = lists[list].at;

	while (l.more) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		int r = sql_get(s, id, PLACE(&at), &q);

		if (r && (r != STORE_E_NOT_FOUND || id == lists[list].behind))
			return r == STORE_E_NOT_FOUND ? 0 : r;
		id = lists[list].behind;
		if (r)
			continue;
		at = first_of(q);
		r = look_through(s, q, &l);
		if (r)
			return r;
	}
	return 0;
}

/* By key and time alone. */
static int place_order(const struct posting *a, const struct posting *b)
{
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->time_ms > b->time_ms) - (a->time_ms < b->time_ms);
}

struct joining {
	const struct posting *places;
	size_t n, at; /* places before `at` are done with */
	posting_fn *each;
	void *ctx;
	bool more;
};

/* Goes through a row up to its last place, which the next row may have, too. */
static int join_row(struct joining *j, const struct posting *row, size_t n)
{
	size_t i = 0;
	int r = 0;

	while (j->at < j->n && place_order(&j->places[j->at], &row[n - 1]) <= 0) {
		const struct posting *place = &j->places[j->at];

		while (place_order(&row[i], place) < 0)
			i++;
		for (; i < n && !place_order(&row[i], place) && j->more && !r; i++)
			r = j->each(j->ctx, &row[i], &j->more);
		if (i == n || r || !j->more)
			break;
		j->at++;
	}
	return r;
}

/* From a row to the one behind it; where that was not far enough, the place is looked for. */
int postings_of(struct store *s, enum posting_list list, const struct posting *places,
		size_t n, posting_fn *each, void *ctx)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;
	struct joining j = { places, n, 0, each, ctx, true };
	enum statement at = lists[list].at, behind = lists[list].behind, id = at;
	struct posting from = { 0 };

	while (j.at < n && j.more) {
		const struct posting *row, *place = &places[j.at];
		size_t n_row;
		int r;

		if (id == at)
			from = (struct posting){ place->key, place->time_ms, INT64_MIN };
		r = one_row(s, id, &from, &buf);
		row = (const struct posting *)buf.data;
		n_row = buf.len / sizeof(*row);
		if (!r && n_row)
			r = join_row(&j, row, n_row);
		if (r || (!n_row && id == behind))
			return r;
		if (n_row)
			from = row[0];
		id = n_row && id == behind && j.at < n &&
				     place_order(&places[j.at], &row[n_row - 1]) > 0
			     ? at
			     : behind;
	}
	return 0;
}

static int add_event(void *ctx, const struct posting *p, bool *more _unused_)
{
	buf_put(ctx, &p->event, sizeof(p->event));
	return buf_error(ctx);
}

int postings_events(struct store *s, enum posting_list list, int64_t key, struct buf *out)
{
	return postings_each(s, list, key, INT64_MIN, INT64_MAX, add_event, out);
}

/* The last of the key at or before a place. */
static int last_at(struct store *s, enum posting_list list, const struct posting *place,
		   struct posting *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct posting p;
	struct str places;
	int r = sql_get(s, lists[list].at, PLACE(place), &q);

	if (r)
		return r;
	*ret = p = first_of(q);
	for (places = col_str(q, 3); places.n;) {
		if (!decode_next(&places, &p))
			return damaged(s);
		if (posting_order(&p, place) > 0)
			break;
		*ret = p;
	}
	return ret->key == place->key ? 0 : STORE_E_NOT_FOUND;
}

int postings_as_of(struct store *s, enum posting_list list, int64_t key, int64_t time_ms,
		   struct posting *ret)
{
	return last_at(s, list, &(struct posting){ key, time_ms, INT64_MAX }, ret);
}

static int note_first(void *ctx, const struct posting *p, bool *more)
{
	*(int64_t *)ctx = p->time_ms;
	*more = false;
	return 0;
}

int postings_span(struct store *s, enum posting_list list, int64_t key,
		  int64_t *ret_first_ms, int64_t *ret_last_ms)
{
	struct posting last;
	int r = postings_as_of(s, list, key, INT64_MAX, &last);

	if (r)
		return r;
	*ret_first_ms = *ret_last_ms = last.time_ms;
	return postings_each(s, list, key, INT64_MIN, INT64_MAX, note_first,
			     ret_first_ms);
}
