/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Change + candidate events -> causes. Pure: everything comes in, nothing is looked up. The
 * caller gives one resource's changes in order of time and every event that shares a token with
 * the resource (model/mention.h); the answer says of each event what it was to the resource, and
 * of each change without a cause why.
 */

#include "model/change.h"
#include "model/event.h"
#include "model/item.h"
#include "util/arena.h"

/*
 * Of one state and the change that led to it, what all others may ask for: a few bytes, where the
 * state may have many. correlate_step_of() fills it, but for what stands apart.
 */
struct correlate_step {
	int64_t captured_ms;
	int64_t created_ms; /* what it says of the resource's creation; INT64_MIN: nothing */
	int64_t previous_ms; /* apart: capture time of the state before it, -1 for the first */
	bool daily;          /* apart: recordingFrequency DAILY */
	uint8_t type;        /* enum change_type */
	bool untold;         /* nothing is told of it */
	bool unrecorded; /* ... since it is recorded no more */
	bool unknown;    /* something changed, but what did is not told */
	bool same;       /* nothing differs */
	bool only_relationships;
	bool was_under_way; /* the state before it was not yet what it was to become */
};

/* The state itself, with its change. A deletion has the name and ARN it inherits. */
struct correlate_shown {
	struct item item;
	struct change change;
};
void correlate_step_of(const struct correlate_shown *shown, struct correlate_step *ret);

enum correlate_role {
	CORRELATE_NONE,     /* names the resource in passing, or is no business of it */
	CORRELATE_CAUSE,    /* of steps[step] */
	CORRELATE_ATTEMPT,  /* failed, on this resource */
	CORRELATE_ACTIVITY, /* succeeded, on this resource, in no recorded change */
};

struct correlate_verdict {
	enum correlate_role role;
	size_t step;
	size_t also_step; /* a deletion that shows in two steps (deleting, deleted), else SIZE_MAX */
	uint32_t evidence; /* bits of enum evidence */
	enum confidence confidence;
};

/* A time for which the trail of the account (and region) is missing, though there is one. */
struct correlate_gap {
	int64_t from_ms, to_ms; /* the latter not in it */
	struct str why;         /* may be empty */
};

struct correlate_input {
	const struct correlate_step *steps; /* in order of (time, state id) */
	size_t n_steps;
	/*
	 * Gives one of them, and one of the events. Of either, what was given last stays while
	 * the next is asked for, and no longer: they are gone through in order, a few times, so
	 * that they need not all be in memory. 0, or an error that correlate() returns.
	 */
	int (*show)(void *ctx, size_t step, const struct correlate_shown **ret);
	int (*read)(void *ctx, size_t event, const struct event **ret);
	void *ctx;
	const struct item *first; /* the first step's */
	/*
	 * Those before it are settled, and there only to be looked at: the events are those after
	 * them, and none is within CORRELATE_CLEAR_BEFORE_MS before or _AFTER_MS after the last of
	 * them, so that no event of the one side can belong to a step of the other.
	 */
	size_t first_step;
	/*
	 * The events are the last of those behind the last step, more than CORRELATE_CLEAR_AFTER_MS
	 * and _BEFORE_MS after it; others may be between. It is settled then as all before it.
	 */
	bool behind;
	size_t n_events;        /* in order of time; read-only ones may be among them */
	bool none_given;        /* correlate_given_ids() has none of any of them */
	bool trail_known;       /* the account has events in the history at all ... */
	int64_t trail_first_ms; /* ... from when */
	int64_t trail_last_ms;  /* ... to when */
	const struct correlate_gap *gaps; /* any order */
	size_t n_gaps;
	uint32_t disabled_evidence; /* bits switched off, for measuring what each is worth */
};

#define CORRELATE_CLEAR_BEFORE_MS INT64_C(90000)
#define CORRELATE_CLEAR_AFTER_MS  INT64_C(60000)
/* Of what was called so long before a change, but for a creation, only calls on it may be its causes. */
#define CORRELATE_REMOTE_MS (2 * INT64_C(25) * 60 * 60 * 1000)

/* What comes after first_step depends on more of what was before it: begin with step 0. */
#define CORRELATE_E_EARLIER 1

/*
 * verdicts: one for each event; reasons: one for each step from first_step on. Both the caller's.
 * 0, CORRELATE_E_EARLIER, -ENOMEM. What is in the arena after it is small, and of no use.
 */
int correlate(struct arena *a, const struct correlate_input *in,
	      struct correlate_verdict *verdicts, enum reason *reasons) _must_check_;

/* The gap in which the cause of that step would lie: the first by time. NULL: none. */
const struct correlate_gap *correlate_gap_of(const struct correlate_input *in,
					     size_t step);

/*
 * The ids an event was given for what it tied together (associations, attachments, gateways): a
 * later call may name these alone, so the events that name them are candidates, too, for the
 * resources that this one names in its request. Returns how many of at most `max`.
 */
#define CORRELATE_GIVEN_MAX 4
size_t correlate_given_ids(const struct event *e, struct str *ids, size_t max);
/* Does it name what looks like such an id, to take it back? Then that is to be known. */
bool correlate_takes_back(const struct event *e);

/*
 * May the name of a resource be another's before or after it? Its first step tells. Then whether an
 * event behind its last state is on it depends on all events since then.
 */
bool correlate_has_lives(const struct item *first);
/*
 * By the steps alone, and the item of the first: may what comes before `first` (at least 1) stay
 * as it was found, whatever comes in behind, and be left out when that is correlated? The events
 * near the step before it have to be looked at besides: see struct correlate_input.
 */
bool correlate_may_part(const struct item *item, const struct correlate_step *steps,
			size_t n, size_t first);

/*
 * The steps of a compliance item (of which the time alone is looked at), from what was found of the
 * resource it is about: `theirs` and `their_reasons` are what correlate() gave for `subject`.
 * verdicts: one for each event of the subject's; reasons: one for each step.
 */
void correlate_follow(const struct correlate_step *steps, size_t n_steps,
		      const struct correlate_input *subject,
		      const struct correlate_verdict *theirs,
		      const enum reason *their_reasons,
		      struct correlate_verdict *verdicts, enum reason *reasons);
