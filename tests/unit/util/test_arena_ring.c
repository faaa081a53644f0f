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

	assert_false(arena_ring_has(&r, 0));
	assert_false(arena_ring_has(&r, 1));
	first = put(&r, 1000);
	for (unsigned i = 0; i < 500; i++)
		assert_int_equal(put(&r, 1000), first);
	assert_true(arena_ring_has(&r, first));
	assert_false(arena_ring_has(&r, first + 1));
}

/* A ring of full arenas keeps as many as there are places. */
static void test_oldest_go(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t first = put(&r, ARENA_RING_FULL);

	for (uint32_t i = 1; i < 3 * ARENA_RING_SIZE; i++) {
		uint32_t n = put(&r, ARENA_RING_FULL);

		assert_int_equal(n, first + i);
		for (uint32_t k = 0; k <= i; k++)
			assert_int_equal(arena_ring_has(&r, first + k),
					 k + ARENA_RING_SIZE > i);
	}
}

/* Large things: fewer are kept, but some always are. */
static void test_large_things(void **state _unused_)
{
	_cleanup_(arena_ring_deinit) struct arena_ring r = { 0 };
	uint32_t n = 0;

	for (unsigned i = 0; i < 3 * ARENA_RING_SIZE; i++)
		n = put(&r, ARENA_RING_BYTES);
	for (uint32_t k = 0; k < ARENA_RING_LEAST; k++)
		assert_true(arena_ring_has(&r, n - k));
	assert_false(arena_ring_has(&r, n - ARENA_RING_LEAST));
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
		assert_false(arena_ring_has(&r, k));
	assert_true(put(&r, 10) > n);
	assert_true(arena_ring_has(&r, r.newest));
	/* No more is kept than a ring that was reset should have. */
	put(&r, 4 * ARENA_RING_FULL);
	arena_ring_reset(&r);
	for (unsigned i = 0; i < ARENA_RING_SIZE; i++)
		assert_true(arena_size(&r.arenas[i]) <= ARENA_RING_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_things_share),
		cmocka_unit_test(test_oldest_go),
		cmocka_unit_test(test_large_things),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
