/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of any width come back, and no more than there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "util/bits.h"

static uint64_t number(unsigned i, unsigned width)
{
	uint64_t n = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return width < 64 ? n & ((UINT64_C(1) << width) - 1) : n;
}

static void test_widths(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct bits_out out = { .out = &bytes };
	struct bits_in in;
	uint64_t got;
	size_t bits = 0;

	for (unsigned i = 0; i < 4 * 65; i++) {
		/* What is above the width is left out. */
		bits_put(&out, number(i, 64), i % 65);
		bits += i % 65;
	}
	bits_end(&out);
	assert_int_equal(bytes.len, (bits + 7) / 8);
	in = (struct bits_in){ .in = buf_str(&bytes) };
	for (unsigned i = 0; i < 4 * 65; i++) {
		assert_true(bits_take(&in, i % 65, &got));
		assert_int_equal(got, number(i, i % 65));
	}
	assert_true(bits_all(&in));
	assert_false(bits_take(&in, 8, &got));
}

static void test_end(void **state _unused_)
{
	struct bits_in in = { .in = { "\x15\x01", 2 } };
	uint64_t got;

	assert_true(bits_take(&in, 5, &got));
	assert_int_equal(got, 0x15);
	assert_false(bits_all(&in));
	assert_true(bits_take(&in, 4, &got));
	assert_int_equal(got, 8);
	assert_true(bits_all(&in));
	assert_true(bits_take(&in, 0, &got));
	assert_false(bits_take(&in, 8, &got));
	/* A byte that nobody asked for, and one that is not filled up with zeros. */
	in = (struct bits_in){ .in = { "\x15\x00", 2 } };
	assert_true(bits_take(&in, 5, &got));
	assert_false(bits_all(&in));
	in = (struct bits_in){ .in = { "\x35", 1 } };
	assert_true(bits_take(&in, 5, &got));
	assert_false(bits_all(&in));
}

static void test_of(void **state _unused_)
{
	assert_int_equal(bits_of(0), 0);
	assert_int_equal(bits_of(1), 1);
	assert_int_equal(bits_of(255), 8);
	assert_int_equal(bits_of(256), 9);
	assert_int_equal(bits_of(UINT64_MAX), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
