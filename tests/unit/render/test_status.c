/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tables of status/: as they stand, and that no data breaks a line, a cell or a name.
 */

#include "golden.h"

#include "render/status.h"

#define T0 INT64_C(1714558500123)

static void test_imports(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_import rows[] = {
		{ STR("s3://b/AWSLogs/1.json.gz"), 1234567, T0, 1, 2, 3, 4, 5, 6, 7 },
		{ STR("/tab\there\nand \033[2J"), 0, 0, 0, 0, 0, 0, 0, 0, 0 },
	};

	(void)state;
	render_imports_header(&out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		render_import(&out, &rows[i]);
	golden_check("imports.tsv", &out);
}

static void test_refused(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_refusal rows[] = {
		{ 1, STR("/in/a b.json"), STR("eventTime"), STR("not a time"), 17, 5, 5 },
		{ 22, STR("s3://b/x/"), STR(""), STR("tab\there"), UINT64_MAX, 9, 7 },
		{ 1234567, STR("../$(rm -rf ~)\xff/\xc3\xbc.."), STR(""), STR(""), 0, 0,
		  0 },
	};

	(void)state;
	render_refused_header(&out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		render_refusal(&out, &rows[i]);
	golden_check("refused.tsv", &out);
}

/* However long the source, the name stays one. */
static void test_long_name(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	char source[3000];
	struct render_refusal row = { .id = INT64_C(1) << 55,
				      .source = { source, sizeof(source) },
				      .offset = UINT64_MAX - 1 };

	(void)state;
	memset(source, 'x', sizeof(source));
	memcpy(source + 200, "\xe2\x82\xac", 3);
	render_refusal_name(&out, &row);
	assert_int_equal(buf_error(&out), 0);
	assert_true(out.len <= 255);
}

static void test_churn(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	const struct render_churn rows[] = {
		{ STR("1"), STR("r"), STR("A::B::C"), STR(""), 2, 3, 2, T0, T0 + 1,
		  false },
		{ STR("1"), STR("r"), STR("A::B::C"), STR("a\tb"), 1, 20001, 1, T0, T0,
		  false },
		{ STR("1"), STR("r"), STR("A::B::C"), STR("none"), 0, 0, 1, 0, 0, false },
		{ STR("1"), STR("r"), STR("A::B::C"), STR(""), 7, 10, 3, 0, 0, true },
	};

	(void)state;
	render_churn_header(&out);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		render_churn(&out, &rows[i]);
	golden_check("churn.tsv", &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_imports),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
