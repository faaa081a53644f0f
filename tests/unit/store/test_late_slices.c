/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits is merged slice by slice: after each, each posting is in one of both lists, the history knows
 * how many are left, and the next program goes on behind it.
 */
#include <sqlite3.h>

#include "late_rounds.h"
#include "private.h"

/* Postings that are in the table. */
static int64_t count_waiting(struct history *h)
{
	int64_t n = 0, values = ask(h, "SELECT max(id) FROM value");

	for (int64_t v = 1; v <= values; v++)
		n += count_list(h, POSTING_LATE, v);
	return n;
}

/* In haste; is some left? Then so many rows were written, and of what waits, in rows of two, few more
   were taken out. */
static bool sweep_slice(struct history *h, size_t rows)
{
	int64_t before = ask(h, LATE_COUNTED), begun = sqlite3_total_changes64(h->s->db);
	bool more;

	h->s->writer->late.hasty = rows;
	assert_int_equal(store_sweep(h->s, true, &more), 0);
	if (more)
		assert_in_range(sqlite3_total_changes64(h->s->db) - begun, rows,
				2 * rows + 20);
	assert_int_equal(count_waiting(h), ask(h, LATE_COUNTED));
	assert_int_equal(more, ask(h, LATE_ROWS) > 0);
	if (before)
		assert_in_range(ask(h, LATE_COUNTED), 0, before - 1);
	return more;
}

/* Each place is found once after each, by who has the history open and by who opens it: as after a kill
   between two, which the next program goes on behind. */
static void test_slices(void **state)
{
	struct history *h = *state, *other = NULL;
	int slices = 1;

	other_begin(&other, 2);
	put_two_waiting(h);
	part_late_rows(h);
	for (; sweep_slice(h, 12); slices++) {
		assert_true(slices < ALL);
		if (slices % 3 == 0)
			history_open(h, STORE_READ, 0);
		assert_same(h, other, 2, 61);
		history_open(h, STORE_WRITE, 0);
	}
	assert_in_range(slices, 5, ALL);
	assert_same(h, other, 2, 1);
	assert_false(sweep_slice(h, 12));
	history_teardown((void **)&other);
}

/* So few that they are merged at once; and all that is left, by who has time. */
static void test_slice_of_all(void **state)
{
	struct history *h = *state;

	put_two_waiting(h);
	part_late_rows(h);
	assert_false(sweep_slice(h, SIZE_MAX / 2));
	put_round(h, 2);
	part_late_rows(h);
	assert_true(sweep_slice(h, 1));
	sweep_all(h);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	assert_rounds(h, 3);
}

/* More comes before what was merged, and behind it: it goes on to wait. */
static void test_slices_meanwhile(void **state)
{
	struct history *h = *state;

	put_two_waiting(h);
	for (int round = 2; round < ROUNDS; round++) {
		int64_t before;

		part_late_rows(h);
		assert_true(sweep_slice(h, 12));
		before = ask(h, LATE_COUNTED);
		wait_from(h, 1, SIZE_MAX);
		put_round(h, round);
		assert_true(ask(h, LATE_COUNTED) > before + EACH);
		assert_int_equal(count_waiting(h), ask(h, LATE_COUNTED));
	}
	for (int slices = 0; sweep_slice(h, 12); slices++)
		assert_true(slices < ALL);
	assert_rounds(h, ROUNDS);
}

/* Who has begun to read before one reads on as it was. */
static void test_slice_beside_reader(void **state)
{
	static struct store_act acts[ALL + 1];
	struct history *h = *state, reader = { 0 };
	int64_t name;

	put_two_waiting(h);
	part_late_rows(h);
	name = value_of(h, STORE_VALUE_EVENT_NAME, CALL).id;
	assert_int_equal(store_open(h->path, STORE_READ, false, &reader.s, &h->fault), 0);
	for (bool more = true; more;) {
		assert_int_equal(store_read_begin(reader.s), 0);
		assert_int_equal(read_all(&reader, name, 7, acts), 2 * EACH);
		more = sweep_slice(h, 100);
		assert_int_equal(read_all(&reader, name, 7, acts), 2 * EACH);
		store_read_end(reader.s);
		assert_int_equal(read_all(&reader, name, 7, acts), 2 * EACH);
	}
	store_close(reader.s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_slices),
		TEST(test_slice_of_all),
		TEST(test_slices_meanwhile),
		TEST(test_slice_beside_reader),
	};

	return cmocka_run_group_tests_name("late_slices", tests, NULL, NULL);
}
