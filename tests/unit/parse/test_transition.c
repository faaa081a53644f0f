/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transitions of alarms, as EventBridge, a Lambda action, SNS and DescribeAlarmHistory tell them.
 */
#include "collect.h"

#define ARN "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:cpu high"
#define AT  "transition 1714558500123 OK->ALARM 123456789012 eu-west-1 cpu high "

#define STATES                                                                                  \
	"\"alarmName\":\"cpu high\",\"state\":{\"value\":\"ALARM\",\"reason\":\"crossed\","     \
	"\"timestamp\":\"2024-05-01T10:15:00.123+0000\"},\"previousState\":{\"value\":\"OK\"}," \
	"\"configuration\":{\"metrics\":[{\"id\":\"m\",\"metricStat\":{\"metric\":{"            \
	"\"namespace\":\"AWS/EC2\",\"name\":\"CPU\",\"dimensions\":{\"InstanceId\":\"i-1\"}}}}]}"

static void test_eventbridge(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"version\":\"0\",\"detail-type\":\"CloudWatch Alarm State Change\","
		    "\"source\":\"aws.cloudwatch\",\"account\":\"123456789012\",\"time\":"
		    "\"2024-05-01T10:15:01Z\",\"region\":\"eu-west-1\",\"resources\":[\"" ARN
		    "\"],\"detail\":{" STATES "}}"),
		"", 0, AT "AWS/EC2/CPU InstanceId=i-1\n");
	/* Composite; account and region from the ARN, the time from the envelope. */
	expect_lines(
		STR("{\"detail-type\":\"CloudWatch Alarm State Change\",\"source\":"
		    "\"aws.cloudwatch\",\"time\":\"2024-05-01T10:15:00.123Z\",\"resources\":[\"" ARN
		    "\"],\"detail\":{\"alarmName\":\"cpu high\",\"state\":{\"value\":\"ALARM\"},"
		    "\"previousState\":{\"value\":\"OK\"},\"configuration\":{\"alarmRule\":"
		    "\"ALARM(a)\"}}}"),
		"", 0, AT "/\n");
	expect_lines(
		STR("{\"detail-type\":\"CloudWatch Alarm Contributor State Change\",\"source\":"
		    "\"aws.cloudwatch\",\"detail\":{}}"),
		"", 0, "notice alarm-event\n");
}

static void test_lambda(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"source\":\"aws.cloudwatch\",\"alarmArn\":\"" ARN
		    "\",\"accountId\":"
		    "\"123456789012\",\"time\":\"2024-05-01T10:15:01.000+0000\",\"region\":"
		    "\"eu-west-1\",\"alarmData\":{" STATES "}}"),
		"", 0, AT "AWS/EC2/CPU InstanceId=i-1\n");
}

static void test_sns(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"AWSAccountId\":\"123456789012\","
		    "\"NewStateValue\":\"ALARM\",\"NewStateReason\":\"crossed\","
		    "\"StateChangeTime\":\"2024-05-01T10:15:00.123+0000\",\"Region\":"
		    "\"EU (Ireland)\",\"AlarmArn\":\"" ARN
		    "\",\"OldStateValue\":\"OK\",\"Trigger\":"
		    "{\"MetricName\":\"CPU\",\"Namespace\":\"AWS/EC2\",\"Dimensions\":[{\"value\":"
		    "\"i-1\",\"name\":\"InstanceId\"}]}}"),
		"", 0, AT "AWS/EC2/CPU InstanceId=i-1\n");
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"AWSAccountId\":\"123456789012\","
		    "\"NewStateValue\":\"ALARM\",\"StateChangeTime\":"
		    "\"2024-05-01T10:15:00.123+0000\",\"Region\":\"eu-west-1\",\"OldStateValue\":"
		    "\"OK\"}"),
		"", 0, AT "/\n");
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"NewStateValue\":\"OK\",\"StateChangeTime\":"
		    "\"2024-05-01T10:15:00.123Z\",\"Region\":\"EU (Ireland)\"}"),
		"", 0, "transition 1714558500123 ->OK   cpu high /\n");
}

static void test_history(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"AlarmType\":\"MetricAlarm\",\"Timestamp\":"
		    "1714558500.123,\"HistoryItemType\":\"StateUpdate\",\"HistorySummary\":"
		    "\"Alarm updated from OK to ALARM\",\"HistoryData\":\"{\\\"version\\\":\\\"1.0\\\","
		    "\\\"oldState\\\":{\\\"stateValue\\\":\\\"OK\\\"},\\\"newState\\\":"
		    "{\\\"stateValue\\\":\\\"ALARM\\\",\\\"stateReason\\\":\\\"x\\\"}}\"}"),
		"AlarmHistoryItems", 0,
		"transition 1714558500123 OK->ALARM   cpu high /\n");
	expect_lines(
		STR("{\"AlarmName\":\"cpu high\",\"Timestamp\":\"2024-05-01T10:15:00.123Z\","
		    "\"HistoryItemType\":\"StateUpdate\",\"HistorySummary\":"
		    "\"Alarm updated from INSUFFICIENT_DATA to OK\"}"),
		"", 0, "transition 1714558500123 INSUFFICIENT_DATA->OK   cpu high /\n");
	expect_lines(
		STR("{\"AlarmName\":\"a\",\"HistoryItemType\":\"ConfigurationUpdate\"}"),
		"", 0, "notice alarm-history\n");
	expect_fault(
		STR("{\"AlarmName\":\"a\",\"Timestamp\":1,\"HistoryItemType\":\"StateUpdate\","
		    "\"HistorySummary\":\"Alarm updated\",\"HistoryData\":\"{\"}"),
		PARSE_E_REFUSED, 0, "state", "missing, empty or not a string");
}

static void test_refused(void **state)
{
	(void)state;
	expect_fault(STR("{\"AlarmName\":7,\"NewStateValue\":\"\"}"), PARSE_E_REFUSED, 0,
		     "state", "missing, empty or not a string");
	expect_fault(STR("{\"AlarmName\":\"\",\"NewStateValue\":\"OK\"}"),
		     PARSE_E_REFUSED, 0, "alarmName", "missing, empty or not a string");
	expect_fault(STR("{\"AlarmName\":\"a\",\"NewStateValue\":\"OK\"}"),
		     PARSE_E_REFUSED, 0, "timestamp", "missing");
	expect_fault(
		STR("{\"AlarmName\":\"a\",\"NewStateValue\":\"OK\",\"StateChangeTime\":\"x\"}"),
		PARSE_E_REFUSED, 56, "timestamp", "not a time");
	expect_fault(
		STR("{\"AlarmName\":\"a\",\"NewStateValue\":\"OK\",\"StateChangeTime\":\"1960-01-01\"}"),
		PARSE_E_REFUSED, 56, "timestamp", "before 1970 or after 2099");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_eventbridge), cmocka_unit_test(test_lambda),
		cmocka_unit_test(test_sns),         cmocka_unit_test(test_history),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
