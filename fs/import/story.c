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
#include "story.h"

#include <errno.h>
#include <stdlib.h>

#include "correlate/correlate.h"
#include "model/story.h"
#include "render/entry.h"
#include "render/state.h"

#define PAGE 256

struct state {
	struct store_state row;
	const struct jv *body;
	struct item item; /* a deletion's name and ARN are the inherited ones */
	struct str own_name, own_arn;
	uint64_t content;
	unsigned twin;
	bool hidden;
	uint32_t size;
};

struct happening {
	struct store_event_hit hit;
	struct event event;
};

struct work {
	struct store *s;
	struct arena *a;
	struct store_resource resource;
	struct state *states; /* in order */
	size_t n_states;
	size_t *shown; /* indexes of those not hidden */
	size_t n_shown;
	struct correlate_step *steps; /* one each shown */
	struct event *events;
	struct store_event_hit *hits;
	size_t n_events;
	struct store_event_hit *transitions;
	size_t n_transitions;
	struct correlate_verdict *verdicts;
	enum reason *reasons;
	struct mention_set aliases;
};

/* --- states -------------------------------------------------------------------------------- */

static int read_rows(struct work *w)
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
			struct state *grown;

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

static int read_body(struct work *w, struct state *state, struct buf *scratch)
{
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
	r = item_from_body(v, &state->item);
	state->item.captured_ms = state->row.time_ms;
	state->own_name = state->item.name;
	state->own_arn = state->item.arn;
	return r;
}

/* By time, then state id as a number where both are one. */
static int by_order(const void *a, const void *b)
{
	const struct state *x = a, *y = b;

	if (x->row.time_ms != y->row.time_ms)
		return x->row.time_ms < y->row.time_ms ? -1 : 1;
	if (x->item.state_id.n != y->item.state_id.n)
		return x->item.state_id.n < y->item.state_id.n ? -1 : 1;
	return str_cmp(x->item.state_id, y->item.state_id);
}

/* Numbers twins, hides repetitions, lets deletions inherit, and measures the files. */
static int settle_states(struct work *w)
{
	struct str name = STR_NULL, arn = STR_NULL;
	const struct state *last = NULL;

	for (size_t i = 0; i < w->n_states; i++) {
		struct state *state = &w->states[i];
		struct str give_name = STR_NULL, give_arn = STR_NULL;
		size_t size = 0;
		int r;

		if (i > 0 && state[-1].row.time_ms == state->row.time_ms)
			state->twin = state[-1].twin + 1;
		state->content = item_content_hash(state->body);
		state->hidden = last && last->content == state->content &&
				item_is_global(w->resource.region, w->resource.type);
		if (item_status_is_deleted(state->item.status)) {
			give_name = state->item.name.n ? STR_NULL : name;
			give_arn = state->item.arn.n ? STR_NULL : arn;
			if (give_name.n)
				state->item.name = give_name;
			if (give_arn.n)
				state->item.arn = give_arn;
		}
		name = state->item.name.n ? state->item.name : name;
		arn = state->item.arn.n ? state->item.arn : arn;
		r = render_state_len(state->item.body, give_name, give_arn, &size);
		if (r)
			return r;
		state->size = (uint32_t)size;
		if (!state->hidden) {
			w->shown[w->n_shown++] = i;
			last = state;
		}
	}
	return 0;
}

static int read_states(struct work *w)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	int r = read_rows(w);

	for (size_t i = 0; r == 0 && i < w->n_states; i++)
		r = read_body(w, &w->states[i], &scratch);
	if (r)
		return r;
	if (w->n_states > 1)
		qsort(w->states, w->n_states, sizeof(*w->states), by_order);
	w->shown = arena_alloc(w->a, (w->n_states + 1) * sizeof(*w->shown));
	return w->shown ? settle_states(w) : -ENOMEM;
}

static int make_steps(struct work *w)
{
	const struct state *last = NULL;

	w->steps = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->steps));
	if (!w->steps)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_shown; i++) {
		const struct state *state = &w->states[w->shown[i]];
		struct correlate_step *step = &w->steps[i];
		int r = change_between(w->a, last ? last->body : NULL, state->body,
				       &step->change);

		if (r)
			return r;
		step->item = state->item;
		step->previous_ms = last ? last->row.time_ms : -1;
		/* A deletion may no longer say so. */
		step->daily =
			str_is(jv_get_text(state->body, "recordingFrequency"), "DAILY") ||
			(i > 0 && step[-1].daily);
		last = state;
	}
	return 0;
}

/* --- what shares a token ------------------------------------------------------------------- */

static int by_token(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int make_aliases(struct work *w)
{
	uint64_t *all = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < w->n_states; i++) {
		struct mention_set set;
		int r = mention_of_item(w->a, &w->states[i].item, w->states[i].body,
					&set);

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
	if (n > 1)
		qsort(all, n, sizeof(*all), by_token);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || all[i] != all[w->aliases.n - 1])
			all[w->aliases.n++] = all[i];
	w->aliases.tokens = all;
	return 0;
}

static int read_event(struct work *w, int64_t row, struct buf *scratch, struct event *ret)
{
	struct jv *v = arena_alloc(w->a, sizeof(*v));
	struct str text;
	int r;

	buf_reset(scratch);
	r = store_event_body(w->s, row, scratch);
	if (r)
		return r;
	text = arena_str(w->a, buf_str(scratch));
	if (!v || !text.p)
		return -ENOMEM;
	r = jv_parse(w->a, text, v, NULL);
	if (!r)
		r = event_from_jv(v, ret, NULL);
	return r > 0 ? -EBADMSG : r;
}

static int read_events(struct work *w)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	int r = store_events_mentioning(w->s, &w->aliases, INT64_MIN, INT64_MAX, w->a,
					&w->hits, &w->n_events);

	if (r)
		return r;
	w->events = arena_zalloc(w->a, (w->n_events + 1) * sizeof(*w->events));
	w->verdicts = arena_zalloc(w->a, (w->n_events + 1) * sizeof(*w->verdicts));
	w->reasons = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*w->reasons));
	if (!w->events || !w->verdicts || !w->reasons)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_events; i++) {
		r = read_event(w, w->hits[i].event, &scratch, &w->events[i]);
		if (r)
			return r;
	}
	return store_transitions_mentioning(w->s, &w->aliases, w->a, &w->transitions,
					    &w->n_transitions);
}

static int run_correlation(struct work *w)
{
	struct correlate_input in = {
		.steps = w->steps,
		.n_steps = w->n_shown,
		.events = w->events,
		.n_events = w->n_events,
	};
	int r = store_trail_span(w->s, w->resource.account, &in.trail_first_ms,
				 &in.trail_last_ms);

	if (r && r != STORE_E_NOT_FOUND)
		return r;
	in.trail_known = r == 0;
#ifdef DRIFTFS_EVIDENCE_SWITCH
	if (getenv("DRIFTFS_WITHOUT_EVIDENCE"))
		in.disabled_evidence =
			(uint32_t)strtoul(getenv("DRIFTFS_WITHOUT_EVIDENCE"), NULL, 0);
#endif
	return correlate(w->a, &in, w->verdicts, w->reasons);
}

/* --- rows and their lengths ---------------------------------------------------------------- */

struct output {
	struct story_rows *rows;
	struct buf text, jsonl;
};

static void output_deinit(struct output *o)
{
	buf_deinit(&o->text);
	buf_deinit(&o->jsonl);
}

static void entry_frame(const struct work *w, int64_t time_ms, enum story_kind kind,
			struct story_entry *ret)
{
	*ret = (struct story_entry){
		.kind = kind,
		.time_ms = time_ms,
		.account = w->resource.account,
		.region = w->resource.region,
		.type = w->resource.type,
		.id = w->resource.rid,
	};
}

/* Adds the row with the lengths of what render makes of the entry. */
static int emit(struct output *o, const struct store_entry *row,
		const struct story_entry *e)
{
	struct store_entry *ret = &o->rows->entries[o->rows->n_entries];

	buf_reset(&o->text);
	buf_reset(&o->jsonl);
	render_entry_text(&o->text, e);
	render_entry_jsonl(&o->jsonl, e);
	if (buf_error(&o->text) || buf_error(&o->jsonl))
		return -ENOMEM;
	*ret = *row;
	ret->text_len = (uint32_t)o->text.len;
	ret->jsonl_len = (uint32_t)o->jsonl.len;
	o->rows->n_entries++;
	return 0;
}

static bool is_cause_of(const struct correlate_verdict *v, size_t step)
{
	return v->role == CORRELATE_CAUSE && (v->step == step || v->also_step == step);
}

static int collect_causes(struct work *w, size_t step, struct store_entry *row,
			  struct story_entry *e)
{
	struct store_cause *causes;
	struct story_event *events;
	size_t n = 0;

	for (size_t i = 0; i < w->n_events; i++)
		n += is_cause_of(&w->verdicts[i], step);
	causes = arena_zalloc(w->a, (n + 1) * sizeof(*causes));
	events = arena_zalloc(w->a, (n + 1) * sizeof(*events));
	if (!causes || !events)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_events; i++) {
		const struct correlate_verdict *v = &w->verdicts[i];
		int r;

		if (!is_cause_of(v, step))
			continue;
		causes[row->n_causes] =
			(struct store_cause){ w->hits[i].event, v->evidence,
					      (uint8_t)v->confidence };
		events[e->n_causes] = (struct story_event){ .event = w->events[i],
							    .evidence = v->evidence,
							    .confidence = v->confidence };
		r = store_actor_of(w->s, &w->events[i], w->a, &events[e->n_causes].actor);
		if (r)
			return r;
		row->n_causes++;
		e->n_causes++;
	}
	row->causes = causes;
	e->causes = events;
	return 0;
}

static int emit_change(struct work *w, struct output *o, size_t step)
{
	const struct state *state = &w->states[w->shown[step]];
	const struct state *before = step ? &w->states[w->shown[step - 1]] : NULL;
	struct store_entry row = {
		.time_ms = state->row.time_ms,
		.kind = STORE_ENTRY_CHANGE,
		.ref = state->row.id,
		.previous = before ? before->row.id : 0,
		.change_type = (uint8_t)w->steps[step].change.type,
		.reason = (uint8_t)w->reasons[step],
	};
	struct story_entry e;
	int r;

	entry_frame(w, row.time_ms, STORY_CHANGE, &e);
	e.change = w->steps[step].change;
	e.reason = w->reasons[step];
	name_state(state->row.time_ms, state->twin, e.snapshot);
	if (before)
		name_state(before->row.time_ms, before->twin, e.previous);
	r = collect_causes(w, step, &row, &e);
	return r ? r : emit(o, &row, &e);
}

static int emit_event(struct work *w, struct output *o, size_t i)
{
	bool attempt = w->verdicts[i].role == CORRELATE_ATTEMPT;
	struct store_entry row = {
		.time_ms = w->events[i].time_ms,
		.kind = attempt ? STORE_ENTRY_ATTEMPT : STORE_ENTRY_ACTIVITY,
		.ref = w->hits[i].event,
	};
	struct story_entry e;
	int r;

	entry_frame(w, row.time_ms, attempt ? STORY_ATTEMPT : STORY_ACTIVITY, &e);
	e.event.event = w->events[i];
	r = store_actor_of(w->s, &w->events[i], w->a, &e.event.actor);
	return r ? r : emit(o, &row, &e);
}

static int emit_transition(struct work *w, struct output *o, size_t i)
{
	struct store_entry row = {
		.time_ms = w->transitions[i].time_ms,
		.kind = STORE_ENTRY_TRANSITION,
		.ref = w->transitions[i].event,
	};
	struct story_entry e;
	int r = store_story_load(w->s, &w->resource, &row, w->a, &e);

	return r ? r : emit(o, &row, &e);
}

/* By time; at one time calls come before the change they may have made. */
static int by_time(const void *a, const void *b)
{
	const struct store_entry *x = a, *y = b;
	int kind_x = x->kind == STORE_ENTRY_CHANGE,
	    kind_y = y->kind == STORE_ENTRY_CHANGE;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (kind_x != kind_y)
		return kind_x - kind_y;
	return x->ref < y->ref ? -1 : x->ref > y->ref;
}

static int make_entries(struct work *w, struct output *o)
{
	size_t max = w->n_shown + w->n_events + w->n_transitions + 1;
	int r = 0;

	o->rows->entries = arena_zalloc(w->a, max * sizeof(*o->rows->entries));
	if (!o->rows->entries)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < w->n_shown; i++)
		r = emit_change(w, o, i);
	for (size_t i = 0; r == 0 && i < w->n_events; i++)
		if (w->verdicts[i].role == CORRELATE_ATTEMPT ||
		    w->verdicts[i].role == CORRELATE_ACTIVITY)
			r = emit_event(w, o, i);
	for (size_t i = 0; r == 0 && i < w->n_transitions; i++)
		r = emit_transition(w, o, i);
	if (o->rows->n_entries > 1)
		qsort(o->rows->entries, o->rows->n_entries, sizeof(*o->rows->entries),
		      by_time);
	return r;
}

static int make_shown(struct work *w, struct story_rows *rows)
{
	rows->shown = arena_zalloc(w->a, (w->n_states + 1) * sizeof(*rows->shown));
	if (!rows->shown)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_states; i++) {
		const struct state *state = &w->states[i];

		rows->shown[rows->n_shown++] = (struct store_shown){
			.state = state->row.id,
			.time_ms = state->row.time_ms,
			.twin = state->twin,
			.hidden = state->hidden,
			.size = state->size,
			.name = state->own_name.n ? STR_NULL : state->item.name,
			.arn = state->own_arn.n ? STR_NULL : state->item.arn,
		};
	}
	return 0;
}

int story_make(struct store *s, const struct store_dirty *dirty, struct arena *a,
	       struct story_rows *ret)
{
	struct work w = { .s = s, .a = a };
	_cleanup_(output_deinit) struct output o = { .rows = ret };
	int r;

	/* The whole story, whatever the moment it is dirty from: see struct store_dirty. */
	*ret = (struct story_rows){ .dirty = { dirty->resource, INT64_MIN } };
	r = store_resource_get(s, dirty->resource, a, &w.resource);
	if (!r)
		r = read_states(&w);
	if (!r)
		r = make_steps(&w);
	if (!r)
		r = make_aliases(&w);
	if (!r)
		r = read_events(&w);
	if (!r)
		r = run_correlation(&w);
	if (!r)
		r = make_entries(&w, &o);
	if (!r)
		r = make_shown(&w, ret);
	ret->aliases = w.aliases;
	return r > 0 ? -EBADMSG : r;
}
