/* SPDX-License-Identifier: Apache-2.0 */
/* One service by a type and by an event's source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/service.h"

static void test_one_name_of_both(void **state)
{
	static const struct {
		const char *type, *source, *service;
	} cases[] = {
		{ "AWS::EC2::SecurityGroup", "ec2.amazonaws.com", "ec2" },
		{ "AWS::CloudWatch::Alarm", "monitoring.amazonaws.com", "monitoring" },
		{ "AWS::WAFRegional::WebACL", "waf-regional.amazonaws.com",
		  "wafregional" },
		{ "AWS::Cognito::UserPool", "cognito-idp.amazonaws.com", "cognitoidp" },
		{ "AWS::Cognito::IdentityPool", "cognito-identity.amazonaws.com",
		  "cognitoidp" },
		{ "AWS::ECR::PublicRepository", "ecr-public.amazonaws.com", "ecr" },
		{ "AWS::AmazonMQ::Broker", "amazonmq.amazonaws.com", "amazonmq" },
		{ "AWS::KinesisAnalyticsV2::Application",
		  "kinesisanalytics.amazonaws.com", "kinesisanalytics" },
		{ "AWS::EventSchemas::Registry", "schemas.amazonaws.com", "schemas" },
		{ "AWS::S3::AccountPublicAccessBlock", "s3control.amazonaws.com", "s3" },
		{ "Third::Party::Thing", "party", "party" },
		{ "", "", "" },
	};
	char by_type[SERVICE_SIZE], by_source[SERVICE_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		service_of_type(str_of(cases[i].type), by_type);
		service_of_source(str_of(cases[i].source), by_source);
		assert_string_equal(by_type, cases[i].service);
		assert_string_equal(by_source, cases[i].service);
	}
}

static void test_what_is_no_type(void **state)
{
	char service[SERVICE_SIZE];

	(void)state;
	service_of_type(STR("Bucket"), service);
	assert_string_equal(service, "bucket");
	service_of_type(STR("AWS:"), service);
	assert_string_equal(service, "aws");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_name_of_both),
		cmocka_unit_test(test_what_is_no_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
