/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls are settled, and what guards those that are not; and which of them are left out. */
#include <stdio.h>

#include "history.h"
#include "story_work.h"

#define DAY_MS     INT64_C(86400000)
#define FIRST_MS   (10 * DAY_MS)
#define LAST_MS    (20 * DAY_MS)
#define NEW_MS     (50 * DAY_MS)
#define SETTLED_MS (LAST_MS + STORY_BEHIND_MS + 1)

/* A function of two states, and what came in is from a day on long behind the last of them. */
struct scene {
	struct story_called called[2];
	struct story_state states[3];
	struct story_step shown[3];
	struct correlate_step steps[3];
	uint64_t given;
	struct story_work w;
};

static struct story_work *scene(struct scene *s)
{
	*s = (struct scene){ .given = TOKEN(1) };
	for (unsigned i = 0; i < 3; i++) {
		s->states[i].called = &s->called[0];
		s->shown[i].state = i;
		s->steps[i].type = i ? CHANGE_UPDATE : CHANGE_CREATE;
	}
	s->steps[0].captured_ms = FIRST_MS;
	s->steps[1].captured_ms = LAST_MS;
	s->steps[2].captured_ms = NEW_MS;
	s->w = (struct story_work){
		.states = s->states,
		.shown = s->shown,
		.steps = s->steps,
		.n_states = 2,
		.n_shown = 2,
		.first = 1,
		.first_item = { .type = STR("AWS::Lambda::Function"),
				.id = STR("orders"),
				.name = STR("orders") },
		/* To be set, whatever it was. */
		.settled_from_ms = 1,
		.settled_to_ms = 2,
	};
	return &s->w;
}

static void assert_settled(struct story_work *w, int64_t from_ms, int64_t to_ms)
{
	story_settle(w, NEW_MS);
	assert_int_equal(w->settled_from_ms, from_ms);
	assert_int_equal(w->settled_to_ms, to_ms);
}

static void behind_the_last_state(void **state _unused_)
{
	struct scene s;

	assert_settled(scene(&s), SETTLED_MS, NEW_MS);
	/* Hidden ones are called something, too. */
	scene(&s)->n_states = 3;
	s.states[1].hidden = true;
	s.shown[1].state = 2;
	assert_settled(&s.w, SETTLED_MS, NEW_MS);
	/* Wherever the window begins. */
	scene(&s)->first = 2;
	assert_settled(&s.w, SETTLED_MS, NEW_MS);
}

/* A new state may have as causes what was called so long before it. */
static void before_a_new_state(void **state _unused_)
{
	struct scene s;

	scene(&s);
	s.w.n_states = s.w.n_shown = 3;
	assert_settled(&s.w, SETTLED_MS, NEW_MS - CORRELATE_REMOTE_MS);
	s.steps[2].captured_ms = NEW_MS + CORRELATE_REMOTE_MS - 1;
	assert_settled(&s.w, SETTLED_MS, NEW_MS - 1);
	s.steps[2].captured_ms = NEW_MS + CORRELATE_REMOTE_MS;
	assert_settled(&s.w, SETTLED_MS, NEW_MS);
	s.steps[2].captured_ms = NEW_MS + 3 * CORRELATE_REMOTE_MS;
	assert_settled(&s.w, SETTLED_MS, NEW_MS);
}

static void nothing_is_settled(void **state _unused_)
{
	struct scene s;

	/* All is made anew. */
	scene(&s)->first = 0;
	assert_settled(&s.w, 0, 0);
	/* Calls are judged otherwise than they were. */
	scene(&s)->without_evidence = 1;
	assert_settled(&s.w, 0, 0);
	/* What was given may be taken back. */
	scene(&s)->aliases.given = (struct mention_set){ &s.given, 1 };
	assert_settled(&s.w, 0, 0);
	/* It has lives. */
	scene(&s)->first_item = (struct item){ .type = STR("AWS::IAM::Role"),
					       .id = STR("AROAEXAMPLEFIRST00001"),
					       .name = STR("app") };
	assert_settled(&s.w, 0, 0);
	/* What comes next is a creation, with causes of any age. */
	scene(&s);
	s.steps[1].type = CHANGE_DELETE;
	assert_settled(&s.w, 0, 0);
	/* It was recorded no more. */
	scene(&s);
	s.steps[1].untold = true;
	assert_settled(&s.w, 0, 0);
	/* The new state is called otherwise, or a hidden one was. */
	scene(&s);
	s.w.n_states = s.w.n_shown = 3;
	s.states[2].called = &s.called[1];
	assert_settled(&s.w, 0, 0);
	s.states[2].hidden = true;
	s.w.n_shown = 2;
	assert_settled(&s.w, 0, 0);
	/* That it was called otherwise before does not matter. */
	scene(&s)->states[0].called = &s.called[1];
	assert_settled(&s.w, SETTLED_MS, NEW_MS);
}

/* --- what is left out ---------------------------------------------------------------------- */

/* A call each hour from the settled time on, in no order of rows. */
static size_t make_hits(struct store_event_hit *hits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hits[i] = (struct store_event_hit){
			.event = (int64_t)(i * 7 % n) + 1,
			.time_ms = SETTLED_MS + (int64_t)i * 3600000,
		};
	return n;
}

/* An early activity, an attempt, another activity, an alarm, and a change with a cause. */
static void put_story(struct history *h)
{
	static const struct store_cause causes[] = { { .event = 9 } };
	struct store_entry entries[5] = {
		{ .time_ms = FIRST_MS + 1, .kind = STORE_ENTRY_ACTIVITY, .ref = 6 },
		{ .time_ms = SETTLED_MS, .kind = STORE_ENTRY_ATTEMPT, .ref = 1 },
		{ .time_ms = SETTLED_MS + 9, .kind = STORE_ENTRY_ACTIVITY, .ref = 3 },
		{ .time_ms = SETTLED_MS + 99, .kind = STORE_ENTRY_TRANSITION, .ref = 5 },
	};
	struct store_shown shown = { .time_ms = SETTLED_MS + DAY_MS };
	const struct store_story story = { .dirty = { 1, FIRST_MS },
					   .entries = entries,
					   .n_entries = ARRAY_SIZE(entries),
					   .shown = &shown,
					   .n_shown = 1 };
	struct item item = item_of(GROUP, "sg-1", SETTLED_MS + DAY_MS, "1", "{}");
	struct store_state states[64];

	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	assert_int_equal(states_of(h, 1, states), 1);
	entries[4] = (struct store_entry){ .time_ms = states[0].time_ms,
					   .kind = STORE_ENTRY_CHANGE,
					   .ref = states[0].id,
					   .causes = causes,
					   .n_causes = 1 };
	shown.state = states[0].id;
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static bool is_left(const struct store_event_hit *hits, size_t n, int64_t event)
{
	for (size_t i = 0; i < n; i++)
		if (hits[i].event == event)
			return true;
	return false;
}

/* Of those between the two times the ones that are told of, whenever that is. */
static void what_is_told_stays(void **state)
{
	struct history *h = *state;
	struct store_event_hit hits[40];
	struct story_work w = { .s = h->s,
				.a = &h->a,
				.resource.id = 1,
				.settled_from_ms = SETTLED_MS,
				.settled_to_ms = SETTLED_MS + 39 * 3600000 };
	size_t n = make_hits(hits, ARRAY_SIZE(hits));
	int64_t last = hits[39].event;

	put_story(h);
	assert_int_equal(story_leave_settled(&w, hits, &n), 0);
	for (int64_t event = 1; event <= (int64_t)ARRAY_SIZE(hits); event++)
		assert_int_equal(is_left(hits, n, event),
				 event == 1 || event == 3 || event == 6 || event == 9 ||
					 event == last);
	/* So it is for those that are found next; the last one is at the second time. */
	n = make_hits(hits, 2);
	assert_int_equal(story_leave_settled(&w, hits, &n), 0);
	assert_int_equal(n, 2);
}

/* Of few, or where nothing is settled, all stay, and nothing is read. */
static void few_stay(void **state _unused_)
{
	struct store_event_hit hits[40];
	struct story_work w = { .settled_from_ms = SETTLED_MS,
				.settled_to_ms = SETTLED_MS + 15 * 3600000 };
	size_t n = make_hits(hits, ARRAY_SIZE(hits));

	assert_int_equal(story_leave_settled(&w, hits, &n), 0);
	assert_int_equal(n, ARRAY_SIZE(hits));
	w.settled_to_ms = w.settled_from_ms;
	assert_int_equal(story_leave_settled(&w, hits, &n), 0);
	assert_int_equal(n, ARRAY_SIZE(hits));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_the_last_state),
		cmocka_unit_test(before_a_new_state),
		cmocka_unit_test(nothing_is_settled),
		TEST(what_is_told_stays),
		cmocka_unit_test(few_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
