/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors, the health of sources, and streams of the ledger. */
#include <stdlib.h>

#include "history.h"
#include "store/ledger.h"
#include "store/sync.h"

static void test_cursors(void **state)
{
	static const char *const names[] = { "c://r", "c://r/T/1", "c://r/T/2",
					     "c://r/T0" };
	struct history *h = *state;
	int64_t value;

	assert_int_equal(store_cursor(h->s, STR("c://r"), &value), STORE_E_NOT_FOUND);
	begin(h);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(store_put_cursor(h->s, str_of(names[i]), (int64_t)i), 0);
	assert_int_equal(store_put_cursor(h->s, STR("c://r"), -7), 0);
	assert_int_equal(store_delete_cursors(h->s, STR("c://r/T/")), 0);
	commit(h);
	assert_int_equal(store_cursor(h->s, STR("c://r"), &value), 0);
	assert_int_equal(value, -7);
	assert_int_equal(store_cursor(h->s, STR("c://r/T/1"), &value), STORE_E_NOT_FOUND);
	assert_int_equal(store_cursor(h->s, STR("c://r/T/2"), &value), STORE_E_NOT_FOUND);
	assert_int_equal(store_cursor(h->s, STR("c://r/T0"), &value), 0);
}

static void test_cursor_names(void **state)
{
	static const char *const names[] = { "c://r", "c://r/T/1", "c://r/T/2",
					     "c://r/T/3", "c://r/T0" };
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct history *h = *state;
	struct str found[2];
	size_t n;

	begin(h);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(store_put_cursor(h->s, str_of(names[i]), 1), 0);
	commit(h);
	assert_int_equal(store_cursor_names(h->s, STR("c://r/T/"), STR("c://r/T/"), &a,
					    found, 2, &n),
			 0);
	assert_int_equal(n, 2);
	assert_true(str_is(found[1], "c://r/T/2"));
	assert_int_equal(
		store_cursor_names(h->s, STR("c://r/T/"), found[1], &a, found, 2, &n), 0);
	assert_int_equal(n, 1);
	assert_true(str_is(found[0], "c://r/T/3"));
}

static void put(struct history *h, int64_t success_ms, uint64_t failures,
		const char *reason)
{
	const struct store_health health = { .source = STR("s3://b/"),
					     .tried_ms = 100,
					     .success_ms = success_ms,
					     .failures = failures,
					     .errors = failures,
					     .reason = str_of(reason) };

	begin(h);
	assert_int_equal(store_put_health(h->s, &health), 0);
	commit(h);
}

static void test_health(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct history *h = *state;
	struct store_health found[2];
	size_t n;

	put(h, 50, 0, "");
	put(h, 0, 2, "denied");
	assert_int_equal(store_healths(h->s, STR(""), &a, found, 2, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(found[0].success_ms, 50); /* a failure does not take it away */
	assert_int_equal(found[0].failures, 2);
	assert_true(str_is(found[0].reason, "denied"));
	put(h, 90, 0, "");
	assert_int_equal(store_healths(h->s, STR(""), &a, found, 2, &n), 0);
	assert_int_equal(found[0].success_ms, 90);
	assert_int_equal(found[0].failures, 0);
	assert_int_equal(found[0].errors, 2); /* those are of all time */
	assert_true(str_is(found[0].reason, ""));
	assert_int_equal(store_healths(h->s, STR("s3://b/"), &a, found, 2, &n), 0);
	assert_int_equal(n, 0);
}

/* What was refused of a stream stays when more of it comes, and its counts are added up. */
static void test_stream(void **state)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct store_counts counts = { .duplicates = 2, .refused = 1 };
	const struct store_source source = { .name = STR("sqs://q"),
					     .size = 10,
					     .stream = true };
	struct history *h = *state;
	struct store_import line;
	struct store_totals totals;
	struct fault f;
	int64_t id = 0;

	for (int i = 0; i < 3; i++) {
		char bytes[] = { (char)('a' + i) };

		begin(h);
		assert_int_equal(store_source_start(h->s, &source, &id), 0);
		fault_set(&f, 0, "", "is not JSON");
		assert_int_equal(
			store_put_refusal(h->s, id, &f, (struct str){ bytes, 1 }, 1), 0);
		assert_int_equal(store_source_finish_stream(h->s, id, &counts, 5000), 0);
		commit(h);
	}
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.refused, 3);
	assert_int_equal(store_import_get(h->s, id, &a, &line), 0);
	assert_int_equal(line.size, 30);
	assert_int_equal(line.counts.duplicates, 6);
	assert_int_equal(line.counts.refused, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_cursors, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_cursor_names, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_health, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_stream, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
