/* SPDX-License-Identifier: Apache-2.0 */
/* Whose story a call stands in that changes nothing recorded: the object's, not a parameter's. */
#include "scene.h"

static enum correlate_role role_of(const char *type, const char *id, const char *name,
				   const char *source, const char *call, const char *rest)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, type, id, name, "{\"configuration\":{\"a\":1}}");
	add_event(&s, 20 * MINUTE, source, call, rest);
	run(&s);
	keep = s.a;
	return s.verdicts[0].role;
}

#define USER     "AWS::IAM::User", "AIDAEXAMPLEEXAMPLE001", "alice"
#define ROLE     "AWS::IAM::Role", "AROAEXAMPLEEXAMPLE001", "admin"
#define INSTANCE "AWS::EC2::Instance", "i-0123456789abcdef0", ""
#define VOLUME   "AWS::EC2::Volume", "vol-0123456789abcdef0", ""
#define GROUP    "AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", "web"
#define SUBNET   "AWS::EC2::Subnet", "subnet-0123456789abcdef0", ""
#define KEY      "AWS::KMS::Key", "0f1e2d3c-1111-2222-3333-444455556666", ""
#define BUCKET   "AWS::S3::Bucket", "orders", "orders"
#define REQUEST  "\"requestParameters\":"

static void test_objects(void **state)
{
	(void)state;
	assert_int_equal(role_of(USER, "iam", "CreateAccessKey",
				 REQUEST "{\"userName\":\"alice\"}"),
			 CORRELATE_ACTIVITY);
	/* One's own key: only the answer names the user. */
	assert_int_equal(role_of(USER, "iam", "CreateAccessKey",
				 REQUEST "null,\"responseElements\":{\"accessKey\":"
					 "{\"userName\":\"alice\"}}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(
		role_of(USER, "iam", "UpdateAccessKey",
			REQUEST
			"{\"userName\":\"alice\",\"accessKeyId\":\"AKIAEXAMPLE000000001\"}"),
		CORRELATE_ACTIVITY);
	assert_int_equal(
		role_of(USER, "iam", "CreateLoginProfile",
			REQUEST
			"{\"userName\":\"alice\"},\"errorCode\":\"AccessDenied\""),
		CORRELATE_ATTEMPT);
	assert_int_equal(role_of(INSTANCE, "ssm", "SendCommand",
				 REQUEST "{\"instanceIds\":[\"i-0123456789abcdef0\"]}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(INSTANCE, "ssm", "SendCommand",
				 REQUEST
				 "{\"targets\":[{\"key\":\"InstanceIds\",\"values\":"
				 "[\"i-0123456789abcdef0\"]}]}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(INSTANCE, "ssm", "StartSession",
				 REQUEST "{\"target\":\"i-0123456789abcdef0\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(INSTANCE, "ec2", "CreateImage",
				 REQUEST "{\"instanceId\":\"i-0123456789abcdef0\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(VOLUME, "ec2", "CreateSnapshot",
				 REQUEST "{\"volumeId\":\"vol-0123456789abcdef0\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(KEY, "kms", "CreateGrant",
				 REQUEST
				 "{\"keyId\":\"0f1e2d3c-1111-2222-3333-444455556666\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of(BUCKET, "s3", "CreateAccessPoint",
				 REQUEST "{\"name\":\"share\",\"bucket\":\"orders\"}"),
			 CORRELATE_ACTIVITY);
}

#define FUNCTION_ARN "arn:aws:lambda:eu-west-1:111122223333:function:orders"

static enum correlate_role role_of_part(const char *rest)
{
	enum correlate_role role;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::Lambda::Function", "orders", "orders",
		  "{\"configuration\":{\"a\":1}}");
	s.shown[0].item.arn = STR(FUNCTION_ARN);
	add_event(&s, 20 * MINUTE, "lambda", "CreateFunctionUrlConfig", rest);
	run(&s);
	role = s.verdicts[0].role;
	arena_deinit(&s.a);
	return role;
}

/* A part of it is made: it is the object by its ARN under a general member, too. */
static void test_parts(void **state)
{
	(void)state;
	assert_int_equal(role_of_part(REQUEST "{\"functionName\":\"orders\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of_part(REQUEST "{\"resourceArn\":\"" FUNCTION_ARN "\"}"),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_of_part(REQUEST "{\"resourceArn\":\"" FUNCTION_ARN "\"}"
					      ",\"errorCode\":\"AccessDenied\""),
			 CORRELATE_ATTEMPT);
	/* The part may be called so itself. */
	assert_int_equal(role_of_part(REQUEST "{\"name\":\"orders\"}"), CORRELATE_NONE);
	assert_int_equal(role_of_part(REQUEST "{\"role\":\"" FUNCTION_ARN "\"}"),
			 CORRELATE_NONE);
}

#define HOUR   (60 * INT64_C(60000))
#define SIZED  ",\"memorySize\":512}"
#define TYPED  REQUEST "{\"functionName\":\"orders\"" SIZED
#define BY_ARN REQUEST "{\"resourceArn\":\"" FUNCTION_ARN "\"" SIZED
#define PLAIN  REQUEST "{\"name\":\"orders\"" SIZED

/* What a call that makes a part is, so long before the state that shows what it set. */
static enum correlate_role role_before(const char *rest, int64_t ms, bool created)
{
	enum correlate_role role;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::Lambda::Function", "orders", "orders",
		  created ? "{\"configuration\":null,\"configurationItemStatus\":"
			    "\"ResourceDeleted\"}"
			  : "{\"configuration\":{\"memorySize\":128}}");
	add_state(&s, 20 * MINUTE + ms, "AWS::Lambda::Function", "orders", "orders",
		  "{\"configuration\":{\"memorySize\":512}}");
	for (size_t i = 0; i < 2; i++)
		s.shown[i].item.arn = STR(FUNCTION_ARN);
	assert_int_equal(s.steps[1].type, created ? CHANGE_CREATE : CHANGE_UPDATE);
	add_event(&s, 20 * MINUTE, "lambda", "CreateFunctionUrlConfig", rest);
	run(&s);
	role = s.verdicts[0].role;
	arena_deinit(&s.a);
	return role;
}

/* Long before a change only what is on the resource is its cause: not what may be called so itself. */
static void test_parts_made_long_before(void **state)
{
	static const struct {
		const char *rest;
		int64_t ms;
		bool created;
		enum correlate_role role;
	} cases[] = {
		{ TYPED, 2 * HOUR, false, CORRELATE_CAUSE },
		{ TYPED, 60 * HOUR, false, CORRELATE_CAUSE },
		{ BY_ARN, 2 * HOUR, false, CORRELATE_CAUSE },
		{ BY_ARN, 60 * HOUR, false, CORRELATE_CAUSE },
		{ PLAIN, 2 * HOUR, false, CORRELATE_CAUSE },
		{ PLAIN, CORRELATE_REMOTE_MS, false, CORRELATE_CAUSE },
		{ PLAIN, CORRELATE_REMOTE_MS + 1, false, CORRELATE_NONE },
		{ PLAIN, 60 * HOUR, false, CORRELATE_NONE },
		/* A creation has causes of any age. */
		{ PLAIN, 60 * HOUR, true, CORRELATE_CAUSE },
		/* Of what was refused nothing is to be seen. */
		{ TYPED ",\"errorCode\":\"AccessDenied\"", 60 * HOUR, false,
		  CORRELATE_ATTEMPT },
		{ PLAIN ",\"errorCode\":\"AccessDenied\"", 2 * HOUR, false,
		  CORRELATE_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(role_before(cases[i].rest, cases[i].ms,
					     cases[i].created),
				 cases[i].role);
}

static void test_assuming_a_role(void **state)
{
	static const char request[] = REQUEST
		"{\"roleArn\":\"arn:aws:iam::111122223333:role/admin\",\"roleSessionName\":\"x\"}";
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, ROLE, "{\"configuration\":{\"a\":1}}");
	s.shown[0].item.arn = STR("arn:aws:iam::111122223333:role/admin");
	for (size_t i = 0; i < 2; i++) {
		char rest[256];

		snprintf(rest, sizeof(rest), "%s%s", request,
			 i ? ",\"errorCode\":\"AccessDenied\"" : "");
		add_event(&s, 20 * MINUTE, "sts", "AssumeRole", rest);
	}
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_NONE);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ATTEMPT);
	arena_deinit(&s.a);
}

/* What the call on one of two changes is: it puts a tag on, or sets the size. */
static enum correlate_role role_on(const char *type, const char *id, const char *name,
				   const char *arn, const char *source, const char *call,
				   const char *rest)
{
	enum correlate_role role;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, type, id, name,
		  "{\"configuration\":{\"size\":128},\"tags\":{}}");
	add_state(
		&s, 30 * MINUTE, type, id, name,
		"{\"configuration\":{\"size\":512},\"tags\":{\"team\":\"blue-green\"}}");
	s.shown[0].item.arn = s.shown[1].item.arn = str_of(arn);
	add_event(&s, 20 * MINUTE, source, call, rest);
	run(&s);
	role = s.verdicts[0].role;
	arena_deinit(&s.a);
	return role;
}

#define FLEET_ARN                                     \
	"arn:aws:autoscaling:eu-west-1:111122223333:" \
	"autoScalingGroup:0f1e2d3c:autoScalingGroupName/web"
#define FLEET "AWS::AutoScaling::AutoScalingGroup", FLEET_ARN, "web", FLEET_ARN

/* Auto Scaling's calls on tags have the group in each tag, and nowhere else. */
static void test_tags_of_groups(void **state)
{
	(void)state;
	assert_int_equal(role_on(FLEET, "autoscaling", "CreateOrUpdateTags",
				 REQUEST "{\"tags\":[{\"resourceId\":\"web\",\"key\":"
					 "\"team\",\"value\":\"blue-green\"}]}"),
			 CORRELATE_CAUSE);
	assert_int_equal(role_on(FLEET, "autoscaling", "CreateOrUpdateTags",
				 REQUEST "{\"tags\":[{\"resourceId\":\"api\",\"key\":"
					 "\"team\",\"value\":\"blue-green\"}]}"),
			 CORRELATE_NONE);
	/* A tag's key or value is no name. */
	assert_int_equal(role_on(FLEET, "autoscaling", "CreateOrUpdateTags",
				 REQUEST "{\"tags\":[{\"resourceId\":\"api\",\"key\":"
					 "\"web\",\"value\":\"web\"}]}"),
			 CORRELATE_NONE);
}

/* What a call that takes a tag off a volume is, whose first state has one or the other. */
static enum correlate_role role_untagging(const char *key, const char *before,
					  const char *after, uint32_t *ret_evidence)
{
	enum correlate_role role;
	struct scene s;
	char rest[256];

	scene_init(&s);
	add_state(&s, 10 * MINUTE, VOLUME, before);
	add_state(&s, 30 * MINUTE, VOLUME, after);
	snprintf(rest, sizeof(rest),
		 REQUEST "{\"resourcesSet\":{\"items\":[{\"resourceId\":"
			 "\"vol-0123456789abcdef0\"}]},\"tagSet\":{\"items\":"
			 "[{\"key\":\"%s\"}]}}",
		 key);
	add_event(&s, 20 * MINUTE, "ec2", "DeleteTags", rest);
	run(&s);
	role = s.verdicts[0].role;
	*ret_evidence = s.verdicts[0].evidence;
	arena_deinit(&s.a);
	return role;
}

#define TAGGED(size, tags) "{\"configuration\":{\"size\":" size "},\"tags\":{" tags "}}"

static void test_tags_taken_off(void **state)
{
	uint32_t evidence;

	(void)state;
	assert_int_equal(role_untagging("team", TAGGED("1", "\"team\":\"blue\""),
					TAGGED("1", ""), &evidence),
			 CORRELATE_CAUSE);
	assert_true(evidence & (1u << EVIDENCE_VALUE));
	/* Given another value between the two states. */
	assert_int_equal(role_untagging("team", TAGGED("1", "\"team\":\"blue\""),
					TAGGED("1", "\"team\":\"green\""), &evidence),
			 CORRELATE_CAUSE);
	/* What was there to take off would have shown. */
	assert_int_equal(role_untagging("team", TAGGED("1", ""), TAGGED("2", ""),
					&evidence),
			 CORRELATE_ACTIVITY);
	assert_int_equal(role_untagging("owner", TAGGED("1", ""),
					TAGGED("1", "\"team\":\"blue\""), &evidence),
			 CORRELATE_ACTIVITY);
}

#define LOGS_ARN   "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/orders"
#define LOGS       "AWS::Logs::LogGroup", "/aws/orders", "/aws/orders", LOGS_ARN ":*"
#define SECRET_ARN "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/orders"
#define SECRET                                                              \
	"AWS::SecretsManager::Secret", SECRET_ARN "-AbCdEf", "prod/orders", \
		SECRET_ARN "-AbCdEf"

static void test_arns_of_two_spellings(void **state)
{
	static const char *const others[] = { SECRET_ARN "s", SECRET_ARN "-AbCdE",
					      SECRET_ARN "-AbCdEg",
					      "arn:aws:secretsmanager:eu-west-1:"
					      "111122223333:secret:test/orders" };
	char rest[256];

	(void)state;
	assert_int_equal(role_on(LOGS, "logs", "TagResource",
				 REQUEST "{\"resourceArn\":\"" LOGS_ARN "\",\"tags\":"
					 "{\"team\":\"blue-green\"}}"),
			 CORRELATE_CAUSE);
	assert_int_equal(role_on(LOGS, "logs", "TagResource",
				 REQUEST "{\"resourceArn\":\"" LOGS_ARN "2\",\"tags\":"
					 "{\"team\":\"blue-green\"}}"),
			 CORRELATE_NONE);
	assert_int_equal(role_on(SECRET, "secretsmanager", "UpdateSecret",
				 REQUEST "{\"secretId\":\"" SECRET_ARN
					 "\",\"size\":512}"),
			 CORRELATE_CAUSE);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(rest, sizeof(rest), REQUEST "{\"secretId\":\"%s\",\"size\":512}",
			 others[i]);
		assert_int_equal(role_on(SECRET, "secretsmanager", "UpdateSecret", rest),
				 CORRELATE_NONE);
	}
}

/* Where the bucket called on copies to is no object of the call. */
static void test_named_further_in(void **state)
{
	static const char arn[] = "arn:aws:s3:::orders";

	(void)state;
	assert_int_equal(role_on(BUCKET, arn, "s3", "PutBucketReplication",
				 REQUEST
				 "{\"bucketName\":\"sales\",\"Rule\":{\"Destination\":"
				 "{\"Bucket\":\"arn:aws:s3:::orders\"}}}"),
			 CORRELATE_NONE);
	assert_int_equal(role_on(BUCKET, arn, "s3", "PutBucketReplication",
				 REQUEST
				 "{\"bucketName\":\"orders\",\"Rule\":{\"Destination\":"
				 "{\"Bucket\":\"arn:aws:s3:::sales\"}}}"),
			 CORRELATE_CAUSE);
}

#define KEY_ARN \
	"arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-1111-2222-3333-444455556666"
#define BY_ALIAS(other)                                                               \
	REQUEST "{\"keyId\":\"alias/prod\"},\"resources\":[{\"ARN\":\"" KEY_ARN other \
		"\",\"type\":\"AWS::KMS::Key\"}]"

/* The request has an alias; which key that is, resources[] says. */
static void test_named_by_resources(void **state)
{
	(void)state;
	assert_int_equal(role_on(KEY, KEY_ARN, "kms", "PutKeyPolicy", BY_ALIAS("")),
			 CORRELATE_CAUSE);
	assert_int_equal(role_on(KEY, KEY_ARN, "kms", "PutKeyPolicy", BY_ALIAS("7")),
			 CORRELATE_NONE);
	assert_int_equal(role_on(KEY, KEY_ARN, "kms", "PutKeyPolicy",
				 BY_ALIAS("") ",\"errorCode\":\"AccessDenied\""),
			 CORRELATE_ATTEMPT);
	/* It uses the key, or makes another thing of it. */
	assert_int_equal(role_on(KEY, KEY_ARN, "kms", "GenerateDataKey", BY_ALIAS("")),
			 CORRELATE_NONE);
	assert_int_equal(role_on(KEY, KEY_ARN, "kms", "UpdateAlias",
				 REQUEST "{\"aliasName\":\"alias/prod\"},\"resources\":"
					 "[{\"ARN\":\"" KEY_ARN "\"}]"),
			 CORRELATE_NONE);
}

static void test_parameters(void **state)
{
	(void)state;
	assert_int_equal(role_of(SUBNET, "ec2", "RunInstances",
				 REQUEST "{\"subnetId\":\"subnet-0123456789abcdef0\"}"),
			 CORRELATE_NONE);
	assert_int_equal(role_of(GROUP, "ec2", "CreateNetworkInterface",
				 REQUEST "{\"groupSet\":{\"items\":[{\"groupId\":"
					 "\"sg-0123456789abcdef0\"}]}}"),
			 CORRELATE_NONE);
	/* The source in another group's rule. */
	assert_int_equal(
		role_of(GROUP, "ec2", "AuthorizeSecurityGroupIngress",
			REQUEST "{\"groupId\":\"sg-0fedcba9876543210\",\"ipPermissions\":"
				"{\"items\":[{\"groups\":{\"items\":[{\"groupId\":"
				"\"sg-0123456789abcdef0\"}]}}]}}"),
		CORRELATE_NONE);
	assert_int_equal(role_of(INSTANCE, "ssm", "UpdateInstanceInformation",
				 REQUEST "{\"instanceId\":\"i-0123456789abcdef0\"}"),
			 CORRELATE_NONE);
	/* A user of that name is no role of that name. */
	assert_int_equal(role_of(ROLE, "iam", "CreateAccessKey",
				 REQUEST "{\"userName\":\"admin\"}"),
			 CORRELATE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_parts_made_long_before),
		cmocka_unit_test(test_assuming_a_role),
		cmocka_unit_test(test_tags_of_groups),
		cmocka_unit_test(test_tags_taken_off),
		cmocka_unit_test(test_arns_of_two_spellings),
		cmocka_unit_test(test_named_by_resources),
		cmocka_unit_test(test_named_further_in),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
