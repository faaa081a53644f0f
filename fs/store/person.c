/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who stands behind a role's session. A unit is what one session is known by: the access key that
 * all its calls have. The event that issued the key says who opened it, and in which unit that one
 * acted, so the way leads back unit by unit. Each person on it gets the unit's events as a whole,
 * one row for hundreds of events, and their sums.
 *
 * Openers may be imported after what was done in the session, and theirs later still: units to be
 * looked at again are noted, and what was found before is corrected by the difference.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/mention.h"
#include "model/story.h"
#include "posting.h"
#include "private.h"
#include "rows.h"
#include "tell.h"

struct unit {
	int64_t value;
	bool has_key;
	int64_t key_token, arn_token, first_ms;
	int64_t principal, role; /* the session's own */
	int64_t opener, opener_role, parent;
};

/*
 * Units are found by the token of their session's ARN, with the time of their first event, and, of
 * no time, by that of their key: that is another token. A first event of before leaves the time that
 * was there, too: who looks for later ones finds the unit once more.
 */
static uint64_t token_of_keys(uint64_t token)
{
	return ~token;
}

int unit_note(struct store *s, struct value_node *unit, const struct event *e,
	      const struct event_told *told, int64_t principal, int64_t role)
{
	uint64_t key = mention_token(e->access_key), arn = mention_token(told->session);
	int r;

	if (unit->unit_ms <= e->time_ms)
		return 0;
	unit->unit_ms = e->time_ms;
	r = sql_run(s, Q_UNIT_ADD,
		    ARGS(INT(unit->id), e->access_key.n ? INT(key) : NUL, INT(arn),
			 INT(e->time_ms), INT(principal), INT(role)));
	if (!r && e->access_key.n)
		r = gathered_add(s, POSTING_UNIT, token_of_keys(key), 0, unit->id);
	if (!r)
		r = gathered_add(s, POSTING_UNIT, arn, e->time_ms, unit->id);
	return r ? r : sql_run(s, Q_UNIT_DIRTY, ARGS(INT(unit->id)));
}

int unit_news(struct store *s, uint64_t token, int64_t time_ms)
{
	return sql_run(s, Q_SESSION_NEWS_ADD, ARGS(INT(token), INT(time_ms)));
}

static int unit_get(struct store *s, int64_t value, struct unit *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_UNIT, ARGS(INT(value)), &q);

	if (r)
		return r;
	*ret = (struct unit){ .value = value,
			      .has_key = sqlite3_column_type(q, 0) != SQLITE_NULL,
			      .key_token = col_int(q, 0),
			      .arn_token = col_int(q, 1),
			      .first_ms = col_int(q, 2),
			      .principal = col_int(q, 3),
			      .role = col_int(q, 4),
			      .opener = col_int(q, 5),
			      .opener_role = col_int(q, 6),
			      .parent = col_int(q, 7) };
	return 0;
}

/* --- the opener --------------------------------------------------------------------------- */

static int issuer_of(struct store *s, int64_t token, int64_t time_ms, int64_t *ret)
{
	struct posting p = { 0 };
	int r = postings_as_of(s, POSTING_SESSION, posting_key_of_token((uint64_t)token),
			       time_ms, &p);

	*ret = p.event;
	return r;
}

/* As store_session_issuer(): a key belongs to one session, a session's ARN to many. */
static int opening_event(struct store *s, const struct unit *u, int64_t *ret)
{
	int r = u->has_key ? issuer_of(s, u->key_token, INT64_MAX, ret)
			   : STORE_E_NOT_FOUND;

	return r == STORE_E_NOT_FOUND ? issuer_of(s, u->arn_token, u->first_ms, ret) : r;
}

/* A service that hands a role out is nobody. */
static bool is_service(const struct event *e)
{
	return str_is(jv_get_text(e->identity, "type"), "AWSService");
}

int opening_note(struct store *s, const struct event *e, int64_t id, int64_t opener,
		 int64_t opener_role, int64_t parent)
{
	bool nobody = is_service(e);

	return sql_run(s, Q_OPENING_INSERT,
		       ARGS(INT(id), INT(nobody ? 0 : opener),
			    INT(nobody ? 0 : opener_role), INT(nobody ? 0 : parent)));
}

/* Fills who opened it from the opening event. */
static int fill_opener(struct store *s, int64_t event, struct unit *u)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_event_values of;
	struct value_node *values[VALUES_MAX];
	struct event_told told;
	struct event e;
	size_t n;
	int r = store_event_line(s, event, &a, &e, &told);

	if (r || is_service(&e))
		return r;
	of = tell_values_of(&e, &told);
	r = tell_values(s, &of, values, &n);
	if (r)
		return r;
	u->opener = values[0]->id;
	u->opener_role = told.role.n ? values[1]->id : 0;
	if (!told.session.n)
		return 0;
	u->parent = values[n - 1]->id;
	if (e.access_key.n) {
		r = value_get(s, STORE_VALUE_ACCESS_KEY, e.access_key, &values[0]);
		u->parent = values[0]->id;
	}
	return r;
}

/* As it was noted; of events of before that was done their record tells. */
static int take_opener(struct store *s, int64_t event, struct unit *u)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_OPENING, ARGS(INT(event)), &q);

	if (r == STORE_E_NOT_FOUND)
		return fill_opener(s, event, u);
	if (r)
		return r;
	u->opener = col_int(q, 0);
	u->opener_role = col_int(q, 1);
	u->parent = col_int(q, 2);
	return 0;
}

static int find_opener(struct store *s, struct unit *u)
{
	int64_t event;
	int r = opening_event(s, u, &event);

	u->opener = u->opener_role = u->parent = 0;
	if (!r)
		r = take_opener(s, event, u);
	if (r && r != STORE_E_NOT_FOUND)
		return r;
	return sql_run(s, Q_UNIT_OPENED,
		       ARGS(INT(u->value), INT(u->opener), INT(u->opener_role),
			    INT(u->parent)));
}

/* --- the persons -------------------------------------------------------------------------- */

#define PERSONS_MAX (2 * STORY_MAX_VIA)

struct persons {
	int64_t ids[PERSONS_MAX];
	size_t n;
};

/* Once each; and the session's own files have its events anyway. */
static void add_person(struct persons *p, const struct unit *u, int64_t id)
{
	if (id == 0 || id == u->principal || id == u->role || p->n == PERSONS_MAX)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->ids[i] == id)
			return;
	p->ids[p->n++] = id;
}

static int find_persons(struct store *s, const struct unit *u, struct persons *ret)
{
	struct unit at = *u;

	*ret = (struct persons){ 0 };
	for (unsigned steps = 0; steps < STORY_MAX_VIA; steps++) {
		int r;

		add_person(ret, u, at.opener);
		add_person(ret, u, at.opener_role);
		if (at.parent == 0)
			break;
		r = unit_get(s, at.parent, &at);
		if (r == STORE_E_NOT_FOUND)
			break;
		if (r)
			return r;
	}
	return 0;
}

/* The unit's sums, day by day, `sign` times, for the person. */
static int give(struct store *s, int64_t unit, int64_t person, int64_t sign)
{
	_cleanup_(sql_endp) sqlite3_stmt *total = NULL, *q = NULL;
	struct sums *sums = &s->writer->tell.value_sums;
	bool row = true;
	int r = sql_get(s, Q_VALUE, ARGS(INT(unit)), &total);

	if (!r)
		r = sql_open(s, Q_VALUE_DAYS, ARGS(INT(unit)), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = sums_add(sums,
			     &(struct sum){ .what = person,
					    .when = col_int(q, 0),
					    .text_len = sign * col_int(q, 1),
					    .jsonl_len = sign * col_int(q, 2),
					    .newest_ms =
						    sign > 0 ? col_int(total, 5) : 0 });
	}
	return r;
}

static bool has(const struct persons *p, int64_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ids[i] == id)
			return true;
	return false;
}

static int old_persons(struct store *s, int64_t unit, struct persons *ret)
{
	_cleanup_(buf_deinit) struct buf ids = BUF_INIT;
	int r = postings_events(s, POSTING_BEHIND, unit, &ids);

	*ret = (struct persons){ 0 };
	for (size_t i = 0; i < ids.len / sizeof(int64_t) && ret->n < PERSONS_MAX; i++)
		ret->ids[ret->n++] = ((const int64_t *)ids.data)[i];
	return r;
}

static int remove_person(struct store *s, int64_t person, int64_t unit)
{
	int r = postings_remove(s, POSTING_PERSON, &(struct posting){ person, 0, unit });

	return r ? r
		 : postings_remove(s, POSTING_BEHIND,
				   &(struct posting){ unit, 0, person });
}

/* All that were found, struct posting each: of a person a unit. */
static int add_all(struct store *s, struct buf *found)
{
	struct posting *p = (struct posting *)found->data;
	size_t n = found->len / sizeof(*p);
	int r = buf_error(found);

	if (r || !n)
		return r;
	postings_sort(p, n);
	r = postings_put(s, POSTING_PERSON, p, n);
	for (size_t i = 0; i < n; i++)
		p[i] = (struct posting){ p[i].event, 0, p[i].key };
	postings_sort(p, n);
	return r ? r : postings_put(s, POSTING_BEHIND, p, n);
}

/* Who is new goes into `found`. */
static int replace_persons(struct store *s, const struct unit *u, struct buf *found,
			   bool *ret_changed)
{
	struct persons old, new;
	int r = old_persons(s, u->value, &old);

	*ret_changed = false;
	if (!r)
		r = find_persons(s, u, &new);
	for (size_t i = 0; !r && i < old.n; i++) {
		if (has(&new, old.ids[i]))
			continue;
		*ret_changed = true;
		r = give(s, u->value, old.ids[i], -1);
		if (!r)
			r = remove_person(s, old.ids[i], u->value);
	}
	for (size_t i = 0; !r && i < new.n; i++) {
		if (has(&old, new.ids[i]))
			continue;
		*ret_changed = true;
		r = give(s, u->value, new.ids[i], 1);
		buf_put(found, &(struct posting){ new.ids[i], 0, u->value },
			sizeof(struct posting));
	}
	return r ? r : buf_error(found);
}

static int settle_unit(struct store *s, int64_t value, struct buf *found)
{
	bool changed = false;
	struct unit u, before;
	int r = unit_get(s, value, &u);

	before = u;
	if (!r)
		r = find_opener(s, &u);
	if (!r)
		r = replace_persons(s, &u, found, &changed);
	/* Whoever was behind this one is behind what it opened, too. */
	if (!r && (changed || before.parent != u.parent))
		r = sql_run(s, Q_UNITS_DIRTY_BY_PARENT, ARGS(INT(value)));
	return r ? r : sql_run(s, Q_UNIT_CLEAN, ARGS(INT(value)));
}

/* --- the pass ----------------------------------------------------------------------------- */

/* A credential, and when it was issued first of what was not looked at yet. */
struct news {
	int64_t token, from_ms;
};

static int news_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(struct news *)ret = (struct news){ col_int(q, 0), col_int(q, 1) };
	return 0;
}

static const struct sql_shape news_shape = { sizeof(struct news), news_row };

static int dirty_unit(void *ctx, const struct posting *p, bool *more _unused_)
{
	return sql_run(ctx, Q_UNIT_DIRTY, ARGS(INT(p->event)));
}

/* What was begun by a session's ARN before an opening is not of that one: see opening_event(). */
static int spread_one(struct store *s, const struct news *news)
{
	uint64_t token = (uint64_t)news->token;
	int r = postings_each(s, POSTING_UNIT, posting_key_of_token(token_of_keys(token)),
			      INT64_MIN, INT64_MAX, dirty_unit, s);

	return r ? r
		 : postings_each(s, POSTING_UNIT, posting_key_of_token(token),
				 news->from_ms, INT64_MAX, dirty_unit, s);
}

static int spread_news(struct store *s, const struct buf *all)
{
	const struct news *news = (const struct news *)all->data;
	int r = 0;

	for (size_t i = 0; i < all->len / sizeof(*news) && !r; i++) {
		r = spread_one(s, &news[i]);
		if (!r)
			r = sql_run(s, Q_SESSION_NEWS_DELETE, ARGS(INT(news[i].token)));
	}
	return r;
}

int store_find_persons(struct store *s, size_t limit, bool *ret_more)
{
	_cleanup_(buf_deinit) struct buf news = BUF_INIT, units = BUF_INIT,
					 found = BUF_INIT;
	const int64_t *unit;
	int r = writing(s, "persons");

	*ret_more = false;
	if (!r)
		r = tell_reading(s);
	if (!r)
		r = gathered_merge(s);
	if (!r)
		r = sql_all(s, Q_SESSION_NEWS, ARGS(INT(limit)), &news_shape, NULL,
			    &news);
	if (!r)
		r = spread_news(s, &news);
	if (!r)
		r = sql_all(s, Q_UNITS_DIRTY, ARGS(INT(limit)), &sql_number, NULL,
			    &units);
	unit = (const int64_t *)units.data;
	for (size_t i = 0; i < units.len / sizeof(*unit) && !r; i++)
		r = settle_unit(s, unit[i], &found);
	if (!r)
		r = add_all(s, &found);
	*ret_more = news.len || units.len;
	return written(s, r);
}
