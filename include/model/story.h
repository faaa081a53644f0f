/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A resource's story, entry by entry, loaded and ready to be rendered: its changes with their
 * causes, and between them attempts, activity and alarm transitions. The store fills it from
 * rows, render turns it into `changes` and `changes.jsonl`. Everything borrows from one arena.
 */

#include "model/alarm.h"
#include "model/change.h"
#include "model/name.h"

enum story_kind {
	STORY_CHANGE,
	STORY_ATTEMPT,    /* a failed call on the resource */
	STORY_ACTIVITY,   /* a successful call on it that belongs to no recorded change */
	STORY_TRANSITION, /* an alarm that watches it */
};

/* Who acted: the person where the history tells, and the way from there to the call. */
#define STORY_MAX_VIA 8
struct story_actor {
	struct str
		principal; /* "user/alice"; the session itself where no person is known */
	struct str
		via[STORY_MAX_VIA]; /* sessions between, the acting one last; "assumed-role/Admin/x" */
	size_t n_via;
};

struct story_event {
	struct event event;
	struct story_actor actor;
	uint32_t evidence; /* causes only */
	enum confidence confidence;
};

struct story_entry {
	enum story_kind kind;
	int64_t time_ms; /* capture time, event time, transition time */
	struct str account, region, type, id; /* the resource */
	struct str folder; /* its directory, from the root of the tree */

	/* STORY_CHANGE */
	char snapshot[NAME_STATE_SIZE]; /* file name of the state */
	char previous[NAME_STATE_SIZE]; /* "" for a first state */
	struct change change;
	enum reason reason;
	struct str why;                   /* more than the reason; may be empty */
	const struct story_event *causes; /* by time */
	size_t n_causes;

	/* STORY_ATTEMPT, STORY_ACTIVITY */
	struct story_event event;

	/* STORY_TRANSITION */
	struct transition transition;
};
