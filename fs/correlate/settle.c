/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left when the causes are found: changes that take two items to show, evaluations that
 * follow one call only, and the reason of each change that has no cause.
 */
#include "work.h"

/* The candidates that may have been put to that step: by time it is theirs, or one beside it. */
static size_t first_near(const struct work *w, size_t step)
{
	return work_first_of(w, step ? step - 1 : 0);
}

static size_t end_near(const struct work *w, size_t step)
{
	return work_first_of(w, step + 2);
}

/* What took its time shows a second time when it is over. */
static void decide_endings(struct work *w)
{
	size_t first = w->in->first_step;

	for (size_t k = MAX(first, (size_t)1); k < w->in->n_steps; k++) {
		size_t from;

		if (type_at(w, k) != CHANGE_UPDATE || w->n_causes[k] ||
		    !w->in->steps[k].was_under_way)
			continue;
		w->earlier |= k == first;
		from = first_near(w, k - 1);
		for (size_t i = end_near(w, k - 1); i-- > from;) {
			struct correlate_verdict *v = &w->verdicts[i];

			if (v->role != CORRELATE_CAUSE || v->step != k - 1 ||
			    v->also_step != SIZE_MAX ||
			    !(v->evidence & BIT(EVIDENCE_VALUE)))
				continue;
			v->also_step = k;
			w->n_causes[k]++;
			break;
		}
	}
}

static bool outweighs(const struct work *w, size_t a, size_t b)
{
	bool maker_a = w->candidates[a].j.part == PART_MAKER;
	bool maker_b = w->candidates[b].j.part == PART_MAKER;

	return maker_a != maker_b ? maker_a : a > b;
}

/* An evaluation follows one call: what made its subject, else the last of the calls before it. */
static void keep_one_cause(struct work *w)
{
	if (!work_is_compliance(w))
		return;
	for (size_t i = 0; i < w->in->n_events; i++) {
		size_t end;

		if (w->verdicts[i].role != CORRELATE_CAUSE)
			continue;
		end = end_near(w, w->verdicts[i].step);
		for (size_t j = first_near(w, w->verdicts[i].step); j < end; j++)
			if (w->verdicts[j].role == CORRELATE_CAUSE && i != j &&
			    w->verdicts[i].step == w->verdicts[j].step &&
			    outweighs(w, i, j))
				w->verdicts[j].role = CORRELATE_NONE;
	}
}

/* A deletion in two steps: its call is the cause of both. */
static void decide_second_steps(struct work *w)
{
	size_t first = w->in->first_step;

	for (size_t k = MAX(first, (size_t)1); k < w->in->n_steps; k++) {
		int64_t reach = w->in->steps[k].captured_ms - DAY_MS;

		if (type_at(w, k) != CHANGE_DELETE || w->n_causes[k])
			continue;
		w->earlier |= first && w->in->steps[first - 1].captured_ms >= reach;
		for (size_t i = end_near(w, k); i-- > 0;) {
			struct correlate_verdict *v = &w->verdicts[i];
			struct candidate *c = &w->candidates[i];

			if (c->time_ms < reach)
				break;
			if (v->role != CORRELATE_CAUSE || c->j.part != PART_REMOVER ||
			    v->step >= k)
				continue;
			v->also_step = k;
			w->n_causes[k]++;
			break;
		}
	}
}

/* --- reasons ------------------------------------------------------------------------------- */

const struct correlate_gap *correlate_gap_of(const struct correlate_input *in,
					     size_t step)
{
	const struct correlate_step *s = &in->steps[step];
	int64_t to = s->captured_ms;
	int64_t from = MAX(s->previous_ms, to - (s->daily ? DAILY_MS : LAG_MS));
	const struct correlate_gap *first = NULL;

	for (size_t i = 0; i < in->n_gaps; i++) {
		const struct correlate_gap *g = &in->gaps[i];

		if (g->from_ms < to && g->to_ms > from &&
		    (!first || g->from_ms < first->from_ms))
			first = g;
	}
	return first;
}

static enum reason reason_of(const struct work *w, size_t k)
{
	const struct correlate_input *in = w->in;
	const struct correlate_step *s = &in->steps[k];
	int64_t captured = s->captured_ms;

	if (w->n_causes[k])
		return REASON_NONE;
	if (s->type == CHANGE_UPDATE && s->unrecorded)
		return REASON_NOT_RECORDED;
	if (!in->trail_known || captured < in->trail_first_ms ||
	    s->previous_ms > in->trail_last_ms || captured - LAG_MS > in->trail_last_ms ||
	    correlate_gap_of(in, k))
		return REASON_NO_TRAIL;
	if (s->type == CHANGE_CREATE && s->previous_ms < 0)
		return REASON_FIRST_RECORDED;
	if (s->unknown)
		return REASON_UNTOLD;
	if (s->type == CHANGE_UPDATE && s->same)
		return REASON_NOTHING;
	if (s->type == CHANGE_UPDATE && s->only_relationships)
		return REASON_RELATIONSHIPS;
	return REASON_NO_EVENT;
}

void settle_all(struct work *w, enum reason *reasons)
{
	keep_one_cause(w);
	decide_second_steps(w);
	decide_endings(w);
	for (size_t k = w->in->first_step; k < w->in->n_steps; k++)
		reasons[k] = reason_of(w, k);
}
