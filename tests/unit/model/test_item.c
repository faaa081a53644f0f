/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Items: statuses of every year, what is metadata, the hash by which equal contents are known,
 * and identity read back from a stored body.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/item.h"
#include "util/arena.h"

static void test_status(void **state)
{
	static const struct {
		const char *text;
		enum item_status status;
	} published[] = {
		{ "OK", ITEM_OK },
		{ "ResourceDiscovered", ITEM_DISCOVERED },
		{ "ResourceNotRecorded", ITEM_NOT_RECORDED },
		{ "ResourceDeleted", ITEM_DELETED },
		{ "ResourceDeletedNotRecorded", ITEM_DELETED_NOT_RECORDED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(published); i++) {
		assert_int_equal(item_status_parse(str_of(published[i].text)),
				 published[i].status);
		assert_string_equal(item_status_name(published[i].status),
				    published[i].text);
	}
	assert_int_equal(item_status_parse(STR("Ok")), ITEM_OK);
	assert_int_equal(item_status_parse(STR("Discovered")), ITEM_DISCOVERED);
	assert_int_equal(item_status_parse(STR("Deleted")), ITEM_DELETED);
	assert_int_equal(item_status_parse(STR("ResourcePaused")), ITEM_STATUS_OTHER);
	assert_int_equal(item_status_parse(STR_NULL), ITEM_STATUS_OTHER);
	assert_string_equal(item_status_name(ITEM_STATUS_OTHER), "");
	assert_true(item_status_is_deleted(ITEM_DELETED));
	assert_true(item_status_is_deleted(ITEM_DELETED_NOT_RECORDED));
	assert_false(item_status_is_deleted(ITEM_NOT_RECORDED));
	assert_false(item_status_is_deleted(ITEM_STATUS_OTHER));
}

static void test_type_today(void **state)
{
	(void)state;
	assert_true(str_is(item_type_today(STR("AWS::EC2::VOLUME")), "AWS::EC2::Volume"));
	assert_true(str_is(item_type_today(STR("AWS::EC2::Volume")), "AWS::EC2::Volume"));
	assert_true(str_is(item_type_today(STR("AWS::EC2::SECURITYGROUP")),
			   "AWS::EC2::SecurityGroup"));
	assert_true(str_is(item_type_today(STR("AWS::EC2::vpc")), "AWS::EC2::VPC"));
	/* Nothing else is touched. */
	assert_true(str_is(item_type_today(STR("Custom::VOLUME")), "Custom::VOLUME"));
	assert_true(
		str_is(item_type_today(STR("AWS::EC2::VOLUMES")), "AWS::EC2::VOLUMES"));
	assert_true(str_is(item_type_today(STR_NULL), ""));
}

static void test_metadata(void **state)
{
	static const char *const metadata[] = {
		"configurationItemCaptureTime",
		"configurationStateId",
		"configurationItemDeliveryTime",
		"configurationStateMd5Hash",
		"configurationItemVersion",
		"relatedEvents",
		"recordingFrequency",
	};
	static const char *const content[] = {
		"configuration", "configurationItemStatus",
		"tags",          "relationships",
		"resourceName",  "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(metadata); i++)
		assert_true(item_key_is_metadata(str_of(metadata[i])));
	for (size_t i = 0; i < ARRAY_SIZE(content); i++)
		assert_false(item_key_is_metadata(str_of(content[i])));
}

static void test_global(void **state)
{
	(void)state;
	assert_true(item_is_global(STR("AWS::IAM::Role")));
	assert_true(item_is_global(STR("AWS::IAM::Policy")));
	assert_false(item_is_global(STR("AWS::IAMX::Role")));
	assert_false(item_is_global(STR("AWS::CloudFront::Distribution")));
}

static uint64_t hash(const char *text)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;

	assert_int_equal(jv_parse(&a, str_of(text), &v, NULL), 0);
	return item_content_hash(&v);
}

static void test_hash(void **state)
{
	uint64_t h = hash("{\"configuration\":{\"a\":1,\"b\":[1,2]},\"tags\":{}}");

	(void)state;
	assert_true(h != ITEM_CONTENT_HASH_INIT);
	/* The order of members, metadata and absent members do not count ... */
	assert_true(h == hash("{\"tags\":{},\"configuration\":{\"b\":[1,2],\"a\":1}}"));
	assert_true(h == hash("{\"configuration\":{\"a\":1,\"b\":[1,2]},\"tags\":{},"
			      "\"configurationStateId\":7,\"relatedEvents\":[]}"));
	assert_true(h == hash("{\"ARN\":null,\"configuration\":{\"a\":1,\"b\":[1,2]},"
			      "\"tags\":{}}"));
	assert_true(
		h ==
		hash("{\"tags\":1,\"configuration\":{\"a\":1,\"b\":[1,2]},\"tags\":{}}"));
	/* ... everything else does. */
	assert_true(h != hash("{\"configuration\":{\"a\":1,\"b\":[2,1]},\"tags\":{}}"));
	assert_true(h != hash("{\"configuration\":{},\"tags\":{\"a\":1,\"b\":[1,2]}}"));
	assert_true(h != hash("{\"configuration\":{\"a\":1,\"b\":[1,2]}}"));
	assert_true(hash("{\"a\":{},\"b\":[]}") != hash("{\"a\":[],\"b\":{}}"));
	assert_true(hash("[]") == ITEM_CONTENT_HASH_INIT);
}

#define BODY                                                                                      \
	"{\"ARN\":\"arn:x\",\"awsAccountId\":\"123456789012\",\"awsRegion\":\"eu-west-1\","       \
	"\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\","                          \
	"\"configurationItemStatus\":\"ResourceDeleted\",\"configurationStateId\":1714558500123," \
	"\"resourceId\":\"i-1\",\"resourceName\":null,\"resourceType\":\"AWS::EC2::Instance\"}"

static void test_from_body(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct item item = { .guise = ITEM_GUISE_API, .raw = STR("as it came") };
	struct jv body;

	(void)state;
	assert_int_equal(jv_parse(&a, STR(BODY), &body, NULL), 0);
	assert_int_equal(item_view(&body, &item), 0);
	assert_true(str_is(item.account, "123456789012"));
	assert_true(str_is(item.region, "eu-west-1"));
	assert_true(str_is(item.type, "AWS::EC2::Instance"));
	assert_true(str_is(item.id, "i-1"));
	assert_int_equal(item.name.n, 0);
	assert_true(str_is(item.arn, "arn:x"));
	assert_true(str_is(item.state_id, "1714558500123"));
	assert_true(item.captured_ms == INT64_C(1714558500123));
	assert_int_equal(item.status, ITEM_DELETED);
	assert_int_equal(item.guise, ITEM_GUISE_API);
	assert_true(str_is(item.raw, "as it came"));
}

static void test_bad_bodies(void **state)
{
	static const char *const bodies[] = {
		"[]",
		"{}",
		"{\"awsAccountId\":\"1\",\"awsRegion\":\"r\",\"resourceId\":\"i\","
		"\"resourceType\":\"t\"}",
		"{\"awsAccountId\":\"1\",\"awsRegion\":\"r\",\"resourceId\":\"i\","
		"\"resourceType\":\"t\",\"configurationItemCaptureTime\":\"then\"}",
		"{\"awsAccountId\":\"1\",\"awsRegion\":\"r\",\"resourceId\":\"\","
		"\"resourceType\":\"t\",\"configurationItemCaptureTime\":\"2024-05-01\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
		struct item item = { .guise = ITEM_GUISE_API };
		struct jv body;

		assert_int_equal(jv_parse(&a, str_of(bodies[i]), &body, NULL), 0);
		assert_int_equal(item_view(&body, &item), -EBADMSG);
		assert_int_equal(item.id.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),     cmocka_unit_test(test_type_today),
		cmocka_unit_test(test_metadata),   cmocka_unit_test(test_global),
		cmocka_unit_test(test_hash),       cmocka_unit_test(test_from_body),
		cmocka_unit_test(test_bad_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
