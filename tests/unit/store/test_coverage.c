/* SPDX-License-Identifier: Apache-2.0 */
/* What coverage is reckoned from: days of each account, source and region, calls that control. */
#include <stdio.h>

#include "coverage.h"
#include "history.h"
#include "store/coverage.h"

#define OTHER "999988887777"

static void put_sign(struct history *h, struct str account, enum coverage_source source,
		     struct str region, int64_t day, int64_t days)
{
	const struct coverage_sign sign = { .account = account,
					    .region = region,
					    .source = source,
					    .from_ms = day * COVERAGE_DAY_MS + 7200000,
					    .to_ms = (day + days) * COVERAGE_DAY_MS };

	assert_int_equal(store_put_sign(h->s, &sign), 0);
}

static void put_days(struct history *h)
{
	begin(h);
	put_sign(h, STR(ACCOUNT), COVERAGE_TRAIL, STR("us-east-1"), 9, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_TRAIL, STR("us-east-1"), 3, 2);
	put_sign(h, STR(ACCOUNT), COVERAGE_TRAIL, STR("us-east-10"), 3, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_ALARM, STR("us-east-1"), 5, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_CONFIG, STR("us-east-1"), 4, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_CONFIG, STR(""), 4, 1);
	put_sign(h, STR(OTHER), COVERAGE_TRAIL, STR("us-east-1"), 4, 1);
	assert_int_equal(coverage_day_add(h->s, COVERAGE_TRAIL, STR(OTHER),
					  STR("us-east-1"), 4 * COVERAGE_DAY_MS + 3600001,
					  5, 2),
			 0);
	commit(h);
}

static void put_text(const struct coverage_day *days, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%.*s %d '%.*s' %d: %d %d %d %d %x\n",
			   STR_ARGS(days[i].account), (int)days[i].source,
			   STR_ARGS(days[i].region), (int)days[i].day, (int)days[i].n,
			   (int)days[i].writes,
			   (int)(days[i].first_ms - days[i].day * COVERAGE_DAY_MS),
			   (int)(days[i].last_ms - days[i].day * COVERAGE_DAY_MS),
			   days[i].hours);
	buf_put_char(out, '\0');
}

#define OF_TRAIL                                                    \
	ACCOUNT " 2 'us-east-1' 3: 0 0 7200000 7200000 4\n" ACCOUNT \
		" 2 'us-east-1' 4: 0 0 0 0 1\n" ACCOUNT             \
		" 2 'us-east-1' 9: 0 0 7200000 7200000 4\n" ACCOUNT \
		" 2 'us-east-10' 3: 0 0 7200000 7200000 4\n"
#define OF_ACCOUNT                                                           \
	ACCOUNT " 1 '' 4: 0 0 7200000 7200000 4\n" ACCOUNT                   \
		" 1 'us-east-1' 4: 0 0 7200000 7200000 4\n" OF_TRAIL ACCOUNT \
		" 3 'us-east-1' 5: 0 0 7200000 7200000 4\n"
#define OF_OTHER OTHER " 2 'us-east-1' 4: 5 2 3600001 7200000 6\n"

/* In order, whatever came first; none where there are none. */
static void test_days(void **state)
{
	static const struct {
		const char *account, *want;
	} cases[] = { { ACCOUNT, OF_ACCOUNT }, { OTHER, OF_OTHER }, { "1", "" } };
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct history *h = *state;
	struct coverage_control *controls;
	struct coverage_day *days;
	size_t n, n_controls;

	assert_int_equal(store_coverage_days(h->s, &h->a, &days, &n), 0);
	assert_int_equal(n, 0);
	put_days(h);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buf_reset(&got);
		assert_int_equal(store_coverage_of(h->s, str_of(cases[i].account), &h->a,
						   &days, &n, &controls, &n_controls),
				 0);
		put_text(days, n, &got);
		assert_string_equal(got.data, cases[i].want);
		assert_int_equal(n_controls, 0);
	}
	buf_reset(&got);
	assert_int_equal(coverage_trail(h->s, STR(ACCOUNT), &h->a, &days, &n, &controls,
					&n_controls),
			 0);
	put_text(days, n, &got);
	assert_string_equal(got.data, OF_TRAIL);
	buf_reset(&got);
	assert_int_equal(store_coverage_days(h->s, &h->a, &days, &n), 0);
	put_text(days, n, &got);
	assert_string_equal(got.data, OF_ACCOUNT OF_OTHER);
}

/* A call that stops, starts or sets a trail. */
static void put_call(struct history *h, const char *name, const char *id, int64_t ms)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	struct event e = event_of(id, ms);

	e.source = STR("cloudtrail.amazonaws.com");
	e.name = str_of(name);
	e.read_only = false;
	buf_printf(&raw,
		   "{\"eventID\":\"%s\",\"eventTime\":\"1970-01-01T00:00:01Z\","
		   "\"eventSource\":\"cloudtrail.amazonaws.com\",\"eventName\":\"%s\","
		   "\"awsRegion\":\"" REGION "\",\"recipientAccountId\":\"" ACCOUNT
		   "\",\"requestParameters\":{\"name\":\"t-%s\"}}",
		   id, name, id);
	buf_put_char(&raw, '\0');
	assert_int_equal(put_event(h, &e, raw.data, NULL, 0), STORE_PUT_NEW);
}

/*
 * By time; who stopped it is read from the record. Of a start none is read, but to put it in order with
 * what is of the same moment.
 */
static void test_controls(void **state)
{
	static const struct {
		const char *id, *trail;
		int64_t ms;
		enum coverage_act act;
	} want[] = { { "-", "", 1000, COVERAGE_STARTS },
		     { "b", "t-b", 2000, COVERAGE_STOPS },
		     { "c", "t-c", 3000, COVERAGE_STARTS },
		     { "d", "t-d", 3000, COVERAGE_SETS },
		     { "-", "", 4000, COVERAGE_STARTS } };
	struct history *h = *state;
	struct coverage_control *controls;
	struct coverage_day *days;
	size_t n_days, n;

	put_call(h, "StartLogging", "e", 4000);
	put_call(h, "StartLogging", "c", 3000);
	put_call(h, "UpdateTrail", "d", 3000);
	put_call(h, "StartLogging", "a", 1000);
	put_call(h, "StopLogging", "b", 2000);
	assert_int_equal(store_coverage_of(h->s, STR(ACCOUNT), &h->a, &days, &n_days,
					   &controls, &n),
			 0);
	assert_int_equal(n, ARRAY_SIZE(want));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(controls[i].time_ms, want[i].ms);
		assert_int_equal(controls[i].act, want[i].act);
		if (want[i].ms != 3000)
			assert_true(str_starts(controls[i].event_id, want[i].id));
		else
			assert_true(str_starts(controls[i].event_id, "c") ||
				    str_starts(controls[i].event_id, "d"));
		if (controls[i].act == COVERAGE_STOPS)
			assert_true(str_is(controls[i].trail, want[i].trail));
	}
	assert_true(str_is(controls[1].call, "StopLogging"));
	assert_false(str_eq(controls[2].event_id, controls[3].event_id));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(test_days), CASE(test_controls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
