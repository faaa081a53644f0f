/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudTrail records: any version, whole and partial, from files and from LookupEvents.
 */
#include "collect.h"
#include "samples.h"

static void test_versions(void **state)
{
	(void)state;
	expect_lines(STR(EVENT), "Records", 0, EVENT_LINE);
	expect_lines(
		STR("{\"eventVersion\":\"9.99\",\"eventTime\":\"2024-05-01T10:15:00Z\","
		    "\"eventSource\":\"s\",\"eventName\":\"n\",\"somethingNew\":{}}"),
		"", 0, "event  s n\n");
	expect_lines(STR("{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"s\","
			 "\"eventName\":\"n\",\"userIdentity\":{\"accountId\":\"2\"}}"),
		     "", 0, "event 2 s n\n");
}

/* The last of one name counts. */
static void test_doubled_names(void **state)
{
	(void)state;
	expect_lines(STR("{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"s\","
			 "\"eventName\":\"m\",\"eventName\":\"n\",\"userIdentity\":{"
			 "\"accountId\":\"1\",\"accountId\":\"2\"}}"),
		     "", 0, "event 2 s n\n");
}

static void test_refused(void **state)
{
	(void)state;
	expect_fault(
		STR("{\"eventVersion\":\"1.0\",\"eventName\":\"n\",\"eventSource\":\"s\"}"),
		PARSE_E_REFUSED, 0, "eventTime", "missing");
	expect_fault(STR("{\"eventTime\":\"2024-05-01\",\"eventVersion\":\"1.0\","
			 "\"userIdentity\":{},\"eventSource\":\"s\"}"),
		     PARSE_E_REFUSED, 0, "eventName", "missing");
	expect_fault(
		STR("{\"eventVersion\":\"1\",\"eventTime\":\"2024-05-01\",\"eventName\":\"n\","
		    "\"eventSource\":5}"),
		PARSE_E_REFUSED, 75, "eventSource", "not a string");
}

static void test_insight(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"eventVersion\":\"1.07\",\"eventTime\":\"2024-05-01T10:15:00Z\","
		    "\"eventType\":\"AwsCloudTrailInsight\",\"insightDetails\":{}}"),
		"Records", 0, "notice cloudtrail-insight\n");
	expect_lines(
		STR("{\"eventVersion\":\"1.07\",\"eventName\":\"n\",\"eventCategory\":\"Insight\"}"),
		"Records", 0, "notice cloudtrail-insight\n");
}

static void test_aggregated(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"eventVersion\":\"1.0\",\"accountId\":\"1\",\"eventId\":\"i\","
		    "\"eventCategory\":\"Aggregated\",\"eventType\":\"AwsAggregatedEvent\","
		    "\"awsRegion\":\"r\",\"eventSource\":\"s3.amazonaws.com\",\"timeWindow\":"
		    "{\"windowSize\":\"PT5M\"},\"summary\":{\"details\":[]}}"),
		"Records", 0, "notice cloudtrail-aggregated\n");
}

static void test_lookup(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	assert_int_equal(
		collect_record(&c,
			       STR("{\"EventId\":\"e\",\"EventName\":\"n\",\"EventTime\":"
				   "1714558500.0,\"CloudTrailEvent\":\"" EVENT_QUOTED
				   "\"}"),
			       STR("Events"), 0),
		0);
	assert_true(str_is(buf_str(&c.lines), EVENT_LINE));
	/* Raw is the record, not the envelope. */
	assert_true(str_is(buf_str(&c.raws), EVENT "\n"));
	expect_fault(STR("{\"EventId\":\"e\",\"EventName\":\"n\"}"), PARSE_E_REFUSED, 0,
		     "CloudTrailEvent", "missing");
	expect_fault(STR("{\"CloudTrailEvent\":3}"), PARSE_E_REFUSED, 19,
		     "CloudTrailEvent", "neither string nor object");
}

static void test_raw(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	assert_int_equal(collect_record(&c, STR("\n" EVENT " "), STR_NULL, 0), 0);
	assert_int_equal(collect_record(&c,
					STR("{\"event\": " EVENT " ,\"n\":[\"}\\\"\"]}"),
					STR_NULL, 0),
			 0);
	assert_true(str_is(buf_str(&c.raws), EVENT "\n" EVENT "\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),      cmocka_unit_test(test_refused),
		cmocka_unit_test(test_insight),       cmocka_unit_test(test_aggregated),
		cmocka_unit_test(test_lookup),        cmocka_unit_test(test_raw),
		cmocka_unit_test(test_doubled_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
