/* SPDX-License-Identifier: Apache-2.0 */
/* What services write in their own manner: wrapped values and lists, names of one part of a thing. */
#include "scene.h"

struct told {
	enum correlate_role role;
	enum confidence confidence;
};

/* Of one call between two states. */
static struct told told_of(const char *type, const char *id, const char *name,
			   const char *before, const char *after, const char *source,
			   const char *call, const char *rest)
{
	struct told ret;
	struct scene s;

	scene_init(&s);
	add_state(&s, 10 * MINUTE, type, id, name, before);
	add_state(&s, 30 * MINUTE, type, id, name, after);
	add_event(&s, 20 * MINUTE, source, call, rest);
	run(&s);
	ret = (struct told){ s.verdicts[0].role, s.verdicts[0].confidence };
	arena_deinit(&s.a);
	return ret;
}

static void assert_certain(struct told told)
{
	assert_int_equal(told.role, CORRELATE_CAUSE);
	assert_int_equal(told.confidence, CONFIDENCE_CERTAIN);
}

#define REQUEST "\"requestParameters\":"

static void test_wrapped_values(void **state)
{
	(void)state;
	assert_certain(told_of("AWS::EC2::Subnet", "subnet-0123456789abcdef0", "",
			       "{\"configuration\":{\"mapPublicIpOnLaunch\":false}}",
			       "{\"configuration\":{\"mapPublicIpOnLaunch\":true}}",
			       "ec2", "ModifySubnetAttribute",
			       REQUEST "{\"subnetId\":\"subnet-0123456789abcdef0\","
				       "\"mapPublicIpOnLaunch\":{\"value\":true}}"));
}

static void test_wrapped_lists(void **state)
{
	(void)state;
	assert_certain(told_of(
		"AWS::EC2::Host", "h-0123456789abcdef0", "",
		"{\"configuration\":{\"autoPlacement\":\"off\"}}",
		"{\"configuration\":{\"autoPlacement\":\"on\"}}", "ec2", "ModifyHosts",
		REQUEST "{\"ModifyHostsRequest\":{\"HostId\":{\"tag\":1,\"content\":"
			"\"h-0123456789abcdef0\"},\"AutoPlacement\":\"on\"}}"));
}

/* S3 names the sub-resource by a member that is empty. */
static void test_empty_members(void **state)
{
	(void)state;
	assert_certain(told_of(
		"AWS::S3::Bucket", "orders", "orders",
		"{\"supplementaryConfiguration\":{\"BucketAccelerateConfiguration\":{}}}",
		"{\"supplementaryConfiguration\":{\"BucketAccelerateConfiguration\":"
		"{\"status\":\"Enabled\"}}}",
		"s3", "PutAccelerateConfiguration",
		REQUEST "{\"bucketName\":\"orders\",\"accelerate\":\"\","
			"\"AccelerateConfiguration\":{\"Status\":\"Enabled\"}}"));
}

static void test_keys_of_tags(void **state)
{
	(void)state;
	assert_certain(told_of("AWS::SQS::Queue", "jobs", "jobs",
			       "{\"configuration\":{},\"tags\":{\"env\":\"dev\"}}",
			       "{\"configuration\":{},\"tags\":{}}", "sqs", "UntagQueue",
			       REQUEST "{\"queueName\":\"jobs\",\"tagKeys\":[\"env\"]}"));
}

#define SERVICE \
	"AWS::ECS::Service", "arn:aws:ecs:eu-west-1:111122223333:service/prod/api", "api"
#define TWO                                                                                    \
	"{\"configuration\":{\"Cluster\":\"arn:aws:ecs:eu-west-1:111122223333:cluster/prod\"," \
	"\"DesiredCount\":2}}"
#define SIX                                                                                    \
	"{\"configuration\":{\"Cluster\":\"arn:aws:ecs:eu-west-1:111122223333:cluster/prod\"," \
	"\"DesiredCount\":6}}"

/* Every cluster may have a service of that name, every API a stage. */
static void test_names_of_parts(void **state)
{
	(void)state;
	assert_certain(told_of(
		SERVICE, TWO, SIX, "ecs", "UpdateService",
		REQUEST "{\"cluster\":\"prod\",\"service\":\"api\",\"desiredCount\":6}"));
	assert_int_equal(told_of(SERVICE, TWO, SIX, "ecs", "UpdateService",
				 REQUEST "{\"cluster\":\"test\",\"service\":\"api\","
					 "\"desiredCount\":6}")
				 .role,
			 CORRELATE_NONE);
	assert_int_equal(
		told_of(SERVICE, TWO, SIX, "ecs", "UpdateService",
			REQUEST
			"{\"service\":\"api\",\"desiredCount\":6},"
			"\"responseElements\":{\"service\":{\"serviceArn\":"
			"\"arn:aws:ecs:eu-west-1:111122223333:service/test/api\"}}")
			.role,
		CORRELATE_NONE);
	assert_int_equal(
		told_of("AWS::ApiGateway::Stage",
			"arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod",
			"prod", "{\"configuration\":{\"tracingEnabled\":false}}",
			"{\"configuration\":{\"tracingEnabled\":true}}", "apigateway",
			"UpdateStage",
			REQUEST "{\"restApiId\":\"zzzzzzzzzz\",\"stageName\":\"prod\"}")
			.role,
		CORRELATE_NONE);
}

static void test_composite_ids(void **state)
{
	static const char old[] = "{\"configuration\":{\"AddonVersion\":\"v1.11.0\"}}";
	static const char new[] = "{\"configuration\":{\"AddonVersion\":\"v1.12.0\"}}";

	(void)state;
	assert_certain(told_of("AWS::EKS::Addon", "k8s|vpc-cni", "k8s|vpc-cni", old, new,
			       "eks", "UpdateAddon",
			       REQUEST "{\"name\":\"k8s\",\"addonName\":\"vpc-cni\","
				       "\"addonVersion\":\"v1.12.0\"}"));
	assert_int_equal(told_of("AWS::EKS::Addon", "k8s|vpc-cni", "k8s|vpc-cni", old,
				 new, "eks", "UpdateAddon",
				 REQUEST "{\"name\":\"other\",\"addonName\":\"vpc-cni\","
					 "\"addonVersion\":\"v1.12.0\"}")
				 .role,
			 CORRELATE_NONE);
}

/* Where parts have slashes of their own, the bar alone parts them. */
static void test_composite_ids_of_paths(void **state)
{
	static const char id[] = "/aws/lambda/pay|errors";
	static const char old[] = "{\"configuration\":{\"FilterPattern\":\"ERROR\"}}";
	static const char new[] = "{\"configuration\":{\"FilterPattern\":\"FATAL\"}}";

	(void)state;
	assert_certain(told_of("AWS::Logs::MetricFilter", id, id, old, new, "logs",
			       "PutMetricFilter",
			       REQUEST "{\"logGroupName\":\"/aws/lambda/pay\","
				       "\"filterName\":\"errors\","
				       "\"filterPattern\":\"FATAL\"}"));
	assert_int_equal(told_of("AWS::Logs::MetricFilter", id, id, old, new, "logs",
				 "PutMetricFilter",
				 REQUEST "{\"logGroupName\":\"/aws/lambda/buy\","
					 "\"filterName\":\"errors\","
					 "\"filterPattern\":\"FATAL\"}")
				 .role,
			 CORRELATE_NONE);
}

/* What a name has of slashes is no place that it is in, whatever the words between them. */
static void test_names_like_paths(void **state)
{
	static const char old[] = "{\"configuration\":{}}";
	static const char new[] =
		"{\"configuration\":{\"filters\":[{\"to\":"
		"\"arn:aws:lambda:eu-west-1:111122223333:function:ship\"}]}}";

	(void)state;
	assert_int_equal(
		told_of("AWS::Logs::LogGroup",
			"arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/role/pay/app:*",
			"/ecs/role/pay/app", old, new, "logs", "PutSubscriptionFilter",
			REQUEST
			"{\"logGroupName\":\"/ecs/role/pay/app\",\"destinationArn\":"
			"\"arn:aws:lambda:eu-west-1:111122223333:function:ship\","
			"\"roleArn\":\"arn:aws:iam::111122223333:role/shipper\"}")
			.role,
		CORRELATE_CAUSE);
	assert_certain(told_of(
		"AWS::SecretsManager::Secret",
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/kmskey/db/main-AbCdEf",
		"app/kmskey/db/main", "{\"configuration\":{\"KmsKeyId\":\"alias/a\"}}",
		"{\"configuration\":{\"KmsKeyId\":\"alias/second\"}}", "secretsmanager",
		"UpdateSecret",
		REQUEST
		"{\"secretId\":\"app/kmskey/db/main\",\"kmsKeyId\":\"alias/second\"}"));
	assert_certain(
		told_of("AWS::IAM::User", "arn:aws:iam::111122223333:user/group/ops/bob",
			"bob", old, "{\"configuration\":{\"groupList\":[\"admins\"]}}",
			"iam", "AddUserToGroup",
			REQUEST "{\"userName\":\"bob\",\"groupName\":\"admins\"}"));
}

/* A launch template's items have no name that calls know it by. */
static void test_named_by_the_answer(void **state)
{
	(void)state;
	assert_certain(told_of(
		"AWS::EC2::LaunchTemplate", "lt-0123456789abcdef0",
		"lt-0123456789abcdef0",
		"{\"configuration\":{\"DefaultVersionNumber\":\"1\"}}",
		"{\"configuration\":{\"DefaultVersionNumber\":\"2\"}}", "ec2",
		"ModifyLaunchTemplate",
		REQUEST
		"{\"ModifyLaunchTemplateRequest\":{\"LaunchTemplateName\":\"web\","
		"\"SetDefaultVersion\":\"2\"}},\"responseElements\":{\"launchTemplate\":"
		"{\"launchTemplateId\":\"lt-0123456789abcdef0\",\"defaultVersionNumber\":2}}"));
}

/* What a peering or an attachment hangs on stands in the answer, and is not changed. */
static void test_named_beside_in_the_answer(void **state)
{
	static const char old[] = "{\"configuration\":{\"dhcpOptionsId\":\"dopt-1\"}}";
	static const char new[] = "{\"configuration\":{\"dhcpOptionsId\":\"dopt-2\"}}";

	(void)state;
	assert_int_equal(
		told_of("AWS::EC2::VPC", "vpc-0123456789abcdef0", "", old, new, "ec2",
			"AcceptVpcPeeringConnection",
			REQUEST
			"{\"vpcPeeringConnectionId\":\"pcx-0123456789abcdef0\"},"
			"\"responseElements\":{\"vpcPeeringConnection\":{"
			"\"accepterVpcInfo\":{\"vpcId\":\"vpc-0123456789abcdef0\"}}}")
			.role,
		CORRELATE_NONE);
	assert_int_equal(
		told_of("AWS::EC2::TransitGateway", "tgw-0123456789abcdef0", "", old, new,
			"ec2", "ModifyTransitGatewayVpcAttachment",
			REQUEST
			"{\"TransitGatewayAttachmentId\":\"tgw-attach-0123456789abcdef0\"},"
			"\"responseElements\":{\"transitGatewayVpcAttachment\":{"
			"\"transitGatewayId\":\"tgw-0123456789abcdef0\"}}")
			.role,
		CORRELATE_ACTIVITY);
	/* Unless what it set shows. */
	assert_int_equal(
		told_of("AWS::EC2::Instance", "i-0123456789abcdef0", "",
			"{\"configuration\":{\"iamInstanceProfile\":{\"arn\":\"x/a\"}}}",
			"{\"configuration\":{\"iamInstanceProfile\":{\"arn\":\"x/back\"}}}",
			"ec2", "ReplaceIamInstanceProfileAssociation",
			REQUEST
			"{\"AssociationId\":\"iip-assoc-0123456789abcdef0\"},"
			"\"responseElements\":{\"iamInstanceProfileAssociation\":{"
			"\"instanceId\":\"i-0123456789abcdef0\","
			"\"iamInstanceProfile\":{\"arn\":\"x/back\"}}}")
			.role,
		CORRELATE_CAUSE);
}

static void test_started_itself(void **state)
{
	static const char off[] = "{\"configuration\":{\"status\":\"Stopped\"}}";
	static const char on[] = "{\"configuration\":{\"status\":\"InService\"}}";

	(void)state;
	assert_int_equal(told_of("AWS::SageMaker::NotebookInstance", "lab", "lab", off,
				 on, "sagemaker", "StartNotebookInstance",
				 REQUEST "{\"notebookInstanceName\":\"lab\"}")
				 .role,
			 CORRELATE_CAUSE);
	assert_int_equal(told_of("AWS::CodeBuild::Project", "app", "app", off, on,
				 "codebuild", "StartBuild",
				 REQUEST "{\"projectName\":\"app\"}")
				 .role,
			 CORRELATE_ACTIVITY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped_values),
		cmocka_unit_test(test_wrapped_lists),
		cmocka_unit_test(test_empty_members),
		cmocka_unit_test(test_keys_of_tags),
		cmocka_unit_test(test_names_of_parts),
		cmocka_unit_test(test_composite_ids),
		cmocka_unit_test(test_composite_ids_of_paths),
		cmocka_unit_test(test_names_like_paths),
		cmocka_unit_test(test_named_by_the_answer),
		cmocka_unit_test(test_named_beside_in_the_answer),
		cmocka_unit_test(test_started_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
