/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of AWS Config: with an item, without one, about one that is too big, and notices.
 */
#include "collect.h"
#include "samples.h"

#define CHANGE "\"messageType\":\"ConfigurationItemChangeNotification\""

static void test_items(void **state)
{
	(void)state;
	expect_lines(STR("{" CHANGE
			 ",\"configurationItemDiff\":null,\"configurationItem\":" ITEM
			 "}"),
		     "", 0, ITEM_LINE);
	expect_lines(STR("{\"configurationItem\":" ITEM "}"), "", 0, ITEM_LINE);
	expect_lines(STR("{\"configurationItem\":[" ITEM "," ITEM "]}"), "", 0,
		     ITEM_LINE ITEM_LINE);
	expect_lines(STR("{\"configurationItem\":\"" ITEM_QUOTED "\"}"), "", 0,
		     ITEM_LINE);
	expect_lines(STR("{\"ConfigurationItem\":" ITEM "}"), "", 0,
		     "item api 1 r T i\n");
	/* The sound one of two. */
	expect_lines(STR("{\"configurationItem\":[{\"resourceId\":\"x\"}," ITEM "]}"), "",
		     PARSE_E_REFUSED, ITEM_LINE);
}

static void test_no_items(void **state)
{
	(void)state;
	expect_fault(STR("{" CHANGE "}"), PARSE_E_REFUSED, 0, "configurationItem",
		     "missing");
	expect_fault(STR("{\"configurationItemDiff\":{}}"), PARSE_E_REFUSED, 0,
		     "configurationItem", "missing");
	expect_fault(STR("{\"configurationItem\":[]}"), PARSE_E_REFUSED, 21,
		     "configurationItem", "not an object");
	expect_fault(STR("{\"configurationItem\":true}"), PARSE_E_REFUSED, 21,
		     "configurationItem", "not an object");
	expect_fault(STR("{\"configurationItem\":[7]}"), PARSE_E_REFUSED, 22,
		     "configurationItem", "not an object");
	expect_fault(STR("{\"messageType\":\"SomethingNew\"}"), PARSE_E_UNKNOWN, 0, "",
		     "a message of a type that is not known");
}

static void test_notices(void **state)
{
	(void)state;
	expect_lines(STR("{\"s3ObjectKey\":\"k\",\"s3Bucket\":\"b\",\"messageType\":"
			 "\"ConfigurationHistoryDeliveryCompleted\"}"),
		     "", 0, "notice config-delivery\n");
	expect_lines(STR("{\"messageType\":\"ConfigurationSnapshotDeliveryStarted\"}"),
		     "", 0, "notice config-delivery\n");
	expect_lines(
		STR("{\"resourceType\":\"AWS::::Account\",\"resourceId\":\"1\",\"messageType\":"
		    "\"ComplianceChangeNotification\"}"),
		"", 0, "notice config-compliance\n");
	expect_lines(STR("{\"messageType\":\"ConfigRulesEvaluationStarted\"}"), "", 0,
		     "notice config-evaluation\n");
}

#define SUMMARY                                                                           \
	"\"configurationItemSummary\":{\"changeType\":\"UPDATE\",\"resourceType\":\"T\"," \
	"\"resourceId\":\"i\",\"awsAccountId\":\"1\",\"awsRegion\":\"r\","                \
	"\"configurationStateId\":0,\"configurationItemCaptureTime\":\"2024-05-01\"}"
#define OVERSIZED "\"messageType\":\"OversizedConfigurationItemChangeNotification\""

static void test_oversized(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	expect_lines(STR("{" SUMMARY
			 ",\"s3DeliverySummary\":{\"s3BucketLocation\":\"b/k\","
			 "\"errorCode\":null}," OVERSIZED "}"),
		     "", 0, "notice config-oversized\n");
	/* Not delivered, or nothing said of it: the summary is all there is. */
	expect_lines(STR("{" SUMMARY
			 ",\"s3DeliverySummary\":{\"errorCode\":\"AccessDenied\"}}"),
		     "", 0, "item summary 1 r T i\n");
	expect_lines(STR("{" SUMMARY "," OVERSIZED "}"), "", 0, "item summary 1 r T i\n");
	expect_fault(STR("{" OVERSIZED "}"), PARSE_E_REFUSED, 0,
		     "configurationItemSummary", "missing");
	expect_fault(STR("{\"configurationItemSummary\":[]}"), PARSE_E_REFUSED, 28,
		     "configurationItemSummary", "not an object");

	assert_int_equal(collect_record(&c, STR("{" SUMMARY "}"), STR_NULL, 0), 0);
	assert_null(memmem(c.bodies.data, c.bodies.len, "changeType", 10));
	assert_non_null(
		memmem(c.bodies.data, c.bodies.len, "\"configurationStateId\":null", 27));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_no_items),
		cmocka_unit_test(test_notices),
		cmocka_unit_test(test_oversized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
