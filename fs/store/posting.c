/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posting lists. What names an event, which credential made it, in which files of activity/ it
 * stands: some eight rows an event, each of which would cost 26 bytes and a descent of the index.
 * Instead they stand together, some hundred in a row, whatever their keys, in the order of key, time
 * and event: two of three tokens have one event alone. The first is in the row's key, those behind
 * it are in its places, as posting_code.c has them.
 *
 * Rows never overlap; what writes them is in posting_put.c.
 */
#include "posting.h"

#include <errno.h>
#include <stdio.h>

#include "posting_code.h"
#include "posting_row.h"
#include "private.h"
#include "util/radix.h"

#define LIST(most, NAME, table)                                                   \
	{                                                                         \
		table, most, Q_##NAME##_AT, Q_##NAME##_BEHIND, Q_##NAME##_INSERT, \
			Q_##NAME##_UPDATE, Q_##NAME##_DELETE,                     \
	}

const struct posting_list_sql posting_lists[] = {
	[POSTING_MENTION] = LIST(128, MENTION, "mention"),
	[POSTING_ACTOR] = LIST(128, ACTOR, "actor"),
	[POSTING_ACTIVITY] = LIST(256, ACTIVITY, "activity"),
	[POSTING_KEY] = LIST(128, EVENT_KEY, "event_key"),
	[POSTING_ALIAS] = LIST(128, ALIAS, "alias"),
	[POSTING_SESSION] = LIST(128, SESSION, "session"),
	[POSTING_UNIT] = LIST(128, UNIT_TOKEN, "unit_token"),
	[POSTING_PERSON] = LIST(128, PERSON, "person"),
	[POSTING_BEHIND] = LIST(128, BEHIND, "person_behind"),
	[POSTING_VALUE] = LIST(128, VALUE_NAME, "value_name"),
	[POSTING_BEARER] = LIST(128, BEARER, "bearer"),
	[POSTING_EDGE] = LIST(128, EDGE_TOKEN, "edge_token"),
	[POSTING_LATE] = LIST(256, LATE, "activity_late"),
};

void postings_sort(struct posting *rows, size_t n)
{
	radix_sort(rows, n, sizeof(rows[0]), 3);
}

/* --- rows ---------------------------------------------------------------------------------- */

int posting_damaged(struct store *s, enum posting_list list, const struct posting *first)
{
	(void)snprintf(s->message, sizeof(s->message),
		       "the postings of %s from %lld, %lld, %lld on are damaged",
		       posting_lists[list].table, (long long)first->key,
		       (long long)first->time_ms, (long long)first->event);
	return STORE_E_DAMAGED;
}

int postings_take(struct store *s, enum posting_list list, const struct posting *first,
		  struct str places, struct buf *out)
{
	int r = posting_decode(first, places, out);

	return r == -EBADMSG ? posting_damaged(s, list, first) : r;
}

int posting_row(struct store *s, enum posting_list list, enum statement id,
		const struct posting *place, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct posting first;
	int r = sql_get(s, id, POSTING_ROWS(place, 1), &q);

	buf_reset(out);
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	first = posting_first(q);
	return postings_take(s, list, &first, col_str(q, 3), out);
}

/* --- reading ------------------------------------------------------------------------------- */

struct looking {
	enum posting_list list;
	int64_t key, from_ms, to_ms;
	posting_fn *each;
	void *ctx;
	bool more;
};

/* Those of the row that a statement stands on; what is behind the last is not decoded. */
static int look_through(struct store *s, sqlite3_stmt *q, struct looking *l)
{
	const struct posting first = posting_first(q);
	struct posting p = first;
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
		if (!posting_take(&places, &p))
			return posting_damaged(s, l->list, &first);
	}
}

/* From the last row that begins before the span on: it may reach into it. */
int postings_each(struct store *s, enum posting_list list, int64_t key, int64_t from_ms,
		  int64_t to_ms, posting_fn *each, void *ctx)
{
	struct looking l = { list, key, from_ms, to_ms, each, ctx, true };
	struct posting at = { key, from_ms, INT64_MIN };
	enum statement id = posting_lists[list].at;

	while (l.more) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		int r = sql_get(s, id, POSTING_ROWS(&at, 1), &q);

		if (r && (r != STORE_E_NOT_FOUND || id == posting_lists[list].behind))
			return r == STORE_E_NOT_FOUND ? 0 : r;
		id = posting_lists[list].behind;
		if (r)
			continue;
		at = posting_first(q);
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
	enum statement at = posting_lists[list].at, behind = posting_lists[list].behind,
		       id = at;
	struct posting from = { 0 };

	while (j.at < n && j.more) {
		const struct posting *row, *place = &places[j.at];
		size_t n_row;
		int r;

		if (id == at)
			from = (struct posting){ place->key, place->time_ms, INT64_MIN };
		r = posting_row(s, list, id, &from, &buf);
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
	struct posting first, p;
	struct str places;
	int r = sql_get(s, posting_lists[list].at, POSTING_ROWS(place, 1), &q);

	if (r)
		return r;
	*ret = p = first = posting_first(q);
	for (places = col_str(q, 3); places.n;) {
		if (!posting_take(&places, &p))
			return posting_damaged(s, list, &first);
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
