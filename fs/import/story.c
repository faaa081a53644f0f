/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making one resource's story.
 *
 * The states come first: their order, which of them merely repeat (IAM is recorded in every
 * region), what a deletion inherits, how long each file will be. Then the changes between those
 * shown, the events and alarms that share a token with the resource, and correlation. The
 * lengths of `changes` and `changes.jsonl` are had by rendering each entry once into a scratch
 * buffer: a stat must not have to, and the mount renders from the same rows.
 */
#include "story_work.h"

#include <errno.h>
#include <stdlib.h>

/* An event on its way to its place. */
struct happening {
	struct story_call call;
	struct str identity;
};

static bool any_service(const struct story_work *w)
{
	return w->without_evidence & (1u << EVIDENCE_SERVICE);
}

/* --- what shares a token ------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct story_call *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static int by_identity(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;

	return str_cmp(x->identity, y->identity);
}

/* Those of one second, by what they are called, not by when they came in. */
static int sort_moment(struct story_work *w, struct story_call *calls, size_t n,
		       struct arena *a)
{
	struct happening *all = arena_alloc(a, n * sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct event *e;
		int r = story_call(w, (size_t)(calls - w->calls) + i, &e);

		if (r)
			return r;
		all[i].identity = event_identity(e, a);
		all[i].call = calls[i];
		if (!all[i].identity.p)
			return -ENOMEM;
	}
	qsort(all, n, sizeof(*all), by_identity);
	for (size_t i = 0; i < n; i++)
		calls[i] = all[i].call;
	arena_reset(a);
	return 0;
}

/* Candidates come in the order of their rows, which is that of arrival. */
static int sort_calls(struct story_work *w)
{
	_cleanup_(arena_deinit) struct arena scratch = ARENA_INIT;
	struct story_call *calls = w->calls;
	int r = 0;

	if (w->n_calls > 1)
		qsort(calls, w->n_calls, sizeof(*calls), by_time);
	for (size_t i = 0, end; !r && i < w->n_calls; i = end) {
		for (end = i + 1; end < w->n_calls; end++)
			if (calls[end].time_ms != calls[i].time_ms)
				break;
		if (end > i + 1)
			r = sort_moment(w, &calls[i], end - i, &scratch);
	}
	return r;
}

static int read_transitions(struct story_work *w)
{
	size_t n, kept = 0;
	int r = story_transitions(w, &w->all, &w->transitions, &n);

	if (r)
		return r;
	for (size_t i = 0; i < n; i++)
		if (w->transitions[i].time_ms > w->after_ms)
			w->transitions[kept++] = w->transitions[i];
	w->n_transitions = kept;
	return 0;
}

/* --- what others have in common with it ----------------------------------------------------- */

void story_memo_deinit(struct story_memo *memo)
{
	arena_deinit(&memo->arena);
	arena_ring_deinit(&memo->states);
	arena_deinit(&memo->correlating);
	buf_deinit(&memo->scratch);
	buf_deinit(&memo->watched);
	story_events_deinit(&memo->events);
	memo->actors = store_actors_free(memo->actors);
}

static int memo_once(struct story_memo *m, struct store *s)
{
	int64_t first, last;
	int r = m->known ? 0 : store_alarms_any(s, &m->has_alarms);

	if (r || m->known)
		return r;
	if (!m->actors)
		r = store_actors_new(&m->actors);
	if (r)
		return r;
	r = store_trail_span(s, STR_NULL, &first, &last);
	m->has_nobodys = r == 0;
	m->known = r == 0 || r == STORE_E_NOT_FOUND;
	return m->known ? 0 : r;
}

/* Of an account and region; those of one come one after the other. */
static int memo_trail(struct story_memo *m, struct store *s, struct str account,
		      struct str region)
{
	int r;

	if (m->account.n && str_eq(m->account, account) && str_eq(m->region, region))
		return 0;
	arena_reset(&m->arena);
	m->account = STR_NULL;
	r = store_trail_span(s, account, &m->trail_first_ms, &m->trail_last_ms);
	if (r && r != STORE_E_NOT_FOUND)
		return r;
	m->trail_known = r == 0;
	r = store_trail_gaps(s, account, region, &m->arena, &m->gaps, &m->n_gaps);
	if (r)
		return r;
	m->account = arena_str(&m->arena, account);
	m->region = arena_str(&m->arena, region);
	return m->account.p && m->region.p ? 0 : -ENOMEM;
}

static int read_trail(struct story_work *w)
{
	/* What is recorded as global is called in one region. */
	struct str region = str_is(w->resource.region, "global") ? STR("us-east-1")
								 : w->resource.region;
	const struct story_memo *m = w->memo;
	struct correlate_gap *gaps;
	int r = memo_trail(w->memo, w->s, w->resource.account, region);

	if (r)
		return r;
	gaps = arena_alloc(w->a, (m->n_gaps + 1) * sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_gaps; i++) {
		gaps[i] = (struct correlate_gap){ m->gaps[i].from_ms, m->gaps[i].to_ms,
						  arena_str(w->a, m->gaps[i].why) };
		if (!gaps[i].why.p)
			return -ENOMEM;
	}
	w->in.trail_known = m->trail_known;
	w->in.trail_first_ms = m->trail_first_ms;
	w->in.trail_last_ms = m->trail_last_ms;
	w->in.gaps = gaps;
	w->in.n_gaps = m->n_gaps;
	return 0;
}

static int show(void *ctx, size_t step, const struct correlate_shown **ret)
{
	int r = story_shown(ctx, step, ret);

	return r > 0 ? -EBADMSG : r;
}

static int read_event(void *ctx, size_t event, const struct event **ret)
{
	int r = story_call(ctx, event, ret);

	return r > 0 ? -EBADMSG : r;
}

int story_input(struct story_work *w)
{
	w->in = (struct correlate_input){
		.steps = w->steps,
		.n_steps = w->n_shown,
		.show = show,
		.read = read_event,
		.ctx = w,
		.first = &w->first_item,
		.first_step = w->first,
		.behind = w->behind,
		.n_events = w->n_calls,
		.none_given = !w->given,
		.disabled_evidence = w->without_evidence,
	};
	w->verdicts = arena_zalloc(w->a, (w->n_calls + 1) * sizeof(*w->verdicts));
	w->reasons = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->reasons));
	return w->verdicts && w->reasons ? read_trail(w) : -ENOMEM;
}

int story_correlate_window(struct story_work *w)
{
	int r;

	w->n_calls = 0;
	w->given = false;
	r = story_candidates(w);
	if (!r)
		r = sort_calls(w);
	if (!r)
		r = story_input(w);
	if (!r)
		r = correlate(&w->memo->correlating, &w->in, w->verdicts, w->reasons);
	arena_reset(&w->memo->correlating);
	return r;
}

int story_correlate(struct story_work *w, int64_t from_ms)
{
	int r = story_window(w, from_ms);

	if (!r)
		r = story_correlate_window(w);
	if (r != CORRELATE_E_EARLIER)
		return r;
	w->first = 0;
	w->after_ms = INT64_MIN;
	w->settled_from_ms = w->settled_to_ms = 0;
	w->aliases.given = w->aliases.lost = (struct mention_set){ 0 };
	return story_correlate_window(w);
}

static int begin(struct story_work *w, int64_t resource)
{
	int r = store_resource_get(w->s, resource, w->a, &w->resource);

	w->scope = mention_scope(&(struct item){ .account = w->resource.account,
						 .type = w->resource.type,
						 .id = w->resource.rid },
				 any_service(w));
	w->after_ms = INT64_MIN;
	return r ? r : memo_once(w->memo, w->s);
}

/* ------------------------------------------------------------------------------------------- */

/* Correlated by all its states. *ret_later as story_make() has it. */
static int correlate_states(struct story_work *w, int64_t from_ms,
			    struct store_story *ret, bool *ret_later)
{
	struct story_following f;
	bool done = false;
	int r = story_follow(w, &f);

	ret->follower = f.follower;
	*ret_later = f.later;
	if (r || f.later)
		return r;
	r = story_read(w, ret);
	if (!r)
		r = story_take_over(w, f.subject, &done);
	return r || done ? r : story_correlate(w, from_ms);
}

static int make(struct story_work *w, struct store_story *ret)
{
	int r = read_transitions(w);

	if (!r)
		r = story_rows_make(w, ret);
	if (!r && !w->behind)
		r = story_blame_make(w, ret);
	ret->aliases = w->aliases;
	ret->sought = true;
	ret->only_entries = w->behind;
	if (w->after_ms != INT64_MIN)
		ret->dirty.from_ms = w->after_ms + 1;
	return r;
}

static void work_deinit(struct story_work *w)
{
	arena_deinit(&w->traced);
	free(w->blamed);
	buf_deinit(&w->losses);
	buf_deinit(&w->found.hits);
	arena_ring_reset(&w->memo->states);
	story_events_end(&w->memo->events);
}

/* A call that came in may tell of a change so long before it. */
static int64_t settled_before(int64_t from_ms)
{
	return from_ms < INT64_MIN + STORY_BEHIND_MS ? INT64_MIN
						     : from_ms - STORY_BEHIND_MS;
}

int story_make(struct store *s, struct story_memo *memo, const struct store_dirty *dirty,
	       uint32_t without_evidence, struct arena *a, struct store_story *ret,
	       bool *ret_later)
{
	_cleanup_(work_deinit) struct story_work w = {
		.s = s, .memo = memo, .a = a, .without_evidence = without_evidence
	};
	bool done = false;
	int r;

	story_events_begin(&memo->events);
	arena_ring_reset(&memo->states);
	*ret = (struct store_story){ .dirty = { .resource = dirty->resource,
						.from_ms = INT64_MIN },
				     .settled_ms = settled_before(dirty->from_ms) };
	*ret_later = false;
	r = begin(&w, dirty->resource);
	if (!r)
		r = story_tail(&w, dirty->from_ms, &done);
	if (!r && !done)
		r = correlate_states(&w, dirty->from_ms, ret, ret_later);
	if (!r && !*ret_later)
		r = make(&w, ret);
	return r > 0 ? -EBADMSG : r;
}
