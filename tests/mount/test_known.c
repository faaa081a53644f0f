/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The table of what the kernel knows, against a plain array that does the same.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "known.h"
#include "util/macro.h"

#define NODES 3000

static void test_count(void **state)
{
	_cleanup_(known_deinit) struct known_table t = { 0 };

	(void)state;
	assert_null(known_find(&t, 5));
	known_forget(&t, 5, 1);
	assert_true(known_add(&t, 5, 77));
	assert_true(known_add(&t, 5, 88));
	assert_int_equal(t.n, 1);
	assert_int_equal(known_find(&t, 5)->stamp, 77);
	assert_int_equal(known_find(&t, 5)->lookups, 2);
	known_forget(&t, 5, 1);
	assert_non_null(known_find(&t, 5));
	known_forget(&t, 5,
		     100); /* more than there were: a kernel's number is only a number */
	assert_null(known_find(&t, 5));
	assert_int_equal(t.n, 0);
}

/* A count that has reached its end is none any more: the node stays. */
static void test_count_ends(void **state)
{
	_cleanup_(known_deinit) struct known_table t = { 0 };

	(void)state;
	assert_true(known_add(&t, 5, 77));
	known_find(&t, 5)->lookups = UINT32_MAX - 1;
	assert_true(known_add(&t, 5, 77));
	assert_true(known_add(&t, 5, 77));
	assert_int_equal(known_find(&t, 5)->lookups, UINT32_MAX);
	known_forget(&t, 5, UINT64_MAX);
	assert_non_null(known_find(&t, 5));
}

/* Pseudo-random adds and forgets; the seed is fixed. */
static void test_against_array(void **state)
{
	_cleanup_(known_deinit) struct known_table t = { 0 };
	static uint64_t counts[NODES];
	uint64_t random = 42;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		random = random * UINT64_C(6364136223846793005) +
			 UINT64_C(1442695040888963407);
		size_t at = (size_t)(random >> 33) % NODES;
		uint64_t node = UINT64_C(2) << 56 | (at + 1);

		/* Up at first, down later, so that it grows and shrinks. */
		if ((random >> 20) % 100 < (i < 100000 ? 70u : 30u)) {
			assert_true(known_add(&t, node, at));
			n += counts[at]++ == 0;
		} else if (counts[at] > 0) {
			known_forget(&t, node, 1);
			n -= --counts[at] == 0;
		}
		assert_int_equal(t.n, n);
	}
	for (size_t at = 0; at < NODES; at++) {
		const struct known *known = known_find(&t, UINT64_C(2) << 56 | (at + 1));

		assert_int_equal(known ? known->lookups : 0, counts[at]);
		if (known)
			assert_int_equal(known->stamp, at);
	}
	for (size_t at = 0; at < NODES; at++)
		known_forget(&t, UINT64_C(2) << 56 | (at + 1), UINT64_MAX);
	assert_int_equal(t.n, 0);
	assert_true(t.cap <= 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_count_ends),
		cmocka_unit_test(test_against_array),
	};

	return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
