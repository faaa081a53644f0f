/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For which spans the history knows what happened, and what came in.
 */
#include "schema.h"

#include <stddef.h>

const char *const schema_coverage[] = { NULL };
