/* SPDX-License-Identifier: Apache-2.0 */
/* The writer's map: growth, equal hashes, keys with NUL, clearing. */
#include "map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct number {
	struct map_node node;
	char text[16];
};

static struct number numbers[5000];

static void add(struct map *m, struct number *x, uint64_t hash)
{
	x->node = (struct map_node){ .hash = hash, .key = str_of(x->text) };
	assert_int_equal(map_add(m, &x->node), 0);
}

static void test_many(void **state)
{
	_cleanup_(map_deinit) struct map m = MAP_INIT;

	(void)state;
	assert_null(map_get(&m, 1, STR("absent")));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		(void)snprintf(numbers[i].text, sizeof(numbers[i].text), "%zu", i);
		add(&m, &numbers[i], str_hash(str_of(numbers[i].text)));
	}
	assert_int_equal(m.n, ARRAY_SIZE(numbers));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct str key = str_of(numbers[i].text);

		assert_ptr_equal(map_get(&m, str_hash(key), key), &numbers[i].node);
	}
	assert_null(map_get(&m, str_hash(STR("5000")), STR("5000")));
	map_clear(&m);
	assert_null(map_get(&m, str_hash(STR("7")), STR("7")));
	assert_int_equal(m.n, 0);
}

/* The hash is only a hint: with all of them equal the keys still decide. */
static void test_equal_hashes(void **state)
{
	_cleanup_(map_deinit) struct map m = MAP_INIT;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		(void)snprintf(numbers[i].text, sizeof(numbers[i].text), "%zu", i);
		add(&m, &numbers[i], UINT64_MAX);
	}
	for (size_t i = 0; i < 200; i++)
		assert_ptr_equal(map_get(&m, UINT64_MAX, str_of(numbers[i].text)),
				 &numbers[i].node);
	assert_null(map_get(&m, UINT64_MAX, STR("200")));
}

static void test_nul_in_key(void **state)
{
	_cleanup_(map_deinit) struct map m = MAP_INIT;
	struct map_node a = { .hash = 1, .key = STR("a\0b") };
	struct map_node b = { .hash = 1, .key = STR("a\0c") };

	(void)state;
	assert_int_equal(map_add(&m, &a), 0);
	assert_int_equal(map_add(&m, &b), 0);
	assert_ptr_equal(map_get(&m, 1, STR("a\0c")), &b);
	assert_null(map_get(&m, 1, STR("a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_equal_hashes),
		cmocka_unit_test(test_nul_in_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
