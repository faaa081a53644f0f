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

static void learn_given(const struct story_work *w, struct buf *learnt)
{
	struct str ids[CORRELATE_GIVEN_MAX];

	for (size_t i = 0; i < w->n_events; i++) {
		const struct event *e = &w->events[i];
		size_t n = correlate_given_ids(e, ids, ARRAY_SIZE(ids));

		if (!n || !names_resource(w, e->request))
			continue;
		for (size_t k = 0; k < n; k++) {
			uint64_t token = mention_token_of(w->scope, ids[k]);

			if (!mention_set_has(&w->aliases.own, token) &&
			    !mention_set_has(&w->aliases.given, token))
				buf_put(learnt, &token, sizeof(token));
		}
	}
}

/* Of a relationship that went; where only its id is another one, the type stayed. */
static struct str type_lost(const struct correlate_step *step,
			    const struct json_diff_entry *d)
{
	struct str pointer = d->pointer;
	ptrdiff_t slash = str_rchr(pointer, '/');
	const struct jv *list = jv_get(step->change.after, "relationships");
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

void story_lost(const struct story_work *w, const struct correlate_step *step,
		struct buf *lost)
{
	const struct json_diff *d = &step->change.diff;
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
			scope.service = mention_service(type_lost(step, &d->entries[i]));
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

static int by_row(const void *a, const void *b)
{
	const struct store_event_hit *x = a, *y = b;

	return x->event < y->event ? -1 : x->event > y->event;
}

/* Reads the events found that are not there yet. */
static int add_events(struct story_work *w, struct store_event_hit *hits, size_t n)
{
	size_t had = w->n_events;
	struct store_event_hit *all = arena_alloc(w->a, (had + n + 1) * sizeof(*all));
	struct event *events = arena_zalloc(w->a, (had + n + 1) * sizeof(*events));

	if (!all || !events)
		return -ENOMEM;
	if (had) {
		memcpy(all, w->hits, had * sizeof(*all));
		memcpy(events, w->events, had * sizeof(*events));
	}
	for (size_t i = 0; i < n; i++) {
		bool known = false;
		int r;

		for (size_t k = 0; k < had && !known; k++)
			known = by_row(&all[k], &hits[i]) == 0;
		if (known)
			continue;
		r = story_event(w, hits[i].event, &events[w->n_events]);
		if (r)
			return r;
		all[w->n_events++] = hits[i];
	}
	w->hits = all;
	w->events = events;
	return 0;
}

/* Of what is told of a part of the time only, nothing may lie before that. */
static int find_events(struct story_work *w, const struct mention_set *tokens,
		       int64_t from_ms, int64_t to_ms)
{
	struct store_event_hit *hits = NULL;
	size_t n = 0;
	int r = store_events_mentioning(w->s, tokens, from_ms, to_ms, w->a, &hits, &n);

	if (!r && n && hits[0].time_ms <= w->after_ms)
		return CORRELATE_E_EARLIER;
	return r ? r : add_events(w, hits, n);
}

/* Some records name no account: what they name may be anybody's. */
static int bare_tokens(struct story_work *w, const struct mention_set *tokens,
		       struct mention_set *ret)
{
	uint64_t *bare = arena_alloc(w->a, (tokens->n + 1) * sizeof(*bare));

	*ret = (struct mention_set){ bare, tokens->n };
	for (size_t i = 0; bare && i < tokens->n; i++)
		bare[i] = tokens->tokens[i] ^ w->scope.account;
	return bare ? 0 : -ENOMEM;
}

int story_hits(struct story_work *w, const struct mention_set *tokens, int64_t from_ms,
	       int64_t to_ms, struct store_event_hit **ret, size_t *ret_n)
{
	struct store_event_hit *nobodys = NULL, *all;
	struct mention_set bare;
	size_t n = 0;
	int r = store_events_mentioning(w->s, tokens, from_ms, to_ms, w->a, ret, ret_n);

	if (r || !w->memo->has_nobodys)
		return r;
	r = bare_tokens(w, tokens, &bare);
	if (!r)
		r = store_events_mentioning(w->s, &bare, from_ms, to_ms, w->a, &nobodys,
					    &n);
	if (r || !n)
		return r;
	all = arena_alloc(w->a, (*ret_n + n) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	if (*ret_n)
		memcpy(all, *ret, *ret_n * sizeof(*all));
	memcpy(all + *ret_n, nobodys, n * sizeof(*all));
	*ret = all;
	*ret_n += n;
	return 0;
}

static int find_own(struct story_work *w)
{
	int64_t from_ms = w->after_ms == INT64_MIN ? INT64_MIN : w->after_ms + 1;
	const struct store_aliases *of = &w->aliases;
	struct mention_set bare;
	int r = find_events(w, &of->own, from_ms, INT64_MAX);

	if (!r && w->memo->has_nobodys)
		r = bare_tokens(w, &of->own, &bare);
	if (!r && w->memo->has_nobodys)
		r = find_events(w, &bare, from_ms, INT64_MAX);
	return r;
}

/* Those that name what was given: before, where the calls that taught it these are not read now; and
   by calls that were found just now. */
static int find_given(struct story_work *w, const struct mention_set *learnt)
{
	int64_t from_ms = w->after_ms == INT64_MIN ? INT64_MIN : w->after_ms + 1;
	const struct mention_set *known = &w->aliases.given;
	int r = known->n ? find_events(w, known, from_ms, INT64_MAX) : 0;

	if (!r && learnt->n)
		r = find_events(w, learnt, INT64_MIN, INT64_MAX);
	return r;
}

/* Of all steps they are learnt; the calls are those of the steps that are made anew. */
static int find_lost(struct story_work *w, struct buf *learnt)
{
	if (!str_is(w->resource.type, "AWS::EC2::SecurityGroup"))
		return 0;
	for (size_t k = 1; k < w->n_shown; k++) {
		_cleanup_(buf_deinit) struct buf lost = BUF_INIT;
		const struct correlate_step *step = &w->steps[k];
		struct mention_set set;
		int r;

		if (step->change.type != CHANGE_UPDATE)
			continue;
		story_lost(w, step, &lost);
		set = as_set(&lost);
		if (!set.n)
			continue;
		buf_put(learnt, lost.data, lost.len);
		r = buf_error(&lost);
		if (!r && k >= w->first)
			r = find_events(w, &set, step->previous_ms - STORY_SLACK_MS,
					step->item.captured_ms + STORY_SLACK_MS);
		if (r)
			return r;
	}
	return 0;
}

/* What a call takes back may have been given before all that was read. It matters to a change. */
static bool takes_back(const struct story_work *w)
{
	if (w->after_ms == INT64_MIN || w->behind)
		return false;
	for (size_t i = 0; i < w->n_events; i++)
		if (correlate_takes_back(&w->events[i]))
			return true;
	return false;
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
	if (!set.n)
		return buf_error(&names);
	r = store_transitions_mentioning(w->s, &set, w->a, &hits, &n);
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

int story_candidates(struct story_work *w)
{
	_cleanup_(buf_deinit) struct buf learnt = BUF_INIT, lost = BUF_INIT;
	struct mention_set given, neighbours;
	int r = find_own(w);

	if (r)
		return r;
	learn_given(w, &learnt);
	given = as_set(&learnt);
	r = buf_error(&learnt);
	if (!r)
		r = find_given(w, &given);
	if (!r && !w->behind)
		r = find_lost(w, &lost);
	if (!r)
		r = buf_error(&lost);
	neighbours = as_set(&lost);
	if (!r)
		r = add_to(w, &given, &w->aliases.given);
	if (!r)
		r = add_to(w, &neighbours, &w->aliases.lost);
	if (!r)
		r = seek_alarms(w, &given);
	if (!r)
		r = story_join_aliases(w);
	return !r && takes_back(w) ? CORRELATE_E_EARLIER : r;
}
