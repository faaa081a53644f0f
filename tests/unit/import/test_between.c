/* SPDX-License-Identifier: Apache-2.0 */
/* What one who follows does between what comes in: all that was left is done in the end, slice by slice. */
#include <errno.h>
#include <stdio.h>

#include "between.h"
#include "late_rounds.h"
#include "private.h"

static struct between between_of(struct history *h, const struct import_options *options)
{
	struct between b = {
		.options = options, .store = h->s, .fault = &h->fault, .workers = 1
	};

	between_begin(&b);
	return b;
}

/* How many slices it takes until nothing is to be done, while nothing comes in. */
static int64_t slices_until_done(struct between *b)
{
	int64_t n = 0;

	for (; b->due; n++) {
		assert_true(n < 10 * ALL);
		assert_int_equal(between_slice(b, true), 0);
	}
	return n;
}

/* What waits was left by a program of before, and is too much for one slice. */
static void test_late(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b;

	put_two_waiting(h);
	part_late_rows(h);
	history_open(h, STORE_WRITE, 0);
	h->s->writer->late.hasty = 12;
	b = between_of(h, &options);
	assert_true(slices_until_done(&b) > 4);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	assert_rounds(h, 2);
}

#define FILES_DUE "SELECT count(*) FROM transition_due"

/* Of what waits; and an alarm, of which there is no file. */
static void put_more_than_a_slice(struct history *h)
{
	const struct transition t = { .alarm = { .name = STR("cpu"),
						 .account = STR(ACCOUNT),
						 .region = STR(REGION) },
				      .time_ms = T0,
				      .state = STR("ALARM"),
				      .raw = STR("{}") };
	enum store_put put;

	put_two_waiting(h);
	part_late_rows(h);
	begin(h);
	assert_int_equal(store_put_transition(h->s, &t, NULL, 1, &put, &(int64_t){ 0 }),
			 0);
	commit(h);
	assert_int_equal(ask(h, FILES_DUE), 1);
	h->s->writer->late.hasty = 1;
}

/* The files of alarms do not wait for what is left to merge; where there is something to read they do. */
static void test_files(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);

	put_more_than_a_slice(h);
	assert_int_equal(between_slice(&b, false), 0);
	assert_int_equal(ask(h, FILES_DUE), 1);
	assert_int_equal(between_slice(&b, true), 0);
	assert_int_equal(ask(h, FILES_DUE), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM transition_text"), 1);
	assert_true(ask(h, LATE_ROWS) > 0);
	assert_true(b.due);
}

/* While there is something to read there is more to do, whatever a slice has done. */
static void test_busy(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);

	assert_true(b.due);
	assert_int_equal(between_slice(&b, false), 0);
	assert_true(b.due);
	assert_int_equal(slices_until_done(&b), 1);
}

/* It rests as long as the slice took, and many times as long where there is something to read. */
static void test_rests(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);

	assert_true(between_is_due(&b, true));
	put_two_waiting(h);
	part_late_rows(h);
	h->s->writer->late.hasty = 12;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(between_slice(&b, true), 0);
		assert_true(b.due);
		assert_true(b.busy_ms >= b.idle_ms);
	}
	b.idle_ms = INT64_MAX;
	assert_false(between_is_due(&b, true));
	b.busy_ms = 0;
	assert_true(between_is_due(&b, false));
}

/* All is done in the end; by who is in a hurry, and was not done, one more slice. */
static void test_end(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);
	int64_t rows;

	put_more_than_a_slice(h);
	rows = ask(h, LATE_ROWS);
	b.due = false;
	assert_int_equal(between_end(&b, true, NULL, NULL), 0);
	assert_int_equal(ask(h, LATE_ROWS), rows);
	assert_int_equal(ask(h, FILES_DUE), 1);
	b.due = true;
	assert_int_equal(between_end(&b, true, NULL, NULL), 0);
	assert_in_range(ask(h, LATE_ROWS), 1, rows - 1);
	assert_int_equal(ask(h, FILES_DUE), 0);
	b.due = false;
	assert_int_equal(between_end(&b, false, NULL, NULL), 0);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, LATE_COUNTED), 0);
	assert_rounds(h, 2);
}

#define DIRTY "SELECT count(*) FROM dirty"

static void put_group(struct history *h, int number, int64_t ms)
{
	char rid[16], body[320];
	struct item item;

	(void)snprintf(rid, sizeof(rid), "sg-%d", number);
	(void)snprintf(body, sizeof(body),
		       "{\"awsAccountId\":\"" ACCOUNT "\",\"awsRegion\":\"" REGION "\","
		       "\"configurationItemCaptureTime\":\"1970-01-01T00:00:0%d.000Z\","
		       "\"configurationItemStatus\":\"OK\",\"configurationStateId\":1,"
		       "\"resourceId\":\"%s\",\"resourceType\":\"" GROUP "\"}",
		       (int)(ms / 1000), rid);
	item = item_of(GROUP, rid, ms, "1", body);
	put_item(h, &item);
}

/* The first state of each, and only that, can or cannot be read. */
static void damage(struct history *h, bool on)
{
	char sql[128];

	(void)snprintf(sql, sizeof(sql),
		       "UPDATE state SET body_len = body_len %c 9999 "
		       "WHERE capture_ms = 1000 RETURNING 1",
		       on ? '-' : '+');
	assert_int_equal(ask(h, sql), 1);
}

/* What cannot be told is tried once, and once more when something has come in; and told of in the end. */
static void test_lost(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);

	put_group(h, 1, 1000);
	damage(h, true);
	put_group(h, 2, 2000);
	put_group(h, 3, 2000);
	for (int i = 0; i < 2; i++) {
		assert_in_range(slices_until_done(&b), 1, 4);
		assert_true(lost_any(&b.state.lost));
		assert_int_equal(ask(h, DIRTY), 1);
		assert_int_equal(between_end(&b, true, NULL, NULL), -EBADMSG);
		assert_string_equal(
			h->fault.reason,
			"making the story of AWS::EC2::SecurityGroup sg-1 of " ACCOUNT
			", " REGION ": state 1048577 cannot be decoded");
		put_group(h, 4 + i, 2000);
		between_renew(&b);
		assert_true(b.due);
		assert_false(lost_any(&b.state.lost));
	}
	assert_int_equal(between_end(&b, false, NULL, NULL), -EBADMSG);
	assert_int_equal(ask(h, DIRTY), 1);
	damage(h, false);
	between_renew(&b);
	assert_in_range(slices_until_done(&b), 1, 4);
	assert_int_equal(ask(h, DIRTY), 0);
	assert_int_equal(between_end(&b, false, NULL, NULL), 0);
	between_deinit(&b);
}

/* What cannot be told does not keep the files of alarms from being made. */
static void test_lost_and_files(void **state)
{
	struct history *h = *state;
	const struct import_options options = { .history = h->path };
	struct between b = between_of(h, &options);

	put_more_than_a_slice(h);
	put_group(h, 1, 1000);
	damage(h, true);
	(void)slices_until_done(&b);
	assert_int_equal(ask(h, FILES_DUE), 0);
	assert_int_equal(ask(h, LATE_ROWS), 0);
	assert_int_equal(ask(h, DIRTY), 1);
	assert_int_equal(between_end(&b, true, NULL, NULL), -EBADMSG);
	between_deinit(&b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_late),           TEST(test_files), TEST(test_busy),
		TEST(test_rests),          TEST(test_end),   TEST(test_lost),
		TEST(test_lost_and_files),
	};

	return cmocka_run_group_tests_name("between", tests, NULL, NULL);
}
