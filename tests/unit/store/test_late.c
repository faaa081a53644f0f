/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events that come in late: the files of activity/ are the same whether their places wait or not, to
 * whoever reads while they do; and what waits is merged, by how many there are or by a sweep, and is
 * neither lost nor told twice by what is rolled back or cut off.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "late_rounds.h"
#include "private.h"

/* --- reading -------------------------------------------------------------------------------- */

static void test_read(void **state)
{
	struct history *h = *state, *other = NULL;

	wait_from(h, 1, SIZE_MAX);
	for (int round = 0; round < ROUNDS; round++)
		put_round(h, round);
	other_begin(&other, ROUNDS);
	/* All but the first round's, and what is as old as that. */
	assert_true(ask(h, LATE_COUNTED) > (ROUNDS - 1) * EACH);
	assert_true(ask(h, LATE_ROWS) > 0);
	assert_same(h, other, ROUNDS, 1);
	history_open(h, STORE_READ, 0);
	assert_same(h, other, ROUNDS, 1);
	/* By the next program that writes. */
	history_open(h, STORE_WRITE, 0);
	sweep_all(h);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	assert_same(h, other, ROUNDS, 1);
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
		tell_late(h, EACH + i, T0 - i);
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
	assert_int_equal(ask(h, LATE_ROWS), 0);
	wait_from(h, 2 * EACH + 1, SIZE_MAX);
	put_round(h, 2);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
}

/* What is the newest of its value does not, whatever the other values of the event have; nor what is
   only older than others of its own commit. */
static void test_in_order(void **state)
{
	struct history *h = *state;

	wait_from(h, 1, SIZE_MAX);
	begin(h);
	for (int i = 0; i < EACH; i++)
		tell_late(h, 2 * i, T0 - i);
	commit(h);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	/* Of alice nothing is there yet. */
	begin(h);
	tell_late(h, 1, T0 - DAY_MS);
	commit(h);
	assert_int_equal(ask(h, LATE_COUNTED), 1);
	begin(h);
	tell_late(h, 3, T0);
	tell_late(h, 5, T0 + 1);
	tell_late(h, 7, T0);
	commit(h);
	assert_int_equal(ask(h, LATE_COUNTED), 1);
	/* As another program finds it. */
	history_open(h, STORE_WRITE, 0);
	wait_from(h, 1, SIZE_MAX);
	begin(h);
	tell_late(h, 9, T0 + 1);
	tell_late(h, 11, T0);
	commit(h);
	assert_int_equal(ask(h, LATE_COUNTED), 3);
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
		tell_late(h, 2 * EACH + i, T0 + 9 * DAY_MS + i);
	commit(h);
	assert_false(l->waits);
	begin(h);
	tell_late(h, 3 * EACH, T0);
	commit(h);
	assert_true(l->waits);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	begin(h);
	tell_late(h, 3 * EACH + 1, T0);
	tell_late(h, 3 * EACH + 2, T0);
	commit(h);
	assert_int_equal(ask(h, LATE_COUNTED), 4);
	sweep_all(h);
	assert_false(l->waits);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
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
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	put_round(h, 3);
	assert_true(ask(h, LATE_ROWS) > 0);
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
	rows = ask(h, LATE_ROWS);
	assert_true(rows > 3 * 64);
	assert_int_equal(read_all(h, alice, 50, acts), EACH);
	sweep_all(h);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(read_all(h, alice, 50, acts), EACH);
	for (int i = 0; i < EACH; i++)
		assert_int_equal(acts[i].event, i + 1);
	for (int64_t v = 1; v <= rows / EACH; v++)
		assert_int_equal(count_list(h, POSTING_ACTIVITY, v), EACH);
}

/* --- what fails ----------------------------------------------------------------------------- */

static void test_rolled_back(void **state)
{
	struct history *h = *state, *other = NULL;
	int64_t n = put_two_waiting(h);

	for (int merged = 0; merged < 2; merged++) {
		/* That it was settled the count shows. */
		wait_from(h, 1, merged ? 1 : SIZE_MAX);
		begin(h);
		for (int i = 0; i < EACH; i++)
			tell_late(h, 2 * EACH + i, time_of(2, i));
		assert_int_equal(tell_settle(h->s), 0);
		assert_true(merged ? h->s->writer->counters[COUNTER_LATE] == -n
				   : h->s->writer->counters[COUNTER_LATE] > EACH);
		store_rollback(h->s);
		assert_int_equal(ask(h, LATE_COUNTED), n);
		assert_true(ask(h, LATE_ROWS) > 0);
	}
	wait_from(h, 1, SIZE_MAX);
	put_round(h, 2);
	assert_true(ask(h, LATE_COUNTED) > n + EACH);
	other_begin(&other, 3);
	assert_same(h, other, 3, 1);
	sweep_all(h);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	assert_same(h, other, 3, 1);
	history_teardown((void **)&other);
}

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
	bool more;
	size_t n;

	wait_from(h, 1, SIZE_MAX);
	put_round(h, 0);
	put_round(h, 1);
	name = value_of(h, STORE_VALUE_EVENT_NAME, CALL).id;
	postings = ask(h, LATE_COUNTED);
	exec(h, "CREATE TABLE saved AS SELECT * FROM activity_late");
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		exec(h, damages[i]);
		rows = ask(h, LATE_ROWS);
		if (i == 0) {
			assert_int_equal(store_activity(h->s, name,
							&(struct store_act){ 0 }, acts, 8,
							&n),
					 STORE_E_DAMAGED);
			assert_non_null(strstr(store_message(h->s),
					       "the postings of activity_late from "));
		}
		/* And in haste, where that is the first row, or was about to be the last of a slice. */
		h->s->writer->late.hasty = 1;
		for (int haste = 0; haste < 2; haste++) {
			assert_int_equal(store_sweep(h->s, haste, &more),
					 STORE_E_DAMAGED);
			assert_non_null(strstr(store_message(h->s),
					       "the postings of activity_late from "));
			assert_int_equal(ask(h, LATE_ROWS), rows);
			assert_int_equal(ask(h, LATE_COUNTED), postings);
		}
		exec(h, "DELETE FROM activity_late; INSERT INTO activity_late SELECT * "
			"FROM saved");
	}
	sweep_all(h);
	assert_int_equal(count_list(h, POSTING_ACTIVITY, name), 2 * EACH);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_read),      TEST(test_read_meanwhile), TEST(test_few),
		TEST(test_in_order),  TEST(test_scattered),      TEST(test_many),
		TEST(test_many_rows), TEST(test_rolled_back),    TEST(test_damaged),
	};

	return cmocka_run_group_tests_name("late", tests, NULL, NULL);
}
