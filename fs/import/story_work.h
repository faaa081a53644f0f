/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A story in the making, between reading about its resource and having its rows. */

#include "correlate/correlate.h"
#include "model/blame.h"
#include "store/recorder.h"
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
	struct story_memo *memo;
	struct arena *a;
	struct store_resource resource;
	struct story_state *states; /* in order */
	size_t n_states;
	size_t *shown; /* indexes of those not hidden */
	size_t n_shown;
	struct recorder_seen *recorders; /* of its region, as they were described */
	size_t n_recorders;
	struct correlate_step *steps; /* one each shown */
	const struct story_state *
		*compared;           /* one each: with which before it, NULL for none */
	struct change_trace trace;   /* over the steps; marks are their indexes */
	struct blame_change *blamed; /* one each shown */
	struct event *events;
	struct store_event_hit *hits;
	size_t n_events;
	struct store_event_hit *transitions;
	size_t n_transitions;
	struct correlate_verdict *verdicts;
	enum reason *reasons;
	struct mention_set aliases;
	struct mention_scope scope;
	struct correlate_input in; /* what was correlated */
	uint32_t without_evidence; /* bits of enum evidence not to look at */
};

/* An event by its row; borrowed until the story is made. STORE_E_NOT_FOUND, -EBADMSG, -ENOMEM. */
int story_event(struct story_work *w, int64_t row, struct event *ret) _must_check_;
void story_events_deinit(struct story_events *k);
/* Reads the events that may have to do with it, and adds to its aliases what they taught. */
int story_candidates(struct story_work *w) _must_check_;
/* Reads all about the resource and correlates it. */
int story_correlate(struct story_work *w, int64_t resource) _must_check_;
/*
 * A compliance item's causes are those of the resource it is about, if the history has that.
 * Of any other resource, tells the compliance item that follows it (0: none).
 */
int story_follow(struct story_work *w, int64_t *ret_follower) _must_check_;

/* What the resource names, what it is called, and the length of `blame`. */
int story_relations_make(struct story_work *w, struct store_story *ret) _must_check_;
/* Entries and listing rows from what was correlated; all in the arena. */
int story_rows_make(struct story_work *w, struct store_story *ret) _must_check_;
/* Every name, ARN and tag of any state, each once; in the arena. */
int story_names_make(struct story_work *w, struct store_story *ret) _must_check_;
