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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrapped_values),
		cmocka_unit_test(test_wrapped_lists),
		cmocka_unit_test(test_empty_members),
		cmocka_unit_test(test_keys_of_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
