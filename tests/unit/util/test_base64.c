/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base64: the vectors of RFC 4648, both alphabets, what may be missing or between, and what not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/base64.h"

static void expect(const char *text, struct str wanted)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;

	if (!base64_decode(&got, str_of(text)))
		fail_msg("%s is refused", text);
	assert_int_equal(buf_error(&got), 0);
	if (!str_eq(buf_str(&got), wanted))
		fail_msg("%s gives %.*s", text, STR_ARGS(buf_str(&got)));
}

static void test_vectors(void **state)
{
	(void)state;
	expect("", STR(""));
	expect("Zg==", STR("f"));
	expect("Zm8=", STR("fo"));
	expect("Zm9v", STR("foo"));
	expect("Zm9vYg==", STR("foob"));
	expect("Zm9vYmE=", STR("fooba"));
	expect("Zm9vYmFy", STR("foobar"));
	expect("AAECAwT/", STR("\0\1\2\3\4\xff"));
	expect("+/+/", STR("\xfb\xff\xbf"));
	expect("-_-_", STR("\xfb\xff\xbf"));
}

static void test_lenient(void **state)
{
	(void)state;
	expect("Zg", STR("f"));
	expect("Zm8", STR("fo"));
	expect(" Zm\n9v\tYg = =\r\n", STR("foob"));
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"Z",        "Zm9vY",    "Zg=", "Zg===", "=",
		"Zg==Zg==", "Zm9v====", "Z*",  "Zg=x",  "\x80\x80\x80\x80"
	};
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;

	(void)state;
	buf_put_char(&got, '!');
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (base64_decode(&got, str_of(texts[i])))
			fail_msg("%s is taken", texts[i]);
		assert_true(str_is(buf_str(&got), "!"));
	}
	assert_false(base64_decode(&got, STR("Zg\0=")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
