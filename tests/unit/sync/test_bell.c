/* SPDX-License-Identifier: Apache-2.0 */
/* The bell; and waiting while somebody sets the wall clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bell.h"
#include "util/cond.h"

static time_t set_by; /* what the wall clock is ahead by, for who asks in this program */

/* In place of the library's. */
int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += set_by;
	return r;
}

static void a_ring_is_kept(void **state)
{
	struct bell b;

	(void)state;
	assert_int_equal(bell_init(&b), 0);
	bell_ring(&b);
	assert_true(b.rung);
	bell_wait(&b, 600000);
	assert_false(b.rung);
	bell_ring(NULL);
	bell_deinit(&b);
}

/* By a wall clock that was an hour ahead when it began, this would be an hour. */
static void the_wall_clock_does_not_matter(void **state)
{
	struct bell b;

	(void)state;
	assert_int_equal(bell_init(&b), 0);
	set_by = 3600;
	bell_wait(&b, 1);
	pthread_mutex_lock(&b.lock);
	assert_false(cond_wait_ms(&b.cond, &b.lock, 1));
	pthread_mutex_unlock(&b.lock);
	set_by = 0;
	bell_deinit(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_is_kept),
		cmocka_unit_test(the_wall_clock_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
