/* SPDX-License-Identifier: Apache-2.0 */
/* Which files of alarms/ are to be made anew after a story: those that tell of what differs. */
#include "history.h"
#include "store/alarms.h"

#define ALL INT64_MAX

/* A group that an alarm watches, its states at 1000, 2000 and 3000, the alarm's at 1500 and 2500. */
struct watched {
	struct history *h;
	int64_t id;
	struct store_shown shown[3];
	struct store_entry entries[5];
	struct store_cause cause;
	size_t n;
};

static void put(struct watched *w, int64_t settled_ms)
{
	const struct store_story story = { .dirty = { w->id, 1000 },
					   .settled_ms = settled_ms,
					   .entries = w->entries,
					   .n_entries = w->n,
					   .shown = w->shown,
					   .n_shown = 3 };

	begin(w->h);
	assert_int_equal(store_put_story(w->h->s, &story), 0);
	commit(w->h);
}

/* How many are due, and which is the first of them; none any more. */
static int64_t due(struct watched *w, int64_t *first)
{
	int64_t n = ask(w->h, "SELECT count(*) FROM transition_due");

	*first = ask(w->h, "SELECT coalesce(min(transition), 0) FROM transition_due");
	if (n)
		assert_int_equal(ask(w->h, "DELETE FROM transition_due RETURNING 1"), 1);
	return n;
}

/* Put once, and its files made. */
static void make(struct history *h, struct watched *w)
{
	struct store_state states[64];
	int64_t first;

	*w = (struct watched){ .h = h, .cause = { .event = 7, .confidence = 1 }, .n = 5 };
	for (int i = 1; i <= 3; i++) {
		struct item item = item_of(GROUP, "sg-1", 1000 * i, "1", "{}");

		put_item(h, &item);
	}
	w->id = resource_of(h, GROUP, "sg-1").id;
	assert_int_equal(states_of(h, w->id, states), 3);
	for (size_t i = 0; i < 3; i++) {
		w->shown[i] = (struct store_shown){ .state = states[i].id,
						    .time_ms = states[i].time_ms };
		w->entries[2 * i] = (struct store_entry){
			.time_ms = states[i].time_ms,
			.ref = states[i].id,
			.previous = i ? states[i - 1].id : 0,
			.change_type = i ? CHANGE_UPDATE : CHANGE_CREATE,
			.text_len = 10,
			.jsonl_len = 100,
		};
	}
	w->entries[2].causes = &w->cause;
	w->entries[2].n_causes = 1;
	for (int i = 0; i < 2; i++)
		w->entries[2 * i + 1] = (struct store_entry){
			.time_ms = 1500 + 1000 * i,
			.kind = STORE_ENTRY_TRANSITION,
			.ref = history_put_alarm(h, "cpu", 1500 + 1000 * i),
		};
	put(w, INT64_MIN);
	assert_int_equal(due(w, &first), 2);
}

static void test_same(void **state)
{
	struct watched w;
	int64_t first;

	make(*state, &w);
	put(&w, ALL);
	assert_int_equal(due(&w, &first), 0);
	/* What came in may concern all from then on. */
	put(&w, 2400);
	assert_int_equal(due(&w, &first), 1);
	assert_int_equal(first, w.entries[3].ref);
	put(&w, INT64_MIN);
	assert_int_equal(due(&w, &first), 2);
}

/* Changes one thing that the change at 2000 tells. */
static bool change(struct watched *w, int what)
{
	struct store_entry *e = &w->entries[2];

	switch (what) {
	case 0:
		e->text_len++;
		return true;
	case 1:
		e->jsonl_len++;
		return true;
	case 2:
		e->previous = 0;
		return true;
	case 3:
		e->change_type = CHANGE_DELETE;
		return true;
	case 4:
		e->reason = REASON_NO_TRAIL;
		return true;
	case 5:
		e->why = STR("because");
		return true;
	case 6:
		w->cause.event++;
		return true;
	case 7:
		w->cause.evidence++;
		return true;
	case 8:
		w->cause.confidence = 2;
		return true;
	case 9:
		e->n_causes = 0;
		return true;
	default:
		return false;
	}
}

static void test_entry(void **state)
{
	struct watched w, was;
	int64_t first;

	make(*state, &w);
	was = w;
	for (int what = 0; change(&w, what); what++) {
		put(&w, ALL);
		assert_int_equal(due(&w, &first), 1);
		assert_int_equal(first, w.entries[3].ref);
		put(&w, ALL);
		assert_int_equal(due(&w, &first), 0);
		w.cause = was.cause;
		w.entries[2] = was.entries[2];
		put(&w, INT64_MIN);
		assert_int_equal(due(&w, &first), 2);
	}
}

/* One that the story has no more, and one that it has since. */
static void test_entries(void **state)
{
	struct watched w;
	int64_t first, last;

	make(*state, &w);
	last = w.entries[3].ref;
	w.entries[3] = w.entries[4];
	w.n = 4;
	put(&w, ALL);
	assert_int_equal(due(&w, &first), 1);
	assert_int_equal(first, last);
	w.entries[4] = w.entries[3];
	w.entries[3] = (struct store_entry){ .time_ms = 2500,
					     .kind = STORE_ENTRY_TRANSITION,
					     .ref = last };
	w.n = 5;
	put(&w, ALL);
	assert_int_equal(due(&w, &first), 1);
	assert_int_equal(first, last);
}

/* Those that tell of it as of a related one go by the same. */
static void test_related(void **state)
{
	struct watched w;
	int64_t first;

	make(*state, &w);
	w.entries[1] = w.entries[2];
	w.entries[2] = w.entries[4];
	w.n = 3;
	put(&w, INT64_MIN);
	assert_int_equal(due(&w, &first), 2);
	assert_int_equal(ask(w.h, "INSERT INTO transition_related SELECT 1, id "
				  "FROM transition RETURNING resource"),
			 w.id);
	put(&w, ALL);
	assert_int_equal(due(&w, &first), 0);
	w.cause.event++;
	put(&w, ALL);
	assert_int_equal(due(&w, &first), 1);
	put(&w, 1000);
	assert_int_equal(due(&w, &first), 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_same),
		CASE(test_entry),
		CASE(test_entries),
		CASE(test_related),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
