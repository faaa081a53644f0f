/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times in and out: every spelling AWS and people use, the roundings that decide whether two
 * copies of one state are the same, the limits, and a walk over the whole range.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/timestamp.h"

#define MAY_FIRST INT64_C(1714558500123) /* 2024-05-01T10:15:00.123Z */

static void expect(const char *text, int64_t wanted)
{
	int64_t ms = -1;

	if (timestamp_parse(str_of(text), &ms) != 0 || ms != wanted)
		fail_msg("%s: %lld, not %lld", text, (long long)ms, (long long)wanted);
}

static void refuse(const char *text, int wanted)
{
	int64_t ms = -1;

	if (timestamp_parse(str_of(text), &ms) != wanted || ms != -1)
		fail_msg("%s: %lld", text, (long long)ms);
}

static void test_spellings(void **state)
{
	(void)state;
	expect("2024-05-01T10:15:00.123Z", MAY_FIRST);
	expect("2024-05-01t10:15:00.123z", MAY_FIRST);
	expect("2024-05-01 10:15:00.123", MAY_FIRST);
	expect("20240501T101500.123Z", MAY_FIRST);
	expect("2024-05-01T101500.123Z", MAY_FIRST);
	expect("2024-05-01T10:15:00,123Z", MAY_FIRST);
	expect("2024-05-01T12:15:00.123+02:00", MAY_FIRST);
	expect("2024-05-01T12:15:00.123+0200", MAY_FIRST);
	expect("2024-05-01T12:15:00.123+02", MAY_FIRST);
	expect("2024-05-01T04:45:00.123-05:30", MAY_FIRST);
	expect("2024-05-01T10:15:00.123-0000", MAY_FIRST);
	expect("2024-05-01T10:15:00Z", MAY_FIRST - 123);
	expect("2024-05-01T10:15Z", MAY_FIRST - 123);
	expect("2024-05-01T1015", MAY_FIRST - 123);
	expect("2024-05-01T10Z", MAY_FIRST - 123 - 15 * 60 * 1000);
	expect("2024-05-01", INT64_C(1714521600000));
	expect("20240501", INT64_C(1714521600000));
	expect("1970-01-01", 0);
	expect("2016-12-31T23:59:60Z", INT64_C(1483228800000));
	expect("2024-02-29T00:00:00Z", INT64_C(1709164800000));
	expect("2000-02-29", INT64_C(951782400000));
}

static void test_fractions(void **state)
{
	(void)state;
	expect("2024-05-01T10:15:00.1Z", MAY_FIRST - 23);
	expect("2024-05-01T10:15:00.123456Z", MAY_FIRST);
	expect("2024-05-01T10:15:00.1225Z", MAY_FIRST);
	expect("2024-05-01T10:15:00.12249999999Z", MAY_FIRST - 1);
	expect("2024-05-01T10:14:59.9996Z", MAY_FIRST - 123);
	expect("2024-05-01T10:15:00.123000000000000000000000000000Z", MAY_FIRST);
	refuse("2024-05-01T10:15:00.Z", TIMESTAMP_E_FORMAT);
}

static void test_no_times(void **state)
{
	static const char *const texts[] = {
		"",
		"now",
		"2024",
		"2024-05",
		"2024-5-1",
		"2024-13-01",
		"2024-00-10",
		"2024-04-31",
		"2023-02-29",
		"2100-02-29",
		"2024-05-01T",
		"2024-05-01T24:00:00Z",
		"2024-05-01T10:60:00Z",
		"2024-05-01T10:15:61Z",
		"2024-05-01T10:15:00Zulu",
		"2024-05-01T10:15:00+2",
		"2024-05-01T10:15:00+24:00",
		"2024-05-01T10:15:00+02:60",
		"2024-05-01T1:15:00Z",
		"2024-0501",
		"202405-01",
		" 2024-05-01",
		"2024-05-01 ",
		"2024-05-01Z",
		"-2024-05-01",
		"datetime.datetime(2020, 4, 22)",
		"1714558500",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		refuse(texts[i], TIMESTAMP_E_FORMAT);
}

static void test_nul_inside(void **state)
{
	int64_t ms;

	(void)state;
	assert_int_equal(timestamp_parse(STR("2024-05-01\0"), &ms), TIMESTAMP_E_FORMAT);
	assert_int_equal(timestamp_parse(STR("2024-05-01T10:15:00\0"), &ms),
			 TIMESTAMP_E_FORMAT);
	assert_int_equal(timestamp_parse(STR_NULL, &ms), TIMESTAMP_E_FORMAT);
}

static void test_range(void **state)
{
	(void)state;
	expect("2099-12-31T23:59:59.999Z", TIMESTAMP_MAX - 1);
	refuse("2099-12-31T23:59:59.9999Z", TIMESTAMP_E_RANGE);
	refuse("2100-01-01", TIMESTAMP_E_RANGE);
	refuse("1969-12-31T23:59:59.999Z", TIMESTAMP_E_RANGE);
	refuse("1970-01-01T00:30:00+01:00", TIMESTAMP_E_RANGE);
	refuse("0001-01-01T00:00:00Z", TIMESTAMP_E_RANGE);
	refuse("9999-12-31T23:59:59Z", TIMESTAMP_E_RANGE);
	expect("1969-12-31T23:30:00-01:00", 30 * 60 * 1000);
}

static void expect_epoch(const char *digits, int wanted, int64_t wanted_ms)
{
	int64_t ms = -1;
	int r = timestamp_parse_epoch(str_of(digits), &ms);

	if (r != wanted || (r == 0 && ms != wanted_ms))
		fail_msg("%s: %d, %lld", digits, r, (long long)ms);
}

static void test_epoch(void **state)
{
	(void)state;
	/* The documentation's own sample of a double that stands for .922. */
	expect_epoch("1414708529.9219999", 0, INT64_C(1414708529922));
	expect_epoch("1414708529.922", 0, INT64_C(1414708529922));
	expect_epoch("1.4147085299219999E9", 0, INT64_C(1414708529922));
	expect_epoch("1.414708529922e+9", 0, INT64_C(1414708529922));
	expect_epoch("1414708529", 0, INT64_C(1414708529000));
	expect_epoch("14147085299e-1", 0, INT64_C(1414708529900));
	expect_epoch("1414708529922", 0, INT64_C(1414708529922));
	expect_epoch("1414708529922.6", 0, INT64_C(1414708529923));
	expect_epoch("1414708529.9996", 0, INT64_C(1414708530000));
	expect_epoch("0", 0, 0);
	expect_epoch("-0.0", 0, 0);
	expect_epoch("0.0004", 0, 0);
	expect_epoch("0.0005", 0, 1);
	expect_epoch("1e-9", 0, 0);
	expect_epoch("1e-999999999999", 0, 0);
	expect_epoch("0.000000000000000000000000000000000001", 0, 0);
	expect_epoch("4102444799.9994", 0, TIMESTAMP_MAX - 1);
	expect_epoch("4102444799.9995", TIMESTAMP_E_RANGE, 0);
	expect_epoch("4102444800", TIMESTAMP_E_RANGE, 0);
	expect_epoch("99999999999", TIMESTAMP_E_RANGE, 0);
	expect_epoch("1e99999999999999999999", TIMESTAMP_E_RANGE, 0);
	expect_epoch("17145585001230000", TIMESTAMP_E_RANGE, 0);
	expect_epoch("-1", TIMESTAMP_E_RANGE, 0);
	expect_epoch("", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("-", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("1.", TIMESTAMP_E_FORMAT, 0);
	expect_epoch(".5", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("1e", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("1e+", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("12a", TIMESTAMP_E_FORMAT, 0);
	expect_epoch("0x10", TIMESTAMP_E_FORMAT, 0);
}

static void expect_json(const char *text, int wanted, int64_t wanted_ms)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	int64_t ms = -1;
	struct jv v;
	int r;

	assert_int_equal(jv_parse(&a, str_of(text), &v, NULL), 0);
	r = timestamp_from_jv(&v, &ms);
	if (r != wanted || (r == 0 && ms != wanted_ms))
		fail_msg("%s: %d, %lld", text, r, (long long)ms);
}

static void test_json(void **state)
{
	(void)state;
	expect_json("\"2024-05-01T10:15:00.123Z\"", 0, MAY_FIRST);
	expect_json("\"1714558500.123\"", 0, MAY_FIRST);
	expect_json("1714558500.123", 0, MAY_FIRST);
	expect_json(
		"{\"__class__\":\"datetime\",\"year\":2024,\"month\":5,\"day\":1,\"hour\":10,"
		"\"minute\":15,\"second\":0,\"microsecond\":122700}",
		0, MAY_FIRST);
	expect_json("{\"__class__\":\"datetime\",\"year\":2024,\"month\":5,\"day\":1}", 0,
		    INT64_C(1714521600000));
	expect_json("{\"__class__\":\"datetime\",\"year\":2024,\"month\":13,\"day\":1}",
		    TIMESTAMP_E_FORMAT, 0);
	expect_json("{\"__class__\":\"datetime\",\"year\":2024,\"month\":5,\"day\":1,"
		    "\"hour\":-1}",
		    TIMESTAMP_E_FORMAT, 0);
	expect_json(
		"{\"__class__\":\"datetime\",\"year\":2024,\"month\":\"May\",\"day\":1}",
		TIMESTAMP_E_FORMAT, 0);
	expect_json("{\"__class__\":\"datetime\",\"year\":1900,\"month\":5,\"day\":1}",
		    TIMESTAMP_E_RANGE, 0);
	expect_json("{\"year\":2024,\"month\":5,\"day\":1}", TIMESTAMP_E_FORMAT, 0);
	expect_json("\"2200-01-01\"", TIMESTAMP_E_RANGE, 0);
	expect_json("\"\"", TIMESTAMP_E_FORMAT, 0);
	expect_json("null", TIMESTAMP_E_FORMAT, 0);
	expect_json("true", TIMESTAMP_E_FORMAT, 0);
	expect_json("[]", TIMESTAMP_E_FORMAT, 0);
}

static void test_format(void **state)
{
	char iso[TIMESTAMP_ISO_SIZE], name[TIMESTAMP_NAME_SIZE];

	(void)state;
	timestamp_format(MAY_FIRST, iso);
	assert_string_equal(iso, "2024-05-01T10:15:00.123Z");
	timestamp_format_name(MAY_FIRST, name);
	assert_string_equal(name, "2024-05-01T101500.123Z");
	timestamp_format(0, iso);
	assert_string_equal(iso, "1970-01-01T00:00:00.000Z");
	timestamp_format(TIMESTAMP_MAX - 1, iso);
	assert_string_equal(iso, "2099-12-31T23:59:59.999Z");
	/* Never more than the room, whatever comes. */
	timestamp_format(INT64_MAX, iso);
	assert_string_equal(iso, "2099-12-31T23:59:59.999Z");
	timestamp_format(INT64_MIN, iso);
	assert_string_equal(iso, "1970-01-01T00:00:00.000Z");
}

/* Every 13 hours and a bit, over all 130 years: what is written is read back, in order. */
static void test_walk(void **state)
{
	char before[TIMESTAMP_ISO_SIZE] = "";
	char iso[TIMESTAMP_ISO_SIZE], name[TIMESTAMP_NAME_SIZE];
	int64_t back;

	(void)state;
	for (int64_t ms = 0; ms < TIMESTAMP_MAX; ms += INT64_C(46801007)) {
		timestamp_format(ms, iso);
		timestamp_format_name(ms, name);
		assert_int_equal(timestamp_parse(str_of(iso), &back), 0);
		assert_true(back == ms);
		assert_int_equal(timestamp_parse(str_of(name), &back), 0);
		assert_true(back == ms);
		assert_true(strcmp(before, iso) < 0);
		strcpy(before, iso);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spellings), cmocka_unit_test(test_fractions),
		cmocka_unit_test(test_no_times),  cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_range),     cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_json),      cmocka_unit_test(test_format),
		cmocka_unit_test(test_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
