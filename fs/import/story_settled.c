/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that are settled although the story is made anew around them.
 *
 * Behind a state that nothing follows for half a year a function has hundreds of calls that only
 * pass by, and when the next state comes all of them would be read for it. But each was judged when
 * it came in: by what that state is, and what the resource is called. One that was on the resource
 * is told of, as an attempt, an activity or a cause; of one that is not, nothing ever shows in a
 * change so much later (CORRELATE_REMOTE_MS): it is left out, and its block of events not read.
 */
#include <errno.h>

#include "story_work.h"

#define SETTLED_MIN 16 /* calls; for fewer it is not worth while to look what is told */

int story_told(struct story_work *w, const struct store_entry **ret, size_t *ret_n)
{
	int r = w->told ? 0
			: store_story(w->s, w->resource.id, w->a, &w->told, &w->n_told);

	*ret = w->told;
	*ret_n = w->n_told;
	return r;
}

/* Is the resource called the same in all states from this step's on? Calls are judged by that. */
static bool is_called_so(const struct story_work *w, size_t step)
{
	size_t i = w->shown[step].state;
	const struct story_called *called = w->states[i].called;

	while (i < w->n_states && w->states[i].called == called)
		i++;
	return i == w->n_states;
}

void story_settle(struct story_work *w, int64_t from_ms)
{
	size_t next = w->first;
	const struct correlate_step *at;

	w->settled_from_ms = w->settled_to_ms = 0;
	/* What was given may be taken back; and a life is told of by all calls. */
	if (!w->first || w->without_evidence || w->aliases.given.n ||
	    correlate_has_lives(&w->first_item))
		return;
	while (next < w->n_shown && w->steps[next].captured_ms < from_ms)
		next++;
	at = &w->steps[next - 1];
	/* A creation may have causes of any age; and what is untold is compared with nothing. */
	if (at->type == CHANGE_DELETE || at->untold || !is_called_so(w, next - 1))
		return;
	w->settled_from_ms = at->captured_ms + STORY_BEHIND_MS + 1;
	w->settled_to_ms = from_ms;
	if (next < w->n_shown)
		w->settled_to_ms =
			MIN(from_ms, w->steps[next].captured_ms - CORRELATE_REMOTE_MS);
}

static bool is_between(const struct story_work *w, const struct store_event_hit *hit)
{
	return hit->time_ms >= w->settled_from_ms && hit->time_ms < w->settled_to_ms;
}

/* The events that the story tells of. All of it is read, since `blame` mostly asks for it, too. */
static int read_told(struct story_work *w)
{
	const struct store_entry *entries;
	size_t n, most = 1;
	int r = story_told(w, &entries, &n);

	for (size_t i = 0; !r && i < n; i++)
		most += 1 + entries[i].n_causes;
	w->told_events.tokens =
		r ? NULL : arena_alloc(w->a, most * sizeof(w->told_events.tokens[0]));
	if (!w->told_events.tokens)
		return r ? r : -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct store_entry *e = &entries[i];

		if (e->kind == STORE_ENTRY_ATTEMPT || e->kind == STORE_ENTRY_ACTIVITY)
			w->told_events.tokens[w->told_events.n++] = (uint64_t)e->ref;
		for (size_t k = 0; k < e->n_causes; k++)
			w->told_events.tokens[w->told_events.n++] =
				(uint64_t)e->causes[k].event;
	}
	mention_set_sort(&w->told_events);
	return 0;
}

int story_leave_settled(struct story_work *w, struct store_event_hit *hits, size_t *n)
{
	size_t between = 0, kept = 0;
	int r;

	if (w->settled_from_ms >= w->settled_to_ms)
		return 0;
	for (size_t i = 0; i < *n; i++)
		between += is_between(w, &hits[i]);
	if (between < SETTLED_MIN)
		return 0;
	r = w->told_events.tokens ? 0 : read_told(w);
	for (size_t i = 0; !r && i < *n; i++)
		if (!is_between(w, &hits[i]) ||
		    mention_set_has(&w->told_events, (uint64_t)hits[i].event))
			hits[kept++] = hits[i];
	if (!r)
		*n = kept;
	return r;
}
