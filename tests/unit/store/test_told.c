/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is told of a state: the bytes of it, and its change when the moment it is of is listed anew
 * before the next story is put.
 */
#include "history.h"
#include "store/activity.h"
#include "store/at.h"
#include "told.h"

static void assert_same(const struct told *a, const struct told *b)
{
	assert_int_equal(a->measured, b->measured);
	assert_int_equal(a->csv_len, b->csv_len);
	assert_int_equal(a->jsonl_len, b->jsonl_len);
	assert_int_equal(a->item_len, b->item_len);
	assert_int_equal(a->has_change, b->has_change);
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->follows, b->follows);
	assert_int_equal(a->change.kind, b->change.kind);
	assert_int_equal(a->change.change_type, b->change.change_type);
	assert_int_equal(a->change.reason, b->change.reason);
	assert_int_equal(a->change.previous, b->change.previous);
	assert_int_equal(a->change.text_len, b->change.text_len);
	assert_int_equal(a->change.jsonl_len, b->change.jsonl_len);
	assert_int_equal(a->change.line_len, b->change.line_len);
	assert_int_equal(a->change.line_jsonl_len, b->change.line_jsonl_len);
	assert_true(str_eq(a->change.why, b->change.why));
}

static const struct store_entry update = { .kind = STORE_ENTRY_CHANGE,
					   .change_type = CHANGE_UPDATE,
					   .reason = REASON_LAST,
					   .text_len = 300,
					   .jsonl_len = UINT32_MAX,
					   .line_len = 0,
					   .line_jsonl_len = 127 };

static void test_code(void **state _unused_)
{
	struct told all[] = {
		{ .follows = true },
		{ .follows = true,
		  .measured = true,
		  .csv_len = 1,
		  .item_len = UINT32_MAX },
		{ .follows = true, .has_change = true, .change = update },
		{ .measured = true, .jsonl_len = 9, .has_change = true, .change = update },
		{ .follows = true, .has_change = true, .change = update, .seq = 300 },
		{ .has_change = true, .change = update, .seq = 1 },
	};

	all[3].change.previous = INT64_MAX - 1;
	all[3].change.change_type = CHANGE_DELETE;
	all[5].change.why = STR("somebody stopped it");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
		struct told got;

		told_put(&bytes, &all[i]);
		assert_int_equal(bytes.len == 0, i == 0);
		assert_true(told_take(buf_str(&bytes), &got));
		assert_same(&got, &all[i]);
		/* Cut anywhere; only a reason in words may end anywhere. */
		for (size_t n = 1; n < bytes.len - (i ? all[i].change.why.n : 0); n++)
			assert_false(told_take((struct str){ bytes.data, n }, &got));
		if (i == 1 || i == 2) {
			buf_put_char(&bytes, 0);
			assert_false(told_take(buf_str(&bytes), &got));
		}
	}
	/* Every number that a reason may have is one. */
	assert_true(told_take((struct str){ "\x19\0\0\0\0", 5 }, &all[0]));
	assert_int_equal(all[0].change.reason, REASON_NOT_RECORDED);
	assert_true(told_take((struct str){ "\x1d\0\0\0\0", 5 }, &all[0]));
	assert_int_equal(all[0].change.reason, REASON_LAST);
}

/* A state with the change it came with. */
static void put_story(struct history *h, const struct store_state *st, size_t n)
{
	struct store_entry entries[4];
	struct store_shown shown[4];
	const struct store_story story = { .dirty = { st->resource, 1000 },
					   .entries = entries,
					   .n_entries = n,
					   .shown = shown,
					   .n_shown = n };

	for (size_t i = 0; i < n; i++) {
		entries[i] = update;
		entries[i].time_ms = st[i].time_ms;
		entries[i].ref = st[i].id;
		entries[i].previous = i ? st[i - 1].id : 0;
		entries[i].text_len = 100 + (uint32_t)i;
		entries[i].jsonl_len = 10;
		entries[i].line_len = 1;
		shown[i] = (struct store_shown){ .state = st[i].id,
						 .time_ms = st[i].time_ms,
						 .twin = st[i].twin,
						 .size = st[i].size };
	}
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static void put_at(struct history *h, int64_t ms, const char *state_id)
{
	struct item item = item_of(GROUP, "sg-1", ms, state_id, "{\"a\":1}");

	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
}

/*
 * A state without an id is told by one with an id that comes later: it is not listed any more, but
 * its change is told of, as its lines are, until a story is put without it.
 */
static void test_listed_anew(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	struct store_entry *got;
	size_t n;

	put_at(h, 1000, "");
	put_at(h, 2000, "5");
	assert_int_equal(states_of(h, 1, states), 2);
	put_story(h, states, 2);
	assert_int_equal(ask(h, "SELECT sum(n) FROM timeline_day"), 2);
	put_at(h, 1000, "3");
	put_at(h, 2000, "4");
	assert_int_equal(ask(h, "SELECT count(*) FROM unlisted WHERE told NOT NULL"), 1);
	assert_int_equal(store_story(h->s, 1, &h->a, &got, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(got[0].ref, states[0].id);
	assert_int_equal(got[0].text_len, 100);
	assert_int_equal(got[1].ref, states[1].id);
	assert_int_equal(got[1].previous, states[0].id);
	assert_int_equal(states_of(h, 1, states), 3);
	put_story(h, states, 3);
	assert_int_equal(ask(h, "SELECT count(*) FROM unlisted WHERE told NOT NULL"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM unlisted"), 1);
	assert_int_equal(ask(h, "SELECT sum(n) FROM timeline_day"), 3);
	assert_int_equal(resource_of(h, GROUP, "sg-1").text_len, 303);
	assert_int_equal(store_story(h->s, 1, &h->a, &got, &n), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(got[i].ref, states[i].id);
		assert_int_equal(got[i].previous, i ? states[i - 1].id : 0);
	}
	assert_sound(h);
}

/* A change is of a state that the story lists. */
static void test_no_state(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	struct store_entry entry = update;
	const struct store_story story = { .dirty = { 1, 1000 },
					   .entries = &entry,
					   .n_entries = 1 };

	put_at(h, 1000, "1");
	assert_int_equal(states_of(h, 1, states), 1);
	entry.time_ms = 1000;
	entry.ref = states[0].id;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), -EINVAL);
	store_rollback(h->s);
}

/* The run that the state is in is damaged: that is said wherever it is read. */
static void test_damaged(void **state)
{
	static const struct store_cause cause = { .event = 7 };
	struct history *h = *state;
	struct store_state states[64];
	struct store_entry entry = update, *got;
	struct store_shown shown = { .size = 10, .csv_len = 5 };
	const struct store_story story = { .dirty = { 1, 1000 },
					   .entries = &entry,
					   .n_entries = 1,
					   .shown = &shown,
					   .n_shown = 1 };
	struct store_at_state at;
	int64_t *caused;
	size_t n;

	put_at(h, 1000, "1");
	assert_int_equal(states_of(h, 1, states), 1);
	entry.time_ms = shown.time_ms = 1000;
	entry.ref = shown.state = states[0].id;
	entry.causes = &cause;
	entry.n_causes = 1;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
	assert_int_equal(store_at_get(h->s, 1, 5000, &at), 0);
	assert_true(at.measured);
	assert_int_equal(at.csv_len, 5);
	assert_int_equal(store_changes_of_event(h->s, 7, &h->a, &caused, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(caused[0], states[0].id);
	assert_int_equal(ask(h, "UPDATE shown_run SET states = x'60ff' RETURNING 1"), 1);
	assert_int_equal(store_at_get(h->s, 1, 5000, &at), STORE_E_DAMAGED);
	assert_string_equal(store_message(h->s),
			    "the list of states of resource 1 cannot be decoded");
	assert_int_equal(store_story(h->s, 1, &h->a, &got, &n), STORE_E_DAMAGED);
	assert_int_equal(store_changes_of_event(h->s, 7, &h->a, &caused, &n),
			 STORE_E_DAMAGED);
	assert_non_null(strstr(store_message(h->s), "states of resource 1"));
	assert_int_equal(store_states(h->s, 1, INT64_MIN, 0, true, states, 64, &n),
			 STORE_E_DAMAGED);
}

static bool note_damaged(void *ctx, const struct store_at_state *st)
{
	buf_printf(ctx, "%.*s%s ", STR_ARGS(st->rid), st->damaged ? "!" : "");
	return true;
}

/* One resource's list: its states are refused, those of others are put and listed beside it. */
static void test_damaged_beside_others(void **state)
{
	struct history *h = *state;
	struct item items[] = { item_of(GROUP, "sg-1", 1000, "1", "{}"),
				item_of(GROUP, "sg-2", 1000, "1", "{}"),
				item_of(GROUP, "sg-1", 2000, "2", "{\"a\":1}"),
				item_of(GROUP, "sg-3", 2000, "2", "{}") };
	_cleanup_(buf_deinit) struct buf seen = BUF_INIT;
	struct store_dirty dirty[4];
	enum store_put put;
	int64_t folder;
	bool any;
	size_t n;

	put_item(h, &items[0]);
	put_item(h, &items[1]);
	folder = ask(h, "SELECT folder FROM resource WHERE id = 1");
	assert_int_equal(ask(h, "UPDATE shown_run SET states = x'ff' WHERE resource = 1 "
				"RETURNING 1"),
			 1);
	assert_int_equal(ask(h, "DELETE FROM dirty RETURNING 1"), 1);
	begin(h);
	/* The one that is there, and another. */
	for (size_t i = 0; i <= 2; i += 2) {
		assert_int_equal(store_put_item(h->s, &items[i], 1, &put, &h->ousted), 0);
		assert_int_equal(put, STORE_PUT_DAMAGED);
		assert_string_equal(store_message(h->s),
				    "the list of states of resource 1 cannot be decoded");
	}
	assert_int_equal(store_put_item(h->s, &items[3], 1, &put, &h->ousted), 0);
	assert_int_equal(put, STORE_PUT_NEW);
	commit(h);
	assert_int_equal(store_dirty_next(h->s, 0, dirty, ARRAY_SIZE(dirty), &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(dirty[0].resource, 3);
	assert_int_equal(store_at_each(h->s, folder, 5000, 0, note_damaged, &seen), 0);
	assert_true(str_is(buf_str(&seen), "sg-1! sg-2 sg-3 "));
	/* Behind it, and before there was anything else. */
	buf_reset(&seen);
	assert_int_equal(store_at_each(h->s, folder, 1500, 1, note_damaged, &seen), 0);
	assert_true(str_is(buf_str(&seen), "sg-2 "));
	assert_int_equal(store_at_any(h->s, STORE_ROOT, 5000, &any), 0);
	assert_true(any);
	assert_int_equal(store_at_any(h->s, folder, 999, &any), 0);
	assert_false(any);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		CASE(test_listed_anew),
		CASE(test_no_state),
		CASE(test_damaged),
		CASE(test_damaged_beside_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
