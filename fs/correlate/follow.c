/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evaluations.
 *
 * A rule is evaluated when AWS Config has recorded the resource it is about (developer guide,
 * "Evaluation Mode and Trigger Types"), so a compliance item follows the state of its subject
 * that was recorded just before it. Of the calls that led to that state one made AWS Config
 * look, the first on the resource itself: that is the evaluation's cause, too.
 */
#include "correlate/correlate.h"
#include "work.h"

/* The subject's state that an item captured then can be about, n when there is none. */
static size_t state_evaluated(const struct correlate_step *subject, size_t n, int64_t ms)
{
	size_t found = n;

	for (size_t j = 0; j < n && subject[j].captured_ms <= ms; j++)
		found = j;
	if (found < n && ms - subject[found].captured_ms > LAG_MS)
		return n; /* a rule that runs by the clock */
	return found;
}

static bool is_cause_of(const struct correlate_verdict *v, size_t step)
{
	return v->role == CORRELATE_CAUSE && (v->step == step || v->also_step == step);
}

/* What made the resource, else the first call on it, else the first that shows; n for none. */
static size_t first_cause(const struct correlate_verdict *v, size_t n, size_t step)
{
	size_t first = n, on_it = n;

	for (size_t i = n; i-- > 0;) {
		if (!is_cause_of(&v[i], step))
			continue;
		first = i;
		if (!(v[i].evidence & BIT(EVIDENCE_RELATION)))
			on_it = i;
	}
	for (size_t i = 0; i < n; i++)
		if (is_cause_of(&v[i], step) && v[i].evidence & BIT(EVIDENCE_VERB))
			return i;
	return on_it < n ? on_it : first;
}

void correlate_follow(const struct correlate_step *steps, size_t n_steps,
		      const struct correlate_input *subject,
		      const struct correlate_verdict *theirs,
		      const enum reason *their_reasons,
		      struct correlate_verdict *verdicts, enum reason *reasons)
{
	for (size_t i = 0; i < subject->n_events; i++)
		verdicts[i] = (struct correlate_verdict){ .also_step = SIZE_MAX };
	for (size_t k = 0; k < n_steps; k++) {
		size_t j = state_evaluated(subject->steps, subject->n_steps,
					   steps[k].captured_ms);
		size_t i = first_cause(theirs, subject->n_events, j);

		reasons[k] = j < subject->n_steps ? their_reasons[j] : REASON_NO_EVENT;
		if (j == subject->n_steps || i == subject->n_events)
			continue;
		if (verdicts[i].role == CORRELATE_CAUSE) {
			verdicts[i].also_step = k;
			continue;
		}
		verdicts[i] = theirs[i];
		verdicts[i].step = k;
		verdicts[i].also_step = SIZE_MAX;
		verdicts[i].evidence |= BIT(EVIDENCE_RELATION);
		verdicts[i].confidence = MIN(theirs[i].confidence, CONFIDENCE_LIKELY);
	}
}
