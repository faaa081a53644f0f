/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole judgements: one resource, its states, some events; which is cause of what. The traps of
 * naming are here one by one; how often they are got right all together, score.py measures.
 */
#include "scene.h"

#define SG     "AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", "web"
#define CLOSED "{\"configuration\":{\"groupName\":\"web\",\"ipPermissions\":[]}}"
#define OPEN \
	"{\"configuration\":{\"groupName\":\"web\",\"ipPermissions\":[{\"fromPort\":22,\"cidrIp\":\"0.0.0.0/0\"}]}}"
#define GONE "{\"configuration\":null,\"configurationItemStatus\":\"ResourceDeleted\"}"
#define AUTHORIZE                                                                        \
	"\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\",\"ipPermissions\":" \
	"{\"items\":[{\"fromPort\":22,\"ipRanges\":{\"items\":[{\"cidrIp\":\"0.0.0.0/0\"}]}}]}}"

static void test_an_opening_has_its_call(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG, OPEN);
	add_event(
		&s, 9 * MINUTE, "ec2", "CreateSecurityGroup",
		"\"requestParameters\":{\"groupName\":\"web\"},\"responseElements\":{\"groupId\":"
		"\"sg-0123456789abcdef0\"}");
	add_event(
		&s, 25 * MINUTE, "ec2", "RunInstances",
		"\"requestParameters\":{\"groupSet\":{\"items\":[{\"groupId\":"
		"\"sg-0123456789abcdef0\"}]}},\"responseElements\":{\"instancesSet\":{}}");
	add_event(&s, 28 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", AUTHORIZE);
	run(&s);
	assert_cause(&s, 0, 0);
	assert_int_equal(s.verdicts[1].role,
			 CORRELATE_NONE); /* names it, changes it not */
	assert_cause(&s, 2, 1);
	assert_int_equal(s.verdicts[2].confidence, CONFIDENCE_CERTAIN);
	assert_true(s.verdicts[2].evidence & 1u << EVIDENCE_VALUE);
	assert_int_equal(s.reasons[1], REASON_NONE);
	keep = s.a;
}

static void test_a_failed_call_is_an_attempt(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_event(&s, 20 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress",
		  AUTHORIZE ",\"errorCode\":\"Client.UnauthorizedOperation\"");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ATTEMPT);
	assert_int_equal(s.reasons[0], REASON_FIRST_RECORDED);
	keep = s.a;
}

static void test_a_race_is_settled_by_values(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	/* Captured just after the call, described just before it. */
	add_state(
		&s, 20 * MINUTE, SG,
		"{\"configuration\":{\"groupName\":\"web\",\"vpcId\":\"vpc-1\",\"ipPermissions\":[]}}");
	add_state(&s, 30 * MINUTE, SG, OPEN);
	add_event(&s, 20 * MINUTE - 3000, "ec2", "AuthorizeSecurityGroupIngress",
		  AUTHORIZE);
	run(&s);
	assert_cause(&s, 0, 2);
	keep = s.a;
}

static void test_a_delete_and_its_call(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 20 * MINUTE, SG, GONE);
	add_event(&s, 18 * MINUTE, "ec2", "DeleteSecurityGroup",
		  "\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\"}");
	run(&s);
	assert_cause(&s, 0, 1);
	keep = s.a;
}

static void test_names_of_other_services(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::S3::Bucket", "orders", "orders",
		  "{\"configuration\":{\"name\":\"orders\"}}");
	add_event(
		&s, 8 * MINUTE, "lambda", "CreateFunction20150331",
		"\"requestParameters\":{\"functionName\":\"orders\"},\"responseElements\":"
		"{\"functionName\":\"orders\"}");
	add_event(&s, 9 * MINUTE, "s3", "CreateBucket",
		  "\"requestParameters\":{\"bucketName\":\"orders\"}");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_NONE);
	assert_cause(&s, 1, 0);
	keep = s.a;
}

static void test_what_was_so_already_is_activity(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, OPEN);
	add_state(&s, 30 * MINUTE, SG,
		  "{\"configuration\":{\"groupName\":\"web\",\"description\":\"changed\","
		  "\"ipPermissions\":[{\"fromPort\":22,\"cidrIp\":\"0.0.0.0/0\"}]}}");
	add_event(&s, 28 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", AUTHORIZE);
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	assert_int_equal(s.reasons[1], REASON_NO_EVENT);
	keep = s.a;
}

static void test_owned_ids(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, "AWS::EC2::RouteTable", "rtb-0123456789abcdef0", "",
		  "{\"configuration\":{\"associations\":[{\"routeTableAssociationId\":"
		  "\"rtbassoc-0fedcba9876543210\"}]}}");
	add_state(&s, 30 * MINUTE, "AWS::EC2::RouteTable", "rtb-0123456789abcdef0", "",
		  "{\"configuration\":{\"associations\":[]}}");
	add_event(
		&s, 28 * MINUTE, "ec2", "DisassociateRouteTable",
		"\"requestParameters\":{\"associationId\":\"rtbassoc-0fedcba9876543210\"}");
	run(&s);
	assert_cause(&s, 0, 1);
	assert_true(s.verdicts[0].evidence & 1u << EVIDENCE_OWNED_ID);
	keep = s.a;
}

static void test_no_trail_says_so(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	s.in.trail_known = false;
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG, OPEN);
	run(&s);
	assert_int_equal(s.reasons[0], REASON_NO_TRAIL);
	assert_int_equal(s.reasons[1], REASON_NO_TRAIL);
	keep = s.a;
}

static void test_not_recorded_says_so(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG,
		  "{\"configuration\":null,\"configurationItemStatus\":"
		  "\"ResourceNotRecorded\"}");
	run(&s);
	assert_int_equal(s.steps[1].type, CHANGE_UPDATE);
	assert_int_equal(s.reasons[1], REASON_NOT_RECORDED);
	keep = s.a;
}

#define SUMMARY                                                                               \
	"{\"configuration\":null,\"relationships\":null,\"supplementaryConfiguration\":null," \
	"\"tags\":null}"

/* What changed is not told, so the calls on it are what may have; and the next is compared without it. */
static void test_a_summary_tells_no_change(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG, SUMMARY);
	add_state(&s, 90 * MINUTE, SG, SUMMARY);
	add_event(&s, 28 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", AUTHORIZE);
	run(&s);
	assert_int_equal(s.steps[1].type, CHANGE_UPDATE);
	assert_true(s.steps[1].same);
	assert_cause(&s, 0, 1);
	assert_int_equal(s.reasons[1], REASON_NONE);
	assert_int_equal(s.reasons[2], REASON_UNTOLD);
	keep = s.a;
}

#define DAYS (1440 * MINUTE)

/* Nobody looked for two weeks: what shows may have been called for on any of these days. */
static void test_a_cause_of_days_before(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 14 * DAYS, SG, OPEN);
	add_event(&s, 30 * MINUTE, "ec2", "AuthorizeSecurityGroupIngress", AUTHORIZE);
	add_event(&s, 40 * MINUTE, "ec2", "ModifySecurityGroupRules",
		  "\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\"}");
	run(&s);
	assert_cause(&s, 0, 1);
	assert_true(s.verdicts[0].evidence & 1u << EVIDENCE_VALUE);
	assert_int_equal(s.reasons[1], REASON_NONE);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY); /* nothing shows it */
	keep = s.a;
}

#define FUNCTION     "AWS::Lambda::Function", "orders", "orders"
#define FUNCTION_ARN "arn:aws:lambda:eu-west-1:111122223333:function:orders"
#define SIZED(n)     "{\"configuration\":{\"functionName\":\"orders\",\"memorySize\":" n "}}"
#define MAKES_PART(member, name) \
	"\"requestParameters\":{\"" member "\":\"" name "\",\"memorySize\":512}"

/* What a call that makes a part of a function, so long before the second state, is to it. */
static enum correlate_role part_made_before(int64_t lag_ms, const char *first,
					    const char *rest)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, FUNCTION, first);
	add_state(&s, 20 * MINUTE + lag_ms, FUNCTION, SIZED("512"));
	s.shown[0].item.arn = s.shown[1].item.arn = STR(FUNCTION_ARN);
	add_event(&s, 20 * MINUTE, "lambda", "CreateFunctionUrlConfig", rest);
	run(&s);
	if (s.verdicts[0].role == CORRELATE_CAUSE)
		assert_int_equal(s.verdicts[0].step, 1);
	keep = s.a;
	return s.verdicts[0].role;
}

/* A call that makes a part of it and names it by a member of no kind of its own is on it, if it names
   nothing else so. By a name that others have, too, it is none of these, and no cause so late. */
static void test_a_part_made_long_before(void **state)
{
	static const char typed[] = MAKES_PART("functionName", "orders");
	static const char generic[] = MAKES_PART("resourceArn", FUNCTION_ARN);
	static const char by_name[] = MAKES_PART("name", "orders");
	static const int64_t hours[] = { 2, 49, 60, 14 * 24 };
	const int64_t most = CORRELATE_REMOTE_MS;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hours); i++) {
		int64_t lag = hours[i] * 60 * MINUTE;

		assert_int_equal(part_made_before(lag, SIZED("128"), typed),
				 CORRELATE_CAUSE);
		assert_int_equal(part_made_before(lag, SIZED("128"), generic),
				 CORRELATE_CAUSE);
		assert_int_equal(part_made_before(lag, SIZED("128"), by_name),
				 lag <= most ? CORRELATE_CAUSE : CORRELATE_NONE);
		/* A creation is as late as the recorder. */
		assert_int_equal(part_made_before(lag, GONE, by_name), CORRELATE_CAUSE);
	}
	assert_int_equal(part_made_before(most, SIZED("128"), by_name), CORRELATE_CAUSE);
	assert_int_equal(part_made_before(most + 1, SIZED("128"), by_name),
			 CORRELATE_NONE);
	assert_int_equal(part_made_before(most + 1, SIZED("128"), generic),
			 CORRELATE_CAUSE);
	/* What does not show it: on it all the same. */
	assert_int_equal(part_made_before(most, SIZED("512"), generic),
			 CORRELATE_ACTIVITY);
	assert_int_equal(part_made_before(most, SIZED("512"), by_name), CORRELATE_NONE);
}

/* A clock ahead by more than two seconds is believed only where the values say so. */
static void test_a_clock_ahead(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG, OPEN);
	add_event(&s, 30 * MINUTE + 5000, "ec2", "AuthorizeSecurityGroupIngress",
		  AUTHORIZE);
	add_event(
		&s, 30 * MINUTE + 6000, "ec2", "AuthorizeSecurityGroupIngress",
		"\"requestParameters\":{\"groupId\":\"sg-0123456789abcdef0\",\"cidrIp\":"
		"\"10.9.8.0/24\",\"fromPort\":443}");
	run(&s);
	assert_cause(&s, 0, 1);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
	keep = s.a;
}

static void test_a_clock_too_far_ahead(void **state)
{
	_cleanup_(arena_deinit) struct arena keep = ARENA_INIT;
	struct scene s;

	(void)state;
	scene_init(&s);
	add_state(&s, 10 * MINUTE, SG, CLOSED);
	add_state(&s, 30 * MINUTE, SG, OPEN);
	add_event(&s, 31 * MINUTE + 5000, "ec2", "AuthorizeSecurityGroupIngress",
		  AUTHORIZE);
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	keep = s.a;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_opening_has_its_call),
		cmocka_unit_test(test_a_failed_call_is_an_attempt),
		cmocka_unit_test(test_a_race_is_settled_by_values),
		cmocka_unit_test(test_a_delete_and_its_call),
		cmocka_unit_test(test_names_of_other_services),
		cmocka_unit_test(test_what_was_so_already_is_activity),
		cmocka_unit_test(test_owned_ids),
		cmocka_unit_test(test_no_trail_says_so),
		cmocka_unit_test(test_not_recorded_says_so),
		cmocka_unit_test(test_a_summary_tells_no_change),
		cmocka_unit_test(test_a_cause_of_days_before),
		cmocka_unit_test(test_a_part_made_long_before),
		cmocka_unit_test(test_a_clock_ahead),
		cmocka_unit_test(test_a_clock_too_far_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
