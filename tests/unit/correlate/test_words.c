/* SPDX-License-Identifier: Apache-2.0 */
/* AWS's naming habits: verbs, nouns, keys, services. */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum noun_match noun(const char *event, const char *type)
{
	struct call_words call;
	struct type_words words;

	words_of_call(str_of(event), &call);
	words_of_type(str_of(type), &words);
	return words_match_noun(&call, &words);
}

static enum subject_match key(const char *name, const char *type)
{
	struct type_words words;

	words_of_type(str_of(type), &words);
	return words_match_key(str_of(name), &words);
}

static void test_nouns(void **state)
{
	(void)state;
	assert_int_equal(noun("TerminateInstances", "AWS::EC2::Instance"), NOUN_EXACT);
	assert_int_equal(noun("CreatePolicy", "AWS::IAM::Policy"), NOUN_EXACT);
	assert_int_equal(noun("DeleteElasticsearchDomain", "AWS::Elasticsearch::Domain"),
			 NOUN_EXACT);
	assert_int_equal(noun("CreateTransitGatewayVpcAttachment",
			      "AWS::EC2::TransitGatewayAttachment"),
			 NOUN_EXACT);
	assert_int_equal(noun("CreateOpenIDConnectProvider", "AWS::IAM::OIDCProvider"),
			 NOUN_EXACT);
	assert_int_equal(noun("ReleaseAddress", "AWS::EC2::EIP"), NOUN_EXACT);
	assert_int_equal(noun("CreateFunction20150331", "AWS::Lambda::Function"),
			 NOUN_EXACT);
	assert_int_equal(noun("UpdateFunctionCode20150331v2", "AWS::Lambda::Function"),
			 NOUN_PART);
	assert_int_equal(noun("AuthorizeSecurityGroupIngress", "AWS::EC2::SecurityGroup"),
			 NOUN_PART);
	assert_int_equal(noun("CreateRoute", "AWS::EC2::RouteTable"), NOUN_PART);
	assert_int_equal(noun("CreateSubnet", "AWS::EC2::VPC"), NOUN_OTHER);
	assert_int_equal(noun("ExecuteChangeSet", "AWS::CloudFormation::Stack"),
			 NOUN_EXACT);
	assert_int_equal(noun("CreateChangeSet", "AWS::CloudFormation::Stack"),
			 NOUN_OTHER);
	assert_int_equal(noun("RunInstances", "AWS::EC2::SecurityGroup"), NOUN_OTHER);
}

static void test_keys(void **state)
{
	(void)state;
	assert_int_equal(key("groupId", "AWS::EC2::SecurityGroup"), SUBJECT_TYPE);
	assert_int_equal(key("dBInstanceIdentifier", "AWS::RDS::DBInstance"),
			 SUBJECT_TYPE);
	assert_int_equal(key("bucketName", "AWS::S3::Bucket"), SUBJECT_TYPE);
	assert_int_equal(key("allocationId", "AWS::EC2::EIP"), SUBJECT_TYPE);
	assert_int_equal(key("aliasName", "AWS::KMS::Alias"), SUBJECT_TYPE);
	assert_int_equal(key("eventBusName", "AWS::Events::EventBus"), SUBJECT_TYPE);
	assert_int_equal(key("aliasName", "AWS::KMS::Key"), SUBJECT_OTHER);
	assert_int_equal(key("vpcId", "AWS::EC2::Subnet"), SUBJECT_OTHER);
	assert_int_equal(key("name", "AWS::EKS::Cluster"), SUBJECT_GENERIC);
	assert_int_equal(key("resourceArn", "AWS::Lambda::Function"), SUBJECT_GENERIC);
}

static void test_services(void **state)
{
	struct type_words words;

	(void)state;
	words_of_type(STR("AWS::CloudWatch::Alarm"), &words);
	assert_true(words_match_service(STR("monitoring.amazonaws.com"), &words));
	words_of_type(STR("AWS::ElasticLoadBalancingV2::LoadBalancer"), &words);
	assert_true(
		words_match_service(STR("elasticloadbalancing.amazonaws.com"), &words));
	words_of_type(STR("AWS::NetworkFirewall::Firewall"), &words);
	assert_true(words_match_service(STR("network-firewall.amazonaws.com"), &words));
	words_of_type(STR("AWS::S3::Bucket"), &words);
	assert_false(words_match_service(STR("lambda.amazonaws.com"), &words));
}

static void test_verbs(void **state)
{
	struct call_words call;

	(void)state;
	words_of_call(STR("RunInstances"), &call);
	assert_int_equal(call.verb, VERB_MAKES);
	words_of_call(STR("ReleaseAddress"), &call);
	assert_int_equal(call.verb, VERB_REMOVES);
	words_of_call(STR("RebootInstances"), &call);
	assert_int_equal(call.verb, VERB_INERT);
	words_of_call(STR("StartInstances"), &call);
	assert_int_equal(call.verb, VERB_CHANGES);
	words_of_call(STR("CreateTags"), &call);
	assert_int_equal(call.verb, VERB_CHANGES);
	assert_true(call.tags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nouns),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_verbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
