/* SPDX-License-Identifier: Apache-2.0 */
/* Items of each resource: counted once, most first, the same in any order. */
#include <stdio.h>

#include "history.h"
#include "store/churn.h"

static void put(struct history *h, const char *type, const char *rid, int n)
{
	char body[64];

	for (int i = 0; i < n; i++) {
		struct item item;

		(void)snprintf(body, sizeof(body), "{\"n\":%d}", i);
		item = item_of(type, rid, 1000 + i, "1", body);
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
		assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	}
}

static void assert_first(struct history *h, size_t each, size_t max, const char *want)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct store_tally *types;
	struct store_churn *rows;
	size_t n_types, n;

	assert_int_equal(store_tallies_of(h->s, STR("item"), &h->a, &types, &n_types), 0);
	assert_int_equal(store_churn(h->s, types, n_types, each, max, &h->a, &rows, &n),
			 0);
	for (size_t i = 0; i < n; i++) {
		assert_in_range(rows[i].type, 0, n_types - 1);
		buf_printf(&got, "%.*s %.*s %llu,", STR_ARGS(types[rows[i].type].type),
			   STR_ARGS(rows[i].rid), (unsigned long long)rows[i].items);
		/* As put() has it. */
		assert_int_equal(rows[i].first_ms, 1000);
		assert_int_equal(rows[i].last_ms, 999 + (int64_t)rows[i].items);
	}
	buf_put_char(&got, '\0');
	assert_string_equal(got.data, want);
}

static void test_order(void **state)
{
	struct history *h = *state;

	assert_first(h, 3, 3, "");
	put(h, "A", "sg-c", 1);
	put(h, "A", "sg-b", 5);
	put(h, "A", "sg-a", 1);
	put(h, "A", "sg-d", 1);
	assert_first(h, 9, 1, "A sg-b 5,");
	assert_first(h, 9, 3, "A sg-b 5,A sg-a 1,A sg-c 1,");
	assert_first(h, 2, 3, "A sg-b 5,A sg-a 1,");
	assert_first(h, 9, 9, "A sg-b 5,A sg-a 1,A sg-c 1,A sg-d 1,");
}

/* Those of many items are in an index, the others are gone through: it is one order. */
static void test_busy(void **state)
{
	struct history *h = *state;

	put(h, "B", "sg-c", 17);
	put(h, "B", "sg-f", 16);
	put(h, "B", "sg-b", 16);
	put(h, "B", "sg-a", 20);
	put(h, "B", "sg-d", 17);
	put(h, "B", "sg-e", 2);
	put(h, "A", "sg-z", 16);
	put(h, "C", "sg-a", 17);
	put(h, "C", "sg-b", 2);
	assert_int_equal(ask(h,
			     "SELECT count(*) FROM resource INDEXED BY resource_by_items "
			     "WHERE items > 16"),
			 4);
	assert_first(h, 9, 2, "B sg-a 20,B sg-c 17,");
	assert_first(h, 9, 3, "B sg-a 20,B sg-c 17,B sg-d 17,");
	assert_first(h, 9, 5, "B sg-a 20,B sg-c 17,B sg-d 17,C sg-a 17,A sg-z 16,");
	assert_first(h, 9, 6,
		     "B sg-a 20,B sg-c 17,B sg-d 17,C sg-a 17,A sg-z 16,B sg-b 16,");
	assert_first(h, 9, 9,
		     "B sg-a 20,B sg-c 17,B sg-d 17,C sg-a 17,A sg-z 16,B sg-b 16,"
		     "B sg-f 16,B sg-e 2,C sg-b 2,");
	/* Who is beyond its type's share makes room for others. */
	assert_first(h, 1, 9, "B sg-a 20,C sg-a 17,A sg-z 16,");
	assert_first(h, 4, 6,
		     "B sg-a 20,B sg-c 17,B sg-d 17,C sg-a 17,A sg-z 16,B sg-b 16,");
}

/* --- against a plain reference --------------------------------------------------------------- */

#define MANY       60
#define MOST_ITEMS 17 /* ... which are in the index; the others are not */

static const char *const kinds[] = { "A", "B", "C" };

/* Squares: nine numbers, each of some seven resources, of one type and of several. */
static int items_of(int i)
{
	return 1 + (i * i) % MOST_ITEMS;
}

/* Type by type and id by id, for each number of items from the most on. */
static void put_want(struct buf *out, size_t each, size_t max)
{
	size_t counts[ARRAY_SIZE(kinds)] = { 0 }, n = 0;

	for (int items = MOST_ITEMS; items > 0; items--)
		for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++)
			for (int i = (int)kind; i < MANY; i += (int)ARRAY_SIZE(kinds)) {
				if (items_of(i) != items || counts[kind] == each ||
				    n == max)
					continue;
				buf_printf(out, "%s r%02d %d,", kinds[kind], i, items);
				counts[kind]++;
				n++;
			}
	buf_put_char(out, '\0');
}

/*
 * Many more than are wanted, from whichever row on the busiest are: what is gathered is cut more than
 * once, also while a type has more than its share in it.
 */
static void test_many(void **state)
{
	static const size_t each[] = { 1, 3, 7, 100 };
	_cleanup_(buf_deinit) struct buf want = BUF_INIT;
	struct history *h = *state;

	for (int k = 0; k < MANY; k++) {
		int i = k * 37 %
			MANY; /* neither in the order of ids nor in that of types */
		char rid[16];

		(void)snprintf(rid, sizeof(rid), "r%02d", i);
		put(h, kinds[(size_t)i % ARRAY_SIZE(kinds)], rid, items_of(i));
	}
	assert_in_range(ask(h, "SELECT count(*) FROM resource WHERE items > 16"), 5, 9);
	for (size_t k = 0; k < ARRAY_SIZE(each); k++)
		for (size_t max = 1; max < MANY + 10; max++) {
			buf_reset(&want);
			put_want(&want, each[k], max);
			assert_first(h, each[k], max, want.data);
		}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(test_order), CASE(test_busy),
					    CASE(test_many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
