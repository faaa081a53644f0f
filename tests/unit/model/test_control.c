/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls stop, start or set a source, and what each says, in the forms the API takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/coverage.h"
#include "model/event.h"

static int act_of(const char *source, const char *name, enum coverage_source *ret)
{
	return coverage_control_of(str_of(source), str_of(name), ret);
}

static void test_names(void **state)
{
	static const char config[] = "config.amazonaws.com";
	static const char trail[] = "cloudtrail.amazonaws.com";
	enum coverage_source source;

	(void)state;
	assert_int_equal(act_of(config, "StopConfigurationRecorder", &source),
			 COVERAGE_STOPS);
	assert_int_equal(source, COVERAGE_CONFIG);
	assert_int_equal(act_of(config, "DeleteDeliveryChannel", &source),
			 COVERAGE_STOPS);
	assert_int_equal(act_of(config, "PutConfigurationRecorder", &source),
			 COVERAGE_SETS);
	assert_int_equal(source, COVERAGE_CONFIG);
	assert_int_equal(act_of(trail, "StartLogging", &source), COVERAGE_STARTS);
	assert_int_equal(act_of(trail, "UpdateTrail", &source), COVERAGE_SETS);
	assert_int_equal(source, COVERAGE_TRAIL);
	assert_int_equal(act_of("ec2.amazonaws.com", "StopLogging", &source), -1);
	assert_int_equal(act_of(config, "StopLogging", &source), -1);
	assert_int_equal(act_of(trail, "CreateTrail", &source), COVERAGE_SETS);
	assert_int_equal(act_of(config, "PutDeliveryChannel", &source), COVERAGE_SETS);
	assert_int_equal(act_of(trail, "GetTrail", &source), -1);
}

static void put_setting(struct buf *out, const char *name,
			const struct coverage_setting *s)
{
	buf_printf(out, " %s%s ", name, s->n ? "-" : "+");
	for (size_t i = 0; i < s->n; i++)
		buf_printf(out, "%s%.*s", i ? " | " : "", STR_ARGS(s->unknown[i]));
	buf_put_char(out, ';');
}

/* "TRAIL: ASPECT- UNKNOWN | UNKNOWN; ASPECT+ ; to BUCKET;": - leaves that out, + nothing. */
static void check(const char *service, const char *name, const char *request,
		  const char *want)
{
	static const char *const aspects[COVERAGE_ASPECTS] = { "writes",  "services",
							       "regions", "global",
							       "types",   "moments" };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct event e = { .source = str_of(service), .name = str_of(name) };
	struct coverage_control c = { 0 };
	struct jv v = { 0 };
	int act = coverage_control_of(e.source, e.name, &c.source);

	assert_true(act >= 0);
	c.act = (enum coverage_act)act;
	if (request) {
		assert_int_equal(jv_parse(&a, str_of(request), &v, NULL), 0);
		e.request = &v;
	}
	assert_int_equal(coverage_control_read(&e, &a, &c), 0);
	buf_printf(&text, "%.*s:", STR_ARGS(c.trail));
	for (size_t i = 0; i < COVERAGE_ASPECTS; i++)
		if (c.set[i].said)
			put_setting(&text, aspects[i], &c.set[i]);
	if (c.bucket.n)
		buf_printf(&text, " to %.*s;", STR_ARGS(c.bucket));
	buf_put_char(&text, '\0');
	assert_string_equal(text.data, want);
}

static void test_trails(void **state)
{
	static const char trail[] = "cloudtrail.amazonaws.com";

	(void)state;
	check(trail, "StopLogging", "{\"name\":\"t\"}", "t:");
	check(trail, "DeleteTrail",
	      "{\"name\":\"arn:aws:cloudtrail:us-east-1:1:trail/t\"}", "t:");
	check(trail, "UpdateTrail", NULL, ":");
	check(trail, "UpdateTrail", "{\"name\":\"t\",\"s3BucketName\":\"b\"}",
	      "t: to b;");
	check(trail, "CreateTrail",
	      "{\"name\":\"t\",\"s3BucketName\":\"b\",\"isMultiRegionTrail\":false}",
	      "t: to b;");
	check(trail, "UpdateTrail", "{\"name\":\"t\",\"isMultiRegionTrail\":false}",
	      "t: regions- ;");
	check(trail, "UpdateTrail",
	      "{\"name\":\"t\",\"isMultiRegionTrail\":true,\"includeGlobalServiceEvents\":false}",
	      "t: regions+ ; global- who changed what of global services: IAM, STS and "
	      "CloudFront;");
	check(trail, "UpdateTrail", "{\"name\":\"t\",\"isMultiRegionTrail\":\"no\"}",
	      "t:");
}

static void test_selectors(void **state)
{
	static const char trail[] = "cloudtrail.amazonaws.com";
	static const char name[] = "PutEventSelectors";

	(void)state;
	check(trail, name,
	      "{\"trailName\":\"t\",\"eventSelectors\":[{\"readWriteType\":\"ReadOnly\","
	      "\"includeManagementEvents\":true}]}",
	      "t: writes- ;");
	check(trail, name,
	      "{\"trailName\":\"t\",\"eventSelectors\":[{\"readWriteType\":\"All\","
	      "\"includeManagementEvents\":false}]}",
	      "t: writes- ;");
	/* What is left out has its default: everything. */
	check(trail, name, "{\"trailName\":\"t\",\"eventSelectors\":[{}]}",
	      "t: writes+ ; services+ ;");
	check(trail, name,
	      "{\"trailName\":\"t\",\"eventSelectors\":[{\"excludeManagementEventSources\":"
	      "[\"kms.amazonaws.com\",\"rdsdata.amazonaws.com\"]},{\"readWriteType\":"
	      "\"WriteOnly\",\"excludeManagementEventSources\":[\"kms.amazonaws.com\"]}]}",
	      "t: writes+ ; services- who changed what of kms.amazonaws.com;");
	check(trail, name,
	      "{\"trailName\":\"t\",\"advancedEventSelectors\":[{\"fieldSelectors\":["
	      "{\"field\":\"eventCategory\",\"equals\":[\"Management\"]},"
	      "{\"field\":\"readOnly\",\"equals\":[\"true\"]}]},{\"fieldSelectors\":["
	      "{\"field\":\"eventCategory\",\"equals\":[\"Data\"]}]}]}",
	      "t: writes- ;");
	check(trail, name,
	      "{\"trailName\":\"t\",\"advancedEventSelectors\":[{\"fieldSelectors\":["
	      "{\"field\":\"eventCategory\",\"equals\":[\"Management\"]},"
	      "{\"field\":\"eventSource\",\"notEquals\":[\"kms.amazonaws.com\"]}]}]}",
	      "t: writes+ ; services- who changed what of kms.amazonaws.com;");
	check(trail, name, "{\"trailName\":\"t\"}", "t:");
	check(trail, name, "{\"eventSelectors\":[1,\"x\",null]}",
	      ": writes+ ; services+ ;");
}

#define RECORDER(members) "{\"configurationRecorder\":{\"name\":\"default\"," members "}}"
#define GROUP(members)    RECORDER("\"recordingGroup\":{" members "}")
#define MODE(mode)        RECORDER("\"recordingMode\":" mode)

static void test_recorders(void **state)
{
	static const char config[] = "config.amazonaws.com";
	static const char name[] = "PutConfigurationRecorder";

	(void)state;
	check(config, "StopConfigurationRecorder",
	      "{\"configurationRecorderName\":\"default\"}", ":");
	check(config, name, NULL, ":");
	check(config, name, "{\"configurationRecorder\":{\"name\":\"default\"}}",
	      ": types+ ; moments+ ;");
	check(config, name, "{\"configurationRecorder\":[\"hostile\"]}", ":");
	check(config, name, GROUP("\"allSupported\":true,\"resourceTypes\":[]"),
	      ": types+ ; moments+ ;");
	check(config, name,
	      GROUP("\"allSupported\":false,\"resourceTypes\":[\"AWS::S3::Bucket\","
		    "\"AWS::IAM::Role\",\"AWS::EC2::VPC\"]"),
	      ": global- what changed of AWS::IAM::Group | what changed of "
	      "AWS::IAM::Policy | what changed of AWS::IAM::User; types- what changed of "
	      "all types but AWS::EC2::VPC, AWS::IAM::Role and AWS::S3::Bucket; moments+ ;");
	check(config, name,
	      GROUP("\"exclusionByResourceTypes\":{\"resourceTypes\":[\"AWS::EC2::VPC\","
		    "\"AWS::IAM::Role\",\"AWS::EC2::Volume\",\"AWS::EC2::VPC\"]},"
		    "\"recordingStrategy\":{\"useOnly\":\"EXCLUSION_BY_RESOURCE_TYPES\"}"),
	      ": global- what changed of AWS::IAM::Role; types- what changed of "
	      "AWS::EC2::VPC | what changed of AWS::EC2::Volume; moments+ ;");
}

/* They are recorded by the recorder of one region, and said of each. */
static void test_global_types(void **state)
{
	static const char config[] = "config.amazonaws.com";
	static const char name[] = "PutConfigurationRecorder";

	(void)state;
	check(config, name,
	      GROUP("\"allSupported\":true,\"includeGlobalResourceTypes\":true"),
	      ": global+ ; types+ ; moments+ ;");
	check(config, name,
	      GROUP("\"allSupported\":true,\"includeGlobalResourceTypes\":false"),
	      ": global- what changed of AWS::IAM::Group | what changed of "
	      "AWS::IAM::Policy | what changed of AWS::IAM::Role | what changed of "
	      "AWS::IAM::User; types+ ; moments+ ;");
}

static void test_daily(void **state)
{
	static const char config[] = "config.amazonaws.com";
	static const char name[] = "PutConfigurationRecorder";

	(void)state;
	check(config, name,
	      MODE("{\"recordingFrequency\":\"DAILY\",\"recordingModeOverrides\":[{"
		   "\"resourceTypes\":[\"B\",\"A\"],\"recordingFrequency\":"
		   "\"CONTINUOUS\"}]}"),
	      ": types+ ; moments- what changed back within a day, but for A and B;");
	check(config, name,
	      MODE("{\"recordingFrequency\":\"CONTINUOUS\",\"recordingModeOverrides\":[{"
		   "\"resourceTypes\":[\"A\",\"B\"],\"recordingFrequency\":\"DAILY\"}]}"),
	      ": types+ ; moments- what changed back within a day in A | what changed "
	      "back within a day in B;");
	check(config, name, MODE("[\"hostile\"]"), ": types+ ; moments+ ;");
}

static void test_channels(void **state)
{
	static const char config[] = "config.amazonaws.com";

	(void)state;
	check(config, "PutDeliveryChannel",
	      "{\"deliveryChannel\":{\"name\":\"default\",\"s3BucketName\":\"b\"}}",
	      ": to b;");
	check(config, "PutDeliveryChannel", "{\"deliveryChannel\":7}", ":");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),        cmocka_unit_test(test_trails),
		cmocka_unit_test(test_selectors),    cmocka_unit_test(test_recorders),
		cmocka_unit_test(test_global_types), cmocka_unit_test(test_daily),
		cmocka_unit_test(test_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
