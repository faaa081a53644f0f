/* SPDX-License-Identifier: Apache-2.0 */

/*
 * When listings go without attributes: by what clients like find, ls and grep do.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/macro.h"
#include "wants.h"

/* Lists directories from the given one on; the number of them listed in that way. */
static unsigned list(struct wants *w, uint64_t dir, unsigned n, bool asks,
		     enum wants_files counted)
{
	unsigned ret = 0;

	for (uint64_t d = dir; d < dir + n; d++) {
		enum wants_files files = wants_next(w);

		ret += files == counted;
		if (files != WANTS_ALL)
			wants_left_out(w, d, files == WANTS_TRY);
		if (files != WANTS_ALL && asks)
			wants_looked_up(w, d);
	}
	return ret;
}

static void test_names_only(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	assert_int_equal(list(&w, 1, 4, false, WANTS_TRY), 4);
	assert_int_equal(list(&w, 5, 1000, false, WANTS_NONE), 1000);
}

static void test_attributes(void **state)
{
	struct wants w = WANTS_INIT;
	unsigned n;

	(void)state;
	assert_int_equal(list(&w, 1, 1, true, WANTS_TRY), 1);
	n = list(&w, 2, 1600, true, WANTS_TRY);
	assert_in_range(n, 90, 110); /* one in sixteen */
	assert_int_equal(list(&w, 2000, 1600, true, WANTS_NONE), 0);
}

/* One question is enough to have them again; to be without them takes several in vain. */
static void test_change(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	assert_int_equal(list(&w, 1, 20, false, WANTS_NONE), 16);
	wants_looked_up(&w, 19);
	assert_int_equal(list(&w, 21, 100, true, WANTS_NONE), 0);
	assert_in_range(list(&w, 200, 200, false, WANTS_NONE), 100, 180);
	assert_int_equal(wants_next(&w), WANTS_NONE);
}

/* A question about a directory of long ago, or one that was listed with attributes, says nothing. */
static void test_others(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	(void)list(&w, 1, 200, false, WANTS_NONE);
	wants_looked_up(&w, 100);
	wants_looked_up(&w, 5000);
	assert_int_equal(wants_next(&w), WANTS_NONE);
	wants_looked_up(&w, 200);
	assert_int_equal(wants_next(&w), WANTS_ALL);
}

/* Two clients by turns, of whom one asks: it is served. */
static void test_both(void **state)
{
	struct wants w = WANTS_INIT;
	unsigned without = 0;

	(void)state;
	for (uint64_t d = 1; d < 2000; d++)
		without += list(&w, d, 1, d % 2, WANTS_NONE);
	assert_in_range(without, 0, 10);
}

/* --- large directories -------------------------------------------------------------------- */

/* Lists a large one from its begin. */
static void begin(struct wants *w, uint64_t dir, int64_t now_ms)
{
	if (wants_begun(w, dir, true, now_ms))
		wants_large(w, dir);
}

static void test_large(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	begin(&w, 1, 0);
	assert_true(wants_names(&w, 1));
	assert_false(wants_names(&w, 2));
	assert_false(wants_entry(&w, 2));
	assert_true(wants_names(&w, 1));
	begin(&w, 1, 10); /* the same again is no walk */
	assert_true(wants_names(&w, 1));
	/* Whoever asks has the rest at once. */
	assert_true(wants_entry(&w, 1));
	assert_false(wants_names(&w, 1));
	begin(&w, 1, 20); /* one question may have been a path */
	assert_true(wants_names(&w, 1));
}

/* Whoever went through the entries has all attributes the next time, not for ever. */
static void test_asked(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	begin(&w, 1, 0);
	for (unsigned i = 0; i < WANTS_ASKED; i++)
		assert_true(wants_entry(&w, 1));
	begin(&w, 1, 20);
	assert_false(wants_names(&w, 1));
	begin(&w, 1, 30);
	assert_true(wants_names(&w, 1));
}

/* Directories one right after another, or a question about the filesystem, are a walk. */
static void test_walk(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	assert_true(wants_begun(&w, 1, true, 0));
	assert_true(wants_begun(&w, 2, false, 1)); /* by its path, not from above */
	assert_false(wants_begun(&w, 3, true, WANTS_WALK_MS - 1));
	assert_false(wants_begun(&w, 3, true, WANTS_WALK_MS));
	begin(&w, 3, 3 * WANTS_WALK_MS);
	begin(&w, 4, 5 * WANTS_WALK_MS);
	assert_true(wants_names(&w, 3) && wants_names(&w, 4));
	wants_walk(&w, 6 * WANTS_WALK_MS);
	assert_false(wants_names(&w, 3) || wants_names(&w, 4));
	begin(&w, 4, 7 * WANTS_WALK_MS - 1);
	assert_false(wants_names(&w, 4));
	begin(&w, 4, 7 * WANTS_WALK_MS);
	assert_true(wants_names(&w, 4));
}

/* Those listed last are remembered. */
static void test_many_large(void **state)
{
	struct wants w = WANTS_INIT;
	unsigned n = 0;

	(void)state;
	for (uint64_t dir = 1; dir <= 3 * WANTS_LARGE; dir++)
		begin(&w, dir, (int64_t)dir * WANTS_WALK_MS);
	for (uint64_t dir = 1; dir <= 3 * WANTS_LARGE; dir++)
		n += wants_names(&w, dir);
	assert_int_equal(n, WANTS_LARGE);
	assert_true(wants_names(&w, 3 * WANTS_LARGE));
}

/* Who looks up a directory of two moments before either is listed compares. */
static void test_moments(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	assert_false(wants_compared(&w, 1, 7, 0));
	wants_met(&w, 1, 7, 0);
	wants_met(&w, 1, 7, 10); /* itself */
	wants_met(&w, 2, 8, 20); /* another */
	wants_met(&w, 3, 0, 20); /* of no moment */
	assert_false(wants_compared(&w, 1, 7, 20));
	assert_false(wants_compared(&w, 3, 0, 20));
	wants_met(&w, 1, 7, 30);
	wants_met(&w, 4, 7, 40);
	assert_true(wants_compared(&w, 1, 7, 50));
	assert_true(wants_compared(&w, 4, 7, 60));
	assert_true(wants_compared(&w, 4, 7, 29 + WANTS_PAIR_MS));
	assert_false(wants_compared(&w, 4, 7, 30 + WANTS_PAIR_MS));
}

/* Who lists one moment after the other has names alone, but for the one that waits already. */
static void test_moments_in_turn(void **state)
{
	struct wants w = WANTS_INIT;

	(void)state;
	for (unsigned i = 1; i < 3 * WANTS_MOMENTS; i++) {
		wants_met(&w, i, 7, i);
		assert_false(wants_compared(&w, i, 7, i));
	}
	wants_met(&w, 1, 7, 100);
	assert_false(wants_compared(&w, 1, 7, 100));
	wants_met(&w, 2, 7, 100);
	wants_met(&w, 3, 7, 100);
	assert_true(wants_compared(&w, 2, 7, 200));
	/* Those looked up last are remembered. */
	for (unsigned i = 0; i < WANTS_MOMENTS; i++)
		wants_met(&w, 100 + i, 100 + i, 300);
	assert_false(wants_compared(&w, 3, 7, 300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_only),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_many_large),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_moments_in_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
