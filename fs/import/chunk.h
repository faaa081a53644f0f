/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A chunk: some records of one source on their way through the pipeline, first as texts, then
 * as the facts found in them. It owns everything its facts point to, so it can be handed from
 * the thread that reads to one that parses and on to the one that writes. Chunks are reused.
 */

#include <stdbool.h>

#include "model/alarm.h"
#include "model/coverage.h"
#include "model/event.h"
#include "model/item.h"
#include "model/mention.h"
#include "model/told.h"
#include "store/write.h"
#include "util/arena.h"
#include "util/buf.h"
#include "util/fault.h"
#include "util/fingerprint.h"

#define CHUNK_TEXT ((size_t)256 << 10) /* a chunk is full when it has so much text */

/* A piece of the source, before it is parsed. */
struct chunk_record {
	size_t start, length;       /* in the chunk's text */
	uint64_t whole;             /* of damage, its length where that is more; else 0 */
	uint64_t offset;            /* in the source */
	struct str container;       /* static, or in the chunk's arena */
	const struct fault *damage; /* not to be parsed, but refused; in the arena */
	const char *notice;         /* not to be parsed, but counted; static */
	uint64_t count;             /* of a notice */
	bool failure;               /* the damage is that the source cannot be read */
	bool framing; /* the damage is text that may stand around what was found */
	bool lenient; /* of a source that is not JSON: what is unknown is not worth a word */
};

enum fact_kind {
	FACT_ITEM,
	FACT_COPY, /* of an item, byte for byte: not parsed */
	FACT_EVENT,
	FACT_SKIPPED, /* of its struct fact_event only account, region, time, source and name */
	FACT_TRANSITION,
	FACT_ALARM,
	FACT_NOTICE,
	FACT_SIGN,
	FACT_RECORDER, /* fact_answer.h */
	FACT_KEY,
	FACT_METRIC,
	FACT_REFUSAL,
};

struct fact {
	struct fact *next;
	enum fact_kind kind;
	uint64_t offset; /* in the source */
};

struct fact_item {
	struct fact fact;
	struct item item;
	uint64_t resource; /* hash of account, region, type and id */
	bool alone; /* there is nothing else in its record, which is seen as this: */
	struct fingerprint mark;
};

struct fact_copy {
	struct fact fact;
	const struct chunk_record *record; /* of the chunk */
	struct fingerprint mark;           /* was seen before; seen.h */
};

struct fact_event {
	struct fact fact;
	/* of the record itself only what the store looks at: identity, and a session's answer */
	struct event event;
	struct store_record record;
	struct mention_set mentions;
	struct event_told told;
};

struct fact_transition {
	struct fact fact;
	struct transition transition;
	struct mention_set mentions;
};

struct fact_alarm {
	struct fact fact;
	struct alarm alarm;
	struct mention_set mentions;
};

struct fact_notice {
	struct fact fact;
	const char *what; /* static */
	uint64_t n;
};

struct fact_sign {
	struct fact fact;
	struct coverage_sign sign;
};

struct fact_refusal {
	struct fact fact;
	struct fault fault;
	struct str bytes;
	uint64_t length; /* of what was refused; bytes may be its beginning only */
	bool failure;    /* the source cannot be read */
	bool framing;    /* text around records: no refusal if the source had any */
};

enum chunk_state {
	CHUNK_FILLING,
	CHUNK_QUEUED,
	CHUNK_PARSING,
	CHUNK_PARSED,
};

struct chunk {
	struct buf text;
	struct buf records; /* struct chunk_record */
	struct arena arena;
	size_t held; /* bytes taken from the arena */
	struct fact *facts, **last;

	/* The pipeline's, under its lock. */
	struct chunk *next;                   /* of the same source */
	struct chunk *queue_next, **queue_at; /* in the queue of those to be parsed */
	enum chunk_state state;
	size_t charged; /* counted as in flight */
};

struct chunk *chunk_new(void) _must_check_; /* NULL: no memory */
struct chunk *chunk_free(struct chunk *c);  /* returns NULL */
/* Empties it for another use. */
void chunk_reset(struct chunk *c);

static inline size_t chunk_count(const struct chunk *c)
{
	return c->records.len / sizeof(struct chunk_record);
}
static inline struct chunk_record *chunk_records(const struct chunk *c)
{
	return (struct chunk_record *)c->records.data;
}
/* What it weighs. */
static inline size_t chunk_bytes(const struct chunk *c)
{
	return c->text.len + c->records.len + c->held;
}

/* Appends a record; start and length are filled in. The damage is copied. 0 or -ENOMEM. */
int chunk_add(struct chunk *c, const struct chunk_record *record,
	      struct str text) _must_check_;

/* Memory that lives as long as the facts; NULL: none. */
void *chunk_alloc(struct chunk *c, size_t size) _must_check_;
/*
 * A slice that lives as long as the facts: itself when it points into the chunk's text, else a
 * copy. false: no memory.
 */
bool chunk_keep(struct chunk *c, struct str *s) _must_check_;
/* The same for a value with all that is in it; NULL stays NULL. */
bool chunk_keep_value(struct chunk *c, const struct jv **v) _must_check_;
/* A new fact of `size` bytes, zeroed, the last of the chunk; NULL: no memory. */
void *chunk_fact(struct chunk *c, size_t size, enum fact_kind kind,
		 uint64_t offset) _must_check_;
