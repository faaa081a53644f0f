/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left when the causes are found: changes that take two items to show, evaluations that
 * follow one call only, and the reason of each change that has no cause.
 */
#include "work.h"

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

/* What took its time shows a second time when it is over. */
static void decide_endings(struct work *w)
{
	size_t first = w->in->first_step;

	for (size_t k = MAX(first, (size_t)1); k < w->in->n_steps; k++) {
		if (type_at(w, k) != CHANGE_UPDATE || w->steps[k].n_causes ||
		    !was_under_way(&w->in->steps[k].change.diff))
			continue;
		w->earlier |= k == first;
		for (size_t i = w->in->n_events; i-- > 0;) {
			struct correlate_verdict *v = &w->verdicts[i];

			if (v->role != CORRELATE_CAUSE || v->step != k - 1 ||
			    v->also_step != SIZE_MAX ||
			    !(v->evidence & BIT(EVIDENCE_VALUE)))
				continue;
			v->also_step = k;
			w->steps[k].n_causes++;
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
	for (size_t i = 0; i < w->in->n_events; i++)
		for (size_t j = 0; j < w->in->n_events; j++)
			if (w->verdicts[i].role == CORRELATE_CAUSE &&
			    w->verdicts[j].role == CORRELATE_CAUSE && i != j &&
			    w->verdicts[i].step == w->verdicts[j].step &&
			    outweighs(w, i, j))
				w->verdicts[j].role = CORRELATE_NONE;
}

/* A deletion in two steps: its call is the cause of both. */
static void decide_second_steps(struct work *w)
{
	size_t first = w->in->first_step;

	for (size_t k = MAX(first, (size_t)1); k < w->in->n_steps; k++) {
		int64_t reach = w->in->steps[k].item.captured_ms - DAY_MS;

		if (type_at(w, k) != CHANGE_DELETE || w->steps[k].n_causes)
			continue;
		w->earlier |= first && w->in->steps[first - 1].item.captured_ms >= reach;
		for (size_t i = w->in->n_events; i-- > 0;) {
			struct correlate_verdict *v = &w->verdicts[i];
			struct candidate *c = &w->candidates[i];

			if (v->role != CORRELATE_CAUSE || c->j.part != PART_REMOVER ||
			    v->step >= k ||
			    w->in->steps[k].item.captured_ms - c->e->time_ms > DAY_MS)
				continue;
			v->also_step = k;
			w->steps[k].n_causes++;
			break;
		}
	}
}

/* --- reasons ------------------------------------------------------------------------------- */

static bool only_relationships(const struct json_diff *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!str_starts(d->entries[i].pointer, "/relationships"))
			return false;
	return d->n > 0;
}

const struct correlate_gap *correlate_gap_of(const struct correlate_input *in,
					     size_t step)
{
	const struct correlate_step *s = &in->steps[step];
	int64_t to = s->item.captured_ms;
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
	int64_t captured = s->item.captured_ms;

	if (w->steps[k].n_causes)
		return REASON_NONE;
	if (s->change.type == CHANGE_UPDATE && change_is_untold(s->change.after))
		return REASON_NOT_RECORDED;
	if (!in->trail_known || captured < in->trail_first_ms ||
	    s->previous_ms > in->trail_last_ms || captured - LAG_MS > in->trail_last_ms ||
	    correlate_gap_of(in, k))
		return REASON_NO_TRAIL;
	if (s->change.type == CHANGE_CREATE && s->previous_ms < 0)
		return REASON_FIRST_RECORDED;
	if (s->change.type == CHANGE_UPDATE && s->change.diff.n == 0)
		return REASON_NOTHING;
	if (s->change.type == CHANGE_UPDATE && only_relationships(&s->change.diff))
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
