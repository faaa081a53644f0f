/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A worker: a thread's own parser and buffers, and the two things it does - read a source into
 * chunks of records, and parse a chunk's records into facts.
 */

#include "import/import.h"
#include "parse/parse.h"
#include "pipeline.h"
#include "seen.h"
#include "util/zcodec.h"

#define READ_BYTES ((size_t)128 << 10)

struct worker {
	struct pipeline *pipeline;
	const struct import_options *options;
	struct store_shapes *shapes;
	struct store_coders *coders;
	struct seen *seen;
	struct parser *parser;
	struct arena scratch; /* until the next record */
	struct zcodec *codec;
	struct buf line, code; /* scratch */
	char *buffer;          /* READ_BYTES */
};

/* What all workers of an import have before them. */
struct worker_setup {
	const struct import_options *options;
	struct store_shapes *shapes; /* of the one that writes, as are these */
	struct store_coders *coders;
	struct seen *seen;
};

extern const struct pipeline_ops worker_ops; /* ctx: the struct worker_setup */

/* In reader.c. 0, -ENOMEM, or -ECANCELED when all is to stop; all else becomes a refusal. */
int reader_run(struct worker *w, struct import_file *file) _must_check_;
/* Could a text that begins so be JSON? A text that is too short to tell could. */
bool reader_looks_like_json(struct str head) _pure_;
/* In worker.c. 0 or -ENOMEM. */
int worker_parse(struct worker *w, struct chunk *chunk) _must_check_;
/* One of its records again, which was taken for a copy; its facts go behind the others. */
int worker_parse_copy(struct worker *w, struct chunk *chunk,
		      const struct fact_copy *copy) _must_check_;
