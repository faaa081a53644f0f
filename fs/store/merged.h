/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a file of activity/ is merged of, run by run. See merged.c.
 */

#include <stdint.h>

#include "posting.h"
#include "util/buf.h"

/* A value whose places in a list belong to the file. */
struct merged {
	int64_t value, first, last; /* seconds */
	enum posting_list list;
};

/* The runs of the file that a connection read last. */
struct merged_kept {
	int64_t value;
	uint64_t view; /* view_generation(); 0: they are of none */
	struct buf runs;
};

/* The order of struct store_act in the file. */
int merged_order(const void *a, const void *b) _pure_;
/*
 * The value's own and its sessions', by their beginnings; what came late is in runs of its own.
 * They stay until the next call.
 */
int merged_find(struct store *s, int64_t value, const struct merged **ret,
		size_t *ret_n) _must_check_;
void merged_forget(struct merged_kept *k);
