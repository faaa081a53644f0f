/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The order in which a resource's states were put: that of their row ids. A state is packed against
 * one put shortly before it, so whoever replaces a state looks at those put next.
 */

#include "util/buf.h"

struct store;

/* Of one resource, which has many states; else it is read each time it is asked for. */
struct put_order {
	int64_t resource; /* 0: of none */
	struct buf ids;   /* int64_t, ascending */
};

/* A state was put just now. */
int put_order_note(struct store *s, int64_t resource, int64_t state) _must_check_;
/* The next n at most that were put behind a state. */
int put_order_behind(struct store *s, int64_t resource, int64_t state, int64_t *ret,
		     size_t n, size_t *ret_n) _must_check_;
static inline void put_order_forget(struct put_order *o)
{
	buf_deinit(&o->ids);
	o->resource = 0;
}
