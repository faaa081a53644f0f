/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The second half of an import: makes the stories of all dirty resources. Workers with read-only
 * connections correlate and measure, the writer puts the rows, some hundred resources a
 * transaction.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "util/fault.h"

struct derive_options {
	const char *history;
	unsigned workers;
	uint32_t without_evidence; /* see struct import_options */
	void (*progress)(void *ctx, uint64_t done, uint64_t total); /* may be NULL */
	void *ctx;
	unsigned budget_ms; /* ends early after so much time; 0: when all are made */
};

/* The time was over before ... */
struct derive_left {
	bool stories; /* all were made */
	bool sweep;   /* all was swept that is, once they are made: see store_sweep() */
};

/*
 * `writer` is the open STORE_WRITE connection, with no transaction under way. *after is where to
 * begin, 0 at first, and is moved on: whoever comes back goes through all before he begins anew.
 */
int derive_run(struct store *writer, const struct derive_options *options, int64_t *after,
	       struct derive_left *ret, struct fault *f) _must_check_;
