/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a composite alarm's rule names, in every spelling; what is no rule names nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parser.h"

static void check(const char *rule, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct str *children = NULL;
	size_t n = 9;

	assert_int_equal(parse_alarm_rule(&a, str_of(rule), &children, &n), 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&text, "[%.*s]", STR_ARGS(children[i]));
	buf_put_char(&text, '\0');
	assert_string_equal(text.data, want);
}

static void test_rules(void **state)
{
	(void)state;
	check("ALARM(CPUUtilizationTooHigh) AND ALARM(DiskReadOpsTooHigh)",
	      "[CPUUtilizationTooHigh][DiskReadOpsTooHigh]");
	check("ALARM(a)AND NOT OK( b )OR INSUFFICIENT_DATA(c)", "[a][b][c]");
	check("(ALARM(\"a (b), c\") OR ALARM('d e')) AND NOT (ALARM(a))",
	      "[a (b), c][d e][a]");
	check("ALARM(\"a \\\"b\\\" \\\\\")", "[a \"b\" \\]");
	check("ALARM(arn:aws:cloudwatch:eu-west-1:1:alarm:x:y) OR ALARM(x:y)", "[x:y]");
	check("ALARM(\"arn:aws:cloudwatch:eu-west-1:1:alarm:a:alarm:b\")", "[a:alarm:b]");
	check("AT_LEAST(2, ALARM, (a, \"b c\", d)) AND ALARM(e)", "[a][b c][d][e]");
	check("AT_LEAST(50%, NOT OK, (a,b))", "[a][b]");
	check("ALARM(a) OR ALARM(a) OR OK(a)", "[a]");
}

static void test_no_rules(void **state)
{
	static const char *const rules[] = { "",
					     "TRUE",
					     "FALSE AND TRUE",
					     "ALARM",
					     "ALARM()",
					     "ALARM(",
					     "alarm(x)",
					     "XALARM(x)",
					     "ALARM(\"",
					     "AT_LEAST(",
					     "AT_LEAST()",
					     "AT_LEAST(1, ALARM)",
					     "AT_LEAST(1,",
					     "))((",
					     "\"ALARM\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		check(rules[i], "");
	check("ALARM(a", "[a]");
	check("ALARM(\"a", "[a]");
	check("AT_LEAST(1, ALARM, (a", "[a]");
}

/* More than AWS takes: the first of them. */
static void test_many(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf rule = BUF_INIT;
	const struct str *children = NULL;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < 2000; i++)
		buf_printf(&rule, "%sALARM(a%u)", i ? " OR " : "", i);
	assert_int_equal(parse_alarm_rule(&a, buf_str(&rule), &children, &n), 0);
	assert_int_equal(n, 1024);
	assert_true(str_is(children[1023], "a1023"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_no_rules),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
