/* SPDX-License-Identifier: Apache-2.0 */
/* Rings of arenas: what stays, what goes, numbers that never come again. */
#include "util/arena_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Puts one thing of that size; the number of the arena it is in. */
static uint32_t put(struct arena_ring *r, size_t size)
{
	char *p = arena_alloc(arena_ring_next(r), size);

	assert_non_null(p);
	memset(p, 'x', size);
	return r->newest;
}

static void test_small_things_share(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t first;

	assert_false(arena_ring_hold(&r, 0));
	assert_false(arena_ring_hold(&r, 1));
	first = put(&r, 1000);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(put(&r, 1000), first);
	assert_true(arena_ring_hold(&r, first));
	assert_false(arena_ring_hold(&r, first + 1));
}

/* A ring of full arenas keeps as many as there are places. */
static void test_oldest_go(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t first = put(&r, ARENA_RING_FULL);

	for (uint32_t i = 1; i < 3 * ARENA_RING_SIZE; i++) {
		assert_int_equal(put(&r, ARENA_RING_FULL), first + i);
		assert_int_equal(r.newest - r.oldest + 1, MIN(i + 1, ARENA_RING_SIZE));
	}
	assert_false(arena_ring_hold(&r, r.oldest - 1));
	assert_true(arena_ring_hold(&r, r.oldest));
	assert_true(arena_ring_hold(&r, r.newest));
}

/* Large things: only those are kept that were asked for last. */
static void test_large_things(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };

	for (unsigned i = 0; i < 3 * ARENA_RING_SIZE; i++)
		put(&r, ARENA_RING_BYTES);
	assert_int_equal(r.newest - r.oldest + 1, ARENA_RING_HELD);
}

/* What is found, however old, stays as long as what is put. */
static void test_found_is_held(void **state _unused_)
{
	for (size_t size = ARENA_RING_FULL; size <= ARENA_RING_BYTES;
	     size *= ARENA_RING_BYTES / ARENA_RING_FULL) {
		_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
		uint32_t old;

		for (unsigned i = 0; i < ARENA_RING_SIZE; i++)
			put(&r, size);
		old = r.oldest;
		assert_true(arena_ring_hold(&r, old));
		for (unsigned i = 1; i < ARENA_RING_HELD; i++) {
			put(&r, size);
			assert_int_equal(r.oldest, old);
		}
		put(&r, size);
		assert_true(r.oldest > old);
	}
}

/* What is asked for between all others is made again in time: the others need its place. */
static void test_found_again_and_again(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t same = put(&r, ARENA_RING_FULL);

	for (unsigned i = 0; i < 10 * ARENA_RING_SLOTS; i++) {
		if (!arena_ring_hold(&r, same))
			same = put(&r, ARENA_RING_FULL);
		assert_true(r.oldest <= same);
		put(&r, ARENA_RING_FULL);
		assert_true(r.oldest <= same);
		assert_true(r.newest - r.oldest < ARENA_RING_SLOTS);
	}
}

static void test_reset(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t n = 0;

	arena_ring_reset(&r);
	for (unsigned i = 0; i < 5; i++)
		n = put(&r, ARENA_RING_FULL);
	arena_ring_reset(&r);
	/* An old number does not mean what comes now. */
	for (uint32_t k = 0; k <= n; k++)
		assert_false(arena_ring_hold(&r, k));
	assert_true(put(&r, 10) > n);
	assert_true(arena_ring_hold(&r, r.newest));
	/* No more is kept than a ring that was reset should have. */
	put(&r, 4 * ARENA_RING_FULL);
	arena_ring_reset(&r);
	for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
		assert_true(arena_size(&r.arenas[i]) <= ARENA_RING_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_things_share),
		cmocka_unit_test(test_oldest_go),
		cmocka_unit_test(test_large_things),
		cmocka_unit_test(test_found_is_held),
		cmocka_unit_test(test_found_again_and_again),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
