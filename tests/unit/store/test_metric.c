/* SPDX-License-Identifier: Apache-2.0 */
/* Points of metrics and what they sum up to, keys, recorders. */
#include "history.h"
#include "private.h"
#include "store/metric.h"
#include "store/recorder.h"

static size_t put_points(struct history *h, struct str tail, int64_t from_s, size_t n,
			 const char *value)
{
	uint64_t token = 7;
	const struct mention_set mentions = { &token, 1 };
	struct metric_point points[8];
	const struct metric_data m = { .account = STR("1"),
				       .region = STR("r"),
				       .namespace = STR("AWS/EC2"),
				       .metric = STR("CPU"),
				       .points = points,
				       .n_points = n };
	size_t new;

	for (size_t i = 0; i < n; i++)
		points[i] = (struct metric_point){ (from_s + (int64_t)i * 60) * 1000,
						   str_of(value) };
	begin(h);
	assert_int_equal(store_put_points(h->s, &m, tail, &mentions, &new), 0);
	commit(h);
	return new;
}

static void test_points(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct history *h = *state;
	struct store_series due[2];
	struct store_totals t;
	size_t n;

	assert_int_equal(put_points(h, STR("Sum\t60\tA=b"), 600, 3, "1.5"), 3);
	assert_int_equal(put_points(h, STR("Sum\t60\tA=b"), 660, 3, "1.5"), 1);
	/* A value that is another one now counts as the one it was. */
	assert_int_equal(put_points(h, STR("Sum\t60\tA=b"), 600, 1, "20.25"), 0);
	assert_int_equal(put_points(h, STR("Max\t60\tA=b"), 600, 1, "2"), 1);
	assert_int_equal(ask(h, "SELECT points FROM series WHERE id = 1"), 4);
	assert_int_equal(ask(h, "SELECT value_bytes FROM series WHERE id = 1"), 14);
	assert_int_equal(ask(h, "SELECT newest_ms FROM series WHERE id = 1"), 780000);
	assert_int_equal(store_totals(h->s, &t), 0);
	assert_int_equal(t.points, 5);
	assert_int_equal(store_series_due(h->s, 0, &a, due, 2, &n), 0);
	assert_int_equal(n, 2);
	assert_true(str_is(due[0].namespace, "AWS/EC2"));
	begin(h);
	assert_int_equal(store_series_done(h->s, due[0].id), 0);
	commit(h);
	assert_int_equal(store_series_due(h->s, 0, &a, due, 2, &n), 0);
	assert_int_equal(n, 1);
	/* Nothing new, nothing due. */
	assert_int_equal(put_points(h, STR("Sum\t60\tA=b"), 660, 2, "1.5"), 0);
	assert_int_equal(store_series_due(h->s, 0, &a, due, 2, &n), 0);
	assert_int_equal(n, 1);
}

static void test_keys(void **state)
{
	_cleanup_(buf_deinit) struct buf der = BUF_INIT;
	const struct public_key key = { STR("ab"), STR("0\0\1"), 5, 9 };
	struct history *h = *state;
	bool new;

	begin(h);
	assert_int_equal(store_put_key(h->s, &key, 1, &new), 0);
	assert_true(new);
	assert_int_equal(store_put_key(h->s, &key, 2, &new), 0);
	assert_false(new);
	commit(h);
	assert_int_equal(store_key(h->s, STR("ab"), &der), 0);
	assert_true(str_eq(buf_str(&der), key.der));
	assert_int_equal(store_key(h->s, STR("cd"), &der), STORE_E_NOT_FOUND);
}

static void put_recorder(struct history *h, const char *settings, int64_t asked_s,
			 const char *status)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct recorder r;
	struct jv v;

	buf_printf(&text,
		   "{\"accountId\":\"1\",\"awsRegion\":\"r\",\"askedTime\":%lld,"
		   "\"configurationRecorder\":{\"name\":\"n\"%s},"
		   "\"configurationRecorderStatus\":{\"recording\":true%s}}",
		   (long long)asked_s, settings, status);
	assert_int_equal(jv_parse(&a, buf_str(&text), &v, NULL), 0);
	assert_int_equal(recorder_from_jv(&v, &r, NULL), 0);
	begin(h);
	assert_int_equal(store_put_recorder(h->s, &r), 0);
	commit(h);
}

/* A row a state, whose end moves; days on which it ran; none that is older than the last. */
static void test_recorders(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct history *h = *state;
	struct recorder_seen *seen;
	size_t n;

	put_recorder(h, "", 86400 * 10, "");
	put_recorder(h, "", 86400 * 13, ",\"lastStatusChangeTime\":5");
	put_recorder(h, "", 86400 * 12, "");
	put_recorder(h, ",\"recordingMode\":{\"recordingFrequency\":\"DAILY\"}",
		     86400 * 14, "");
	assert_int_equal(store_recorders(h->s, &a, &seen, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(seen[0].seen_ms, 86400000 * 10ll);
	assert_int_equal(seen[0].last_ms, 86400000 * 13ll);
	assert_true(recorder_is_daily(&seen[1].recorder, STR("A")));
	assert_int_equal(ask(h, "SELECT count(*) FROM day_coverage"), 5);
	assert_int_equal(store_recorders_of(h->s, STR("1"), STR("r"), &a, &seen, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(store_recorders_of(h->s, STR("1"), STR("q"), &a, &seen, &n), 0);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_points, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_keys, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_recorders, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
