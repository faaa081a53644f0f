/* SPDX-License-Identifier: Apache-2.0 */
/* Documents are built as asked, are read back as such, and misuse is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/json.h"
#include "util/json_build.h"

static void assert_built(const struct json_build *b, const char *expected)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	assert_int_equal(json_build_write(b, &out), 0);
	buf_put_char(&out, '\0');
	assert_string_equal(out.data, expected);
}

static void builds_containers_and_values(void **state _unused_)
{
	struct json_build *b = json_build_new();

	assert_non_null(b);
	json_build_integer(b, "least", INT64_MIN);
	json_build_array(b, "list");
	json_build_text(b, NULL, STR("a\"b\n"));
	json_build_object(b, NULL);
	json_build_null(b, "none");
	json_build_end(b);
	json_build_end(b);
	json_build_text(b, "empty", STR_NULL);
	assert_built(b, "{\n  \"least\": -9223372036854775808,\n  \"list\": [\n"
			"    \"a\\\"b\\n\",\n    {\n      \"none\": null\n    }\n  ],\n"
			"  \"empty\": \"\"\n}\n");
	json_build_free(b);
}

static void replaces_what_is_no_utf8(void **state _unused_)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct json_build *b = json_build_new();
	struct fault f;
	struct jv v;

	assert_non_null(b);
	json_build_text(b, "name", ((struct str){ "\xffx\xc3\xa9\0\xe2\x82", 7 }));
	assert_int_equal(json_build_write(b, &out), 0);
	assert_int_equal(jv_parse(&a, buf_str(&out), &v, &f), 0);
	assert_true(str_eq(
		jv_get_text(&v, "name"),
		(struct str){ "\xef\xbf\xbdx\xc3\xa9\0\xef\xbf\xbd\xef\xbf\xbd", 13 }));
	json_build_free(b);
}

static void tells_of_misuse(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct json_build *b = json_build_new();

	assert_non_null(b);
	json_build_integer(b, NULL, 1);
	assert_int_equal(json_build_write(b, &out), -EINVAL);
	json_build_free(b);

	b = json_build_new();
	assert_non_null(b);
	json_build_array(b, "list");
	json_build_text(b, "key", STR("in an array"));
	/* What comes behind an error is of no effect, and does no harm. */
	json_build_object(b, NULL);
	json_build_end(b);
	json_build_end(b);
	json_build_end(b);
	assert_int_equal(json_build_write(b, &out), -EINVAL);
	json_build_free(b);

	b = json_build_new();
	assert_non_null(b);
	for (int i = 0; i < JSON_BUILD_DEPTH; i++)
		json_build_object(b, "deeper");
	assert_int_equal(json_build_write(b, &out), -EINVAL);
	json_build_free(b);

	b = json_build_new();
	assert_non_null(b);
	json_build_end(b);
	assert_int_equal(json_build_write(b, &out), -EINVAL);
	json_build_free(b);
	assert_int_equal(out.len, 0);
	assert_null(json_build_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_containers_and_values),
		cmocka_unit_test(replaces_what_is_no_utf8),
		cmocka_unit_test(tells_of_misuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
