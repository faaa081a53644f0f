/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into structs: pages end where asked, all come where all are wanted, failures pass. */
#include <errno.h>

#include "history.h"
#include "private.h"
#include "rows.h"
#include "store/coverage.h"

struct counter_row {
	struct str name;
	int64_t n;
};

/* Of Q_DAYS: account and day. */
static int day_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct counter_row *c = ret;

	*c = (struct counter_row){ arena_str(a, col_str(q, 0)), col_int(q, 3) };
	return c->name.p ? 0 : -ENOMEM;
}

static int bad_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(int64_t *)ret = col_int(q, 3);
	return col_int(q, 3) == 3 ? -ENOMEM : 0;
}

static const struct sql_shape days = { sizeof(struct counter_row), day_row };

static void put_days(struct history *h, int64_t n)
{
	begin(h);
	for (int64_t day = 1; day <= n; day++) {
		const struct coverage_sign sign = { .account = STR("111122223333"),
						    .region = STR("us-east-1"),
						    .source = COVERAGE_TRAIL,
						    .from_ms = day * COVERAGE_DAY_MS,
						    .to_ms = day * COVERAGE_DAY_MS + 1 };

		assert_int_equal(store_put_sign(h->s, &sign), 0);
	}
	commit(h);
}

static void test_pages(void **state)
{
	struct history *h = *state;
	struct counter_row page[10];
	size_t n = 9;

	assert_int_equal(sql_page(h->s, Q_DAYS, NO_ARGS, &days, &h->a, page, 10, &n), 0);
	assert_int_equal(n, 0);
	put_days(h, 7);
	assert_int_equal(sql_page(h->s, Q_DAYS, NO_ARGS, &days, &h->a, page, 3, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(page[2].n, 3);
	assert_true(str_is(page[2].name, "111122223333"));
	assert_int_equal(sql_page(h->s, Q_DAYS, NO_ARGS, &days, &h->a, page, 10, &n), 0);
	assert_int_equal(n, 7);
	assert_int_equal(sql_page(h->s, Q_DAYS, NO_ARGS, &days, &h->a, page, 0, &n), 0);
	assert_int_equal(n, 0);
}

static void test_lists(void **state)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct history *h = *state;
	struct counter_row *all = NULL;
	int64_t *none = NULL;
	size_t n = 9;

	assert_int_equal(sql_list(h->s, Q_ALARM_TOKENS, ARGS(INT(1)), &sql_number, &h->a,
				  &none, &n),
			 0);
	assert_int_equal(n, 0);
	assert_non_null(none);
	put_days(h, 100);
	assert_int_equal(sql_list(h->s, Q_DAYS, NO_ARGS, &days, &h->a, &all, &n), 0);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i].n, i + 1);
	/* What is there stays. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(sql_all(h->s, Q_DAYS, NO_ARGS, &days, &h->a, &rows), 0);
	assert_int_equal(rows.len, 200 * sizeof(struct counter_row));
}

static void test_failure(void **state)
{
	static const struct sql_shape bad = { sizeof(int64_t), bad_row };
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct history *h = *state;
	int64_t page[10];
	void *all = NULL;
	size_t n;

	put_days(h, 5);
	assert_int_equal(sql_page(h->s, Q_DAYS, NO_ARGS, &bad, NULL, page, 10, &n),
			 -ENOMEM);
	assert_int_equal(sql_all(h->s, Q_DAYS, NO_ARGS, &bad, NULL, &rows), -ENOMEM);
	assert_int_equal(sql_list(h->s, Q_DAYS, NO_ARGS, &bad, &h->a, &all, &n), -ENOMEM);
	assert_null(all);
	rows.failed = true;
	assert_int_equal(sql_keep(&h->a, &rows, sizeof(int64_t), &all, &n), -ENOMEM);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_pages),
		CASE(test_lists),
		CASE(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
