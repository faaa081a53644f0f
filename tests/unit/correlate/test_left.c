/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that set a list, or tags, to less: what they took off they do not name. */
#include "scene.h"

#define REQUEST  "\"requestParameters\":"
#define INSTANCE "AWS::EC2::Instance", "i-0123456789abcdef0"
#define BUCKET   "AWS::S3::Bucket", "acme-media"
#define BALANCER                                     \
	"AWS::ElasticLoadBalancingV2::LoadBalancer", \
		"arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/50dc"

#define GROUP(id) "{\"groupId\":\"" id "\"}"
#define GROUPS(list)                                                                       \
	"{\"configuration\":{\"networkInterfaces\":[{\"networkInterfaceId\":\"eni-0abc\"," \
	"\"status\":\"in-use\",\"groups\":[" list "]}]}}"
#define MODIFIED(list)                                     \
	REQUEST "{\"instanceId\":\"i-0123456789abcdef0\"," \
		"\"groupSet\":{\"items\":[" list "]}}"

#define PUT(tags)                                 \
	REQUEST "{\"bucketName\":\"acme-media\"," \
		"\"Tagging\":{\"TagSet\":{\"Tag\":[" tags "]}}}"
#define TAG(key, value) "{\"Key\":\"" key "\",\"Value\":\"" value "\"}"

#define TABLES(list)                                                        \
	"{\"configuration\":{\"vpcEndpointId\":\"vpce-0123456789abcdef0\"," \
	"\"routeTableIds\":[" list "]}}"
#define TAKEN_OFF(id)                                                           \
	REQUEST "{\"ModifyVpcEndpointRequest\":{\"VpcEndpointId\":"             \
		"\"vpce-0123456789abcdef0\",\"RemoveRouteTableId\":{\"tag\":1," \
		"\"content\":\"" id "\"}}}"

static void between(struct scene *s, const char *type, const char *id, const char *before,
		    const char *after)
{
	scene_init(s);
	add_state(s, 10 * MINUTE, type, id, id, before);
	add_state(s, 30 * MINUTE, type, id, id, after);
}

/* An instance that had two groups has the second alone. */
static void lose_group(struct scene *s)
{
	between(s, INSTANCE, GROUPS(GROUP("sg-0aaa") "," GROUP("sg-0bbb")),
		GROUPS(GROUP("sg-0bbb")));
}

/* An endpoint that had two tables has the second alone; one call asked for this. */
static void lose_table(struct scene *s, const char *request)
{
	between(s, "AWS::EC2::VPCEndpoint", "vpce-0123456789abcdef0",
		TABLES("\"rtb-0aaa\",\"rtb-0bbb\""), TABLES("\"rtb-0bbb\""));
	add_event(s, 20 * MINUTE, "ec2", "ModifyVpcEndpoint", request);
}

static void assert_left(struct scene *s, enum confidence confidence)
{
	run(s);
	assert_cause(s, 0, 1);
	assert_int_equal(s->verdicts[0].confidence, confidence);
	assert_true(s->verdicts[0].evidence & (1u << EVIDENCE_VALUE));
	arena_deinit(&s->a);
}

/* By the first call of the scene. */
static void assert_not_left(struct scene *s)
{
	run(s);
	assert_int_equal(s->verdicts[0].role, CORRELATE_ACTIVITY);
	arena_deinit(&s->a);
}

static void test_lists(void **state)
{
	struct scene s;

	(void)state;
	lose_group(&s);
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	assert_left(&s, CONFIDENCE_CERTAIN);
	/* Not the noun's, but what it is called on. */
	between(&s, BALANCER,
		"{\"configuration\":{\"zones\":[{\"subnetId\":\"subnet-0a\"},"
		"{\"subnetId\":\"subnet-0b\"}]}}",
		"{\"configuration\":{\"zones\":[{\"subnetId\":\"subnet-0a\"}]}}");
	add_event(&s, 20 * MINUTE, "elasticloadbalancing", "SetSubnets",
		  REQUEST "{\"loadBalancerArn\":\"arn:aws:elasticloadbalancing:eu-west-1:"
			  "111122223333:loadbalancer/app/web/50dc\","
			  "\"subnets\":[\"subnet-0a\"]}");
	assert_left(&s, CONFIDENCE_LIKELY);
	/* Below a member whose name a pointer has to escape. */
	between(&s, INSTANCE,
		"{\"configuration\":{\"by/place\":{\"groups\":[" GROUP(
			"sg-0aaa") "," GROUP("sg-0bbb") "]}}}",
		"{\"configuration\":{\"by/place\":{\"groups\":[" GROUP("sg-0bbb") "]}}}");
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	assert_left(&s, CONFIDENCE_CERTAIN);
}

static void test_lists_of_others(void **state)
{
	struct scene s;

	(void)state;
	/* One that is left is not asked for. */
	between(&s, INSTANCE,
		GROUPS(GROUP("sg-0aaa") "," GROUP("sg-0bbb") "," GROUP("sg-0ccc")),
		GROUPS(GROUP("sg-0bbb") "," GROUP("sg-0ccc")));
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	assert_not_left(&s);
	/* One that went is: another call took it off. */
	lose_group(&s);
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0aaa") "," GROUP("sg-0bbb")));
	add_event(&s, 21 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	run(&s);
	assert_cause(&s, 1, 1);
	arena_deinit(&s.a);
	/* Nothing went. */
	between(&s, INSTANCE, GROUPS(GROUP("sg-0bbb")),
		GROUPS(GROUP("sg-0bbb") "," GROUP("sg-0aaa")));
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	assert_not_left(&s);
}

static void test_tags(void **state)
{
	struct scene s;

	(void)state;
	between(&s, BUCKET,
		"{\"tags\":{\"aws:stack\":\"s\",\"team\":\"a\",\"old\":\"1\"}}",
		"{\"tags\":{\"aws:stack\":\"s\",\"team\":\"a\"}}");
	add_event(&s, 20 * MINUTE, "s3", "PutBucketTagging", PUT(TAG("team", "a")));
	assert_left(&s, CONFIDENCE_CERTAIN);
	/* The value was another. */
	between(&s, BUCKET, "{\"tags\":{\"team\":\"a\",\"old\":\"1\"}}",
		"{\"tags\":{\"team\":\"a\"}}");
	add_event(&s, 20 * MINUTE, "s3", "PutBucketTagging", PUT(TAG("team", "b")));
	assert_not_left(&s);
	/* It was put as it had been; who took the other off is not known. */
	between(&s, BUCKET, "{\"tags\":{\"team\":\"a\",\"old\":\"1\"}}",
		"{\"tags\":{\"team\":\"a\"}}");
	add_event(&s, 20 * MINUTE, "s3", "PutBucketTagging",
		  PUT(TAG("team", "a") "," TAG("old", "1")));
	assert_not_left(&s);
}

/* What a member of its own names is to go, whatever the call's name. */
static void test_removals(void **state)
{
	struct scene s;

	(void)state;
	lose_table(&s, TAKEN_OFF("rtb-0aaa"));
	assert_left(&s, CONFIDENCE_CERTAIN);
	/* It is still there: another one went. */
	lose_table(&s, TAKEN_OFF("rtb-0bbb"));
	assert_not_left(&s);
	/* ... which the call puts on: another one took it off, later. */
	lose_table(&s,
		   REQUEST "{\"ModifyVpcEndpointRequest\":{\"VpcEndpointId\":"
			   "\"vpce-0123456789abcdef0\",\"AddRouteTableId\":\"rtb-0aaa\","
			   "\"RemoveRouteTableId\":\"rtb-0bbb\"}}");
	assert_not_left(&s);
	/* Nothing is to go. */
	lose_table(&s,
		   REQUEST "{\"ModifyVpcEndpointRequest\":{\"VpcEndpointId\":"
			   "\"vpce-0123456789abcdef0\",\"RemoveRouteTableId\":[],"
			   "\"AddRouteTableId\":{\"tag\":1,\"content\":\"rtb-0aaa\"}}}");
	assert_not_left(&s);
}

#define FUNCTION "AWS::Lambda::Function", "export"
#define SECURED(list)                                                      \
	"{\"configuration\":{\"functionName\":\"export\",\"environment\":" \
	"{\"variables\":{\"removeAfter\":\"sevendays\"}},"                 \
	"\"vpcConfig\":{\"securityGroupIds\":[" list "]}}}"

/* A user's own name is none of the interface's. */
static void test_users_names(void **state)
{
	struct scene s;

	(void)state;
	between(&s, FUNCTION, SECURED("\"sg-0aaa\",\"sg-0bbb\""), SECURED("\"sg-0bbb\""));
	add_event(&s, 20 * MINUTE, "lambda", "UpdateFunctionConfiguration20150331v2",
		  REQUEST "{\"functionName\":\"export\",\"environment\":{\"variables\":"
			  "{\"removeAfter\":\"sevendays\"}},\"vpcConfig\":"
			  "{\"securityGroupIds\":[\"sg-0bbb\"]}}");
	assert_left(&s, CONFIDENCE_CERTAIN);
}

static void test_applied(void **state)
{
	struct scene s;

	(void)state;
	between(&s, "AWS::ElasticLoadBalancing::LoadBalancer", "classic-web",
		"{\"configuration\":{\"securityGroups\":[\"sg-0aaa\",\"sg-0bbb\"]}}",
		"{\"configuration\":{\"securityGroups\":[\"sg-0bbb\"]}}");
	add_event(&s, 20 * MINUTE, "elasticloadbalancing",
		  "ApplySecurityGroupsToLoadBalancer",
		  REQUEST "{\"loadBalancerName\":\"classic-web\","
			  "\"securityGroups\":[\"sg-0bbb\"]}");
	assert_left(&s, CONFIDENCE_CERTAIN);
}

/* What it explains, no call is looked for that says nothing. */
static void test_explained(void **state)
{
	struct scene s;

	(void)state;
	lose_group(&s);
	add_event(&s, 20 * MINUTE, "ec2", "ModifyInstanceAttribute",
		  MODIFIED(GROUP("sg-0bbb")));
	add_event(&s, 21 * MINUTE, "ec2", "MonitorInstances",
		  REQUEST "{\"instancesSet\":{\"items\":[{\"instanceId\":"
			  "\"i-0123456789abcdef0\"}]}}");
	run(&s);
	assert_cause(&s, 0, 1);
	assert_int_equal(s.verdicts[1].role, CORRELATE_ACTIVITY);
	arena_deinit(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_lists_of_others),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_removals),
		cmocka_unit_test(test_users_names),
		cmocka_unit_test(test_applied),
		cmocka_unit_test(test_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
