/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gzip in memory: several members, every way to cut or change it, and the limit to the byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/gunzip.h"

/* "hello, hello, hello!" */
static const char hello[] =
	"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51"
	"\xc8\x40\xa2\x14\x01\xa7\xbb\xd2\xfe\x14\x00\x00\x00";
static const struct str packed = { hello, sizeof(hello) - 1 };
#define TEXT "hello, hello, hello!"

static void test_whole(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	_cleanup_(buf_deinit) struct buf two = BUF_INIT;

	(void)state;
	buf_put_char(&out, '>');
	assert_int_equal(gunzip(&out, packed, 1000), 0);
	assert_true(str_is(buf_str(&out), ">" TEXT));

	buf_put_str(&two, packed);
	buf_put_str(&two, packed);
	buf_reset(&out);
	assert_int_equal(gunzip(&out, buf_str(&two), 1000), 0);
	assert_true(str_is(buf_str(&out), TEXT TEXT));
	assert_true(gunzip_is(packed));
	assert_false(gunzip_is(STR("\x1f")));
	assert_false(gunzip_is(STR("{}")));
}

static void test_limit(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	(void)state;
	buf_put_char(&out, '>');
	assert_int_equal(gunzip(&out, packed, strlen(TEXT) - 1), GUNZIP_E_SIZE);
	assert_int_equal(gunzip(&out, packed, 0), GUNZIP_E_SIZE);
	assert_true(str_is(buf_str(&out), ">"));
	assert_int_equal(gunzip(&out, packed, strlen(TEXT)), 0);
	assert_true(str_is(buf_str(&out), ">" TEXT));
}

static void test_cut(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	(void)state;
	for (size_t n = 0; n < packed.n; n++) {
		assert_int_equal(gunzip(&out, (struct str){ packed.p, n }, 1000),
				 GUNZIP_E_DAMAGED);
		assert_int_equal(out.len, 0);
	}
}

static void test_changed(void **state)
{
	char copy[sizeof(hello)];

	(void)state;
	for (size_t i = 10; i < packed.n; i++) {
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;

		memcpy(copy, hello, sizeof(copy));
		copy[i] ^= 0x20;
		assert_int_not_equal(gunzip(&out, (struct str){ copy, packed.n }, 1000),
				     0);
		assert_int_equal(out.len, 0);
	}
}

static void test_trailing(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;

	(void)state;
	buf_put_str(&bytes, packed);
	buf_put_text(&bytes, "rubbish");
	assert_int_equal(gunzip(&out, buf_str(&bytes), 1000), GUNZIP_E_DAMAGED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),    cmocka_unit_test(test_limit),
		cmocka_unit_test(test_cut),      cmocka_unit_test(test_changed),
		cmocka_unit_test(test_trailing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
