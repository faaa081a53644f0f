/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lines of timeline/ and activity/: one a change, a call, an alarm's transition. Like entries of
 * a story they depend on what they tell alone, so that their lengths can be stored.
 *
 * As text ten columns, parted by one TAB, "-" where there is nothing: time, what (CREATE, UPDATE,
 * DELETE; the call's name; the alarm's state), account, region, type, id, principal, address,
 * detail (of a change the call that made it, of a call its error code, of an alarm the state
 * before), confidence (of the cause). Control characters are escaped, nothing is cut.
 */

#include "model/story.h"
#include "model/told.h"
#include "util/buf.h"

/* cause: one of e's, or NULL where it has none. */
void render_change_line(struct buf *out, const struct story_entry *e,
			const struct story_event *cause);
void render_change_line_jsonl(struct buf *out, const struct story_entry *e,
			      const struct story_event *cause);
void render_event_line(struct buf *out, const struct event *e,
		       const struct event_told *told);
void render_event_line_jsonl(struct buf *out, const struct event *e,
			     const struct event_told *told);
void render_transition_line(struct buf *out, const struct transition *t);
void render_transition_line_jsonl(struct buf *out, const struct transition *t);
