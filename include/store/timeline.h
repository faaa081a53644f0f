/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The lines of timeline/: where they stand, how long they are, what they are about. Times are
 * milliseconds since 1970, days likewise.
 */

#include "model/story.h"
#include "store/store.h"
#include "store/write.h"

#define STORE_DAY_MS INT64_C(86400000)

/* In the order they have at one time: calls, what they made, what alarmed. */
enum store_line_kind {
	STORE_LINE_ATTEMPT,    /* ref: event row */
	STORE_LINE_CHANGE,     /* ref: state row */
	STORE_LINE_TRANSITION, /* ref: transition row */
};

struct store_line {
	int64_t time_ms;
	enum store_line_kind kind;
	int64_t rank, twin; /* order within one time and kind */
	int64_t ref;
	uint32_t text_len, jsonl_len;
};

/* A day's sums; only days that have lines have them. */
struct store_day {
	int64_t day; /* since 1970 */
	uint64_t text_len, jsonl_len;
	int64_t newest_ms; /* its newest line; filled by store_day_get only */
};
int store_day_get(struct store *s, int64_t day, struct store_day *ret) _must_check_;
/* Days from `from` to before `to`, in order. */
int store_days(struct store *s, int64_t from, int64_t to, struct store_day *ret, size_t n,
	       size_t *ret_n) _must_check_;
/* Newest line before a time: its time; -1: none. */
int store_timeline_newest(struct store *s, int64_t before_ms, int64_t *ret) _must_check_;

/* The lines behind `after` (all of it zero but time_ms: from that time on) and before to_ms. */
int store_timeline(struct store *s, const struct store_line *after, int64_t to_ms,
		   struct store_line *ret, size_t n, size_t *ret_n) _must_check_;
/*
 * A line of the day at or before a byte of its .jsonl or .log: *ret_after is what
 * store_timeline() takes to go on with it, *ret_offset where it begins.
 */
int store_timeline_seek(struct store *s, int64_t day, bool jsonl, uint64_t offset,
			struct store_line *ret_after, uint64_t *ret_offset) _must_check_;

/*
 * Fills of a change what its line tells: the resource, the kind of change, the state's name and,
 * in *ret_cause, its first cause or the one by `event` where that is not 0. ret->n_causes is 0
 * where there is none. Bodies of states are not read, the difference not taken.
 */
int store_change_line(struct store *s, int64_t state, int64_t event, struct arena *a,
		      struct story_entry *ret,
		      struct story_event *ret_cause) _must_check_;
/* An event with what is told of it. */
int store_event_line(struct store *s, int64_t event, struct arena *a, struct event *ret,
		     struct event_told *ret_told) _must_check_;

/* --- written by an import ----------------------------------------------------------------- */

/*
 * The lengths of a transition's line, after it was put or told more of. Where another row tells
 * the same with the alarm's account, it has none.
 */
int store_tell_transition(struct store *s, int64_t transition, uint32_t text_len,
			  uint32_t jsonl_len) _must_check_;
