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

static bool in_window(struct work *w, const struct candidate *c)
{
	const struct correlate_step *s = &w->in->steps[c->step];
	int64_t lag = s->captured_ms - c->time_ms;

	if (c->j.part == PART_MAKER && s->type == CHANGE_CREATE)
		return true; /* however long the recorder took to be switched on */
	if (s->type == CHANGE_CREATE && work_step(w, c->step)->made_ms >= 0)
		return true; /* in this life of the resource: see before_life() */
	if (lag <= (s->daily ? DAILY_MS : LAG_MS))
		return true;
	return lag <= DAY_MS && (c->strong || c->j.part == PART_REMOVER);
}

/* An event of an earlier life of the same name. */
static bool before_life(struct work *w, const struct candidate *c)
{
	int64_t made = work_step(w, c->step)->made_ms;

	return type_at(w, c->step) == CHANGE_CREATE && made >= 0 && c->time_ms < made &&
	       c->j.part != PART_MAKER;
}

/* Deleted and made anew by the same name between two captures: an UPDATE, as it looks. */
static bool was_removed_before(const struct work *w, const struct candidate *c)
{
	size_t first = work_first_of(w, c->step ? c->step - 1 : 0);

	for (const struct candidate *other = &w->candidates[first]; other < c; other++)
		if (other->step == c->step && !other->failed &&
		    other->j.part == PART_REMOVER)
			return true;
	return false;
}

static bool accepts(struct work *w, struct candidate *c)
{
	enum change_type type = type_at(w, c->step);
	bool named = c->j.naming.evidence || !c->j.changes;

	switch (c->j.part) {
	case PART_MAKER: /* what is put may be there already */
		return type == CHANGE_CREATE ||
		       (type == CHANGE_UPDATE && c->shared > 0 &&
			(str_starts(c->name, "Put") || was_removed_before(w, c)));
	case PART_REMOVER:
		return type != CHANGE_CREATE;
	case PART_OBJECT:
		return !c->noop && !undone(w, c);
	case PART_SUB:
		return c->shared > 0;
	case PART_SIDE:
		return type != CHANGE_UPDATE || c->strong > 0;
	case PART_BYSTANDER:
		if (c->bond != NO_EVENT && type != CHANGE_CREATE &&
		    bond_is_lost(&work_shown(w, c->step)->change))
			return str_is(c->name, "DeleteNatGateway") ||
			       (c->strong && !c->noop);
		return type == CHANGE_UPDATE && !c->noop &&
		       (c->strong > 0 ? named || c->ties
				      : c->leaves && c->j.naming.request_typed);
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
	default: /* by a name alone: under a member of its own kind, where a value of some weight shows */
		id |= (evidence & BIT(EVIDENCE_VALUE)) && c->strong &&
		      c->j.naming.request_typed;
		return id ? CONFIDENCE_LIKELY : CONFIDENCE_POSSIBLE;
	}
}

/* What happened in days that nobody looked at has to show by more than a common value. */
static enum confidence confidence_of(const struct work *w, const struct candidate *c,
				     uint32_t evidence)
{
	enum confidence by_part = confidence_by_part(c, evidence);
	int64_t lag = w->in->steps[c->step].captured_ms - c->time_ms;
	bool sure = c->strong || c->j.part == PART_MAKER || c->j.part == PART_REMOVER;

	return lag > DAY_MS && !sure ? MIN(by_part, CONFIDENCE_LIKELY) : by_part;
}

static bool touches_relationships(struct work *w, size_t step)
{
	const struct step *s = work_step(w, step);
	const struct json_diff *d;

	if (!s->have_changed)
		return false; /* nothing of it is explained */
	d = &work_shown(w, step)->change.diff;
	for (size_t i = 0; i < d->n; i++)
		if (step_explains(s, i) &&
		    str_starts(d->entries[i].pointer, "/relationships"))
			return true;
	return false;
}

/* What it left out is explained by it. */
static void explain_left(struct work *w, const struct candidate *c)
{
	struct value_set asked;
	int r = values_of_request(w->block, work_event_of(w, c),
				  work_item_named(w, c, c->step), &asked);

	if (r == 0)
		(void)left_by(w, c, &asked, true);
	else if (!w->error)
		w->error = r;
}

void decide_cause(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	struct step *s = work_step(w, c->step);
	uint32_t evidence = c->j.evidence;
	size_t strong;

	if (c->shared) {
		bool created = type_at(w, c->step) == CHANGE_CREATE;

		evidence |= BIT(EVIDENCE_VALUE);
		values_shared(work_values(w, c), work_changed(w, c->step), &strong,
			      created ? NULL : s->explained);
	}
	if (c->leaves) {
		evidence |= BIT(EVIDENCE_VALUE);
		explain_left(w, c);
	}
	if (c->j.part == PART_OBJECT && !(evidence & BIT(EVIDENCE_NOUN)) &&
	    silent_speaks(w, c))
		evidence |= BIT(EVIDENCE_NOUN);
	if (c->j.part == PART_BYSTANDER && touches_relationships(w, c->step))
		evidence |= BIT(EVIDENCE_RELATION);
	w->n_causes[c->step]++;
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
		w->verdicts[i].role = c->failed ? CORRELATE_ATTEMPT : CORRELATE_ACTIVITY;
	w->verdicts[i].evidence = c->j.evidence;
	c->live = false;
}

static bool is_in(const struct block *b, const struct candidate *c)
{
	return c->live && !c->failed && c->step >= b->first && c->step < b->end;
}

/* Who made the resource sets where its life begins. */
static void note_makers(struct work *w, const struct block *b)
{
	for (size_t i = b->from; i < b->to; i++) {
		struct candidate *c = &w->candidates[i];
		struct step *s;

		if (!is_in(b, c) || c->j.part != PART_MAKER ||
		    type_at(w, c->step) != CHANGE_CREATE)
			continue;
		s = work_step(w, c->step);
		s->made_ms = MAX(s->made_ms, c->time_ms);
	}
}

bool decide_is_eligible(struct work *w, const struct block *b, const struct candidate *c)
{
	return is_in(b, c) && !c->j.inert && !before_life(w, c) && in_window(w, c);
}

/* Would it explain something of the change that nothing else does? */
static int explains_more(struct work *w, struct candidate *c, bool *ret)
{
	const struct step *s = work_step(w, c->step);
	const struct value_set *changed;
	bool *marks;
	size_t strong;

	*ret = false;
	if (s->presumed || (!c->j.changes && s->n_bystanders))
		return 0;
	changed = work_changed(w, c->step);
	marks = arena_zalloc(w->block, 2 * s->n_diff + 1);
	if (!marks || w->error)
		return marks ? w->error : -ENOMEM;
	values_shared(work_values(w, c), changed, &strong, marks);
	for (size_t i = 0; i < 2 * s->n_diff; i++)
		*ret |= marks[i] && !s->explained[i];
	return w->error;
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

static bool of_earlier_life(struct work *w, const struct candidate *c)
{
	return c->j.part == PART_MAKER && type_at(w, c->step) == CHANGE_CREATE &&
	       c->time_ms < work_step(w, c->step)->made_ms;
}

static int decide(struct work *w, const struct block *b, enum pass pass)
{
	for (size_t i = b->from; i < b->to; i++) {
		struct candidate *c = &w->candidates[i];
		bool more = true;
		int r;

		if (!decide_is_eligible(w, b, c) || !belongs_to(c, pass) ||
		    of_earlier_life(w, c))
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
			decide_cause(w, i);
	}
	return w->error;
}

int decide_block(struct work *w, size_t first, size_t end)
{
	const struct block b = { first, end, work_first_of(w, first ? first - 1 : 0),
				 work_first_of(w, end + 1) };
	int r = 0;

	note_makers(w, &b);
	for (enum pass pass = PASS_OBJECTS; r == 0 && pass < PASS_CALLS_ON_NEIGHBOURS;
	     pass++)
		r = decide(w, &b, pass);
	if (r == 0)
		r = silent_decide(w, &b, true);
	if (r == 0)
		r = silent_decide(w, &b, false);
	for (enum pass pass = PASS_CALLS_ON_NEIGHBOURS; r == 0 && pass < PASSES; pass++)
		r = decide(w, &b, pass);
	return r;
}

/* --- late and early ------------------------------------------------------------------------ */

/* All that it asked for came with the change (or went). */
static int matches_exactly(struct work *w, struct candidate *c, size_t step, bool *ret)
{
	const struct value_set *changed;
	const struct change *change;
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
	r = values_of_request(w->block, work_event_of(w, c), work_item_named(w, c, step),
			      &asked);
	if (r < 0)
		return r;
	change = &work_shown(w, step)->change;
	if (rules_effect(work_event_of(w, c), change->before, change->after) ==
	    RULES_SHOWN) {
		*ret = true;
		return w->error;
	}
	changed = work_changed(w, step);
	at = values_sides(&asked, changed);
	*ret = asked.n && values_shared(&asked, changed, &strong, NULL) == asked.n &&
	       (words_take_off(c->name) ? at.gone > 0 : at.come > 0);
	return w->error;
}

/* Of calls that are not on it those so old are not kept where a story is gone on with. */
static bool is_too_old(const struct work *w, const struct candidate *c)
{
	int64_t lag = w->in->steps[c->step].captured_ms - c->time_ms;

	return !c->j.on_it && lag > CORRELATE_REMOTE_MS &&
	       type_at(w, c->step) != CHANGE_CREATE;
}

/* Was it called long before, since the state before, and does it show what nothing else does? */
static int is_remote_cause(struct work *w, struct candidate *c, bool *ret)
{
	int r;

	*ret = false;
	if (c->step == w->in->n_steps || !c->shared || is_too_old(w, c) ||
	    before_life(w, c) || in_window(w, c))
		return 0;
	r = undone_prepare(w, c);
	if (r < 0 || !accepts(w, c))
		return r;
	if (!w->n_causes[c->step] || work_step(w, c->step)->remote) {
		*ret = true;
		return 0;
	}
	r = matches_exactly(w, c, c->step, ret);
	return r < 0 || !*ret ? r : explains_more(w, c, ret);
}

/* By a clock that is ahead of the recorder's by more than they mostly are? */
static int is_ahead(struct work *w, struct candidate *c, bool *ret)
{
	*ret = false;
	if (c->natural <= w->in->first_step || w->n_causes[c->natural - 1] ||
	    c->time_ms - w->in->steps[c->natural - 1].captured_ms > WIDE_SKEW_MS)
		return 0;
	return matches_exactly(w, c, c->natural - 1, ret);
}

static int decide_one(struct work *w, size_t i)
{
	struct candidate *c = &w->candidates[i];
	bool is = false;
	int r;

	if (!c->live || c->failed || c->j.inert || c->j.part < PART_SUB)
		return 0;
	r = is_remote_cause(w, c, &is);
	if (r < 0)
		return r;
	if (is) {
		work_step(w, c->step)->remote |= !w->n_causes[c->step];
		decide_cause(w, i);
		return 0;
	}
	r = is_ahead(w, c, &is);
	if (r < 0 || !is)
		return r;
	c->step = c->natural - 1;
	c->shared = values_shared(work_values(w, c), work_changed(w, c->step), &c->strong,
				  NULL);
	decide_cause(w, i);
	return 0;
}

int decide_remote(struct work *w, size_t *at, size_t end)
{
	int r = 0;

	for (; !r && *at < w->in->n_events && w->candidates[*at].natural < end; ++*at)
		r = decide_one(w, *at);
	return r ? r : w->error;
}

void decide_rest(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++)
		if (w->candidates[i].live)
			make_other(w, i);
}
