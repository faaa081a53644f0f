/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A worker and the writer of an import, by hand: what is parsed can be looked at before it is put. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "seen.h"
#include "writer.h"

struct importing {
	struct import_options options;
	struct import_report report;
	struct worker_setup setup;
	struct import_writer writer;
	struct worker *worker;
	struct fault fault;
	unsigned refusals;
};

static inline void count_refusal(void *ctx, const char *source _unused_,
				 const struct fault *f _unused_)
{
	unsigned *n = ctx;

	++*n;
}

static inline void importing_begin(struct importing *i, struct history *h)
{
	*i = (struct importing){
		.options = { .refused = count_refusal, .ctx = &i->refusals },
		.setup = { &i->options, store_shapes(h->s), store_coders(h->s), NULL }
	};
	assert_int_equal(seen_new(&i->setup.seen), 0);
	i->worker = worker_ops.worker_new(NULL, &i->setup);
	assert_non_null(i->worker);
	i->writer = (struct import_writer){ .store = h->s,
					    .options = &i->options,
					    .setup = &i->setup,
					    .report = &i->report,
					    .fault = &i->fault };
}

static inline void importing_end(struct importing *i)
{
	assert_int_equal(import_writer_commit(&i->writer, true), 0);
	import_writer_deinit(&i->writer);
	worker_ops.worker_free(i->worker);
	seen_free(i->setup.seen);
}

static inline struct chunk *parsed(struct importing *i, const char *container,
				   const char *const *texts, size_t n)
{
	const struct chunk_record record = { .container = str_of(container) };
	struct chunk *c = chunk_new();

	assert_non_null(c);
	for (size_t k = 0; k < n; k++)
		assert_int_equal(chunk_add(c, &record, str_of(texts[k])), 0);
	assert_int_equal(worker_parse(i->worker, c), 0);
	return c;
}

/* A source of its own; the chunk is freed. */
static inline struct store_counts put(struct importing *i, struct chunk *c)
{
	static unsigned number;
	char name[32];
	struct import_file file = { .name = name, .shown = name };
	struct pipeline_taken taken = { &file, c, true };

	(void)snprintf(name, sizeof(name), "source-%u", number++);
	assert_int_equal(import_writer_put(&i->writer, &taken), 0);
	chunk_free(c);
	return file.counts;
}
