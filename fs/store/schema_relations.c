/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which resource is related to which, from when to when, and who set what last (blame).
 */
#include "schema.h"

#include <stddef.h>

const char *const schema_relations[] = { NULL };
