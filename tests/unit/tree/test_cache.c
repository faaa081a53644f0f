/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The content cache by itself: what is kept, what goes, and who waits for whom.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cache.h"

#define LIMIT 4096

static int setup(void **state)
{
	struct cache *c = malloc(sizeof(*c));

	assert_non_null(c);
	assert_int_equal(cache_init(c, LIMIT), 0);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	cache_deinit(*state);
	free(*state);
	return 0;
}

static struct cache_entry *put(struct cache *c, uint64_t node, uint64_t label, size_t len)
{
	struct buf content = BUF_INIT;
	struct cache_entry *e;

	for (size_t i = 0; i < len; i++)
		buf_put_char(&content, (char)node);
	e = cache_put(c, node, label, 1, &content);
	assert_non_null(e);
	assert_null(content.data); /* taken over */
	return e;
}

static bool has(struct cache *c, uint64_t node)
{
	uint64_t label;
	struct cache_entry *e = cache_hold(c, node, &label);

	cache_release(c, e);
	return e;
}

static void test_keep(void **state)
{
	struct cache *c = *state;
	struct cache_entry *e = put(c, 7, 3, 100), *again;
	uint64_t label = 0;

	again = cache_hold(c, 7, &label);
	assert_ptr_equal(e, again);
	assert_int_equal(label, 3);
	cache_relabel(c, e, 5);
	cache_relabel(c, e, 4); /* never back */
	cache_release(c, again);
	again = cache_hold(c, 7, &label);
	assert_int_equal(label, 5);
	cache_release(c, again);
	cache_release(c, e);
	assert_false(has(c, 8));
}

static void test_limit(void **state)
{
	struct cache *c = *state;

	for (uint64_t node = 1; node <= 100; node++) {
		cache_release(c, put(c, node, 1, 500));
		assert_true(has(c, 1)); /* used all the time, so kept */
		assert_true(c->bytes <= LIMIT);
	}
	assert_true(has(c, 100));
	assert_false(has(c, 50));
}

/* A file larger than the whole cache stays until the next one comes. */
static void test_too_large(void **state)
{
	struct cache *c = *state;

	cache_release(c, put(c, 1, 1, 10));
	cache_release(c, put(c, 2, 1, 3 * LIMIT));
	assert_true(has(c, 2));
	assert_false(has(c, 1));
	cache_release(c, put(c, 3, 1, 10));
	assert_false(has(c, 2));
	assert_true(has(c, 3));
}

static void test_holders(void **state)
{
	struct cache *c = *state;
	struct cache_entry *held = put(c, 1, 1, 100);

	cache_release(c, put(c, 1, 2, 50));        /* replaced */
	cache_release(c, put(c, 2, 2, 3 * LIMIT)); /* and pushed out */
	assert_false(has(c, 1));
	assert_int_equal(held->content.len, 100);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(held->content.data[i], 1);
	cache_release(c, held);
}

static void test_empty(void **state)
{
	struct cache *c = *state;
	struct buf nothing = BUF_INIT;
	struct cache_entry *e = cache_put(c, 9, 1, 1, &nothing);

	assert_non_null(e);
	assert_int_equal(e->content.len, 0);
	cache_release(c, e);
	assert_true(has(c, 9));
}

/* --- one makes, the others wait ----------------------------------------------------------- */

#define MAKERS 8

struct race {
	struct cache *cache;
	pthread_barrier_t start;
	unsigned made; /* atomic */
};

static void *make(void *arg)
{
	struct race *race = arg;
	struct cache_making making;
	struct cache_entry *e;
	uint64_t label;

	pthread_barrier_wait(&race->start);
	while (!(e = cache_hold(race->cache, 5, &label))) {
		if (!cache_begin(race->cache, 5, &making))
			continue;
		e = cache_hold(race->cache, 5, &label);
		if (!e) {
			__atomic_add_fetch(&race->made, 1, __ATOMIC_RELAXED);
			e = put(race->cache, 5, 1, 200);
		}
		cache_end(race->cache, &making);
		break;
	}
	cache_release(race->cache, e);
	return NULL;
}

static void test_made_once(void **state)
{
	struct race race = { .cache = *state };
	pthread_t threads[MAKERS];

	assert_int_equal(pthread_barrier_init(&race.start, NULL, MAKERS), 0);
	for (size_t i = 0; i < MAKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make, &race), 0);
	for (size_t i = 0; i < MAKERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(race.made, 1);
	pthread_barrier_destroy(&race.start);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keep),    TEST(test_limit), TEST(test_too_large),
		TEST(test_holders), TEST(test_empty), TEST(test_made_once),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
