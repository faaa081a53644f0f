/* SPDX-License-Identifier: Apache-2.0 */
/* Strings with escapes: what each stands for, what is refused, that decoding is exact. */
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_decodes(struct str text, struct str want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;
	struct fault f;

	if (jv_parse(&a, text, &v, &f))
		fail_msg("%.*s: %s", STR_ARGS(text), f.reason);
	assert_int_equal(v.type, JV_STRING);
	if (!str_eq(jv_str(&v), want))
		fail_msg("%.*s gave %.*s", STR_ARGS(text), STR_ARGS(jv_str(&v)));
}

static void assert_refused_at(struct str text, size_t offset)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) char *copy = malloc(text.n);
	struct jv v;
	struct fault f;

	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	assert_int_equal(jv_parse(&a, (struct str){ copy, text.n }, &v, &f), JV_E_SYNTAX);
	assert_int_equal(f.offset, offset);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_decodes(STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR("\"\\/\b\f\n\r\t"));
	assert_decodes(STR("\"\\u0041\\u00e9\\u20AC\""), STR("A\u00e9\u20ac"));
	assert_decodes(STR("\"a\\u0000b\""), STR("a\0b"));
	assert_decodes(STR("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
		       STR("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"));
	assert_decodes(STR("\"plain text before \\n and after it\""),
		       STR("plain text before \n and after it"));
	assert_decodes(STR("\"\u20ac\\n\u20ac\""), STR("\u20ac\n\u20ac"));
	assert_decodes(STR("\"\\\\\""), STR("\\"));
}

static void test_surrogates(void **state)
{
	(void)state;
	assert_decodes(STR("\"\\ud83d\\ude00\""), STR("\U0001f600"));
	assert_decodes(STR("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""),
		       STR("\U00010000\U0010ffff"));
	/* Alone they are kept, in three bytes. */
	assert_decodes(STR("\"\\ud800\""), STR("\xed\xa0\x80"));
	assert_decodes(STR("\"\\udfff\""), STR("\xed\xbf\xbf"));
	assert_decodes(STR("\"\\ud800x\""), STR("\xed\xa0\x80x"));
	assert_decodes(STR("\"\\ud800\\n\""), STR("\xed\xa0\x80\n"));
	assert_decodes(STR("\"\\ud800\\u0041\""), STR("\xed\xa0\x80"
						      "A"));
	assert_decodes(STR("\"\\ud800\\ud83d\\ude00\""), STR("\xed\xa0\x80\U0001f600"));
	assert_decodes(STR("\"\\ude00\\ud83d\""), STR("\xed\xb8\x80\xed\xa0\xbd"));
}

static void test_refuses(void **state)
{
	(void)state;
	assert_refused_at(STR("\"\\x41\""), 1);
	assert_refused_at(STR("\"ab\\'\""), 3);
	assert_refused_at(STR("\"\\0\""), 1);
	assert_refused_at(STR("\"\\\0\""), 1);
	assert_refused_at(STR("\"\\U0041\""), 1);
	assert_refused_at(STR("\"\\u004\""), 1);
	assert_refused_at(STR("\"\\u00g0\""), 1);
	assert_refused_at(STR("\"\\u-001\""), 1);
	assert_refused_at(STR("\"\\ud800\\u12\""), 7);
	assert_refused_at(STR("\"\\n\n\""), 3);
	assert_refused_at(STR("\"\\\""), 3);
	assert_refused_at(STR("\"\\"), 2);
	assert_refused_at(STR("\"\\u00"), 1);
	assert_refused_at(STR("\"\\n\xe2\x82"), 3);
	assert_refused_at(STR("\"\\n"), 3);
}

/* An escape at every place between runs of every length: runs are copied whole. */
static void test_runs(void **state)
{
	(void)state;
	for (size_t before = 0; before < 20; before++) {
		for (size_t after = 0; after < 20; after++) {
			char text[64] = "\"";
			char want[64];

			memset(text + 1, 'a', before);
			memcpy(text + 1 + before, "\\t", 2);
			memset(text + 3 + before, 'b', after);
			text[3 + before + after] = '"';
			memset(want, 'a', before);
			want[before] = '\t';
			memset(want + before + 1, 'b', after);
			assert_decodes((struct str){ text, before + after + 4 },
				       (struct str){ want, before + after + 1 });
		}
	}
}

static void test_every_code_unit(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	(void)state;
	for (unsigned code = 0; code < 0x10000; code++) {
		uint32_t back;

		arena_reset(&a);
		buf_reset(&b);
		buf_printf(&b, code & 1 ? "\"\\u%04x\"" : "\"\\u%04X\"", code);
		assert_int_equal(jv_parse(&a, buf_str(&b), &v, NULL), 0);
		assert_int_equal(v.len, code < 0x80 ? 1 : code < 0x800 ? 2 : 3);
		back = (unsigned char)v.text[0];
		if (v.len > 1)
			back &= 0x7fu >> v.len;
		for (uint32_t i = 1; i < v.len; i++)
			back = back << 6 | (v.text[i] & 0x3fu);
		assert_int_equal(back, code);
		assert_int_equal(str_is_utf8(jv_str(&v)), code < 0xd800 || code > 0xdfff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),         cmocka_unit_test(test_surrogates),
		cmocka_unit_test(test_refuses),         cmocka_unit_test(test_runs),
		cmocka_unit_test(test_every_code_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
