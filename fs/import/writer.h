/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one that writes: takes parsed chunks in order and puts their facts into the history, in
 * transactions of some ten thousand rows or about a second.
 */

#include "import/import.h"
#include "pipeline.h"
#include "store/store.h"
#include "worker.h"

struct import_writer {
	struct store *store;
	const struct import_options *options;
	const struct worker_setup *setup;
	struct import_report *report;
	bool open;         /* a transaction is under way ... */
	uint64_t rows;     /* ... with so many rows ... */
	int64_t opened_ms; /* ... since ... */
	bool hurried;      /* ... and somebody waits for it */
	bool ready;        /* somebody has waited before, and may again */
	struct buf
		resources; /* hash set: uint64_t slots, a power of two of them, 0 is free */
	size_t n_resources;
	struct worker *parser; /* its own, NULL until it must parse itself */
	struct buf refusers;   /* int64_t each: sources of which something was refused */
	struct store_ousted ousted; /* by the last item, if by that */
	struct fault *fault;        /* why it failed */
};

/* Opens a transaction unless one is open. */
int import_writer_begin(struct import_writer *w) _must_check_;
/* Everything of one taking: its chunk's facts, its file's end. 0, STORE_E_..., negative errno. */
int import_writer_put(struct import_writer *w,
		      const struct pipeline_taken *taken) _must_check_;
/* Commits what is open when it has become enough; `now` commits in any case. */
int import_writer_commit(struct import_writer *w, bool now) _must_check_;
/* Is something still refused that was in this run? Not what was taken since. */
int import_writer_refused(struct import_writer *w, bool *ret) _must_check_;
void import_writer_deinit(struct import_writer *w);

void import_counts_add(struct store_counts *sum, const struct store_counts *c);
