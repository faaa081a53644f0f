/* SPDX-License-Identifier: Apache-2.0 */
/* What coverage is reckoned from: days of each account, source and region, calls that control. */
#include <stdio.h>

#include "coverage.h"
#include "history.h"
#include "model/recorder.h"
#include "private.h"
#include "store/coverage.h"

#define OTHER "999988887777"

/* In SQL, past the store. */
static void exec(struct history *h, const char *sql)
{
	sqlite3 *db = NULL;

	history_close(h);
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

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
	/* Names of no length, one after the other and between others. */
	put_sign(h, STR(ACCOUNT), COVERAGE_CONFIG, STR(""), 6, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_TRAIL, STR(""), 3, 1);
	put_sign(h, STR(ACCOUNT), COVERAGE_TRAIL, STR(""), 9, 1);
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
	ACCOUNT " 2 '' 3: 0 0 7200000 7200000 4\n" ACCOUNT          \
		" 2 '' 9: 0 0 7200000 7200000 4\n" ACCOUNT          \
		" 2 'us-east-1' 3: 0 0 7200000 7200000 4\n" ACCOUNT \
		" 2 'us-east-1' 4: 0 0 0 0 1\n" ACCOUNT             \
		" 2 'us-east-1' 9: 0 0 7200000 7200000 4\n" ACCOUNT \
		" 2 'us-east-10' 3: 0 0 7200000 7200000 4\n"
#define OF_ACCOUNT                                                           \
	ACCOUNT " 1 '' 4: 0 0 7200000 7200000 4\n" ACCOUNT                   \
		" 1 '' 6: 0 0 7200000 7200000 4\n" ACCOUNT                   \
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

/* Whatever it is that hands them out otherwise: a table without its key does. */
static void assert_unordered(struct history *h, const char *rows)
{
	_cleanup_(buf_deinit) struct buf sql = BUF_INIT;
	struct coverage_control *controls;
	struct coverage_day *days;
	size_t n, n_controls;

	buf_printf(&sql,
		   "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM day_coverage; "
		   "DROP TABLE day_coverage; "
		   "CREATE TABLE day_coverage AS SELECT * FROM kept %s",
		   rows);
	buf_put_char(&sql, '\0');
	exec(h, sql.data);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_coverage_of(h->s, STR(OTHER), &h->a, &days, &n, &controls,
					   &n_controls),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_coverage_of(h->s, STR(ACCOUNT), &h->a, &days, &n,
					   &controls, &n_controls),
			 STORE_E_DAMAGED);
	assert_non_null(strstr(store_message(h->s), ACCOUNT));
	assert_int_equal(coverage_trail(h->s, STR(ACCOUNT), &h->a, &days, &n, &controls,
					&n_controls),
			 STORE_E_DAMAGED);
}

/* Each of what they are ordered by, and one day twice. */
static void test_days_unordered(void **state)
{
	struct history *h = *state;
	struct coverage_day *days;
	size_t n;

	put_days(h);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_coverage_days(h->s, &h->a, &days, &n), 0);
	assert_unordered(h, "ORDER BY account, day, source, region");
	assert_unordered(h, "ORDER BY account, source, day, region");
	assert_unordered(h, "ORDER BY account, source, region DESC, day");
	assert_unordered(h, "ORDER BY account, source, region, day DESC");
	assert_unordered(h, "UNION ALL SELECT * FROM kept WHERE account = '" ACCOUNT
			    "' AND source = 2 AND region = '' AND day = 9 "
			    "ORDER BY account, source, region, day");
}

/* --- calls ---------------------------------------------------------------------------------- */

/* A call that stops, starts or sets a trail or a recorder. */
static void put_call(struct history *h, const char *account, const char *source,
		     const char *name, const char *id, int64_t ms)
{
	_cleanup_(buf_deinit) struct buf raw = BUF_INIT;
	struct event e = event_of(id, ms);

	e.account = str_of(account);
	e.source = str_of(source);
	e.name = str_of(name);
	e.read_only = false;
	buf_printf(&raw,
		   "{\"eventID\":\"%s\",\"eventTime\":\"1970-01-01T00:00:01Z\","
		   "\"eventSource\":\"%s\",\"eventName\":\"%s\","
		   "\"awsRegion\":\"" REGION "\",\"recipientAccountId\":\"%s\","
		   "\"requestParameters\":{\"name\":\"t-%s\"}}",
		   id, source, name, account, id);
	buf_put_char(&raw, '\0');
	assert_int_equal(put_event(h, &e, raw.data, NULL, 0), STORE_PUT_NEW);
}

static void put_trail_call(struct history *h, const char *account, const char *name,
			   const char *id, int64_t ms)
{
	put_call(h, account, "cloudtrail.amazonaws.com", name, id, ms);
}

static int controls_of(struct history *h, const char *account,
		       struct coverage_control **ret, size_t *ret_n)
{
	struct coverage_day *days;
	size_t n_days;

	return store_coverage_of(h->s, str_of(account), &h->a, &days, &n_days, ret,
				 ret_n);
}

struct told {
	const char *account, *id, *call, *trail; /* id: what it begins with */
	int64_t ms;
	enum coverage_act act;
};

/* Starts have neither call nor trail, whether or not their records are read. */
static void assert_told(const struct coverage_control *c, const struct told *want)
{
	assert_true(str_is(c->account, want->account));
	assert_true(str_is(c->region, REGION));
	assert_int_equal(c->source, COVERAGE_TRAIL);
	assert_int_equal(c->time_ms, want->ms);
	assert_int_equal(c->act, want->act);
	assert_true(str_starts(c->event_id, want->id));
	assert_true(str_is(c->call, want->call));
	assert_true(str_is(c->trail, want->trail));
	if (strcmp(want->id, STORE_COVERAGE_NO_ID) == 0)
		assert_int_equal(c->event_id.n, strlen(want->id));
}

/* Of equals either may be first: coverage_make() puts them in order. */
static void assert_all_told(struct coverage_control *c, size_t n, const struct told *want,
			    size_t n_want)
{
	assert_int_equal(n, n_want);
	for (size_t i = 0; i + 1 < n; i++)
		if (str_eq(c[i].account, c[i + 1].account) &&
		    c[i].time_ms == c[i + 1].time_ms &&
		    str_cmp(c[i].event_id, c[i + 1].event_id) > 0) {
			struct coverage_control first = c[i + 1];

			c[i + 1] = c[i];
			c[i] = first;
		}
	for (size_t i = 0; i < n; i++)
		assert_told(&c[i], &want[i]);
}

static void put_calls(struct history *h)
{
	put_trail_call(h, ACCOUNT, "StartLogging", "e", 4000);
	put_trail_call(h, ACCOUNT, "StartLogging", "c", 3000);
	put_trail_call(h, ACCOUNT, "UpdateTrail", "d", 3000);
	put_trail_call(h, ACCOUNT, "StartLogging", "a", 1000);
	put_trail_call(h, ACCOUNT, "StopLogging", "b", 2000);
	/* At the same moments, but of another account. */
	put_trail_call(h, OTHER, "StartLogging", "f", 2000);
	put_trail_call(h, OTHER, "StopLogging", "g", 4000);
	put_trail_call(h, OTHER, "StartLogging", "h", 1000);
}

static void test_controls(void **state)
{
	static const struct told want[] = {
		{ ACCOUNT, STORE_COVERAGE_NO_ID, "", "", 1000, COVERAGE_STARTS },
		{ ACCOUNT, "b", "StopLogging", "t-b", 2000, COVERAGE_STOPS },
		{ ACCOUNT, "c", "", "", 3000, COVERAGE_STARTS },
		{ ACCOUNT, "d", "UpdateTrail", "t-d", 3000, COVERAGE_SETS },
		{ ACCOUNT, STORE_COVERAGE_NO_ID, "", "", 4000, COVERAGE_STARTS },
		{ OTHER, STORE_COVERAGE_NO_ID, "", "", 1000, COVERAGE_STARTS },
		{ OTHER, STORE_COVERAGE_NO_ID, "", "", 2000, COVERAGE_STARTS },
		{ OTHER, "g", "StopLogging", "t-g", 4000, COVERAGE_STOPS },
	};
	struct history *h = *state;
	struct coverage_control *controls;
	size_t n;

	put_calls(h);
	assert_int_equal(controls_of(h, ACCOUNT, &controls, &n), 0);
	assert_all_told(controls, n, want, 5);
	assert_int_equal(controls_of(h, OTHER, &controls, &n), 0);
	assert_all_told(controls, n, want + 5, 3);
	assert_int_equal(store_coverage_controls(h->s, &h->a, &controls, &n), 0);
	assert_all_told(controls, n, want, ARRAY_SIZE(want));
}

/* Of a record that is damaged there is what its row tells; of a start that is all that is asked for,
   unless another call is of the same moment. */
static void test_damaged(void **state)
{
	static const struct told start = { OTHER, STORE_COVERAGE_NO_ID, "", "",
					   1000,  COVERAGE_STARTS };
	static const struct told lost[] = {
		{ ACCOUNT, STORE_COVERAGE_LOST, "?", "", 1000, COVERAGE_STARTS },
		{ ACCOUNT, STORE_COVERAGE_LOST, "?", "", 1000, COVERAGE_STARTS },
		{ ACCOUNT, STORE_COVERAGE_LOST, "?", "", 2000, COVERAGE_STOPS },
		{ ACCOUNT, STORE_COVERAGE_LOST, "?", "", 3000, COVERAGE_SETS },
	};
	struct history *h = *state;
	struct coverage_control *controls;
	size_t n;

	put_trail_call(h, OTHER, "StartLogging", "a", 1000);
	put_trail_call(h, ACCOUNT, "StartLogging", "b", 1000);
	put_trail_call(h, ACCOUNT, "StartLogging", "c", 1000);
	put_trail_call(h, ACCOUNT, "StopLogging", "d", 2000);
	put_trail_call(h, ACCOUNT, "UpdateTrail", "e", 3000);
	exec(h, "UPDATE event_block SET body = x'00'");
	history_open(h, STORE_READ, 0);
	assert_int_equal(controls_of(h, OTHER, &controls, &n), 0);
	assert_all_told(controls, n, &start, 1);
	assert_int_equal(controls_of(h, ACCOUNT, &controls, &n), 0);
	assert_all_told(controls, n, lost, ARRAY_SIZE(lost));
	for (size_t i = 0; i < n; i++)
		assert_true(str_is(controls[i].principal, "?"));
}

/* --- beside a description ------------------------------------------------------------------- */

#define STOPPED_MS (2 * COVERAGE_DAY_MS + 5000)

/* A recorder that is said to have been stopped at that moment. */
static void describe(struct arena *a, struct recorder_seen *ret)
{
	static const char text[] =
		"{\"accountId\":\"" ACCOUNT "\",\"awsRegion\":\"" REGION "\","
		"\"askedTime\":864000,\"configurationRecorder\":{\"name\":\"n\"},"
		"\"configurationRecorderStatus\":{\"recording\":true,"
		"\"lastStopTime\":172805}}";
	struct jv *v = arena_alloc(a, sizeof(*v));
	struct fault f;

	assert_non_null(v);
	assert_int_equal(jv_parse(a, str_of(text), v, NULL), 0);
	ret->seen_ms = ret->last_ms = 10 * COVERAGE_DAY_MS;
	assert_int_equal(recorder_from_jv(v, &ret->recorder, &f), 0);
	assert_int_equal(ret->recorder.stopped_ms, STOPPED_MS);
}

/* When the one stop of a recorder ends, with the start under that id. */
static int64_t gap_end(struct history *h, struct str id)
{
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT;
	struct coverage_control *controls;
	const struct coverage_gap *gap;
	int64_t ret = INT64_MIN;
	struct coverage_day *days;
	struct recorder_seen seen;
	size_t n_days, n;

	describe(&h->a, &seen);
	assert_int_equal(store_coverage_of(h->s, STR(ACCOUNT), &h->a, &days, &n_days,
					   &controls, &n),
			 0);
	assert_int_equal(n, 1);
	assert_true(str_is(controls[0].event_id, STORE_COVERAGE_NO_ID));
	controls[0].event_id = id;
	assert_int_equal(recorder_coverage(&h->a, days, n_days, controls, n, &seen, 1,
					   &spans, &gaps),
			 0);
	gap = (const struct coverage_gap *)gaps.data;
	for (size_t i = 0; i < gaps.len / sizeof(*gap); i++) {
		if (gap[i].kind != COVERAGE_RECORDER_STOPPED)
			continue;
		assert_int_equal(ret, INT64_MIN);
		assert_int_equal(gap[i].from_ms, STOPPED_MS);
		ret = gap[i].to_ms;
	}
	return ret;
}

/* At the moment of a call that starts it again it stands before that, read or not: so the gap ends. */
static void test_described(void **state)
{
	struct history *h = *state;

	begin(h);
	put_sign(h, STR(ACCOUNT), COVERAGE_CONFIG, STR(REGION), 1, 1);
	commit(h);
	put_call(h, ACCOUNT, "config.amazonaws.com", "StartConfigurationRecorder", "a",
		 STOPPED_MS);
	assert_int_equal(gap_end(h, STR(STORE_COVERAGE_NO_ID)), STOPPED_MS);
	assert_int_equal(gap_end(h, STR("a#0123456789abcdef")), STOPPED_MS);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_days),    CASE(test_days_unordered), CASE(test_controls),
		CASE(test_damaged), CASE(test_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
