/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger's tables: what is due is measured, what is measured is shown, and sums hold. */
#include <stdio.h>

#include "history.h"
#include "store/ledger.h"

static int64_t start(struct history *h, int n)
{
	char name[16];
	struct store_source source = { .size = (uint64_t)n, .version = 1 };
	int64_t id = 0;

	(void)snprintf(name, sizeof(name), "/f%d", n);
	source.name = str_of(name);
	assert_int_equal(store_source_start(h->s, &source, &id), 0);
	return id;
}

/* Gives every line that is due a length of its own. */
static size_t measure(struct history *h, enum store_lines file)
{
	int64_t ids[10];
	size_t n, all = 0;

	do {
		assert_int_equal(store_lines_due(h->s, file, ids, ARRAY_SIZE(ids), &n),
				 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(store_put_line(h->s, file, ids[i],
							100 + (size_t)ids[i] % 7),
					 0);
		all += n;
	} while (n == ARRAY_SIZE(ids));
	return all;
}

static uint64_t size_of(struct history *h, enum store_lines file)
{
	uint64_t size = 0;

	assert_int_equal(store_lines_size(h->s, file, &size), 0);
	return size;
}

static void test_pages(void **state)
{
	struct history *h = *state;
	struct store_import page[64];
	uint64_t offset, at = 0, want = 0;
	int64_t after;
	size_t n;

	begin(h);
	for (int i = 1; i <= 3000; i++)
		want += 100 + (uint64_t)start(h, i) % 7;
	assert_int_equal(size_of(h, STORE_LINES_IMPORTS), 0);
	assert_int_equal(store_import_lines(h->s, 0, &h->a, page, 64, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(measure(h, STORE_LINES_IMPORTS), 3000);
	commit(h);
	assert_int_equal(size_of(h, STORE_LINES_IMPORTS), want);
	/* A place found is where the lines before it end. */
	for (uint64_t to = 0; to < want + 5000; to += 7001) {
		assert_int_equal(store_lines_seek(h->s, STORE_LINES_IMPORTS, to, &after,
						  &offset),
				 0);
		assert_true(offset <= to);
		assert_true(to - offset < UINT64_C(1024) * 107 || to > want);
		at = 0;
		for (int64_t id = 1; id <= MIN(after, 3000); id++)
			at += 100 + (uint64_t)id % 7;
		assert_int_equal(at, offset);
	}
	assert_int_equal(store_import_lines(h->s, 2999, &h->a, page, 64, &n), 0);
	assert_int_equal(n, 1);
	assert_true(str_is(page[0].name, "/f3000"));
}

static void test_changes(void **state)
{
	const struct store_counts counts = { .items = 3, .refused = 2 };
	struct history *h = *state;
	struct store_import i;
	int64_t ms = -1;

	begin(h);
	assert_int_equal(start(h, 1), 1);
	assert_int_equal(start(h, 2), 2);
	assert_int_equal(measure(h, STORE_LINES_IMPORTS), 2);
	assert_int_equal(size_of(h, STORE_LINES_IMPORTS), 203);
	assert_int_equal(store_finished_ms(h->s, &ms), 0);
	assert_int_equal(ms, 0);
	assert_int_equal(store_source_finish(h->s, 1, &counts, 5000), 0);
	/* Until it is measured anew the line is not there. */
	assert_int_equal(size_of(h, STORE_LINES_IMPORTS), 102);
	assert_int_equal(measure(h, STORE_LINES_IMPORTS), 1);
	assert_int_equal(size_of(h, STORE_LINES_IMPORTS), 203);
	commit(h);
	assert_int_equal(store_finished_ms(h->s, &ms), 0);
	assert_int_equal(ms, 5000);
	assert_int_equal(store_import_get(h->s, 1, &h->a, &i), 0);
	assert_true(i.finished);
	assert_int_equal(i.counts.items, 3);
	assert_int_equal(i.counts.refused, 2);
	assert_int_equal(store_import_get(h->s, 3, &h->a, &i), STORE_E_NOT_FOUND);
}

static void test_refusals_go(void **state)
{
	struct history *h = *state;
	struct store_refusal list[4];
	struct fault f;
	size_t n;

	begin(h);
	assert_int_equal(start(h, 1), 1);
	fault_set(&f, 7, "x", "is wrong");
	assert_int_equal(store_put_refusal(h->s, 1, &f, STR("abc"), 10), 0);
	assert_int_equal(store_put_refusal(h->s, 1, &f, STR("abc"), 10), 0);
	fault_set(&f, 8, "x", "is wrong");
	assert_int_equal(store_put_refusal(h->s, 1, &f, STR("abcd"), 10), 0);
	assert_int_equal(measure(h, STORE_LINES_REFUSED), 2);
	assert_int_equal(store_refusal_lines(h->s, 0, &h->a, list, 4, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(list[1].kept, 4);
	assert_int_equal(list[1].length, 10);
	fault_set(&f, 9, "x", "is wrong");
	assert_int_equal(store_put_refusal(h->s, 1, &f, STR("abcde"), 10), 0);
	/* Measured or due, they go with the source's next start. */
	assert_int_equal(start(h, 1), 1);
	assert_int_equal(measure(h, STORE_LINES_REFUSED), 0);
	assert_int_equal(size_of(h, STORE_LINES_REFUSED), 0);
	assert_int_equal(store_refusal_get(h->s, 1, &h->a, list), STORE_E_NOT_FOUND);
	commit(h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_pages),
		CASE(test_changes),
		CASE(test_refusals_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
