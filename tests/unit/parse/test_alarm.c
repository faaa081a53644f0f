/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Definitions of alarms, with their dimensions in every spelling: DescribeAlarms, items of both
 * casings, and events of a change.
 */
#include "collect.h"

#define ARN   "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu high"
#define PLACE "123456789012 eu-west-1 cpu high "

static void test_described(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"AlarmArn\":\"" ARN
		    "\",\"StateValue\":\"OK\","
		    "\"Namespace\":\"AWS/EC2\",\"MetricName\":\"CPUUtilization\",\"Dimensions\":"
		    "[{\"Name\":\"InstanceId\",\"Value\":\"i-1\"}]}"),
		"MetricAlarms", 0,
		"alarm " PLACE "AWS/EC2/CPUUtilization InstanceId=i-1\n");
	expect_lines(STR("{\"AlarmName\":\"cpu high\",\"AlarmArn\":\"" ARN
			 "\",\"AlarmRule\":"
			 "\"ALARM(a)\",\"StateValue\":\"OK\"}"),
		     "CompositeAlarms", 0, "alarm " PLACE "/\n");
	/* An expression over two metrics: their dimensions once each, the first one's names. */
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"AlarmArn\":\"" ARN "\",\"Metrics\":["
		    "{\"Id\":\"e\",\"Expression\":\"a/b\"},"
		    "{\"Id\":\"a\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Lambda\","
		    "\"MetricName\":\"Errors\",\"Dimensions\":[{\"Name\":\"FunctionName\","
		    "\"Value\":\"f\"}]}}},"
		    "{\"Id\":\"b\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/Lambda\","
		    "\"MetricName\":\"Invocations\",\"Dimensions\":[{\"Name\":\"FunctionName\","
		    "\"Value\":\"f\"},{\"Name\":\"Resource\",\"Value\":\"f:1\"}]}}}]}"),
		"", 0, "alarm " PLACE "AWS/Lambda/Errors FunctionName=f Resource=f:1\n");
}

static void test_refused(void **state)
{
	(void)state;
	expect_fault(STR("{\"AlarmName\":\"\",\"StateValue\":\"OK\"}"), PARSE_E_REFUSED,
		     0, "AlarmName", "empty or not a string");
	expect_fault(STR("{\"AlarmName\":\"a\",\"StateValue\":\"OK\"}"), PARSE_E_REFUSED,
		     0, "AlarmArn", "missing, and with it the account");
}

#define ITEM(type, configuration)                                                            \
	STR("{\"resourceType\":\"" type                                                      \
	    "\",\"resourceId\":\"cpu high\",\"awsAccountId\":"                               \
	    "\"123456789012\",\"awsRegion\":\"eu-west-1\",\"configurationItemCaptureTime\":" \
	    "\"2024-05-01\",\"configuration\":" configuration "}")
#define ITEM_LINE "item delivery 123456789012 eu-west-1 AWS::CloudWatch::Alarm cpu high\n"

static void test_items(void **state)
{
	(void)state;
	expect_lines(
		ITEM("AWS::CloudWatch::Alarm",
		     "{\"alarmName\":\"cpu high\",\"namespace\":\"N\",\"metricName\":\"M\","
		     "\"dimensions\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\","
		     "\"value\":\"2\"}]}"),
		"", 0, ITEM_LINE "alarm " PLACE "N/M a=1 b=2\n");
	expect_lines(
		ITEM("AWS::CloudWatch::Alarm",
		     "{\"Namespace\":\"N\",\"MetricName\":\"M\",\"Dimensions\":[{\"Name\":\"a\","
		     "\"Value\":\"1\"},{\"Name\":\"a\"},{\"Value\":\"2\"},7]}"),
		"", 0, ITEM_LINE "alarm " PLACE "N/M a=1\n");
	expect_lines(ITEM("AWS::CloudWatch::Alarm", "null"), "", 0, ITEM_LINE);
	expect_lines(ITEM("AWS::SNS::Topic", "{\"alarmName\":\"cpu high\"}"), "", 0,
		     "item delivery 123456789012 eu-west-1 AWS::SNS::Topic cpu high\n");
}

static void test_changed(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"detail-type\":\"CloudWatch Alarm Configuration Change\",\"source\":"
		    "\"aws.cloudwatch\",\"account\":\"123456789012\",\"region\":\"eu-west-1\","
		    "\"resources\":[\"" ARN "\"],\"detail\":{\"alarmName\":\"cpu high\","
		    "\"operation\":\"update\",\"configuration\":{\"metrics\":[{\"id\":\"m\","
		    "\"metricStat\":{\"metric\":{\"namespace\":\"N\",\"name\":\"M\","
		    "\"dimensions\":{\"a\":\"1\",\"b\":\"2\"}}}}]}}}"),
		"", 0, "alarm " PLACE "N/M a=1 b=2\n");
	expect_lines(
		STR("{\"detail-type\":\"CloudWatch Alarm Configuration Change\",\"source\":"
		    "\"aws.cloudwatch\",\"detail\":{\"alarmName\":\"a\",\"operation\":\"delete\"}}"),
		"", 0, "notice alarm-deleted\n");
	expect_fault(
		STR("{\"detail-type\":\"CloudWatch Alarm Configuration Change\",\"source\":"
		    "\"aws.cloudwatch\",\"detail\":{\"operation\":\"create\"}}"),
		PARSE_E_REFUSED, 0, "alarmName", "missing, empty or not a string");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_described),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
