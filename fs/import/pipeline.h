/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The reading side of an import: worker threads take files, cut them into chunks of records,
 * parse these, and hand batches to the one writer. What is in flight is bounded.
 */

#include "batch.h"
#include "sources.h"

/* One file on its way through. Workers and writer each touch only their members. */
struct source_state {
	const struct source_file *file;
	int64_t id;                 /* ledger row */
	struct store_counts counts; /* the writer's */
	size_t written,
		expected; /* batches; expected is 0 until the final one was seen */
	bool something;   /* it held anything of AWS's */
};

struct pipeline;

int pipeline_new(struct source_state *sources, size_t n, unsigned workers,
		 struct pipeline **ret) _must_check_;
/* Stops the workers, wherever they are, and joins them. Returns NULL. */
struct pipeline *pipeline_free(struct pipeline *p);
/* The next batch, NULL in *ret when all is read; negative errno when a worker failed. */
int pipeline_next(struct pipeline *p, struct batch **ret) _must_check_;
/* Stored bytes of all sources read so far, for progress. */
uint64_t pipeline_consumed(struct pipeline *p);
