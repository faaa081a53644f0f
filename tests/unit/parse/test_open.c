/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings that hold JSON: which are opened, how often, and where it stops: three times over, and
 * never so deep that the body could not be read again.
 */
#include "collect.h"

#define HEAD                                                                                 \
	"{\"resourceType\":\"T\",\"resourceId\":\"i\",\"awsAccountId\":\"1\",\"awsRegion\":" \
	"\"r\",\"configurationItemCaptureTime\":\"2024-05-01\",\"configuration\":"

/* The body's configuration as text, or NULL when the item was refused. */
static char *configuration_of(struct str configuration)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(collect_deinit) struct collect c = collect_new();
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct jv body;

	buf_put_text(&text, HEAD);
	buf_put_str(&text, configuration);
	buf_put_char(&text, '}');
	if (collect_record(&c, buf_str(&text), STR_NULL, 0) != 0)
		return NULL;
	assert_int_equal(jv_parse(&a, buf_str(&c.bodies), &body, NULL), 0);
	jv_write(&got, jv_get(&body, "configuration"));
	return str_dup(buf_str(&got));
}

static void expect(const char *configuration, const char *wanted)
{
	_cleanup_(freep) char *got = configuration_of(str_of(configuration));

	if (!got || strcmp(got, wanted) != 0)
		fail_msg("%s becomes %s, not %s", configuration, got, wanted);
}

static void test_opened(void **state)
{
	(void)state;
	expect("{\"p\":\"{\\\"b\\\":1,\\\"a\\\":[]}\"}", "{\"p\":{\"a\":[],\"b\":1}}");
	expect("{\"p\":\" [1, 2] \\n\"}", "{\"p\":[1,2]}");
	expect("{\"p\":[\"[]\",\"x\",\"{}\"]}", "{\"p\":[[],\"x\",{}]}");
	expect("{\"p\":\"%7B%22a%22%3A%22b%20c+d%22%7D\"}", "{\"p\":{\"a\":\"b c+d\"}}");
	expect("{\"p\":\"%7b%22a%22:1%7d\"}", "{\"p\":{\"a\":1}}");
	expect("{\"p\":\"%5B1%5D\"}", "{\"p\":[1]}");
	/* URL-encoding around a string that holds JSON again. */
	expect("{\"p\":\"%7B%22a%22%3A%22%7B%5C%22b%5C%22%3A1%7D%22%7D\"}",
	       "{\"p\":{\"a\":{\"b\":1}}}");
}

static void test_encoded_twice(void **state)
{
	(void)state;
	expect("{\"p\":\"%257B%2522a%2522%253A1%257D\"}", "{\"p\":{\"a\":1}}");
	expect("{\"p\":\"\\\"{\\\\\\\"a\\\\\\\":1}\\\"\"}", "{\"p\":{\"a\":1}}");
}

static void test_kept(void **state)
{
	static const char *const kept[] = {
		"{\"p\":\"{\"}",
		"{\"p\":\"{}}\"}",
		"{\"p\":\"{a:1}\"}",
		"{\"p\":\"[a-z]\"}",
		"{\"p\":\"%7B%7B\"}",
		"{\"p\":\"%7Bx\"}",
		"{\"p\":\"%7\"}",
		"{\"p\":\"100%\"}",
		"{\"p\":\"\"}",
		"{\"p\":\"1\"}",
		"{\"p\":\"true\"}",
		"{\"p\":\"null\"}",
		"{\"p\":\"\\\"text\\\"\"}",
		"{\"p\":\"x {}\"}",
		"{\"p\":[{\"q\":[\"[\"]}]}",
		"{\"{}\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		expect(kept[i], kept[i]);
}

/* {"p": text} with text stringified n more times. */
static void stringify(struct buf *out, const char *text, unsigned n)
{
	_cleanup_(buf_deinit) struct buf layer = BUF_INIT;

	buf_put_text(&layer, text);
	while (n-- > 0) {
		_cleanup_(buf_deinit) struct buf next = BUF_INIT;

		buf_put_text(&next, "{\"p\":");
		jv_write_string(&next, buf_str(&layer));
		buf_put_char(&next, '}');
		buf_reset(&layer);
		buf_put_str(&layer, buf_str(&next));
	}
	buf_put_str(out, buf_str(&layer));
}

static void test_thrice(void **state)
{
	_cleanup_(buf_deinit) struct buf three = BUF_INIT;
	_cleanup_(buf_deinit) struct buf four = BUF_INIT;
	_cleanup_(freep) char *got = NULL;
	_cleanup_(freep) char *closed = NULL;

	(void)state;
	stringify(&three, "[1]", 3);
	got = configuration_of(buf_str(&three));
	assert_string_equal(got, "{\"p\":{\"p\":{\"p\":[1]}}}");
	stringify(&four, "[1]", 4);
	closed = configuration_of(buf_str(&four));
	assert_string_equal(closed, "{\"p\":{\"p\":{\"p\":{\"p\":\"[1]\"}}}}");
}

static void nest(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_put_char(out, '[');
	for (unsigned i = 0; i < depth; i++)
		buf_put_char(out, ']');
}

/* A string stays one when its content would not be read again where it stands. */
static void test_depth(void **state)
{
	(void)state;
	for (unsigned depth = JV_MAX_DEPTH - 4; depth <= JV_MAX_DEPTH; depth++) {
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;
		_cleanup_(freep) char *got = NULL;

		/* Body, configuration, p: the string is on the third level. */
		buf_put_text(&text, "{\"p\":\"");
		nest(&text, depth);
		buf_put_text(&text, "\"}");
		got = configuration_of(buf_str(&text));
		assert_non_null(got);
		assert_int_equal(got[5], depth <= JV_MAX_DEPTH - 2 ? '[' : '"');
	}
}

/* Where the whole configuration is the string there is nothing to keep. */
static void test_depth_refused(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	(void)state;
	buf_put_char(&text, '"');
	nest(&text, JV_MAX_DEPTH);
	buf_put_char(&text, '"');
	assert_null(configuration_of(buf_str(&text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opened), cmocka_unit_test(test_encoded_twice),
		cmocka_unit_test(test_kept),   cmocka_unit_test(test_thrice),
		cmocka_unit_test(test_depth),  cmocka_unit_test(test_depth_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
