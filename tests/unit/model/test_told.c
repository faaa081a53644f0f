/* SPDX-License-Identifier: Apache-2.0 */
/* Who and what a line tells an event is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/told.h"

#define FRAME(members)                                                                         \
	"{\"eventTime\":\"2024-05-02T11:29:58Z\",\"eventSource\":\"x.amazonaws.com\"," members \
	"}"

static void read_event(struct arena *a, const char *text, struct event *ret)
{
	struct jv *v = arena_alloc(a, sizeof(*v));

	assert_non_null(v);
	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	assert_int_equal(event_from_jv(v, ret, NULL), 0);
}

static void expect_text(struct str got, const char *want)
{
	if (!str_is(got, want))
		fail_msg("got %.*s, want %s", STR_ARGS(got), want);
}

static void test_object(void **state)
{
	static const struct {
		const char *record, *type, *id;
	} cases[] = {
		{ FRAME("\"eventName\":\"AuthorizeSecurityGroupIngress\","
			"\"requestParameters\":{\"cidr\":\"::/0\",\"groupId\":\"sg-1\"}"),
		  "", "sg-1" },
		{ FRAME("\"eventName\":\"AttachRolePolicy\",\"requestParameters\":"
			"{\"policyArn\":\"arn:aws:iam::aws:policy/P\",\"roleName\":\"Admin\"}"),
		  "", "Admin" },
		{ FRAME("\"eventName\":\"CreatePolicyVersion\",\"requestParameters\":"
			"{\"policyArn\":\"arn:aws:iam::1:policy/team/P\"}"),
		  "", "team/P" },
		{ FRAME("\"eventName\":\"StopInstances\",\"requestParameters\":{\"instancesSet\":"
			"{\"items\":[{\"instanceId\":\"i-1\"},{\"instanceId\":\"i-2\"}]}}"),
		  "", "i-1" },
		{ FRAME("\"eventName\":\"RunInstances\",\"requestParameters\":{\"imageId\":\"ami-1\"},"
			"\"responseElements\":{\"instancesSet\":{\"items\":[{\"instanceId\":\"i-1\"}]}}"),
		  "", "i-1" },
		{ FRAME("\"eventName\":\"PutKeyPolicy\",\"requestParameters\":{\"keyId\":\"k\"},"
			"\"resources\":[{\"ARN\":\"arn:aws:kms:us-east-1:1:key/k-2\","
			"\"type\":\"AWS::KMS::Key\"}]"),
		  "AWS::KMS::Key", "k-2" },
		{ FRAME("\"eventName\":\"PutObject\",\"resources\":[{\"type\":\"AWS::S3::Object\"},"
			"{\"ARN\":\"arn:aws:s3:::bucket/a/b\",\"type\":\"AWS::S3::Object\"}]"),
		  "AWS::S3::Object", "bucket/a/b" },
		{ FRAME("\"eventName\":\"DeleteLogGroup\",\"requestParameters\":{},\"resources\":[{"
			"\"ARN\":\"arn:aws:logs:us-east-1:1:log-group:/aws/x\"}]"),
		  "", "/aws/x" },
		{ FRAME("\"eventName\":\"CreateTags\",\"requestParameters\":{\"tagSet\":"
			"{\"createTagsId\":\"no\"},\"filterName\":\"no\"}"),
		  "", "" },
		{ FRAME("\"eventName\":\"X\",\"requestParameters\":\"text\",\"resources\":{\"ARN\":1}"),
		  "", "" },
		{ FRAME("\"eventName\":\"DescribeThings\",\"requestParameters\":[[[[[[{\"thingId\":"
			"\"deep\"}]]]]]],\"resources\":[null,[],{\"ARN\":[]}]"),
		  "", "" },
		{ FRAME("\"eventName\":\"GetId\",\"requestParameters\":{\"Id\":\"no\",\"id\":\"no\"}"),
		  "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct event e;
		struct str type, id;

		read_event(&a, cases[i].record, &e);
		event_object(&e, &type, &id);
		expect_text(type, cases[i].type);
		expect_text(id, cases[i].id);
	}
}

static void test_tell(void **state)
{
	static const struct {
		const char *record, *principal, *role, *session;
	} cases[] = {
		{ FRAME("\"eventName\":\"X\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":"
			"\"arn:aws:sts::1:assumed-role/Admin/alice\"}"),
		  "assumed-role/Admin/alice", "role/Admin",
		  "arn:aws:sts::1:assumed-role/Admin/alice" },
		{ FRAME("\"eventName\":\"X\",\"userIdentity\":{\"type\":\"AssumedRole\","
			"\"principalId\":\"AROA:bob\"}"),
		  "assumed-role/unknown/bob", "role/unknown", "" },
		{ FRAME("\"eventName\":\"X\",\"userIdentity\":{\"type\":\"AssumedRole\",\"arn\":"
			"\"arn:aws:sts::1:assumed-role/\"}"),
		  "assumed-role/", "role/", "arn:aws:sts::1:assumed-role/" },
		{ FRAME("\"eventName\":\"X\",\"userIdentity\":{\"type\":\"IAMUser\",\"arn\":"
			"\"arn:aws:iam::1:user/alice\"}"),
		  "user/alice", "", "" },
		{ FRAME("\"eventName\":\"X\""), "unknown", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct event_told told;
		struct event e;

		read_event(&a, cases[i].record, &e);
		assert_int_equal(event_tell(&e, &a, &told), 0);
		expect_text(told.principal, cases[i].principal);
		expect_text(told.role, cases[i].role);
		expect_text(told.session, cases[i].session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_tell),
	};

	return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
