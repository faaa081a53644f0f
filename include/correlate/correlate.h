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

/* One state and the change that led to it. */
struct correlate_step {
	struct item item; /* of the state */
	struct change change;
	int64_t previous_ms; /* capture time of the state before it, -1 for the first */
	bool daily;          /* recordingFrequency DAILY */
};

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
	const struct event *events; /* in order of time; read-only ones may be among them */
	size_t n_events;
	bool trail_known;       /* the account has events in the history at all ... */
	int64_t trail_first_ms; /* ... from when */
	int64_t trail_last_ms;  /* ... to when */
	const struct correlate_gap *gaps; /* any order */
	size_t n_gaps;
	uint32_t disabled_evidence; /* bits switched off, for measuring what each is worth */
};

#define CORRELATE_CLEAR_BEFORE_MS INT64_C(90000)
#define CORRELATE_CLEAR_AFTER_MS  INT64_C(60000)

/* What comes after first_step depends on more of what was before it: begin with step 0. */
#define CORRELATE_E_EARLIER 1

/*
 * verdicts: one for each event; reasons: one for each step from first_step on. Both the caller's.
 * 0, CORRELATE_E_EARLIER, -ENOMEM.
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
bool correlate_has_lives(const struct correlate_step *first);
/*
 * By the steps alone: may what comes before `first` (at least 1) stay as it was found, whatever
 * comes in behind, and be left out when that is correlated? The events near the step before it
 * have to be looked at besides: see struct correlate_input.
 */
bool correlate_may_part(const struct correlate_step *steps, size_t n, size_t first);

/*
 * The steps of a compliance item, from what was found of the resource it is about: `theirs` and
 * `their_reasons` are what correlate() gave for `subject`. verdicts: one for each event of the
 * subject's; reasons: one for each step.
 */
void correlate_follow(const struct correlate_step *steps, size_t n_steps,
		      const struct correlate_input *subject,
		      const struct correlate_verdict *theirs,
		      const enum reason *their_reasons,
		      struct correlate_verdict *verdicts, enum reason *reasons);
