/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From where on a story is to be made anew.
 *
 * A resource that calls name every hour would be read and correlated from its beginning whenever
 * something new comes of it. So what was made before is kept, up to a state that parts the story:
 * one with no call so near before or behind it that it could belong to the other side
 * (CORRELATE_CLEAR_BEFORE_MS, _AFTER_MS). What comes behind is made from the states, which are
 * all read, and the calls behind alone; the rows are the same as if all was made. Where something
 * reaches further back, all is made: correlation says so itself (CORRELATE_E_EARLIER).
 */
#include <errno.h>

#include "story_work.h"

#define TRIES_MAX 4 /* states looked at for one that parts the story */

static int64_t time_of(const struct story_work *w, size_t step)
{
	return w->steps[step].captured_ms;
}

/* The first state shown at that time or later; n_shown for none. */
static size_t first_from(const struct story_work *w, int64_t time_ms)
{
	size_t k = w->n_shown;

	while (k > 0 && time_of(w, k - 1) >= time_ms)
		k--;
	return k;
}

/* What calls are found by: its own names, those given to it, and those of neighbours it lost. */
static int read_told(struct story_work *w, struct mention_set *ret)
{
	_cleanup_(buf_deinit) struct buf buf = BUF_INIT;
	const struct store_aliases *of = &w->aliases;
	const struct story_loss *losses = (const struct story_loss *)w->losses.data;

	buf_put(&buf, of->own.tokens, of->own.n * sizeof(of->own.tokens[0]));
	if (of->given.n)
		buf_put(&buf, of->given.tokens, of->given.n * sizeof(of->own.tokens[0]));
	for (size_t i = 0; i < w->losses.len / sizeof(*losses); i++)
		buf_put(&buf, &losses[i].token, sizeof(losses[i].token));
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

/* A state that was filled in later may tell less than it did; then calls may teach less, too. */
static bool has_all(const struct mention_set *own, const struct mention_set *old)
{
	for (size_t i = 0; i < old->n; i++)
		if (!mention_set_has(own, old->tokens[i]))
			return false;
	return true;
}

/* What calls on it were given before is known, but for what its states tell now themselves. */
static int keep_given(struct story_work *w, const struct mention_set *given)
{
	struct mention_set *ret = &w->aliases.given;

	ret->n = 0;
	ret->tokens = arena_alloc(w->a, (given->n + 1) * sizeof(ret->tokens[0]));
	if (!ret->tokens)
		return -ENOMEM;
	for (size_t i = 0; i < given->n; i++)
		if (!mention_set_has(&w->aliases.own, given->tokens[i]))
			ret->tokens[ret->n++] = given->tokens[i];
	return 0;
}

/* Names that came up only now may stand in what came before. */
static int seek_new(struct story_work *w, const struct mention_set *old, int64_t *from_ms)
{
	const struct mention_set *own = &w->aliases.own;
	uint64_t *tokens = arena_alloc(w->a, (own->n + 1) * sizeof(*tokens));
	struct buf *found = &w->memo->scratch;
	struct mention_set new = { tokens, 0 };
	struct store_event_hit *hits;
	size_t n;
	int r;

	if (!tokens)
		return -ENOMEM;
	for (size_t i = 0; i < own->n; i++)
		if (!mention_set_has(old, own->tokens[i]))
			tokens[new.n++] = own->tokens[i];
	if (!new.n)
		return 0;
	buf_reset(found);
	r = story_find_anybodys(w, &new, INT64_MIN, *from_ms, found);
	hits = (struct store_event_hit *)found->data;
	for (size_t i = 0; !r && i < found->len / sizeof(*hits); i++)
		*from_ms = MIN(*from_ms, hits[i].time_ms);
	if (!r)
		r = story_transitions(w, &new, &hits, &n);
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
	    !correlate_may_part(&w->first_item, w->steps, w->n_shown, step))
		return false;
	for (size_t i = 0; i < n; i++)
		if (hits[i].time_ms >= at - CORRELATE_CLEAR_BEFORE_MS &&
		    hits[i].time_ms <= at + STORY_BEHIND_MS)
			return false;
	return true;
}

static int choose(struct story_work *w, const struct mention_set *told, int64_t from_ms)
{
	size_t last = first_from(w, from_ms);
	size_t first = last > TRIES_MAX ? last - TRIES_MAX + 1 : 1;
	const struct store_event_hit *hits;
	size_t n;
	int r;

	if (!last)
		return 0;
	/* All is made where none of so few parts it: then what is found serves for that, too. */
	r = story_found_keep(w, told,
			     first == 1
				     ? INT64_MIN
				     : time_of(w, first - 1) - CORRELATE_CLEAR_BEFORE_MS);
	hits = (const struct store_event_hit *)w->found.hits.data;
	n = w->found.hits.len / sizeof(*hits);
	for (size_t step = last; !r && step >= first; step--) {
		if (!parts(w, step, from_ms, hits, n))
			continue;
		w->first = step;
		w->after_ms = time_of(w, step - 1);
		break;
	}
	return r;
}

int story_window(struct story_work *w, int64_t from_ms)
{
	struct store_aliases old;
	struct mention_set told;
	int r;

	w->first = 0;
	w->after_ms = INT64_MIN;
	if (from_ms == INT64_MIN || !w->n_shown || time_of(w, 0) >= from_ms ||
	    str_is(w->resource.type, "AWS::Config::ResourceCompliance"))
		return 0;
	r = store_aliases_of(w->s, w->resource.id, w->a, &old);
	if (r == STORE_E_NOT_FOUND || (!r && !has_all(&w->aliases.own, &old.own)))
		return 0;
	w->lost_before = old.lost;
	if (!r)
		r = keep_given(w, &old.given);
	if (!r)
		r = read_told(w, &told);
	if (!r)
		r = seek_new(w, &old.own, &from_ms);
	if (!r)
		r = choose(w, &told, from_ms);
	if (!r)
		story_settle(w, from_ms);
	return r;
}
