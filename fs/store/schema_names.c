/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other ways to a resource: its id, name, ARN and tags.
 */
#include "schema.h"

#include <stddef.h>

const char *const schema_names[] = { NULL };
