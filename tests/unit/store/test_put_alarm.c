/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms: one transition from several sources, and what it concerns, told in any order. */
#include "history.h"

static uint64_t instance = 11, name = 22;

static struct alarm alarm_of(const char *account, const char *region)
{
	return (struct alarm){ .name = STR("cpu"),
			       .account = str_of(account),
			       .region = str_of(region),
			       .arn = STR("arn:cpu") };
}

static struct transition transition_of(struct alarm alarm, int64_t ms, const char *state)
{
	return (struct transition){ .alarm = alarm,
				    .time_ms = ms,
				    .state = str_of(state),
				    .raw = STR("{\"raw\":true}") };
}

static enum store_put put(struct history *h, const struct transition *t, uint64_t *tokens,
			  size_t n)
{
	struct mention_set set = { tokens, n };
	enum store_put ret;

	begin(h);
	assert_int_equal(store_put_transition(h->s, t, n ? &set : NULL, 1, &ret,
					      &(int64_t){ 0 }),
			 0);
	commit(h);
	return ret;
}

static size_t hits_of(struct history *h, uint64_t token, struct store_event_hit **ret)
{
	struct mention_set set = { &token, 1 };
	size_t n;

	assert_int_equal(store_transitions_mentioning(h->s, &set, &h->a, ret, &n), 0);
	return n;
}

/* What finds a transition is among the tokens, each once; fewer are not all. */
static void test_tokens(void **state)
{
	uint64_t one[] = { 5, 11 }, other[] = { 11, UINT64_MAX };
	struct transition t = transition_of(alarm_of(ACCOUNT, REGION), 1000, "ALARM");
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT;
	struct history *h = *state;
	bool all;

	assert_int_equal(store_alarm_tokens(h->s, 0, &tokens, &all), 0);
	assert_true(all);
	put(h, &t, one, 2);
	t.alarm.name = STR("disk");
	put(h, &t, other, 2);
	assert_int_equal(store_alarm_tokens(h->s, 2, &tokens, &all), 0);
	assert_false(all);
	buf_reset(&tokens);
	assert_int_equal(store_alarm_tokens(h->s, 3, &tokens, &all), 0);
	assert_true(all);
	assert_int_equal(tokens.len, 3 * sizeof(uint64_t));
	for (size_t i = 0; i < 3; i++)
		assert_true(((uint64_t *)tokens.data)[i] == 5 ||
			    ((uint64_t *)tokens.data)[i] == 11 ||
			    ((uint64_t *)tokens.data)[i] == UINT64_MAX);
}

static void test_new_and_known(void **state)
{
	struct transition t = transition_of(alarm_of(ACCOUNT, REGION), 1000, "ALARM");
	struct history *h = *state;
	struct store_event_hit *hits;
	struct store_transition got;
	struct store_totals totals;

	t.reason = STR("too hot");
	assert_int_equal(put(h, &t, &instance, 1), STORE_PUT_NEW);
	assert_int_equal(put(h, &t, &instance, 1), STORE_PUT_KNOWN);
	t.previous_state = STR("OK");
	t.reason = STR_NULL;
	assert_int_equal(put(h, &t, NULL, 0), STORE_PUT_FULLER);
	t.previous_state = STR_NULL;
	assert_int_equal(put(h, &t, NULL, 0), STORE_PUT_KNOWN);
	t.state = STR("OK");
	assert_int_equal(put(h, &t, NULL, 0), STORE_PUT_NEW);
	assert_int_equal(hits_of(h, instance, &hits), 2);
	assert_int_equal(store_transition_get(h->s, hits[0].event, &h->a, &got), 0);
	assert_true(str_is(got.alarm, "cpu"));
	assert_true(str_is(got.account, ACCOUNT));
	assert_true(str_is(got.region, REGION));
	assert_true(str_is(got.state, "ALARM"));
	assert_true(str_is(got.previous_state, "OK"));
	assert_true(str_is(got.reason, "too hot"));
	assert_int_equal(got.time_ms, 1000);
	assert_int_equal(store_transition_get(h->s, 99, &h->a, &got), STORE_E_NOT_FOUND);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.transitions, 2);
}

/* The definition says what is watched, before or after the transitions. */
static void test_definition(void **state)
{
	struct history *h = *state;
	struct store_event_hit *hits;

	for (int order = 0; order < 2; order++) {
		struct alarm alarm = alarm_of(order ? "1" : "2", REGION);
		struct transition t = transition_of(alarm, 1000 + order, "ALARM");
		uint64_t token = 100 + (uint64_t)order;
		struct mention_set set = { &token, 1 };

		if (order)
			put(h, &t, NULL, 0);
		begin(h);
		assert_int_equal(store_put_alarm(h->s, &alarm, &set), 0);
		commit(h);
		if (!order)
			put(h, &t, NULL, 0);
		assert_int_equal(hits_of(h, token, &hits), 1);
		assert_int_equal(hits[0].time_ms, 1000 + order);
	}
	assert_int_equal(hits_of(h, 12345, &hits), 0);
}

/* DescribeAlarmHistory tells neither account nor region, and may repeat what is known. */
static void test_without_account(void **state)
{
	struct transition bare = transition_of(alarm_of("", ""), 1000, "ALARM");
	struct transition other = transition_of(alarm_of("", ""), 2000, "OK");
	struct transition full = transition_of(alarm_of(ACCOUNT, REGION), 1000, "ALARM");
	struct history *h = *state;
	struct store_event_hit *hits;

	put(h, &bare, &name, 1);
	put(h, &other, &name, 1);
	assert_int_equal(hits_of(h, instance, &hits), 0);
	put(h, &full, &instance, 1);
	/* The one told twice counts once, the other one comes along by its name. */
	assert_int_equal(hits_of(h, instance, &hits), 2);
	assert_int_equal(hits[0].time_ms, 1000);
	assert_int_equal(hits[1].time_ms, 2000);
	/* By the name, which both have, as well. */
	put(h, &full, &name, 1);
	assert_int_equal(hits_of(h, name, &hits), 2);
}

/* One name in two accounts: each has its own, and what names none is of no one. */
static void test_namesakes(void **state)
{
	struct transition bare = transition_of(alarm_of("", ""), 3000, "ALARM");
	struct transition one =
		transition_of(alarm_of("111111111111", REGION), 1000, "OK");
	struct transition two =
		transition_of(alarm_of("222222222222", REGION), 2000, "OK");
	uint64_t first = 31, second = 32;
	struct history *h = *state;
	struct store_event_hit *hits;

	put(h, &bare, &name, 1);
	put(h, &one, &first, 1);
	assert_int_equal(hits_of(h, first, &hits), 2);
	assert_int_equal(hits_of(h, name, &hits), 2);
	put(h, &two, &second, 1);
	assert_int_equal(hits_of(h, first, &hits), 1);
	assert_int_equal(hits[0].time_ms, 1000);
	assert_int_equal(hits_of(h, second, &hits), 1);
	assert_int_equal(hits[0].time_ms, 2000);
	assert_int_equal(hits_of(h, name, &hits), 0);
}

static void define(struct history *h, const char *which, uint64_t token,
		   const char *child, const char *other)
{
	const struct str children[] = { str_of(child ? child : ""),
					str_of(other ? other : "") };
	struct alarm alarm = alarm_of(ACCOUNT, REGION);
	struct mention_set set = { &token, 1 };

	alarm.name = str_of(which);
	alarm.children = children;
	alarm.n_children = (child != NULL) + (other != NULL);
	begin(h);
	assert_int_equal(store_put_alarm(h->s, &alarm, token ? &set : NULL), 0);
	commit(h);
}

static void rise(struct history *h, const char *which)
{
	struct transition t = transition_of(alarm_of(ACCOUNT, REGION), 1000, "ALARM");

	t.alarm.name = str_of(which);
	put(h, &t, NULL, 0);
}

/* A composite alarm concerns what its children watch, whoever comes first, at any depth. */
static void test_composite(void **state)
{
	static const char order[][5] = { "abctx", "txcba", "cxbat", "xatbc" };
	struct store_event_hit *hits;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		void *fresh = NULL;
		struct history *h;

		assert_int_equal(history_setup(&fresh), 0);
		h = fresh;
		for (size_t k = 0; k < sizeof(order[0]); k++) {
			switch (order[i][k]) {
			case 'a':
				define(h, "a", 11, NULL, NULL);
				break;
			case 'b':
				define(h, "b", 22, "a", "c");
				break;
			case 'c': /* in a circle, and on itself */
				define(h, "c", 33, "b", "c");
				break;
			case 'x': /* another's alarm of that name */
				begin(h);
				assert_int_equal(
					store_put_alarm(
						h->s,
						&(struct alarm){ .name = STR("a"),
								 .account = STR("other"),
								 .region = STR(REGION) },
						&(struct mention_set){ &(uint64_t){ 44 },
								       1 }),
					0);
				commit(h);
				break;
			default:
				rise(h, "c");
			}
		}
		assert_int_equal(hits_of(h, 11, &hits), 1);
		assert_int_equal(hits_of(h, 22, &hits), 1);
		assert_int_equal(hits_of(h, 33, &hits), 1);
		assert_int_equal(hits_of(h, 44, &hits), 0);
		assert_int_equal(history_teardown(&fresh), 0);
	}
	(void)state;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tokens, history_setup,
						history_teardown),
		CASE(test_new_and_known),
		CASE(test_definition),
		CASE(test_without_account),
		CASE(test_namesakes),
		cmocka_unit_test(test_composite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
