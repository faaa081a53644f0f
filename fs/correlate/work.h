/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One correlation under way: the steps and what their changes show, the candidates and what
 * part each plays, the verdicts. Everything lives in the caller's arena.
 */

#include "correlate/correlate.h"
#include "judge.h"
#include "values.h"

#define BIT(e) (1u << (e))

#define SKEW_MS      2000 /* an event's clock ahead of the recorder's */
#define WIDE_SKEW_MS CORRELATE_CLEAR_AFTER_MS /* ... where all else says so */
#define RACE_MS      CORRELATE_CLEAR_BEFORE_MS /* a describe call before the capture time */
#define LAG_MS       (INT64_C(60) * 60 * 1000) /* capture lag is half an hour at the most */
#define DAY_MS       (INT64_C(25) * 60 * 60 * 1000)
#define DAILY_MS     (2 * DAY_MS) /* recorded once a day, at an hour of its own */

struct step {
	const struct correlate_step *in;
	struct value_set changed; /* what the change shows */
	struct value_set before;  /* of the state before it, made when first asked for */
	bool have_before;
	bool *explained; /* by entry of the difference, two each: come, gone */
	bool presumed; /* a call on it whose values do not show is taken to explain the rest */
	bool remote; /* its causes are from long before it, and none near */
	size_t n_causes;
	size_t n_bystanders; /* of these, calls on a neighbour */
	int64_t made_ms; /* when the resource's present life began, by its maker; -1 unknown */
};

/* An id that an event was given. */
struct bond {
	struct str id;
	const struct event *origin;
};

struct candidate {
	const struct event *e;
	struct judgement j;
	struct value_set values;
	size_t natural; /* the step it belongs to by time, n_steps when after all */
	size_t step;    /* the step chosen */
	size_t shared, strong; /* with the chosen step's change */
	bool noop;             /* asked for what was so already, or is not so after it */
	bool ties; /* asked to tie two things that the resource's states show together */
	const struct event
		*bond; /* the earlier call that it takes back, by an id given then */
	bool live;     /* still to be decided */
};

struct work {
	struct item *subjects; /* one a step: whom its calls name */
	struct arena *arena;
	const struct correlate_input *in;
	struct step *steps;
	struct candidate *candidates;
	struct bond *bonds;
	size_t n_bonds;
	struct correlate_verdict *verdicts;
	bool earlier; /* see CORRELATE_E_EARLIER */
};

static inline enum change_type type_at(const struct work *w, size_t step)
{
	return w->in->steps[step].change.type;
}

/* A compliance item is about another resource; its calls are those on that one. */
bool work_is_compliance(const struct work *w);
/* The identity an event would have met at a step; deletions carry the inherited name. */
const struct item *work_item_at(const struct work *w, size_t step);

/* Drops the candidates that name by the same name another resource than this one. */
void life_bound(struct work *w);
/* Puts candidates to the steps chosen for them: fills verdicts and causes. 0, -ENOMEM. */
int decide_all(struct work *w) _must_check_;
/* Notes the ids that events were given. 0, -ENOMEM. */
int bonds_make(struct work *w) _must_check_;
/* The event that was given what this one names, NULL for none. */
const struct event *bond_of(const struct work *w, const struct event *e);
/* Does the change show the end of a gateway on what it held? */
bool bond_is_lost(const struct change *change);
/* Fills noop and ties of a candidate put to a step. 0, -ENOMEM. */
int undone_prepare(struct work *w, struct candidate *c) _must_check_;
/* Do the other calls of its step leave nothing of it to be seen? */
bool undone(const struct work *w, const struct candidate *c);
/* Is it the first of several that set the same whole: what took away the old value? */
bool undone_by_next(const struct work *w, const struct candidate *c);
/* What shows in a second step, or last; and why the others have no cause. */
void settle_all(struct work *w, enum reason *reasons);
