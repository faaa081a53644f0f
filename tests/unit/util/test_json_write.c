/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: strings with what must be escaped, order of members, the pretty form. */
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_buf(const struct buf *b, struct str want)
{
	assert_int_equal(buf_error(b), 0);
	if (!str_eq(buf_str(b), want))
		fail_msg("%.*s, not %.*s", STR_ARGS(buf_str(b)), STR_ARGS(want));
}

static void assert_string(struct str s, struct str want)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	jv_write_string(&b, s);
	assert_buf(&b, want);
}

static void test_strings(void **state)
{
	(void)state;
	assert_string(STR_NULL, STR("\"\""));
	assert_string(STR("text / 'text'"), STR("\"text / 'text'\""));
	assert_string(STR("\"\\\b\f\n\r\t"), STR("\"\\\"\\\\\\b\\f\\n\\r\\t\""));
	assert_string(STR("a\0b\x01\x1f\x7f"), STR("\"a\\u0000b\\u0001\\u001f\x7f\""));
	assert_string(STR("\u00e9\u20ac\U0001f600\ud7ff\ue000"),
		      STR("\"\u00e9\u20ac\U0001f600\ud7ff\ue000\""));
	assert_string(STR("\xed\xa0\x80|\xed\xbf\xbf"), STR("\"\\ud800|\\udfff\""));
	/* The first bytes of a surrogate at the end are kept as they are. */
	assert_string(STR("\xed\xa0"), STR("\"\xed\xa0\""));
	assert_string(STR("\xed"), STR("\"\xed\""));
}

/* Every byte at every place of a word. */
static void test_string_bytes(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	(void)state;
	for (int c = 0; c < 0x80; c++) {
		for (size_t n = 1; n < 18; n++) {
			for (size_t i = 0; i < n; i++) {
				char text[18];
				struct jv v;

				memset(text, 'a', n);
				text[i] = (char)c;
				buf_reset(&b);
				arena_reset(&a);
				jv_write_string(&b, (struct str){ text, n });
				assert_int_equal(jv_parse(&a, buf_str(&b), &v, NULL), 0);
				assert_true(str_eq(jv_str(&v), (struct str){ text, n }));
			}
		}
	}
}

static void test_write(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	(void)state;
	assert_int_equal(
		jv_parse(&a,
			 STR(" { \"b\" : [ 1.10 , true , false , null , { } , [ ] ] ,"
			     " \"a\" : { \"\\u0064\" : \"\\/\" , \"c\" : -0 } }"),
			 &v, NULL),
		0);
	jv_write(&b, &v);
	assert_buf(
		&b,
		STR("{\"b\":[1.10,true,false,null,{},[]],\"a\":{\"d\":\"/\",\"c\":-0}}"));
	buf_reset(&b);
	jv_write_sorted(&b, &v);
	assert_buf(
		&b,
		STR("{\"a\":{\"c\":-0,\"d\":\"/\"},\"b\":[1.10,true,false,null,{},[]]}"));
}

static void test_sorts_bytes_and_drops_doubles(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	(void)state;
	assert_int_equal(
		jv_parse(&a,
			 STR("{\"b\":1,\"\u00e9\":2,\"B\":3,\"b\":4,\"ab\":5,\"a\":6,"
			     "\"\":7,\"b\":8}"),
			 &v, NULL),
		0);
	jv_write_sorted(&b, &v);
	assert_buf(&b, STR("{\"\":7,\"B\":3,\"a\":6,\"ab\":5,\"b\":8,\"\u00e9\":2}"));
	buf_reset(&b);
	jv_write(&b, &v);
	assert_true(str_starts(buf_str(&b), "{\"b\":1,"));
	assert_true(str_ends(buf_str(&b), ",\"b\":8}"));
}

/* Shuffled keys with every name twice: past the sizes that are sorted by insertion. */
static void test_sorts_many(void **state)
{
	static const unsigned sizes[] = { 8, 9, 500, 100000 };

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(sizes); k++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf in = BUF_INIT;
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;
		_cleanup_(buf_deinit) struct buf want = BUF_INIT;
		unsigned n = sizes[k];
		struct jv v;

		for (unsigned i = 0; i < 2 * n; i++)
			buf_printf(&in, "%s\"%06u\":%u", i ? "," : "{", i * 7919u % n,
				   i / n);
		buf_put_char(&in, '}');
		for (unsigned i = 0; i < n; i++)
			buf_printf(&want, "%s\"%06u\":1", i ? "," : "{", i);
		buf_put_char(&want, '}');
		assert_int_equal(jv_parse(&a, buf_str(&in), &v, NULL), 0);
		jv_write_sorted(&out, &v);
		assert_buf(&out, buf_str(&want));
	}
}

static void assert_pretty(const char *compact, unsigned depth, const char *want)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;

	/* Into a buffer that holds something: it is appended. */
	buf_put_text(&b, "> ");
	jv_pretty(&b, str_of(compact), depth);
	assert_int_equal(buf_error(&b), 0);
	if (!str_is(str_from(buf_str(&b), 2), want))
		fail_msg("%.*s, not %s", STR_ARGS(buf_str(&b)), want);
	assert_int_equal(jv_pretty_len(str_of(compact), depth), strlen(want));
}

static void test_pretty(void **state)
{
	(void)state;
	assert_pretty("", 0, "");
	assert_pretty("1.10", 3, "1.10");
	assert_pretty("\"a\"", 0, "\"a\"");
	assert_pretty("{}", 0, "{}");
	assert_pretty("[]", 2, "[]");
	assert_pretty("[1]", 0, "[\n  1\n]");
	assert_pretty("[1]", 2, "[\n      1\n    ]");
	assert_pretty("[[],{},[{}]]", 0, "[\n  [],\n  {},\n  [\n    {}\n  ]\n]");
	assert_pretty(
		"{\"a\":1,\"b\":{\"c\":[true,null]}}", 0,
		"{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [\n      true,\n      null\n    ]\n"
		"  }\n}");
}

/* Nothing inside a string is laid out, wherever it stands in a word. */
static void test_pretty_strings(void **state)
{
	(void)state;
	assert_pretty("[\"{[,:]}\"]", 0, "[\n  \"{[,:]}\"\n]");
	assert_pretty("[\"\\\"\",\"\\\\\",\"\\\\\\\"\"]", 0,
		      "[\n  \"\\\"\",\n  \"\\\\\",\n  \"\\\\\\\"\"\n]");
	for (size_t before = 0; before < 20; before++) {
		char compact[64] = "[\"";
		char want[64] = "[\n  \"";

		memset(compact + 2, 'x', before);
		strcpy(compact + 2 + before, "\\\",{\\\\\"]");
		memset(want + 5, 'x', before);
		strcpy(want + 5 + before, "\\\",{\\\\\"\n]");
		assert_pretty(compact, 0, want);
	}
}

/* Text that no writer made: nothing is promised but that memory is left alone. */
static void test_pretty_of_nonsense(void **state)
{
	static const char *const texts[] = {
		"\"", "\"\\", "[\"a", "]]]",    "}{",           "{\"a\":",   "[",
		"{]", ",,::", "[1,",  "\"\\\"", "\"aaaaaaaa\\", "\"aaaaaaa",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(buf_deinit) struct buf b = BUF_INIT;
		size_t n = strlen(texts[i]);
		_cleanup_(freep) char *copy = malloc(n);

		assert_non_null(copy);
		memcpy(copy, texts[i], n);
		jv_pretty(&b, (struct str){ copy, n }, 0);
		assert_int_equal(b.len, jv_pretty_len((struct str){ copy, n }, 0));
		assert_true(b.len >= n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_string_bytes),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_sorts_bytes_and_drops_doubles),
		cmocka_unit_test(test_sorts_many),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_pretty_strings),
		cmocka_unit_test(test_pretty_of_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
