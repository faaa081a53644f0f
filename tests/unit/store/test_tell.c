/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in timeline/ and activity/: sums that follow what is put and put anew, places by
 * offset, the persons behind sessions, and nothing left of what was rolled back.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "history.h"
#include "store/activity.h"
#include "store/derive.h"
#include "store/timeline.h"
#include "sums.h"

#define DAY_MS INT64_C(86400000)
#define T0     (INT64_C(19845) * DAY_MS) /* 2024-05-02 */

static void test_sums(void **state)
{
	_cleanup_(sums_deinit) struct sums s = { 0 };

	(void)state;
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(sums_add(&s, &(struct sum){ .what = i % 7,
							     .when = i % 3,
							     .text_len = 1,
							     .n = 2,
							     .newest_ms = i,
							     .unit = i == 500 }),
				 0);
	sums_merge(&s);
	assert_int_equal(s.n, 21);
	for (size_t i = 0; i < s.n; i++) {
		assert_int_equal(s.rows[i].n, 2 * s.rows[i].text_len);
		assert_true(s.rows[i].newest_ms >= 979);
		assert_int_equal(s.rows[i].unit,
				 s.rows[i].what == 500 % 7 && s.rows[i].when == 500 % 3);
		assert_true(i == 0 || s.rows[i].what > s.rows[i - 1].what ||
			    s.rows[i].when > s.rows[i - 1].when);
	}
	sums_merge(&s);
	assert_int_equal(s.n, 21);
}

/* An event of the number, its line as long as is said. */
static void tell(struct history *h, int number, int64_t ms, const char *who,
		 uint32_t length, bool failed)
{
	const struct event_told told = { .principal = str_of(who),
					 .text_len = length,
					 .jsonl_len = 2 * length };
	char id[48], raw[256];
	enum store_put put;
	struct event e;

	(void)snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000",
		       (unsigned)number);
	(void)snprintf(raw, sizeof(raw),
		       "{\"eventTime\":\"2024-05-02T00:00:00Z\",\"eventName\":\"X\","
		       "\"eventSource\":\"x\",\"eventID\":\"%s\",\"userIdentity\":"
		       "{\"type\":\"IAMUser\",\"userName\":\"alice\"}}",
		       id);
	e = event_of(id, ms);
	e.failed = failed;
	assert_int_equal(store_put_event(h->s, &e,
					 &(struct store_record){ .raw = str_of(raw),
								 .identity = e.id },
					 NULL, &told, 1, &put),
			 0);
}

static struct store_value value_of(struct history *h, const char *name)
{
	struct store_value v;

	if (store_value_find(h->s, STORE_VALUE_PRINCIPAL, str_of(name), &h->a, &v))
		fail_msg("no %s", name);
	return v;
}

static uint64_t shown(struct history *h)
{
	struct store_totals t;

	assert_int_equal(store_totals(h->s, &t), 0);
	return t.values;
}

static void test_values(void **state)
{
	struct history *h = *state;
	struct store_value v;

	begin(h);
	for (int i = 0; i < 100; i++)
		tell(h, i, T0 + i * 1000, i % 4 ? "user/alice" : "user/bob", 100, false);
	commit(h);
	v = value_of(h, "user%2Falice");
	assert_int_equal(v.text_len, 7500);
	assert_int_equal(v.jsonl_len, 15000);
	assert_int_equal(v.newest_ms, T0 + 99000);
	/* alice, bob, and the name of the calls. */
	assert_int_equal(shown(h), 3);
	/* The same again is known, and adds nothing. */
	begin(h);
	tell(h, 1, T0 + 1000, "user/alice", 100, false);
	commit(h);
	assert_int_equal(value_of(h, "user%2Falice").text_len, 7500);
	begin(h);
	tell(h, 1000, T0, "user/carol", 50, true);
	store_rollback(h->s);
	assert_int_equal(store_value_find(h->s, STORE_VALUE_PRINCIPAL,
					  STR("user%2Fcarol"), &h->a, &v),
			 STORE_E_NOT_FOUND);
	/* What the cache knew of the lost row is forgotten, too. */
	begin(h);
	tell(h, 1001, T0, "user/carol", 50, false);
	commit(h);
	assert_int_equal(value_of(h, "user%2Fcarol").text_len, 50);
	assert_int_equal(shown(h), 4);
}

static void exec(struct history *h, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The list has a part of the hash: whose name it is the row tells. */
static void test_names(void **state)
{
	struct history *h = *state;
	struct store_value v;

	begin(h);
	tell(h, 1, T0, "user/alice", 100, false);
	commit(h);
	assert_int_equal(value_of(h, "user%2Falice").text_len, 100);
	exec(h, "UPDATE value SET name = 'mallory' WHERE name = 'user%2Falice'");
	assert_int_equal(store_value_find(h->s, STORE_VALUE_PRINCIPAL,
					  STR("user%2Falice"), &h->a, &v),
			 STORE_E_NOT_FOUND);
	exec(h, "DELETE FROM value WHERE name = 'mallory'");
	assert_int_equal(store_value_find(h->s, STORE_VALUE_PRINCIPAL,
					  STR("user%2Falice"), &h->a, &v),
			 STORE_E_NOT_FOUND);
	exec(h, "UPDATE value_name SET places = x'ff'");
	assert_int_equal(store_value_find(h->s, STORE_VALUE_PRINCIPAL,
					  STR("user%2Falice"), &h->a, &v),
			 STORE_E_DAMAGED);
	assert_non_null(strstr(store_message(h->s), "the postings of value_name from "));
}

static void test_places(void **state)
{
	struct history *h = *state;
	struct store_act after = { 0 }, acts[7], last = { -1, 0, 0 };
	size_t n, total = 0;
	int64_t alice;

	begin(h);
	/* Three days, many events of one second, put backwards. */
	for (int i = 599; i >= 0; i--)
		tell(h, i, T0 + i / 200 * DAY_MS + i % 200 / 50 * 1000, "user/alice",
		     (uint32_t)(10 + i % 5), false);
	commit(h);
	alice = value_of(h, "user%2Falice").id;
	do {
		assert_int_equal(store_activity(h->s, alice, &after, acts, 7, &n), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(acts[i].second > last.second ||
				    (acts[i].second == last.second &&
				     acts[i].rank > last.rank));
			last = after = acts[i];
		}
		total += n;
	} while (n == 7);
	assert_int_equal(total, 600);
	for (uint64_t offset = 0; offset < 7200; offset += 11) {
		uint64_t at = UINT64_MAX;

		assert_int_equal(
			store_activity_seek(h->s, alice, false, offset, &after, &at), 0);
		assert_true(at <= offset && offset - at < 15);
		assert_int_equal(store_activity_seek(h->s, alice, true, 2 * offset,
						     &after, &at),
				 0);
		assert_true(at <= 2 * offset && 2 * offset - at < 30);
	}
}

/* Lines of one file as they stand in it: where each begins, and its key. */
struct lines {
	struct store_act acts[400];
	uint64_t start[401];
	size_t n;
};

static void read_lines(struct history *h, int64_t value, const uint32_t *length_of,
		       struct lines *ret)
{
	struct store_act after = { 0 };
	size_t n;

	ret->n = 0;
	ret->start[0] = 0;
	do {
		assert_int_equal(store_activity(h->s, value, &after, ret->acts + ret->n,
						7, &n),
				 0);
		for (size_t end = ret->n + n; ret->n < end; ret->n++) {
			after = ret->acts[ret->n];
			ret->start[ret->n + 1] =
				ret->start[ret->n] + length_of[after.event];
		}
	} while (n == 7);
}

/* From each byte on the lines go on where it is said, whichever end of the day is nearer. */
static void test_seek_each_byte(void **state)
{
	struct history *h = *state;
	static uint32_t length_of[301];
	static struct lines lines;
	uint64_t all;
	int64_t alice;

	/* Two days and one without any, at all hours, two in each millisecond. */
	for (int from = 0; from < 300; from += 150) {
		begin(h);
		for (int i = from; i < from + 150; i++) {
			int64_t at = i % 2 * 2 * DAY_MS + i % 25 * 3456000 + i % 3;

			length_of[i + 1] = (uint32_t)(1 + i % 4);
			tell(h, i, T0 + at, "user/alice", length_of[i + 1], false);
		}
		commit(h);
	}
	alice = value_of(h, "user%2Falice").id;
	all = value_of(h, "user%2Falice").text_len;
	read_lines(h, alice, length_of, &lines);
	assert_int_equal(lines.n, 300);
	assert_true(lines.start[lines.n] == all);
	for (uint64_t offset = 0, line = 0; offset <= all + 2; offset++) {
		struct store_act after, next;
		uint64_t at;
		size_t n;

		while (line < lines.n && lines.start[line + 1] <= offset)
			line++;
		assert_int_equal(
			store_activity_seek(h->s, alice, false, offset, &after, &at), 0);
		assert_int_equal(at, lines.start[line]);
		assert_int_equal(store_activity(h->s, alice, &after, &next, 1, &n), 0);
		assert_int_equal(n, line < lines.n);
		if (n)
			assert_int_equal(next.event, lines.acts[line].event);
	}
}

static uint64_t day_length(struct history *h, int64_t ms)
{
	struct store_day day;
	int r = store_day_get(h->s, ms / DAY_MS, &day);

	return r == STORE_E_NOT_FOUND ? 0 : day.text_len;
}

static void put(struct history *h, int64_t resource, struct store_entry *entries,
		size_t n)
{
	struct store_state states[64];
	struct store_shown shown[64];
	struct store_story story = { .dirty = { resource, INT64_MIN },
				     .rank = 7,
				     .entries = entries,
				     .n_entries = n,
				     .shown = shown };

	story.n_shown = states_of(h, resource, states);
	for (size_t i = 0; i < story.n_shown; i++)
		shown[i] = (struct store_shown){ .state = states[i].id,
						 .time_ms = states[i].time_ms,
						 .twin = states[i].twin,
						 .size = states[i].size };
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	assert_sound(h);
}

static void test_story(void **state)
{
	struct history *h = *state;
	struct store_cause causes[2] = {
		{ .event = 1, .line_len = 30, .line_jsonl_len = 60 },
		{ .event = 2, .line_len = 40, .line_jsonl_len = 80 }
	};
	struct store_entry e[2];
	struct store_state states[64];
	struct store_totals totals;
	int64_t resource, *caused;
	size_t n;

	for (int i = 0; i < 2; i++) {
		struct item item =
			item_of(GROUP, "sg-1", T0 + i * DAY_MS, "1", "{\"a\":1}");

		put_item(h, &item);
	}
	resource = resource_of(h, GROUP, "sg-1").id;
	assert_int_equal(states_of(h, resource, states), 2);
	begin(h);
	tell(h, 1, T0, "user/alice", 100, false);
	tell(h, 2, T0, "user/alice", 100, true);
	commit(h);
	assert_int_equal(day_length(h, T0), 100);
	for (int i = 0; i < 2; i++)
		e[i] = (struct store_entry){ .time_ms = states[i].time_ms,
					     .ref = states[i].id,
					     .line_len = 30 + (uint32_t)i,
					     .line_jsonl_len = 60,
					     .causes = causes,
					     .n_causes = i ? 0 : 2 };
	put(h, resource, e, 2);
	assert_int_equal(day_length(h, T0), 130);
	assert_int_equal(day_length(h, T0 + DAY_MS), 31);
	assert_int_equal(value_of(h, "user%2Falice").text_len, 270);
	assert_int_equal(store_changes_of_event(h->s, 2, &h->a, &caused, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(caused[0], states[0].id);
	/* Anew, with one cause less, a longer line, and the second day's change gone. */
	e[0].n_causes = 1;
	e[0].line_len = 35;
	put(h, resource, e, 1);
	assert_int_equal(day_length(h, T0), 135);
	assert_int_equal(day_length(h, T0 + DAY_MS), 0);
	assert_int_equal(value_of(h, "user%2Falice").text_len, 230);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.days, 1);
	put(h, resource, e, 2);
	assert_int_equal(day_length(h, T0 + DAY_MS), 31);
	put(h, resource, NULL, 0);
	assert_int_equal(day_length(h, T0), 100);
	assert_int_equal(value_of(h, "user%2Falice").text_len, 200);
}

static void test_seek_in_a_day(void **state)
{
	struct history *h = *state;
	struct store_line after, lines[5];
	size_t n, total = 0;
	uint64_t length;

	begin(h);
	for (int i = 0; i < 500; i++)
		tell(h, i, T0 + i / 100 * 3600000 + i % 100 / 50 * 60000, "user/alice",
		     (uint32_t)(20 + i % 3), true);
	commit(h);
	length = day_length(h, T0);
	for (uint64_t offset = 0; offset < length; offset += 13) {
		uint64_t at = UINT64_MAX;

		assert_int_equal(store_timeline_seek(h->s, T0 / DAY_MS, false, offset,
						     &after, &at),
				 0);
		assert_true(at <= offset && offset - at < 23);
		/* Going on from there comes to the end of the day. */
		if (offset % 1300)
			continue;
		total = at;
		do {
			assert_int_equal(store_timeline(h->s, &after, T0 + DAY_MS, lines,
							5, &n),
					 0);
			for (size_t i = 0; i < n; i++) {
				total += lines[i].text_len;
				after = lines[i];
			}
		} while (n > 0);
		assert_int_equal(total, length);
	}
	assert_int_equal(store_timeline_newest(h->s, T0, &(int64_t){ 0 }), 0);
}

/* One transition told with and without the account: one line, whichever came first. */
static void test_alarm_twins(void **state)
{
	for (int first = 0; first < 2; first++) {
		struct history *h = *state;
		const int64_t ms = T0 + first * DAY_MS;

		for (int i = 0; i < 2; i++) {
			bool nameless = (i == 0) == (first == 0);
			struct transition t = {
				.alarm = { .name = STR("high"),
					   .account = nameless ? STR("") : STR(ACCOUNT),
					   .region = nameless ? STR("") : STR(REGION) },
				.time_ms = ms,
				.state = STR("ALARM"),
				.raw = STR("{}"),
			};
			enum store_put how;
			int64_t row;

			begin(h);
			assert_int_equal(
				store_put_transition(h->s, &t, NULL, 1, &how, &row), 0);
			assert_int_equal(store_tell_transition(h->s, row,
							       nameless ? 10 : 50, 60),
					 0);
			/* Told again, as when more of it came in. */
			assert_int_equal(store_tell_transition(h->s, row,
							       nameless ? 11 : 51, 60),
					 0);
			commit(h);
		}
		assert_int_equal(day_length(h, ms), 51);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		TEST(test_values),
		TEST(test_names),
		TEST(test_places),
		TEST(test_story),
		TEST(test_seek_in_a_day),
		TEST(test_alarm_twins),
		TEST(test_seek_each_byte),
	};

	return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
