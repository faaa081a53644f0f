/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON reader: what it takes, what it refuses and where it says the fault is. */
#include "util/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Parses a copy without a terminating zero: a read past the end is then seen by ASan. */
static int parse(struct arena *a, struct str text, struct jv *ret, struct fault *f)
{
	char *copy = arena_alloc(a, text.n);

	assert_non_null(copy);
	if (text.n)
		memcpy(copy, text.p, text.n);
	return jv_parse(a, (struct str){ copy, text.n }, ret, f);
}

static void assert_refused_at(struct str text, size_t offset)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) char *copy = malloc(text.n + !text.n);
	struct jv v;
	struct fault f = { 0 };

	assert_non_null(copy);
	if (text.n)
		memcpy(copy, text.p, text.n);
	if (jv_parse(&a, (struct str){ copy, text.n }, &v, &f) != JV_E_SYNTAX)
		fail_msg("taken: %.*s", STR_ARGS(text));
	if (f.offset != offset)
		fail_msg("%.*s: offset %d, not %d (%s)", STR_ARGS(text), (int)f.offset,
			 (int)offset, f.reason);
	assert_true(f.reason[0]);
	assert_int_equal(jv_parse(&a, text, &v, NULL), JV_E_SYNTAX);
}

static void test_scalars(void **state)
{
	static const struct {
		const char *text;
		enum jv_type type;
		const char *value;
	} cases[] = {
		{ "null", JV_NULL, "" },
		{ " true\n", JV_TRUE, "" },
		{ "\tfalse\r", JV_FALSE, "" },
		{ "0", JV_NUMBER, "0" },
		{ "-0", JV_NUMBER, "-0" },
		{ "1.10", JV_NUMBER, "1.10" },
		{ "1208925819614629174706176", JV_NUMBER, "1208925819614629174706176" },
		{ "-12.034E+056", JV_NUMBER, "-12.034E+056" },
		{ "0e0", JV_NUMBER, "0e0" },
		{ "1e400", JV_NUMBER, "1e400" },
		{ "\"\"", JV_STRING, "" },
		{ "\"text\"", JV_STRING, "text" },
		{ "\"longer than a word\"", JV_STRING, "longer than a word" },
		{ "\"caf\u00e9 \u20ac \U0001f600 \x7f\"", JV_STRING,
		  "caf\u00e9 \u20ac \U0001f600 \x7f" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct jv v;

		assert_int_equal(parse(&a, str_of(cases[i].text), &v, NULL), 0);
		assert_int_equal(v.type, cases[i].type);
		assert_true(str_is(jv_str(&v), cases[i].value));
	}
}

static void test_tree(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct str text =
		STR(" { \"a\" : [ 1 , {\"b\":[]} ,\"x\"], \"c\":{},\"a\":null}");
	const struct jv *array;
	struct jv v;

	(void)state;
	assert_int_equal(jv_parse(&a, text, &v, NULL), 0);
	assert_int_equal(v.type, JV_OBJECT);
	assert_int_equal(v.at, 1);
	assert_int_equal(v.len, 3);
	assert_true(str_is(jv_str(&v.members[0].key), "a"));
	assert_true(str_is(jv_str(&v.members[1].key), "c"));
	assert_true(str_is(jv_str(&v.members[2].key), "a"));
	array = &v.members[0].value;
	assert_int_equal(array->type, JV_ARRAY);
	assert_int_equal(array->at, 9);
	assert_int_equal(array->len, 3);
	assert_int_equal(array->items[1].type, JV_OBJECT);
	assert_int_equal(array->items[1].members[0].value.type, JV_ARRAY);
	assert_int_equal(array->items[1].members[0].value.len, 0);
	/* Borrowed, not copied; the offset is the quote's. */
	assert_ptr_equal(array->items[2].text, text.p + array->items[2].at + 1);
	assert_int_equal(v.members[1].value.type, JV_OBJECT);
	assert_int_equal(v.members[1].value.len, 0);
}

static void test_refuses_structure(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} cases[] = {
		{ "", 0 },
		{ "  ", 2 },
		{ "[", 1 },
		{ "{", 1 },
		{ "]", 0 },
		{ "[1", 2 },
		{ "[1,", 3 },
		{ "[1,]", 3 },
		{ "[,1]", 1 },
		{ "[1 2]", 3 },
		{ "[1}", 2 },
		{ "{]", 1 },
		{ "{\"a\"}", 4 },
		{ "{\"a\":}", 5 },
		{ "{\"a\":1,}", 7 },
		{ "{\"a\" 1}", 5 },
		{ "{a:1}", 1 },
		{ "{1:1}", 1 },
		{ "{\"a\":1]", 6 },
		{ "{\"a\":1 \"b\":2}", 7 },
		{ "{,}", 1 },
		{ "1 2", 2 },
		{ "[] []", 3 },
		{ "{}}", 2 },
		{ "nul", 0 },
		{ "nulll", 4 },
		{ "True", 0 },
		{ "NaN", 0 },
		{ "[NaN]", 1 },
		{ "Infinity", 0 },
		{ "-Infinity", 1 },
		{ "'a'", 0 },
		{ "// c\n1", 0 },
		{ "[1]\f", 3 },
		{ "\xef\xbb\xbf[]", 0 },
		{ "\xc2\xa0[]", 0 },
		{ "{\"a\"", 4 },
		{ "{\"a\":", 5 },
		{ "{\"a\":1", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused_at(str_of(cases[i].text), cases[i].offset);
	assert_refused_at(STR("[1]\0"), 3);
	assert_refused_at(STR("\0"), 0);
}

static void test_refuses_numbers(void **state)
{
	static const struct {
		const char *text;
		size_t offset;
	} cases[] = {
		{ "01", 0 },    { "-01", 1 },  { "00", 0 },   { "-", 1 },   { "+1", 0 },
		{ ".5", 0 },    { "1.", 2 },   { "1.e1", 2 }, { "-.5", 1 }, { "1e", 2 },
		{ "1e+", 3 },   { "1E-", 3 },  { "0x10", 1 }, { "1_0", 1 }, { "--1", 1 },
		{ "1e1.5", 3 }, { "[1.]", 3 }, { "1a", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused_at(str_of(cases[i].text), cases[i].offset);
}

/* A bad byte at every place of strings of every length up to two words, and in the words. */
static void test_finds_bad_byte_everywhere(void **state)
{
	static const char bad[] = { 0x00,       0x01,       0x0a,       0x1f,
				    (char)0x80, (char)0xbf, (char)0xc0, (char)0xc1,
				    (char)0xe2, (char)0xed, (char)0xf5, (char)0xff };

	(void)state;
	for (size_t n = 1; n < 20; n++) {
		for (size_t i = 0; i < n; i++) {
			for (size_t b = 0; b < ARRAY_SIZE(bad); b++) {
				char text[32];

				memset(text, 'a', sizeof(text));
				text[0] = text[n + 1] = '"';
				text[1 + i] = bad[b];
				assert_refused_at((struct str){ text, n + 2 }, i + 1);
				text[0] = '[';
				text[1] = '"';
				text[1 + i] = i ? bad[b] : '"';
				text[n + 2] = ']';
				if (i)
					assert_refused_at((struct str){ text, n + 3 },
							  i + 1);
			}
		}
	}
}

static void test_refuses_utf8(void **state)
{
	(void)state;
	assert_refused_at(STR("\"\xed\xa0\x80\""), 1);     /* a surrogate */
	assert_refused_at(STR("\"\xe0\x80\x80\""), 1);     /* overlong */
	assert_refused_at(STR("\"\xf4\x90\x80\x80\""), 1); /* past U+10FFFF */
	assert_refused_at(STR("\"\u20ac\xe2\x82\""), 4);   /* cut by the quote */
	assert_refused_at(STR("\"a\xe2\x82"), 2);          /* cut by the end */
	assert_refused_at(STR("{\"\xff\":1}"), 2);         /* in a name */
	assert_refused_at(STR("\"\\n \xff\""), 4);         /* behind an escape */
}

static void test_truncation_is_always_refused(void **state)
{
	struct str text =
		STR("{\"a\":[1.5e3,\"b\\u00e9\u20ac\",true,null,{\"c\":{}}],\"d\":-0}");
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	(void)state;
	assert_int_equal(jv_parse(&a, text, &v, NULL), 0);
	for (size_t n = 0; n < text.n; n++) {
		_cleanup_(freep) char *copy = malloc(n + !n);
		struct fault f;

		assert_non_null(copy);
		memcpy(copy, text.p, n);
		assert_int_equal(jv_parse(&a, (struct str){ copy, n }, &v, &f),
				 JV_E_SYNTAX);
		assert_true(f.offset <= n);
	}
}

static struct str nested(struct buf *b, size_t depth, bool object)
{
	buf_reset(b);
	for (size_t i = 0; i < depth; i++)
		buf_put_text(b, object ? "{\"a\":" : "[");
	buf_put_char(b, '1');
	for (size_t i = 0; i < depth; i++)
		buf_put_char(b, object ? '}' : ']');
	assert_int_equal(buf_error(b), 0);
	return buf_str(b);
}

static void test_depth(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	(void)state;
	assert_int_equal(jv_parse(&a, nested(&b, JV_MAX_DEPTH, false), &v, NULL), 0);
	assert_int_equal(jv_parse(&a, nested(&b, JV_MAX_DEPTH, true), &v, NULL), 0);
	assert_refused_at(nested(&b, JV_MAX_DEPTH + 1, false), JV_MAX_DEPTH);
	assert_refused_at(nested(&b, JV_MAX_DEPTH + 1, true), 5 * JV_MAX_DEPTH);
	assert_refused_at(nested(&b, 1000000, false), JV_MAX_DEPTH);
}

/* Past what fits on the parser's own stack, at several levels at once. */
static void test_many_values(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	struct jv v;

	(void)state;
	buf_put_char(&b, '[');
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "%s{\"i\":%d,\"l\":[%d,%d]}", i ? "," : "", i, i + 1,
			   i + 2);
	buf_put_char(&b, ']');
	assert_int_equal(jv_parse(&a, buf_str(&b), &v, NULL), 0);
	assert_int_equal(v.len, 5000);
	for (int i = 0; i < 5000; i++) {
		const struct jv *item = &v.items[i];
		char digits[16];

		assert_int_equal(item->len, 2);
		snprintf(digits, sizeof(digits), "%d", i);
		assert_true(str_is(jv_str(jv_get(item, "i")), digits));
		snprintf(digits, sizeof(digits), "%d", i + 2);
		assert_true(str_is(jv_str(&jv_get(item, "l")->items[1]), digits));
	}
}

static void test_length_limit(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(freep) char *text = malloc((size_t)JV_MAX_TEXT + 1);
	struct fault f;
	struct jv v;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', (size_t)JV_MAX_TEXT + 1);
	text[JV_MAX_TEXT - 1] = '7';
	assert_int_equal(jv_parse(&a, (struct str){ text, JV_MAX_TEXT }, &v, &f), 0);
	assert_int_equal(v.at, JV_MAX_TEXT - 1);
	assert_int_equal(jv_parse(&a, (struct str){ text, (size_t)JV_MAX_TEXT + 1 }, &v,
				  &f),
			 JV_E_SYNTAX);
	assert_int_equal(f.offset, JV_MAX_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_refuses_structure),
		cmocka_unit_test(test_refuses_numbers),
		cmocka_unit_test(test_finds_bad_byte_everywhere),
		cmocka_unit_test(test_refuses_utf8),
		cmocka_unit_test(test_truncation_is_always_refused),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_many_values),
		cmocka_unit_test(test_length_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
