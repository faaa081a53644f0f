/* SPDX-License-Identifier: Apache-2.0 */
/* How long is waited between tries, where the services are, and what is no endpoint or bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "aws/s3.h"
#include "client.h"

static void waits_within_bounds(void **state _unused_)
{
	unsigned most = 0;

	for (unsigned attempt = 1; attempt < 200; attempt++)
		for (uint64_t random = 0; random < 50; random++) {
			uint64_t spread = random * UINT64_C(0x2545f4914f6cdd1d);
			unsigned ms = aws_backoff_ms(attempt, random & 1, spread, "");

			assert_true(ms <= 20000);
			most = MAX(most, ms);
		}
	assert_true(most > 15000);
	assert_true(aws_backoff_ms(1, false, UINT64_MAX, "") <= 100);
	assert_true(aws_backoff_ms(1, true, UINT64_MAX, "") <= 2000);
	assert_int_equal(aws_backoff_ms(3, true, 0, ""), 0);
}

static void waits_as_told(void **state _unused_)
{
	assert_int_equal(aws_backoff_ms(1, false, 7, "3"), 3000);
	assert_int_equal(aws_backoff_ms(1, false, 7, "3600"), 20000);
	assert_int_equal(aws_backoff_ms(1, false, 7, "99999999999999999999"), 20000);
	assert_true(aws_backoff_ms(1, false, 7, "Wed, 21 Oct 2015 07:28:00 GMT") <= 100);
	assert_true(aws_backoff_ms(1, false, 7, "0") <= 100);
}

static void tells_the_clock(void **state _unused_)
{
	int64_t skew = 0;

	assert_true(aws_skew_of("Thu, 01 Jan 1970 00:00:10 GMT", &skew));
	assert_true(llabs(skew + (int64_t)time(NULL) - 10) < 5);
	assert_false(aws_skew_of("", &skew));
	assert_false(aws_skew_of("yesterday at noon", &skew));
}

static void expect_endpoint(const char *given, const char *region, const char *url)
{
	const struct aws_client c = { .options = { .endpoint_url = given } };
	_cleanup_(buf_deinit) struct buf host = BUF_INIT, got = BUF_INIT;
	struct aws_request rq = { .path = STR("/") };

	assert_int_equal(aws_endpoint(&c, "sqs", str_of(region), &host, &rq) != 0, !url);
	if (!url)
		return;
	assert_int_equal(aws_request_url(&got, &rq), 0);
	buf_put_char(&got, '\0');
	assert_string_equal(got.data, url);
}

static void endpoints(void **state _unused_)
{
	expect_endpoint(NULL, "eu-west-1", "https://sqs.eu-west-1.amazonaws.com/");
	expect_endpoint(NULL, "cn-north-1", "https://sqs.cn-north-1.amazonaws.com.cn/");
	expect_endpoint("http://127.0.0.1:5000", "x", "http://127.0.0.1:5000/");
	expect_endpoint("https://[::1]:5000/", "x", "https://[::1]:5000/");
	expect_endpoint("ftp://127.0.0.1", "x", NULL);
	expect_endpoint("127.0.0.1:5000", "x", NULL);
	expect_endpoint("http://", "x", NULL);
	expect_endpoint("http:///x", "x", NULL);
	expect_endpoint("http://h/path", "x", NULL);
	expect_endpoint("http://user:secret@127.0.0.1:5000", "x", NULL);
	expect_endpoint("", "x", NULL);
}

static void regions_of_buckets(void **state _unused_)
{
	struct aws_client c = { .region = "eu-central-1" };
	struct aws_bucket b;

	assert_int_equal(aws_bucket_init(&b, &c, STR("logs"), false, NULL), 0);
	assert_string_equal(b.region, "eu-central-1");
	c.region[0] = '\0';
	assert_int_equal(aws_bucket_init(&b, &c, STR("logs"), true, NULL), 0);
	assert_string_equal(b.region, "us-east-1");
	assert_true(b.requester_pays);
	/* A region becomes part of a host's name. */
	memcpy(c.region, "evil.example/", sizeof("evil.example/"));
	assert_int_equal(aws_bucket_init(&b, &c, STR("logs"), false, NULL), 0);
	assert_string_equal(b.region, "us-east-1");
}

static void names_of_buckets(void **state _unused_)
{
	static const char *const wrong[] = { "",     "ab",     "a/b",  "a b c",    "-abc",
					     ".abc", "ab?c=d", "ab@c", "b\xc3\xbc" };
	const struct aws_client c = { .region = "" };
	struct aws_bucket b;
	struct fault f;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (aws_bucket_init(&b, &c, str_of(wrong[i]), false, &f) !=
		    AWS_E_NOT_FOUND)
			fail_msg("'%s' is no bucket's name", wrong[i]);
	assert_int_equal(aws_bucket_init(&b, &c, STR("My_Old.bucket-1"), false, &f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_within_bounds), cmocka_unit_test(waits_as_told),
		cmocka_unit_test(tells_the_clock),     cmocka_unit_test(endpoints),
		cmocka_unit_test(regions_of_buckets),  cmocka_unit_test(names_of_buckets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
