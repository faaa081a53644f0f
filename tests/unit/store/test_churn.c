/* SPDX-License-Identifier: Apache-2.0 */
/* Items of each resource: counted once, most first, the same in any order. */
#include <stdio.h>

#include "history.h"
#include "store/churn.h"

static void put(struct history *h, const char *rid, int n)
{
	char body[64];

	for (int i = 0; i < n; i++) {
		struct item item;

		(void)snprintf(body, sizeof(body), "{\"n\":%d}", i);
		item = item_of(GROUP, rid, 1000 + i, "1", body);
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
		assert_int_equal(put_item(h, &item), STORE_PUT_KNOWN);
	}
}

static void test_order(void **state)
{
	static const char *const want[] = { "sg-b", "sg-a", "sg-c" };
	struct history *h = *state;
	struct store_churn rows[8];
	size_t n;

	put(h, "sg-c", 1);
	put(h, "sg-b", 5);
	put(h, "sg-a", 1);
	put(h, "sg-d", 1);
	assert_int_equal(store_churn(h->s, STR(ACCOUNT), STR(REGION), STR(GROUP), 0,
				     &h->a, rows, 3, &n),
			 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_true(str_is(rows[i].rid, want[i]));
	assert_int_equal(rows[0].items, 5);
	assert_int_equal(rows[0].first_ms, 1000);
	assert_int_equal(rows[0].last_ms, 1004);
	/* Only those with more than one. */
	assert_int_equal(store_churn(h->s, STR(ACCOUNT), STR(REGION), STR(GROUP), 1,
				     &h->a, rows, 3, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_churn(h->s, STR(ACCOUNT), STR(REGION), STR("AWS::X::Y"), 0,
				     &h->a, rows, 3, &n),
			 0);
	assert_int_equal(n, 0);
}

static void assert_page(struct history *h, uint64_t above, size_t max, const char *want)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct store_churn rows[8];
	size_t n;

	assert_in_range(max, 1, ARRAY_SIZE(rows));
	assert_int_equal(store_churn(h->s, STR(ACCOUNT), STR(REGION), STR(GROUP), above,
				     &h->a, rows, max, &n),
			 0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&got, "%.*s %llu,", (int)rows[i].rid.n, rows[i].rid.p,
			   (unsigned long long)rows[i].items);
	buf_put_char(&got, '\0');
	assert_string_equal(got.data, want);
}

/* Those of many items are in an index, the others are gone through: it is one order. */
static void test_busy(void **state)
{
	struct history *h = *state;

	put(h, "sg-c", 17);
	put(h, "sg-f", 16);
	put(h, "sg-b", 16);
	put(h, "sg-a", 20);
	put(h, "sg-d", 17);
	put(h, "sg-e", 2);
	assert_int_equal(ask(h,
			     "SELECT count(*) FROM resource INDEXED BY resource_by_items "
			     "WHERE items > 16"),
			 3);
	assert_page(h, 0, 2, "sg-a 20,sg-c 17,");
	assert_page(h, 0, 3, "sg-a 20,sg-c 17,sg-d 17,");
	assert_page(h, 0, 4, "sg-a 20,sg-c 17,sg-d 17,sg-b 16,");
	assert_page(h, 0, 8, "sg-a 20,sg-c 17,sg-d 17,sg-b 16,sg-f 16,sg-e 2,");
	assert_page(h, 2, 8, "sg-a 20,sg-c 17,sg-d 17,sg-b 16,sg-f 16,");
	assert_page(h, 16, 8, "sg-a 20,sg-c 17,sg-d 17,");
	assert_page(h, 17, 8, "sg-a 20,");
	assert_page(h, 20, 8, "");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(test_order), CASE(test_busy) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
