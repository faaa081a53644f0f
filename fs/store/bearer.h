/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which resources have a name; see bearer.c. */

#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"

struct store;

/* A name, as its row has it. */
struct bearing {
	int64_t name, n;
	int64_t first; /* resource: of n the first */
};

/* STORE_E_NOT_FOUND: there is no such name. */
int bearing_get(struct store *s, int64_t name, struct bearing *ret) _must_check_;

/* Called with each bearer behind a resource, in order, until *more is set to false. */
typedef int bearer_fn(void *ctx, int64_t resource, bool *more);
int bearers_each(struct store *s, const struct bearing *of, int64_t after,
		 bearer_fn *each, void *ctx) _must_check_;

/* One more bearer of a name that has some, one less where others stay; the row is the caller's. */
int bearer_add(struct store *s, const struct bearing *to, int64_t resource) _must_check_;
int bearer_remove(struct store *s, const struct bearing *from, int64_t resource,
		  int64_t *ret_first) _must_check_;
/* Writes what was gathered: before a read, and before a commit. */
int bearers_settle(struct store *s) _must_check_;
