/* SPDX-License-Identifier: Apache-2.0 */
/* Where buckets are: what is noted is found, the newest counts, and there is an end to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "moved.h"

static void moved_freep(struct moved **m)
{
	*m = moved_free(*m);
}

static void test_note_and_find(void **state)
{
	_cleanup_(moved_freep) struct moved *m = moved_new();
	char region[MOVED_REGION_SIZE] = "as it was";

	(void)state;
	assert_non_null(m);
	assert_false(moved_find(m, STR("logs"), region));
	assert_string_equal(region, "as it was");
	moved_note(m, STR("logs"), "eu-west-1");
	moved_note(m, STR("log"), "eu-west-2");
	assert_true(moved_find(m, STR("logs"), region));
	assert_string_equal(region, "eu-west-1");
	moved_note(m, STR("logs"), "eu-west-3");
	assert_true(moved_find(m, STR("logs"), region));
	assert_string_equal(region, "eu-west-3");
}

static void test_without_end(void **state)
{
	_cleanup_(moved_freep) struct moved *m = moved_new();
	char name[32], region[MOVED_REGION_SIZE];
	unsigned found = 0;

	(void)state;
	assert_non_null(m);
	for (unsigned n = 0; n < 10000; n++) {
		(void)snprintf(name, sizeof(name), "bucket-%u", n);
		moved_note(m, str_of(name), "eu-west-1");
		assert_true(moved_find(m, str_of(name), region));
	}
	for (unsigned n = 0; n < 10000; n++) {
		(void)snprintf(name, sizeof(name), "bucket-%u", n);
		found += moved_find(m, str_of(name), region);
	}
	assert_in_range(found, 1, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_and_find),
		cmocka_unit_test(test_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
