/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One resource's story, made: read everything about it, correlate, measure what will be
 * rendered. The result is rows for store_put_story(), all in the arena.
 */

#include "store/derive.h"

struct story_rows {
	struct store_dirty dirty;
	struct store_entry *entries;
	size_t n_entries;
	struct store_shown *shown;
	size_t n_shown;
	struct mention_set aliases;
};

int story_make(struct store *s, const struct store_dirty *dirty, struct arena *a,
	       struct story_rows *ret) _must_check_;
