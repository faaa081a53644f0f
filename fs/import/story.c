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

#define PAGE 256

/* An event on its way to its place. */
struct happening {
	struct store_event_hit hit;
	struct event event;
	struct str identity;
};

/* --- states -------------------------------------------------------------------------------- */

static int read_rows(struct story_work *w)
{
	struct store_state page[PAGE];
	int64_t after = -1;
	unsigned twin = 0;
	size_t n = 0, cap = 0;

	do {
		int r = store_states(w->s, w->resource.id, after, twin, true, page, PAGE,
				     &n);

		if (r)
			return r;
		if (w->n_states + n > cap) {
			struct story_state *grown;

			cap = MAX(cap * 2, w->n_states + n);
			grown = arena_zalloc(w->a, cap * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			if (w->n_states)
				memcpy(grown, w->states, w->n_states * sizeof(*grown));
			w->states = grown;
		}
		for (size_t i = 0; i < n; i++) {
			w->states[w->n_states++].row = page[i];
			after = page[i].time_ms;
			twin = page[i].twin;
		}
	} while (n == PAGE);
	return 0;
}

int story_read_body(struct story_work *w, struct story_state *state)
{
	struct buf *scratch = &w->memo->scratch;
	struct str text;
	struct jv *v = arena_alloc(w->a, sizeof(*v));
	int r;

	buf_reset(scratch);
	r = store_state_body(w->s, state->row.id, scratch);
	if (r)
		return r;
	text = arena_str(w->a, buf_str(scratch));
	if (!v || !text.p)
		return -ENOMEM;
	r = jv_parse(w->a, text, v, NULL);
	if (r)
		return r < 0 ? r : -EBADMSG;
	state->body = v;
	state->item.body = text;
	r = item_view(v, &state->item);
	state->item.captured_ms = state->row.time_ms;
	state->own_name = state->item.name;
	state->own_arn = state->item.arn;
	return r;
}

/* By time, then state id as a number where both are one. */
static int by_order(const void *a, const void *b)
{
	const struct story_state *x = a, *y = b;

	if (x->row.time_ms != y->row.time_ms)
		return x->row.time_ms < y->row.time_ms ? -1 : 1;
	if (x->item.state_id.n != y->item.state_id.n)
		return x->item.state_id.n < y->item.state_id.n ? -1 : 1;
	return str_cmp(x->item.state_id, y->item.state_id);
}

/* Numbers twins, hides repetitions, and lets deletions inherit. */
static void settle_states(struct story_work *w)
{
	struct str name = STR_NULL, arn = STR_NULL;
	const struct story_state *last = NULL;
	bool global = item_is_global(w->resource.type);

	for (size_t i = 0; i < w->n_states; i++) {
		struct story_state *state = &w->states[i];

		if (i > 0 && state[-1].row.time_ms == state->row.time_ms)
			state->twin = state[-1].twin + 1;
		if (global)
			state->content = item_content_hash(state->body);
		state->hidden = global && last && last->content == state->content;
		if (item_status_is_deleted(state->item.status)) {
			if (!state->item.name.n)
				state->item.name = name;
			if (!state->item.arn.n)
				state->item.arn = arn;
		}
		name = state->item.name.n ? state->item.name : name;
		arn = state->item.arn.n ? state->item.arn : arn;
		if (!state->hidden) {
			w->shown[w->n_shown++] = i;
			last = state;
		}
	}
}

static int read_states(struct story_work *w)
{
	int r = read_rows(w);

	for (size_t i = 0; r == 0 && i < w->n_states; i++)
		r = story_read_body(w, &w->states[i]);
	if (r)
		return r;
	if (w->n_states > 1)
		qsort(w->states, w->n_states, sizeof(*w->states), by_order);
	w->shown = arena_alloc(w->a, (w->n_states + 1) * sizeof(*w->shown));
	if (!w->shown)
		return -ENOMEM;
	settle_states(w);
	return 0;
}

/* What is recorded as global is so in every region; this one's recorder stands for all. */
static int read_recorders(struct story_work *w)
{
	struct str region = str_is(w->resource.region, "global") ? STR("us-east-1")
								 : w->resource.region;

	return store_recorders_of(w->s, w->resource.account, region, w->a, &w->recorders,
				  &w->n_recorders);
}

/*
 * Is it recorded once a day only? Deliveries may not say so; the recorder's description does, from
 * when it was asked for. One that was described after a change says nothing of it.
 */
static bool is_daily(const struct story_work *w, const struct story_state *state)
{
	struct str own = jv_get_text(state->body, "recordingFrequency");
	const struct recorder_seen *at = NULL;

	if (own.n)
		return str_is(own, "DAILY");
	for (size_t i = 0; i < w->n_recorders; i++)
		if (w->recorders[i].seen_ms <= state->row.time_ms &&
		    (!at || w->recorders[i].seen_ms >= at->seen_ms))
			at = &w->recorders[i];
	return at && recorder_is_daily(&at->recorder, w->resource.type);
}

static int make_steps(struct story_work *w)
{
	const struct story_state *last = NULL;

	w->steps = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->steps));
	w->blamed = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->blamed));
	w->compared = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->compared));
	w->trace.arena = w->a;
	if (!w->steps || !w->blamed || !w->compared)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_shown; i++) {
		const struct story_state *state = &w->states[w->shown[i]];
		struct correlate_step *step = &w->steps[i];
		int r = change_follow(w->a, last ? last->body : NULL, state->body,
				      &w->trace, (uint32_t)i, &step->change);

		if (r)
			return r;
		step->item = state->item;
		w->compared[i] = last;
		step->previous_ms = i > 0 ? w->states[w->shown[i - 1]].row.time_ms : -1;
		/* A deletion may no longer say so. */
		step->daily = is_daily(w, state) || (i > 0 && step[-1].daily);
		/* Recording goes on from what was last told. */
		if (step->change.type != CHANGE_UPDATE || !change_is_untold(state->body))
			last = state;
	}
	return 0;
}

/* --- what shares a token ------------------------------------------------------------------- */

static bool any_service(const struct story_work *w)
{
	return w->without_evidence & (1u << EVIDENCE_SERVICE);
}

static int make_aliases(struct story_work *w)
{
	uint64_t *all = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < w->n_states; i++) {
		struct mention_set set;
		int r = mention_of_item(w->a, &w->states[i].item, w->states[i].body,
					any_service(w), &set);

		if (r)
			return r;
		if (n + set.n > cap) {
			uint64_t *grown;

			cap = MAX(cap * 2, n + set.n);
			grown = arena_alloc(w->a, cap * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			if (n)
				memcpy(grown, all, n * sizeof(*grown));
			all = grown;
		}
		if (set.n)
			memcpy(all + n, set.tokens, set.n * sizeof(*all));
		n += set.n;
	}
	w->aliases.own = (struct mention_set){ all, n };
	mention_set_sort(&w->aliases.own);
	return story_join_aliases(w);
}

/* Within one second by what the event is called, not by when it came in. */
static int by_moment(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;

	if (x->hit.time_ms != y->hit.time_ms)
		return x->hit.time_ms < y->hit.time_ms ? -1 : 1;
	return str_cmp(x->identity, y->identity);
}

/* Candidates come in the order of their rows, which is that of arrival. */
static int sort_events(struct story_work *w)
{
	struct happening *all = arena_alloc(w->a, (w->n_events + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_events; i++) {
		all[i] = (struct happening){ w->hits[i], w->events[i],
					     event_identity(&w->events[i], w->a) };
		if (!all[i].identity.p)
			return -ENOMEM;
	}
	if (w->n_events > 1)
		qsort(all, w->n_events, sizeof(*all), by_moment);
	for (size_t i = 0; i < w->n_events; i++) {
		w->hits[i] = all[i].hit;
		w->events[i] = all[i].event;
	}
	return 0;
}

static int read_transitions(struct story_work *w)
{
	size_t n, kept = 0;
	int r = w->memo->has_alarms ? store_transitions_mentioning(w->s, &w->all, w->a,
								   &w->transitions, &n)
				    : 0;

	if (r || !w->memo->has_alarms)
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
	buf_deinit(&memo->scratch);
	story_events_deinit(&memo->events);
}

static int memo_once(struct story_memo *m, struct store *s)
{
	int64_t first, last;
	int r = m->known ? 0 : store_alarms_any(s, &m->has_alarms);

	if (r || m->known)
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

int story_input(struct story_work *w)
{
	w->in = (struct correlate_input){
		.steps = w->steps,
		.n_steps = w->n_shown,
		.first_step = w->first,
		.behind = w->behind,
		.events = w->events,
		.n_events = w->n_events,
		.disabled_evidence = w->without_evidence,
	};
	w->verdicts = arena_zalloc(w->a, (w->n_events + 1) * sizeof(*w->verdicts));
	w->reasons = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->reasons));
	return w->verdicts && w->reasons ? read_trail(w) : -ENOMEM;
}

int story_correlate_window(struct story_work *w)
{
	int r;

	w->n_events = 0;
	r = story_candidates(w);
	if (!r)
		r = sort_events(w);
	if (!r)
		r = story_input(w);
	return r ? r : correlate(w->a, &w->in, w->verdicts, w->reasons);
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

int story_read(struct story_work *w)
{
	int r = read_states(w);

	if (!r)
		r = read_recorders(w);
	if (!r)
		r = make_steps(w);
	return r ? r : make_aliases(w);
}

/* ------------------------------------------------------------------------------------------- */

/* Correlated by all its states. *ret_later as story_make() has it. */
static int correlate_states(struct story_work *w, int64_t from_ms, int64_t *ret_follower,
			    bool *ret_later)
{
	struct story_following f;
	bool done = false;
	int r = story_follow(w, &f);

	*ret_follower = f.follower;
	*ret_later = f.later;
	if (r || f.later)
		return r;
	r = story_read(w);
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
		r = story_names_make(w, ret);
	if (!r && !w->behind)
		r = story_relations_make(w, ret);
	ret->aliases = w->aliases;
	ret->sought = true;
	ret->only_entries = w->behind;
	if (w->after_ms != INT64_MIN)
		ret->dirty.from_ms = w->after_ms + 1;
	return r;
}

int story_make(struct store *s, struct story_memo *memo, const struct store_dirty *dirty,
	       uint32_t without_evidence, struct arena *a, struct store_story *ret,
	       bool *ret_later)
{
	struct story_work w = {
		.s = s, .memo = memo, .a = a, .without_evidence = without_evidence
	};
	bool done = false;
	int r;

	memo->events.story++;
	*ret = (struct store_story){ .dirty = { .resource = dirty->resource,
						.from_ms = INT64_MIN } };
	*ret_later = false;
	r = begin(&w, dirty->resource);
	if (!r)
		r = story_tail(&w, dirty->from_ms, &done);
	if (!r && !done)
		r = correlate_states(&w, dirty->from_ms, &ret->follower, ret_later);
	if (!r && !*ret_later)
		r = make(&w, ret);
	return r > 0 ? -EBADMSG : r;
}
