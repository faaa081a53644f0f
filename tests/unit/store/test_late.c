/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that come in late: the files of activity/ are the same whether their places wait or not, to
 * whoever reads while they do; and what waits is merged, by how many there are or by a sweep, and is
 * neither lost nor told twice by what is rolled back or cut off.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "history.h"
#include "private.h"
#include "store/activity.h"

#define DAY_MS INT64_C(86400000)
#define T0     (INT64_C(19845) * DAY_MS) /* 2024-05-02 */
#define EACH   120                       /* events of a commit */
#define ROUNDS 4
#define ALL    (EACH * ROUNDS)

#define CALL "AuthorizeSecurityGroupIngress"

static const char waiting[] = "SELECT count(*) FROM activity_late";
static const char counted[] =
	"SELECT coalesce(sum(n), 0) FROM counter WHERE name = 'late'";

/* Those of odd numbers are alice's. */
static void tell(struct history *h, int number, int64_t ms)
{
	const struct event_told told = { .principal = number % 2 ? STR("user/alice")
								 : STR("user/bob"),
					 .text_len = (uint32_t)(1 + number % 5),
					 .jsonl_len = (uint32_t)(2 + number % 7) };
	char id[48];
	enum store_put put;
	struct event e;

	(void)snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000",
		       (unsigned)number);
	e = event_of(id, ms);
	assert_int_equal(store_put_event(h->s, &e,
					 &(struct store_record){ .raw = STR("{\"a\":1}"),
								 .identity = e.id },
					 NULL, &told, 1, &put),
			 0);
	assert_int_equal(put, STORE_PUT_NEW);
}

/* The events of a round: three days, the first round's are the newest, some of one millisecond with
   those of the rounds before. */
static int64_t time_of(int round, int i)
{
	return T0 + i % 3 * DAY_MS + i / 3 * 997000 - round / 2 * 1000 -
	       (i % 10 ? round : 0);
}

static void put_round(struct history *h, int round)
{
	begin(h);
	for (int i = 0; i < EACH; i++)
		tell(h, round * EACH + i, time_of(round, i));
	commit(h);
}

static void wait_from(struct history *h, size_t few, size_t many)
{
	h->s->writer->late.few = few;
	h->s->writer->late.many = many;
	h->s->writer->late.waits = true;
}

static struct store_value value_of(struct history *h, enum store_value_kind kind,
				   const char *name)
{
	struct store_value v;

	if (store_value_find(h->s, kind, str_of(name), &h->a, &v))
		fail_msg("no %s", name);
	return v;
}

static size_t read_all(struct history *h, int64_t value, size_t step,
		       struct store_act ret[ALL + 1])
{
	struct store_act after = { 0 };
	size_t n, all = 0;

	do {
		assert_true(all <= ALL);
		assert_int_equal(store_activity(h->s, value, &after, ret + all,
						MIN(step, ALL + 1 - all), &n),
				 0);
		all += n;
		if (n)
			after = ret[all - 1];
	} while (n == step);
	return all;
}

static void assert_same_act(const struct store_act *a, const struct store_act *b)
{
	assert_int_equal(a->second, b->second);
	assert_int_equal(a->rank, b->rank);
	assert_int_equal(a->event, b->event);
}

static void assert_same_seek(struct history *h, struct history *other, int64_t value,
			     bool jsonl, uint64_t len)
{
	for (uint64_t offset = 0; offset <= len + 1; offset++) {
		struct store_act a, b;
		uint64_t at_a, at_b;

		assert_int_equal(
			store_activity_seek(h->s, value, jsonl, offset, &a, &at_a), 0);
		assert_int_equal(store_activity_seek(other->s, value, jsonl, offset, &b,
						     &at_b),
				 0);
		assert_int_equal(at_a, at_b);
		assert_same_act(&a, &b);
	}
}

/* One file of both histories, whole, in steps, and from each byte on. */
static void assert_same_file(struct history *h, struct history *other,
			     enum store_value_kind kind, const char *name, size_t n)
{
	static struct store_act ours[ALL + 1], theirs[ALL + 1];
	struct store_value v = value_of(h, kind, name), w = value_of(other, kind, name);

	assert_int_equal(v.id, w.id);
	assert_int_equal(v.text_len, w.text_len);
	assert_int_equal(v.jsonl_len, w.jsonl_len);
	assert_int_equal(v.newest_ms, w.newest_ms);
	for (size_t step = 1; step <= ALL; step = step * 6 + 1) {
		assert_int_equal(read_all(h, v.id, step, ours), n);
		assert_int_equal(read_all(other, w.id, step, theirs), n);
		for (size_t i = 0; i < n; i++)
			assert_same_act(&ours[i], &theirs[i]);
	}
	assert_same_seek(h, other, v.id, false, v.text_len);
	assert_same_seek(h, other, v.id, true, v.jsonl_len);
}

static void assert_same(struct history *h, struct history *other, int rounds)
{
	size_t n = (size_t)rounds * EACH;

	assert_same_file(h, other, STORE_VALUE_PRINCIPAL, "user%2Falice", n / 2);
	assert_same_file(h, other, STORE_VALUE_PRINCIPAL, "user%2Fbob", n / 2);
	assert_same_file(h, other, STORE_VALUE_EVENT_NAME, CALL, n);
	assert_sound(h);
}

/* Another history, in which nothing waits, with the same events. */
static void other_begin(struct history **ret, int rounds)
{
	assert_int_equal(history_setup((void **)ret), 0);
	wait_from(*ret, SIZE_MAX, SIZE_MAX);
	for (int round = 0; round < rounds; round++)
		put_round(*ret, round);
	assert_int_equal(ask(*ret, waiting), 0);
	assert_int_equal(ask(*ret, counted), 0);
}

/* Two rounds; how many of their places wait. */
static int64_t put_two_waiting(struct history *h)
{
	int64_t n;

	wait_from(h, 1, SIZE_MAX);
	put_round(h, 0);
	put_round(h, 1);
	n = ask(h, counted);
	assert_true(n > EACH);
	return n;
}

/* As if none had waited. */
static void assert_rounds(struct history *h, int rounds)
{
	struct history *other = NULL;

	other_begin(&other, rounds);
	assert_same(h, other, rounds);
	history_teardown((void **)&other);
}

/* --- reading -------------------------------------------------------------------------------- */

static void test_read(void **state)
{
	struct history *h = *state, *other = NULL;

	wait_from(h, 1, SIZE_MAX);
	for (int round = 0; round < ROUNDS; round++)
		put_round(h, round);
	other_begin(&other, ROUNDS);
	/* All but the first round's, and what is as old as that. */
	assert_true(ask(h, counted) > (ROUNDS - 1) * EACH);
	assert_true(ask(h, waiting) > 0);
	assert_same(h, other, ROUNDS);
	history_open(h, STORE_READ, 0);
	assert_same(h, other, ROUNDS);
	/* By the next program that writes. */
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_int_equal(ask(h, waiting), 0);
	assert_int_equal(ask(h, counted), 0);
	assert_same(h, other, ROUNDS);
	history_teardown((void **)&other);
}

/* Inside the transaction that puts them, too. */
static void test_read_meanwhile(void **state)
{
	static struct store_act acts[ALL + 1];
	struct history *h = *state;
	int64_t name;

	wait_from(h, 1, SIZE_MAX);
	put_round(h, 0);
	name = value_of(h, STORE_VALUE_EVENT_NAME, CALL).id;
	begin(h);
	for (int i = 0; i < EACH; i++) {
		tell(h, EACH + i, T0 - i);
		if (i % 40 == 0)
			assert_int_equal(read_all(h, name, 7, acts), EACH + i + 1);
	}
	commit(h);
	assert_int_equal(read_all(h, name, 7, acts), 2 * EACH);
	for (size_t i = 1; i < EACH; i++)
		assert_int_equal(acts[i].event, 2 * EACH - i);
}

/* --- which wait ----------------------------------------------------------------------------- */

static void test_few(void **state)
{
	struct history *h = *state;

	put_round(h, 0);
	put_round(h, 1);
	assert_int_equal(ask(h, waiting), 0);
	wait_from(h, 2 * EACH + 1, SIZE_MAX);
	put_round(h, 2);
	assert_int_equal(ask(h, waiting), 0);
	assert_int_equal(ask(h, counted), 0);
}

/* What is the newest of its value does not, whatever the other values of the event have; nor what is
   only older than others of its own commit. */
static void test_in_order(void **state)
{
	struct history *h = *state;

	wait_from(h, 1, SIZE_MAX);
	begin(h);
	for (int i = 0; i < EACH; i++)
		tell(h, 2 * i, T0 - i);
	commit(h);
	assert_int_equal(ask(h, counted), 0);
	/* Of alice nothing is there yet. */
	begin(h);
	tell(h, 1, T0 - DAY_MS);
	commit(h);
	assert_int_equal(ask(h, counted), 1);
	begin(h);
	tell(h, 3, T0);
	tell(h, 5, T0 + 1);
	tell(h, 7, T0);
	commit(h);
	assert_int_equal(ask(h, counted), 1);
	/* As another program finds it. */
	history_open(h, STORE_WRITE, 0);
	wait_from(h, 1, SIZE_MAX);
	begin(h);
	tell(h, 9, T0 + 1);
	tell(h, 11, T0);
	commit(h);
	assert_int_equal(ask(h, counted), 3);
}

/* Only once as many rows were written for what is late, and until a sweep. */
static void test_scattered(void **state)
{
	struct history *h = *state;
	struct late *l = &h->s->writer->late;

	l->few = 1;
	l->dense = 1;
	put_round(h, 0);
	put_round(h, 1);
	assert_false(l->waits);
	/* Each row that is written is one too many, but nothing is late. */
	l->dense = SIZE_MAX;
	begin(h);
	for (int i = 0; i < EACH; i++)
		tell(h, 2 * EACH + i, T0 + 9 * DAY_MS + i);
	commit(h);
	assert_false(l->waits);
	begin(h);
	tell(h, 3 * EACH, T0);
	commit(h);
	assert_true(l->waits);
	assert_int_equal(ask(h, waiting), 0);
	begin(h);
	tell(h, 3 * EACH + 1, T0);
	tell(h, 3 * EACH + 2, T0);
	commit(h);
	assert_int_equal(ask(h, counted), 4);
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_false(l->waits);
	assert_int_equal(ask(h, counted), 0);
	assert_int_equal(count_list(h, POSTING_ACTIVITY,
				    value_of(h, STORE_VALUE_EVENT_NAME, CALL).id),
			 3 * EACH + 3);
}

/* --- merging -------------------------------------------------------------------------------- */

static void test_many(void **state)
{
	struct history *h = *state;
	int64_t first = put_two_waiting(h);

	wait_from(h, 1, (size_t)first + 1);
	put_round(h, 2);
	assert_int_equal(ask(h, waiting), 0);
	assert_int_equal(ask(h, counted), 0);
	put_round(h, 3);
	assert_true(ask(h, waiting) > 0);
	assert_rounds(h, ROUNDS);
}

/* More rows than are merged at once. */
static void test_many_rows(void **state)
{
	struct history *h = *state;
	static struct store_act acts[ALL + 1];
	int64_t rows, alice;

	put_round(h, 0);
	alice = value_of(h, STORE_VALUE_PRINCIPAL, "user%2Falice").id;
	history_close(h);
	{
		sqlite3 *db = NULL;

		/* One posting each: the places of a row may be none. */
		assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
		assert_int_equal(
			sqlite3_exec(
				db,
				"DELETE FROM activity;"
				"WITH RECURSIVE e(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
				"FROM e WHERE n < 120) INSERT INTO activity_late "
				"SELECT v.id, 1714608000000 + n * 1000, n, x'' FROM e, "
				"value v",
				NULL, NULL, NULL),
			SQLITE_OK);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
	}
	history_open(h, STORE_WRITE, 0);
	rows = ask(h, waiting);
	assert_true(rows > 3 * 64);
	assert_int_equal(read_all(h, alice, 50, acts), EACH);
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_int_equal(ask(h, waiting), 0);
	assert_int_equal(read_all(h, alice, 50, acts), EACH);
	for (int i = 0; i < EACH; i++)
		assert_int_equal(acts[i].event, i + 1);
	for (int64_t v = 1; v <= rows / EACH; v++)
		assert_int_equal(count_list(h, POSTING_ACTIVITY, v), EACH);
}

/* In haste only few are merged; the others go on to wait, and are merged by who has time. */
static void test_in_haste(void **state)
{
	struct history *h = *state;
	int64_t n = put_two_waiting(h);

	h->s->writer->late.hasty = (size_t)n - 1;
	assert_int_equal(store_sweep(h->s, true), 0);
	assert_int_equal(ask(h, counted), n);
	assert_true(ask(h, waiting) > 0);
	put_round(h, 2);
	assert_true(ask(h, counted) > n + EACH);
	h->s->writer->late.hasty = (size_t)ask(h, counted);
	assert_int_equal(store_sweep(h->s, true), 0);
	assert_int_equal(ask(h, counted), 0);
	assert_int_equal(ask(h, waiting), 0);
	put_round(h, 3);
	assert_true(ask(h, counted) > 0);
	h->s->writer->late.hasty = 0;
	assert_int_equal(store_sweep(h->s, true), 0);
	assert_true(ask(h, waiting) > 0);
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_int_equal(ask(h, waiting), 0);
	assert_rounds(h, ROUNDS);
}

static void test_rolled_back(void **state)
{
	struct history *h = *state, *other = NULL;
	int64_t n = put_two_waiting(h);

	for (int merged = 0; merged < 2; merged++) {
		/* That it was settled the count shows. */
		wait_from(h, 1, merged ? 1 : SIZE_MAX);
		begin(h);
		for (int i = 0; i < EACH; i++)
			tell(h, 2 * EACH + i, time_of(2, i));
		assert_int_equal(tell_settle(h->s), 0);
		assert_true(merged ? h->s->writer->counters[COUNTER_LATE] == -n
				   : h->s->writer->counters[COUNTER_LATE] > EACH);
		store_rollback(h->s);
		assert_int_equal(ask(h, counted), n);
		assert_true(ask(h, waiting) > 0);
	}
	wait_from(h, 1, SIZE_MAX);
	put_round(h, 2);
	assert_true(ask(h, counted) > n + EACH);
	other_begin(&other, 3);
	assert_same(h, other, 3);
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_int_equal(ask(h, counted), 0);
	assert_same(h, other, 3);
	history_teardown((void **)&other);
}

/* --- damage --------------------------------------------------------------------------------- */

static void exec(struct history *h, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Cut off; and one that reaches into the row behind it. It is named, and nothing goes. */
static void test_damaged(void **state)
{
	static const char *const damages[] = {
		"UPDATE activity_late SET places = x'ff'",
		"INSERT INTO activity_late SELECT value, time_ms, event + 1, x'' FROM "
		"activity_late ORDER BY value LIMIT 1",
	};
	struct history *h = *state;
	struct store_act acts[8];
	int64_t name, rows, postings;
	size_t n;

	wait_from(h, 1, SIZE_MAX);
	put_round(h, 0);
	put_round(h, 1);
	name = value_of(h, STORE_VALUE_EVENT_NAME, CALL).id;
	postings = ask(h, counted);
	exec(h, "CREATE TABLE saved AS SELECT * FROM activity_late");
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		exec(h, damages[i]);
		rows = ask(h, waiting);
		if (i == 0) {
			assert_int_equal(store_activity(h->s, name,
							&(struct store_act){ 0 }, acts, 8,
							&n),
					 STORE_E_DAMAGED);
			assert_non_null(strstr(store_message(h->s),
					       "the postings of activity_late from "));
		}
		assert_int_equal(store_sweep(h->s, false), STORE_E_DAMAGED);
		assert_non_null(strstr(store_message(h->s),
				       "the postings of activity_late from "));
		assert_int_equal(ask(h, waiting), rows);
		assert_int_equal(ask(h, counted), postings);
		exec(h, "DELETE FROM activity_late; INSERT INTO activity_late SELECT * "
			"FROM saved");
	}
	assert_int_equal(store_sweep(h->s, false), 0);
	assert_int_equal(count_list(h, POSTING_ACTIVITY, name), 2 * EACH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),      TEST(test_read_meanwhile), TEST(test_few),
		TEST(test_in_order),  TEST(test_scattered),      TEST(test_many),
		TEST(test_many_rows), TEST(test_in_haste),       TEST(test_rolled_back),
		TEST(test_damaged),
	};

	return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
