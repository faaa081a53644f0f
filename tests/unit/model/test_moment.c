/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of moments: every form, what is nearly one, and what counts from the present.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/moment.h"
#include "model/timestamp.h"

#define T   INT64_C(1714558500000) /* 2024-05-01T10:15:00Z */
#define DAY INT64_C(86400000)
#define NOW (T + 45678) /* ten past a quarter, and some */

static void test_fixed(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "2024-05-01T10:15Z", T },
		{ "2024-05-01T10:15", T },
		{ "2024-05-01T10:15:00Z", T },
		{ "2024-05-01T10:15:00.123Z", T + 123 },
		{ "2024-05-01T10:15:00.1234Z", T + 123 },
		{ "2024-05-01T101500.123Z", T + 123 },
		{ "20240501T101500Z", T },
		{ "2024-05-01T12:15:00+02:00", T },
		{ "2024-05-01T05:45-0430", T },
		{ "2024-05-01T12:15+02", T },
		{ "2024-05-01t10:15z", T },
		{ "2024-05-01", T - (10 * 60 + 15) * 60000 },
		{ "20240501", T - (10 * 60 + 15) * 60000 },
		{ "1714558500", T },
		{ "1714558500.5", T + 500 },
		{ "1714558500123", T + 123 },
		{ "1970-01-01", 0 },
		{ "2024-05-01T10:15:00+06:00", T - 6 * 3600000 },
		{ "2024-05-01 10:15", T },
		{ "2099-12-31", INT64_C(4102358400000) },
		{ "now", MOMENT_NOW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct moment m = { .ms = -1, .relative = true };

		if (!moment_parse(str_of(cases[i].text), NOW, &m))
			fail_msg("%s is no moment", cases[i].text);
		if (m.ms != cases[i].ms || m.relative)
			fail_msg("%s is %lld", cases[i].text, (long long)m.ms);
	}
}

static void test_relative(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "yesterday", T - DAY },
		{ "-2h", T - 7200000 },
		{ "-7d", T - 7 * DAY },
		{ "-2w", T - 14 * DAY },
		{ "-30m", T - 1800000 },
		{ "-0m", T },
		{ "-45s", T },
		{ "-1s", T + 44000 },
		{ "-0s", T + 45000 },
		{ "-00002h", T - 7200000 },
		{ "-19844d", T - 19844 * DAY }, /* the first day there is */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct moment m = { .ms = -1 };

		if (!moment_parse(str_of(cases[i].text), NOW, &m))
			fail_msg("%s is no moment", cases[i].text);
		if (m.ms != cases[i].ms || !m.relative)
			fail_msg("%s is %lld", cases[i].text, (long long)m.ms);
	}
}

/* The same name means the same moment for a minute, or a second. */
static void test_steady(void **state)
{
	struct moment first, last, next;

	(void)state;
	assert_true(moment_parse(STR("-2h"), T, &first));
	assert_true(moment_parse(STR("-2h"), T + 59999, &last));
	assert_true(moment_parse(STR("-2h"), T + 60000, &next));
	assert_int_equal(first.ms, last.ms);
	assert_int_equal(next.ms, first.ms + 60000);
	assert_true(moment_parse(STR("-5s"), T, &first));
	assert_true(moment_parse(STR("-5s"), T + 999, &last));
	assert_int_equal(first.ms, last.ms);
}

static void test_no_moments(void **state)
{
	static const char *const texts[] = {
		"",
		"x",
		"README",
		"Now",
		"tomorrow",
		"-",
		"-h",
		"-2",
		"-2y",
		"-2H",
		"-2hh",
		"--2h",
		"+2h",
		"2h",
		"-2 h",
		"-2.5h",
		"-99999999999999h",
		"-9999999999999w",
		"-19845d", /* before 1970 */
		"2024",
		"2024-05",
		"2024-13-01",
		"2024-02-30",
		"2023-02-29",
		"2024-05-01T25:00Z",
		"2024-05-01T10:61Z",
		"2024-05-01T23:59:60Z",
		"2016-12-31T23:59:60Z",
		"2016-12-31T235960.5Z",
		"20161231T235960Z",
		"2016-12-31 23:59:60+00:00",
		"2024-05-01T24:00Z",
		"today",
		"2024-05-01T10:15Zx",
		"2024-05-01T",
		"1969-12-31",
		"2100-01-01",
		"0",
		"12345",
		"171455850",
		"17145585000",
		"20240501101500",
		"1714558500.",
		"1714558500.x",
		"1714558500123.5",
		"1714558500e3",
		"-1714558500",
		"2024-05-01T101500.123Z.json",
		"9999999999",
	};
	struct moment m = { .ms = 17 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (moment_parse(str_of(texts[i]), NOW, &m))
			fail_msg("%s is taken for %lld", texts[i], (long long)m.ms);
	assert_false(moment_parse((struct str){ "now\0", 4 }, NOW, &m));
	assert_false(moment_parse((struct str){ "1714558500\0", 11 }, NOW, &m));
	assert_int_equal(m.ms, 17);
}

/* A clock that is wrong altogether makes relative moments none, and harms no others. */
static void test_wrong_clock(void **state)
{
	struct moment m;

	(void)state;
	assert_false(moment_parse(STR("-1h"), 0, &m));
	assert_false(moment_parse(STR("yesterday"), -5, &m));
	assert_false(moment_parse(STR("-1s"), INT64_MAX, &m));
	assert_true(moment_parse(STR("2024-05-01"), -5, &m));
	assert_true(moment_parse(STR("now"), INT64_MIN, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),       cmocka_unit_test(test_relative),
		cmocka_unit_test(test_steady),      cmocka_unit_test(test_no_moments),
		cmocka_unit_test(test_wrong_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
