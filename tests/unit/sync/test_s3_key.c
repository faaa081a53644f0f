/* SPDX-License-Identifier: Apache-2.0 */
/* What a key says, in every layout, and which keys may hold what is wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "s3_key.h"

#define ORG "o-abc123/AWSLogs/111122223333/"

static void expect(const char *text, enum s3_kind kind, const char *account,
		   const char *region, int date)
{
	struct s3_key k;

	s3_key_read(str_of(text), &k);
	if (k.kind != kind || !str_is(k.account, account) || !str_is(k.region, region) ||
	    k.year * 10000 + k.month * 100 + k.day != date)
		fail_msg("%s: %d %.*s %.*s %d-%d-%d", text, k.kind, STR_ARGS(k.account),
			 STR_ARGS(k.region), k.year, k.month, k.day);
}

static void layouts(void **state _unused_)
{
	expect("AWSLogs/111122223333/Config/us-east-1/2024/5/1/ConfigHistory/x.json.gz",
	       S3_CONFIG, "111122223333", "us-east-1", 20240501);
	expect(ORG "Config/eu-west-1/2024/12/31/ConfigSnapshot/x", S3_CONFIG,
	       "111122223333", "eu-west-1", 20241231);
	expect("AWSLogs/o-abc123/111122223333/CloudTrail/us-east-1/2024/05/01/x.gz",
	       S3_CLOUDTRAIL, "111122223333", "us-east-1", 20240501);
	expect("a/b/AWSLogs/111122223333/CloudTrail-Insight/us-east-1/2024/05/01/x",
	       S3_CLOUDTRAIL, "111122223333", "us-east-1", 20240501);
	/* Control Tower: the id twice */
	expect("o-abc/AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2024/05/01/x",
	       S3_CLOUDTRAIL, "111122223333", "us-east-1", 20240501);
}

static void beginnings(void **state _unused_)
{
	expect("", S3_UNKNOWN, "", "", 0);
	expect("AWSLogs/", S3_UNKNOWN, "", "", 0);
	expect("AWSLogs/111122223333/", S3_UNKNOWN, "111122223333", "", 0);
	expect(ORG "Config/", S3_CONFIG, "111122223333", "", 0);
	expect(ORG "Config/us-east-1/", S3_CONFIG, "111122223333", "us-east-1", 0);
	expect(ORG "Config/us-east-1/2024/", S3_CONFIG, "111122223333", "us-east-1",
	       20240000);
	expect(ORG "Config/us-east-1/2024/5/", S3_CONFIG, "111122223333", "us-east-1",
	       20240500);
}

static void others(void **state _unused_)
{
	expect("AWSLogs", S3_UNKNOWN, "", "", 0);
	expect("AWSLogs/11112222333/Config/x/", S3_UNKNOWN, "", "", 0);
	expect("AWSLogs/111122223333/elasticloadbalancing/us-east-1/2024/05/01/x",
	       S3_UNKNOWN, "111122223333", "", 0);
	expect(ORG "Config/ConfigWritabilityCheckFile", S3_CONFIG, "111122223333", "", 0);
	expect(ORG "Config/us-east-1/20245/5/1/", S3_CONFIG, "111122223333", "us-east-1",
	       0);
	expect(ORG "Config/us-east-1/2024/x/1/", S3_CONFIG, "111122223333", "us-east-1",
	       20240000);
	expect(ORG "Config//2024/5/1/", S3_CONFIG, "111122223333", "", 20240501);
	expect(ORG "Config/us-east-1/2024/13/1/", S3_CONFIG, "111122223333", "us-east-1",
	       20240000);
	expect(ORG "Config/us-east-1/2024/5/32/", S3_CONFIG, "111122223333", "us-east-1",
	       20240500);
	expect("////", S3_UNKNOWN, "", "", 0);
}

static void where_the_region_ends(void **state _unused_)
{
	struct s3_key k;

	s3_key_read(STR(ORG "CloudTrail/us-east-1/"), &k);
	assert_int_equal(k.region_end, sizeof(ORG "CloudTrail/us-east-1/") - 1);
	s3_key_read(STR(ORG "CloudTrail/us-east-1/2024/"), &k);
	assert_int_equal(k.region_end, sizeof(ORG "CloudTrail/us-east-1/") - 1);
	s3_key_read(STR(ORG "CloudTrail/"), &k);
	assert_int_equal(k.region_end, 0);
}

static void days(void **state _unused_)
{
	assert_int_equal(s3_day(1970, 1, 1), 0);
	assert_int_equal(s3_day(1970, 12, 31), 364);
	assert_int_equal(s3_day(2000, 2, 29), 11016);
	assert_int_equal(s3_day(2000, 3, 1), 11017);
	assert_int_equal(s3_day(2024, 5, 1), 19844);
}

static bool fits(const char *text, const struct s3_wish *wish)
{
	struct s3_key k;

	s3_key_read(str_of(text), &k);
	return s3_key_fits(&k, wish);
}

static void wishes(void **state _unused_)
{
	static const char *const accounts[] = { "999999999999", "111122223333" };
	static const char *const regions[] = { "us-east-1" };
	struct s3_wish wish = { .from_day = INT64_MIN, .to_day = INT64_MAX };

	assert_true(fits(ORG "Config/eu-west-1/1999/1/1/x", &wish));
	wish.from_day = s3_day(2024, 5, 10);
	wish.to_day = s3_day(2024, 6, 20);
	assert_true(fits("any/key.json", &wish));
	assert_true(fits(ORG "Config/us-east-1/2024/", &wish));
	assert_true(fits(ORG "Config/us-east-1/2024/5/", &wish));
	assert_true(fits(ORG "Config/us-east-1/2024/5/10/", &wish));
	assert_true(fits(ORG "Config/us-east-1/2024/6/20/x", &wish));
	assert_false(fits(ORG "Config/us-east-1/2023/", &wish));
	assert_false(fits(ORG "Config/us-east-1/2024/4/", &wish));
	assert_false(fits(ORG "Config/us-east-1/2024/5/9/", &wish));
	assert_false(fits(ORG "Config/us-east-1/2024/6/21/", &wish));
	wish = (struct s3_wish){ INT64_MIN, INT64_MAX, accounts, regions, 2, 1 };
	assert_true(fits("AWSLogs/", &wish));
	assert_true(fits(ORG, &wish));
	assert_true(fits(ORG "Config/global/2024/", &wish));
	assert_false(fits(ORG "Config/eu-west-1/", &wish));
	assert_false(fits("AWSLogs/111122224444/", &wish));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts), cmocka_unit_test(beginnings),
		cmocka_unit_test(others),  cmocka_unit_test(where_the_region_ends),
		cmocka_unit_test(days),    cmocka_unit_test(wishes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
