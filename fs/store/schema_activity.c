/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline and of activity/: by day, and by each value of an event.
 */
#include "schema.h"

#include <stddef.h>

const char *const schema_activity[] = { NULL };
