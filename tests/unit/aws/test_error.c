/* SPDX-License-Identifier: Apache-2.0 */
/* Error answers in every protocol, and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "error.h"

static struct aws_error read_error(long status, const char *body, const char *type,
				   const char *query)
{
	_cleanup_(http_answer_deinit) struct http_answer answer = { .status = status };
	struct aws_error e;

	buf_put_text(&answer.body, body);
	(void)snprintf(answer.error_type, sizeof(answer.error_type), "%s", type);
	(void)snprintf(answer.query_error, sizeof(answer.query_error), "%s", query);
	aws_error_read(&answer, &e);
	return e;
}

static void expect(struct aws_error e, const char *code, const char *message)
{
	assert_string_equal(e.code, code);
	assert_string_equal(e.message, message);
}

static void codes_of_every_protocol(void **state _unused_)
{
	expect(read_error(404,
			  "<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code>"
			  "<Message>a &lt;b&gt;</Message></Error>",
			  "", ""),
	       "NoSuchKey", "a <b>");
	expect(read_error(
		       403,
		       "\n<ErrorResponse xmlns='u'><Error><Type>Sender</Type><Code>AccessDenied"
		       "</Code><Message>no</Message></Error></ErrorResponse>",
		       "", ""),
	       "AccessDenied", "no");
	expect(read_error(400, "{\"__type\":\"a.b#Odd:http://x\",\"message\":\"m\"}", "",
			  ""),
	       "Odd", "m");
	expect(read_error(400, "{\"__type\":\"Odd\",\"Message\":\"M\"}", "", ""), "Odd",
	       "M");
	expect(read_error(400, "{}", "ns#FromHeader:http://x", ""), "FromHeader", "");
	expect(read_error(400, "", "", "AWS.SimpleQueueService.NonExistentQueue;Sender"),
	       "AWS.SimpleQueueService.NonExistentQueue", "");
	expect(read_error(503, "", "", ""), "", "");
}

static void answers_of_others(void **state _unused_)
{
	static const char *const bodies[] = {
		"<html><body>Bad Gateway",
		"{",
		"[[[[",
		"plain words",
		"<!DOCTYPE x><Error/>",
		"7",
		"\"text\"",
		"<Error><Code></Code></Error>",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		struct aws_error e = read_error(502, bodies[i], "", "");

		assert_string_equal(e.code, "");
		assert_int_equal(e.status, 502);
		assert_int_equal(aws_error_kind(&e), AWS_ERROR_TRANSIENT);
	}
}

static void where_a_bucket_is(void **state _unused_)
{
	struct aws_error e = read_error(400,
					"<Error><Code>AuthorizationHeaderMalformed</Code>"
					"<Region>eu-west-1</Region></Error>",
					"", "");

	assert_string_equal(e.region, "eu-west-1");
	assert_int_equal(aws_error_kind(&e), AWS_ERROR_REGION);
	e.status = 403;
	assert_int_equal(aws_error_kind(&e), AWS_ERROR_FINAL);
}

static void kinds(void **state _unused_)
{
	static const struct {
		long status;
		const char *code, *message;
		enum aws_error_kind kind;
	} all[] = {
		{ 503, "SlowDown", "", AWS_ERROR_THROTTLED },
		{ 400, "ThrottlingException", "", AWS_ERROR_THROTTLED },
		{ 429, "", "", AWS_ERROR_THROTTLED },
		{ 500, "", "", AWS_ERROR_TRANSIENT },
		{ 400, "RequestTimeout", "", AWS_ERROR_TRANSIENT },
		{ 403, "RequestTimeTooSkewed", "", AWS_ERROR_SKEWED },
		{ 403, "SignatureDoesNotMatch", "Signature expired: 1",
		  AWS_ERROR_SKEWED },
		{ 403, "SignatureDoesNotMatch", "Check your key", AWS_ERROR_FINAL },
		{ 400, "ExpiredToken", "", AWS_ERROR_EXPIRED },
		{ 403, "ExpiredTokenException", "", AWS_ERROR_EXPIRED },
		{ 403, "AccessDenied", "", AWS_ERROR_FINAL },
		{ 501, "NotImplemented", "", AWS_ERROR_FINAL },
		{ 404, "NoSuchKey", "", AWS_ERROR_FINAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct aws_error e = { .status = all[i].status };

		(void)snprintf(e.code, sizeof(e.code), "%s", all[i].code);
		(void)snprintf(e.message, sizeof(e.message), "%s", all[i].message);
		if (aws_error_kind(&e) != all[i].kind)
			fail_msg("%ld %s is another kind", all[i].status, all[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_of_every_protocol),
		cmocka_unit_test(answers_of_others),
		cmocka_unit_test(where_a_bucket_is),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
