/* SPDX-License-Identifier: Apache-2.0 */
/* Which names no event has: none that one has, and most of the others. */
#include <stdio.h>

#include "history.h"

#define EVENTS 400
#define NAMES  3 /* of each */

/* Spread over all bits, as hashes are. */
static uint64_t token_of(unsigned i)
{
	return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void put_events(struct history *h)
{
	begin(h);
	for (unsigned i = 0; i < EVENTS; i++) {
		uint64_t tokens[NAMES];
		struct mention_set set = { tokens, NAMES };
		enum store_put put;
		struct event e;
		char id[16];

		for (unsigned k = 0; k < NAMES; k++)
			tokens[k] = token_of(NAMES * i + k);
		mention_set_sort(&set);
		(void)snprintf(id, sizeof(id), "event-%u", i);
		e = event_of(id, (int64_t)(i % 50) * 1000);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = STR("{}"),
								.identity = e.id },
					&set, NULL, 1, &put),
			0);
	}
	commit(h);
}

static void test_names(void **state)
{
	struct history *h = *state;
	struct store_named *named = NULL;
	unsigned in_vain = 0;

	put_events(h);
	assert_int_equal(store_named_new(h->s, EVENTS, &named), 0);
	assert_non_null(named);
	for (unsigned i = 0; i < EVENTS * NAMES; i++)
		assert_true(store_may_be_named(named, token_of(i)));
	for (unsigned i = EVENTS * NAMES; i < 2 * EVENTS * NAMES; i++)
		in_vain += store_may_be_named(named, token_of(i));
	assert_in_range(in_vain, 0, EVENTS * NAMES / 5);
	assert_null(store_named_free(named));
}

/* Who asks seldom searches; and of a history without events there is nothing to know. */
static void test_few(void **state)
{
	struct history *h = *state;
	struct store_named *named = NULL;

	assert_int_equal(store_named_new(h->s, 1000, &named), 0);
	assert_null(named);
	put_events(h);
	assert_int_equal(store_named_new(h->s, EVENTS / 20 - 1, &named), 0);
	assert_null(named);
	assert_null(store_named_free(NULL));
}

/* Of a damaged row nothing is said. */
static void test_damaged(void **state)
{
	struct history *h = *state;
	struct store_named *named = NULL;

	put_events(h);
	history_open(h, STORE_READ, 0);
	history_close(h);
	assert_int_equal(ask(h, "UPDATE mention SET places = x'ffffffffffffffffffffff' "
				"RETURNING 0"),
			 0);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_named_new(h->s, EVENTS, &named), STORE_E_DAMAGED);
	assert_null(named);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_names, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_few, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_damaged, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
