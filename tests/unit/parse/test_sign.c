/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and notices of deliveries say that a source was running; broken ones say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/parse.h"
#include "util/buf.h"

struct seen {
	unsigned notices, signs;
	struct buf text;
};

static int on_notice(void *ctx, const char *what)
{
	(void)what;
	((struct seen *)ctx)->notices++;
	return 0;
}

static int on_sign(void *ctx, const struct coverage_sign *s)
{
	struct seen *seen = ctx;

	seen->signs++;
	buf_printf(&seen->text, "%.*s %.*s %s %lld %lld\n", STR_ARGS(s->account),
		   STR_ARGS(s->region), coverage_source_name(s->source),
		   (long long)s->from_ms, (long long)s->to_ms);
	return 0;
}

static void check(const char *record, bool with, const char *want)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct seen seen = { .text = BUF_INIT };
	const struct parse_sink sink = { .notice = on_notice,
					 .sign = with ? on_sign : NULL,
					 .ctx = &seen };
	struct parser *p = parser_new();
	struct fault f;

	assert_non_null(p);
	assert_int_equal(parse_record(p, str_of(record), STR_NULL, 0, &sink, &f), 0);
	text = seen.text;
	assert_int_equal(seen.notices, 1);
	assert_true(str_is(buf_str(&text), want));
	assert_int_equal(seen.signs, *want != '\0');
	parser_free(p);
}

#define DIGEST(key, end)                                                        \
	"{\"awsAccountId\":\"1\",\"digestStartTime\":\"2024-05-01T10:00:00Z\"," \
	"\"digestEndTime\":\"" end                                              \
	"\",\"digestS3Bucket\":\"b\",\"digestS3Object\":\"" key "\",\"logFiles\":[]}"
#define KEY "x/AWSLogs/1/CloudTrail-Digest/eu-west-1/2024/05/01/d.json.gz"

static void test_digest(void **state)
{
	(void)state;
	check(DIGEST(KEY, "2024-05-01T11:00:00Z"), true,
	      "1 eu-west-1 cloudtrail 1714557600000 1714561200000\n");
	check(DIGEST(KEY, "2024-05-01T11:00:00Z"), false, "");
	check(DIGEST(KEY, "never"), true, "");
	check(DIGEST(KEY, "2024-05-01T09:00:00Z"), true, "");
	check(DIGEST(KEY, "2029-05-01T09:00:00Z"), true, "");
	check(DIGEST("elsewhere", "2024-05-01T11:00:00Z"), true, "");
	check(DIGEST("AWSLogs/1/x", "2024-05-01T11:00:00Z"), true, "");
	/* Of an organization's trail. */
	check(DIGEST("AWSLogs/o-abc123/1/CloudTrail-Digest/eu-west-1/2024/05/01/d.json.gz",
		     "2024-05-01T11:00:00Z"),
	      true, "1 eu-west-1 cloudtrail 1714557600000 1714561200000\n");
	check(DIGEST("AWSLogs/o-abc123/1/x", "2024-05-01T11:00:00Z"), true, "");
}

static void test_delivery(void **state)
{
	(void)state;
	check("{\"s3ObjectKey\":\"AWSLogs/1/Config/eu-west-1/2024/5/1/ConfigHistory/f\","
	      "\"s3Bucket\":\"b\",\"notificationCreationTime\":\"2024-05-01T10:00:00.000Z\","
	      "\"messageType\":\"ConfigurationHistoryDeliveryCompleted\"}",
	      true, "1 eu-west-1 config 1714557600000 1714557600001\n");
	check("{\"s3ObjectKey\":\"AWSLogs/1/Config/eu-west-1/2024/5/1/ConfigHistory/f\","
	      "\"notificationCreationTime\":\"2024-05-01T10:00:00.000Z\","
	      "\"messageType\":\"ConfigurationSnapshotDeliveryFailed\"}",
	      true, "");
	check("{\"messageType\":\"ConfigurationHistoryDeliveryCompleted\"}", true, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
