/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of what a resource is called: they come back, and damage of them is told of. */
#include <sqlite3.h>

#include "called.h"
#include "history.h"
#include "private.h"

static void test_come_back(void **state _unused_)
{
	static const int64_t ids[] = { 1, 2, 130, INT64_MAX };
	static const int64_t tokens[] = { INT64_MIN, -1, 0, INT64_MAX };
	_cleanup_(buf_deinit) struct buf list = BUF_INIT, again = BUF_INIT;

	called_names_put(&list, ids, ARRAY_SIZE(ids));
	assert_int_equal(list.len, 1 + 1 + 2 + 9);
	assert_true(called_names_take(buf_str(&list), &again));
	assert_int_equal(again.len, sizeof(ids));
	assert_memory_equal(again.data, ids, sizeof(ids));
	buf_reset(&list);
	buf_reset(&again);
	called_tokens_put(&list, tokens, ARRAY_SIZE(tokens));
	assert_int_equal(list.len, sizeof(tokens));
	assert_true(called_tokens_take(buf_str(&list), &again));
	assert_memory_equal(again.data, tokens, sizeof(tokens));
	assert_true(called_names_take(STR(""), &again));
	assert_true(called_tokens_take(STR(""), &again));
	assert_int_equal(again.len, sizeof(tokens));
}

static void test_turned_down(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	static const char wraps[] =
		"\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"; /* 1, then INT64_MAX more */

	assert_false(called_names_take((struct str){ "\x01\x00", 2 }, &out));
	assert_false(called_names_take(STR("\x80"), &out));
	assert_false(called_names_take(STR(wraps), &out));
	assert_false(called_tokens_take(STR("1234567"), &out));
	assert_false(called_tokens_take(STR("1234567812345678"), &out));
	assert_false(called_tokens_take(STR("2234567812345678"), &out));
}

/* The story of a resource with two names, and what it may be called in relationships. */
static int put(struct history *h)
{
	static const struct str called[] = { STR("db"), STR("web") };
	struct store_name names[] = { { STORE_NAME_NAME, STR(""), STR("db") },
				      { STORE_NAME_NAME, STR(""), STR("web") } };
	struct store_state states[64];
	struct store_shown shown = { 0 };
	struct store_story story = { .dirty = { 1, INT64_MIN },
				     .shown = &shown,
				     .n_shown = 1,
				     .names = names,
				     .n_names = ARRAY_SIZE(names),
				     .relations = { .names = called,
						    .n_names = ARRAY_SIZE(called) } };
	int r;

	assert_int_equal(states_of(h, 1, states), 1);
	shown.state = states[0].id;
	shown.time_ms = states[0].time_ms;
	begin(h);
	r = store_put_story(h->s, &story);
	if (r)
		store_rollback(h->s);
	else
		commit(h);
	return r;
}

static void exec(struct history *h, const char *sql)
{
	assert_int_equal(sqlite3_exec(h->s->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_damaged(void **state)
{
	static const char *const damages[] = {
		"UPDATE alias_set SET names = x'0100'",
		"UPDATE alias_set SET names = x'05'", /* a name that is not there */
		"UPDATE alias_set SET names = x'ff'",
		"UPDATE alias_set SET refs = x'01'",
		"UPDATE alias_set SET refs = zeroblob(16)",
	};
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{\"a\":1}");
	struct history *h = *state;

	put_item(h, &item);
	assert_int_equal(put(h), 0);
	assert_int_equal(ask(h,
			     "SELECT length(names) * 100 + length(refs) FROM alias_set"),
			 200 + 3 * 8);
	exec(h, "CREATE TABLE saved AS SELECT * FROM alias_set");
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		exec(h, damages[i]);
		assert_int_equal(put(h), STORE_E_DAMAGED);
		assert_non_null(strstr(store_message(h->s), "cannot be decoded"));
		exec(h,
		     "UPDATE alias_set SET (names, refs) = (SELECT names, refs FROM saved)");
	}
	assert_int_equal(put(h), 0);
	assert_sound(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_come_back),
		cmocka_unit_test(test_turned_down),
		cmocka_unit_test_setup_teardown(test_damaged, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
