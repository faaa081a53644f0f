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

#include "lost.h"

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
	bool stories; /* all were made that are not lost */
	bool sweep;   /* all was swept that is, once they are made: see store_sweep() */
};

/* Of one who comes back: he goes through all before he begins anew. Zero at first. */
struct derive_state {
	int64_t after;    /* those of the round up to here were looked at */
	bool moved;       /* one of them was made */
	struct lost lost; /* left out; the caller tells of them */
};

/*
 * `writer` is the open STORE_WRITE connection, with no transaction under way. A damaged row costs the
 * stories that need it alone, see struct lost.
 */
int derive_run(struct store *writer, const struct derive_options *options,
	       struct derive_state *state, struct derive_left *ret,
	       struct fault *f) _must_check_;
