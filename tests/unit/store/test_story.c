/* SPDX-License-Identifier: Apache-2.0 */
/* Stories: put whole and in part, read back, and the sums of the listing row. */
#include <sqlite3.h>

#include "history.h"
#include "private.h"

/* A resource with states at 1000, 2000 ... ; returns its row, fills the states. */
static int64_t make_resource(struct history *h, const char *rid, unsigned n,
			     struct store_state states[64])
{
	int64_t id;

	for (unsigned i = 1; i <= n; i++) {
		struct item item = item_of(GROUP, rid, 1000 * i, "1", "{\"a\":1}");

		put_item(h, &item);
	}
	id = resource_of(h, GROUP, rid).id;
	assert_int_equal(states_of(h, id, states), n);
	return id;
}

struct story {
	struct store_entry entries[64];
	struct store_shown shown[64];
	size_t n_entries, n_shown;
	uint64_t aliases[8];
	size_t n_aliases;
};

/* One change a state from `first` on; the lengths tell which. */
static void changes_from(const struct store_state *states, size_t first, size_t n,
			 struct story *ret)
{
	*ret = (struct story){ 0 };
	for (size_t i = first; i < n; i++) {
		ret->entries[ret->n_entries++] = (struct store_entry){
			.time_ms = states[i].time_ms,
			.kind = STORE_ENTRY_CHANGE,
			.ref = states[i].id,
			.previous = i ? states[i - 1].id : 0,
			.change_type = i ? CHANGE_UPDATE : CHANGE_CREATE,
			.text_len = 10,
			.jsonl_len = 100,
		};
		ret->shown[ret->n_shown++] = (struct store_shown){
			.state = states[i].id,
			.time_ms = states[i].time_ms,
			.twin = states[i].twin,
			.size = states[i].size,
		};
	}
}

static void put_story(struct history *h, int64_t resource, int64_t from_ms,
		      struct story *st)
{
	const struct store_story story = {
		.dirty = { resource, from_ms },
		.entries = st->entries,
		.n_entries = st->n_entries,
		.shown = st->shown,
		.n_shown = st->n_shown,
		.aliases.own = { st->aliases, st->n_aliases },
	};

	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static size_t dirty_of(struct history *h, struct store_dirty ret[8])
{
	size_t n;

	assert_int_equal(store_dirty_next(h->s, 0, ret, 8, &n), 0);
	return n;
}

/* No line says so much of a cause, or less than nothing. */
static void test_impossible_label(void **state)
{
	static const char *const updates[] = {
		"UPDATE cause SET label = 2 + (4097 << 2)",
		"UPDATE cause SET label = -1",
	};
	static const struct store_cause cause = { .event = 7, .label_len = 40 };
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 1, states);
	struct store_entry *got;
	struct story st;
	size_t n;

	changes_from(states, 0, 1, &st);
	st.entries[0].causes = &cause;
	st.entries[0].n_causes = 1;
	put_story(h, id, 1000, &st);
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		assert_int_equal(sqlite3_exec(h->s->db, updates[i], NULL, NULL, NULL), 0);
		assert_int_equal(store_story(h->s, id, &h->a, &got, &n), 0);
		assert_int_equal(n, 1);
		assert_int_equal(got[0].n_causes, 1);
		assert_int_equal(got[0].causes[0].label_len, 0);
	}
}

static void test_whole_story(void **state)
{
	static const struct store_cause causes[] = {
		{ .event = 7,
		  .evidence = 5,
		  .confidence = CONFIDENCE_CERTAIN,
		  .label_len = 4096 },
		{ .event = 8, .evidence = 1u << 12, .confidence = CONFIDENCE_POSSIBLE },
	};
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 3, states);
	struct store_dirty dirty[8];
	struct store_resource res;
	struct store_entry *got;
	struct story st;
	size_t n;

	assert_int_equal(dirty_of(h, dirty), 1);
	assert_int_equal(dirty[0].resource, id);
	assert_int_equal(dirty[0].from_ms, 1000);
	changes_from(states, 0, 3, &st);
	st.entries[1].causes = causes;
	st.entries[1].n_causes = 2;
	/* Two more at the same time as the last change, one of them with a cause. */
	st.entries[3] = (struct store_entry){ .time_ms = 3000,
					      .kind = STORE_ENTRY_ATTEMPT,
					      .ref = 9,
					      .text_len = 1,
					      .jsonl_len = 2 };
	st.entries[4] = st.entries[3];
	st.entries[4].kind = STORE_ENTRY_TRANSITION;
	st.entries[4].causes = causes;
	st.entries[4].n_causes = 1;
	st.n_entries = 5;
	put_story(h, id, 1000, &st);
	assert_int_equal(dirty_of(h, dirty), 0);
	assert_int_equal(store_story(h->s, id, &h->a, &got, &n), 0);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(got[i].time_ms, st.entries[i].time_ms);
		assert_int_equal(got[i].kind, st.entries[i].kind);
		assert_int_equal(got[i].ref, st.entries[i].ref);
		assert_int_equal(got[i].previous, st.entries[i].previous);
		assert_int_equal(got[i].change_type, st.entries[i].change_type);
		assert_int_equal(got[i].n_causes, st.entries[i].n_causes);
	}
	assert_int_equal(got[1].causes[0].event, 7);
	assert_int_equal(got[1].causes[0].confidence, CONFIDENCE_CERTAIN);
	assert_int_equal(got[1].causes[0].label_len, 4096);
	assert_int_equal(got[1].causes[1].label_len, 0);
	assert_int_equal(got[1].causes[1].evidence, 1u << 12);
	assert_int_equal(got[1].causes[1].confidence, CONFIDENCE_POSSIBLE);
	assert_int_equal(got[4].causes[0].event, 7);
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(res.text_len, 32);
	assert_int_equal(res.jsonl_len, 304);
	assert_int_equal(res.states, 3);
}

/* From the second change on: the first stays, the sums follow. */
static void test_part_of_story(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 4, states);
	struct store_resource res, before;
	struct store_entry *got;
	struct story st;
	size_t n;

	changes_from(states, 0, 4, &st);
	put_story(h, id, 1000, &st);
	before = resource_of(h, GROUP, "sg-1");
	changes_from(states, 1, 4, &st);
	st.entries[0].text_len = 11;
	st.entries[2].jsonl_len = 99;
	st.shown[2].hidden = true;
	/* The change at 2000 lies before the dirt, and is in the list: it goes, too. */
	put_story(h, id, 2500, &st);
	assert_int_equal(store_story(h->s, id, &h->a, &got, &n), 0);
	assert_int_equal(n, 4);
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(res.text_len, 41);
	assert_int_equal(res.jsonl_len, 399);
	assert_int_equal(res.states, 3);
	assert_int_equal(res.latest, states[2].id);
	assert_int_equal(res.newest_ms, 3000);
	assert_true(res.changed_ms > before.changed_ms);
	/* Hidden states are in the list for those who ask; and as of a moment. */
	assert_int_equal(states_of(h, id, states), 4);
	assert_true(states[3].hidden);
	assert_int_equal(store_states(h->s, id, -1, 0, false, states, 64, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(store_state_as_of(h->s, id, 9999, false, &states[0]), 0);
	assert_int_equal(states[0].time_ms, 3000);
	assert_int_equal(store_state_as_of(h->s, id, 9999, true, &states[0]), 0);
	assert_int_equal(states[0].time_ms, 4000);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'shown'"), 3);
}

static void test_empty_story(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 2, states);
	struct store_dirty dirty[8];
	struct story st;

	changes_from(states, 0, 0, &st);
	for (size_t i = 0; i < 2; i++)
		st.shown[i] = (struct store_shown){ .state = states[i].id,
						    .time_ms = states[i].time_ms,
						    .size = 1,
						    .hidden = true };
	st.n_shown = 2;
	put_story(h, id, 1000, &st);
	assert_int_equal(resource_of(h, GROUP, "sg-1").states, 0);
	assert_int_equal(resource_of(h, GROUP, "sg-1").latest, 0);
	/* What comes in next goes on from there. */
	struct item item = item_of(GROUP, "sg-1", 5000, "1", "{}");

	put_item(h, &item);
	assert_int_equal(resource_of(h, GROUP, "sg-1").states, 1);
	assert_int_equal(resource_of(h, GROUP, "sg-1").first_ms, 5000);
	assert_int_equal(dirty_of(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 5000);
}

/* A folder is as new as the newest that is shown in it, after its commit. */
static void test_folder_of_hidden(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 3, states);
	int64_t folder = resource_of(h, GROUP, "sg-1").folder;
	struct story st;

	changes_from(states, 0, 3, &st);
	st.shown[2].hidden = true;
	put_story(h, id, 1000, &st);
	for (int levels = 0; folder != STORE_ROOT; levels++) {
		struct store_folder f;

		assert_true(levels < 8);
		assert_int_equal(store_folder_get(h->s, folder, &h->a, &f), 0);
		assert_int_equal(f.newest_ms, states[1].time_ms);
		folder = f.parent;
	}
}

static void test_inherited(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 2, states);
	struct story st;
	struct store_resource res;
	struct store_state latest;
	struct str name, arn;

	changes_from(states, 0, 2, &st);
	st.shown[1].name = STR("web");
	st.shown[1].arn = STR("arn:aws:x");
	put_story(h, id, 1000, &st);
	assert_int_equal(store_state_inherited(h->s, states[1].id, &h->a, &name, &arn),
			 0);
	assert_true(str_is(name, "web"));
	assert_true(str_is(arn, "arn:aws:x"));
	assert_int_equal(store_state_inherited(h->s, states[0].id, &h->a, &name, &arn),
			 0);
	assert_int_equal(name.n, 0);
	assert_int_equal(arn.n, 0);
	res = resource_of(h, GROUP, "sg-1");
	assert_int_equal(store_state_latest(h->s, &res, &h->a, &latest, &name, &arn), 0);
	assert_int_equal(latest.id, states[1].id);
	assert_int_equal(latest.time_ms, states[1].time_ms);
	assert_true(str_is(name, "web"));
	assert_true(str_is(arn, "arn:aws:x"));
	res.latest = states[0].id;
	assert_int_equal(store_state_latest(h->s, &res, &h->a, &latest, &name, &arn),
			 STORE_E_NOT_FOUND);
}

/* Made dirtier while the story was derived: the dirt stays. */
static void test_dirtier_meanwhile(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 2, states);
	struct item earlier = item_of(GROUP, "sg-1", 500, "1", "{}");
	struct store_dirty dirty[8];
	struct story st;

	changes_from(states, 0, 2, &st);
	put_item(h, &earlier);
	put_story(h, id, 1000, &st);
	assert_int_equal(dirty_of(h, dirty), 1);
	assert_int_equal(dirty[0].from_ms, 500);
}

static void test_unordered(void **state)
{
	struct history *h = *state;
	struct store_state states[64];
	int64_t id = make_resource(h, "sg-1", 2, states);
	struct story st;
	struct store_story story;

	changes_from(states, 0, 2, &st);
	st.entries[0].time_ms = 9000;
	story = (struct store_story){ .dirty = { id, 0 },
				      .entries = st.entries,
				      .n_entries = 2,
				      .shown = st.shown,
				      .n_shown = 2 };
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), -EINVAL);
	/* Half a story cannot be committed. */
	assert_true(store_commit(h->s) != 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM entry"), 0);
}

static void test_pages_of_dirt(void **state)
{
	struct history *h = *state;
	struct store_dirty page[2];
	int64_t after = 0;
	size_t n, seen = 0;

	for (int i = 0; i < 5; i++) {
		char rid[] = { 's', 'g', (char)('0' + i), '\0' };
		struct item item = item_of(GROUP, rid, 1000 + i, "1", "{}");

		put_item(h, &item);
	}
	do {
		assert_int_equal(store_dirty_next(h->s, after, page, 2, &n), 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(page[i].resource > after);
			after = page[i].resource;
		}
		seen += n;
	} while (n);
	assert_int_equal(seen, 5);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_whole_story),       CASE(test_impossible_label),
		CASE(test_part_of_story),     CASE(test_empty_story),
		CASE(test_folder_of_hidden),  CASE(test_inherited),
		CASE(test_dirtier_meanwhile), CASE(test_unordered),
		CASE(test_pages_of_dirt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
