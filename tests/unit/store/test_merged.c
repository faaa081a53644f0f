/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runs of a file of activity/: kept from page to page within one generation and for one file,
 * and never beyond.
 */
#include <stdio.h>

#include "history.h"
#include "private.h"
#include "store/activity.h"

#define T0  INT64_C(1714608000000) /* 2024-05-02 */
#define ALL 64

static void tell(struct history *h, int number, int64_t ms, const char *who)
{
	const struct event_told told = { .principal = str_of(who),
					 .text_len = 10,
					 .jsonl_len = 20 };

	history_put_told(h, number, ms, &told);
}

static int64_t value_of(struct history *h, const char *name)
{
	struct store_value v;

	assert_int_equal(store_value_find(h->s, STORE_VALUE_PRINCIPAL, str_of(name),
					  &h->a, &v),
			 0);
	return v.id;
}

/* Page by page; the lines are in order. */
static size_t lines(struct store *s, int64_t value)
{
	struct store_act after = { 0 }, acts[3];
	size_t n, all = 0;

	do {
		assert_int_equal(store_activity(s, value, &after, acts, 3, &n), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(acts[i].second >= after.second);
			after = acts[i];
		}
		all += n;
		assert_true(all <= ALL);
	} while (n == 3);
	return all;
}

struct two {
	struct history *h; /* writes */
	struct store *reader;
	int64_t alice, bob;
};

static void two_begin(struct two *t, void **state)
{
	struct fault f;

	t->h = *state;
	begin(t->h);
	for (int i = 0; i < 20; i++)
		tell(t->h, i, T0 + i * 60000, i % 4 ? "user/alice" : "user/bob");
	commit(t->h);
	t->alice = value_of(t->h, "user%2Falice");
	t->bob = value_of(t->h, "user%2Fbob");
	assert_int_equal(store_open(t->h->path, STORE_READ, false, &t->reader, &f), 0);
}

static void test_kept(void **state)
{
	struct two t;

	two_begin(&t, state);
	assert_int_equal(store_read_begin(t.reader), 0);
	assert_int_equal(lines(t.reader, t.alice), 15);
	assert_true(t.reader->merged.view);
	/* What is kept is what is read by: without it there is nothing. */
	t.reader->merged.runs.len = 0;
	assert_int_equal(lines(t.reader, t.alice), 0);
	assert_int_equal(lines(t.reader, t.bob), 5);
	assert_int_equal(lines(t.reader, t.alice), 15);
	store_read_end(t.reader);
	t.reader = store_close(t.reader);
}

/* Before and behind what was there, and between two pages. */
static void test_commit(void **state)
{
	struct two t;

	two_begin(&t, state);
	for (int i = 0; i < 8; i++) {
		struct store_act after = { 0 }, acts[3];
		size_t n;

		assert_int_equal(store_read_begin(t.reader), 0);
		assert_int_equal(store_activity(t.reader, t.alice, &after, acts, 3, &n),
				 0);
		begin(t.h);
		tell(t.h, 100 + i, T0 + (i % 2 ? 30 + i : -i) * INT64_C(3600000),
		     "user/alice");
		commit(t.h);
		/* The view is the one of before. */
		assert_int_equal(lines(t.reader, t.alice), 15 + i);
		store_read_end(t.reader);
		assert_int_equal(store_read_begin(t.reader), 0);
		assert_int_equal(lines(t.reader, t.alice), 16 + i);
		store_read_end(t.reader);
	}
	t.reader = store_close(t.reader);
}

/* Nothing is sure outside a view, nor where somebody is writing. */
static void test_unsteady(void **state)
{
	struct two t;

	two_begin(&t, state);
	assert_int_equal(lines(t.reader, t.alice), 15);
	assert_false(t.reader->merged.view);
	begin(t.h);
	for (int i = 0; i < 3; i++) {
		tell(t.h, 200 + i, T0 + (i + 100) * INT64_C(3600000), "user/alice");
		assert_int_equal(lines(t.h->s, t.alice), 16 + i);
		assert_false(t.h->s->merged.view);
	}
	store_rollback(t.h->s);
	assert_int_equal(store_read_begin(t.h->s), 0);
	assert_int_equal(lines(t.h->s, t.alice), 15);
	assert_true(t.h->s->merged.view);
	store_read_end(t.h->s);
	/* Its own commits are another generation, too. */
	begin(t.h);
	tell(t.h, 300, T0 + INT64_C(400) * 3600000, "user/alice");
	commit(t.h);
	assert_int_equal(store_read_begin(t.h->s), 0);
	assert_int_equal(lines(t.h->s, t.alice), 16);
	store_read_end(t.h->s);
	t.reader = store_close(t.reader);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kept),
		TEST(test_commit),
		TEST(test_unsteady),
	};

	return cmocka_run_group_tests_name("merged", tests, NULL, NULL);
}
