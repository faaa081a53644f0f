/* SPDX-License-Identifier: Apache-2.0 */
/* Calls whose values do not show: what their names speak of does, or what they ask for by another name. */
#include "scene.h"

#define REQUEST "\"requestParameters\":"

static void between(struct scene *s, const char *type, const char *id, const char *before,
		    const char *after)
{
	scene_init(s);
	add_state(s, 10 * MINUTE, type, id, id, before);
	add_state(s, 30 * MINUTE, type, id, id, after);
}

static void assert_told(const struct scene *s, size_t event, enum confidence confidence)
{
	assert_cause(s, event, 1);
	assert_int_equal(s->verdicts[event].confidence, confidence);
}

static void test_names_speak_of_the_change(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::Logs::LogGroup", "/app",
		"{\"configuration\":{\"RetentionInDays\":30}}", "{\"configuration\":{}}");
	add_event(&s, 20 * MINUTE, "logs", "DeleteRetentionPolicy",
		  REQUEST "{\"logGroupName\":\"/app\"}");
	add_event(&s, 21 * MINUTE, "logs", "PutSubscriptionFilter",
		  REQUEST "{\"logGroupName\":\"/app\",\"filterName\":\"f\"}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_LIKELY);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
	arena_deinit(&s.a);
}

/* A tag that is called like what a call is about is none of it. */
static void test_names_do_not_speak_of_tags(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::Logs::LogGroup", "/app", "{\"configuration\":{},\"tags\":{}}",
		"{\"configuration\":{},\"tags\":{\"retention\":\"none\"}}");
	add_event(&s, 20 * MINUTE, "logs", "DeleteRetentionPolicy",
		  REQUEST "{\"logGroupName\":\"/app\"}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_POSSIBLE);
	arena_deinit(&s.a);
}

/* What no name speaks of is left for those whose values are hidden. */
static void test_two_at_once(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::Events::Rule", "nightly",
		"{\"configuration\":{\"Targets\":[{\"Id\":\"a\"}],\"Hash\":\"x\"}}",
		"{\"configuration\":{\"Targets\":[],\"Hash\":\"y\"}}");
	add_event(&s, 20 * MINUTE, "events", "RemoveTargets",
		  REQUEST "{\"rule\":\"nightly\",\"force\":false}");
	add_event(&s, 21 * MINUTE, "events", "UpdateRule",
		  REQUEST "{\"name\":\"nightly\",\"input\":\"HIDDEN\"}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_LIKELY);
	assert_cause(&s, 1, 1);
	arena_deinit(&s.a);
}

static void test_asked_for_by_another_name(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::SSM::Document", "doc",
		"{\"configuration\":{\"DocumentVersion\":\"2\",\"DefaultVersion\":\"1\"}}",
		"{\"configuration\":{\"DocumentVersion\":\"2\",\"DefaultVersion\":\"2\"}}");
	add_event(&s, 20 * MINUTE, "ssm", "UpdateDocumentDefaultVersion",
		  REQUEST "{\"name\":\"doc\",\"documentVersion\":\"2\"}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_LIKELY);
	arena_deinit(&s.a);
}

/* A number that came elsewhere is not what was asked for, and was so. */
static void test_asked_for_what_was_so(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::ECS::Service", "api",
		"{\"configuration\":{\"DesiredCount\":2,\"RunningTasks\":1}}",
		"{\"configuration\":{\"DesiredCount\":2,\"RunningTasks\":2}}");
	add_event(&s, 20 * MINUTE, "ecs", "UpdateService",
		  REQUEST "{\"service\":\"api\",\"desiredCount\":2}");
	run(&s);
	assert_int_equal(s.verdicts[0].role, CORRELATE_ACTIVITY);
	arena_deinit(&s.a);
}

static void test_done_anew(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::RDS::DBCluster", "aurora",
		"{\"configuration\":{\"members\":[{\"dBInstanceIdentifier\":\"b\",\"writer\":false}],"
		"\"targetDBInstanceIdentifier\":\"b\"}}",
		"{\"configuration\":{\"members\":[{\"dBInstanceIdentifier\":\"b\",\"writer\":true}],"
		"\"targetDBInstanceIdentifier\":\"b\"}}");
	add_event(&s, 20 * MINUTE, "rds", "FailoverDBCluster",
		  REQUEST "{\"dBClusterIdentifier\":\"aurora\","
			  "\"targetDBInstanceIdentifier\":\"b\"}");
	run(&s);
	assert_cause(&s, 0, 1);
	arena_deinit(&s.a);
}

static void test_named_by_the_account(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::S3::AccountPublicAccessBlock", "111122223333",
		"{\"configuration\":{\"blockPublicAcls\":false}}",
		"{\"configuration\":{\"blockPublicAcls\":true}}");
	add_event(&s, 20 * MINUTE, "s3", "PutAccountPublicAccessBlock",
		  REQUEST
		  "{\"accountId\":\"111122223333\","
		  "\"PublicAccessBlockConfiguration\":{\"BlockPublicAcls\":true}}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_CERTAIN);
	arena_deinit(&s.a);
}

/* By a name, and what shows is another thing's: more than possible. */
static void test_what_is_attached_shows(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::AutoScaling::AutoScalingGroup", "web",
		"{\"configuration\":{\"targetGroupARNs\":[]}}",
		"{\"configuration\":{\"targetGroupARNs\":[\"targetgroup/tg1/943f017f100becff\"]}}");
	s.shown[0].item.id = s.shown[1].item.id = STR("autoScalingGroupName/web");
	add_event(&s, 20 * MINUTE, "autoscaling", "AttachLoadBalancerTargetGroups",
		  REQUEST "{\"autoScalingGroupName\":\"web\",\"targetGroupARNs\":"
			  "[\"targetgroup/tg1/943f017f100becff\"]}");
	run(&s);
	assert_told(&s, 0, CONFIDENCE_LIKELY);
	arena_deinit(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_speak_of_the_change),
		cmocka_unit_test(test_names_do_not_speak_of_tags),
		cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_asked_for_by_another_name),
		cmocka_unit_test(test_asked_for_what_was_so),
		cmocka_unit_test(test_done_anew),
		cmocka_unit_test(test_named_by_the_account),
		cmocka_unit_test(test_what_is_attached_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
