/* SPDX-License-Identifier: Apache-2.0 */
/* Shapes: what is learned, and that texts come back as they were. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/json_shape.h"

static void shape_freep(struct jv_shape **shape)
{
	*shape = jv_shape_free(*shape);
}

/* The shape of up to three examples, each widening that of those before. */
static void learn(struct buf *shape, const char *const examples[3])
{
	for (size_t i = 0; i < 3 && examples[i]; i++) {
		_cleanup_(buf_deinit) struct buf next = BUF_INIT;

		assert_int_equal(
			jv_shape_learn(buf_str(shape), str_of(examples[i]), &next), 0);
		buf_reset(shape);
		buf_put_str(shape, buf_str(&next));
	}
	assert_int_equal(buf_error(shape), 0);
}

static void write_sorted(struct buf *out, const char *text)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	assert_int_equal(jv_parse(&a, str_of(text), &v, NULL), 0);
	jv_write_sorted(out, &v);
	assert_int_equal(buf_error(out), 0);
}

static void assert_written(struct str shape_text, struct str sorted, const char *expected)
{
	_cleanup_(shape_freep) struct jv_shape *shape = NULL;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	assert_int_equal(jv_shape_new(shape_text, &shape), 0);
	assert_int_equal(jv_shape_write(shape, sorted, &out), 0);
	assert_int_equal(out.len, strlen(expected));
	assert_memory_equal(out.data, expected, out.len);
}

struct lesson {
	const char *examples[3];
	const char *shape;
};

static const struct lesson lessons[] = {
	{ { "1" }, "0" },
	{ { "[1,\"x\",null]" }, "0" },
	{ { "{}" }, "{}" },
	{ { "{\"b\":1,\"a\":{\"d\":[],\"c\":2}}" }, "{\"b\":0,\"a\":{\"d\":0,\"c\":0}}" },
	/* An element without a member: not each has it. */
	{ { "[{\"b\":1,\"a\":2},{\"a\":3}]" }, "{\"b\":[0],\"a\":0}" },
	/* New ones go behind what they were met behind, and not each has them. */
	{ { "{\"z\":1,\"a\":2}", "{\"z\":1,\"m\":{\"k\":1},\"a\":2}" },
	  "{\"z\":0,\"m\":[{\"k\":0}],\"a\":0}" },
	{ { "{\"z\":1}", "{\"y\":1,\"z\":1}", "{\"z\":{\"q\":1}}" },
	  "{\"y\":[0],\"z\":{\"q\":0}}" },
	/* Two that disagree: the first one's order. */
	{ { "{\"a\":1,\"b\":1}", "{\"b\":1,\"a\":1}" }, "{\"a\":0,\"b\":0}" },
	/* A container in a string: compact, spaced, URL-encoded. */
	{ { "{\"b\":\"{\\\"z\\\":1,\\\"a\\\":[]}\",\"a\":\"x\"}" },
	  "{\"b\":[{\"z\":0,\"a\":0},0,1],\"a\":0}" },
	{ { "{\"b\":\"[{\\\"z\\\": 1, \\\"a\\\": 2}]\"}", "{}" },
	  "{\"b\":[{\"z\":0,\"a\":0},1,3]}" },
	{ { "{\"b\":\"%7B%22z%22%3A%22%2F%22%7D\"}" }, "{\"b\":[{\"z\":0},0,5]}" },
	{ { "{\"b\":\"%7B%22z%22%3A%22/%22%7D\"}" }, "{\"b\":[{\"z\":0},0,13]}" },
	/* Laid out in another way, or not JSON. */
	{ { "{\"b\":\"{ \\\"z\\\":1}\",\"c\":\"{x\",\"d\":\"%7B\"}" },
	  "{\"b\":0,\"c\":0,\"d\":0}" },
	{ { "{\"\\\"\\u0000\":1}" }, "{\"\\\"\\u0000\":0}" },
};

static void test_lessons(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(lessons); i++) {
		_cleanup_(buf_deinit) struct buf shape = BUF_INIT;

		learn(&shape, lessons[i].examples);
		assert_int_equal(shape.len, strlen(lessons[i].shape));
		assert_memory_equal(shape.data, lessons[i].shape, shape.len);
	}
}

static const char *const texts[] = {
	"{}",
	"[]",
	"\"\\u0000\\\"\"",
	"{\"z\":{\"y\":[{\"b\":1.10,\"a\":null},{\"b\":2,\"a\":3}],\"x\":\"\\n\"},\"\":1e400}",
	"{\"b\":[[{\"d\":1,\"c\":2}],{\"d\":[],\"c\":{}}],\"a\":false}",
	"{\"tags\":{\"env\":\"a\",\"Env\":\"b\",\"\xc3\xa9\":\"c\"},\"last\":null}",
};

/* Of every text: sorted, and back again by the shape of it and of all of them. */
static void test_back_again(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(buf_deinit) struct buf own = BUF_INIT, sorted = BUF_INIT;

		learn(&own, (const char *const[3]){ texts[i] });
		write_sorted(&sorted, texts[i]);
		assert_written(buf_str(&own), buf_str(&sorted), texts[i]);
	}
}

/* What the shape makes of the sorted text, told from the value as it was parsed. */
static void assert_makes(struct str shape_text, const char *value, const char *text,
			 bool expected)
{
	_cleanup_(shape_freep) struct jv_shape *shape = NULL;
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT, sorted = BUF_INIT;
	bool makes = !expected;
	struct jv v;

	assert_int_equal(jv_shape_new(shape_text, &shape), 0);
	assert_int_equal(jv_parse(&a, str_of(value), &v, NULL), 0);
	assert_int_equal(jv_shape_makes(shape, &v, str_of(text), &a, &scratch, &makes),
			 0);
	assert_int_equal(makes, expected);
	if (!expected)
		return;
	write_sorted(&sorted, value);
	assert_written(shape_text, buf_str(&sorted), text);
}

static void test_makes(void **state _unused_)
{
	struct str shape = STR("{\"z\":0,\"o\":[{\"b\":0,\"a\":[0]}],\"a\":0}");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(buf_deinit) struct buf own = BUF_INIT;

		learn(&own, (const char *const[3]){ texts[i] });
		assert_makes(buf_str(&own), texts[i], texts[i], true);
	}
	assert_makes(shape, "{\"a\":1,\"z\":3}", "{\"z\":3,\"a\":1}", true);
	assert_makes(shape, "{\"a\":1,\"z\":3}", "{\"a\":1,\"z\":3}", false);
	assert_makes(shape, "{\"n\":null,\"m\":[2],\"k\":2,\"z\":3,\"o\":{\"a\":null}}",
		     "{\"z\":3,\"o\":{},\"k\":2,\"m\":[2]}", true);
	/* Of two of a name the last counts in a sorted text, and members of no shape are sorted. */
	assert_makes(shape, "{\"k\":1,\"k\":2}", "{\"k\":1,\"k\":2}", false);
	assert_makes(shape, "{\"z\":1,\"z\":2}", "{\"z\":2}", false);
	assert_makes(shape, "{\"o\":{\"a\":1,\"a\":null}}", "{\"o\":{\"a\":1}}", false);
	assert_makes(shape, "{\"k\":{\"b\":1,\"a\":2}}", "{\"k\":{\"b\":1,\"a\":2}}",
		     false);
	assert_makes(shape, "{\"k\":[{\"b\":1,\"a\":2}]}", "{\"k\":[{\"b\":1,\"a\":2}]}",
		     false);
}

static void test_other_values(void **state _unused_)
{
	struct str shape = STR("{\"z\":0,\"o\":[{\"b\":0,\"a\":[0]}],\"a\":0}");

	/* What it lacks comes last, a null that it lacks or has not always, nowhere. */
	assert_written(shape, STR("{\"a\":1,\"k\":2,\"n\":null,\"z\":3}"),
		       "{\"z\":3,\"a\":1,\"k\":2}");
	assert_written(shape, STR("{\"a\":null,\"o\":null}"), "{\"a\":null}");
	assert_written(shape,
		       STR("{\"o\":[{\"a\":null,\"b\":1},{\"a\":2,\"b\":null},3]}"),
		       "{\"o\":[{\"b\":1},{\"b\":null,\"a\":2},3]}");
	assert_written(shape, STR("[{\"a\":1,\"z\":2}]"), "[{\"z\":2,\"a\":1}]");
	assert_written(shape, STR("{\"z\":{\"b\":1,\"a\":null}}"),
		       "{\"z\":{\"b\":1,\"a\":null}}");
	assert_written(shape, STR("7"), "7");
}

/* What was opened goes back into its string; what was not is there already. */
static void test_strings(void **state _unused_)
{
	struct str shape = STR("{\"p\":[{\"z\":[{\"d\":0,\"c\":0},0,1],\"a\":0},0,5],"
			       "\"s\":[{\"z\":0,\"a\":0},1,3]}");

	assert_written(shape, STR("{\"p\":{\"a\":\"/~\",\"z\":{\"c\":1,\"d\":2}}}"),
		       "{\"p\":\"%7B%22z%22%3A%22%7B%5C%22d%5C%22%3A2%2C%5C%22c%5C%22%3A1"
		       "%7D%22%2C%22a%22%3A%22%2F~%22%7D\"}");
	assert_written(
		shape, STR("{\"s\":[{\"a\":[1,2],\"z\":{\"k\":null}},{}]}"),
		"{\"s\":\"[{\\\"z\\\": {\\\"k\\\": null}, \\\"a\\\": [1, 2]}, {}]\"}");
	assert_written(shape, STR("{\"p\":\"{\",\"s\":null}"), "{\"p\":\"{\"}");
}

/* One object of n members. */
static void put_members(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\"%zu\":0", i ? "," : "{", i);
	buf_put_char(out, '}');
}

static void test_bounds(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf fits = BUF_INIT, many = BUF_INIT,
					 deep = BUF_INIT, long_ = BUF_INIT,
					 out = BUF_INIT;

	put_members(&fits, 256);
	put_members(&many, 257);
	for (size_t i = 0; i < 100; i++)
		buf_put_text(&deep, "{\"a\":");
	buf_put_char(&deep, '0');
	for (size_t i = 0; i < 100; i++)
		buf_put_char(&deep, '}');
	buf_put_text(&long_, "{\"");
	for (size_t i = 0; i < JV_SHAPE_MAX; i++)
		buf_put_char(&long_, 'k');
	buf_put_text(&long_, "\":1}");
	assert_int_equal(jv_shape_learn(STR_NULL, buf_str(&fits), &out), 0);
	assert_int_equal(jv_shape_learn(STR_NULL, buf_str(&many), &out), JV_E_SYNTAX);
	assert_int_equal(jv_shape_learn(STR_NULL, buf_str(&deep), &out), JV_E_SYNTAX);
	assert_int_equal(jv_shape_learn(STR_NULL, buf_str(&long_), &out), JV_E_SYNTAX);
	assert_int_equal(jv_shape_learn(STR_NULL, STR("{\"a\":1,\"a\":2}"), &out),
			 JV_E_SYNTAX);
	assert_int_equal(jv_shape_learn(STR_NULL, STR("x1"), &out), JV_E_SYNTAX);
}

/* None of them is a shape. */
static void test_bad_shapes(void **state _unused_)
{
	static const char *const bad[] = { "",
					   "{",
					   "\"\"",
					   "[0]",
					   "{\"a\":[]}",
					   "{\"a\":[0,0]}",
					   "{\"a\":null}",
					   "{\"a\":[[0]]}",
					   "{\"a\":[0,0,0]}",
					   "{\"a\":[0,0,17]}",
					   "{\"a\":[0,0,2]}" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(shape_freep) struct jv_shape *shape = NULL;

		assert_int_equal(jv_shape_new(str_of(bad[i]), &shape), JV_E_SYNTAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lessons),    cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_makes),      cmocka_unit_test(test_other_values),
		cmocka_unit_test(test_strings),    cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_bad_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
