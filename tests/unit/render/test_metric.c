/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of points: their length is known before they are written; names of files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "render/metric.h"

static void test_lines(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf tail = BUF_INIT, line = BUF_INIT;
	const struct alarm_dimension dimensions[] = {
		{ STR("TableName"), STR("a,b=c%\t\x7f\xc3\xbc") },
		{ STR("Operation"), STR("Get") },
	};
	const struct metric_data m = { .statistic = STR("p99"),
				       .period_s = 300,
				       .dimensions = dimensions,
				       .n_dimensions = 2 };

	(void)state;
	assert_int_equal(render_metric_tail(&tail, &a, &m), 0);
	assert_true(str_is(buf_str(&tail),
			   "p99\t300\tOperation=Get,TableName=a%2Cb%3Dc%25"
			   "%09%7F\xc3\xbc"));
	render_metric_line(&line, INT64_C(1714558500123), STR("1.50"), buf_str(&tail));
	assert_true(str_starts(buf_str(&line), "2024-05-01T10:15:00.123Z\t1.50\tp99\t"));
	assert_true(str_ends(buf_str(&line), "\n"));
	assert_int_equal(line.len, render_metric_fixed(buf_str(&tail)) + 4);
}

static void test_names(void **state)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT, long_name = BUF_INIT,
					 shortened = BUF_INIT;

	(void)state;
	render_metric_name(&name, STR("AWS/EC2"), STR("CPUUtilization"));
	assert_true(str_is(buf_str(&name), "AWS%2FEC2~CPUUtilization"));
	for (size_t i = 0; i < 300; i++)
		buf_put_char(&long_name, 'x');
	render_metric_name(&shortened, STR("n"), buf_str(&long_name));
	assert_true(shortened.len + strlen(RENDER_METRIC_SUFFIX) <= 255);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
