/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keeping the processors from sleeping while a client and this process take turns. A processor that
 * sleeps is woken by an interrupt, which on a virtual machine costs more than most answers do;
 * one that only looks for work takes it up at once.
 *
 * The kernel is asked for that by its interface for latencies, /dev/cpu_dma_latency, which takes the
 * request back when whoever made it is gone, killed or not. It is root's, as a rule: without it, or
 * with so many processors that all of them looking would be a waste, nothing is done.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct awake {
	int fd; /* -1: not to be had */
	pthread_mutex_t lock;
	atomic_bool held; /* written under lock */
};

#define AWAKE_INIT                                          \
	{                                                   \
		.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER \
	}

void awake_open(struct awake *a);
void awake_deinit(struct awake *a);
/* From now on. false: not to be had. */
bool awake_hold(struct awake *a);
/* No longer. */
void awake_release(struct awake *a);

static inline bool awake_is_held(const struct awake *a)
{
	return atomic_load(&a->held);
}
