/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keys of events that came in and are not in their list yet: a hash table, which answers until they
 * go there.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"

struct event_key {
	uint64_t key;
	int64_t event; /* 0: the slot is empty */
};

struct keys {
	struct event_key *slots; /* open addressing, a power of two; NULL while empty */
	size_t n, cap;
};

/* Keys may be equal. 0 or -ENOMEM. */
int keys_add(struct keys *k, uint64_t key, int64_t event) _must_check_;
/* The event of the key behind *event (0: the first): false when there is none. */
bool keys_next(const struct keys *k, uint64_t key, int64_t *event);
#define KEYS_PARTS 4u
/* Appends those of one of the parts, struct posting each, in the order of their list, which has all of a
   part before those of the next. -ENOMEM. */
int keys_postings(const struct keys *k, unsigned part, struct buf *out) _must_check_;
void keys_clear(struct keys *k); /* keeps the memory */
void keys_deinit(struct keys *k);
