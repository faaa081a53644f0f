/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls on the resource whose values do not show.
 *
 * DisableKey says no more than which key; a function's environment is hidden in the trail. Such a
 * call is taken for a cause where the change has something that nothing else explains. What its
 * name speaks of may stand in the change (RetentionInDays of DeleteRetentionPolicy): those are
 * heard first, and what they speak of is explained by them.
 */
#include <errno.h>

#include "words.h"
#include "work.h"

/* Does its name speak of something that the change shows? With `mark` that is explained by it. */
static bool speaks(struct work *w, const struct candidate *c, bool mark)
{
	struct step *s = work_step(w, c->step);
	const struct json_diff *d = &work_shown(w, c->step)->change.diff;
	struct type_words type;
	bool found = false;

	if (type_at(w, c->step) != CHANGE_UPDATE ||
	    w->in->disabled_evidence & BIT(EVIDENCE_NOUN))
		return false;
	words_of_type(work_item_at(w, c->step)->type, &type);
	for (size_t i = 0; i < d->n; i++) {
		/* The keys of tags are words of the user's. */
		if (str_starts(d->entries[i].pointer, "/relationships") ||
		    str_starts(d->entries[i].pointer, "/tags") ||
		    !words_speak_of(c->name, &type, d->entries[i].pointer))
			continue;
		found = true;
		if (mark && work_changed(w, c->step) && s->explained)
			s->explained[2 * i] = s->explained[2 * i + 1] = true;
	}
	return found;
}

bool silent_speaks(struct work *w, const struct candidate *c)
{
	return speaks(w, c, false);
}

/* Relationships are another resource's affair. */
static bool all_explained(struct work *w, size_t step)
{
	const struct step *s = work_step(w, step);
	const struct json_diff *d = &work_shown(w, step)->change.diff;

	if (w->in->steps[step].unknown)
		return false;
	for (size_t i = 0; i < d->n; i++)
		if (!(s->have_changed && step_explains(s, i)) &&
		    !str_starts(d->entries[i].pointer, "/relationships"))
			return false;
	return true;
}

/* Is there less of its tags, or of the things that they are kept in? */
static bool loses_tags(struct work *w, size_t step)
{
	const struct json_diff *d = &work_shown(w, step)->change.diff;

	for (size_t i = 0; i < d->n; i++) {
		struct str at = d->entries[i].pointer;

		if (d->entries[i].previous &&
		    (memmem(at.p, at.n, "/tag", 4) || memmem(at.p, at.n, "/Tag", 4) ||
		     memmem(at.p, at.n, "Tags", 4)))
			return true;
	}
	return false;
}

/* Is it a call on the resource whose values do not show, where something is left to explain? */
static int is_silent_cause(struct work *w, const struct block *b, struct candidate *c,
			   bool *ret)
{
	int r;

	*ret = false;
	if (!decide_is_eligible(w, b, c) || c->j.part != PART_OBJECT ||
	    (type_at(w, c->step) == CHANGE_DELETE && !words_take_off(c->name)))
		return 0;
	r = undone_prepare(w, c);
	if (r < 0 || c->noop || undone(w, c))
		return r;
	if (type_at(w, c->step) == CHANGE_UPDATE && c->j.tags && !c->leaves &&
	    !(words_take_off(c->name) && loses_tags(w, c->step)))
		return 0; /* tags are in every item: they would show */
	if (type_at(w, c->step) == CHANGE_UPDATE && all_explained(w, c->step) &&
	    !undone_by_next(w, c))
		return 0;
	*ret = type_at(w, c->step) != CHANGE_CREATE ||
	       work_step(w, c->step)->made_ms >= 0 || !w->n_causes[c->step];
	return 0;
}

int silent_decide(struct work *w, const struct block *b, bool spoken)
{
	for (size_t i = b->from; i < b->to; i++) {
		struct candidate *c = &w->candidates[i];
		bool is;
		int r = is_silent_cause(w, b, c, &is);

		if (r < 0)
			return r;
		if (!is || (spoken && !silent_speaks(w, c)))
			continue;
		decide_cause(w, i);
		c->spoken = spoken;
		work_step(w, c->step)->presumed = true;
	}
	for (size_t i = b->from; spoken && i < b->to; i++)
		if (w->candidates[i].spoken && w->candidates[i].step >= b->first &&
		    w->candidates[i].step < b->end)
			(void)speaks(w, &w->candidates[i], true);
	return w->error;
}
