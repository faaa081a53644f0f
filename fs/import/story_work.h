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
	/*
	 * What is made anew, and what was made before stays: the steps from `first` on, and of calls
	 * and alarms those after `after_ms` (INT64_MIN: all, as if nothing had been made).
	 */
	size_t first;
	int64_t after_ms;
	bool behind; /* only calls behind the last state: its states but that were not read */
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
	struct store_aliases
		aliases;        /* given, lost: known before, then with what was learnt */
	struct mention_set all; /* of these */
	struct mention_set lost_before; /* as the story was put with last */
	struct mention_scope scope;
	struct correlate_input in; /* what was correlated */
	uint32_t without_evidence; /* bits of enum evidence not to look at */
};

#define STORY_SLACK_MS INT64_C(90000) /* a describe call races, clocks differ */
/* So long behind a state a call can belong to it, or be looked for as of a neighbour it lost. */
#define STORY_BEHIND_MS MAX(CORRELATE_CLEAR_AFTER_MS, STORY_SLACK_MS)

/* An event by its row; borrowed until the story is made. STORE_E_NOT_FOUND, -EBADMSG, -ENOMEM. */
int story_event(struct story_work *w, int64_t row, struct event *ret) _must_check_;
void story_events_deinit(struct story_events *k);
/*
 * Reads the events after after_ms that may have to do with it, and adds to its aliases what they
 * taught; `given` are those that events before taught. CORRELATE_E_EARLIER: those before that
 * matter, too.
 */
int story_candidates(struct story_work *w) _must_check_;
/* Makes `all` of the aliases. */
int story_join_aliases(struct story_work *w) _must_check_;
/* The events before from_ms that share a token with the set, as find_events() would have them. */
int story_hits(struct story_work *w, const struct mention_set *tokens, int64_t from_ms,
	       int64_t to_ms, struct store_event_hit **ret, size_t *ret_n) _must_check_;
/* Adds the tokens of the neighbours it lost by a step. Their calls are looked for between the state
   before and this one, and so long before and after. */
void story_lost(const struct story_work *w, const struct correlate_step *step,
		struct buf *lost);
/* From where on the story is to be made anew, when it is dirty from from_ms on. */
int story_window(struct story_work *w, int64_t from_ms) _must_check_;
/* Reads the state's body, into the arena. */
int story_read_body(struct story_work *w, struct story_state *state) _must_check_;
/* Finds the events as the window, or `behind`, has it, and correlates them. CORRELATE_E_EARLIER. */
int story_correlate_window(struct story_work *w) _must_check_;
/*
 * Most that comes in of a resource are calls behind its last state, and each of these is for itself:
 * that state is all that has to be read of it. *ret_done, or nothing was done.
 */
int story_tail(struct story_work *w, int64_t from_ms, bool *ret_done) _must_check_;
/* Reads about the resource all but events: states, steps, aliases. */
int story_read(struct story_work *w) _must_check_;
/* Finds its events and correlates them. */
int story_correlate(struct story_work *w, int64_t from_ms) _must_check_;
/* What is correlated but events. */
int story_input(struct story_work *w) _must_check_;
/*
 * A compliance item's causes are those of the resource it is about, its subject, if the history has
 * that. It is made after that one (`later`), and anew whenever that one's changes are.
 */
struct story_following {
	int64_t subject, follower; /* resource rows; 0: none */
	bool later;
};
int story_follow(struct story_work *w, struct story_following *ret) _must_check_;
/* Takes the causes from the subject's story. *ret_done: it has any. */
int story_take_over(struct story_work *w, int64_t subject, bool *ret_done) _must_check_;

/* What the resource names, what it is called, and the length of `blame`. */
int story_relations_make(struct story_work *w, struct store_story *ret) _must_check_;
/* Entries from what was correlated, and listing rows unless `behind`; all in the arena. */
int story_rows_make(struct story_work *w, struct store_story *ret) _must_check_;
/* Every name, ARN and tag of any state, each once; in the arena. */
int story_names_make(struct story_work *w, struct store_story *ret) _must_check_;
