/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which alarms find which resources: just what their dimension means, in their own account and
 * region.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mentions.h"

static struct alarm alarm_of(const struct alarm_dimension *dimension)
{
	return (struct alarm){ .account = STR("123456789012"),
			       .region = STR("eu-west-1"),
			       .name = STR("orders"),
			       .arn = STR("arn:aws:cloudwatch:eu-west-1:123456789012:"
					  "alarm:orders"),
			       .dimensions = dimension,
			       .n_dimensions = dimension ? 1 : 0 };
}

static bool watches(const struct alarm *alarm, const struct item *item)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct mention_set left, right;

	assert_int_equal(mention_of_alarm(&a, alarm, &left), 0);
	assert_int_equal(mention_of_item(&a, item, NULL, false, &right), 0);
	return meet(&left, &right);
}

static void test_dimension_names_one_type(void **state)
{
	const struct alarm_dimension d = { STR("FunctionName"), STR("orders") };
	const struct alarm alarm = alarm_of(&d);
	const struct item function =
		item_of("AWS::Lambda::Function", "orders", "orders",
			"arn:aws:lambda:eu-west-1:123456789012:function:orders");
	const struct item bucket =
		item_of("AWS::S3::Bucket", "orders", "orders", "arn:aws:s3:::orders");
	struct item elsewhere = function;

	(void)state;
	assert_true(watches(&alarm, &function));
	assert_false(watches(&alarm, &bucket));
	elsewhere.region = STR("us-east-1");
	assert_false(watches(&alarm, &elsewhere));
	elsewhere = function;
	elsewhere.account = STR("210987654321");
	assert_false(watches(&alarm, &elsewhere));
}

static void test_unknown_dimension_names_nothing(void **state)
{
	const struct alarm_dimension d = { STR("Shard"), STR("orders") };
	const struct alarm alarm = alarm_of(&d);
	const struct item function =
		item_of("AWS::Lambda::Function", "orders", "orders", "");

	(void)state;
	assert_false(watches(&alarm, &function));
}

/* An id that nobody else has is enough, whatever the dimension is called. */
static void test_unique_id(void **state)
{
	const struct alarm_dimension d = { STR("Host"), STR("i-0123456789abcdef0") };
	const struct alarm alarm = alarm_of(&d);
	const struct item instance =
		item_of("AWS::EC2::Instance", "i-0123456789abcdef0", "", "");

	(void)state;
	assert_true(watches(&alarm, &instance));
}

static void test_names_by_arn_and_url(void **state)
{
	const struct alarm_dimension balancer = { STR("LoadBalancer"),
						  STR("app/web/50dc6c495c0c9188") };
	const struct alarm_dimension queue = { STR("QueueName"), STR("orders") };
	const struct alarm on_balancer = alarm_of(&balancer);
	const struct alarm on_queue = alarm_of(&queue);
	const char *arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
			  "loadbalancer/app/web/50dc6c495c0c9188";
	const struct item lb =
		item_of("AWS::ElasticLoadBalancingV2::LoadBalancer", arn, "web", arn);
	const struct item sqs =
		item_of("AWS::SQS::Queue",
			"https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "",
			"");

	(void)state;
	assert_true(watches(&on_balancer, &lb));
	assert_true(watches(&on_queue, &sqs));
	assert_false(watches(&on_queue, &lb));
}

static void test_edge_services_have_one_region(void **state)
{
	const struct alarm_dimension d = { STR("DistributionId"), STR("E31V0VABCDEFG") };
	const struct alarm alarm = alarm_of(&d);
	struct item distribution =
		item_of("AWS::CloudFront::Distribution", "E31V0VABCDEFG", "", "");

	(void)state;
	distribution.region = STR("global");
	assert_true(watches(&alarm, &distribution));
}

/* The alarm's own item, also when the source does not say whose the alarm is. */
static void test_alarm_itself(void **state)
{
	const struct item own = item_of("AWS::CloudWatch::Alarm", "orders", "orders", "");
	struct alarm alarm = alarm_of(NULL);

	(void)state;
	assert_true(watches(&alarm, &own));
	alarm.region = STR("us-east-1");
	alarm.arn = STR_NULL;
	assert_false(watches(&alarm, &own));
	alarm.account = alarm.region = STR_NULL;
	assert_true(watches(&alarm, &own));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dimension_names_one_type),
		cmocka_unit_test(test_unknown_dimension_names_nothing),
		cmocka_unit_test(test_unique_id),
		cmocka_unit_test(test_names_by_arn_and_url),
		cmocka_unit_test(test_edge_services_have_one_region),
		cmocka_unit_test(test_alarm_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
