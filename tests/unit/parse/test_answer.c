/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of API answers: recorders, keys, points of metrics; and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/parse.h"

static int on_recorder(void *ctx, const struct recorder *r)
{
	buf_printf(ctx, "recorder %.*s %.*s %.*s %lld %d %lld %lld %.*s|%.*s\n",
		   STR_ARGS(r->account), STR_ARGS(r->region), STR_ARGS(r->name),
		   (long long)r->asked_ms, r->recording, (long long)r->started_ms,
		   (long long)r->stopped_ms, STR_ARGS(r->failure),
		   STR_ARGS(r->delivery_failure));
	return 0;
}

static int on_key(void *ctx, const struct public_key *key)
{
	buf_printf(ctx, "key %.*s %zu %lld %lld\n", STR_ARGS(key->fingerprint),
		   key->der.n, (long long)key->from_ms, (long long)key->to_ms);
	return 0;
}

static int on_metric(void *ctx, const struct metric_data *m)
{
	buf_printf(ctx, "metric %.*s %.*s %.*s %.*s %.*s %lld", STR_ARGS(m->account),
		   STR_ARGS(m->region), STR_ARGS(m->namespace), STR_ARGS(m->metric),
		   STR_ARGS(m->statistic), (long long)m->period_s);
	for (size_t i = 0; i < m->n_dimensions; i++)
		buf_printf(ctx, " %.*s=%.*s", STR_ARGS(m->dimensions[i].name),
			   STR_ARGS(m->dimensions[i].value));
	for (size_t i = 0; i < m->n_points; i++)
		buf_printf(ctx, " %lld:%.*s", (long long)m->points[i].time_ms,
			   STR_ARGS(m->points[i].value));
	buf_put_char(ctx, '\n');
	return 0;
}

static int on_notice(void *ctx, const char *what)
{
	buf_printf(ctx, "notice %s\n", what);
	return 0;
}

static void check(const char *record, bool with, int wanted, const char *lines)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct parse_sink sink = { .notice = on_notice,
					 .recorder = with ? on_recorder : NULL,
					 .key = with ? on_key : NULL,
					 .metric = with ? on_metric : NULL,
					 .ctx = &text };
	struct parser *p = parser_new();
	struct fault f = { 0 };
	int r;

	assert_non_null(p);
	r = parse_record(p, str_of(record), STR_NULL, 0, &sink, &f);
	if (r != wanted || !str_is(r ? str_of(f.field) : buf_str(&text), lines))
		fail_msg("%s\nreturns %d (%s: %s) and gives:\n%.*s", record, r, f.field,
			 f.reason, STR_ARGS(buf_str(&text)));
	parser_free(p);
}

#define RECORDER(account, asked, name, status)                                     \
	"{\"accountId\":" account ",\"awsRegion\":\"r\",\"askedTime\":" asked      \
	",\"configurationRecorder\":{\"name\":" name "}," status                   \
	"\"deliveryChannelStatus\":{\"configStreamDeliveryInfo\":{\"lastStatus\":" \
	"\"FAILURE\",\"lastErrorCode\":\"NoTopic\"}}}"
#define RUNNING                                                                       \
	"\"configurationRecorderStatus\":{\"recording\":true,\"lastStartTime\":5.25," \
	"\"lastStatus\":\"Success\",\"lastErrorCode\":\"old\"},"

static void test_recorder(void **state)
{
	(void)state;
	check(RECORDER("\"1\"", "7", "\"default\"", RUNNING), true, 0,
	      "recorder 1 r default 7000 1 5250 -1 |NoTopic\n");
	check(RECORDER("\"1\"", "7", "\"default\"", RUNNING), false, 0,
	      "notice config-recorder\n");
	check(RECORDER("\"1\"", "7", "\"default\"", ""), true, PARSE_E_REFUSED,
	      "configurationRecorderStatus.recording");
	check(RECORDER("1", "7", "\"default\"", RUNNING), true, PARSE_E_REFUSED,
	      "accountId");
	check(RECORDER("\"1\"", "\"soon\"", "\"default\"", RUNNING), true,
	      PARSE_E_REFUSED, "askedTime");
	check(RECORDER("\"1\"", "7", "null", RUNNING), true, PARSE_E_REFUSED,
	      "configurationRecorder.name");
	/* AWS's own answers say neither when nor of whom. */
	check("{\"ConfigurationRecorders\":[{\"name\":\"default\"}]}", true, 0,
	      "notice config-recorder\n");
}

#define KEY(value, print, from)                                                 \
	"{\"PublicKeyList\":[{\"Value\":\"" value "\",\"Fingerprint\":\"" print \
	"\",\"ValidityStartTime\":" from ",\"ValidityEndTime\":\"2024-05-01\"}]}"
#define DER   "MIIBCgKCAQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PRINT "0123456789abcdef0123456789abcdef"

static void test_key(void **state)
{
	(void)state;
	check(KEY(DER, PRINT, "1.5"), true, 0, "key " PRINT " 38 1500 1714521600000\n");
	check(KEY(DER, PRINT, "1.5"), false, 0, "notice cloudtrail-key\n");
	check(KEY(DER, "0123456789ABCDEF0123456789ABCDEF", "1"), true, PARSE_E_REFUSED,
	      "Fingerprint");
	check(KEY("!", PRINT, "1"), true, PARSE_E_REFUSED, "Value");
	check(KEY("AAAA", PRINT, "1"), true, PARSE_E_REFUSED, "Value");
	check(KEY(DER, PRINT, "\"soon\""), true, PARSE_E_REFUSED, "ValidityStartTime");
}

#define METRIC(account, period, times, values)                                           \
	"{\"accountId\":" account ",\"awsRegion\":\"r\",\"MetricDataQueries\":[{\"Id\":" \
	"\"m0\",\"MetricStat\":{\"Metric\":{\"Namespace\":\"AWS/EC2\",\"MetricName\":"   \
	"\"CPU\",\"Dimensions\":[{\"Name\":\"InstanceId\",\"Value\":\"i-1\"}]},"         \
	"\"Period\":" period ",\"Stat\":\"Average\"}}],\"MetricDataResults\":[{\"Id\":"  \
	"\"m0\",\"Label\":\"x\",\"Timestamps\":" times ",\"Values\":" values             \
	",\"StatusCode\":\"Complete\"}]}"

static void test_metric(void **state)
{
	(void)state;
	check(METRIC("\"1\"", "60", "[120,60]", "[1.50,2e-7]"), true, 0,
	      "metric 1 r AWS/EC2 CPU Average 60 InstanceId=i-1 120000:1.50 60000:2e-7\n");
	check(METRIC("\"1\"", "60", "[]", "[]"), true, 0, "notice metric-data\n");
	check(METRIC("\"1\"", "60", "[60]", "[1]"), false, 0, "notice metric-data\n");
	check(METRIC("\"1\"", "60", "[60,120]", "[1]"), true, PARSE_E_REFUSED,
	      "Timestamps");
	check(METRIC("\"1\"", "60", "[\"soon\"]", "[1]"), true, PARSE_E_REFUSED,
	      "Timestamps");
	check(METRIC("\"1\"", "60", "[60]", "[\"1\"]"), true, PARSE_E_REFUSED, "Values");
	check(METRIC("\"1\"", "60", "{}", "[]"), true, PARSE_E_REFUSED, "Timestamps");
	check(METRIC("null", "60", "[60]", "[1]"), true, PARSE_E_REFUSED, "accountId");
	check(METRIC("\"1\"", "0", "[60]", "[1]"), true, PARSE_E_REFUSED, "Id");
	check(METRIC("\"1\"", "1234567890", "[60]", "[1]"), true, PARSE_E_REFUSED, "Id");
	/* An answer alone does not say what it is of. */
	check("{\"MetricDataResults\":[{\"Id\":\"m0\",\"Timestamps\":[60],\"Values\":[1]}]}",
	      true, 0, "notice metric-data\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorder),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_metric),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
