/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: alignment, growth over many blocks, big requests, starting over. */
#include "util/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_alignment_and_distinctness(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	unsigned char *p[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = arena_alloc(&a, i);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		memset(p[i], (int)i, i);
	}
	/* 45 kB: several blocks; nothing was written over by a later one. */
	for (size_t i = 0; i < ARRAY_SIZE(p); i++)
		for (size_t k = 0; k < i; k++)
			assert_int_equal(p[i][k], i & 0xff);
}

static void test_zalloc(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char *p = arena_alloc(&a, 100);

	(void)state;
	assert_non_null(p);
	memset(p, 'x', 100);
	arena_reset(&a);
	p = arena_zalloc(&a, 100);
	assert_non_null(p);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
}

static void test_big_request_leaves_block(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char *before = arena_alloc(&a, 16);
	char *big = arena_alloc(&a, (size_t)3 << 20);
	char *after = arena_alloc(&a, 16);

	(void)state;
	assert_non_null(before);
	assert_non_null(big);
	memset(big, 'x', (size_t)3 << 20);
	assert_ptr_equal(after, before + 16);

	/* The big block is the first one of another arena: it works there as well. */
	arena_deinit(&a);
	big = arena_alloc(&a, (size_t)3 << 20);
	assert_non_null(big);
	memset(big, 'x', (size_t)3 << 20);
	assert_non_null(arena_alloc(&a, 1));
}

static void test_reset_keeps_one_block(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char *first, *again;

	(void)state;
	arena_reset(&a);
	for (int i = 0; i < 1000; i++)
		assert_non_null(arena_alloc(&a, 100));
	arena_reset(&a);
	first = arena_alloc(&a, 100);
	arena_reset(&a);
	again = arena_alloc(&a, 100);
	assert_non_null(first);
	assert_ptr_equal(first, again);
}

static void test_absurd_sizes(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;

	(void)state;
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 15));
	assert_null(arena_zalloc(&a, SIZE_MAX / 2 + 1));
	assert_non_null(arena_alloc(&a, 1));
}

static void test_str(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char text[] = "text";
	struct str s = arena_str(&a, STR(text));
	struct str empty = arena_str(&a, STR_NULL);

	(void)state;
	text[0] = 'n';
	assert_true(str_is(s, "text"));
	assert_int_equal(s.p[4], 0);
	assert_int_equal(empty.n, 0);
	assert_non_null(empty.p);
	assert_int_equal(empty.p[0], 0);
}

static void test_trim(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	char *first = arena_alloc(&a, 100);
	char *second = arena_alloc(&a, 4096);
	char *big, *after;

	(void)state;
	arena_trim(&a, first, 0); /* not the newest: nothing */
	arena_trim(&a, second, 17);
	after = arena_alloc(&a, 16);
	assert_ptr_equal(after, second + 32);
	big = arena_alloc(&a, (size_t)3 << 20);
	arena_trim(&a, big, 16); /* has a block of its own */
	assert_ptr_equal(arena_alloc(&a, 16), after + 16);
	assert_true(arena_size(&a) > (size_t)3 << 20);
	arena_reset(&a);
	arena_trim(&a, after, 0);
	assert_true(arena_size(&a) < (size_t)3 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alignment_and_distinctness),
		cmocka_unit_test(test_zalloc),
		cmocka_unit_test(test_big_request_leaves_block),
		cmocka_unit_test(test_reset_keeps_one_block),
		cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_trim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
