/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The write side's driver: sources in, facts and then derived rows in the history. Worker
 * threads read, split and parse; one writer commits in batches; then the stories of the
 * resources touched are derived. Cut off at any instant, the next import completes it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/write.h"
#include "util/fault.h"

enum import_phase {
	IMPORT_READING,  /* done/total: bytes of the sources, as stored */
	IMPORT_DERIVING, /* done/total: resources */
};

struct import_progress {
	enum import_phase phase;
	uint64_t done, total;
	struct store_counts counts; /* so far */
	uint64_t files_done, files_total;
};

struct import_report {
	struct store_counts counts;
	uint64_t files;          /* source files that held something of AWS's */
	uint64_t files_known;    /* skipped: the ledger has them, unchanged */
	uint64_t sources_failed; /* of those named: could not be read */
	uint64_t resources;      /* touched by this import's items */
};

struct import_options {
	const char *history;
	const char *const *sources; /* files, folders, "-" */
	size_t n_sources;
	unsigned workers; /* 0: one per processor */
	bool all_events; /* take in read-only calls, too, also of sources that are done without */
	bool wait;                 /* for another import to end */
	uint32_t without_evidence; /* bits of enum evidence that correlation shall not look at */
	void (*progress)(
		void *ctx,
		const struct import_progress *p); /* may be NULL; from one thread */
	void (*refused)(void *ctx, const char *source,
			const struct fault *f); /* may be NULL */
	/* One of the sources is not there or cannot be read; may be NULL. */
	void (*failed)(void *ctx, const char *source, const struct fault *f);
	void *ctx;
};

/*
 * 0: done, perhaps with refusals, perhaps without some of the sources (see the report): what is
 * named as a source and cannot be read is told of, and the others are imported; what is met in a
 * folder and cannot be read is a refusal. Where no source is there, no history is made. A failure fills the fault: STORE_E_..., or a
 * negative errno. What was committed before a failure stays.
 */
int import_run(const struct import_options *options, struct import_report *ret,
	       struct fault *f) _must_check_;
