/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rendered content by node, the latest used kept, bounded by bytes. Whoever wants content that
 * another thread is just making waits for it, so nothing is rendered twice for the several
 * reads a kernel sends at once.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tree/tree.h"
#include "util/buf.h"

#define CACHE_BUCKETS 16384
#define CACHE_BYTES   (32u << 20)

struct cache_entry {
	struct tree_content content; /* first: what callers hold points here */
	uint64_t node;
	uint64_t label; /* under the cache's lock; see request.h */
	uint64_t stamp; /* 0: cannot be told */
	unsigned refs;  /* under the cache's lock; the table's own is one */
	struct cache_entry *chain;
	struct cache_entry *newer, *older;
};

struct cache_making {
	uint64_t node;
	struct cache_making *next;
};

struct cache {
	pthread_mutex_t lock;
	pthread_cond_t made;
	/* Under lock: */
	struct cache_entry *buckets[CACHE_BUCKETS];
	struct cache_entry *newest, *oldest;
	size_t bytes; /* of what is listed */
	size_t limit;
	struct cache_making *making;
};

int cache_init(struct cache *c, size_t limit) _must_check_;
void cache_deinit(struct cache *c); /* nothing may be held */

/* What is kept for the node, held for the caller; NULL when there is nothing. */
struct cache_entry *cache_hold(struct cache *c, uint64_t node, uint64_t *ret_label);
void cache_release(struct cache *c, struct cache_entry *e);
/* It was found to be good under this label as well. */
void cache_relabel(struct cache *c, struct cache_entry *e, uint64_t label);

/*
 * Announces that the caller makes the node's content. false: someone else was making it, has
 * ended by now, and cache_hold() should be asked again. true: cache_end() must follow.
 */
bool cache_begin(struct cache *c, uint64_t node, struct cache_making *making);
/* The same, but does not wait: false when someone else is making it. */
bool cache_try_begin(struct cache *c, uint64_t node, struct cache_making *making);
/* Keeps the bytes (taken over from content) and holds them; NULL when out of memory. */
struct cache_entry *cache_put(struct cache *c, uint64_t node, uint64_t label,
			      uint64_t stamp, struct buf *content);
void cache_end(struct cache *c, struct cache_making *making);
