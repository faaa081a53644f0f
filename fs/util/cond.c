/* SPDX-License-Identifier: Apache-2.0 */

/* Waiting for another thread, but not for ever. */

#include "util/cond.h"

#include <time.h>

bool cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	/* By the wall clock, one set back an hour would be an hour in which nothing is looked at. */
	return pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until) == 0;
}
