/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Batches: what one worker made of some records of one file, ready to be written. A batch owns
 * an arena with everything its operations point to.
 */

#include "model/mention.h"
#include "parse/parse.h"
#include "store/write.h"

struct source_state;

enum op_kind { OP_ITEM, OP_EVENT, OP_TRANSITION, OP_ALARM, OP_NOTICE, OP_REFUSAL };

struct op {
	struct op *next;
	enum op_kind kind;
	struct mention_set mentions;
	union {
		struct item item;
		struct {
			struct event event; /* only what store_put_event() looks at */
			struct str identity, raw;
		};
		struct transition transition;
		struct alarm alarm;
		const char *notice;
		struct {
			struct fault fault;
			struct str bytes;
		};
	};
};

struct batch {
	struct batch *next;
	struct source_state *source;
	struct arena arena;
	struct op *first, **last;
	size_t n;
	bool final;       /* no more batches of this source will be made ... */
	size_t n_batches; /* ... and this many there are, this one included */
};

struct batch *batch_new(struct source_state *source) _must_check_;
struct batch *batch_free(struct batch *b); /* returns NULL */

/* Parses one record and adds what it holds; what is wrong with it becomes a refusal. */
int batch_parse(struct batch *b, struct parser *p, struct str text, struct str container,
		uint64_t offset) _must_check_;
int batch_refuse(struct batch *b, const struct fault *f, struct str bytes) _must_check_;
int batch_notice(struct batch *b, const char *what) _must_check_;
