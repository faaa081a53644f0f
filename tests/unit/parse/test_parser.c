/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recognition: what is noticed, what is not known, where faults are told to be, what a callback's
 * refusal does, and that a parser is as good after a thousand records as after one.
 */
#include <errno.h>

#include "collect.h"
#include "samples.h"

static void test_notices(void **state)
{
	static const struct {
		const char *record;
		const char *line;
	} notices[] = {
		{ "{\"awsAccountId\":\"1\",\"digestStartTime\":\"t\",\"digestS3Bucket\":\"b\","
		  "\"logFiles\":[]}",
		  "notice cloudtrail-digest\n" },
		{ "{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k\"]}",
		  "notice cloudtrail-delivery\n" },
		{ "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Bucket\":\"b\"}",
		  "notice s3-test-event\n" },
		{ "{\"metric_stream_name\":\"s\",\"timestamp\":1,\"value\":{}}",
		  "notice metric-stream\n" },
		{ "{\"Label\":\"l\",\"Datapoints\":[]}", "notice metric-statistics\n" },
		{ "{\"MetricDataResults\":[],\"Messages\":[]}", "notice metric-data\n" },
		{ "{\"configRuleName\":\"r\",\"newEvaluationResult\":{}}",
		  "notice config-compliance\n" },
		{ "{\"ResponseMetadata\":{}}", "notice api-answer\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(notices); i++)
		expect_lines(str_of(notices[i].record), "", 0, notices[i].line);
}

static void test_unknown(void **state)
{
	(void)state;
	expect_fault(STR("{}"), PARSE_E_UNKNOWN, 0, "",
		     "no format of AWS's that is known");
	expect_fault(STR(" {\"a\":1}"), PARSE_E_UNKNOWN, 1, "",
		     "no format of AWS's that is known");
	expect_fault(STR("7"), PARSE_E_UNKNOWN, 0, "",
		     "a single value, neither object nor array");
	expect_fault(STR("null"), PARSE_E_UNKNOWN, 0, "",
		     "a single value, neither object nor array");
	expect_fault(STR("\"text\""), PARSE_E_UNKNOWN, 0, "", "a text that is not JSON");
	/* Null members are as good as none. */
	expect_fault(STR("{\"eventName\":null,\"eventVersion\":null}"), PARSE_E_UNKNOWN,
		     0, "", "no format of AWS's that is known");
	/* One known record among others is enough. */
	expect_lines(STR("[{\"a\":1}," EVENT ",2]"), "", 0, EVENT_LINE);
	expect_fault(STR("[{\"a\":1},2]"), PARSE_E_UNKNOWN, 1, "",
		     "no format of AWS's that is known");
}

static void test_syntax(void **state)
{
	(void)state;
	expect_fault(STR("{\"a\":1,}"), PARSE_E_REFUSED, 7, "",
		     "'}' stands where a member's name should be");
	expect_fault(STR(""), PARSE_E_REFUSED, 0, "",
		     "the text ends where a value should be");
}

static void test_offsets(void **state)
{
	(void)state;
	/* In the record itself: of the field. In a string: of the outermost string. */
	expect_fault(
		STR("{\"Records\":[{\"eventVersion\":\"1\",\"eventName\":\"n\",\"eventTime\":true}]}"),
		PARSE_E_REFUSED, 60, "eventTime", "not a time");
	expect_fault(STR("{\"Body\":\"{\\\"Body\\\":\\\"{\\\\\\\"eventVersion\\\\\\\":1,"
			 "\\\\\\\"eventName\\\\\\\":2}\\\"}\"}"),
		     PARSE_E_REFUSED, 8, "eventTime", "missing");
	/* Of several faults the first. */
	expect_fault(
		STR("[{\"eventVersion\":\"1\",\"eventName\":\"n\",\"eventTime\":true},"
		    "{\"configurationItem\":7}]"),
		PARSE_E_REFUSED, 49, "eventTime", "not a time");
	/* A refusal counts for more than something unknown before it. */
	expect_fault(STR("[{},{\"configurationItem\":7}]"), PARSE_E_REFUSED, 25,
		     "configurationItem", "not an object");
}

static void test_stopped(void **state)
{
	static const char *const records[] = {
		EVENT,
		ITEM,
		"[" EVENT "," EVENT "]",
		"{\"configurationItem\":[" ITEM "," ITEM "]}",
		"{\"Records\":[" EVENT "," EVENT "]}",
		"{\"logEvents\":[{\"message\":\"x\",\"timestamp\":1},{\"message\":\"x\",\"timestamp\":1}]}",
		"{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"k\"]}",
		"{\"AlarmName\":\"a\",\"NewStateValue\":\"OK\",\"StateChangeTime\":\"2024-05-01\"}",
		"{\"AlarmName\":\"a\",\"AlarmArn\":\"arn:aws:cloudwatch:r:1:alarm:a\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		_cleanup_(collect_deinit) struct collect c = collect_new();

		c.stop = -EIO;
		assert_int_equal(collect_record(&c, str_of(records[i]), STR_NULL, 0),
				 -EIO);
		/* Nothing more came after the first. */
		assert_non_null(c.lines.data);
		assert_ptr_equal(memchr(c.lines.data, '\n', c.lines.len),
				 c.lines.data + c.lines.len - 1);
	}
}

static void test_again(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(collect_record(&c, STR(ITEM), STR_NULL, 0), 0);
		assert_int_equal(collect_record(&c, STR("{\"configurationItem\":7}"),
						STR_NULL, 5),
				 PARSE_E_REFUSED);
		assert_true(c.fault.offset == 26);
		assert_int_equal(collect_record(&c, STR("{"), STR_NULL, 5),
				 PARSE_E_REFUSED);
		assert_int_equal(collect_record(&c, STR("{}"), STR_NULL, 5),
				 PARSE_E_UNKNOWN);
	}
	assert_int_equal(c.lines.len, 1000 * strlen(ITEM_LINE));
}

static void test_no_fault(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	struct parse_sink sink = { .ctx = &c };

	(void)state;
	assert_int_equal(parse_record(c.parser, STR("{"), STR_NULL, 0, &sink, NULL),
			 PARSE_E_REFUSED);
	assert_int_equal(parse_record(c.parser, STR("{}"), STR_NULL, 0, &sink, NULL),
			 PARSE_E_UNKNOWN);
	assert_null(parser_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notices),  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_syntax),   cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_stopped),  cmocka_unit_test(test_again),
		cmocka_unit_test(test_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
