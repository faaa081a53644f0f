/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A file's bytes within a request, from the cache where they are still good.
 */

#include "cache.h"
#include "request.h"

/* Held for the caller, who gives it to cache_release(). */
int content_get(struct request *q, uint64_t node, struct cache_entry **ret) _must_check_;
/* What is kept, held, if it is good for this request; NULL if not. */
struct cache_entry *content_kept(struct request *q, uint64_t node, uint64_t stamp);
