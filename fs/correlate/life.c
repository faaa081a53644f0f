/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names used again.
 *
 * A role "app" is deleted and another one made: CloudTrail calls both "app", AWS Config knows
 * them by ids of their own. A call that names the resource by a name (or by an ARN, which is
 * made of it) counts only while the resource has it: from its creation to its deletion, and not
 * if the call or its answer tells the id of another. The end of an earlier life and the beginning
 * of a later one are among the candidates themselves, since they go by the same name.
 *
 * One that is renamed has its old name until the call that did so.
 */
#include "work.h"

bool life_renamed(struct work *w, size_t step, struct item *ret)
{
	const struct jv *before;
	struct str name, arn;

	if (step >= w->in->n_steps || work_is_compliance(w))
		return false;
	before = work_shown(w, step)->change.before;
	name = jv_get_text(before, "resourceName");
	arn = jv_get_text(before, "ARN");
	*ret = *work_item_at(w, step);
	if (!name.n || !ret->name.n || str_eq(name, ret->name))
		return false;
	ret->name = name;
	ret->arn = arn;
	return true;
}

struct life {
	int64_t from_ms, to_ms;
};

static bool is_live(const struct candidate *c)
{
	return c->live && !c->failed;
}

static bool is_own_maker(const struct candidate *c)
{
	return is_live(c) && c->j.part == PART_MAKER && c->j.makes && c->j.naming.own_id;
}

static bool is_remover(const struct candidate *c)
{
	return is_live(c) && c->j.part == PART_REMOVER && !c->j.naming.foreign_id;
}

/* Made by that name, and it is another one. */
static bool is_other_maker(const struct candidate *c)
{
	return is_live(c) && c->j.part == PART_MAKER && c->j.makes &&
	       c->j.naming.foreign_id;
}

/* The earliest creation time that a state tells, INT64_MIN for none. */
static int64_t created_ms(const struct correlate_step *steps, size_t n)
{
	int64_t found = INT64_MIN;

	for (size_t k = 0; k < n; k++)
		if (steps[k].created_ms != INT64_MIN &&
		    (found == INT64_MIN || steps[k].created_ms < found))
			found = steps[k].created_ms;
	return found;
}

static int64_t born(const struct work *w)
{
	int64_t first = w->in->steps[0].captured_ms;
	int64_t created = created_ms(w->in->steps, w->in->n_steps), from = INT64_MIN;

	for (size_t i = 0; i < w->in->n_events; i++)
		if (is_own_maker(&w->candidates[i]))
			return w->candidates[i].time_ms;
	for (size_t i = 0; i < w->in->n_events; i++) {
		const struct candidate *c = &w->candidates[i];

		if (c->time_ms >= first)
			break;
		if (is_other_maker(c) || (is_remover(c) && !c->j.naming.own_id &&
					  c->time_ms < first - RACE_MS))
			from = c->time_ms + 1;
	}
	return created == INT64_MIN ? from : MAX(from, created - WIDE_SKEW_MS);
}

static int64_t died(const struct work *w, int64_t born_ms)
{
	int64_t alive = born_ms, to = INT64_MAX;
	size_t last = w->in->n_steps - 1;

	for (size_t k = 0; k <= last; k++)
		if (type_at(w, k) != CHANGE_DELETE)
			alive = MAX(alive, w->in->steps[k].captured_ms - RACE_MS);
	if (type_at(w, last) == CHANGE_DELETE)
		to = w->in->steps[last].captured_ms + WIDE_SKEW_MS;
	for (size_t i = 0; i < w->in->n_events; i++) {
		const struct candidate *c = &w->candidates[i];

		if (c->time_ms < alive)
			continue;
		if (is_remover(c))
			return MIN(to, c->time_ms);
		if (is_other_maker(c))
			return MIN(to, c->time_ms - 1);
	}
	return to;
}

bool correlate_has_lives(const struct item *first)
{
	return !str_is(first->type, "AWS::Config::ResourceCompliance") &&
	       naming_is_by_id(first);
}

/*
 * Where a life begins is told by states, too: they have to say the same without those that come
 * behind, and say that it was before.
 */
static bool is_born_before(const struct correlate_step *steps, size_t n, size_t first)
{
	int64_t created = created_ms(steps, first);

	return created == created_ms(steps, n) &&
	       (created == INT64_MIN ||
		created - WIDE_SKEW_MS <= steps[first - 1].captured_ms - RACE_MS);
}

/* A call that removed it may be the cause of a later deletion as well: see settle.c. */
static bool is_near_deletion(const struct correlate_step *steps, size_t n, size_t first)
{
	int64_t at = steps[first - 1].captured_ms;

	for (size_t k = first; k-- > 0 && steps[k].captured_ms >= at - 2 * DAY_MS;)
		if (steps[k].type == CHANGE_DELETE)
			return true;
	for (size_t k = first; k < n && steps[k].captured_ms <= at + 2 * DAY_MS; k++)
		if (steps[k].type == CHANGE_DELETE)
			return true;
	return false;
}

bool correlate_may_part(const struct item *item, const struct correlate_step *steps,
			size_t n, size_t first)
{
	return !is_near_deletion(steps, n, first) &&
	       (!correlate_has_lives(item) || is_born_before(steps, n, first));
}

/* One that comes late would begin its life late: that was not so for the steps before. */
static bool is_made_late(const struct work *w)
{
	for (size_t i = 0; w->in->first_step && i < w->in->n_events; i++)
		if (is_own_maker(&w->candidates[i]))
			return true;
	return false;
}

/* Is it named by what another may be called, too? */
static bool is_by_name(const struct candidate *c)
{
	return c->live && c->bond == NO_EVENT && !c->j.naming.own_id &&
	       c->j.naming.evidence && !(c->j.naming.evidence & BIT(EVIDENCE_OWNED_ID));
}

/* What ended the life may be a call before these. */
static void bound_behind(struct work *w)
{
	for (size_t i = 0; i < w->in->n_events; i++)
		w->earlier |= is_by_name(&w->candidates[i]);
}

void life_bound(struct work *w)
{
	struct life life;

	if (!correlate_has_lives(w->in->first))
		return; /* all that ever has the name is this resource */
	w->earlier |= is_made_late(w);
	if (w->in->behind) {
		bound_behind(w);
		return;
	}
	life.from_ms = born(w);
	life.to_ms = died(w, life.from_ms);
	for (size_t i = 0; i < w->in->n_events; i++) {
		struct candidate *c = &w->candidates[i];

		if (!is_by_name(c))
			continue;
		if (c->j.naming.foreign_id || c->time_ms < life.from_ms ||
		    c->time_ms > life.to_ms)
			c->live = false;
	}
}
