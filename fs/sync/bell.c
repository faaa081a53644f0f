/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A condition with a memory: a ring that comes while nobody waits is not lost.
 */
#include "bell.h"

#include <errno.h>

#include "util/cond.h"

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

void bell_wait(struct bell *b, unsigned ms)
{
	pthread_mutex_lock(&b->lock);
	if (!b->rung)
		(void)cond_wait_ms(&b->cond, &b->lock, ms);
	b->rung = false;
	pthread_mutex_unlock(&b->lock);
}
