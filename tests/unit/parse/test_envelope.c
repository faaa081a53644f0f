/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes: each of them, around each other, with content as string and as object, with content
 * that is broken, that is none of ours, or that never ends.
 */
#include "collect.h"
#include "samples.h"

#define UNKNOWN_TEXT "a text that is not JSON"

static void test_sns(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"Type\":\"Notification\",\"TopicArn\":\"a\",\"Message\":\"" EVENT_QUOTED
		    "\"}"),
		"", 0, EVENT_LINE);
	expect_lines(STR("{\"Type\":\"Notification\",\"Message\":" EVENT "}"), "", 0,
		     EVENT_LINE);
	expect_lines(STR("{\"Message\":\"[" EVENT_QUOTED "," EVENT_QUOTED
			 "]\",\"TopicArn\":\"a\"}"),
		     "", 0, EVENT_LINE EVENT_LINE);
	expect_lines(
		STR("{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"You have\"}"),
		"", 0, "notice sns-confirmation\n");
	expect_fault(STR("{\"Type\":\"Notification\",\"Message\":\"It is done.\"}"),
		     PARSE_E_UNKNOWN, 33, "", UNKNOWN_TEXT);
	expect_fault(STR("{\"Type\":\"Notification\",\"Message\":\"{\\\"a\\\":}\"}"),
		     PARSE_E_REFUSED, 33, "Message",
		     "not JSON: '}' stands where a value should be");
	expect_fault(STR("{\"Type\":\"Notification\",\"Message\":17}"), PARSE_E_UNKNOWN,
		     33, "", "a single value, neither object nor array");
}

static void test_sqs(void **state)
{
	(void)state;
	expect_lines(STR("{\"MessageId\":\"m\",\"Body\":\"" EVENT_QUOTED "\"}"),
		     "Messages", 0, EVENT_LINE);
	expect_lines(
		STR("{\"Body\":{\"Type\":\"Notification\",\"Message\":\"" EVENT_QUOTED
		    "\"}}"),
		"", 0, EVENT_LINE);
	expect_lines(STR("{\"messageId\":\"m\",\"body\":\"" EVENT_QUOTED
			 "\",\"eventSource\":\"aws:sqs\"}"),
		     "Records", 0, EVENT_LINE);
	expect_lines(STR("{\"messageId\":\"m\",\"body\":\"" EVENT_QUOTED "\"}"), "", 0,
		     EVENT_LINE);
	expect_lines(STR("{\"Messages\":[{\"Body\":\"" EVENT_QUOTED
			 "\"},{\"Body\":\"hello\"}]}"),
		     "", 0, EVENT_LINE);
}

static void test_lake(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"QueryStatus\":\"FINISHED\",\"QueryResultRows\":[[{\"eventID\":"
		    "\"i\"},{\"eventJson\":\"" EVENT_QUOTED "\"}],[{\"n\":\"3\"}]]}"),
		"", 0, EVENT_LINE "notice lake-row\n");
	expect_lines(STR("{\"QueryStatus\":\"RUNNING\",\"QueryResultRows\":[]}"), "", 0,
		     "notice lake-row\n");
	expect_lines(STR("{\"eventJson\":\"" EVENT_QUOTED "\"}"), "", 0, EVENT_LINE);
	expect_lines(STR("{\"eventCategory\":\"ConfigurationItem\",\"eventData\":" ITEM
			 "}"),
		     "", 0, ITEM_LINE);
	expect_lines(STR("{\"eventCategory\":\"ActivityAuditLog\",\"eventData\":{}}"), "",
		     0, "notice lake-event\n");
	expect_fault(STR("{\"QueryResultRows\":[[{\"eventJson\":\"{\"}]]}"),
		     PARSE_E_REFUSED, 34, "eventJson",
		     "not JSON: the text ends where a member's name should be");
}

static void test_lambda(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"EventSource\":\"aws:sns\",\"Sns\":{\"Type\":\"Notification\","
		    "\"Message\":\"" EVENT_QUOTED "\"}}"),
		"Records", 0, EVENT_LINE);
	/* base64 of {"eventVersion":"1","eventTime":"2024-05-01","eventSource":"s","eventName":"n"} */
	expect_lines(
		STR("{\"kinesis\":{\"data\":\"eyJldmVudFZlcnNpb24iOiIxIiwiZXZlbnRUaW1lIjoiMjAy"
		    "NC0wNS0wMSIsImV2ZW50U291cmNlIjoicyIsImV2ZW50TmFtZSI6Im4ifQ==\"},"
		    "\"eventSource\":\"aws:kinesis\",\"eventName\":\"aws:kinesis:record\"}"),
		"Records", 0, "event  s n\n");
	expect_lines(
		STR("{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventTime\":"
		    "\"2024-05-01T10:15:00Z\",\"eventName\":\"ObjectCreated:Put\",\"s3\":{}}"),
		"Records", 0, "notice s3-notification\n");
	expect_lines(STR("{\"eventSource\":\"aws:dynamodb\",\"eventName\":\"INSERT\"}"),
		     "Records", 0, "notice lambda-event\n");
}

static void test_eventbridge(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"detail-type\":\"AWS API Call via CloudTrail\",\"source\":\"aws.s3\","
		    "\"detail\":" EVENT "}"),
		"", 0, EVENT_LINE);
	expect_lines(
		STR("{\"detail-type\":\"Config Configuration Item Change\",\"source\":"
		    "\"aws.config\",\"detail\":{\"messageType\":"
		    "\"ConfigurationItemChangeNotification\",\"configurationItem\":" ITEM
		    "}}"),
		"", 0, ITEM_LINE);
	expect_lines(
		STR("{\"detail-type\":\"EC2 Instance State-change Notification\",\"source\":"
		    "\"aws.ec2\",\"detail\":{\"instance-id\":\"i\",\"state\":\"running\"}}"),
		"", 0, "notice eventbridge-event\n");
	expect_lines(
		STR("{\"detail-type\":\"Anything\",\"source\":\"my.app\",\"detail\":{}}"),
		"", 0, "notice eventbridge-event\n");
	expect_fault(
		STR("{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":"
		    "{\"eventVersion\":\"1\",\"eventName\":\"n\",\"eventTime\":\"x\"}}"),
		PARSE_E_REFUSED, 102, "eventTime", "not a time");
}

static void test_rule(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"invokingEvent\":\"{\\\"configurationItem\\\":" ITEM_QUOTED
		    ",\\\"messageType\\\":\\\"ConfigurationItemChangeNotification\\\"}\","
		    "\"ruleParameters\":\"{}\"}"),
		"", 0, ITEM_LINE);
	expect_lines(
		STR("{\"invokingEvent\":\"{\\\"messageType\\\":\\\"ScheduledNotification\\\"}\"}"),
		"", 0, "notice config-scheduled\n");
}

static void test_logs(void **state)
{
	(void)state;
	expect_lines(
		STR("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":["
		    "{\"id\":\"1\",\"timestamp\":1,\"message\":\"" EVENT_QUOTED "\"},"
		    "{\"id\":\"2\",\"timestamp\":2,\"message\":\"START RequestId\"},"
		    "{\"id\":\"3\",\"timestamp\":3,\"message\":\"{\\\"level\\\":\\\"info\\\"}\"}]}"),
		"", 0, EVENT_LINE "notice log-message\nnotice log-message\n");
	expect_lines(STR("{\"id\":\"1\",\"timestamp\":1,\"message\":\"" EVENT_QUOTED
			 "\"}"),
		     "logEvents", 0, EVENT_LINE);
	expect_lines(
		STR("{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[{\"id\":\"\","
		    "\"timestamp\":1,\"message\":\"CWL CONTROL MESSAGE: Checking\"}]}"),
		"", 0, "notice logs-control\n");
	expect_lines(
		STR("{\"id\":\"\",\"timestamp\":1,\"message\":\"CWL CONTROL MESSAGE: Checking\"}"),
		"logEvents", 0, "notice logs-control\n");
	/* One that is broken does not keep back the others. */
	expect_lines(STR("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":["
			 "{\"timestamp\":1,\"message\":\"{\\\"eventName\\\":\"},"
			 "{\"timestamp\":2,\"message\":\"" EVENT_QUOTED "\"}]}"),
		     "", PARSE_E_REFUSED, EVENT_LINE);
}

static void test_awslogs(void **state)
{
	(void)state;
	/* base64 of gzip of {"logEvents":[{"timestamp":1,"message":"hi"}]} */
	expect_lines(
		STR("{\"awslogs\":{\"data\":\"H4sIAAAAAAACA6tWyslPdy1LzSspVrKKrlYqycxNLS5JzC1QsjLUUQKyixPT"
		    "U5WslDIylWpjawFSD91dLgAAAA==\"}}"),
		"", 0, "notice log-message\n");
	expect_fault(STR("{\"awslogs\":{\"data\":\"H4sIAAAAAAAC/6tWyslPdy1L\"}}"),
		     PARSE_E_REFUSED, 19, "awslogs.data", "damaged gzip data");
	expect_fault(STR("{\"awslogs\":{\"data\":\"***\"}}"), PARSE_E_REFUSED, 19,
		     "awslogs.data", "not base64");
	expect_fault(STR("{\"awslogs\":{\"data\":7}}"), PARSE_E_REFUSED, 19,
		     "awslogs.data", "not base64");
	expect_fault(STR("{\"awslogs\":{}}"), PARSE_E_REFUSED, 0, "awslogs.data",
		     "not base64");
}

static void test_wrappers(void **state)
{
	(void)state;
	expect_lines(STR("{\"event\":" EVENT "}"), "", 0, EVENT_LINE);
	expect_lines(STR("{\"detail\":" EVENT "}"), "", 0, EVENT_LINE);
	expect_lines(STR("{\"status_code\":200,\"data\":{\"Events\":[{\"EventId\":\"e\","
			 "\"EventName\":\"n\",\"CloudTrailEvent\":\"" EVENT_QUOTED
			 "\"}]}}"),
		     "", 0, EVENT_LINE);
	expect_lines(STR("{\"x\":1,\"Records\":[" EVENT "," EVENT "]}"), "", 0,
		     EVENT_LINE EVENT_LINE);
	expect_lines(STR("{\"Records\":[]}"), "", 0, "");
	expect_lines(STR("{\"data\":{\"ResponseMetadata\":{}}}"), "", 0,
		     "notice api-answer\n");
	expect_lines(STR("{\"Results\":[\"{\\\"COUNT(*)\\\":3}\"]}"), "", 0,
		     "notice config-query-row\n");
	expect_lines(STR("{\"Results\":[\"" ITEM_QUOTED "\"]}"), "", 0,
		     "item select 1 r T i\n");
}

/* Envelopes in envelopes in envelopes: refused at some point, whatever they are. */
static void test_endless(void **state)
{
	static const struct {
		const char *open, *close;
	} envelopes[] = {
		{ "{\"Body\":", "}" }, { "{\"Records\":[", "]}" }, { "[", "]" },
		{ "{\"data\":", "}" }, { "{\"Sns\":", "}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(envelopes); i++) {
		_cleanup_(collect_deinit) struct collect c = collect_new();
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;

		for (unsigned n = 0; n < 100; n++)
			buf_put_text(&text, envelopes[i].open);
		buf_put_text(&text, EVENT);
		for (unsigned n = 0; n < 100; n++)
			buf_put_text(&text, envelopes[i].close);
		assert_int_equal(collect_record(&c, buf_str(&text), STR_NULL, 0),
				 PARSE_E_REFUSED);
		assert_string_equal(c.fault.reason,
				    "too many envelopes within envelopes");
		assert_int_equal(c.lines.len, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sns),         cmocka_unit_test(test_sqs),
		cmocka_unit_test(test_lake),        cmocka_unit_test(test_lambda),
		cmocka_unit_test(test_eventbridge), cmocka_unit_test(test_rule),
		cmocka_unit_test(test_logs),        cmocka_unit_test(test_awslogs),
		cmocka_unit_test(test_wrappers),    cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
