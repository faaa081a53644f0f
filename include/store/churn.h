/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which resources the recorder is busy with.
 */

#include "store/read.h"

struct store_churn {
	size_t type; /* its place among the types */
	struct str rid;
	uint64_t items;
	int64_t first_ms, last_ms;
};
/*
 * The up to `max` resources with the most items, but of each type no more than `each`; most first,
 * equals by type and id: the same whatever came in first. types: the history's, in their order
 * (store_tallies_of()).
 */
int store_churn(struct store *s, const struct store_tally *types, size_t n_types,
		size_t each, size_t max, struct arena *a, struct store_churn **ret,
		size_t *ret_n) _must_check_;
