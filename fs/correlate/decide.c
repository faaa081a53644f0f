/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From candidates to causes.
 *
 * Each part an event can play has its demands on the change, and the parts are heard in order of
 * weight: what a call whose values show has explained need not be looked for in a neighbour's.
 * Calls that changed nothing are told by asking whether all they set was so before.
 */
#include <errno.h>

#include "rules.h"
#include "words.h"
#include "work.h"

/* --- demands ------------------------------------------------------------------------------- */

static bool in_window(const struct work *w, const struct candidate *c)
{
	const struct correlate_step *s = &w->in->steps[c->step];
	int64_t lag = s->item.captured_ms - c->e->time_ms;

	if (c->j.part == PART_MAKER && s->change.type == CHANGE_CREATE)
		return true; /* however long the recorder took to be switched on */
	if (s->change.type == CHANGE_CREATE && w->steps[c->step].made_ms >= 0)
		return true; /* in this life of the resource: see before_life() */
	if (lag <= (s->daily ? DAILY_MS : LAG_MS))
		return true;
	return lag <= DAY_MS && (c->strong || c->j.part == PART_REMOVER);
}

/* An event of an earlier life of the same name. */
static bool before_life(const struct work *w, const struct candidate *c)
{
	int64_t made = w->steps[c->step].made_ms;

	return type_at(w, c->step) == CHANGE_CREATE && made >= 0 &&
	       c->e->time_ms < made && c->j.part != PART_MAKER;
}

/* Deleted and made anew by the same name between two captures: an UPDATE, as it looks. */
static bool was_removed_before(const struct work *w, const struct candidate *c)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		const struct candidate *other = &w->candidates[i];

		if (other->step == c->step && other < c && !other->e->failed &&
		    other->j.part == PART_REMOVER)
			return true;
	}
	return false;
}

static bool accepts(const struct work *w, const struct candidate *c)
{
	enum change_type type = type_at(w, c->step);
	bool named = c->j.naming.evidence || !c->j.changes;

	switch (c->j.part) {
	case PART_MAKER: /* what is put may be there already */
		return type == CHANGE_CREATE ||
		       (type == CHANGE_UPDATE && c->shared > 0 &&
			(str_starts(c->e->name, "Put") || was_removed_before(w, c)));
	case PART_REMOVER:
		return type != CHANGE_CREATE;
	case PART_OBJECT:
		return !c->noop && !undone(w, c);
	case PART_SUB:
		return c->shared > 0;
	case PART_SIDE:
		return type != CHANGE_UPDATE || c->strong > 0;
	case PART_BYSTANDER:
		if (c->bond && type != CHANGE_CREATE &&
		    bond_is_lost(&w->in->steps[c->step].change))
			return str_is(c->e->name, "DeleteNatGateway") ||
			       (c->strong && !c->noop);
		return type == CHANGE_UPDATE && c->strong > 0 && !c->noop &&
		       (named || c->ties);
	default:
		return false;
	}
}

/* --- verdicts ------------------------------------------------------------------------------ */

static enum confidence confidence_by_part(const struct candidate *c, uint32_t evidence)
{
	bool id = evidence & (BIT(EVIDENCE_REQUEST_ID) | BIT(EVIDENCE_RESPONSE_ID) |
			      BIT(EVIDENCE_OWNED_ID) | BIT(EVIDENCE_RESOURCES));
	bool shows = evidence & (BIT(EVIDENCE_VALUE) | BIT(EVIDENCE_VERB));

	switch (c->j.part) {
	case PART_MAKER:
	case PART_REMOVER:
	case PART_OBJECT:
	case PART_SUB:
		if ((id || (evidence & BIT(EVIDENCE_REQUEST_NAME))) && shows)
			return CONFIDENCE_CERTAIN;
		return evidence & BIT(EVIDENCE_NOUN) ? CONFIDENCE_LIKELY
						     : CONFIDENCE_POSSIBLE;
	case PART_SIDE:
		return id ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY;
	default:
		return id ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	}
}

/* What happened in days that nobody looked at has to show by more than a common value. */
static enum confidence confidence_of(const struct work *w, const struct candidate *c,
				     uint32_t evidence)
{
	enum confidence by_part = confidence_by_part(c, evidence);
	int64_t lag = w->in->steps[c->step].item.captured_ms - c->e->time_ms;
	bool sure = c->strong || c->j.part == PART_MAKER || c->j.part == PART_REMOVER;

	return lag > DAY_MS && !sure ? MIN(by_part, CONFIDENCE_LIKELY) : by_part;
}

static bool entry_explained(const struct step *s, size_t entry)
{
	return s->explained[2 * entry] || s->explained[2 * entry + 1];
}

static bool touches_relationships(const struct step *s)
{
	for (size_t i = 0; i < s->in->change.diff.n; i++)
		if (entry_explained(s, i) &&
		    str_starts(s->in->change.diff.entries[i].pointer, "/relationships"))
			return true;
	return false;
}

static void make_cause(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	struct step *s = &w->steps[c->step];
	uint32_t evidence = c->j.evidence;
	size_t strong;

	if (c->shared) {
		evidence |= BIT(EVIDENCE_VALUE);
		values_shared(&c->values, &s->changed, &strong,
			      s->in->change.type == CHANGE_CREATE ? NULL : s->explained);
	}
	if (c->j.part == PART_BYSTANDER && touches_relationships(s))
		evidence |= BIT(EVIDENCE_RELATION);
	s->n_causes++;
	s->n_bystanders += c->j.part == PART_BYSTANDER && c->j.changes;
	c->live = false;
	w->verdicts[i] =
		(struct correlate_verdict){ CORRELATE_CAUSE, c->step, SIZE_MAX, evidence,
					    confidence_of(w, c, evidence) };
}

/* On the resource, but in no change: shown at its own time. */
static void make_other(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	bool on_it = !work_is_compliance(w) && c->j.on_it;

	w->verdicts[i] = (struct correlate_verdict){ .role = CORRELATE_NONE,
						     .also_step = SIZE_MAX };
	if (on_it)
		w->verdicts[i].role =
			c->e->failed ? CORRELATE_ATTEMPT : CORRELATE_ACTIVITY;
	w->verdicts[i].evidence = c->j.evidence;
	c->live = false;
}

/* Who made the resource sets where its life begins. */
static void note_makers(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];

		if (!c->live || c->e->failed || c->step >= w->in->n_steps)
			continue;
		if (c->j.part == PART_MAKER && type_at(w, c->step) == CHANGE_CREATE)
			w->steps[c->step].made_ms =
				MAX(w->steps[c->step].made_ms, c->e->time_ms);
	}
}

/* Can it be a cause of the step it was put to at all? */
static bool eligible(const struct work *w, const struct candidate *c)
{
	return c->live && !c->e->failed && !c->j.inert && c->step < w->in->n_steps &&
	       !before_life(w, c) && in_window(w, c);
}

/* Would it explain something of the change that nothing else does? */
static int explains_more(struct work *w, const struct candidate *c, bool *ret)
{
	const struct step *s = &w->steps[c->step];
	size_t strong, n = s->in->change.diff.n;
	bool *marks = arena_zalloc(w->arena, 2 * n + 1);

	*ret = false;
	if (s->presumed || (!c->j.changes && s->n_bystanders))
		return 0;
	if (!marks)
		return -ENOMEM;
	values_shared(&c->values, &s->changed, &strong, marks);
	for (size_t i = 0; i < 2 * n; i++)
		*ret |= marks[i] && !s->explained[i];
	return 0;
}

/*
 * In order of weight: those whose object the resource is and whose values show; bystanders that
 * at least name it; then, where something is left to explain, those that only made or removed a
 * neighbour.
 */
enum pass { PASS_OBJECTS, PASS_NAMED, PASS_CALLS_ON_NEIGHBOURS, PASS_NEIGHBOURS, PASSES };

static bool belongs_to(const struct candidate *c, enum pass pass)
{
	bool named = c->j.naming.evidence;

	if (c->j.part != PART_BYSTANDER)
		return pass == PASS_OBJECTS &&
		       (c->shared || c->j.part >= PART_MAKER || c->j.part == PART_SIDE);
	if (named)
		return pass == PASS_NAMED;
	return pass == (c->j.changes ? PASS_CALLS_ON_NEIGHBOURS : PASS_NEIGHBOURS);
}

static bool of_earlier_life(const struct work *w, const struct candidate *c)
{
	return c->j.part == PART_MAKER && type_at(w, c->step) == CHANGE_CREATE &&
	       c->e->time_ms < w->steps[c->step].made_ms;
}

static int decide(struct work *w, enum pass pass)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];
		bool more = true;
		int r;

		if (!eligible(w, c) || !belongs_to(c, pass) || of_earlier_life(w, c))
			continue;
		r = undone_prepare(w, c);
		if (r < 0)
			return r;
		if (!accepts(w, c))
			continue;
		if (pass >= PASS_CALLS_ON_NEIGHBOURS)
			r = explains_more(w, c, &more);
		if (r < 0)
			return r;
		if (more)
			make_cause(w, i);
	}
	return 0;
}

/* Relationships are another resource's affair. */
static bool all_explained(const struct step *s)
{
	for (size_t i = 0; i < s->in->change.diff.n; i++)
		if (!entry_explained(s, i) &&
		    !str_starts(s->in->change.diff.entries[i].pointer, "/relationships"))
			return false;
	return true;
}

/* Calls on the resource whose values do not show: only where something is left to explain. */
static int decide_silent(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];
		int r;

		if (!eligible(w, c) || c->j.part != PART_OBJECT ||
		    (type_at(w, c->step) == CHANGE_DELETE && !words_take_off(c->e->name)))
			continue;
		r = undone_prepare(w, c);
		if (r < 0)
			return r;
		if (c->noop || undone(w, c))
			continue;
		if (type_at(w, c->step) == CHANGE_UPDATE && c->j.tags &&
		    !words_take_off(c->e->name))
			continue; /* tags are in every item: they would show */
		if (type_at(w, c->step) == CHANGE_UPDATE &&
		    all_explained(&w->steps[c->step]) && !undone_by_next(w, c))
			continue;
		if (type_at(w, c->step) == CHANGE_CREATE &&
		    w->steps[c->step].made_ms < 0 && w->steps[c->step].n_causes)
			continue;
		make_cause(w, i);
		w->steps[c->step].presumed = true;
	}
	return 0;
}

/* --- late and early ------------------------------------------------------------------------ */

/* All that it asked for came with the change (or went). */
static int matches_exactly(struct work *w, const struct candidate *c, size_t step,
			   bool *ret)
{
	const struct step *s = &w->steps[step];
	struct value_set asked;
	struct value_sides at;
	size_t strong;
	int r;

	*ret = false;
	if (c->j.part == PART_MAKER || c->j.part == PART_REMOVER) {
		*ret = type_at(w, step) ==
		       (c->j.part == PART_MAKER ? CHANGE_CREATE : CHANGE_DELETE);
		return 0;
	}
	if (type_at(w, step) != CHANGE_UPDATE || c->j.part < PART_SUB ||
	    (w->in->disabled_evidence & BIT(EVIDENCE_VALUE)))
		return 0;
	r = values_of_request(w->arena, c->e, work_item_at(w, step), &asked);
	if (r < 0)
		return r;
	if (rules_effect(c->e, s->in->change.before, s->in->change.after) ==
	    RULES_SHOWN) {
		*ret = true;
		return 0;
	}
	at = values_sides(&asked, &s->changed);
	*ret = asked.n && values_shared(&asked, &s->changed, &strong, NULL) == asked.n &&
	       (words_take_off(c->e->name) ? at.gone > 0 : at.come > 0);
	return 0;
}

/* Was it called long before, since the state before, and does it show what nothing else does? */
static int is_remote_cause(struct work *w, struct candidate *c, bool *ret)
{
	const struct step *s = &w->steps[c->step];
	int r;

	*ret = false;
	if (c->step == w->in->n_steps || !c->shared || before_life(w, c) ||
	    in_window(w, c))
		return 0;
	r = undone_prepare(w, c);
	if (r < 0 || !accepts(w, c))
		return r;
	if (!s->n_causes || s->remote) {
		*ret = true;
		return 0;
	}
	r = matches_exactly(w, c, c->step, ret);
	return r < 0 || !*ret ? r : explains_more(w, c, ret);
}

/* By a clock that is ahead of the recorder's by more than they mostly are? */
static int is_ahead(struct work *w, const struct candidate *c, bool *ret)
{
	*ret = false;
	if (c->natural <= w->in->first_step || w->steps[c->natural - 1].n_causes ||
	    c->e->time_ms - w->in->steps[c->natural - 1].item.captured_ms > WIDE_SKEW_MS)
		return 0;
	return matches_exactly(w, c, c->natural - 1, ret);
}

/* What the calls in their window leave unexplained of the changes. */
static int decide_remote(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];
		bool is = false;
		int r;

		if (!c->live || c->e->failed || c->j.inert || c->j.part < PART_SUB)
			continue;
		r = is_remote_cause(w, c, &is);
		if (r < 0)
			return r;
		if (is) {
			w->steps[c->step].remote |= !w->steps[c->step].n_causes;
			make_cause(w, i);
			continue;
		}
		r = is_ahead(w, c, &is);
		if (r < 0)
			return r;
		if (!is)
			continue;
		c->step = c->natural - 1;
		c->shared = values_shared(&c->values, &w->steps[c->step].changed,
					  &c->strong, NULL);
		make_cause(w, i);
	}
	return 0;
}

int decide_all(struct work *w)
{
	int r = 0;

	note_makers(w);
	for (enum pass pass = PASS_OBJECTS; r == 0 && pass < PASS_CALLS_ON_NEIGHBOURS;
	     pass++)
		r = decide(w, pass);
	if (r == 0)
		r = decide_silent(w);
	for (enum pass pass = PASS_CALLS_ON_NEIGHBOURS; r == 0 && pass < PASSES; pass++)
		r = decide(w, pass);
	if (r == 0)
		r = decide_remote(w);
	for (size_t i = 0; r == 0 && i < w->in->n_events; i++)
		if (w->candidates[i].live)
			make_other(w, i);
	return r;
}
