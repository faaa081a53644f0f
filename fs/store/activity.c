/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the files of activity/. A value has places of its own; a person's file has those of the
 * sessions behind which the person stands, too, and what came late is in another list: a merge of runs
 * that each are in order (merged.c).
 */
#include "store/activity.h"

#include <errno.h>
#include <stdlib.h>

#include "merged.h"
#include "posting.h"
#include "private.h"
#include "rows.h"
#include "tell.h"
#include "told.h"

/* Commits whose changes are told of; whoever asks does so some times a second. */
#define RECENT_COMMITS 256

static int value_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_value *value = ret;

	*value = (struct store_value){ .id = col_int(q, 0),
				       .kind = (enum store_value_kind)col_int(q, 1),
				       .name = arena_str(a, col_str(q, 2)),
				       .text_len = (uint64_t)col_int(q, 3),
				       .jsonl_len = (uint64_t)col_int(q, 4),
				       .newest_ms = col_int(q, 5) };
	return value->name.p ? 0 : -ENOMEM;
}

static const struct sql_shape value_shape = { sizeof(struct store_value), value_row };

int store_value_get(struct store *s, int64_t id, struct arena *a, struct store_value *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = tell_reading(s);

	if (!r)
		r = sql_get(s, Q_VALUE, ARGS(INT(id)), &q);
	if (!r)
		r = value_row(q, a, ret);
	return !r && ret->text_len == 0 ? STORE_E_NOT_FOUND : r;
}

int store_value_find(struct store *s, enum store_value_kind kind, struct str name,
		     struct arena *a, struct store_value *ret)
{
	int64_t id;
	int r = tell_reading(s);

	if (!r)
		r = value_find(s, kind, name, &id);
	return r ? r : store_value_get(s, id, a, ret);
}

int store_values(struct store *s, enum store_value_kind kind, int64_t after,
		 struct arena *a, struct store_value *ret, size_t n, size_t *ret_n)
{
	int r = tell_reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_VALUES, ARGS(INT(kind), INT(after), INT(n)),
			    &value_shape, a, ret, n, ret_n);
}

static int last_change(struct store *s, enum store_value_kind kind, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_VALUE_CHANGED_LAST, ARGS(INT(kind)), &q);

	*ret = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int store_values_changed(struct store *s, enum store_value_kind kind,
			 int (*each)(void *ctx, int64_t value), void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int64_t last;
	int r = tell_reading(s);

	if (!r)
		r = last_change(s, kind, &last);
	if (!r)
		r = sql_open(s, Q_VALUES_CHANGED,
			     ARGS(INT(kind), INT(last - RECENT_COMMITS)), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = each(ctx, col_int(q, 0));
	}
	return r;
}

int store_values_stamp(struct store *s, enum store_value_kind kind, uint64_t *ret)
{
	int64_t last;
	int r = tell_reading(s);

	if (!r)
		r = last_change(s, kind, &last);
	if (!r)
		*ret = (uint64_t)last;
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

int merged_order(const void *a, const void *b)
{
	const struct store_act *x = a, *y = b;

	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

struct reading {
	struct store *s;
	const struct store_act *after;
	struct buf *acts;
	size_t n;
	int64_t last_ms; /* of the last one */
};

/* The milliseconds come in order; within one the hashes of the identities decide. */
static int add_act(void *ctx, const struct posting *p, bool *more)
{
	struct reading *c = ctx;
	struct store_act act = { .second = p->time_ms / 1000, .event = p->event };
	uint64_t key;
	int r;

	if (c->n == 0 && p->time_ms != c->last_ms) {
		*more = false;
		return 0;
	}
	r = event_row_key(c->s, p->event, &key);
	if (r)
		return r == STORE_E_NOT_FOUND ? STORE_E_DAMAGED : r;
	act.rank = tell_rank(p->time_ms, key);
	if (merged_order(&act, c->after) <= 0)
		return 0;
	buf_put(c->acts, &act, sizeof(act));
	c->n -= c->n > 0;
	c->last_ms = p->time_ms;
	return buf_error(c->acts);
}

/* The first n behind `after`, and those of the last one's millisecond, in no order. */
static int read_run(struct store *s, const struct merged *run,
		    const struct store_act *after, size_t n, struct buf *acts)
{
	struct reading c = { s, after, acts, n, -1 };

	return postings_each(s, run->list, run->value,
			     after->second * 1000 + tell_rank_ms(after->rank), INT64_MAX,
			     add_act, &c);
}

static const struct store_act *act_at(const struct buf *acts, size_t i)
{
	return (const struct store_act *)acts->data + i;
}

/* Puts them in order and keeps the first n. Are there so many? */
static bool cut(struct buf *acts, size_t n)
{
	if (acts->len)
		qsort(acts->data, acts->len / sizeof(struct store_act),
		      sizeof(struct store_act), merged_order);
	acts->len = MIN(acts->len, n * sizeof(struct store_act));
	return acts->len == n * sizeof(struct store_act);
}

int store_activity(struct store *s, int64_t value, const struct store_act *after,
		   struct store_act *ret, size_t n, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf acts = BUF_INIT;
	const struct merged *run = NULL;
	size_t n_runs = 0;
	int r = tell_reading(s);

	if (!r)
		r = merged_find(s, value, &run, &n_runs);
	for (size_t i = 0; i < n_runs && !r; i++) {
		if (run[i].last < after->second)
			continue;
		/* Full, and all later runs begin behind it. */
		if (cut(&acts, n + 1) && run[i].first > act_at(&acts, n)->second)
			break;
		r = read_run(s, &run[i], after, n + 1, &acts);
	}
	if (r)
		return r;
	/* One that stands in two runs is listed twice: both or none, since one goes on behind it. */
	if (cut(&acts, n + 1))
		acts.len -=
			(merged_order(act_at(&acts, n), act_at(&acts, n - 1)) ? 1 : 2) *
			sizeof(*ret);
	*ret_n = acts.len / sizeof(*ret);
	if (acts.len)
		memcpy(ret, acts.data, acts.len);
	return 0;
}

/* --- what an event caused ----------------------------------------------------------------- */

struct caused {
	int64_t time_ms, state, seq;
	struct str resource; /* account, region, type, id */
};

static int by_time(const void *a, const void *b)
{
	const struct caused *x = a, *y = b;
	int by_resource;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	by_resource = str_cmp(x->resource, y->resource);
	return by_resource ? by_resource : (x->seq > y->seq) - (x->seq < y->seq);
}

/* Of the states of one millisecond only the one that the call led to. */
static int add_caused(struct store *s, sqlite3_stmt *q, struct arena *a, struct buf *ret)
{
	struct caused c = { .time_ms = col_int(q, 0),
			    .state = col_int(q, 1),
			    .seq = col_int(q, 2) };
	struct told told;
	int r = told_of(s, q, 3, c.state, &told);

	if (r || !told.has_change || told.seq != (uint64_t)c.seq)
		return r;
	c.resource = arena_str(a, col_str(q, 4));
	buf_put(ret, &c, sizeof(c));
	return c.resource.p ? buf_error(ret) : -ENOMEM;
}

int store_changes_of_event(struct store *s, int64_t event, struct arena *a, int64_t **ret,
			   size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	const struct caused *c;
	bool row = true;
	size_t n;
	int r = reading(s);

	if (!r)
		r = sql_open(s, Q_CHANGES_OF_EVENT, ARGS(INT(event)), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = add_caused(s, q, a, &rows);
	}
	if (r)
		return r;
	n = rows.len / sizeof(*c);
	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	if (n)
		qsort(rows.data, n, sizeof(*c), by_time);
	c = (const struct caused *)rows.data;
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = c[i].state;
	*ret_n = n;
	return 0;
}
