/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The queue of facts whose dirt is still to be spread; see spread.c. And what spreads it. */

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"

struct store;

enum spread_kind {
	SPREAD_NAMED = 1,  /* tokens of what an event or an alarm names */
	SPREAD_ISSUED = 2, /* tokens of credentials an event issued */
};

int spread_queue(struct store *s, enum spread_kind kind, int64_t time_ms,
		 const uint64_t *tokens, size_t n) _must_check_;

/* Dirt, gathered: the resource's story is to be made anew from that time on. */
void dirt_add(struct buf *dirt, int64_t resource, int64_t from_ms);
/* Adds that of the changes which had no cause for want of a trail, where an account's reaches further now;
   see spread_trail.c. */
int trails_grown(struct store *s, struct buf *dirt) _must_check_;
