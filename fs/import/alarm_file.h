/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The text of one transition's file, and what many of them tell of.
 */

#include "store/alarms.h"
#include "util/arena.h"

/* Read once, as long as no story is put; one for each thread, zero at first. */
struct alarm_memo {
	struct arena arena;
	struct arena scratch;            /* of the file that is made */
	struct alarm_known *known[1024]; /* a slot per row; the last one there */
	struct alarm_folder *folders[64];
};
void alarm_memo_deinit(struct alarm_memo *memo);

/* *ret is in the arena, and nothing else. -EBADMSG: what it tells of cannot be read, as
   store_is_row_lost() tells apart. */
int alarm_file_make(struct store *s, struct alarm_memo *memo, int64_t id, struct arena *a,
		    struct store_transition_made *ret) _must_check_;
