/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Arrays of rows that grow at their end: room for one more, twice as much each time. */

#include <stddef.h>

#include "util/macro.h"

/*
 * Room behind the n rows of an array that has room for `cap`; else both its pointer, an lvalue of
 * the caller's to be freed, and `cap` change, to at least `least` rows. 0 or -ENOMEM, and then
 * nothing has changed. A macro: what it is given is evaluated more than once.
 */
#define array_room(rows, n, cap, least) \
	((n) < (cap) ? 0 : array_grow(&(rows), sizeof(*(rows)), &(cap), (least)))

/* What array_room() calls: the address of a pointer of any type. */
int array_grow(void *pointer_to_rows, size_t size, size_t *cap,
	       size_t least) _must_check_;
