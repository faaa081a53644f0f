/* SPDX-License-Identifier: Apache-2.0 */
/* What a name finds, kept or looked up. */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "story_work.h"

#define SCOPE UINT64_C(0xabcdef)

static int by_row(const void *a, const void *b)
{
	const struct store_event_hit *x = a, *y = b;

	return (x->event > y->event) - (x->event < y->event);
}

/* The rows, each once, as the bits of a number. */
static uint64_t rows_of(struct buf *hits)
{
	struct store_event_hit *all = (struct store_event_hit *)hits->data;
	size_t n = hits->len / sizeof(*all);
	uint64_t rows = 0;

	if (n > 1)
		qsort(all, n, sizeof(*all), by_row);
	for (size_t i = 0; i < n; i++)
		rows |= UINT64_C(1) << all[i].event;
	return rows;
}

static uint64_t find(struct story_work *w, const struct mention_set *tokens,
		     int64_t from_ms, int64_t to_ms, bool anybodys)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	int r = anybodys ? story_find_anybodys(w, tokens, from_ms, to_ms, &hits)
			 : story_find(w, tokens, from_ms, to_ms, &hits);

	assert_int_equal(r, 0);
	return rows_of(&hits);
}

/* Some twenty calls that name one to three of five things, two of them in nobody's account. */
static void put_calls(struct history *h)
{
	for (int i = 1; i <= 20; i++) {
		uint64_t tokens[3] = { TOKEN(i % 5 + 1), TOKEN(i % 3 + 1), TOKEN(6 + i) };
		char id[16];
		struct event e;

		(void)snprintf(id, sizeof(id), "call-%d", i);
		e = event_of(id, i / 2 * 1000);
		if (i % 10 == 0)
			tokens[0] ^= SCOPE << 16;
		if (tokens[0] == tokens[1])
			tokens[1] = TOKEN(99);
		put_event(h, &e, id, tokens, 3);
	}
}

static void test_events(void **state)
{
	uint64_t asked[] = { TOKEN(1), TOKEN(2), TOKEN(4), TOKEN(77) };
	struct history *h = *state;
	struct story_memo memo = { .has_nobodys = true };
	struct story_work w = { .s = h->s, .memo = &memo, .a = &h->a };
	struct story_work keeping = w;

	w.scope.account = keeping.scope.account = SCOPE << 16;
	put_calls(h);
	for (int64_t kept_ms = 0; kept_ms < 9000; kept_ms += 4000) {
		assert_int_equal(story_found_keep(&keeping,
						  &(struct mention_set){ asked, 3 },
						  kept_ms),
				 0);
		for (int64_t from = -1000; from < 12000; from += 1000) {
			for (size_t n = 0; n <= ARRAY_SIZE(asked); n++) {
				struct mention_set set = { asked, n };

				for (int both = 0; both < 2; both++) {
					int64_t to = both ? INT64_MAX : from + 2000;

					assert_int_equal(find(&keeping, &set, from, to,
							      both),
							 find(&w, &set, from, to, both));
				}
			}
		}
	}
	/* All of them at once, and those without an account among them. */
	assert_int_equal(rows_of(&keeping.found.hits),
			 find(&w, &(struct mention_set){ asked, 3 }, 8000, INT64_MAX,
			      true));
	assert_true(
		find(&w, &(struct mention_set){ asked, 4 }, INT64_MIN, INT64_MAX, true) !=
		find(&w, &(struct mention_set){ asked, 4 }, INT64_MIN, INT64_MAX, false));
	buf_deinit(&keeping.found.hits);
}

static void put_transition(struct history *h, const char *alarm, uint64_t token)
{
	const struct transition t = { .alarm = { .name = str_of(alarm),
						 .account = STR(ACCOUNT),
						 .region = STR(REGION) },
				      .time_ms = 1000,
				      .state = STR("ALARM"),
				      .raw = STR("{}") };
	struct mention_set set = { &token, 1 };
	enum store_put put;

	begin(h);
	assert_int_equal(store_put_transition(h->s, &t, &set, 1, &put, &(int64_t){ 0 }),
			 0);
	commit(h);
}

/* Asked often enough to read once what is watched; the answers stay. */
static void test_transitions(void **state)
{
	struct history *h = *state;
	struct story_memo memo = { .has_alarms = true };
	struct story_work w = { .s = h->s, .memo = &memo, .a = &h->a };

	put_transition(h, "cpu", TOKEN(5));
	put_transition(h, "disk", ~TOKEN(3));
	for (int i = 0; i < 200; i++) {
		uint64_t tokens[] = { TOKEN(5), TOKEN(8), ~TOKEN(3) };
		struct store_event_hit *hits;
		size_t n;

		assert_int_equal(story_transitions(&w, &(struct mention_set){ tokens, 3 },
						   &hits, &n),
				 0);
		assert_int_equal(n, 2);
		assert_int_equal(story_transitions(&w,
						   &(struct mention_set){ tokens + 1, 1 },
						   &hits, &n),
				 0);
		assert_int_equal(n, 0);
	}
	assert_true(memo.watched_known);
	assert_int_equal(memo.watched.len, 2 * sizeof(uint64_t));
	story_memo_deinit(&memo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_transitions, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
