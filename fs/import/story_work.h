/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A story in the making, between reading about its resource and having its rows.
 *
 * A resource may have very many states and calls, and each may be large; so neither are kept, but a
 * few bytes of each. They are gone through in order, some times over, and those looked at last are
 * there: all of them, of nearly every resource. What is given stays while the next of its kind is
 * asked for, at the least: a change takes three of ARENA_RING_HELD, two states and what differs.
 */

#include "correlate/correlate.h"
#include "model/blame.h"
#include "model/relation.h"
#include "store/recorder.h"
#include "story.h"

/* What a state is called, and by its body alone; states in a row share one. */
struct story_called {
	struct str name, arn; /* a deletion's are the inherited ones */
	struct str own_name, own_arn;
};

/* A state, read. */
struct story_body {
	struct jv body;
	struct item
		item; /* with `body`, its text; once it is known, called as the state is */
};

struct story_state {
	int64_t id, time_ms;               /* of its row */
	const struct story_called *called; /* NULL: not known yet */
	struct story_body *read; /* as long as the arena of that number is there */
	uint32_t arena;
	unsigned twin;
	bool hidden, deleted;
};

#define STORY_NONE UINT32_MAX

/* One shown, and its change: between which states. */
struct story_step {
	uint32_t state;
	uint32_t compared; /* with which before it; STORY_NONE */
	uint32_t arena;
	const struct correlate_shown *read; /* likewise */
};

/* A neighbour that was lost by a step: see story_lost(). */
struct story_loss {
	uint64_t token;
	size_t step;
};

/* A call that may have to do with it. */
struct story_call {
	int64_t row, time_ms;
	const struct event
		*read; /* as long as the arena of that number is there; 0: it stays */
	uint32_t arena;
};

/* The events of some tokens from a time on, until the story is made or other ones are kept. */
struct story_found {
	struct mention_set tokens; /* with those that name no account */
	int64_t from_ms;
	size_t *ends;    /* of each token's hits */
	struct buf hits; /* struct store_event_hit */
};

struct story_work {
	struct store *s;
	struct story_memo *memo;
	struct arena *a;
	struct store_resource resource;
	struct story_state *states; /* in order */
	size_t n_states;
	struct story_step *shown; /* those not hidden */
	size_t n_shown;
	/*
	 * What is made anew, and what was made before stays: the steps from `first` on, and of calls
	 * and alarms those after `after_ms` (INT64_MIN: all, as if nothing had been made).
	 */
	size_t first;
	int64_t after_ms;
	/* Calls from the one time to before the other are settled, but for those it tells of. */
	int64_t settled_from_ms, settled_to_ms;
	struct store_entry *told; /* as it was put with last; NULL: not read */
	size_t n_told;
	struct mention_set told_events; /* of these: rows, not tokens */
	bool behind; /* only calls behind the last state: its states but that were not read */
	struct recorder_seen *recorders; /* of its region, as they were described */
	size_t n_recorders;
	struct correlate_step *steps; /* one each shown */
	struct item first_item;       /* of the first step */
	struct arena traced;          /* of the trace */
	struct change_trace trace;    /* over the steps; marks are their indexes */
	struct story_call *calls;     /* in order, once all are found */
	size_t n_calls, cap_calls;
	bool given; /* one of them was given ids */
	struct store_event_hit *transitions;
	size_t n_transitions;
	struct correlate_verdict *verdicts;
	enum reason *reasons;
	struct blame_change *blamed; /* one each shown, of those that `blame` names */
	struct buf losses;           /* struct story_loss */
	struct story_found found;
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

/* A state; and one shown, with its change. -EBADMSG, -ENOMEM. */
int story_body(struct story_work *w, size_t state,
	       const struct story_body **ret) _must_check_;
int story_shown(struct story_work *w, size_t step,
		const struct correlate_shown **ret) _must_check_;
/* The same, the first time: the trace goes along. */
int story_compare(struct story_work *w, size_t step,
		  struct change_trace *trace) _must_check_;
/* A state by its row, all of it in the arena, called as its body says. -EBADMSG, -ENOMEM. */
int story_read_body(struct story_work *w, int64_t state, int64_t time_ms, struct arena *a,
		    struct story_body *ret) _must_check_;
/* Keeps what correlation asks of the first step's item. */
int story_first(struct story_work *w, const struct item *item) _must_check_;
/* An event of the story; STORE_E_NOT_FOUND, -EBADMSG, -ENOMEM. */
int story_call(struct story_work *w, size_t call, const struct event **ret) _must_check_;
/* An event by its row; until the story is made, and what is not kept anyhow is in the arena. */
int story_event(struct story_work *w, int64_t row, struct arena *a,
		struct event *ret) _must_check_;
/* Who made the call; in the arena. */
int story_actor(struct story_work *w, const struct event *e, struct arena *a,
		struct story_actor *ret) _must_check_;
/* Before a story, and after it. */
void story_events_begin(struct story_events *k);
void story_events_end(struct story_events *k);
void story_events_deinit(struct story_events *k);
/*
 * Reads the events after after_ms that may have to do with it, and adds to its aliases what they
 * taught; `given` are those that events before taught. CORRELATE_E_EARLIER: those before that
 * matter, too.
 */
int story_candidates(struct story_work *w) _must_check_;
/* Makes `all` of the aliases. */
int story_join_aliases(struct story_work *w) _must_check_;
/* --- what a name finds: story_found.c --- */

/* Keeps them in w->found. */
int story_found_keep(struct story_work *w, const struct mention_set *tokens,
		     int64_t from_ms) _must_check_;
/* The events of tokens, struct store_event_hit each, appended: in no order, some of them twice. */
int story_find(struct story_work *w, const struct mention_set *tokens, int64_t from_ms,
	       int64_t to_ms, struct buf *ret) _must_check_;
/* Likewise, with those that name no account. */
int story_find_anybodys(struct story_work *w, const struct mention_set *tokens,
			int64_t from_ms, int64_t to_ms, struct buf *ret) _must_check_;
/* The transitions of alarms that watch any of the tokens; in the arena. */
int story_transitions(struct story_work *w, const struct mention_set *tokens,
		      struct store_event_hit **ret, size_t *ret_n) _must_check_;

/* Adds the tokens of the neighbours it lost by a step. Their calls are looked for between the state
   before and this one, and so long before and after. */
void story_lost(const struct story_work *w, const struct change *change,
		struct buf *lost);
/* --- what was made before: story_settled.c --- */

/* The entries as they were put with last; in the arena. */
int story_told(struct story_work *w, const struct store_entry **ret,
	       size_t *ret_n) _must_check_;
/* Tells which calls are settled, once the window is chosen for a story that is dirty from there on. */
void story_settle(struct story_work *w, int64_t from_ms);
/* Takes those out of the events found. */
int story_leave_settled(struct story_work *w, struct store_event_hit *hits,
			size_t *n) _must_check_;

/* From where on the story is to be made anew, when it is dirty from from_ms on. */
int story_window(struct story_work *w, int64_t from_ms) _must_check_;
/* Finds the events as the window, or `behind`, has it, and correlates them. CORRELATE_E_EARLIER. */
int story_correlate_window(struct story_work *w) _must_check_;
/*
 * Most that comes in of a resource are calls behind its last state, and each of these is for itself:
 * that state is all that has to be read of it. *ret_done, or nothing was done.
 */
int story_tail(struct story_work *w, int64_t from_ms, bool *ret_done) _must_check_;
/* Finds its states, and puts them in order: story_order.c. */
int story_order(struct story_work *w) _must_check_;
/*
 * Reads about the resource all but events: states, steps, aliases; and what is told of all its states:
 * names and relationships, which go to the rows.
 */
int story_read(struct story_work *w, struct store_story *ret) _must_check_;
/* The names of all states, as they are gathered; zero at first but for the arena. */
struct story_names {
	struct arena *a;
	struct store_name *names;
	size_t n, cap;
	struct str name, arn;  /* of the state before */
	const struct jv *tags; /* likewise */
};
int story_names_begin(struct story_names *names, struct str rid) _must_check_;
int story_names_add(struct story_names *names, const struct story_state *state,
		    const struct jv *body) _must_check_;
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

/* Every name, ARN and tag of any state, each once; in the arena. */
void story_names_make(struct story_names *names, struct store_story *ret);
/* What the resource names, of its states as they were followed, and what it is called. */
int story_relations_make(struct story_work *w, struct relation_follower *f,
			 struct store_relations *ret) _must_check_;
/* Entries from what was correlated, and listing rows unless `behind`; all in the arena. */
int story_rows_make(struct story_work *w, struct store_story *ret) _must_check_;
/* A change as `blame` names it; its causes may be NULL where none, or any, is equally long there. */
struct blame_change story_blamed(const struct store_entry *change,
				 const struct story_event *causes);
/* The length of `blame`, of the entries made. */
int story_blame_make(struct story_work *w, struct store_story *ret) _must_check_;
