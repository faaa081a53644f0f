/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One correlation under way: the steps and what their changes show, the candidates and what
 * part each plays, the verdicts.
 *
 * Calls and changes that have to do with each other are near in time, so decisions are made block
 * by block of steps, and what takes much room (values, the states themselves) is there for the
 * block at hand and the one before it. Of all steps and events there are some bytes each, in the
 * caller's arena.
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
#define DAILY_MS     CORRELATE_REMOTE_MS /* recorded once a day, at an hour of its own */

/* Steps that are decided together. What is made for one is used in the next, too, and no longer. */
#define BLOCK 8
/* From two before a block before to one behind the block: 2 * BLOCK + 3, and a power of two. */
#define STEPS_HELD 32

struct step {
	size_t number; /* which step it is, plus 1; 0: none */
	bool have_changed, have_before;
	struct value_set changed; /* what the change shows, made when first asked for */
	struct value_set before;  /* of the state before it, likewise */
	size_t n_diff;            /* entries of the difference */
	bool *explained; /* by entry of the difference, two each: come, gone; with `changed` */
	bool presumed; /* a call on it whose values do not show is taken to explain the rest */
	bool remote;         /* its causes are from long before it, and none near */
	size_t n_bystanders; /* of its causes, calls on a neighbour */
	int64_t made_ms; /* when the resource's present life began, by its maker; -1 unknown */
};

/* An id that an event was given. */
struct bond {
	struct str id;
	size_t event;
	int64_t time_ms;
};

#define NO_EVENT SIZE_MAX

struct candidate {
	struct str name; /* of the call */
	int64_t time_ms;
	struct judgement j;
	struct value_set values; /* what it sets, made when first asked for */
	uint64_t request;        /* hash of what was asked for, likewise; 0: not yet */
	size_t natural; /* the step it belongs to by time, n_steps when after all */
	size_t step;    /* the step chosen */
	size_t shared, strong; /* with the chosen step's change */
	size_t bond; /* the earlier call that it takes back, by an id given then; or NO_EVENT */
	bool failed, read_only;
	bool former; /* names it as it was called before the step it belongs to by time */
	bool have_values;
	bool noop; /* asked for what was so already, or is not so after it */
	bool leaves; /* asked for what is left where something went, and that it did not name */
	bool ties; /* asked to tie two things that the resource's states show together */
	bool spoken; /* its name speaks of what the change shows, where its values do not */
	bool live;   /* still to be decided */
};

struct work {
	struct item subject; /* of a compliance item: whom its calls name */
	struct item former;  /* by the name before: see work_item_named() */
	size_t renamed; /* the step, plus 1, whose renaming call has been met; 0: none yet */
	struct arena *arena;
	struct arena blocks[2]; /* of the block at hand and the one before it */
	struct arena *block;
	const struct correlate_input *in;
	struct step held[STEPS_HELD];
	uint32_t *n_causes; /* of each step */
	struct candidate *candidates;
	struct bond *bonds;
	size_t n_bonds;
	struct correlate_verdict *verdicts;
	bool earlier; /* see CORRELATE_E_EARLIER */
	int error;    /* the first; what is asked for after it is empty */
};

static inline enum change_type type_at(const struct work *w, size_t step)
{
	return (enum change_type)w->in->steps[step].type;
}

/*
 * What the input gives: a step's state and change, an event. Never NULL; empty after an error. It is
 * to be asked for anew where others may have been since.
 */
const struct correlate_shown *work_shown(struct work *w, size_t step);
const struct event *work_event(struct work *w, size_t event);
static inline const struct event *work_event_of(struct work *w, const struct candidate *c)
{
	return work_event(w, (size_t)(c - w->candidates));
}
/* What is made for a step of the block at hand, or one beside it. */
struct step *work_step(struct work *w, size_t step);
const struct value_set *work_changed(struct work *w, size_t step);
const struct value_set *work_before(struct work *w, size_t step);
/* What a candidate sets; of one that takes a call back, what that one set. */
const struct value_set *work_values(struct work *w, struct candidate *c);
/* The first candidate of that natural step, or of a later one. */
size_t work_first_of(const struct work *w, size_t natural);

/* A compliance item is about another resource; its calls are those on that one. */
bool work_is_compliance(const struct work *w);
/* The identity an event would have met at a step; deletions carry the inherited name. */
const struct item *work_item_at(struct work *w, size_t step);
/* The identity by which a candidate names it, put to that step. Until either is asked for anew. */
const struct item *work_item_named(struct work *w, const struct candidate *c,
				   size_t step);
/* Was it called otherwise before that step? Then *ret is it by that name, for as long as the step. */
bool life_renamed(struct work *w, size_t step, struct item *ret);

/* Drops the candidates that name by the same name another resource than this one. */
void life_bound(struct work *w);
/* Puts candidates to the steps chosen for them: fills verdicts and causes. The steps of a block, to
   before `end`, whose candidates have chosen, and some of the next have. 0, -ENOMEM. */
int decide_block(struct work *w, size_t first, size_t end) _must_check_;
/* What those left unexplained, by candidates from *at on of natural steps before `end`; once the
   steps before that, and the next, are decided. Moves *at on. 0, -ENOMEM. */
int decide_remote(struct work *w, size_t *at, size_t end) _must_check_;
/* What is left belongs to no change. */
void decide_rest(struct work *w);
/* Notes the ids that events were given. 0, -ENOMEM. */
int bonds_make(struct work *w) _must_check_;
/* The event that was given what this one names, NO_EVENT for none. */
size_t bond_of(const struct work *w, const struct event *e);
/* Does the change show the end of a gateway on what it held? */
bool bond_is_lost(const struct change *change);
/* Fills noop and ties of a candidate put to a step. 0, -ENOMEM. */
int undone_prepare(struct work *w, struct candidate *c) _must_check_;
/* Do the other calls of its step leave nothing of it to be seen? */
bool undone(struct work *w, struct candidate *c);
/* Is it the first of several that set the same whole: what took away the old value? */
bool undone_by_next(struct work *w, struct candidate *c);
/* What shows in a second step, or last; and why the others have no cause. */
void settle_all(struct work *w, enum reason *reasons);

/* --- left.c -------------------------------------------------------------------------------- */

/* What a request has members of their own for: RemoveRouteTableId, launchPermission's remove. */
struct removals {
	bool any;  /* something is to be taken off */
	bool gone; /* ... and is gone by the change */
};
struct removals removals_of(struct work *w, const struct candidate *c);
/* Does what was asked for leave out what the change shows to have gone? With `mark` that is explained by
   it. */
bool left_by(struct work *w, const struct candidate *c, const struct value_set *asked,
	     bool mark);

/* --- silent.c ------------------------------------------------------------------------------ */

/* Candidates that may have been put to the steps of a block. */
struct block {
	size_t first, end; /* steps */
	size_t from, to;   /* candidates */
};

/* Does a cause show either side of that entry of the difference? */
static inline bool step_explains(const struct step *s, size_t entry)
{
	return s->explained[2 * entry] || s->explained[2 * entry + 1];
}

/* Can it be a cause of the step it was put to at all? */
bool decide_is_eligible(struct work *w, const struct block *b, const struct candidate *c);
void decide_cause(struct work *w, size_t candidate);
/* Does its name speak of something that the change shows? */
bool silent_speaks(struct work *w, const struct candidate *c);
/* First for those that do so, with `spoken`; then for the others, where more is to be explained. */
int silent_decide(struct work *w, const struct block *b, bool spoken) _must_check_;
