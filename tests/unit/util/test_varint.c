/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/varint.h"

static void test_back_and_forth(void **state _unused_)
{
	static const struct {
		uint64_t n;
		size_t len;
	} cases[] = {
		{ 0, 1 },     { 127, 1 },        { 128, 2 },       { 16383, 2 },
		{ 16384, 3 }, { UINT32_MAX, 5 }, { INT64_MAX, 9 }, { UINT64_MAX, 10 },
	};
	_cleanup_(buf_deinit) struct buf all = BUF_INIT;
	struct str in;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t before = all.len;

		varint_put(&all, cases[i].n);
		assert_int_equal(all.len - before, cases[i].len);
	}
	in = buf_str(&all);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t n;

		assert_true(varint_take(&in, &n));
		assert_true(n == cases[i].n);
	}
	assert_int_equal(in.n, 0);
}

/* Each length, whatever stands behind it, and as the last. */
static void test_lengths(void **state _unused_)
{
	for (unsigned bits = 1; bits <= 64; bits++) {
		uint64_t n = UINT64_C(0xa5c3f00f96695aa5) >> (64 - bits) |
			     UINT64_C(1) << (bits - 1);

		for (unsigned behind = 0; behind < 12; behind++) {
			_cleanup_(buf_deinit) struct buf all = BUF_INIT;
			uint64_t got = 0;
			struct str in;

			varint_put(&all, n);
			for (unsigned i = 0; i < behind; i++)
				buf_put_char(&all, (char)(i % 2 ? 0x7f : 0xff));
			in = buf_str(&all);
			assert_true(varint_take(&in, &got));
			assert_true(got == n);
			assert_int_equal(in.n, behind);
		}
	}
}

static void test_not_whole(void **state _unused_)
{
	static const char *const texts[] = {
		"",
		"\x80",
		"\xff\xff",
		"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct str in = str_of(texts[i]);
		uint64_t n;

		assert_false(varint_take(&in, &n));
		assert_int_equal(in.n, strlen(texts[i]));
	}
}

static void test_signed(void **state _unused_)
{
	static const int64_t cases[] = { 0, -1, 1, -64, 63, INT64_MIN, INT64_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(unzigzag(zigzag(cases[i])), cases[i]);
	assert_int_equal(zigzag(-64), 127);
	assert_int_equal(zigzag(63), 126);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_back_and_forth),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_not_whole),
		cmocka_unit_test(test_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
