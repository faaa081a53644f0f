/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The mount's page: as it stands with a history and without, and that a path of any spelling
 * stays one word of the shell.
 */

#include "golden.h"

#include "render/readme.h"

static void test_page(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_readme r = {
		.resources = 3,
		.states = 7,
		.events = 41,
		.transitions = 2,
		.item_first_ms = INT64_C(1714558500123),
		.item_last_ms = INT64_C(1714649412000),
		.event_first_ms = -1,
		.event_last_ms = -1,
		.example = STR(
			"resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-0ab"),
		.example_id = STR("sg-0ab"),
		.example_ms = INT64_C(1714649412000),
	};

	(void)state;
	render_readme(&out, &r);
	golden_check("README", &out);
}

static void test_no_resource(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_readme r = { .item_first_ms = -1,
					 .item_last_ms = -1,
					 .event_first_ms = -1,
					 .event_last_ms = -1 };

	(void)state;
	render_readme(&out, &r);
	buf_put_char(&out, '\0');
	assert_int_equal(buf_error(&out), 0);
	assert_non_null(strstr(out.data, "0 resources, 0 states"));
	assert_non_null(strstr(out.data, "R='resources/ACCOUNT/REGION/TYPE/ID'"));
	assert_null(strstr(out.data, "states from"));
}

static void test_quotes(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_readme r = { .example = STR("resources/it's $(rm -rf ~)"),
					 .example_id = STR("it's"),
					 .example_ms = INT64_C(1704065400000) };

	(void)state;
	render_readme(&out, &r);
	buf_put_char(&out, '\0');
	assert_int_equal(buf_error(&out), 0);
	assert_non_null(strstr(out.data, "R='resources/it'\\''s $(rm -rf ~)'\n"));
	assert_non_null(strstr(out.data, "ls -l 'by-id/it'\\''s'\n"));
	/* Its own day, across midnight. */
	assert_non_null(
		strstr(out.data, "grep ^2023-12-31T23: timeline/2023/12/31.log\n"));
	assert_non_null(
		strstr(out.data, "diff -r at/2023-12-31T23:00Z at/2024-01-01T01:00Z\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_no_resource),
		cmocka_unit_test(test_quotes),
	};

	return cmocka_run_group_tests_name("readme", tests, NULL, NULL);
}
