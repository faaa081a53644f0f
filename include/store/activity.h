/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The files of activity/: the events of one value, each with the changes it caused. A person's
 * file also holds what was done in sessions that the person opened, however many roles lie
 * between.
 */

#include "store/store.h"
#include "store/write.h"
#include "util/arena.h"

enum store_value_kind {
	STORE_VALUE_PRINCIPAL = 1,
	STORE_VALUE_ADDRESS,
	STORE_VALUE_ACCESS_KEY,
	STORE_VALUE_EVENT_NAME,
	STORE_VALUE_ERROR,
	STORE_VALUE_SESSION, /* of a call without an access key; not shown */
};

#define STORE_VALUE_NAME_MAX (255 - sizeof(".jsonl") + 1)

struct store_value {
	int64_t id;
	enum store_value_kind kind;
	struct str name; /* escaped */
	uint64_t text_len, jsonl_len;
	int64_t newest_ms;
};
/* STORE_E_NOT_FOUND also for one that has no events. */
int store_value_get(struct store *s, int64_t id, struct arena *a,
		    struct store_value *ret) _must_check_;
int store_value_find(struct store *s, enum store_value_kind kind, struct str name,
		     struct arena *a, struct store_value *ret) _must_check_;
int store_values(struct store *s, enum store_value_kind kind, int64_t after,
		 struct arena *a, struct store_value *ret, size_t n,
		 size_t *ret_n) _must_check_;
/*
 * Calls back with those that changed in the last commits, of which store_values_stamp() has the
 * number of the last. each(): 0, or an error that ends it.
 */
int store_values_changed(struct store *s, enum store_value_kind kind,
			 int (*each)(void *ctx, int64_t value), void *ctx) _must_check_;
int store_values_stamp(struct store *s, enum store_value_kind kind,
		       uint64_t *ret) _must_check_;

struct store_act {
	int64_t second, rank, event; /* their order */
};
/* The value's events behind `after` (all zero: from the first on). */
int store_activity(struct store *s, int64_t value, const struct store_act *after,
		   struct store_act *ret, size_t n, size_t *ret_n) _must_check_;
/* An event at or before a byte of the value's file: what to go on behind, and where that is. */
int store_activity_seek(struct store *s, int64_t value, bool jsonl, uint64_t offset,
			struct store_act *ret_after, uint64_t *ret_offset) _must_check_;
/* The changes an event caused, by their states' rows, in order of time. */
int store_changes_of_event(struct store *s, int64_t event, struct arena *a, int64_t **ret,
			   size_t *ret_n) _must_check_;

/* --- written by an import ----------------------------------------------------------------- */

/*
 * Finds the persons behind the sessions that came in, or whose opener did, since the last call.
 * Inside a transaction; at most `limit` sessions, *ret_more: there are others. To be done before
 * stories are put.
 */
int store_find_persons(struct store *s, size_t limit, bool *ret_more) _must_check_;

/*
 * Histories of before there was a timeline: the events and transitions not yet told of, from the
 * last one down. store_tell_event() tells of one; store_told() says that all down to it are.
 */
int store_untold_events(struct store *s, int64_t *ret, size_t n,
			size_t *ret_n) _must_check_;
int store_untold_transitions(struct store *s, int64_t *ret, size_t n,
			     size_t *ret_n) _must_check_;
int store_tell_event(struct store *s, int64_t event, const struct event *e,
		     struct str identity, const struct event_told *told) _must_check_;
int store_told_events(struct store *s, int64_t down_to) _must_check_;
int store_told_transitions(struct store *s, int64_t down_to) _must_check_;
