/* SPDX-License-Identifier: Apache-2.0 */
/* What a message is for us: content, pointers, or nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sqs_message.h"

/* "" content, "-" ignored, else bucket:key of each with a blank behind. */
static const char *read_as(struct arena *a, const char *body)
{
	static char text[512];
	struct sqs_content c;
	size_t n = 0;

	assert_int_equal(sqs_message_read(a, str_of(body), &c), 0);
	text[0] = '\0';
	if (c.ignored)
		return "-";
	for (size_t i = 0; i < c.n_pointers; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s:%.*s ",
				      STR_ARGS(c.pointers[i].bucket),
				      STR_ARGS(c.pointers[i].key));
	return text;
}

static void each_sender(void **state)
{
	static const struct {
		const char *body, *expected;
	} cases[] = {
		{ "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\"}", "-" },
		{ "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{"
		  "\"name\":\"b\"},\"object\":{\"key\":\"a+%C3%A9%2F1\"}}}]}",
		  "b:a \xc3\xa9/1 " },
		{ "{\"Records\":[{\"eventName\":\"ObjectRemoved:Delete\",\"s3\":{\"bucket\":{"
		  "\"name\":\"b\"},\"object\":{\"key\":\"a\"}}}]}",
		  "-" },
		{ "{\"Records\":[{\"eventName\":\"ObjectCreated:Put\",\"s3\":{\"bucket\":{"
		  "\"name\":\"b\"},\"object\":{\"key\":\"folder/\"}}}]}",
		  "-" },
		{ "{\"source\":\"aws.s3\",\"detail-type\":\"Object Created\",\"detail\":{"
		  "\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b\"}}}",
		  "b:a+b " },
		{ "{\"s3Bucket\":\"b\",\"s3ObjectKey\":[\"x\",\"y\"]}", "b:x b:y " },
		{ "{\"messageType\":\"ConfigurationHistoryDeliveryCompleted\",\"s3Bucket\":"
		  "\"b\",\"s3ObjectKey\":\"k\"}",
		  "b:k " },
		{ "{\"s3DeliverySummary\":{\"s3BucketLocation\":\"b/k/l\",\"errorCode\":null}}",
		  "b:k/l " },
		{ "{\"s3DeliverySummary\":{\"s3BucketLocation\":\"b/k\",\"errorCode\":\"x\"}}",
		  "" },
		{ "{\"Type\":\"Notification\",\"TopicArn\":\"t\",\"Message\":"
		  "\"{\\\"s3Bucket\\\":\\\"b\\\",\\\"s3ObjectKey\\\":\\\"k\\\"}\"}",
		  "b:k " },
		/* CloudTrail records, and what cannot be read: the parsers' */
		{ "{\"Records\":[{\"eventID\":\"1\"}]}", "" },
		{ "{\"Records\":[]}", "" },
		{ "{\"Records\":[{\"eventName\":7,\"s3\":{}}]}", "-" },
		{ "{\"s3Bucket\":\"b\",\"s3ObjectKey\":7}", "b:7 " },
		{ "{\"s3Bucket\":\"b\",\"s3ObjectKey\":{}}", "" },
		{ "{\"configurationItem\":{}}", "" },
		{ "no JSON", "" },
		{ "", "" },
		{ "[]", "" },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(read_as(&a, cases[i].body), cases[i].expected);
	arena_deinit(&a);
}

/* An envelope in an envelope in an envelope ...: it ends. */
static void envelopes(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(
		read_as(&a,
			"{\"detail-type\":\"x\",\"detail\":{\"detail-type\":\"x\","
			"\"detail\":{\"detail-type\":\"x\",\"detail\":{\"detail-type\":"
			"\"x\",\"detail\":{\"detail-type\":\"x\",\"detail\":{\"s3Bucket\":"
			"\"b\",\"s3ObjectKey\":\"k\"}}}}}}"),
		"");
	arena_deinit(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(each_sender),
					    cmocka_unit_test(envelopes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
