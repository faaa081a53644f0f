/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The two states of a change made ready for comparing: copies without null members, without what
 * is no part of a comparison, and without most of what stands in both unchanged.
 */

#include "model/change.h"

/* A copied value's `at` is its place in origins; json_diff has no use for positions. */
struct pruned {
	struct jv root;
	struct arena *arena;
	const struct jv **origins;
	uint32_t n, max;
	bool failed; /* out of memory */
};

/* Where these are missing the guise did not tell; a resource without any has {} or []. */
extern const char *const change_untold[CHANGE_UNTOLD_MAX + 1];

/* Of change->before and ->after, under its type; everything in the arena. 0 or -ENOMEM. */
int change_prune(struct arena *a, const struct change *change, struct pruned *before,
		 struct pruned *after) _must_check_;
/* The value as it was recorded, nulls and all; NULL for NULL. */
const struct jv *pruned_origin(const struct pruned *tree, const struct jv *copy) _pure_;
