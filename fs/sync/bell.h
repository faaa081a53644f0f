/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What many threads ring and one waits for: that somewhere there is something new to look at.
 */

#include <pthread.h>
#include <stdbool.h>

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool rung; /* since it was waited for last */
};

int bell_init(struct bell *b); /* 0 or -ENOMEM */
void bell_deinit(struct bell *b);
void bell_ring(struct bell *b); /* NULL: nobody listens */
/* Until it is rung, but not longer. */
void bell_wait(struct bell *b, unsigned ms);
