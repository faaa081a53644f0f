/* SPDX-License-Identifier: Apache-2.0 */
/* Which types are recorded daily, and what the states of a recorder mean for the gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/recorder.h"

#define DAY COVERAGE_DAY_MS

static struct recorder read_one(struct arena *a, const char *text)
{
	struct jv *v = arena_alloc(a, sizeof(*v));
	struct recorder r;
	struct fault f = { 0 };

	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	if (recorder_from_jv(v, &r, &f))
		fail_msg("%s: %s", f.field, f.reason);
	return r;
}

#define HEAD           "{\"accountId\":\"1\",\"awsRegion\":\"r\",\"askedTime\":9,"
#define ON             ",\"configurationRecorderStatus\":{\"recording\":true}}"
#define WITH(settings) HEAD "\"configurationRecorder\":{\"name\":\"n\"" settings "}" ON

static void test_daily(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct recorder r;

	(void)state;
	r = read_one(&a, WITH(""));
	assert_false(recorder_is_daily(&r, STR("A")));
	r = read_one(&a, WITH(",\"recordingMode\":{\"recordingFrequency\":\"DAILY\","
			      "\"recordingModeOverrides\":[{\"resourceTypes\":[\"A\"],"
			      "\"recordingFrequency\":\"CONTINUOUS\"}]}"));
	assert_false(recorder_is_daily(&r, STR("A")));
	assert_true(recorder_is_daily(&r, STR("B")));
	r = read_one(&a, WITH(",\"recordingMode\":{\"recordingFrequency\":\"CONTINUOUS\","
			      "\"recordingModeOverrides\":[{\"resourceTypes\":[\"A\"],"
			      "\"recordingFrequency\":\"DAILY\"}]}"));
	assert_true(recorder_is_daily(&r, STR("A")));
	assert_false(recorder_is_daily(&r, STR("B")));
	r = read_one(&a, WITH(",\"recordingMode\":[\"hostile\"]"));
	assert_false(recorder_is_daily(&r, STR("A")));
}

static void put_text(struct buf *out, const struct coverage_gap *g)
{
	buf_printf(out, "%s %lld %lld", coverage_gap_name(g->kind), (long long)g->from_ms,
		   (long long)g->to_ms);
	if (g->unknown.n)
		buf_printf(out, " (%.*s)", STR_ARGS(g->unknown));
	if (g->stop)
		buf_printf(out, " %.*s", STR_ARGS(g->stop->call));
	buf_put_char(out, '\n');
}

/* The gaps that states make, seen a day apart from the tenth on, beside a stop on the second. */
static void check(const char *const *texts, size_t n, bool stopped, const char *want)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT,
					 text = BUF_INIT;
	struct recorder_seen seen[4];
	const struct coverage_day day = { .account = STR("1"),
					  .region = STR("r"),
					  .source = COVERAGE_CONFIG,
					  .day = 1,
					  .n = 1,
					  .writes = 0,
					  .first_ms = DAY,
					  .hours = 1 };
	const struct coverage_control stop = { .account = STR("1"),
					       .region = STR("r"),
					       .source = COVERAGE_CONFIG,
					       .time_ms = 2 * DAY + 1000,
					       .call = STR("Stop"),
					       .principal = STR("eve"),
					       .event_id = STR("e") };

	for (size_t i = 0; i < n; i++)
		seen[i] = (struct recorder_seen){ read_one(&a, texts[i]),
						  (int64_t)(10 + i) * DAY,
						  (int64_t)(10 + i) * DAY };
	assert_int_equal(recorder_coverage(&a, &day, 1, &stop, stopped, seen, n, &spans,
					   &gaps),
			 0);
	for (size_t i = 0; i < gaps.len / sizeof(struct coverage_gap); i++) {
		const struct coverage_gap *g = (const void *)gaps.data;

		if (g[i].source == COVERAGE_CONFIG)
			put_text(&text, &g[i]);
	}
	if (!str_is(buf_str(&text), want))
		fail_msg("gives:\n%.*snot:\n%s", STR_ARGS(buf_str(&text)), want);
}

#define OFF(stop)                                          \
	HEAD "\"configurationRecorder\":{\"name\":\"n\"}," \
	     "\"configurationRecorderStatus\":{\"recording\":false" stop "}}"

static void test_stops(void **state)
{
	static const char *const known[] = { OFF(",\"lastStopTime\":172802") };
	static const char *const told[] = { OFF(",\"lastStopTime\":259200") };
	static const char *const never[] = { OFF("") };
	static const char *const again[] = {
		HEAD "\"configurationRecorder\":{\"name\":\"n\"},"
		     "\"configurationRecorderStatus\":{\"recording\":true,"
		     "\"lastStopTime\":259200,\"lastStartTime\":345600}}"
	};

	(void)state;
	/* The trail knows who it was: the status adds nothing. */
	check(known, 1, true, "recorder stopped 172801000 -1 Stop\n");
	check(told, 1, false,
	      "recorder stopped 259200000 -1 DescribeConfigurationRecorderStatus\n");
	check(never, 1, false,
	      "recorder stopped 864000000 -1 DescribeConfigurationRecorderStatus\n");
	check(again, 1, false,
	      "recorder stopped 259200000 345600000 DescribeConfigurationRecorderStatus\n");
}

#define GROUP(types)                                               \
	WITH(",\"recordingGroup\":{\"exclusionByResourceTypes\":{" \
	     "\"resourceTypes\":[" types "]}}")
#define CALL " DescribeConfigurationRecorders\n"

static void test_types(void **state)
{
	static const char *const comes[] = { WITH(""), GROUP("\"A\",\"B\""),
					     GROUP("\"B\""), GROUP("\"B\",\"C\"") };
	static const char *const few[] = { WITH(
		",\"recordingGroup\":{\"allSupported\":false,\"resourceTypes\":[\"A\","
		"\"B\"]}") };
	static const char *const all[] = { WITH(
		",\"recordingGroup\":{\"allSupported\":true,\"resourceTypes\":[\"A\"]}") };

	(void)state;
	check(comes, 4, false,
	      "recorder narrowed 950400000 1036800000 (what changed of A)" CALL
	      "recorder narrowed 950400000 -1 (what changed of B)" CALL
	      "recorder narrowed 1123200000 -1 (what changed of C)" CALL);
	check(few, 1, false,
	      "recorder narrowed 864000000 -1 (what changed of AWS::IAM::Group)" CALL
	      "recorder narrowed 864000000 -1 (what changed of AWS::IAM::Policy)" CALL
	      "recorder narrowed 864000000 -1 (what changed of AWS::IAM::Role)" CALL
	      "recorder narrowed 864000000 -1 (what changed of AWS::IAM::User)" CALL
	      "recorder narrowed 864000000 -1 (what changed of all types but A and B)" CALL);
	check(all, 1, false, "");
}

/* A call and the description that agrees with it are one gap; a later one ends it. */
static void test_agreement(void **state)
{
	static const char *const comes[] = { GROUP("\"A\""), GROUP("\"A\",\"B\""),
					     WITH("") };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT,
					 text = BUF_INIT;
	struct str what = STR("what changed of A");
	struct coverage_control call = { .account = STR("1"),
					 .region = STR("r"),
					 .source = COVERAGE_CONFIG,
					 .act = COVERAGE_SETS,
					 .time_ms = 2 * DAY,
					 .call = STR("Put"),
					 .principal = STR("eve"),
					 .event_id = STR("e") };
	struct recorder_seen seen[ARRAY_SIZE(comes)];

	(void)state;
	call.set[COVERAGE_TYPES] = (struct coverage_setting){ true, 1, &what };
	for (size_t i = 0; i < ARRAY_SIZE(comes); i++)
		seen[i] = (struct recorder_seen){ read_one(&a, comes[i]),
						  (int64_t)(10 + i) * DAY,
						  (int64_t)(10 + i) * DAY };
	/* Without any day of the account's: what is described is known all the same. */
	assert_int_equal(recorder_coverage(&a, NULL, 0, &call, 1, seen, ARRAY_SIZE(seen),
					   &spans, &gaps),
			 0);
	for (size_t i = 0; i < gaps.len / sizeof(struct coverage_gap); i++)
		put_text(&text,
			 &((const struct coverage_gap *)(const void *)gaps.data)[i]);
	buf_put_char(&text, '\0');
	assert_string_equal(
		text.data,
		"recorder narrowed 172800000 1036800000 (what changed of A) Put\n"
		"recorder narrowed 950400000 1036800000 (what changed of B)" CALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_daily),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_agreement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
