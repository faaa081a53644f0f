/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lengths of lines, for the rows that keep them, and the pass that tells of what a history from
 * before there was a timeline holds.
 */

#include "model/told.h"
#include "store/store.h"
#include "util/buf.h"
#include "util/fault.h"

/* What is told of an event, in the arena, with the lengths of its line. 0 or -ENOMEM. */
int tell_of_event(const struct event *e, struct arena *a, struct buf *scratch,
		  struct event_told *ret) _must_check_;
/* Tells of a transition that was put or told more of. */
int tell_of_transition(struct store *s, int64_t row) _must_check_;
/* Tells of what was imported before there was a timeline; then finds who is behind sessions. Goes on
   until that time of clock_ms() (0: to the end); *ret_more: it was over before all was done. */
int tell_run(struct store *writer, int64_t until_ms, bool *ret_more,
	     struct fault *f) _must_check_;
