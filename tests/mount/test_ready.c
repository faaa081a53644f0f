/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is made ready for a reader: in its order, within bounds, and not where it has gone from.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ready.h"
#include "util/macro.h"

/* A reader at `dir`, and n directories behind it taken. */
static struct ready reader(uint64_t dir, unsigned n)
{
	struct ready r = { 0 };

	ready_advance(&r, dir);
	for (uint64_t d = dir; d < dir + n; d++)
		assert_true(ready_take(&r, d, d + 1));
	return r;
}

static void test_order(void **state)
{
	struct ready r = { 0 };

	(void)state;
	assert_false(ready_wants(&r)); /* nobody reads */
	r = reader(10, 3);
	assert_true(ready_wants(&r));
	assert_int_equal(r.last, 13);
	ready_advance(&r, 11);
	assert_int_equal(r.n, 2);
	ready_advance(&r, 13); /* over one */
	assert_int_equal(r.n, 0);
	assert_int_equal(r.last, 13);
}

static void test_taken_once(void **state)
{
	struct ready r = reader(10, 1);

	(void)state;
	assert_false(ready_take(&r, 10, 11)); /* by who looked at the same time */
	assert_int_equal(r.n, 1);
}

static void test_elsewhere(void **state)
{
	struct ready r = reader(10, 3);

	(void)state;
	ready_made(&r, 12, 1000);
	ready_advance(&r, 50);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.bytes, 0);
	assert_int_equal(r.last, 50);
	assert_false(ready_take(&r, 13, 14)); /* behind where it was */
	ready_made(&r, 13, 1000);
	assert_int_equal(r.bytes, 0);
}

static void test_end(void **state)
{
	struct ready r = reader(10, 1);

	(void)state;
	assert_false(ready_take(&r, 11, 0));
	assert_false(ready_wants(&r));
	assert_int_equal(r.n, 1);
	ready_forget(&r);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.last, 0);
}

static void test_bounds(void **state)
{
	struct ready r = reader(10, READY);

	(void)state;
	assert_false(ready_wants(&r));
	assert_false(ready_take(&r, 10 + READY, 11 + READY));
	ready_advance(&r, 11);
	assert_true(ready_wants(&r));
	ready_made(&r, 12, READY_BYTES);
	assert_false(ready_wants(&r));
	ready_made(&r, 13, 1);
	ready_advance(&r, 12);
	assert_int_equal(r.bytes, 1);
	assert_true(ready_wants(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),     cmocka_unit_test(test_taken_once),
		cmocka_unit_test(test_elsewhere), cmocka_unit_test(test_end),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("ready", tests, NULL, NULL);
}
