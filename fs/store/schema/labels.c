/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `blame` says of a cause is measured when the change is told: later that is had without its event.
 * The length is in a number with the confidence, which takes a byte less than a column. Of causes from
 * before it is not known, and they are read for it.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char labels[] =
"ALTER TABLE cause ADD COLUMN label INTEGER NOT NULL DEFAULT 0"
" /* bits 0-1: enum confidence; 2-: bytes that a line of `blame` says of it, 0: not known */;\n"
"UPDATE cause SET label = confidence WHERE confidence <> 0;\n"
"ALTER TABLE cause DROP COLUMN confidence;\n";

/* clang-format on */

const char *const schema_labels[] = { labels, NULL };
