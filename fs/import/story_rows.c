/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A story's rows: its entries in their order, with the lengths of what render makes of them, and
 * the listing rows of its states. The order depends on what happened, never on what came in
 * first: calls of one second go by their eventID, states of one millisecond by their state id.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/story.h"
#include "model/told.h"
#include "render/blame.h"
#include "render/entry.h"
#include "render/inventory.h"
#include "render/line.h"
#include "render/state.h"
#include "story_work.h"

/* --- rows and their lengths ---------------------------------------------------------------- */

struct output {
	struct store_story *rows;
	struct buf entries; /* struct store_entry, kind by kind */
	struct buf text, jsonl;
	struct buf folder;                       /* the resource's path */
	struct arena scratch;                    /* until the next entry */
	const struct store_event_values *values; /* of the cause before */
	bool *used;                              /* by step: `blame` names its change */
};

static void output_deinit(struct output *o)
{
	arena_deinit(&o->scratch);
	buf_deinit(&o->entries);
	free(o->used);
	buf_deinit(&o->text);
	buf_deinit(&o->jsonl);
	buf_deinit(&o->folder);
}

static void entry_frame(const struct story_work *w, int64_t time_ms, enum story_kind kind,
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
static int emit(struct output *o, struct store_entry *row, const struct story_entry *e)
{
	buf_reset(&o->text);
	buf_reset(&o->jsonl);
	render_entry_text(&o->text, e);
	render_entry_jsonl(&o->jsonl, e);
	if (buf_error(&o->text) || buf_error(&o->jsonl))
		return -ENOMEM;
	row->text_len = (uint32_t)o->text.len;
	row->jsonl_len = (uint32_t)o->jsonl.len;
	buf_put(&o->entries, row, sizeof(*row));
	arena_reset(&o->scratch);
	return buf_error(&o->entries);
}

/* The lengths of a change's line for one of its causes, or none. */
static int measure_line(struct output *o, const struct story_entry *e,
			const struct story_event *cause, uint32_t *ret_text,
			uint32_t *ret_jsonl)
{
	buf_reset(&o->text);
	buf_reset(&o->jsonl);
	render_change_line(&o->text, e, cause);
	render_change_line_jsonl(&o->jsonl, e, cause);
	if (buf_error(&o->text) || buf_error(&o->jsonl))
		return -ENOMEM;
	*ret_text = (uint32_t)o->text.len;
	*ret_jsonl = (uint32_t)o->jsonl.len;
	return 0;
}

static int measure_label(struct output *o, const struct story_event *cause, uint32_t *ret)
{
	buf_reset(&o->text);
	render_blame_label(&o->text, cause);
	*ret = (uint32_t)o->text.len;
	return buf_error(&o->text);
}

/* In the timeline a change has its first cause beside it, in activity/ each event its change. */
static int measure_lines(struct output *o, struct store_entry *row,
			 struct store_cause *causes, const struct story_entry *e)
{
	int r = measure_line(o, e, e->n_causes ? &e->causes[0] : NULL, &row->line_len,
			     &row->line_jsonl_len);

	for (size_t i = 0; r == 0 && i < e->n_causes; i++) {
		r = measure_line(o, e, &e->causes[i], &causes[i].line_len,
				 &causes[i].line_jsonl_len);
		if (!r)
			r = measure_label(o, &e->causes[i], &causes[i].label_len);
	}
	return r;
}

/* Which events are causes of each step, in their order: the events of all steps end to end. */
struct causes {
	size_t *ends; /* of each step's part */
	size_t *events;
};

/* The steps that a verdict is a cause of; at most two. */
static size_t steps_of(const struct story_work *w, const struct correlate_verdict *v,
		       size_t ret[2])
{
	size_t n = 0;

	if (v->role != CORRELATE_CAUSE)
		return 0;
	if (v->step < w->n_shown)
		ret[n++] = v->step;
	if (v->also_step < w->n_shown && v->also_step != v->step)
		ret[n++] = v->also_step;
	return n;
}

/* A counting sort by step, since a resource may have very many of both. */
static int causes_by_step(struct story_work *w, struct causes *ret)
{
	size_t *starts = arena_zalloc(w->a, (w->n_shown + 1) * sizeof(*starts));
	size_t steps[2], total = 0;

	if (!starts)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_calls; i++)
		for (size_t n = steps_of(w, &w->verdicts[i], steps); n > 0; n--)
			starts[steps[n - 1]]++;
	for (size_t step = 0; step < w->n_shown; step++) {
		size_t n = starts[step];

		starts[step] = total;
		total += n;
	}
	ret->events = arena_zalloc(w->a, (total + 1) * sizeof(*ret->events));
	if (!ret->events)
		return -ENOMEM;
	for (size_t i = 0; i < w->n_calls; i++)
		for (size_t n = steps_of(w, &w->verdicts[i], steps); n > 0; n--)
			ret->events[starts[steps[n - 1]]++] = i;
	ret->ends = starts; /* each has moved to the end of its part */
	return 0;
}

/* The texts live on; what is said again and again, once. */
static int keep_values(struct arena *a, const struct store_event_values *last,
		       struct store_event_values *v)
{
	static const struct store_event_values none = { 0 };
	struct str *const texts[] = { &v->principal,  &v->role, &v->session, &v->address,
				      &v->access_key, &v->name, &v->error };
	const struct store_event_values *l = last ? last : &none;
	const struct str before[] = { l->principal,  l->role, l->session, l->address,
				      l->access_key, l->name, l->error };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = before[i].p && str_eq(before[i], *texts[i])
				    ? before[i]
				    : arena_str(a, *texts[i]);
		if (!texts[i]->p)
			return -ENOMEM;
	}
	return 0;
}

/* Of an event that may be read over by the time the story is put. */
static int copy_values(struct story_work *w, struct output *o, const struct event *e,
		       const struct store_event_values **ret)
{
	struct store_event_values *v = arena_alloc(w->a, sizeof(*v));
	struct event_told told;
	int r = v ? event_tell(e, &o->scratch, &told) : -ENOMEM;

	if (r)
		return r;
	*v = (struct store_event_values){ .time_ms = e->time_ms,
					  .principal = told.principal,
					  .role = told.role,
					  .session = told.session,
					  .address = e->address,
					  .access_key = e->access_key,
					  .name = e->name,
					  .error = e->error_code };
	r = keep_values(w->a, o->values, v);
	o->values = *ret = v;
	return r;
}

/* Of what `blame` names several causes stay until that is measured. */
static int collect_causes(struct story_work *w, struct output *o,
			  const struct causes *all, size_t step, struct store_entry *row,
			  struct story_entry *e, struct store_cause **ret)
{
	size_t from = step ? all->ends[step - 1] : 0;
	size_t n = all->ends[step] - from;
	struct arena *a = n > 1 && o->used && o->used[step] ? w->a : &o->scratch;
	struct store_cause *causes = arena_zalloc(w->a, (n + 1) * sizeof(*causes));
	struct story_event *events = arena_zalloc(a, (n + 1) * sizeof(*events));

	if (!causes || !events)
		return -ENOMEM;
	for (size_t k = 0; k < n; k++) {
		size_t i = all->events[from + k];
		const struct correlate_verdict *v = &w->verdicts[i];
		int r;

		causes[k] = (struct store_cause){
			.event = w->calls[i].row,
			.evidence = v->evidence,
			.confidence = (uint8_t)v->confidence,
		};
		events[k].evidence = v->evidence;
		events[k].confidence = v->confidence;
		r = story_event(w, w->calls[i].row, a, &events[k].event);
		if (!r)
			r = story_actor(w, &events[k].event, a, &events[k].actor);
		if (!r)
			r = copy_values(w, o, &events[k].event, &causes[k].values);
		if (r)
			return r;
	}
	row->n_causes = e->n_causes = n;
	row->causes = *ret = causes;
	e->causes = events;
	return 0;
}

/* Who stopped the trail, where that is why. */
static struct str why_of(const struct story_work *w, size_t step)
{
	const struct correlate_gap *gap = w->reasons[step] == REASON_NO_TRAIL
						  ? correlate_gap_of(&w->in, step)
						  : NULL;

	return gap ? gap->why : STR_NULL;
}

static int emit_change(struct story_work *w, struct output *o, const struct causes *all,
		       size_t step)
{
	const struct story_step *s = &w->shown[step];
	const struct story_state *state = &w->states[s->state];
	const struct story_state *before =
		s->compared == STORY_NONE ? NULL : &w->states[s->compared];
	const struct correlate_shown *shown;
	struct store_entry row = {
		.time_ms = state->time_ms,
		.kind = STORE_ENTRY_CHANGE,
		.ref = state->id,
		.previous = before ? before->id : 0,
		.change_type = w->steps[step].type,
		.reason = (uint8_t)w->reasons[step],
		.why = why_of(w, step),
	};
	struct store_cause *causes;
	struct story_entry e;
	int r = story_shown(w, step, &shown);

	if (r)
		return r;
	entry_frame(w, row.time_ms, STORY_CHANGE, &e);
	e.change = shown->change;
	e.reason = row.reason;
	e.why = row.why;
	name_state(state->time_ms, state->twin, e.snapshot);
	if (before)
		name_state(before->time_ms, before->twin, e.previous);
	e.folder = buf_str(&o->folder);
	r = collect_causes(w, o, all, step, &row, &e, &causes);
	if (r)
		return r;
	r = measure_lines(o, &row, causes, &e);
	if (!r && o->used && o->used[step])
		w->blamed[step] = story_blamed(&row, e.n_causes > 1 ? e.causes : NULL);
	return r ? r : emit(o, &row, &e);
}

static int emit_event(struct story_work *w, struct output *o, size_t i)
{
	bool attempt = w->verdicts[i].role == CORRELATE_ATTEMPT;
	struct store_entry row = {
		.time_ms = w->calls[i].time_ms,
		.kind = attempt ? STORE_ENTRY_ATTEMPT : STORE_ENTRY_ACTIVITY,
		.ref = w->calls[i].row,
	};
	struct story_entry e;
	const struct event *event;
	int r = story_call(w, i, &event);

	if (r)
		return r;
	entry_frame(w, row.time_ms, attempt ? STORY_ATTEMPT : STORY_ACTIVITY, &e);
	e.event.event = *event;
	r = story_actor(w, event, &o->scratch, &e.event.actor);
	return r ? r : emit(o, &row, &e);
}

static int emit_transition(struct story_work *w, struct output *o, size_t i)
{
	struct store_entry row = {
		.time_ms = w->transitions[i].time_ms,
		.kind = STORE_ENTRY_TRANSITION,
		.ref = w->transitions[i].event,
	};
	struct story_entry e;
	int r = store_story_load(w->s, &w->resource, &row, &o->scratch, &e);

	return r ? r : emit(o, &row, &e);
}

/* An entry with what orders it among those of one millisecond. */
struct placed {
	const struct store_entry *entry;
	size_t order;    /* of states among each other, of calls among each other */
	struct str name; /* of an alarm */
};

/* By time; at one time calls come before the change they may have made, alarms after it. */
static int by_place(const void *a, const void *b)
{
	static const int rank[] = { [STORE_ENTRY_ATTEMPT] = 0,
				    [STORE_ENTRY_ACTIVITY] = 0,
				    [STORE_ENTRY_CHANGE] = 1,
				    [STORE_ENTRY_TRANSITION] = 2 };
	const struct placed *x = a, *y = b;

	if (x->entry->time_ms != y->entry->time_ms)
		return x->entry->time_ms < y->entry->time_ms ? -1 : 1;
	if (rank[x->entry->kind] != rank[y->entry->kind])
		return rank[x->entry->kind] - rank[y->entry->kind];
	if (x->name.n || y->name.n)
		return str_cmp(x->name, y->name);
	return x->order < y->order ? -1 : x->order > y->order;
}

/* The entries were made kind by kind, each kind in its order. */
static int sort_entries(struct story_work *w, struct output *o)
{
	const struct store_entry *entries = (const struct store_entry *)o->entries.data;
	size_t n = o->entries.len / sizeof(*entries);
	_cleanup_(freep) struct placed *all = calloc(n + 1, sizeof(*all));

	o->rows->entries = arena_alloc(w->a, (n + 1) * sizeof(*o->rows->entries));
	if (!all || !o->rows->entries)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct store_transition t;
		int r;

		all[i].entry = &entries[i];
		all[i].order = i;
		if (entries[i].kind != STORE_ENTRY_TRANSITION)
			continue;
		r = store_transition_get(w->s, entries[i].ref, &o->scratch, &t);
		if (r)
			return r;
		all[i].name = t.alarm;
	}
	if (n > 1)
		qsort(all, n, sizeof(*all), by_place);
	for (size_t i = 0; i < n; i++)
		o->rows->entries[i] = *all[i].entry;
	o->rows->n_entries = n;
	return 0;
}

/* How long its file is, and its parts of a moment's inventories; a deletion is in none. */
static int measure(const struct story_state *state, const struct story_body *body,
		   struct output *o, struct store_shown *ret)
{
	size_t size = 0;
	int r = render_state_len(body->item.body, ret->name, ret->arn, &size);

	ret->size = (uint32_t)size;
	if (r || state->hidden || state->deleted)
		return r;
	buf_reset(&o->text);
	buf_reset(&o->jsonl);
	render_inventory_csv(&o->text, &body->body);
	render_inventory_jsonl(&o->jsonl, &body->body);
	if (buf_error(&o->text) || buf_error(&o->jsonl))
		return -ENOMEM;
	ret->csv_len = (uint32_t)o->text.len;
	ret->jsonl_len = (uint32_t)o->jsonl.len;
	ret->item_len = (uint32_t)body->item.body.n;
	return 0;
}

static int make_shown(struct story_work *w, struct output *o, size_t i)
{
	struct store_shown *row = &o->rows->shown[o->rows->n_shown];
	const struct story_state *state = &w->states[i];
	const struct story_called *called = state->called;
	const struct story_body *body;
	int r = story_body(w, i, &body);

	if (r)
		return r;
	*row = (struct store_shown){
		.state = state->id,
		.time_ms = state->time_ms,
		.twin = state->twin,
		.hidden = state->hidden,
		.name = called->own_name.n ? STR_NULL : called->name,
		.arn = called->own_arn.n ? STR_NULL : called->arn,
	};
	o->rows->n_shown++;
	return measure(state, body, o, row);
}

/* The first state with rows to be made; those up to one that parts the story are as they were. */
static size_t first_state(const struct story_work *w)
{
	size_t i = w->n_states;

	while (i > 0 && w->states[i - 1].time_ms > w->after_ms)
		i--;
	return i;
}

/* State by state, so that each is read once: its change, and its listing row. */
static int make_states(struct story_work *w, struct output *o)
{
	size_t first = w->behind ? w->n_states : first_state(w), step = w->first;
	struct causes causes;
	int r = causes_by_step(w, &causes);

	o->rows->shown =
		arena_alloc(w->a, (w->n_states - first + 1) * sizeof(*o->rows->shown));
	if (!r && !o->rows->shown)
		r = -ENOMEM;
	for (size_t i = first; !r && i < w->n_states; i++) {
		if (step < w->n_shown && w->shown[step].state == i)
			r = emit_change(w, o, &causes, step++);
		if (!r)
			r = make_shown(w, o, i);
	}
	return r;
}

static int make_entries(struct story_work *w, struct output *o)
{
	int r = make_states(w, o);

	for (size_t i = 0; r == 0 && i < w->n_calls; i++)
		if (w->verdicts[i].role == CORRELATE_ATTEMPT ||
		    w->verdicts[i].role == CORRELATE_ACTIVITY)
			r = emit_event(w, o, i);
	for (size_t i = 0; r == 0 && i < w->n_transitions; i++)
		r = emit_transition(w, o, i);
	return r ? r : sort_entries(w, o);
}

/* Which changes parts of the newest state are from. */
static int note_used(struct story_work *w, struct output *o)
{
	if (w->behind || !w->n_shown)
		return 0;
	o->used = calloc(w->n_shown, sizeof(*o->used));
	w->blamed = calloc(w->n_shown, sizeof(*w->blamed));
	if (!o->used || !w->blamed)
		return -ENOMEM;
	json_origin_note_used(w->trace.origin, o->used);
	/* All is from the first, where nothing is told. */
	o->used[0] |= !w->trace.origin;
	return 0;
}

int story_rows_make(struct story_work *w, struct store_story *ret)
{
	_cleanup_(output_deinit) struct output o = { .rows = ret };
	int r;

	name_resource_path(&o.folder, w->resource.account, w->resource.region,
			   w->resource.type, w->resource.name);
	r = buf_error(&o.folder);
	if (r == 0)
		r = note_used(w, &o);
	if (r == 0)
		r = make_entries(w, &o);
	ret->rank = store_resource_rank(w->resource.account, w->resource.region,
					w->resource.type, w->resource.rid);
	return r;
}
