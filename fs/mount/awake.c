/* SPDX-License-Identifier: Apache-2.0 */

#include "awake.h"

#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "util/macro.h"

/* All processors look: with more of them it is others that are kept awake. */
#define MAX_PROCESSORS 4

/* Microseconds, as Documentation/power/pm_qos_interface of Linux has it. */
#define LATENCY_NONE ((int32_t)0)
#define LATENCY_ANY  ((int32_t)-1)

void awake_open(struct awake *a)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	/* With one, whoever waits leaves it to who works. */
	if (processors > 1 && processors <= MAX_PROCESSORS)
		a->fd = open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
}

void awake_deinit(struct awake *a)
{
	closep(&a->fd);
	a->fd = -1;
	pthread_mutex_destroy(&a->lock);
}

static void ask(struct awake *a, bool hold, int32_t latency)
{
	if (awake_is_held(a) == hold)
		return;
	/* Or one who asks and one who takes back could overtake each other. */
	pthread_mutex_lock(&a->lock);
	if (awake_is_held(a) != hold &&
	    write(a->fd, &latency, sizeof(latency)) == sizeof(latency))
		atomic_store(&a->held, hold);
	pthread_mutex_unlock(&a->lock);
}

bool awake_hold(struct awake *a)
{
	if (a->fd < 0)
		return false;
	ask(a, true, LATENCY_NONE);
	return awake_is_held(a);
}

void awake_release(struct awake *a)
{
	if (a->fd >= 0)
		ask(a, false, LATENCY_ANY);
}
