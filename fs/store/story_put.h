/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of putting a story; see story.c. */

#include "told.h"

/* What putting listing rows has found, and left. */
struct shown_put {
	int64_t more;    /* by so many more of them are visible */
	bool told;       /* a story had been made before */
	int64_t told_ms; /* the newest state it told of, INT64_MIN: none from from_ms on */
	struct buf gone; /* struct told_change each: the changes before, in their order */
};

static inline void shown_put_deinit(struct shown_put *put)
{
	buf_deinit(&put->gone);
}

/* From when on, from_ms at the earliest, what is put tells of something else than what is there: for
   files that tell of it. As long as nothing of it is put. */
int story_differs(struct store *s, const struct store_story *story, int64_t from_ms,
		  int64_t *ret_ms) _must_check_;
/* Makes the listing rows from from_ms on those of the story, with its changes. */
int shown_replace(struct store *s, const struct store_story *story, int64_t from_ms,
		  struct shown_put *ret) _must_check_;
