/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is made out of the history once and wanted again under another node: kept by numbers that
 * say all it depends on, so it never grows stale, and bounded by bytes. A cache of content with
 * other keys: the numbers stand before what is kept, so that a hash is no more than a hint.
 */

#include "cache.h"

#define KEPT_PARTS 4

struct kept_key {
	int64_t part[KEPT_PARTS];
};

/*
 * What is kept for the key, held for the caller (cache_release()); made first if there is
 * nothing. make() appends it to out. *ret_data: 8-byte aligned, until released.
 */
int kept_get(struct cache *c, const struct kept_key *key,
	     int (*make)(void *ctx, struct buf *out), void *ctx, struct cache_entry **ret,
	     const char **ret_data) _must_check_;
