/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What listings and inventories of a past moment need.
 */
#include "schema.h"

#include <stddef.h>

const char *const schema_moments[] = { NULL };
