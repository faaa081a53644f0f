/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One resource's story, made: read everything about it, correlate, measure what will be
 * rendered. The result is what store_put_story() puts, all in the arena.
 */

#include "store/derive.h"

int story_make(struct store *s, const struct store_dirty *dirty, struct arena *a,
	       struct store_story *ret) _must_check_;
