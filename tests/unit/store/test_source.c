/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger, refusals and notices; a source run twice counts once. */
#include <stdlib.h>

#include "history.h"

static int64_t start(struct history *h, const char *name, uint64_t size)
{
	struct store_source source = { .name = str_of(name),
				       .size = size,
				       .version = 77 };
	int64_t id = 0;

	assert_int_equal(store_source_start(h->s, &source, &id), 0);
	return id;
}

static void test_ledger(void **state)
{
	const struct store_counts counts = { .items = 3, .duplicates = 2 };
	struct history *h = *state;
	struct store_source found;
	int64_t id;

	assert_int_equal(store_source_find(h->s, STR("/a"), &found), STORE_E_NOT_FOUND);
	begin(h);
	id = start(h, "/a", 100);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_int_equal(found.id, id);
	assert_int_equal(found.size, 100);
	assert_int_equal(found.version, 77);
	assert_false(found.finished);
	begin(h);
	assert_int_equal(store_source_finish(h->s, id, &counts, 5000), 0);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_true(found.finished);
	begin(h);
	assert_int_equal(start(h, "/a", 200), id);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_false(found.finished);
	assert_int_equal(found.size, 200);
}

static void refuse(struct history *h, int64_t source, uint64_t offset, struct str bytes)
{
	struct fault f;

	fault_set(&f, offset, "eventTime", "is no time");
	assert_int_equal(store_put_refusal(h->s, source, &f, bytes, bytes.n), 0);
}

static void test_refusals(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct history *h = *state;
	struct store_refusal list[8];
	struct store_totals totals;
	int64_t id;
	size_t n;

	begin(h);
	id = start(h, "/a", 1);
	refuse(h, id, 10, STR("{\"bad\":\0}"));
	refuse(h, id, 10, STR("{\"bad\":\0}"));
	refuse(h, id, FAULT_NO_OFFSET, STR("one"));
	refuse(h, id, FAULT_NO_OFFSET, STR("two"));
	refuse(h, id, 11, STR_NULL);
	assert_int_equal(store_count_notice(h->s, id, STR("digest"), 2), 0);
	assert_int_equal(store_count_notice(h->s, id, STR("digest"), 3), 0);
	commit(h);
	assert_int_equal(store_refusals(h->s, 0, &h->a, list, 3, &n), 0);
	assert_int_equal(n, 3);
	assert_true(str_is(list[0].source, "/a"));
	assert_true(str_is(list[0].field, "eventTime"));
	assert_true(str_is(list[0].reason, "is no time"));
	assert_int_equal(list[0].offset, 10);
	assert_int_equal(list[0].length, 9);
	assert_true(list[1].offset == FAULT_NO_OFFSET);
	assert_int_equal(store_refusals(h->s, list[2].id, &h->a, list + 3, 3, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_refusal_bytes(h->s, list[0].id, &out), 0);
	assert_true(str_eq(buf_str(&out), STR("{\"bad\":\0}")));
	assert_int_equal(store_refusal_bytes(h->s, 12345, &out), STORE_E_NOT_FOUND);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.refused, 4);
	assert_int_equal(totals.notices, 5);
	assert_int_equal(totals.sources, 1);
}

/* Cut off and run again, or changed and read again: what it refused before is forgotten. */
static void test_started_again(void **state)
{
	struct history *h = *state;
	struct store_totals totals;
	struct store_refusal list[8];
	size_t n;

	for (int i = 0; i < 3; i++) {
		int64_t id;

		begin(h);
		id = start(h, "/a", 1);
		refuse(h, id, 10, STR("bytes"));
		assert_int_equal(store_count_notice(h->s, id, STR("digest"), 1), 0);
		commit(h);
	}
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.refused, 1);
	assert_int_equal(totals.notices, 1);
	assert_int_equal(totals.sources, 1);
	assert_int_equal(store_refusals(h->s, 0, &h->a, list, 8, &n), 0);
	assert_int_equal(n, 1);
	/* The row is a new one: its id is not the old one's. */
	assert_int_equal(list[0].id, 3);
}

static void test_long_refusal(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, out = BUF_INIT;
	struct history *h = *state;
	struct store_refusal row;
	size_t n;

	for (size_t i = 0; i < (3 << 20); i++)
		buf_put_char(&bytes, (char)(i * 7 + i / 1000));
	begin(h);
	refuse(h, start(h, "/a", 1), 0, buf_str(&bytes));
	commit(h);
	assert_int_equal(store_refusals(h->s, 0, &h->a, &row, 1, &n), 0);
	assert_int_equal(row.length, 3 << 20);
	assert_int_equal(store_refusal_bytes(h->s, row.id, &out), 0);
	assert_int_equal(out.len, 1 << 20);
	assert_memory_equal(out.data, bytes.data, out.len);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_ledger),
		CASE(test_refusals),
		CASE(test_started_again),
		CASE(test_long_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
