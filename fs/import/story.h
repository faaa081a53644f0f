/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One resource's story, made: read everything about it, correlate, measure what will be
 * rendered. The result is what store_put_story() puts, all in the arena.
 */

#include "store/derive.h"

/* `without_evidence`: bits of enum evidence not to look at, for measuring. */
int story_make(struct store *s, const struct store_dirty *dirty,
	       uint32_t without_evidence, struct arena *a,
	       struct store_story *ret) _must_check_;
