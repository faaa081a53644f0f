/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The moments that were asked for while the tree is open, numbered as they come: node numbers
 * hold such a number, since a moment itself would not fit beside a row. One moment has one
 * number, whatever it was called.
 */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"

/* The first number: whatever is newest (MOMENT_NOW). 0 is none. */
#define MOMENTS_NOW 1u

struct moments {
	pthread_mutex_t lock;
	/* Under lock: */
	int64_t *times;  /* by number */
	size_t n, cap;   /* n: the next number */
	uint32_t *slots; /* numbers by hash of the time, 0: free; 2 * cap of them */
};

int moments_init(struct moments *m) _must_check_; /* 0 or -ENOMEM */
void moments_deinit(struct moments *m);
/* The moment's number. -ENOSPC when there are no more numbers, -ENOMEM. */
int moments_number(struct moments *m, int64_t ms, unsigned *ret) _must_check_;
/* The other way round; TREE_E_NOT_FOUND for a number that was never given out. */
int moments_time(struct moments *m, unsigned number, int64_t *ret) _must_check_;
