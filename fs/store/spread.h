/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The queue of facts whose dirt is still to be spread; see spread.c. */

#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

struct store;

enum spread_kind {
	SPREAD_NAMED = 1,  /* tokens of what an event or an alarm names */
	SPREAD_ISSUED = 2, /* tokens of credentials an event issued */
};

int spread_queue(struct store *s, enum spread_kind kind, int64_t time_ms,
		 const uint64_t *tokens, size_t n) _must_check_;
