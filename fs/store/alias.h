/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who goes by a name; see alias.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

struct store;
struct store_story;

/* Appends tokens as columns have them: 64 bits each, least byte first. */
void tokens_put(struct buf *out, const uint64_t *tokens, size_t n);
/* Appends int64_t each: the resources that have the token among their aliases. */
int alias_resources(struct store *s, uint64_t token, struct buf *ret) _must_check_;
/* Called with each of them that has one of the tokens, which are in order, each once, and which. */
typedef int alias_fn(void *ctx, size_t token, int64_t resource);
int alias_resources_of(struct store *s, const uint64_t *tokens, size_t n, alias_fn *each,
		       void *ctx) _must_check_;
/*
 * Puts the aliases of a story's resource for those before; fresh: there were none. One that is new
 * and that earlier events mention makes the resource dirty from the first of them on.
 */
int aliases_replace(struct store *s, const struct store_story *story,
		    bool fresh) _must_check_;
