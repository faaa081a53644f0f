/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A state's body without what its row says already; see trim.c. */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"

/* What a body is put together with again. */
struct trimming {
	int64_t capture_ms;
	struct str state_id;
};

/* Appends the body without them, or the whole body where that would not give it again. */
int trim(struct str body, const struct trimming *t, struct buf *out) _must_check_;
/* Appends the body, `length` bytes, of what trim() made of it; false: it does not give so many. */
bool trim_undo(struct str trimmed, const struct trimming *t, size_t length,
	       struct buf *out) _must_check_;
