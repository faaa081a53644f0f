/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a history of before there was a timeline has, told of slice by slice: nothing is done when
 * the time is over, all is done in the end, and each only once.
 */
#include <stdio.h>

#include "between.h"
#include "history.h"
#include "private.h"
#include "tell.h"

#define EVENTS 1300 /* of some transactions, where the time is limited */
#define UNTOLD "SELECT coalesce(sum(n), 0) FROM counter WHERE name = 'untold event'"
#define PLACES "SELECT sum(jsonl_len) FROM value WHERE kind = 4"

static void put_events(struct history *h)
{
	char raw[512], id[48];
	enum store_put put;

	for (int i = 0; i < EVENTS; i++) {
		struct event e;

		(void)snprintf(id, sizeof(id), "%08x-0000-4000-8000-000000000000",
			       (unsigned)i);
		(void)snprintf(raw, sizeof(raw),
			       "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":"
			       "\"IAMUser\",\"userName\":\"alice\"},\"eventTime\":"
			       "\"2024-05-01T10:00:00Z\",\"eventSource\":"
			       "\"ec2.amazonaws.com\",\"eventName\":\"RunInstances\","
			       "\"awsRegion\":\"" REGION "\",\"eventID\":\"%s\"}",
			       id);
		e = event_of(id, 1714557600000);
		if (i % 100 == 0)
			begin(h);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = str_of(raw),
								.identity = e.id },
					NULL, &(struct event_told){ 0 }, 1, &put),
			0);
		assert_int_equal(put, STORE_PUT_NEW);
		if (i % 100 == 99)
			commit(h);
	}
}

/* As the rung that made the timeline left it. */
static void untell(struct history *h)
{
	char sql[128];

	(void)snprintf(
		sql, sizeof(sql),
		"INSERT OR REPLACE INTO counter(name, n) VALUES('untold event', %d) "
		"RETURNING 1",
		EVENTS);
	assert_int_equal(ask(h, sql), 1);
}

/* Of each event a line, as long as the others: how long. */
static int64_t assert_told(struct history *h)
{
	int64_t sum = ask(h, PLACES);

	assert_int_equal(ask(h, UNTOLD), 0);
	assert_true(sum > 0);
	assert_int_equal(sum % EVENTS, 0);
	return sum / EVENTS;
}

static void test_no_time(void **state)
{
	struct history *h = *state;
	bool more = false;

	put_events(h);
	untell(h);
	assert_int_equal(tell_run(h->s, 1, &more, &h->fault), 0);
	assert_true(more);
	assert_int_equal(ask(h, UNTOLD), EVENTS);
}

static void test_all(void **state)
{
	static const int64_t until_ms[] = { 0, INT64_MAX };
	struct history *h = *state;
	bool more = true;
	int64_t line = 0;

	put_events(h);
	for (size_t i = 0; i < ARRAY_SIZE(until_ms); i++) {
		untell(h);
		assert_int_equal(tell_run(h->s, until_ms[i], &more, &h->fault), 0);
		assert_false(more);
		/* Once more of each, and no more than that. */
		line = i ? line : assert_told(h);
		assert_int_equal(assert_told(h), line * (int64_t)(i + 1));
	}
	assert_int_equal(tell_run(h->s, 0, &more, &h->fault), 0);
	assert_false(more);
	assert_int_equal(assert_told(h), line * (int64_t)ARRAY_SIZE(until_ms));
}

/* By slices: none is the last before all is told. */
static void test_between(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = {
		.options = &options, .store = h->s, .fault = &h->fault, .workers = 1
	};

	put_events(h);
	untell(h);
	between_begin(&b);
	while (b.due) {
		assert_int_equal(between_slice(&b, true), 0);
		assert_true(b.due || ask(h, UNTOLD) == 0);
	}
	assert_true(assert_told(h) < 2000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = { CASE(test_no_time), CASE(test_all),
					    CASE(test_between) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
