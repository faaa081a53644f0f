/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Days with anything in them, kept as sums. A transaction's records are mostly of one account,
 * region and day after the other, so what was added to last is looked at first.
 */
#include "coverage.h"

#include <errno.h>
#include <stdlib.h>

#include "model/event.h"
#include "model/story.h"
#include "private.h"
#include "rows.h"
#include "story_load.h"

#define HOUR_MS INT64_C(3600000)

/* --- putting ------------------------------------------------------------------------------- */

static bool is_day(const struct day_sum *d, enum coverage_source source,
		   struct str account, struct str region, int64_t day)
{
	return d && d->day == day && d->source == (int)source &&
	       str_eq(d->account, account) && str_eq(d->region, region);
}

static int day_new(struct writer *w, uint64_t hash, struct str account, struct str region,
		   struct day_sum **ret)
{
	struct day_sum *d = arena_zalloc(&w->summed, sizeof(*d));
	struct str key = d ? arena_str(&w->summed, buf_str(&w->key)) : STR_NULL;

	if (!key.p)
		return -ENOMEM;
	*d = (struct day_sum){ .node = { .hash = hash, .key = key },
			       .next = w->day_list,
			       .first_ms = INT64_MAX,
			       .account = arena_str(&w->summed, account),
			       .region = arena_str(&w->summed, region) };
	if (!d->account.p || !d->region.p)
		return -ENOMEM;
	w->day_list = d;
	*ret = d;
	return map_add(&w->days, &d->node);
}

static int day_get(struct store *s, enum coverage_source source, struct str account,
		   struct str region, int64_t day, struct day_sum **ret)
{
	const int64_t numbers[] = { day, (int64_t)source };
	const struct str parts[] = { account,
				     region,
				     { (const char *)numbers, sizeof(numbers) } };
	struct writer *w = s->writer;
	uint64_t hash;
	int r = writer_key(w, parts, ARRAY_SIZE(parts));

	if (r)
		return r;
	hash = str_hash(buf_str(&w->key));
	*ret = (struct day_sum *)map_get(&w->days, hash, buf_str(&w->key));
	if (!*ret)
		r = day_new(w, hash, account, region, ret);
	if (r)
		return r;
	(*ret)->source = (int)source;
	(*ret)->day = day;
	return 0;
}

int coverage_day_add(struct store *s, enum coverage_source source, struct str account,
		     struct str region, int64_t time_ms, int64_t n, int64_t writes)
{
	int64_t day = time_ms / COVERAGE_DAY_MS;
	struct writer *w = s->writer;
	int r = 0;

	if (!is_day(w->last_day, source, account, region, day))
		r = day_get(s, source, account, region, day, &w->last_day);
	if (r)
		return r;
	w->last_day->n += n;
	w->last_day->writes += writes;
	w->last_day->first_ms = MIN(w->last_day->first_ms, time_ms);
	w->last_day->last_ms = MAX(w->last_day->last_ms, time_ms);
	w->last_day->hours |= INT64_C(1) << (time_ms - day * COVERAGE_DAY_MS) / HOUR_MS;
	w->pending = true;
	return 0;
}

int coverage_event(struct store *s, const struct event *e, int64_t id)
{
	enum coverage_source source;
	int act;
	int r = coverage_day_add(s, COVERAGE_TRAIL, e->account, e->region, e->time_ms, 1,
				 !e->read_only && !e->failed);

	if (r || e->failed || e->read_only)
		return r;
	act = coverage_control_of(e->source, e->name, &source);
	if (act < 0)
		return 0;
	return sql_run(s, Q_CONTROL_INSERT,
		       ARGS(INT(id), TEXT(e->account), INT(source), TEXT(e->region),
			    INT(e->time_ms), INT(act)));
}

int store_put_sign(struct store *s, const struct coverage_sign *sign)
{
	int r = writing(s, "sign");

	for (int64_t ms = sign->from_ms; ms < sign->to_ms && !r;
	     ms = (ms / COVERAGE_DAY_MS + 1) * COVERAGE_DAY_MS)
		r = coverage_day_add(s, sign->source, sign->account, sign->region, ms, 0,
				     0);
	return written(s, r);
}

int coverage_settle(struct store *s)
{
	int r = 0;

	for (const struct day_sum *d = s->writer->day_list; d && !r; d = d->next)
		r = sql_run(s, Q_DAY_ADD,
			    ARGS(TEXT(d->account), INT(d->source), TEXT(d->region),
				 INT(d->day), INT(d->n), INT(d->writes), INT(d->first_ms),
				 INT(d->hours), INT(d->last_ms)));
	for (const struct day_sum *d = s->writer->day_list; d && !r; d = d->next)
		if (d->source == COVERAGE_TRAIL)
			r = sql_run(s, Q_TRAIL_DUE, ARGS(TEXT(d->account)));
	return r;
}

/* --- reading ------------------------------------------------------------------------------- */

/* The call's id, and unless it is a start, who made it and what of, from its record. */
static int load_control(struct store *s, struct arena *a, int64_t id,
			struct coverage_control *c)
{
	struct story_actor actor;
	struct event e;
	int r = story_read_event(s, id, a, &e);

	if (r)
		return r;
	c->event_id = event_identity(&e, a);
	if (!c->event_id.p)
		return -ENOMEM;
	if (c->act == COVERAGE_STARTS)
		return 0;
	r = store_actor_of(s, &e, a, &actor);
	if (r)
		return r > 0 ? -EBADMSG : r;
	c->call = e.name;
	c->principal = actor.principal;
	return coverage_control_read(&e, a, c);
}

struct control {
	int64_t event;
	struct coverage_control is;
};

/* Of a record that is damaged there is what its row tells. */
static int tell_control(struct store *s, struct arena *a, const struct control *row,
			struct coverage_control *ret)
{
	int r = load_control(s, a, row->event, ret);

	if (!store_is_row_lost(s, r))
		return r;
	*ret = row->is;
	ret->event_id = ret->call = ret->principal = STR(STORE_COVERAGE_LOST);
	return 0;
}

static int by_moment(const void *a, const void *b)
{
	const struct coverage_control *x = &((const struct control *)a)->is,
				      *y = &((const struct control *)b)->is;
	int order = str_cmp(x->account, y->account);

	return order ? order : (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

/* Of a start the row tells all, but for its place among calls of the same moment. */
static bool is_told_by_row(const struct control *all, size_t n, size_t i)
{
	return all[i].is.act == COVERAGE_STARTS &&
	       (i == 0 || by_moment(&all[i - 1], &all[i]) != 0) &&
	       (i + 1 == n || by_moment(&all[i], &all[i + 1]) != 0);
}

static int control_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct control *c = ret;

	*c = (struct control){ .event = col_int(q, 0),
			       .is = { .account = arena_str(a, col_str(q, 1)),
				       .source = (enum coverage_source)col_int(q, 2),
				       .region = arena_str(a, col_str(q, 3)),
				       .time_ms = col_int(q, 4),
				       .act = (enum coverage_act)col_int(q, 5) } };
	return c->is.account.p && c->is.region.p ? 0 : -ENOMEM;
}

static int read_controls(struct store *s, enum statement id, const struct sql_arg *args,
			 size_t n, struct arena *a, struct coverage_control **ret,
			 size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct control), control_row };
	struct control *all = NULL;
	int r = reading(s);

	if (!r)
		r = sql_list(s, id, args, n, &shape, a, &all, ret_n);
	if (r)
		return r;
	*ret = arena_alloc(a, (*ret_n + 1) * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	if (*ret_n > 1)
		qsort(all, *ret_n, sizeof(*all), by_moment);
	for (size_t i = 0; i < *ret_n && !r; i++) {
		(*ret)[i] = all[i].is;
		(*ret)[i].event_id = STR(STORE_COVERAGE_NO_ID);
		if (!is_told_by_row(all, *ret_n, i))
			r = tell_control(s, a, &all[i], &(*ret)[i]);
	}
	return r;
}

int store_coverage_days(struct store *s, struct arena *a, struct coverage_day **ret,
			size_t *ret_n)
{
	return coverage_days(s, Q_DAYS, NO_ARGS, a, ret, ret_n);
}

int store_coverage_controls(struct store *s, struct arena *a,
			    struct coverage_control **ret, size_t *ret_n)
{
	return read_controls(s, Q_CONTROLS, NO_ARGS, a, ret, ret_n);
}

int store_coverage_account(struct store *s, struct str from, struct arena *a,
			   struct str *ret)
{
	static const enum statement tables[] = { Q_COVERED_ACCOUNT, Q_DESCRIBED_ACCOUNT };
	int r = reading(s);

	*ret = STR_NULL;
	for (size_t i = 0; !r && i < ARRAY_SIZE(tables); i++) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;

		r = sql_get(s, tables[i], ARGS(TEXT(from)), &q);
		if (!r && (!ret->p || str_cmp(col_str(q, 0), *ret) < 0)) {
			*ret = arena_str(a, col_str(q, 0));
			r = ret->p ? 0 : -ENOMEM;
		}
		if (r == STORE_E_NOT_FOUND)
			r = 0;
	}
	return r || ret->p ? r : STORE_E_NOT_FOUND;
}

int store_coverage_of(struct store *s, struct str account, struct arena *a,
		      struct coverage_day **ret_days, size_t *ret_n_days,
		      struct coverage_control **ret_controls, size_t *ret_n_controls)
{
	int r = coverage_days(s, Q_DAYS_OF_ACCOUNT, ARGS(TEXT(account)), a, ret_days,
			      ret_n_days);

	return r ? r
		 : read_controls(s, Q_CONTROLS_OF_ACCOUNT, ARGS(TEXT(account)), a,
				 ret_controls, ret_n_controls);
}

int coverage_trail(struct store *s, struct str account, struct arena *a,
		   struct coverage_day **days, size_t *n_days,
		   struct coverage_control **controls, size_t *n_controls)
{
	int r = coverage_days(s, Q_DAYS_OF_TRAIL, ARGS(TEXT(account)), a, days, n_days);

	return r ? r
		 : read_controls(s, Q_CONTROLS_OF_ACCOUNT, ARGS(TEXT(account)), a,
				 controls, n_controls);
}
