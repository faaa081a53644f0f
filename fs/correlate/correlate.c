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

#include "rules.h"
#include "work.h"

/* --- preparation --------------------------------------------------------------------------- */

static size_t natural_step(const struct work *w, int64_t time_ms)
{
	size_t low = 0, high = w->in->n_steps;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (w->in->steps[mid].item.captured_ms < time_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The identity an event would have met; deletions carry the inherited name. */
const struct item *work_item_at(const struct work *w, size_t step)
{
	return &w->subjects[MIN(step, w->in->n_steps - 1)];
}

bool work_is_compliance(const struct work *w)
{
	return str_is(w->in->steps[0].item.type, "AWS::Config::ResourceCompliance");
}

/*
 * A compliance item is named TYPE/ID of what was evaluated, and follows the calls on that
 * (AWS Config developer guide, "Viewing Compliance History").
 */
static int make_subjects(struct work *w)
{
	w->subjects = arena_alloc(w->arena, w->in->n_steps * sizeof(*w->subjects));
	if (!w->subjects)
		return -ENOMEM;
	for (size_t k = 0; k < w->in->n_steps; k++) {
		struct item *subject = &w->subjects[k];
		ptrdiff_t slash;

		*subject = w->in->steps[k].item;
		slash = str_chr(subject->id, '/');
		if (!work_is_compliance(w) || slash < 0)
			continue;
		subject->type = (struct str){ subject->id.p, (size_t)slash };
		subject->id = str_from(subject->id, (size_t)slash + 1);
		subject->name = subject->arn = STR_NULL;
	}
	return 0;
}

static const struct jv *state_before(const struct work *w, size_t step)
{
	if (step == w->in->n_steps)
		return w->in->steps[step - 1].change.after;
	return w->in->steps[step].change.before;
}

static const struct jv *state_after(const struct work *w, size_t step)
{
	return step < w->in->n_steps ? w->in->steps[step].change.after : NULL;
}

static bool is_read(const struct event *e)
{
	return e->read_only && !e->failed;
}

static int prepare_candidate(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];

	c->e = &w->in->events[i];
	c->natural = c->step = natural_step(w, c->e->time_ms);
	if (is_read(c->e) || (event_issues_session(c->e) && !c->e->failed))
		return 0;
	judge(c->e, work_item_at(w, c->natural), state_before(w, c->natural),
	      state_after(w, c->natural), w->in->disabled_evidence, &c->j);
	if (c->j.part <= PART_BYSTANDER)
		c->bond = bond_of(w, c->e);
	if (c->bond) {
		c->j.part = PART_BYSTANDER;
		c->j.evidence |= BIT(EVIDENCE_OWNED_ID);
		c->j.naming.evidence |= BIT(EVIDENCE_OWNED_ID);
	}
	c->live = c->j.part != PART_NONE;
	if (!c->live || c->e->failed)
		return 0;
	if (c->bond)
		return values_of_event(w->arena, c->bond, work_item_at(w, c->natural),
				       &c->values);
	return values_of_event(w->arena, c->e, work_item_at(w, c->natural), &c->values);
}

static int prepare_steps(struct work *w)
{
	for (size_t k = 0; k < w->in->n_steps; k++) {
		struct step *s = &w->steps[k];
		int r;

		s->in = &w->in->steps[k];
		s->made_ms = -1;
		if (k < w->in->first_step)
			continue;
		s->explained = arena_zalloc(w->arena, 2 * s->in->change.diff.n + 1);
		if (!s->explained)
			return -ENOMEM;
		r = values_of_change(w->arena, &s->in->change, &s->changed);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- which step an event belongs to -------------------------------------------------------- */

/* Rules of a security group can be looked up. */
static bool hides_rules(const struct work *w, const struct candidate *c, size_t step)
{
	return type_at(w, step) == CHANGE_UPDATE &&
	       rules_effect(c->e, state_before(w, step), state_after(w, step)) ==
		       RULES_HIDDEN;
}

static void share(const struct work *w, const struct candidate *c, size_t step,
		  size_t *ret_n, size_t *ret_strong)
{
	*ret_n = *ret_strong = 0;
	/* All of the last state shows in its end: only what was taken off is of interest. */
	if (step < w->in->n_steps && type_at(w, step) == CHANGE_DELETE &&
	    words_put_on(c->e->name))
		return;
	if (step < w->in->n_steps && hides_rules(w, c, step))
		return;
	if (step < w->in->n_steps && !(w->in->disabled_evidence & BIT(EVIDENCE_VALUE)))
		*ret_n = values_shared(&c->values, &w->steps[step].changed, ret_strong,
				       NULL);
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
	       c->e->time_ms - w->in->steps[c->natural - 1].item.captured_ms <= SKEW_MS;
}

static bool close_after(const struct work *w, const struct candidate *c)
{
	return c->natural + 1 < w->in->n_steps &&
	       w->in->steps[c->natural].item.captured_ms - c->e->time_ms <= RACE_MS;
}

static void choose_step(const struct work *w, struct candidate *c)
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

int correlate(struct arena *a, const struct correlate_input *in,
	      struct correlate_verdict *verdicts, enum reason *reasons)
{
	struct work w = { .arena = a, .in = in, .verdicts = verdicts };
	int r;

	if (in->n_steps == 0) {
		memset(verdicts, 0, in->n_events * sizeof(*verdicts));
		return 0;
	}
	w.steps = arena_zalloc(a, in->n_steps * sizeof(*w.steps));
	w.candidates = arena_zalloc(a, (in->n_events + 1) * sizeof(*w.candidates));
	if (!w.steps || !w.candidates)
		return -ENOMEM;
	r = make_subjects(&w);
	if (r == 0)
		r = prepare_steps(&w);
	if (r == 0)
		r = bonds_make(&w);
	for (size_t i = 0; r == 0 && i < in->n_events; i++)
		r = prepare_candidate(&w, i);
	if (r < 0)
		return r;
	life_bound(&w);
	for (size_t i = 0; i < in->n_events; i++)
		if (w.candidates[i].live && !in->events[i].failed)
			choose_step(&w, &w.candidates[i]);
	for (size_t i = 0; i < in->n_events; i++)
		verdicts[i] = (struct correlate_verdict){ .also_step = SIZE_MAX };
	r = decide_all(&w);
	if (r < 0)
		return r;
	settle_all(&w, reasons);
	return w.earlier ? CORRELATE_E_EARLIER : 0;
}
