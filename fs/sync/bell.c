/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition with a memory: a ring that comes while nobody waits is not lost.
 */
#include "bell.h"

#include <errno.h>
#include <time.h>

#include "util/macro.h"

int bell_init(struct bell *b)
{
	b->rung = false;
	if (pthread_mutex_init(&b->lock, NULL))
		return -ENOMEM;
	if (pthread_cond_init(&b->cond, NULL)) {
		pthread_mutex_destroy(&b->lock);
		return -ENOMEM;
	}
	return 0;
}

void bell_deinit(struct bell *b)
{
	pthread_cond_destroy(&b->cond);
	pthread_mutex_destroy(&b->lock);
}

void bell_ring(struct bell *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->rung = true;
	pthread_cond_signal(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

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

void bell_wait(struct bell *b, unsigned ms)
{
	pthread_mutex_lock(&b->lock);
	if (!b->rung)
		(void)cond_wait_ms(&b->cond, &b->lock, ms);
	b->rung = false;
	pthread_mutex_unlock(&b->lock);
}
