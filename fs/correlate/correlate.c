/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting events to changes.
 *
 * An event belongs to the first state captured after it (Config records what it finds, minutes
 * later), unless a neighbouring change shows what the event set and that one does not: a
 * describe call can race with the change, and clocks differ by seconds. Then each part an event
 * can play (judge.c) has its own demands on the change: who made or removed the resource needs
 * no more; who called on it must not have asked for what was so already; bystanders count only
 * where the change shows a value of theirs.
 */
#include "correlate/correlate.h"

#include <errno.h>

#include "model/timestamp.h"
#include "rules.h"
#include "work.h"

/* --- steps --------------------------------------------------------------------------------- */

/* "creating", "modifying", "pending": the change was not over when it was recorded. */
static bool was_under_way(const struct json_diff *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct str was = jv_str(d->entries[i].previous);

		if (str_ends(was, "ing") && d->entries[i].kind == JSON_DIFF_UPDATE &&
		    memmem(d->entries[i].pointer.p, d->entries[i].pointer.n, "tat", 3))
			return true;
	}
	return false;
}

static bool only_relationships(const struct json_diff *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!str_starts(d->entries[i].pointer, "/relationships"))
			return false;
	return d->n > 0;
}

void correlate_step_of(const struct correlate_shown *shown, struct correlate_step *ret)
{
	const struct change *change = &shown->change;
	struct str created = jv_get_text(change->after, "resourceCreationTime");

	ret->captured_ms = shown->item.captured_ms;
	if (!created.n || timestamp_parse(created, &ret->created_ms))
		ret->created_ms = INT64_MIN;
	ret->type = (uint8_t)change->type;
	ret->untold = change_is_untold(change->after);
	ret->unrecorded = change_is_unrecorded(change->after);
	ret->same = change->diff.n == 0;
	ret->unknown = change->type == CHANGE_UPDATE && ret->same && !ret->unrecorded &&
		       (ret->untold || change_is_untold(change->before));
	ret->only_relationships = only_relationships(&change->diff);
	ret->was_under_way = was_under_way(&change->diff);
}

/* --- what the input gives, and what is made of it ------------------------------------------ */

static void fail(struct work *w, int error)
{
	if (!w->error)
		w->error = error;
}

const struct correlate_shown *work_shown(struct work *w, size_t step)
{
	static const struct correlate_shown none = { 0 };
	const struct correlate_shown *shown = NULL;
	int r = w->in->show(w->in->ctx, step, &shown);

	if (r)
		fail(w, r);
	return r ? &none : shown;
}

const struct event *work_event(struct work *w, size_t event)
{
	static const struct event none = { 0 };
	const struct event *e = NULL;
	int r = w->in->read(w->in->ctx, event, &e);

	if (r)
		fail(w, r);
	return r ? &none : e;
}

struct step *work_step(struct work *w, size_t step)
{
	struct step *s = &w->held[step % STEPS_HELD];

	if (s->number != step + 1)
		*s = (struct step){ .number = step + 1, .made_ms = -1 };
	return s;
}

const struct value_set *work_changed(struct work *w, size_t step)
{
	struct step *s = work_step(w, step);
	const struct change *change;
	int r;

	if (s->have_changed)
		return &s->changed;
	s->have_changed = true;
	change = &work_shown(w, step)->change;
	s->n_diff = change->diff.n;
	s->explained = arena_zalloc(w->block, 2 * s->n_diff + 1);
	r = s->explained ? values_of_change(w->block, change, &s->changed) : -ENOMEM;
	if (r)
		fail(w, r);
	return &s->changed;
}

const struct value_set *work_before(struct work *w, size_t step)
{
	struct step *s = work_step(w, step);
	int r;

	if (s->have_before)
		return &s->before;
	s->have_before = true;
	r = values_of_state(w->block, work_shown(w, step)->change.before, &s->before);
	if (r)
		fail(w, r);
	return &s->before;
}

const struct value_set *work_values(struct work *w, struct candidate *c)
{
	const struct event *e;
	int r;

	if (c->have_values)
		return &c->values;
	c->have_values = true;
	e = c->bond == NO_EVENT ? work_event_of(w, c) : work_event(w, c->bond);
	r = values_of_event(w->block, e, work_item_named(w, c, c->natural), &c->values);
	if (r)
		fail(w, r);
	return &c->values;
}

size_t work_first_of(const struct work *w, size_t natural)
{
	size_t low = 0, high = w->in->n_events;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->candidates[middle].natural < natural)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* --- preparation --------------------------------------------------------------------------- */

static size_t natural_step(const struct work *w, int64_t time_ms)
{
	size_t low = 0, high = w->in->n_steps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->in->steps[mid].captured_ms < time_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool work_is_compliance(const struct work *w)
{
	return str_is(w->in->first->type, "AWS::Config::ResourceCompliance");
}

/*
 * The identity an event would have met; deletions carry the inherited name. A compliance item is
 * named TYPE/ID of what was evaluated, and follows the calls on that (AWS Config developer guide,
 * "Viewing Compliance History").
 */
const struct item *work_item_at(struct work *w, size_t step)
{
	const struct item *item = &work_shown(w, MIN(step, w->in->n_steps - 1))->item;
	ptrdiff_t slash;

	if (!work_is_compliance(w))
		return item;
	slash = str_chr(item->id, '/');
	if (slash < 0)
		return item;
	w->subject = *item;
	w->subject.type = (struct str){ item->id.p, (size_t)slash };
	w->subject.id = str_from(item->id, (size_t)slash + 1);
	w->subject.name = w->subject.arn = STR_NULL;
	return &w->subject;
}

const struct item *work_item_named(struct work *w, const struct candidate *c, size_t step)
{
	return c->former && life_renamed(w, c->natural, &w->former)
		       ? &w->former
		       : work_item_at(w, step);
}

static const struct jv *state_before(struct work *w, size_t step)
{
	if (step == w->in->n_steps)
		return work_shown(w, step - 1)->change.after;
	return work_shown(w, step)->change.before;
}

static const struct jv *state_after(struct work *w, size_t step)
{
	return step < w->in->n_steps ? work_shown(w, step)->change.after : NULL;
}

static bool is_read(const struct event *e)
{
	return e->read_only && !e->failed;
}

/* Most events have the name of one of those just before them. */
static struct str keep_name(struct work *w, struct str name, size_t i)
{
	struct str kept;

	for (size_t k = i; k-- > 0 && i - k <= 8;)
		if (str_eq(w->candidates[k].name, name))
			return w->candidates[k].name;
	kept = arena_str(w->arena, name);
	if (!kept.p)
		fail(w, -ENOMEM);
	return kept;
}

/* What renames it, and what was called on it before that, has the name that it had. */
static void judge_by_former(struct work *w, struct candidate *c, const struct event *e)
{
	struct judgement j;
	struct item former;

	if (c->j.part > PART_BYSTANDER || w->renamed == c->natural + 1 ||
	    !life_renamed(w, c->natural, &former))
		return;
	judge(e, &former, state_before(w, c->natural), state_after(w, c->natural),
	      w->in->disabled_evidence, &j);
	c->former = j.part > c->j.part;
	if (!c->former)
		return;
	c->j = j;
	if (!e->failed && jv_holds(e->request, work_item_at(w, c->natural)->name))
		w->renamed = c->natural + 1;
}

static void prepare_candidate(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	const struct event *e = work_event(w, i);

	c->name = keep_name(w, e->name, i);
	c->time_ms = e->time_ms;
	c->failed = e->failed;
	c->read_only = e->read_only;
	c->bond = NO_EVENT;
	c->natural = c->step = natural_step(w, e->time_ms);
	if (is_read(e) || (event_issues_session(e) && !e->failed))
		return;
	judge(e, work_item_at(w, c->natural), state_before(w, c->natural),
	      state_after(w, c->natural), w->in->disabled_evidence, &c->j);
	judge_by_former(w, c, e);
	if (c->j.part <= PART_BYSTANDER)
		c->bond = bond_of(w, e);
	if (c->bond != NO_EVENT) {
		c->j.part = PART_BYSTANDER;
		c->j.evidence |= BIT(EVIDENCE_OWNED_ID);
		c->j.naming.evidence |= BIT(EVIDENCE_OWNED_ID);
	}
	c->live = c->j.part != PART_NONE;
}

/* --- which step an event belongs to -------------------------------------------------------- */

/* Rules of a security group can be looked up. */
static bool hides_rules(struct work *w, const struct candidate *c, size_t step)
{
	return type_at(w, step) == CHANGE_UPDATE && rules_are_named(c->name) &&
	       rules_effect(work_event_of(w, c), state_before(w, step),
			    state_after(w, step)) == RULES_HIDDEN;
}

static void share(struct work *w, struct candidate *c, size_t step, size_t *ret_n,
		  size_t *ret_strong)
{
	*ret_n = *ret_strong = 0;
	if (step >= w->in->n_steps)
		return;
	/* All of the last state shows in its end: only what was taken off is of interest. */
	if (type_at(w, step) == CHANGE_DELETE && words_put_on(c->name))
		return;
	if (hides_rules(w, c, step) || w->in->disabled_evidence & BIT(EVIDENCE_VALUE))
		return;
	*ret_n =
		values_shared(work_values(w, c), work_changed(w, step), ret_strong, NULL);
}

/* Makers belong to a CREATE, removers to a DELETE, where one is near. */
static bool suits(const struct work *w, const struct candidate *c, size_t step)
{
	if (step >= w->in->n_steps)
		return false;
	if (c->j.part == PART_MAKER)
		return type_at(w, step) == CHANGE_CREATE;
	if (c->j.part == PART_REMOVER)
		return type_at(w, step) == CHANGE_DELETE;
	return false;
}

static bool close_before(const struct work *w, const struct candidate *c)
{
	return c->natural > w->in->first_step &&
	       c->time_ms - w->in->steps[c->natural - 1].captured_ms <= SKEW_MS;
}

static bool close_after(const struct work *w, const struct candidate *c)
{
	return c->natural + 1 < w->in->n_steps &&
	       w->in->steps[c->natural].captured_ms - c->time_ms <= RACE_MS;
}

static void choose_step(struct work *w, struct candidate *c)
{
	size_t n, strong;

	share(w, c, c->natural, &c->shared, &c->strong);
	if (suits(w, c, c->natural))
		return;
	if (close_before(w, c)) {
		share(w, c, c->natural - 1, &n, &strong);
		if (suits(w, c, c->natural - 1) || (n > c->shared && !c->shared)) {
			c->step = c->natural - 1;
			c->shared = n;
			c->strong = strong;
			return;
		}
	}
	if (close_after(w, c) && type_at(w, c->natural + 1) != CHANGE_CREATE) {
		share(w, c, c->natural + 1, &n, &strong);
		if (suits(w, c, c->natural + 1) ||
		    (n > c->shared && !c->shared &&
		     (strong || c->j.part == PART_OBJECT))) {
			c->step = c->natural + 1;
			c->shared = n;
			c->strong = strong;
		}
	}
}

/* ------------------------------------------------------------------------------------------- */

/* What was made for the block before the last goes. */
static void next_block(struct work *w)
{
	w->block = &w->blocks[w->block == w->blocks];
	arena_reset(w->block);
}

static void choose_steps(struct work *w, size_t *at, size_t end)
{
	for (; *at < w->in->n_events && w->candidates[*at].natural <= end; ++*at) {
		struct candidate *c = &w->candidates[*at];

		if (c->live && !c->failed)
			choose_step(w, c);
	}
}

/*
 * Block by block. An event belongs to its natural step or one beside it: so those up to the first
 * behind a block have to choose before the block is decided; and what was left unexplained is looked
 * at in order of the events, two steps behind, when both steps that one may go to are decided.
 */
static int decide_all(struct work *w)
{
	size_t first = w->in->first_step, n = w->in->n_steps, chosen = 0, remote = 0;
	int r;

	do {
		size_t end = MIN(first + BLOCK, n);

		next_block(w);
		choose_steps(w, &chosen, end);
		r = w->error ? w->error : decide_block(w, first, end);
		if (!r)
			r = decide_remote(w, &remote, end < n ? end - 1 : SIZE_MAX);
		first = end;
	} while (!r && first < n);
	if (!r)
		decide_rest(w);
	return r;
}

static int correlate_all(struct work *w, enum reason *reasons)
{
	const struct correlate_input *in = w->in;
	int r;

	w->n_causes = arena_zalloc(w->arena, in->n_steps * sizeof(*w->n_causes));
	w->candidates =
		arena_zalloc(w->arena, (in->n_events + 1) * sizeof(*w->candidates));
	if (!w->n_causes || !w->candidates)
		return -ENOMEM;
	r = bonds_make(w);
	for (size_t i = 0; !r && i < in->n_events; i++) {
		prepare_candidate(w, i);
		r = w->error;
	}
	if (r)
		return r;
	life_bound(w);
	for (size_t i = 0; i < in->n_events; i++)
		w->verdicts[i] = (struct correlate_verdict){ .also_step = SIZE_MAX };
	r = decide_all(w);
	if (r)
		return r;
	settle_all(w, reasons);
	if (w->error)
		return w->error;
	return w->earlier ? CORRELATE_E_EARLIER : 0;
}

int correlate(struct arena *a, const struct correlate_input *in,
	      struct correlate_verdict *verdicts, enum reason *reasons)
{
	struct work w = { .arena = a, .in = in, .verdicts = verdicts };
	int r;

	if (in->n_steps == 0) {
		memset(verdicts, 0, in->n_events * sizeof(*verdicts));
		return 0;
	}
	r = correlate_all(&w, reasons);
	arena_deinit(&w.blocks[0]);
	arena_deinit(&w.blocks[1]);
	return r;
}
