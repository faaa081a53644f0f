/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A state's file: its canonical body, laid out for reading, with one final newline.
 */

#include "util/buf.h"
#include "util/str.h"

/*
 * Appends the file of a compact canonical body (as jv_write_sorted() makes it). A deletion has
 * no name of its own: where the body's "resourceName" or "ARN" is null, `name` or `arn` stands
 * in for it; an empty one leaves the null.
 */
void render_state(struct buf *out, struct str body, struct str name, struct str arn);
/* Just the number of bytes render_state() appends; *ret_len only on success. 0 or -ENOMEM. */
int render_state_len(struct str body, struct str name, struct str arn,
		     size_t *ret_len) _must_check_;
