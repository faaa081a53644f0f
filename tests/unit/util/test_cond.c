/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting on a condition for some time: until somebody tells of it, or until the time is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/clock.h"
#include "util/cond.h"

struct told {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool is;
};

static void *tell(void *arg)
{
	struct told *told = arg;

	pthread_mutex_lock(&told->lock);
	told->is = true;
	pthread_cond_signal(&told->cond);
	pthread_mutex_unlock(&told->lock);
	return NULL;
}

static void test_told(void **state)
{
	struct told told = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };
	pthread_t thread;

	(void)state;
	pthread_mutex_lock(&told.lock);
	assert_int_equal(pthread_create(&thread, NULL, tell, &told), 0);
	while (!told.is)
		assert_true(cond_wait_ms(&told.cond, &told.lock, UINT32_MAX));
	pthread_mutex_unlock(&told.lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Never before it is over, and with the mutex held; of nothing, at once. */
static void test_over(void **state)
{
	static const unsigned waits[] = { 0, 1, 30, 1001 };
	struct told told = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false };

	(void)state;
	pthread_mutex_lock(&told.lock);
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++) {
		int64_t until_ns = clock_ns() + (int64_t)waits[i] * 1000000;

		/* It may be woken for nothing. */
		while (cond_wait_ms(&told.cond, &told.lock, waits[i]))
			until_ns = clock_ns() + (int64_t)waits[i] * 1000000;
		assert_true(clock_ns() >= until_ns);
	}
	assert_int_not_equal(pthread_mutex_trylock(&told.lock), 0);
	pthread_mutex_unlock(&told.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
