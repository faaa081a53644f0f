/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sums in the making: what is to be added to rows, gathered in any order and merged before it is
 * written, so that each row is written once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

struct sum {
	int64_t what, when;             /* of which row */
	int64_t text_len, jsonl_len, n; /* to add; may be negative */
	int64_t newest_ms;              /* the greatest counts */
	bool unit;                      /* of a value: persons may have its events */
};

struct sums {
	struct sum *rows;
	size_t n, cap;
};

int sums_add(struct sums *sums, const struct sum *sum) _must_check_; /* 0 or -ENOMEM */
/* Puts them in order, those of one row as one. */
void sums_merge(struct sums *sums);
void sums_deinit(struct sums *sums);
