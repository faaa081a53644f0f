/* SPDX-License-Identifier: Apache-2.0 */
/* What a crew makes is given once, in order where that is asked for, and its first failure ends it. */
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>

#include "crew.h"
#include "history.h"
#include "private.h"

#define N       1000
#define MAKERS  4
#define SLOW    4 /* one of so many items lets the others go first */
#define MARK    UINT64_C(0x5eed)
#define NOTHING SIZE_MAX

struct thing {
	struct crew_made made;
	size_t number;
	char *text; /* in the arena */
};

struct memo {
	uint64_t mark;
	size_t last; /* of the page; only ever upwards */
};

struct work {
	struct crew_ops ops;
	atomic_uint memos; /* that were begun */
	size_t run;        /* most at once */
	size_t bad, worse; /* items that fail */
	int error;
	size_t big; /* bytes of each */
};

static void memo_deinit(void *memo)
{
	struct memo *m = memo;

	m->mark = 0;
}

static size_t run_of(void *ctx, size_t first, size_t n)
{
	const struct work *w = ctx;

	return MIN(first + w->run, n);
}

static int make(void *ctx, struct store *s, void *memo, size_t item,
		struct crew_made *ret)
{
	struct thing *t = (struct thing *)ret;
	struct work *w = ctx;
	struct memo *m = memo;

	assert_true(store_read_is_sound(s));
	if (m->mark != MARK) {
		assert_int_equal(m->mark, 0);
		m->mark = MARK;
		atomic_fetch_add(&w->memos, 1);
	}
	for (size_t i = 0; item % SLOW == 1 && i < 50; i++)
		sched_yield();
	t->number = 3 * item;
	t->text = arena_zalloc(&ret->arena, w->big);
	return item == w->bad || item == w->worse ? w->error : 0;
}

static void work_init(struct work *w, struct history *h, bool in_order)
{
	*w = (struct work){ .run = 7, .bad = NOTHING, .worse = NOTHING, .big = 16 };
	w->ops = (struct crew_ops){ .ctx = w,
				    .size = sizeof(struct thing),
				    .memo_size = sizeof(struct memo),
				    .memo_deinit = memo_deinit,
				    .make = make,
				    .run = run_of,
				    .history = h->path,
				    .ready_max = 8,
				    .in_order = in_order };
}

/* Takes a page of n; *seen: of each item how often. */
static void take_page(struct crew *c, size_t n, bool in_order)
{
	unsigned char seen[N] = { 0 };

	crew_page(c, n);
	for (size_t i = 0; i < n; i++) {
		struct crew_made *m = crew_take(c);

		assert_non_null(m);
		assert_true(m->item < n && !seen[m->item]);
		if (in_order)
			assert_int_equal(m->item, i);
		assert_int_equal(((struct thing *)m)->number, 3 * m->item);
		assert_non_null(((struct thing *)m)->text);
		seen[m->item] = 1;
		assert_null(crew_made_free(m));
	}
}

static void test_pages(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct crew c = { 0 };
		struct work w;

		work_init(&w, *state, i == 1);
		assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
		take_page(&c, N, i == 1);
		take_page(&c, 1, i == 1);
		take_page(&c, N / 2, i == 1);
		crew_end(&c);
		assert_in_range(atomic_load(&w.memos), 1, MAKERS);
	}
}

/* Each is more than may wait: whoever has the one that is expected goes on. */
static void test_big(void **state)
{
	struct crew c = { 0 };
	struct work w;

	work_init(&w, *state, true);
	w.big = (size_t)13 << 20;
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	take_page(&c, 40, true);
	crew_end(&c);
}

/* What was taken by a maker is given, the rest is not made. */
static void test_cut_short(void **state)
{
	struct crew c = { 0 };
	struct work w;
	size_t n;

	work_init(&w, *state, false);
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	crew_page(&c, N);
	crew_made_free(crew_take(&c));
	n = crew_cut_short(&c);
	assert_in_range(n, 1, N - 1);
	for (size_t i = 1; i < n; i++) {
		struct crew_made *m = crew_take(&c);

		assert_non_null(m);
		assert_true(m->item < n);
		crew_made_free(m);
	}
	take_page(&c, N, false);
	crew_end(&c);
}

/* In order all before the first that fails are given, whichever failed first. */
static void fails(struct history *h, int error, int expected)
{
	struct crew_made *m;
	struct crew c = { 0 };
	struct work w;
	size_t n = 0;

	work_init(&w, h, true);
	w.bad = 37; /* a slow one */
	w.worse = 43;
	w.error = error;
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	crew_page(&c, N);
	while ((m = crew_take(&c))) {
		assert_int_equal(m->item, n++);
		crew_made_free(m);
	}
	assert_int_equal(n, w.bad);
	assert_int_equal(c.error, expected);
	assert_int_equal(c.failed, w.bad);
	crew_end(&c);
}

static void test_failure(void **state)
{
	struct crew_made *m;
	struct crew c = { 0 };
	struct work w;

	fails(*state, -EBADMSG, -EBADMSG);
	fails(*state, -ENOMEM, -ENOMEM);
	fails(*state, 1, -EIO);
	/* What is given as it is made ends at once. */
	work_init(&w, *state, false);
	w.bad = 5;
	w.error = -EBADMSG;
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	crew_page(&c, N);
	while ((m = crew_take(&c)))
		crew_made_free(m);
	assert_int_equal(c.error, -EBADMSG);
	assert_int_equal(c.failed, 5);
	crew_end(&c);
}

/* A history that is not there is of no item. */
static void test_no_history(void **state)
{
	struct crew c = { 0 };
	struct work w;

	work_init(&w, *state, true);
	w.ops.history = "/nowhere/history";
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	crew_page(&c, N);
	assert_null(crew_take(&c));
	assert_true(c.error < 0);
	assert_int_equal(c.failed, NOTHING);
	assert_string_equal(c.why, "No such file or directory");
	crew_end(&c);
}

/* Whoever has not begun has nothing to end; what was made and not taken goes with it. */
static void test_end(void **state)
{
	struct crew c = { 0 };
	struct work w;

	crew_end(&c);
	work_init(&w, *state, true);
	assert_int_equal(crew_start(&c, &w.ops, 0), 0);
	assert_int_equal(c.n_makers, 1);
	crew_page(&c, N);
	crew_made_free(crew_take(&c));
	crew_end(&c);
}

/* The writer commits while others are made; each time the log is long. */
static void test_commit(void **state)
{
	struct history *h = *state;
	struct crew c = { 0 };
	struct work w;

	work_init(&w, h, true);
	assert_int_equal(crew_start(&c, &w.ops, MAKERS), 0);
	store_log_hold(h->s);
	crew_page(&c, N);
	for (size_t i = 0; i < N; i++) {
		if (i % 100 == 0)
			assert_int_equal(store_begin(h->s, "test"), 0);
		crew_made_free(crew_take(&c));
		if (i % 100 != 99)
			continue;
		h->s->log_pages = INT_MAX;
		assert_int_equal(crew_commit(&c, h->s), 0);
		assert_false(store_log_is_long(h->s));
	}
	assert_int_equal(c.era, N / 100);
	assert_int_equal(c.under_way + c.behind + c.waiting, 0);
	store_log_release(h->s);
	crew_end(&c);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_pages),   CASE(test_big),        CASE(test_cut_short),
		CASE(test_failure), CASE(test_no_history), CASE(test_end),
		CASE(test_commit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
