/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a file of activity/ is merged of, run by run. See activity.c.
 */

#include <stdint.h>

#include "posting.h"
#include "util/buf.h"

/* A value whose places in a list belong to the file. */
struct merged {
	int64_t value, first, last; /* seconds */
	enum posting_list list;
};

/* The order of struct store_act in the file. */
int merged_order(const void *a, const void *b) _pure_;
/* The value's own and its sessions', as far as they reach behind `from`, by their beginnings:
   appended. What came late is in runs of its own. */
int merged_find(struct store *s, int64_t value, int64_t from,
		struct buf *runs) _must_check_;
