/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * For the tests of the splitter: collects what is handed over, and sees to it that the same comes
 * out however the stream is cut into chunks. Each chunk is fed from memory of its own size, so
 * that a read past its end is seen by ASan.
 */

#include "util/json_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct piece {
	char *text;
	size_t n;
	uint64_t length; /* n, or more where the damage was cut */
	uint64_t offset;
	char container[32];
	bool damaged;
	struct fault fault;
};

struct pieces {
	struct piece *all;
	size_t n;
	uint64_t documents;
	uint64_t empty;
	size_t stop_at; /* stop the split with 7 at this piece, counted from 1 */
	const char *whole;
	size_t whole_n;
};

static const char *const split_containers[] = { "Records", "configurationItems", NULL };
static const char *const split_wrappers[] = { "data", NULL };

static inline void pieces_deinit(struct pieces *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->all[i].text);
	free(p->all);
	*p = (struct pieces){ 0 };
}

static inline int pieces_add(void *ctx, const struct json_record *record)
{
	struct pieces *p = ctx;
	struct piece *piece;

	if ((p->n & (p->n - 1)) == 0) {
		p->all = realloc(p->all, MAX(2 * p->n, 1u) * sizeof(*p->all));
		assert_non_null(p->all);
	}
	piece = &p->all[p->n++];
	*piece = (struct piece){ .n = record->text.n,
				 .length = record->length,
				 .offset = record->offset,
				 .damaged = record->damage != NULL };
	piece->text = malloc(record->text.n + 1);
	assert_non_null(piece->text);
	memcpy(piece->text, record->text.p, record->text.n);
	piece->text[record->text.n] = '\0';
	assert_true(record->container.n < sizeof(piece->container));
	memcpy(piece->container, record->container.p, record->container.n);
	if (record->damage)
		piece->fault = *record->damage;
	/* The offset is right: the text stands there. */
	assert_true(record->length >= record->text.n);
	assert_true(record->damage || record->length == record->text.n);
	assert_true(record->offset + record->length <= p->whole_n);
	assert_memory_equal(p->whole + record->offset, piece->text, piece->n);
	return p->n == p->stop_at ? 7 : 0;
}

static inline int split_chunks(struct str input, size_t chunk, size_t max,
			       struct pieces *ret)
{
	struct json_split_config config = { .containers = split_containers,
					    .wrappers = split_wrappers,
					    .max_record = max,
					    .record = pieces_add,
					    .ctx = ret };
	struct json_split *s = json_split_new(&config);
	int r = 0;

	assert_non_null(s);
	ret->whole = input.p;
	ret->whole_n = input.n;
	for (size_t at = 0; r == 0 && at < input.n; at += chunk) {
		size_t n = MIN(chunk, input.n - at);
		char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, input.p + at, n);
		r = json_split_feed(s, copy, n);
		free(copy);
	}
	if (r == 0)
		r = json_split_finish(s);
	ret->documents = json_split_documents(s);
	ret->empty = json_split_empty(s);
	json_split_free(s);
	return r;
}

static inline void assert_same_pieces(struct str input, const struct pieces *a,
				      const struct pieces *b)
{
	size_t n = MIN(a->n, b->n);

	for (size_t i = 0; i < n; i++) {
		const struct piece *x = &a->all[i], *y = &b->all[i];

		if (x->offset != y->offset || x->n != y->n || x->length != y->length ||
		    x->damaged != y->damaged || strcmp(x->container, y->container) != 0 ||
		    x->fault.offset != y->fault.offset ||
		    strcmp(x->fault.reason, y->fault.reason) != 0)
			fail_msg(
				"chunks matter: piece %zu of %.*s\nis %.*s (%s)\nor %.*s (%s)",
				i, STR_ARGS(input), (int)x->n, x->text, x->fault.reason,
				(int)y->n, y->text, y->fault.reason);
	}
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->documents, b->documents);
	assert_int_equal(a->empty, b->empty);
}

/* Splits whole, and by 1, 7 and 64 bytes; all must be equal. */
static inline void split_all_ways(struct str input, size_t max, struct pieces *ret)
{
	static const size_t chunks[] = { 1, 7, 64 };

	assert_int_equal(split_chunks(input, MAX(input.n, 1), max, ret), 0);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++) {
		struct pieces other = { 0 };

		assert_int_equal(split_chunks(input, chunks[i], max, &other), 0);
		assert_same_pieces(input, ret, &other);
		pieces_deinit(&other);
	}
}
