/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which resources the recorder is busy with.
 */

#include "store/read.h"

struct store_churn {
	struct str rid;
	uint64_t items;
	int64_t first_ms, last_ms;
};
/*
 * The up to n resources of one account, region and type with the most items, and more than `above`,
 * most first, equals by id: the same whatever came in first.
 */
int store_churn(struct store *s, struct str account, struct str region, struct str type,
		uint64_t above, struct arena *a, struct store_churn *ret, size_t n,
		size_t *ret_n) _must_check_;
