/* SPDX-License-Identifier: Apache-2.0 */
/* An array grows and keeps what it has; where there is no memory nothing has changed. */
#include "util/array.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct row {
	uint64_t number;
	char letter;
};

static void test_grows(void **state)
{
	_cleanup_(freep) struct row *rows = NULL;
	size_t n = 0, cap = 0, moves = 0;

	(void)state;
	while (n < 1000) {
		size_t before = cap;

		assert_int_equal(array_room(rows, n, cap, 3), 0);
		assert_true(n < cap);
		moves += cap != before;
		rows[n] = (struct row){ n, (char)('a' + n % 26) };
		n++;
	}
	/* 3, 6, 12 ... 1536 */
	assert_int_equal(cap, 1536);
	assert_int_equal(moves, 10);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(rows[i].number, i);
		assert_int_equal(rows[i].letter, 'a' + i % 26);
	}
}

static void test_begins_with_the_least(void **state)
{
	_cleanup_(freep) int *rows = NULL;
	size_t cap = 0;

	(void)state;
	assert_int_equal(array_room(rows, (size_t)0, cap, 100), 0);
	assert_int_equal(cap, 100);
	rows[99] = 7;
	assert_int_equal(array_room(rows, (size_t)99, cap, 100), 0);
	assert_int_equal(cap, 100);
}

static void test_no_memory(void **state)
{
	_cleanup_(freep) struct row *rows = NULL;
	struct row *before;
	size_t cap = 0;

	(void)state;
	assert_int_equal(array_room(rows, cap, cap, 1), 0);
	before = rows;
	rows[0].number = 42;
	/* More bytes than there are numbers for, and twice as many as can be counted. */
	assert_int_equal(array_room(rows, cap, cap, SIZE_MAX / 2), -ENOMEM);
	assert_ptr_equal(rows, before);
	assert_int_equal(cap, 1);
	cap = SIZE_MAX / 2 + 1;
	assert_int_equal(array_room(rows, cap, cap, 1), -ENOMEM);
	assert_int_equal(cap, SIZE_MAX / 2 + 1);
	assert_ptr_equal(rows, before);
	assert_int_equal(rows[0].number, 42);
	/* An array of nothing has no room either. */
	cap = 0;
	assert_int_equal(array_grow(&rows, sizeof(*rows), &cap, 0), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_begins_with_the_least),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
