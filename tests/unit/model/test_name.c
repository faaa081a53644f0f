/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of files: what is escaped and what is not, that nothing is lost where it fits, that no
 * two ids share a name where it does not, and the names of types and states.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/name.h"

static void expect_name(struct str id, const char *wanted)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	_cleanup_(buf_deinit) struct buf back = BUF_INIT;

	name_escape(&name, id);
	assert_int_equal(buf_error(&name), 0);
	if (!str_is(buf_str(&name), wanted))
		fail_msg("%.*s, not %s", STR_ARGS(buf_str(&name)), wanted);
	assert_true(name_unescape(&back, buf_str(&name)));
	assert_true(str_eq(buf_str(&back), id));
}

static void test_escapes(void **state)
{
	(void)state;
	expect_name(STR("sg-0ab"), "sg-0ab");
	expect_name(STR("arn:aws:sns:us-east-1:123456789012:topic"),
		    "arn:aws:sns:us-east-1:123456789012:topic");
	expect_name(STR("https://sqs.us-east-1.amazonaws.com/123/q"),
		    "https:%2F%2Fsqs.us-east-1.amazonaws.com%2F123%2Fq");
	expect_name(STR("100%"), "100%25");
	expect_name(STR("a b|c,d~e"), "a b|c,d~e");
	expect_name(STR(""), "%");
	expect_name(STR("%"), "%25");
	expect_name(STR("."), "%2E");
	expect_name(STR(".."), "%2E.");
	expect_name(STR(".git"), "%2Egit");
	expect_name(STR("a.b."), "a.b.");
	expect_name(STR("a\nb\x7f\x01"), "a%0Ab%7F%01");
	expect_name(STR("a\0b"), "a%00b");
	expect_name(STR("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
	/* No UTF-8: a lone continuation, an overlong slash, a surrogate, a cut sequence. */
	expect_name(STR("\x80"), "%80");
	expect_name(STR("\xc0\xaf"), "%C0%AF");
	expect_name(STR("\xed\xa0\x80"), "%ED%A0%80");
	expect_name(STR("\xe2\x82"), "%E2%82");
}

static void test_appends(void **state)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	buf_put_text(&b, "x/");
	name_escape(&b, STR(".a/b"));
	assert_true(str_is(buf_str(&b), "x/%2Ea%2Fb"));
	assert_true(name_unescape(&b, STR("c%2Fd")));
	assert_true(str_is(buf_str(&b), "x/%2Ea%2Fbc/d"));
	/* A failure leaves nothing behind. */
	assert_false(name_unescape(&b, STR("c%2Fd%zz")));
	assert_true(str_is(buf_str(&b), "x/%2Ea%2Fbc/d"));
}

static void test_no_names(void **state)
{
	static const char *const names[] = {
		"",       "a%2fb", "%41",  "a/b",  ".a",   "a%",
		"a%2",    "a%2x",  "a\nb", "%00%", "\x80", "abc~0123456789abcdef",
		"%2E%2E",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_(buf_deinit) struct buf id = BUF_INIT;

		if (name_unescape(&id, str_of(names[i])))
			fail_msg("%s is taken for a name", names[i]);
		assert_int_equal(id.len, 0);
	}
}

static struct str shortened(struct buf *out, struct str id)
{
	_cleanup_(buf_deinit) struct buf back = BUF_INIT;
	struct str name;

	buf_reset(out);
	name_escape(out, id);
	name = buf_str(out);
	assert_true(name.n <= NAME_MAX_BYTES);
	assert_true(str_is_utf8(name));
	assert_int_equal(name.p[name.n - 17], '~');
	assert_false(name_unescape(&back, name));
	return name;
}

static void test_length(void **state)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	char id[600];

	(void)state;
	memset(id, 'a', sizeof(id));
	name_escape(&name, (struct str){ id, 255 });
	assert_int_equal(name.len, 255);
	assert_true(str_eq(buf_str(&name), (struct str){ id, 255 }));

	assert_int_equal(shortened(&name, (struct str){ id, 256 }).n, 217);
	/* SHA-256 of 256 times "a" begins with 02d7160d77e18c64. */
	assert_true(str_is(str_from(buf_str(&name), 200), "~02d7160d77e18c64"));
	assert_int_equal(shortened(&name, (struct str){ id, 600 }).n, 217);

	/* A cut falls between units: 200 is no multiple of three. */
	memset(id, '/', sizeof(id));
	assert_int_equal(shortened(&name, (struct str){ id, 86 }).n, 198 + 17);
	for (size_t i = 0; i + 3 <= sizeof(id); i += 3)
		memcpy(id + i, "\xe2\x82\xac", 3);
	assert_int_equal(shortened(&name, (struct str){ id, 300 }).n, 198 + 17);
}

/* An id that looks like another one's shortened name must not get that name. */
static void test_forgery(void **state)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	_cleanup_(buf_deinit) struct buf forged = BUF_INIT;
	char id[300];

	(void)state;
	memset(id, 'a', sizeof(id));
	shortened(&name, (struct str){ id, sizeof(id) });
	shortened(&forged, buf_str(&name));
	assert_false(str_eq(buf_str(&name), buf_str(&forged)));
	shortened(&name, STR("build~0123456789abcdef"));
	assert_true(str_starts(buf_str(&name), "build~0123456789abcdef~"));
	expect_name(STR("build~0123456789ABCDEF"), "build~0123456789ABCDEF");
	expect_name(STR("build-0123456789abcdef"), "build-0123456789abcdef");
	expect_name(STR("0123456789abcdef"), "0123456789abcdef");
}

/* Bytes in every combination of two: all come back, and no two names are equal. */
static void test_all_pairs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		_cleanup_(buf_deinit) struct buf name = BUF_INIT;
		_cleanup_(buf_deinit) struct buf back = BUF_INIT;
		char id[2] = { (char)(i >> 8), (char)i };

		name_escape(&name, (struct str){ id, 2 });
		assert_true(str_is_utf8(buf_str(&name)));
		assert_true(str_chr(buf_str(&name), '/') < 0);
		assert_true(name_unescape(&back, buf_str(&name)));
		assert_true(str_eq(buf_str(&back), (struct str){ id, 2 }));
	}
}

static void expect_segments(const char *type, size_t n, const char *const wanted[])
{
	struct str segments[NAME_TYPE_DEPTH];

	assert_int_equal(name_type_segments(str_of(type), segments), n);
	for (size_t i = 0; i < n; i++) {
		if (!str_is(segments[i], wanted[i]))
			fail_msg("%s: %.*s", type, STR_ARGS(segments[i]));
	}
}

static void test_types(void **state)
{
	(void)state;
	expect_segments("AWS::EC2::Instance", 3,
			(const char *[]){ "AWS", "EC2", "Instance" });
	expect_segments("AWS::::Account", 3, (const char *[]){ "AWS", "", "Account" });
	expect_segments("Single", 1, (const char *[]){ "Single" });
	expect_segments("", 1, (const char *[]){ "" });
	expect_segments("::", 2, (const char *[]){ "", "" });
	expect_segments("a:b:::c::", 3, (const char *[]){ "a:b", ":c", "" });
	expect_segments("1::2::3::4::5::6::7::8::9", 8,
			(const char *[]){ "1", "2", "3", "4", "5", "6", "7", "8::9" });
}

static void test_state(void **state)
{
	char name[NAME_STATE_SIZE];

	(void)state;
	name_state(INT64_C(1714558500123), 0, name);
	assert_string_equal(name, "2024-05-01T101500.123Z.json");
	name_state(INT64_C(1714558500123), 12, name);
	assert_string_equal(name, "2024-05-01T101500.123Z-12.json");
	name_state(INT64_MAX, UINT32_MAX, name);
	assert_string_equal(name, "2099-12-31T235959.999Z-4294967295.json");
}

static void expect_state(const char *name, int64_t wanted_ms, unsigned wanted_twin,
			 bool wanted_canonical)
{
	bool canonical = !wanted_canonical;
	unsigned twin = 99;
	int64_t ms = -1;

	if (!name_state_parse(str_of(name), &ms, &twin, &canonical))
		fail_msg("%s is no state", name);
	assert_true(ms == wanted_ms);
	assert_int_equal(twin, wanted_twin);
	assert_int_equal(canonical, wanted_canonical);
}

static void test_state_lookup(void **state)
{
	static const char *const none[] = {
		"",
		".json",
		"latest.json",
		"changes",
		"2024-05-01T101500.123Z-0.json",
		"2024-05-01T101500.123Z-01.json",
		"2024-05-01T101500.123Z-1x.json",
		"2024-05-01T101500.123Z-9999999999.json",
		"2024-05-01T10:15:00.123Z-0.json",
		"2024-05-01T10:15:00.123Z-.json",
		"2024-05-01T10:15:00.123Z--1.json",
		"2024-13-01T101500.123Z.json",
		"2024-05-01T101500.123Z.json.json",
		"2024-05-01T101500.123Z.jso",
		"-1714558500",
		"1714558500e0",
	};
	int64_t ms = INT64_C(1714558500123);
	unsigned twin;
	bool canonical;

	(void)state;
	expect_state("2024-05-01T101500.123Z.json", ms, 0, true);
	expect_state("2024-05-01T101500.123Z-1.json", ms, 1, true);
	expect_state("2024-05-01T101500.123Z", ms, 0, false);
	expect_state("2024-05-01T10:15:00.123Z", ms, 0, false);
	expect_state("2024-05-01T10:15:00.123Z.json", ms, 0, false);
	expect_state("2024-05-01T12:15:00.123+02:00", ms, 0, false);
	expect_state("1714558500.123", ms, 0, false);
	/* Twins in any spelling, too. */
	expect_state("2024-05-01T101500.123Z-1", ms, 1, false);
	expect_state("2024-05-01T10:15:00.123Z-2.json", ms, 2, false);
	expect_state("2024-05-01T12:15:00.123+02:00-10", ms, 10, false);
	expect_state("1714558500123-3.json", ms, 3, false);
	expect_state("1714558500123.json", ms, 0, false);
	expect_state("2024-05-01", INT64_C(1714521600000), 0, false);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		if (name_state_parse(str_of(none[i]), &ms, &twin, &canonical))
			fail_msg("%s is taken for a state", none[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),      cmocka_unit_test(test_appends),
		cmocka_unit_test(test_no_names),     cmocka_unit_test(test_length),
		cmocka_unit_test(test_forgery),      cmocka_unit_test(test_all_pairs),
		cmocka_unit_test(test_types),        cmocka_unit_test(test_state),
		cmocka_unit_test(test_state_lookup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
