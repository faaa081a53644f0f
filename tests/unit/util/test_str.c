/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: order, search, and UTF-8 against a plain decoder over all sequences of a kind. */
#include "util/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_compare(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("ab"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
	assert_int_equal(str_cmp(STR_NULL, STR("")), 0);
	assert_true(str_cmp(STR_NULL, STR("a")) < 0);
	assert_true(str_cmp(STR("\x7f"), STR("\x80")) < 0);
	assert_true(str_cmp(STR("a\0a"), STR("a\0b")) < 0);
	assert_true(str_eq(STR_NULL, STR("")));
	assert_false(str_eq(STR("a"), STR("")));
}

static void test_nocase(void **state)
{
	(void)state;
	assert_true(str_eq_nocase(STR("aZ[{@`"), STR("Az[{@`")));
	assert_false(str_eq_nocase(STR("["), STR("{")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
	assert_false(str_eq_nocase(STR("a"), STR("ab")));
	assert_true(str_eq_nocase(STR_NULL, STR_NULL));
}

static void test_search(void **state)
{
	struct str s = STR("a.b.c");

	(void)state;
	assert_int_equal(str_chr(s, '.'), 1);
	assert_int_equal(str_rchr(s, '.'), 3);
	assert_int_equal(str_chr(s, '/'), -1);
	assert_int_equal(str_rchr(s, '/'), -1);
	assert_int_equal(str_chr(STR_NULL, 'a'), -1);
	assert_int_equal(str_rchr(STR_NULL, 'a'), -1);
	assert_true(str_starts(s, "a."));
	assert_true(str_ends(s, ".c"));
	assert_false(str_ends(STR("c"), ".c"));
	assert_true(str_is(str_from(s, 2), "b.c"));
	assert_int_equal(str_from(s, 5).n, 0);
	assert_int_equal(str_from(s, SIZE_MAX).n, 0);
}

static void test_dup(void **state)
{
	_cleanup_(freep) char *copy = str_dup((struct str){ "abc", 2 });
	_cleanup_(freep) char *empty = str_dup(STR_NULL);

	(void)state;
	assert_string_equal(copy, "ab");
	assert_string_equal(empty, "");
	assert_null(str_dup((struct str){ "", SIZE_MAX }));
}

/* These figures are in files of users: they must never change. */
static void test_hash_is_stable(void **state)
{
	(void)state;
	assert_true(str_hash(STR_NULL) == 0x2d06800538d394c2ull);
	assert_true(str_hash(STR("driftfs")) == 0x5582fff9c2031432ull);
	assert_true(str_hash(STR("")) == str_hash(STR_NULL));
	assert_true(str_hash(STR("driftfs")) != str_hash(STR("driftfs\0")));
}

/* What RFC 3629 says, written out the slow way: the sequence is the code point's encoding. */
static bool is_one_character(const unsigned char *b, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code = n == 1 ? b[0] : b[0] & (0x7fu >> n);

	if (n == 1)
		return b[0] < 0x80;
	if ((b[0] & (0xff80u >> n) & 0xff) != ((0xff00u >> n) & 0xff))
		return false;
	for (size_t i = 1; i < n; i++) {
		if (b[i] >> 6 != 2)
			return false;
		code = code << 6 | (b[i] & 0x3f);
	}
	return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/* All lead bytes with all second bytes, and the third and fourth at their limits. */
static void test_utf8_by_the_rule(void **state)
{
	static const unsigned char tails[] = { 0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff };

	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		for (unsigned t = 0; t < 36; t++) {
			unsigned char b[4] = { (unsigned char)(i >> 8), (unsigned char)i,
					       tails[t / 6], tails[t % 6] };
			size_t n = b[0] < 0xc0   ? 1
				   : b[0] < 0xe0 ? 2
				   : b[0] < 0xf0 ? 3
						 : 4;

			assert_int_equal(str_is_utf8((struct str){ (char *)b, n }),
					 is_one_character(b, n));
		}
	}
}

static void test_utf8_places(void **state)
{
	(void)state;
	assert_true(str_is_utf8(STR_NULL));
	assert_false(str_is_utf8(STR("\xe2\x82")));
	/* One bad byte at each place of a text that is gone through in words. */
	for (size_t n = 1; n < 40; n++) {
		char text[40];

		memset(text, 'a', n);
		assert_true(str_is_utf8((struct str){ text, n }));
		for (size_t i = 0; i < n; i++) {
			text[i] = (char)0xff;
			assert_false(str_is_utf8((struct str){ text, n }));
			text[i] = 'a';
		}
		for (size_t i = 0; i + 3 <= n; i++) {
			memset(text, 'a', n);
			memcpy(text + i, "\u20ac", 3);
			assert_true(str_is_utf8((struct str){ text, n }));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_nocase),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_dup),
		cmocka_unit_test(test_hash_is_stable),
		cmocka_unit_test(test_utf8_by_the_rule),
		cmocka_unit_test(test_utf8_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
