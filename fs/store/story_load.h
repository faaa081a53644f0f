/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Parts of loading a story that other files of the store load by themselves. */

#include <sqlite3.h>

#include "model/story.h"
#include "store/derive.h"

/* A state's body as a tree in the arena. */
int story_load_body(struct store *s, int64_t state, struct arena *a,
		    const struct jv **ret) _must_check_;
/* A change's causes with their people. */
int story_load_causes(struct store *s, const struct store_entry *entry, struct arena *a,
		      const struct story_event **ret, size_t *ret_n) _must_check_;
/* Of a row of `entry` the column `why`, in the arena. */
int story_why(sqlite3_stmt *q, int column, struct arena *a, struct str *ret) _must_check_;
/* A row of `entry` without its causes: time_ms, seq, kind, ref, previous, change_type, reason,
   text_len, jsonl_len, why. */
int story_entry_of(sqlite3_stmt *q, struct arena *a, void *ret) _must_check_;
