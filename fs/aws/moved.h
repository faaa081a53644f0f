/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where buckets are that are not in the client's own region: AWS is asked in the wrong one once,
 * not at each object. Of any thread.
 */

#include <stdbool.h>

#include "util/str.h"

#define MOVED_REGION_SIZE 64

struct moved;

struct moved *moved_new(void) _must_check_; /* NULL: no memory */
struct moved *moved_free(struct moved *m);  /* returns NULL */
/* false: nothing is known of it; m may be NULL. */
bool moved_find(struct moved *m, struct str bucket, char ret[MOVED_REGION_SIZE]);
/* What is not kept, for want of memory or of room, is asked for again. */
void moved_note(struct moved *m, struct str bucket, const char *region);
