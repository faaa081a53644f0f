/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers of moments: one each, found again both ways, until there are no more.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/moment.h"
#include "moments.h"
#include "node.h"
#include "tree/tree.h"

#define MANY (((int64_t)1 << NODE_MOMENT_BITS) - 2)

static void test_now(void **state)
{
	struct moments m;
	unsigned number;
	int64_t ms;

	(void)state;
	assert_int_equal(moments_init(&m), 0);
	assert_int_equal(moments_number(&m, MOMENT_NOW, &number), 0);
	assert_int_equal(number, MOMENTS_NOW);
	assert_int_equal(moments_time(&m, MOMENTS_NOW, &ms), 0);
	assert_int_equal(ms, MOMENT_NOW);
	assert_int_equal(moments_time(&m, 0, &ms), TREE_E_NOT_FOUND);
	assert_int_equal(moments_time(&m, MOMENTS_NOW + 1, &ms), TREE_E_NOT_FOUND);
	assert_int_equal(moments_time(&m, UINT32_MAX, &ms), TREE_E_NOT_FOUND);
	moments_deinit(&m);
}

/* As many as a node can hold, with the same low digits, as whole hours have. */
static void test_all(void **state)
{
	struct moments m;
	unsigned number, again;
	int64_t ms;

	(void)state;
	assert_int_equal(moments_init(&m), 0);
	for (int64_t i = 0; i < MANY; i++) {
		assert_int_equal(moments_number(&m, i * 3600000, &number), 0);
		assert_int_equal(number, MOMENTS_NOW + 1 + i);
	}
	assert_int_equal(moments_number(&m, 1, &number), -ENOSPC);
	for (int64_t i = 0; i < MANY; i += 997) {
		assert_int_equal(moments_number(&m, i * 3600000, &again), 0);
		assert_int_equal(again, MOMENTS_NOW + 1 + i);
		assert_int_equal(moments_time(&m, again, &ms), 0);
		assert_int_equal(ms, i * 3600000);
	}
	moments_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
