/* SPDX-License-Identifier: Apache-2.0 */
/* Rows into structs: pages end where asked, all come where all are wanted, failures pass. */
#include <errno.h>

#include "history.h"
#include "private.h"
#include "rows.h"

struct counter_row {
	struct str name;
	int64_t n;
};

/* Of Q_TRAIL_GAPS: region and begin. */
static int gap_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct counter_row *c = ret;

	*c = (struct counter_row){ arena_str(a, col_str(q, 3)), col_int(q, 0) };
	return c->name.p ? 0 : -ENOMEM;
}

static int bad_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(int64_t *)ret = col_int(q, 0);
	return col_int(q, 0) == 3 ? -ENOMEM : 0;
}

static const struct sql_shape gaps = { sizeof(struct counter_row), gap_row };

static void put_gaps(struct history *h, int64_t n)
{
	begin(h);
	for (int64_t from = 1; from <= n; from++)
		assert_int_equal(sql_run(h->s, Q_TRAIL_GAP_PUT,
					 ARGS(TEXT(STR(ACCOUNT)), TEXT(STR(REGION)),
					      INT(from), INT(from + 1), TEXT(STR("")))),
				 0);
	commit(h);
}

static void test_pages(void **state)
{
	struct history *h = *state;
	struct counter_row page[10];
	size_t n = 9;

	assert_int_equal(sql_page(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &gaps,
				  &h->a, page, 10, &n),
			 0);
	assert_int_equal(n, 0);
	put_gaps(h, 7);
	assert_int_equal(sql_page(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &gaps,
				  &h->a, page, 3, &n),
			 0);
	assert_int_equal(n, 3);
	assert_int_equal(page[2].n, 3);
	assert_true(str_is(page[2].name, REGION));
	assert_int_equal(sql_page(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &gaps,
				  &h->a, page, 10, &n),
			 0);
	assert_int_equal(n, 7);
	assert_int_equal(sql_page(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &gaps,
				  &h->a, page, 0, &n),
			 0);
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
	put_gaps(h, 100);
	assert_int_equal(sql_list(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &gaps,
				  &h->a, &all, &n),
			 0);
	assert_int_equal(n, 100);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i].n, i + 1);
	/* What is there stays. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(sql_all(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))),
					 &gaps, &h->a, &rows),
				 0);
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

	put_gaps(h, 5);
	assert_int_equal(sql_page(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &bad,
				  NULL, page, 10, &n),
			 -ENOMEM);
	assert_int_equal(sql_all(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &bad, NULL,
				 &rows),
			 -ENOMEM);
	assert_int_equal(sql_list(h->s, Q_TRAIL_GAPS, ARGS(TEXT(STR(ACCOUNT))), &bad,
				  &h->a, &all, &n),
			 -ENOMEM);
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
