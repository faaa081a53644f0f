/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudTrail records: the view of a whole one, what makes a record no event, who acted by every
 * type of identity, reads by their verb, sessions, and identities of records without a GUID.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/event.h"

#define GUID "0b5c9a0e-6d1f-4a3c-9b7e-2f1d8c4e5a60"
#define BASE \
	"\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"ec2.amazonaws.com\",\"eventName\":\"RunInstances\""

static struct event event_of(struct arena *a, const char *text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));
	struct event e;
	struct fault f;

	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	if (event_from_jv(v, &e, &f) != 0)
		fail_msg("%s: %s", f.field, f.reason);
	return e;
}

static void test_whole(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e = event_of(
		&a,
		"{" BASE ",\"eventID\":\"" GUID "\",\"awsRegion\":\"us-east-1\","
		"\"sourceIPAddress\":\"203.0.113.7\",\"userAgent\":\"aws-cli/2\","
		"\"userIdentity\":{\"accountId\":\"111122223333\",\"accessKeyId\":\"AKIA1\"},"
		"\"recipientAccountId\":\"123456789012\",\"requestParameters\":{\"a\":1},"
		"\"responseElements\":null,\"resources\":[],\"readOnly\":false,"
		"\"errorCode\":\"Client.Nope\",\"errorMessage\":\"no\","
		"\"serviceEventDetails\":{\"k\":2}}");

	(void)state;
	assert_true(str_is(e.id, GUID));
	assert_true(e.time_ms == INT64_C(1714558500000));
	assert_true(str_is(e.source, "ec2.amazonaws.com"));
	assert_true(str_is(e.name, "RunInstances"));
	assert_true(str_is(e.account, "123456789012"));
	assert_true(str_is(e.region, "us-east-1"));
	assert_true(str_is(e.address, "203.0.113.7"));
	assert_true(str_is(e.user_agent, "aws-cli/2"));
	assert_true(str_is(e.access_key, "AKIA1"));
	assert_true(str_is(e.error_code, "Client.Nope"));
	assert_true(str_is(e.error_message, "no"));
	assert_true(e.failed);
	assert_false(e.read_only);
	assert_true(jv_is(e.identity, JV_OBJECT));
	assert_true(jv_is(e.request, JV_OBJECT));
	assert_null(e.response);
	assert_true(jv_is(e.resources, JV_ARRAY));
	assert_true(jv_is(e.service_details, JV_OBJECT));
}

static void test_partial(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e =
		event_of(&a,
			 "{" BASE ",\"userIdentity\":{\"accountId\":\"111122223333\"},"
			 "\"awsRegion\":7,\"userAgent\":null}");

	(void)state;
	assert_true(str_is(e.account, "111122223333"));
	assert_int_equal(e.id.n, 0);
	assert_int_equal(e.region.n, 0);
	assert_int_equal(e.user_agent.n, 0);
	assert_false(e.failed);
	e = event_of(&a, "{" BASE ",\"userIdentity\":\"redacted\"}");
	assert_null(e.identity);
	assert_int_equal(e.account.n, 0);
}

static void refuse(const char *text, const char *field, const char *reason)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e;
	struct fault f;
	struct jv v;

	assert_int_equal(jv_parse(&a, str_of(text), &v, NULL), 0);
	assert_int_equal(event_from_jv(&v, &e, &f), EVENT_E_NOT_EVENT);
	assert_string_equal(f.field, field);
	assert_string_equal(f.reason, reason);
	assert_int_equal(event_from_jv(&v, &e, NULL), EVENT_E_NOT_EVENT);
}

static void test_no_events(void **state)
{
	(void)state;
	refuse("[]", "", "not an object");
	refuse("{}", "eventTime", "missing");
	refuse("{\"eventTime\":null}", "eventTime", "missing");
	refuse("{\"eventTime\":\"redacted\"}", "eventTime", "not a time");
	refuse("{\"eventTime\":\"1914-05-01T10:15:00Z\"}", "eventTime",
	       "before 1970 or after 2099");
	refuse("{\"eventTime\":\"2024-05-01T10:15:00Z\"}", "eventSource", "missing");
	refuse("{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"\"}",
	       "eventSource", "empty");
	refuse("{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":[1]}",
	       "eventSource", "not a string");
	refuse("{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"s\",\"eventName\":{}}",
	       "eventName", "not a string");
}

static void test_read_only(void **state)
{
	static const char *const reads[] = {
		"DescribeInstances", "GetObject",    "List",        "ListBuckets20150331",
		"HeadBucket",        "BatchGetItem", "LookupEvents"
	};
	static const char *const writes[] = {
		"RunInstances",      "Listen",    "Getaway", "PutObject", "",
		"describeInstances", "AssumeRole"
	};
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++)
		assert_true(event_verb_is_read(str_of(reads[i])));
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++)
		assert_false(event_verb_is_read(str_of(writes[i])));
	assert_false(event_of(&a, "{" BASE "}").read_only);
	assert_true(event_of(&a, "{" BASE ",\"readOnly\":true}").read_only);
	assert_true(event_of(&a, "{" BASE ",\"readOnly\":\"true\"}").read_only);
	assert_true(event_of(&a, "{" BASE ",\"eventName\":\"ListKeys\"}").read_only);
	assert_false(
		event_of(&a, "{" BASE ",\"eventName\":\"ListKeys\",\"readOnly\":false}")
			.read_only);
}

static const struct {
	const char *identity;
	const char *principal;
} principals[] = {
	{ "{\"type\":\"Root\",\"arn\":\"arn:aws:iam::1:root\"}", "root" },
	{ "{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::1:user/alice\",\"userName\":\"alice\"}",
	  "user/alice" },
	{ "{\"type\":\"IAMUser\",\"userName\":\"alice\"}", "user/alice" },
	{ "{\"type\":\"IAMUser\",\"accountId\":\"1\"}", "1" },
	{ "{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::1:assumed-role/Admin/bob\"}",
	  "assumed-role/Admin/bob" },
	{ "{\"type\":\"AssumedRole\",\"principalId\":\"AROA1:bob\",\"sessionContext\":"
	  "{\"sessionIssuer\":{\"userName\":\"Admin\"}}}",
	  "assumed-role/Admin/bob" },
	{ "{\"type\":\"AssumedRole\",\"principalId\":\"AROA1\"}", "AROA1" },
	{ "{\"type\":\"AssumedRole\",\"arn\":\"arn:aws:sts::1:assumed-role/Svc/s\","
	  "\"invokedBy\":\"cloudformation.amazonaws.com\"}",
	  "assumed-role/Svc/s" },
	{ "{\"type\":\"FederatedUser\",\"arn\":\"arn:aws:sts::1:federated-user/carol\"}",
	  "federated-user/carol" },
	{ "{\"type\":\"AWSService\",\"invokedBy\":\"autoscaling.amazonaws.com\"}",
	  "autoscaling.amazonaws.com" },
	{ "{\"accountId\":\"1\",\"invokedBy\":\"autoscaling.amazonaws.com\"}",
	  "autoscaling.amazonaws.com" },
	{ "{\"type\":\"AWSAccount\",\"accountId\":\"222233334444\",\"principalId\":\"AIDA\"}",
	  "222233334444" },
	{ "{\"type\":\"SAMLUser\",\"userName\":\"dan@example.com\"}",
	  "saml-user/dan@example.com" },
	{ "{\"type\":\"WebIdentityUser\",\"userName\":\"eve\"}",
	  "web-identity-user/eve" },
	{ "{\"type\":\"IdentityCenterUser\",\"onBehalfOf\":{\"userId\":\"u-1\"}}",
	  "identity-center-user/u-1" },
	{ "{\"type\":\"Directory\",\"userName\":\"fay\"}", "directory-user/fay" },
	{ "{\"type\":\"Unknown\",\"accountId\":\"1\"}", "unknown" },
	{ "{\"type\":\"SomethingNew\",\"accountId\":\"1\"}", "1" },
	{ "{\"type\":\"IAMUser\",\"arn\":\"arn:aws\"}", "unknown" },
	{ "{}", "unknown" },
	{ "null", "unknown" },
	{ "\"redacted\"", "unknown" },
};

static void test_text(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char text[] = "{" BASE ",\"eventID\":\"" GUID "\"}";
	struct event e;

	(void)state;
	assert_int_equal(event_from_text(&a, str_of(text), &e), 0);
	/* It keeps a copy. */
	memset(text, 'x', sizeof(text) - 1);
	assert_true(str_is(e.name, "RunInstances"));
	assert_int_equal(event_from_text(&a, STR("{}"), &e), EVENT_E_NOT_EVENT);
	assert_int_equal(event_from_text(&a, STR("{\"eventName\":"), &e),
			 EVENT_E_NOT_EVENT);
	assert_int_equal(event_from_text(&a, STR(""), &e), EVENT_E_NOT_EVENT);
}

static void test_principals(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(principals); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;
		struct str got;
		struct event e;

		buf_printf(&text, "{" BASE ",\"userIdentity\":%s}%c",
			   principals[i].identity, 0);
		e = event_of(&a, text.data);
		got = event_principal(&e, &a);
		if (!str_is(got, principals[i].principal))
			fail_msg("%s: %.*s", principals[i].identity, STR_ARGS(got));
	}
}

static void test_sessions(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e = event_of(
		&a,
		"{\"eventTime\":\"2024-05-01T10:15:00Z\",\"eventSource\":\"sts.amazonaws.com\","
		"\"eventName\":\"AssumeRole\",\"responseElements\":{\"credentials\":"
		"{\"accessKeyId\":\"ASIA1\"},\"assumedRoleUser\":{\"arn\":\"arn:1\"}}}");

	(void)state;
	assert_true(event_issues_session(&e));
	assert_true(str_is(event_issued_key(&e), "ASIA1"));
	assert_true(str_is(event_issued_arn(&e), "arn:1"));
	assert_false(event_is_role_session(&e));

	e = event_of(&a, "{" BASE ",\"userIdentity\":{\"type\":\"AssumedRole\"}}");
	assert_true(event_is_role_session(&e));
	assert_false(event_issues_session(&e));
	assert_int_equal(event_issued_key(&e).n, 0);
	assert_int_equal(event_issued_arn(&e).n, 0);
	e = event_of(&a, "{" BASE ",\"userIdentity\":{\"arn\":"
			 "\"arn:aws:sts::1:assumed-role/a/b\"}}");
	assert_true(event_is_role_session(&e));
	e = event_of(
		&a,
		"{" BASE
		",\"userIdentity\":{\"arn\":\"arn:aws:iam::1:role/assumed-role/b\"}}");
	assert_false(event_is_role_session(&e));
}

static void test_identity(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct event e = event_of(&a, "{" BASE ",\"eventID\":\"" GUID "\"}");
	struct str one, other;

	(void)state;
	assert_true(str_is(event_identity(&e, &a), GUID));

	e = event_of(&a, "{" BASE ",\"eventID\":\"redacted\",\"n\":1}");
	one = event_identity(&e, &a);
	assert_true(str_starts(one, "redacted#"));
	assert_int_equal(one.n, strlen("redacted#") + 16);
	e = event_of(&a, "{\"n\":1,\"eventID\":\"redacted\"," BASE "}");
	assert_true(str_eq(one, event_identity(&e, &a)));
	e = event_of(&a, "{" BASE ",\"eventID\":\"redacted\",\"n\":2}");
	other = event_identity(&e, &a);
	assert_false(str_eq(one, other));

	e = event_of(&a, "{" BASE "}");
	one = event_identity(&e, &a);
	assert_int_equal(one.n, 17);
	assert_int_equal(one.p[0], '#');
	e = event_of(&a,
		     "{" BASE ",\"eventID\":\"0b5c9a0e-6d1f-4a3c-9b7e_2f1d8c4e5a60\"}");
	assert_int_equal(event_identity(&e, &a).n, 36 + 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),      cmocka_unit_test(test_partial),
		cmocka_unit_test(test_no_events),  cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_principals), cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_identity),   cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
