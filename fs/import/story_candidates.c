/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The events that may have to do with a resource.
 *
 * First those that share a token with it. These teach further names: an association that one of
 * them was given, which a later call names alone. And a security group is taken off an instance
 * by a call that names the instance and the groups that stay: the neighbours that a group lost
 * are looked for in the window in which it lost them. What was learnt is an alias like any
 * other, so that an event which comes in late finds its way.
 */
#include <errno.h>
#include <stdlib.h>

#include "story_work.h"

#define LOST_MAX 16 /* neighbours looked for, for one change */

/* --- what events teach --------------------------------------------------------------------- */

static bool names_resource(const struct story_work *w, const struct jv *v)
{
	if (!v)
		return false;
	if (v->type == JV_STRING)
		return mention_set_has(&w->aliases.own,
				       mention_token_of(w->scope, jv_str(v)));
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (names_resource(w, &v->items[i]))
				return true;
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (names_resource(w, &v->members[i].value))
				return true;
	return false;
}

/* Of the calls from the first-th on; whether any was given ids is noted of all. */
static int learn_given(struct story_work *w, size_t first, struct buf *learnt)
{
	struct str ids[CORRELATE_GIVEN_MAX];

	for (size_t i = first; i < w->n_calls; i++) {
		const struct event *e;
		int r = story_call(w, i, &e);
		size_t n = r ? 0 : correlate_given_ids(e, ids, ARRAY_SIZE(ids));

		if (r)
			return r;
		w->given |= n > 0;
		if (!n || !learnt || !names_resource(w, e->request))
			continue;
		for (size_t k = 0; k < n; k++) {
			uint64_t token = mention_token_of(w->scope, ids[k]);

			if (!mention_set_has(&w->aliases.own, token) &&
			    !mention_set_has(&w->aliases.given, token))
				buf_put(learnt, &token, sizeof(token));
		}
	}
	return learnt ? buf_error(learnt) : 0;
}

/* Of a relationship that went; where only its id is another one, the type stayed. */
static struct str type_lost(const struct change *change, const struct json_diff_entry *d)
{
	struct str pointer = d->pointer;
	ptrdiff_t slash = str_rchr(pointer, '/');
	const struct jv *list = jv_get(change->after, "relationships");
	size_t i = 0;

	if (!str_ends(pointer, "/resourceId"))
		return jv_get_text(d->previous, "resourceType");
	pointer.n = (size_t)slash;
	pointer = str_from(pointer, (size_t)str_rchr(pointer, '/') + 1);
	for (size_t k = 0; k < pointer.n && i < UINT32_MAX; k++)
		i = i * 10 + (size_t)(pointer.p[k] - '0');
	return jv_is(list, JV_ARRAY) && i < list->len
		       ? jv_get_text(&list->items[i], "resourceType")
		       : STR_NULL;
}

void story_lost(const struct story_work *w, const struct change *change, struct buf *lost)
{
	const struct json_diff *d = &change->diff;
	size_t max = lost->len + LOST_MAX * sizeof(uint64_t);

	for (size_t i = 0; i < d->n && lost->len < max; i++) {
		struct str id = jv_get_text(d->entries[i].previous, "resourceId");
		struct mention_scope scope = w->scope;
		uint64_t token;

		if (!str_starts(d->entries[i].pointer, "/relationships"))
			continue;
		if (str_ends(d->entries[i].pointer, "/resourceId"))
			id = jv_str(d->entries[i].previous);
		if (scope.service)
			scope.service =
				mention_service(type_lost(change, &d->entries[i]));
		token = mention_token_of(scope, id);
		if (id.n)
			buf_put(lost, &token, sizeof(token));
	}
}

/* --- candidates ---------------------------------------------------------------------------- */

static struct mention_set as_set(const struct buf *tokens)
{
	return (struct mention_set){ (uint64_t *)tokens->data,
				     tokens->len / sizeof(uint64_t) };
}

/* The rows of the calls that are there: at places that follow from them, 0 where there is none. */
struct rows {
	int64_t *places;
	size_t n, mask;
};

static void rows_deinit(struct rows *rows)
{
	free(rows->places);
}

/* False: it was there. */
static bool rows_add(struct rows *rows, int64_t row)
{
	size_t i = (size_t)((uint64_t)row * UINT64_C(0x9e3779b97f4a7c15) >> 20);

	for (;; i++) {
		int64_t *place = &rows->places[i & rows->mask];

		if (*place == row)
			return false;
		if (*place)
			continue;
		*place = row;
		rows->n++;
		return true;
	}
}

/* Room for so many more; places are twice as many as rows, at the least. */
static int rows_reserve(struct rows *rows, size_t n)
{
	struct rows grown = { .mask = rows->mask };

	while (2 * (rows->n + n) > grown.mask)
		grown.mask = 2 * grown.mask + 1;
	if (rows->places && grown.mask == rows->mask)
		return 0;
	grown.places = calloc(grown.mask + 1, sizeof(*grown.places));
	if (!grown.places)
		return -ENOMEM;
	for (size_t i = 0; rows->places && i <= rows->mask; i++)
		if (rows->places[i])
			rows_add(&grown, rows->places[i]);
	free(rows->places);
	*rows = grown;
	return 0;
}

/* The events found that are not there yet. */
static int add_calls(struct story_work *w, struct rows *rows,
		     const struct store_event_hit *hits, size_t n)
{
	int r = rows_reserve(rows, n);

	if (r)
		return r;
	if (w->n_calls + n > w->cap_calls) {
		size_t cap = MAX(2 * w->cap_calls, w->n_calls + n);
		struct story_call *grown = arena_alloc(w->a, cap * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		if (w->n_calls)
			memcpy(grown, w->calls, w->n_calls * sizeof(*grown));
		w->calls = grown;
		w->cap_calls = cap;
	}
	for (size_t i = 0; i < n; i++)
		if (rows_add(rows, hits[i].event))
			w->calls[w->n_calls++] =
				(struct story_call){ .row = hits[i].event,
						     .time_ms = hits[i].time_ms };
	return 0;
}

/*
 * Of what is told of a part of the time only, nothing may lie before that. In order of time they are
 * read, since those of one time are in one block.
 */
static int take_events(struct story_work *w, struct rows *rows, struct buf *found)
{
	struct store_event_hit *hits = (struct store_event_hit *)found->data;
	size_t n = found->len / sizeof(*hits);
	int r = story_leave_settled(w, hits, &n);

	if (r)
		return r;
	if (n > 1)
		qsort(hits, n, sizeof(*hits), store_event_hit_order);
	if (n && hits[0].time_ms <= w->after_ms)
		return CORRELATE_E_EARLIER;
	return n ? add_calls(w, rows, hits, n) : 0;
}

static int find_events(struct story_work *w, struct rows *rows,
		       const struct mention_set *tokens, int64_t from_ms, int64_t to_ms)
{
	struct buf *found = &w->memo->scratch;
	int r;

	buf_reset(found);
	r = story_find(w, tokens, from_ms, to_ms, found);
	return r ? r : take_events(w, rows, found);
}

static int find_own(struct story_work *w, struct rows *rows)
{
	int64_t from_ms = w->after_ms == INT64_MIN ? INT64_MIN : w->after_ms + 1;
	struct buf *found = &w->memo->scratch;
	int r;

	buf_reset(found);
	r = story_find_anybodys(w, &w->aliases.own, from_ms, INT64_MAX, found);
	return r ? r : take_events(w, rows, found);
}

/* Those that name what was given: before, where the calls that taught it these are not read now; and
   by calls that were found just now. */
static int find_given(struct story_work *w, struct rows *rows,
		      const struct mention_set *learnt)
{
	int64_t from_ms = w->after_ms == INT64_MIN ? INT64_MIN : w->after_ms + 1;
	const struct mention_set *known = &w->aliases.given;
	int r = known->n ? find_events(w, rows, known, from_ms, INT64_MAX) : 0;

	if (!r && learnt->n)
		r = find_events(w, rows, learnt, INT64_MIN, INT64_MAX);
	return r;
}

/* Of all steps they are learnt; the calls are those of the steps that are made anew. */
static int find_lost(struct story_work *w, struct rows *rows, struct buf *learnt)
{
	const struct story_loss *losses = (const struct story_loss *)w->losses.data;
	size_t n = w->losses.len / sizeof(*losses);
	int r = 0;

	for (size_t i = 0, end; !r && i < n; i = end) {
		const struct correlate_step *step = &w->steps[losses[i].step];
		uint64_t tokens[LOST_MAX];
		struct mention_set set = { tokens, 0 };

		for (end = i; end < n && losses[end].step == losses[i].step; end++)
			tokens[set.n++] = losses[end].token;
		buf_put(learnt, tokens, set.n * sizeof(tokens[0]));
		if (losses[i].step >= w->first)
			r = find_events(w, rows, &set, step->previous_ms - STORY_SLACK_MS,
					step->captured_ms + STORY_SLACK_MS);
	}
	return r ? r : buf_error(learnt);
}

/* What a call takes back may have been given before all that was read. It matters to a change. */
static int takes_back(struct story_work *w, bool *ret)
{
	*ret = false;
	if (w->after_ms == INT64_MIN || w->behind)
		return 0;
	for (size_t i = 0; i < w->n_calls && !*ret; i++) {
		const struct event *e;
		int r = story_call(w, i, &e);

		if (r)
			return r;
		*ret = correlate_takes_back(e);
	}
	return 0;
}

/* Adds to the set what of `more` is in none of the three. */
static int add_to(struct story_work *w, const struct mention_set *more,
		  struct mention_set *set)
{
	const struct store_aliases *of = &w->aliases;
	uint64_t *all = arena_alloc(w->a, (set->n + more->n + 1) * sizeof(*all));
	size_t n = set->n;

	if (!all)
		return -ENOMEM;
	if (n)
		memcpy(all, set->tokens, n * sizeof(*all));
	for (size_t i = 0; i < more->n; i++)
		if (!mention_set_has(&of->own, more->tokens[i]) &&
		    !mention_set_has(&of->given, more->tokens[i]) &&
		    !mention_set_has(&of->lost, more->tokens[i]))
			all[n++] = more->tokens[i];
	*set = (struct mention_set){ all, n };
	mention_set_sort(set);
	return 0;
}

static void put_others(struct buf *out, const struct mention_set *set,
		       const struct mention_set *but)
{
	for (size_t i = 0; i < set->n; i++)
		if (!mention_set_has(but, set->tokens[i]))
			buf_put(out, &set->tokens[i], sizeof(set->tokens[i]));
}

/* By a name that comes or goes only now an alarm of before comes into the story, or goes. */
static int seek_alarms(struct story_work *w, const struct mention_set *learnt)
{
	_cleanup_(buf_deinit) struct buf names = BUF_INIT;
	const struct mention_set *lost = &w->aliases.lost;
	struct store_event_hit *hits;
	struct mention_set set;
	size_t n;
	int r;

	if (w->after_ms == INT64_MIN || !w->memo->has_alarms)
		return 0;
	put_others(&names, learnt, &(struct mention_set){ 0 });
	put_others(&names, lost, &w->lost_before);
	put_others(&names, &w->lost_before, lost);
	set = as_set(&names);
	if (!set.n || buf_error(&names))
		return buf_error(&names);
	r = story_transitions(w, &set, &hits, &n);
	for (size_t i = 0; !r && i < n; i++)
		if (hits[i].time_ms <= w->after_ms)
			return CORRELATE_E_EARLIER;
	return r;
}

int story_join_aliases(struct story_work *w)
{
	const struct store_aliases *of = &w->aliases;
	size_t n = of->own.n + of->given.n + of->lost.n;
	uint64_t *all = arena_alloc(w->a, (n + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	w->all = (struct mention_set){ all, n };
	for (size_t i = 0; i < of->own.n; i++)
		*all++ = of->own.tokens[i];
	for (size_t i = 0; i < of->given.n; i++)
		*all++ = of->given.tokens[i];
	for (size_t i = 0; i < of->lost.n; i++)
		*all++ = of->lost.tokens[i];
	mention_set_sort(&w->all);
	return 0;
}

/* What the calls teach, and the neighbours that went, are aliases from now on. */
static int add_learnt(struct story_work *w, const struct buf *learnt,
		      const struct buf *lost)
{
	const struct mention_set given = as_set(learnt), neighbours = as_set(lost);
	int r = add_to(w, &given, &w->aliases.given);

	if (!r)
		r = add_to(w, &neighbours, &w->aliases.lost);
	if (!r)
		r = seek_alarms(w, &given);
	return r ? r : story_join_aliases(w);
}

int story_candidates(struct story_work *w)
{
	_cleanup_(buf_deinit) struct buf learnt = BUF_INIT, lost = BUF_INIT;
	_cleanup_(rows_deinit) struct rows rows = { 0 };
	struct mention_set given;
	size_t own;
	bool earlier;
	int r = find_own(w, &rows);

	own = w->n_calls;
	if (!r)
		r = learn_given(w, 0, &learnt);
	if (r)
		return r;
	given = as_set(&learnt);
	r = find_given(w, &rows, &given);
	if (!r && !w->behind)
		r = find_lost(w, &rows, &lost);
	if (!r)
		r = learn_given(w, own, NULL);
	if (!r)
		r = add_learnt(w, &learnt, &lost);
	if (!r)
		r = takes_back(w, &earlier);
	return !r && earlier ? CORRELATE_E_EARLIER : r;
}
