/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A story in the making, between reading about its resource and having its rows. */

#include "correlate/correlate.h"
#include "story.h"

struct story_state {
	struct store_state row;
	const struct jv *body;
	struct item item; /* a deletion's name and ARN are the inherited ones */
	struct str own_name, own_arn;
	uint64_t content;
	unsigned twin;
	bool hidden;
	uint32_t size;
};

struct story_work {
	struct store *s;
	struct arena *a;
	struct store_resource resource;
	struct story_state *states; /* in order */
	size_t n_states;
	size_t *shown; /* indexes of those not hidden */
	size_t n_shown;
	struct correlate_step *steps; /* one each shown */
	struct event *events;
	struct store_event_hit *hits;
	size_t n_events;
	struct store_event_hit *transitions;
	size_t n_transitions;
	struct correlate_verdict *verdicts;
	enum reason *reasons;
	struct mention_set aliases;
};

/* Entries and listing rows from what was correlated; all in the arena. */
int story_rows_make(struct story_work *w, struct store_story *ret) _must_check_;
