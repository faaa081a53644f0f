/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

/*
 * Waits on a condition, its mutex held, so many milliseconds at most, whatever the wall clock does;
 * false: the time is over. As with any condition, true says no more than that it is to be looked.
 */
bool cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, unsigned ms);
