/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of relationships, up to the path. */
#include "render/relation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define T0 INT64_C(1714558500123)

static void assert_text(struct buf *got, const char *want)
{
	assert_int_equal(buf_error(got), 0);
	buf_put_char(got, '\0');
	assert_string_equal(got->data, want);
	buf_deinit(got);
}

static size_t count(struct str text, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == c;
	return n;
}

static void test_fields(void **state)
{
	struct render_relation line = { .what = STR("Is contained in Vpc"),
					.out = true,
					.type = STR("AWS::EC2::VPC"),
					.id = STR("vpc-1"),
					.since_ms = T0,
					.until_ms = RELATION_OPEN };
	struct buf got = BUF_INIT;

	(void)state;
	render_relation_fields(&got, &line);
	/* As many tabs as the header has. */
	assert_int_equal(count(buf_str(&got), '\t'), count(render_relation_header, '\t'));
	assert_text(&got, "Is contained in Vpc\tout\tAWS::EC2::VPC\tvpc-1\t-\t"
			  "2024-05-01T10:15:00.123Z\t-\t");
	got = BUF_INIT;
	line = (struct render_relation){
		.what = STR("a\tb\n"), .id = STR("\x1b[2J"), .since_ms = 0, .until_ms = T0
	};
	render_relation_fields(&got, &line);
	assert_text(&got, "a\\u0009b\\u000a\tin\t-\t\\u001b[2J\t-\t"
			  "1970-01-01T00:00:00.000Z\t2024-05-01T10:15:00.123Z\t");
}

static void test_at(void **state)
{
	const struct relation relation = { .what = STR("in"),
					   .type = STR("T"),
					   .name = STR("n"),
					   .since_ms = T0,
					   .until_ms = T0 + 1 };
	struct buf got = BUF_INIT;

	(void)state;
	render_relation_at_fields(
		&got, &(struct render_relation_at){ STR("S"), STR("s-1"), &relation });
	assert_int_equal(count(buf_str(&got), '\t'),
			 count(render_relation_at_header, '\t'));
	/* When it ended is not known at that moment. */
	assert_text(&got, "S\ts-1\tin\tT\t-\tn\t2024-05-01T10:15:00.123Z\t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
