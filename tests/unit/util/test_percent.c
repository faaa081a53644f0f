/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding: escapes of either case, what is none, the plus of forms, no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/percent.h"

static void expect(struct str text, struct str plain, struct str form)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str got = percent_decode(&a, text);

	if (!got.p || !str_eq(got, plain))
		fail_msg("%.*s gives %.*s", STR_ARGS(text), STR_ARGS(got));
	got = percent_decode_form(&a, text);
	if (!got.p || !str_eq(got, form))
		fail_msg("the form %.*s gives %.*s", STR_ARGS(text), STR_ARGS(got));
}

static void test_escapes(void **state)
{
	(void)state;
	expect(STR(""), STR(""), STR(""));
	expect(STR("a/b"), STR("a/b"), STR("a/b"));
	expect(STR("%41%2f%2F%C3%a9"), STR("A//\xc3\xa9"), STR("A//\xc3\xa9"));
	expect(STR("a+b%2B%20c"), STR("a+b+ c"), STR("a b+ c"));
	expect(STR("%00%FF"), STR("\0\xff"), STR("\0\xff"));
	expect(STR("%2541"), STR("%41"), STR("%41")); /* once, not twice */
}

static void test_no_escapes(void **state)
{
	(void)state;
	expect(STR("%"), STR("%"), STR("%"));
	expect(STR("%4"), STR("%4"), STR("%4"));
	expect(STR("%4g%g4%%41"), STR("%4g%g4%A"), STR("%4g%g4%A"));
	expect(STR("100%+1"), STR("100%+1"), STR("100% 1"));
}

static void test_one_byte(void **state)
{
	(void)state;
	assert_int_equal(percent_byte(STR("%2fx")), '/');
	assert_int_equal(percent_byte(STR("%FF")), 255);
	assert_int_equal(percent_byte(STR("%F")), -1);
	assert_int_equal(percent_byte(STR("x%2f")), -1);
	assert_int_equal(percent_byte(STR_NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_no_escapes),
		cmocka_unit_test(test_one_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
