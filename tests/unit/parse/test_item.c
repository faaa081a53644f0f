/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration items: what is required and where it may be taken from else, what is refused and
 * with which words, members by their old names, and what the canonical form does with each.
 */
#include <stdio.h>

#include "collect.h"

#define ID    "\"resourceType\":\"AWS::EC2::Instance\",\"resourceId\":\"i-1\""
#define PLACE "\"awsAccountId\":\"123456789012\",\"awsRegion\":\"eu-west-1\""
#define TIME  "\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\""
#define LINE  "item delivery 123456789012 eu-west-1 AWS::EC2::Instance i-1\n"

/* The one item's body has this member. */
static void expect_member(const char *members, const char *key, const char *wanted)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(collect_deinit) struct collect c = collect_new();
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	const struct jv *value;
	struct jv body;

	buf_printf(&text, "{" ID "," PLACE "," TIME "%s%s}", members[0] ? "," : "",
		   members);
	if (collect_record(&c, buf_str(&text), STR_NULL, 0) != 0)
		fail_msg("%s: %s: %s", members, c.fault.field, c.fault.reason);
	assert_int_equal(jv_parse(&a, buf_str(&c.bodies), &body, NULL), 0);
	value = jv_get(&body, key);
	if (value)
		jv_write(&got, value);
	if (!str_is(buf_str(&got), wanted))
		fail_msg("%s: %s is %.*s, not %s", members, key, STR_ARGS(buf_str(&got)),
			 wanted);
}

static void test_least(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	assert_int_equal(collect_record(&c, STR(" {" ID "," PLACE "," TIME "}\n"),
					STR_NULL, 0),
			 0);
	assert_true(str_is(buf_str(&c.lines), LINE));
	assert_true(str_is(buf_str(&c.raws), "{" ID "," PLACE "," TIME "}\n"));
	assert_true(str_is(
		buf_str(&c.bodies),
		"{\"ARN\":null,\"availabilityZone\":null,\"awsAccountId\":\"123456789012\","
		"\"awsRegion\":\"eu-west-1\",\"configuration\":null,"
		"\"configurationItemCaptureTime\":\"2024-05-01T10:15:00.123Z\","
		"\"configurationItemStatus\":\"OK\",\"configurationItemVersion\":null,"
		"\"configurationStateId\":null,\"configurationStateMd5Hash\":null,"
		"\"relatedEvents\":null,\"relationships\":null,\"resourceCreationTime\":null,"
		"\"resourceId\":\"i-1\",\"resourceName\":null,"
		"\"resourceType\":\"AWS::EC2::Instance\",\"supplementaryConfiguration\":null,"
		"\"tags\":null}\n"));
}

static void test_extra(void **state)
{
	(void)state;
	expect_member("\"zeta\":1,\"Alpha\":{\"b\":1,\"a\":2},\"null\":null", "Alpha",
		      "{\"a\":2,\"b\":1}");
	expect_member("\"zeta\":1,\"zeta\":2", "zeta", "2");
	expect_member("\"recordingFrequency\":\"DAILY\"", "recordingFrequency",
		      "\"DAILY\"");
	expect_member("\"nothing\":null", "nothing", "");
	expect_member("", "configurationItemDeliveryTime", "");
	expect_member("\"configurationItemDeliveryTime\":1714558500.5",
		      "configurationItemDeliveryTime", "\"2024-05-01T10:15:00.500Z\"");
	/* Strings with JSON are opened in the configuration only. */
	expect_member("\"extra\":\"{}\"", "extra", "\"{}\"");
}

/* The last of one name counts, wherever it stands. */
static void test_doubled_names(void **state)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	struct str text = STR("{\"resourceId\":\"i-0\"," ID "," PLACE "," TIME
			      ",\"tags\":{\"k\":\"1\",\"k\":\"2\"}}");

	(void)state;
	assert_int_equal(collect_record(&c, text, STR_NULL, 0), 0);
	assert_true(str_is(buf_str(&c.lines), LINE));
	/* Nothing of it is lost as received. */
	assert_true(str_starts(buf_str(&c.raws), "{\"resourceId\":\"i-0\"," ID));
	expect_member("\"tags\":{\"k\":\"1\",\"k\":\"2\"}", "tags", "{\"k\":\"2\"}");
	expect_member(
		"\"configuration\":{\"x\":1},\"configuration\":{\"a\":1,\"b\":[{\"c\":1,"
		"\"c\":null}],\"a\":2}",
		"configuration", "{\"a\":2,\"b\":[{\"c\":null}]}");
	expect_member(
		"\"supplementaryConfiguration\":{\"s\":\"{\\\"x\\\":1,\\\"x\\\":2}\"}",
		"supplementaryConfiguration", "{\"s\":{\"x\":2}}");
	/* The name of the files counts before the API's; null is left out. */
	expect_member("\"ARN\":\"a\",\"ARN\":\"b\",\"arn\":\"c\"", "ARN", "\"b\"");
	expect_member("\"resourceName\":\"a\",\"resourceName\":null", "resourceName",
		      "\"a\"");
}

static void test_old_names(void **state)
{
	(void)state;
	expect_member("\"configurationStateID\":\"a-guid\"", "configurationStateId",
		      "\"a-guid\"");
	expect_member("\"configurationItemState\":8", "configurationStateId", "8");
	expect_member("\"availibilityZone\":\"us-east-1a\"", "availabilityZone",
		      "\"us-east-1a\"");
	expect_member("\"snapshotVersion\":\"1.0\"", "configurationItemVersion",
		      "\"1.0\"");
	expect_member("\"version\":1.3", "configurationItemVersion", "\"1.3\"");
	expect_member("\"configurationItemMD5Hash\":\"ff\"", "configurationStateMd5Hash",
		      "\"ff\"");
	/* The canonical name counts, wherever it stands; a null does not. */
	expect_member("\"ARN\":\"canonical\",\"arn\":\"other\"", "ARN", "\"canonical\"");
	expect_member("\"arn\":\"other\",\"ARN\":\"canonical\"", "ARN", "\"canonical\"");
	expect_member("\"arn\":\"other\",\"ARN\":null", "ARN", "\"other\"");
	expect_member("\"arn\":\"other\",\"ARN\":null", "arn", "");
}

static void test_state_id(void **state)
{
	(void)state;
	expect_member("\"configurationStateId\":\"1714558500123\"",
		      "configurationStateId", "1714558500123");
	expect_member("\"configurationStateId\":1714558500123", "configurationStateId",
		      "1714558500123");
	/* None, whoever writes it. */
	expect_member("\"configurationStateId\":\"0\"", "configurationStateId", "null");
	expect_member("\"configurationStateId\":0", "configurationStateId", "null");
	expect_member("\"configurationStateId\":\"007\"", "configurationStateId",
		      "\"007\"");
	expect_member("\"configurationStateId\":\"\"", "configurationStateId", "null");
	expect_member("\"configurationStateId\":{}", "configurationStateId", "null");
}

/* Spellings of other years become today's; what is received is kept as it is. */
static void test_old_words(void **state)
{
	static const char *const statuses[][2] = {
		{ "Ok", "\"OK\"" },
		{ "Discovered", "\"ResourceDiscovered\"" },
		{ "Deleted", "\"ResourceDeleted\"" },
		{ "ResourceDeletedNotRecorded", "\"ResourceDeletedNotRecorded\"" },
		{ "Resting", "\"Resting\"" },
	};
	_cleanup_(collect_deinit) struct collect c = collect_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		char member[80];

		(void)snprintf(member, sizeof(member),
			       "\"configurationItemStatus\":\"%s\"", statuses[i][0]);
		expect_member(member, "configurationItemStatus", statuses[i][1]);
	}
	expect_member("\"relationships\":[{\"resourceType\":\"AWS::EC2::INSTANCE\"}]",
		      "relationships",
		      "[{\"name\":null,\"resourceId\":null,\"resourceName\":null,"
		      "\"resourceType\":\"AWS::EC2::Instance\"}]");
	assert_int_equal(collect_record(&c,
					STR("{\"resourceType\":\"AWS::EC2::INSTANCE\","
					    "\"resourceId\":\"i-1\"," PLACE "," TIME "}"),
					STR_NULL, 0),
			 0);
	assert_true(str_is(buf_str(&c.lines), LINE));
	assert_true(str_starts(buf_str(&c.raws), "{\"resourceType\":\"AWS::EC2::INST"
						 "ANCE\""));
}

static void test_times(void **state)
{
	(void)state;
	expect_member("\"resourceCreationTime\":\"2024-04-30T08:00:00Z\"",
		      "resourceCreationTime", "\"2024-04-30T08:00:00.000Z\"");
	expect_member("\"resourceCreationTime\":1714464000", "resourceCreationTime",
		      "\"2024-04-30T08:00:00.000Z\"");
	/* Nothing hangs on it: what is odd is kept. */
	expect_member("\"resourceCreationTime\":\"0001-01-01T00:00:00Z\"",
		      "resourceCreationTime", "\"0001-01-01T00:00:00Z\"");
	expect_member("\"resourceCreationTime\":\"long ago\"", "resourceCreationTime",
		      "\"long ago\"");
}

static void test_tags(void **state)
{
	(void)state;
	expect_member("\"tags\":{\"b\":\"2\",\"a\":\"1\"}", "tags",
		      "{\"a\":\"1\",\"b\":\"2\"}");
	expect_member("\"tags\":[{\"key\":\"b\",\"value\":\"2\",\"tag\":\"b=2\"},"
		      "{\"Key\":\"a\",\"Value\":\"1\"}]",
		      "tags", "{\"a\":\"1\",\"b\":\"2\"}");
	expect_member("\"tags\":[{\"key\":\"a\"}]", "tags", "{\"a\":null}");
	expect_member("\"tags\":[]", "tags", "{}");
	expect_member("\"tags\":null", "tags", "null");
}

static void test_relationships(void **state)
{
	(void)state;
	expect_member(
		"\"relationships\":[{\"relationshipName\":\" Is attached to \","
		"\"resourceId\":\"v\",\"resourceType\":\"T\",\"direction\":\"OUT\","
		"\"nothing\":null}]",
		"relationships",
		"[{\"direction\":\"OUT\",\"name\":\"Is attached to\",\"resourceId\":\"v\","
		"\"resourceName\":null,\"resourceType\":\"T\"}]");
	expect_member("\"relationships\":[]", "relationships", "[]");
}

static void test_strings(void **state)
{
	(void)state;
	expect_member("\"configuration\":\"{\\\"a\\\":1.10}\"", "configuration",
		      "{\"a\":1.10}");
	expect_member("\"configuration\":\"null\"", "configuration", "null");
	expect_member("\"configuration\":\" \"", "configuration", "null");
	expect_member("\"configuration\":\"plain words\"", "configuration",
		      "\"plain words\"");
	/* The API stringifies supplementary values, scalars as well; files do not. */
	expect_member(
		"\"configuration\":\"{}\",\"supplementaryConfiguration\":{\"a\":\"true\","
		"\"b\":\"\\\"text\\\"\",\"c\":\"null\",\"d\":\"[1]\",\"e\":\"word\",\"f\":7}",
		"supplementaryConfiguration",
		"{\"a\":true,\"b\":\"text\",\"c\":null,\"d\":[1],\"e\":\"word\",\"f\":7}");
	expect_member(
		"\"configuration\":{},\"supplementaryConfiguration\":{\"a\":\"true\","
		"\"b\":\"\\\"text\\\"\",\"c\":\"null\",\"d\":\"[1]\"}",
		"supplementaryConfiguration",
		"{\"a\":\"true\",\"b\":\"\\\"text\\\"\",\"c\":\"null\",\"d\":[1]}");
	expect_member(
		"\"version\":\"1.3\",\"supplementaryConfiguration\":{\"a\":\"true\"}",
		"supplementaryConfiguration", "{\"a\":true}");
	expect_member("\"supplementaryConfiguration\":\"{\\\"a\\\":1}\"",
		      "supplementaryConfiguration", "{\"a\":1}");
}

#define WITH(rest) STR("{" TIME "," rest "}")

static void test_identity(void **state)
{
	(void)state;
	/* From the ARN, for IAM the region from the type. */
	expect_lines(WITH(ID
			  ",\"ARN\":\"arn:aws:ec2:eu-west-1:123456789012:instance/i-1\""),
		     "", 0, LINE);
	expect_lines(
		WITH(ID
		     ",\"awsAccountId\":\"\",\"awsRegion\":\"\",\"arn\":"
		     "\"arn:aws:ec2:eu-west-1:123456789012:instance/i-1\",\"tags\":{}"),
		"", 0, "item api 123456789012 eu-west-1 AWS::EC2::Instance i-1\n");
	expect_lines(WITH("\"resourceType\":\"AWS::IAM::User\",\"resourceId\":\"AIDA\","
			  "\"ARN\":\"arn:aws:iam::123456789012:user/a\""),
		     "", 0, "item delivery 123456789012 global AWS::IAM::User AIDA\n");
	/* What is the same everywhere has no region, though one recorded it. */
	expect_lines(
		WITH("\"resourceType\":\"AWS::IAM::User\",\"resourceId\":\"AIDA\"," PLACE),
		"", 0, "item delivery 123456789012 global AWS::IAM::User AIDA\n");
	/* Numbers by their text; an account's zeros come back. */
	expect_lines(
		WITH("\"resourceType\":\"T\",\"resourceId\":1.50,\"awsAccountId\":12345678901,"
		     "\"awsRegion\":\"r\""),
		"", 0, "item delivery 012345678901 r T 1.50\n");
	expect_lines(
		WITH("\"resourceType\":\"T\",\"resourceId\":\"a/b:c|d \\u00e9\"," PLACE),
		"", 0, "item delivery 123456789012 eu-west-1 T a/b:c|d \xc3\xa9\n");
}

static void test_guises(void **state)
{
	(void)state;
	expect_lines(WITH(ID "," PLACE), "", 0, LINE);
	expect_lines(WITH(ID "," PLACE ",\"version\":\"1.3\",\"relationships\":[]"), "",
		     0, "item api 123456789012 eu-west-1 AWS::EC2::Instance i-1\n");
	expect_lines(WITH(ID "," PLACE ",\"version\":\"1.3\""), "baseConfigurationItems",
		     0, "item batch 123456789012 eu-west-1 AWS::EC2::Instance i-1\n");
	expect_lines(WITH(ID "," PLACE), "Results", 0,
		     "item select 123456789012 eu-west-1 AWS::EC2::Instance i-1\n");
}

static void refuse(struct str text, const char *field, const char *reason)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	int r = collect_record(&c, text, STR_NULL, 0);

	if (r != PARSE_E_REFUSED || strcmp(c.fault.field, field) != 0 ||
	    strcmp(c.fault.reason, reason) != 0 || c.lines.len > 0)
		fail_msg("%.*s: %d, %s: %s", STR_ARGS(text), r, c.fault.field,
			 c.fault.reason);
}

static void test_refused_identity(void **state)
{
	(void)state;
	refuse(WITH("\"resourceId\":\"i-1\"," PLACE), "resourceType", "missing");
	refuse(WITH("\"resourceType\":{},\"resourceId\":\"i-1\"," PLACE), "resourceType",
	       "neither string nor number");
	refuse(WITH("\"resourceType\":7,\"resourceId\":\"i-1\"," PLACE), "resourceType",
	       "not a string");
	refuse(WITH("\"resourceType\":\"\",\"resourceId\":\"i-1\"," PLACE),
	       "resourceType", "empty");
	refuse(WITH("\"resourceType\":\"AWS::IAM::User\",\"resourceId\":\"AIDA\","
		    "\"awsAccountId\":\"123456789012\",\"awsRegion\":{}"),
	       "awsRegion", "neither string nor number");
	refuse(WITH("\"resourceType\":\"T\"," PLACE), "resourceId", "missing");
	refuse(WITH("\"resourceType\":\"T\",\"resourceId\":\"\"," PLACE), "resourceId",
	       "empty");
	refuse(WITH("\"resourceType\":\"T\",\"resourceId\":null," PLACE), "resourceId",
	       "missing");
	refuse(WITH("\"resourceType\":\"T\",\"resourceId\":[\"i\"]," PLACE), "resourceId",
	       "neither string nor number");
	refuse(WITH(ID ",\"awsRegion\":\"r\""), "awsAccountId", "missing");
	refuse(WITH(ID ",\"accountId\":\"\",\"awsRegion\":\"r\""), "accountId", "empty");
	refuse(WITH(ID ",\"awsAccountId\":1.5,\"awsRegion\":\"r\""), "awsAccountId",
	       "not an account id");
	refuse(WITH(ID ",\"awsAccountId\":1234567890123,\"awsRegion\":\"r\""),
	       "awsAccountId", "not an account id");
	refuse(WITH(ID ",\"awsAccountId\":\"1\",\"ARN\":\"arn:aws:s3:::b\""), "awsRegion",
	       "missing");
}

static void test_refused_rest(void **state)
{
	(void)state;
	refuse(STR("{" ID "," PLACE ",\"configurationItemStatus\":\"OK\"}"),
	       "configurationItemCaptureTime", "missing");
	refuse(STR("{" ID "," PLACE ",\"configurationItemCaptureTime\":\"soon\"}"),
	       "configurationItemCaptureTime", "not a time");
	refuse(STR("{" ID "," PLACE ",\"configurationItemCaptureTime\":4102444800}"),
	       "configurationItemCaptureTime", "before 1970 or after 2099");
	refuse(WITH(ID "," PLACE ",\"configurationItemStatus\":3"),
	       "configurationItemStatus", "not a string");
	refuse(WITH(ID "," PLACE ",\"configuration\":true"), "configuration",
	       "neither object nor string");
	refuse(WITH(ID "," PLACE ",\"configuration\":\"{\\\"a\\\":}\""), "configuration",
	       "not JSON: '}' stands where a value should be");
	refuse(WITH(ID "," PLACE ",\"supplementaryConfiguration\":[]"),
	       "supplementaryConfiguration", "not an object");
	refuse(WITH(ID "," PLACE ",\"relationships\":{}"), "relationships",
	       "not an array");
	refuse(WITH(ID "," PLACE ",\"relationships\":[1]"), "relationships",
	       "an element is not an object");
	refuse(WITH(ID "," PLACE ",\"tags\":\"a=b\""), "tags",
	       "neither object nor array");
	refuse(WITH(ID "," PLACE ",\"tags\":[{\"value\":\"v\"}]"), "tags",
	       "an element has no key");
}

static void test_long_id(void **state)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char id[4098];

	(void)state;
	memset(id, 'x', sizeof(id));
	buf_printf(&text,
		   "{" TIME "," PLACE
		   ",\"resourceType\":\"T\",\"resourceId\":\"%.4096s\"}",
		   id);
	{
		_cleanup_(collect_deinit) struct collect c = collect_new();

		assert_int_equal(collect_record(&c, buf_str(&text), STR_NULL, 0), 0);
	}
	buf_reset(&text);
	buf_printf(&text,
		   "{" TIME "," PLACE
		   ",\"resourceType\":\"T\",\"resourceId\":\"%.4097s\"}",
		   id);
	refuse(buf_str(&text), "resourceId", "longer than 4096 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_doubled_names),
		cmocka_unit_test(test_old_names),
		cmocka_unit_test(test_state_id),
		cmocka_unit_test(test_old_words),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_relationships),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_guises),
		cmocka_unit_test(test_refused_identity),
		cmocka_unit_test(test_refused_rest),
		cmocka_unit_test(test_long_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
