/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One resource's story, made: read everything about it, correlate, measure what will be
 * rendered. The result is what store_put_story() puts, all in the arena.
 */

#include "store/derive.h"
#include "util/arena_ring.h"

/* Events read last, parsed; see story_events.c. */
#define STORY_EVENTS_BITS 10
#define STORY_EVENT_MAX   8192 /* bytes of a record that is kept */
struct story_place;
struct story_events {
	struct story_place *places; /* NULL: none yet */
	uint64_t story;             /* number of the one under way, from 1 */
	struct buf scratch;
	struct arena_ring
		ring; /* what has no place: of the story under way, the last ones */
};

/*
 * What many resources have in common, read once: facts do not change while stories are made. One
 * for each worker, zero at first.
 */
struct story_memo {
	struct arena arena;
	bool known, has_alarms, has_nobodys; /* events that name no account */
	struct str account, region;          /* whose trail follows; empty: none yet */
	bool trail_known;
	int64_t trail_first_ms, trail_last_ms;
	struct store_trail_gap *gaps;
	size_t n_gaps;
	struct story_events events;
	const struct store_named *named; /* borrowed; NULL: not known */
	bool anyhow; /* nobody waits for another's story: it cannot be made, as it seems */
	struct store_actors *actors; /* sessions that calls were made in; NULL: none yet */
	struct arena_ring states;    /* of the story under way, those looked at last */
	struct arena correlating;    /* until that is done */
	struct buf scratch;          /* for a body, or what was found */
	/* Tokens that alarms watch, once some stories have asked, if they are not too many. */
	unsigned alarms_asked;
	bool watched_known;
	struct buf watched; /* uint64_t, in order */
};
void story_memo_deinit(struct story_memo *memo);

/*
 * `without_evidence`: bits of enum evidence not to look at, for measuring. *ret_later: it follows
 * from another's, which is dirty itself; it stays dirty, and is asked for again after that one.
 */
int story_make(struct store *s, struct story_memo *memo, const struct store_dirty *dirty,
	       uint32_t without_evidence, struct arena *a, struct store_story *ret,
	       bool *ret_later) _must_check_;
