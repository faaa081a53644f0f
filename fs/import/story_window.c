/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From where on a story is to be made anew.
 *
 * A resource that calls name every hour would be read and correlated from its beginning whenever
 * something new comes of it. So what was made before is kept, up to a state that parts the story:
 * one with no call so near before or behind it that it could belong to the other side
 * (CORRELATE_CLEAR_BEFORE_MS, _AFTER_MS). What comes behind is made from the states, which are
 * all read, and the calls behind alone; the rows are the same as if all was made. Where something
 * reaches further back, all is made: names of ids that calls were given (bonds), and what
 * correlation says itself (CORRELATE_E_EARLIER).
 */
#include <errno.h>

#include "story_work.h"

#define TRIES_MAX 4 /* states looked at for one that parts the story */
/* So long behind a state a call can belong to it, or be looked for as of a neighbour it lost. */
#define BEHIND_MS MAX(CORRELATE_CLEAR_AFTER_MS, STORY_SLACK_MS)

static int64_t time_of(const struct story_work *w, size_t step)
{
	return w->states[w->shown[step]].row.time_ms;
}

/* The first state shown at that time or later; n_shown for none. */
static size_t first_from(const struct story_work *w, int64_t time_ms)
{
	size_t k = w->n_shown;

	while (k > 0 && time_of(w, k - 1) >= time_ms)
		k--;
	return k;
}

/* What its states tell: its own names, and those of the neighbours it lost. Sorted. */
static int read_told(struct story_work *w, struct mention_set *ret)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;
	bool group = str_is(w->resource.type, "AWS::EC2::SecurityGroup");

	buf_put(&buf, w->own.tokens, w->own.n * sizeof(w->own.tokens[0]));
	for (size_t k = 1; group && k < w->n_shown; k++)
		if (w->steps[k].change.type == CHANGE_UPDATE)
			story_lost(w, &w->steps[k], &buf);
	if (buf_error(&buf))
		return buf_error(&buf);
	ret->n = buf.len / sizeof(ret->tokens[0]);
	ret->tokens = arena_alloc(w->a, buf.len + 1);
	if (!ret->tokens)
		return -ENOMEM;
	if (ret->n)
		memcpy(ret->tokens, buf.data, buf.len);
	mention_set_sort(ret);
	return 0;
}

/* Has it no other aliases than states tell? Then no call has taught it an id. */
static bool is_untaught(const struct mention_set *told, const struct mention_set *old)
{
	for (size_t i = 0; i < old->n; i++)
		if (!mention_set_has(told, old->tokens[i]))
			return false;
	return true;
}

/* Names that came up only now may stand in what came before. */
static int seek_new(struct story_work *w, const struct mention_set *old, int64_t *from_ms)
{
	uint64_t *tokens = arena_alloc(w->a, (w->own.n + 1) * sizeof(*tokens));
	struct mention_set new = { tokens, 0 };
	struct store_event_hit *hits;
	size_t n;
	int r;

	if (!tokens)
		return -ENOMEM;
	for (size_t i = 0; i < w->own.n; i++)
		if (!mention_set_has(old, w->own.tokens[i]))
			tokens[new.n++] = w->own.tokens[i];
	if (!new.n)
		return 0;
	r = story_hits(w, &new, INT64_MIN, *from_ms, &hits, &n);
	for (size_t i = 0; !r && i < n; i++)
		*from_ms = MIN(*from_ms, hits[i].time_ms);
	if (r || !w->memo->has_alarms)
		return r;
	r = store_transitions_mentioning(w->s, &new, w->a, &hits, &n);
	for (size_t i = 0; !r && i < n; i++)
		*from_ms = MIN(*from_ms, hits[i].time_ms);
	return r;
}

/* Does the state before the step part what is on either side? */
static bool parts(const struct story_work *w, size_t step, int64_t from_ms,
		  const struct store_event_hit *hits, size_t n)
{
	int64_t at = time_of(w, step - 1);

	if (at >= from_ms || (step < w->n_shown && time_of(w, step) == at) ||
	    !correlate_may_part(w->steps, w->n_shown, step))
		return false;
	for (size_t i = 0; i < n; i++)
		if (hits[i].time_ms >= at - CORRELATE_CLEAR_BEFORE_MS &&
		    hits[i].time_ms <= at + BEHIND_MS)
			return false;
	return true;
}

/* Calls behind the last state are each for themselves, unless their name may be another's. */
static int64_t cut_behind(const struct story_work *w, size_t step, int64_t from_ms)
{
	int64_t at = time_of(w, step - 1);

	if (step == w->n_shown && from_ms > at + BEHIND_MS &&
	    !correlate_has_lives(w->steps))
		return from_ms - 1;
	return at;
}

static int choose(struct story_work *w, const struct mention_set *told, int64_t from_ms)
{
	size_t last = first_from(w, from_ms);
	size_t first = last > TRIES_MAX ? last - TRIES_MAX + 1 : 1;
	struct store_event_hit *hits;
	size_t n;
	int r;

	if (!last)
		return 0;
	r = story_hits(w, told, time_of(w, first - 1) - CORRELATE_CLEAR_BEFORE_MS,
		       INT64_MAX, &hits, &n);
	for (size_t step = last; !r && step >= first; step--) {
		if (!parts(w, step, from_ms, hits, n))
			continue;
		w->first = step;
		w->after_ms = cut_behind(w, step, from_ms);
		break;
	}
	return r;
}

int story_window(struct story_work *w, int64_t from_ms)
{
	struct mention_set old, told;
	int r;

	w->first = 0;
	w->after_ms = INT64_MIN;
	if (from_ms == INT64_MIN || !w->n_shown || time_of(w, 0) >= from_ms ||
	    str_is(w->resource.type, "AWS::Config::ResourceCompliance"))
		return 0;
	r = store_aliases_of(w->s, w->resource.id, w->a, &old);
	if (r || !old.n)
		return r;
	r = read_told(w, &told);
	if (r || !is_untaught(&told, &old))
		return r;
	r = seek_new(w, &old, &from_ms);
	return r ? r : choose(w, &told, from_ms);
}
