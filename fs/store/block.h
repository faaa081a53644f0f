/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The records of events, some in a block; see block.c. */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"

struct store;

#define BLOCK_EVENTS 32u /* at most */

/* Records end to end: those of events first, first + 1 ... */
struct block {
	int64_t first; /* 0: none */
	unsigned n;
	size_t ends[BLOCK_EVENTS];
	struct buf bytes;
};

void block_deinit(struct block *b);
/* The record of one of its events; false: it is none of its. */
bool block_get(const struct block *b, int64_t event, struct str *ret);

/* Appends how long each of the first n is but the last: seven bits a byte, least first. */
void block_lengths_put(struct buf *out, const struct block *b, unsigned n);
/* Where each ends, of `total` bytes; false: they are not what block_lengths_put() writes. */
bool block_lengths_take(struct str in, size_t total, struct block *b) _must_check_;

/* Adds the record of a new event, whose id is the last one's and one. */
int block_add(struct store *s, int64_t event, struct str raw) _must_check_;
/* Writes what is gathered; before a commit. */
int block_flush(struct store *s) _must_check_;
/* A block by its first event, as it is written. STORE_E_NOT_FOUND. */
int block_read(struct store *s, int64_t first, struct block *ret) _must_check_;
/* Packs a block anew with the dictionary of the day. */
int block_renew(struct store *s, const struct block *b) _must_check_;

/* The record of an event, until the next call. STORE_E_NOT_FOUND. */
int event_record(struct store *s, int64_t event, struct str *ret) _must_check_;
