/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * `blame`: a line for each leaf of a resource's newest state, with the change that set it.
 */

#include "model/blame.h"
#include "util/buf.h"

/*
 * Appends the header line and the leaves in the order of the state's file. A leaf is a scalar or
 * an empty container; null members are left out (the same as none), and so is what tells of the
 * recording, not of the resource. A deleted resource has one line, which says who deleted it.
 * Where a change has several causes, the one is named that the leaf's value or key stands in, of
 * equals the surest, then the first.
 */
void render_blame(struct buf *out, const struct blame *b);
/* Just the number of bytes it appends; of a change's causes label_len is enough. 0 or -ENOMEM. */
int render_blame_len(const struct blame *b, size_t *ret_len) _must_check_;
/* Appends what a line says of a cause: the label that label_len is the length of. */
void render_blame_label(struct buf *out, const struct story_event *cause);
