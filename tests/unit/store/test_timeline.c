/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the timeline: whatever the order they come and go in, they stand in theirs. */
#include <stdlib.h>

#include "history.h"
#include "private.h"
#include "tell.h"
#include "timeline_row.h"

#define MANY 3000

static void test_code(void **state _unused_)
{
	static const struct store_line lines[] = {
		{ 1000, STORE_LINE_ATTEMPT, INT64_MIN, 0, 7, 10, 0 },
		{ 1000, STORE_LINE_ATTEMPT, INT64_MAX, 0, INT64_MAX, UINT32_MAX, 1 },
		{ 1000, STORE_LINE_CHANGE, INT64_C(5) << 23, 0, 3, 1, 2 },
		{ 1000, STORE_LINE_CHANGE, INT64_C(5) << 23, 1, 2, 128, 16384 },
		{ INT64_MAX, STORE_LINE_TRANSITION, 0, 0, 1, 3, 4 },
	};
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, got = BUF_INIT;

	timeline_encode(&bytes, 900, lines, ARRAY_SIZE(lines));
	assert_true(timeline_decode(900, buf_str(&bytes), &got));
	assert_int_equal(got.len, sizeof(lines));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct store_line *l = (const struct store_line *)got.data + i;

		assert_int_equal(timeline_order(l, &lines[i]), 0);
		assert_int_equal(l->text_len, lines[i].text_len);
		assert_int_equal(l->jsonl_len, lines[i].jsonl_len);
	}
	/* Cut within a line, and a time behind all. */
	for (size_t cut = 1; cut < 8; cut++)
		assert_false(timeline_decode(
			900, (struct str){ bytes.data, bytes.len - cut }, &got));
	assert_false(timeline_decode(INT64_MAX, buf_str(&bytes), &got));
	/* A kind that there is none of. */
	bytes.data[1] |= 3;
	assert_false(timeline_decode(900, buf_str(&bytes), &got));
}

/* Places are in the order of lines, and those of a time behind all before it. */
static void test_places(void **state _unused_)
{
	static const struct store_line lines[] = {
		{ INT64_MIN, STORE_LINE_ATTEMPT, INT64_MIN, 0, 0, 0, 0 },
		{ -1, STORE_LINE_TRANSITION, INT64_MAX, 9, 9, 0, 0 },
		{ 0, STORE_LINE_ATTEMPT, INT64_MIN, 0, 0, 0, 0 },
		{ 0, STORE_LINE_ATTEMPT, 0, 0, 0, 0, 0 },
		{ 0, STORE_LINE_CHANGE, 0, 0, 0, 0, 0 },
		{ 0, STORE_LINE_CHANGE, INT64_MAX, 0, 0, 0, 0 },
		{ 0, STORE_LINE_TRANSITION, 0, 0, 0, 0, 0 },
		{ INT64_C(4102444799999), STORE_LINE_TRANSITION, INT64_MAX, 0, 0, 0, 0 },
		{ INT64_MAX, STORE_LINE_ATTEMPT, INT64_MIN, 0, 0, 0, 0 },
	};

	for (size_t i = 1; i < ARRAY_SIZE(lines); i++) {
		const struct store_line from = timeline_from(lines[i].time_ms);

		assert_true(timeline_place(&lines[i]) > timeline_place(&lines[i - 1]));
		assert_true(timeline_place(&lines[i]) >= timeline_place(&from));
		assert_true(timeline_order(&lines[i], &from) >= 0);
	}
	/* What two resources have of one moment is mostly apart, twins of one are together. */
	assert_int_equal(timeline_place(&(struct store_line){ 5, STORE_LINE_CHANGE, 7, 0,
							      1, 0, 0 }),
			 timeline_place(&(struct store_line){ 5, STORE_LINE_CHANGE, 7, 3,
							      2, 0, 0 }));
}

static struct store_line line_of(unsigned i)
{
	/* Some of one millisecond, and of one hundred there more than a row has. */
	int64_t ms = i < 200 ? 50000 : 1000 * (int64_t)(i % 977) + i % 3;

	return (struct store_line){
		.time_ms = ms,
		.kind = i % 2 ? STORE_LINE_CHANGE : STORE_LINE_ATTEMPT,
		.rank = (int64_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 1),
		.ref = i + 1,
		.text_len = 10 + i % 7,
		.jsonl_len = 100 + i % 11
	};
}

/* All that are there, in pages; and the sums of the days. */
static void assert_lines(struct history *h, const bool there[MANY])
{
	struct store_line after = { .time_ms = INT64_MIN }, page[50], last = after;
	size_t n, count = 0, expected = 0;
	uint64_t bytes = 0;

	for (unsigned i = 0; i < MANY; i++) {
		expected += there[i];
		bytes += there[i] ? line_of(i).text_len : 0;
	}
	do {
		assert_int_equal(store_timeline(h->s, &after, INT64_MAX, page,
						ARRAY_SIZE(page), &n),
				 0);
		for (size_t i = 0; i < n; i++) {
			assert_true(timeline_order(&page[i], &last) > 0);
			last = after = page[i];
			assert_true(there[page[i].ref - 1]);
			assert_int_equal(page[i].jsonl_len,
					 line_of((unsigned)page[i].ref - 1).jsonl_len);
		}
		count += n;
	} while (n == ARRAY_SIZE(page));
	assert_int_equal(count, expected);
	assert_int_equal(ask(h, "SELECT coalesce(sum(n), 0) FROM timeline_day"),
			 expected);
	assert_int_equal(ask(h, "SELECT coalesce(sum(text_len), 0) FROM timeline_hour"),
			 bytes);
	assert_int_equal(ask(h, "SELECT coalesce(sum(text_len), 0) FROM timeline_day"),
			 bytes);
	assert_int_equal(ask(h, "SELECT count(*) FROM timeline WHERE length(lines) = 0"),
			 0);
}

static void test_any_order(void **state)
{
	struct history *h = *state;
	bool there[MANY] = { false };
	uint64_t chance = 1;

	for (unsigned round = 0; round < 12; round++) {
		begin(h);
		for (unsigned k = 0; k < 700; k++) {
			unsigned i = (unsigned)(chance >> 33) % MANY;
			struct store_line line = line_of(i);

			chance = chance * UINT64_C(6364136223846793005) + 1;
			/* More come at first, more go at last; some twice, some not there. */
			there[i] = (chance >> 40) % 12 >= round;
			assert_int_equal((there[i] ? timeline_put : timeline_take)(h->s,
										   &line),
					 0);
		}
		commit(h);
		assert_lines(h, there);
	}
	begin(h);
	for (unsigned i = 0; i < MANY; i++) {
		struct store_line line = line_of(i);

		there[i] = false;
		assert_int_equal(timeline_take(h->s, &line), 0);
	}
	commit(h);
	assert_lines(h, there);
	assert_int_equal(ask(h, "SELECT count(*) FROM timeline"), 0);
	assert_sound(h);
}

/* In their order, as they come while a history is followed: rows are full. */
static void test_in_order(void **state)
{
	struct history *h = *state;
	bool there[MANY] = { false };
	int64_t newest;

	for (unsigned i = 0; i < 640; i++) {
		struct store_line line = line_of(i + 200);

		line.time_ms = 1000 * (int64_t)i;
		if (i % 10 == 0)
			begin(h);
		assert_int_equal(timeline_put(h->s, &line), 0);
		there[i + 200] = true;
		if (i % 10 == 9)
			commit(h);
	}
	assert_lines(h, there);
	assert_int_equal(ask(h, "SELECT count(*) FROM timeline"), 10);
	assert_int_equal(store_timeline_newest(h->s, 64000, &newest), 0);
	assert_int_equal(newest, 63000);
	assert_int_equal(store_timeline_newest(h->s, 64001, &newest), 0);
	assert_int_equal(newest, 64000);
	assert_int_equal(store_timeline_newest(h->s, 0, &newest), 0);
	assert_int_equal(newest, -1);
}

/* Against it, as a backfill brings them: rows are half full at least. */
static void test_backwards(void **state)
{
	struct history *h = *state;
	bool there[MANY] = { false };

	for (unsigned i = 640; i-- > 0;) {
		struct store_line line = line_of(i + 200);

		begin(h);
		assert_int_equal(timeline_put(h->s, &line), 0);
		there[i + 200] = true;
		commit(h);
	}
	assert_lines(h, there);
	assert_in_range(ask(h, "SELECT count(*) FROM timeline"), 10, 21);
}

#define CROWD 8000

static struct store_line one_of_crowd(unsigned i)
{
	/* Each in its turn, in no order. */
	struct store_line line = line_of(i * 7919 % CROWD);

	line.time_ms = 3600000;
	line.kind = STORE_LINE_CHANGE;
	line.text_len = 10;
	return line;
}

/*
 * All that was recorded in one millisecond: no row is much longer than others, and whatever byte is
 * asked for is found.
 */
static void test_crowd(void **state)
{
	struct history *h = *state;
	struct store_line after, last = timeline_from(0), page[64];
	uint64_t offset;
	size_t n;

	for (unsigned i = 0; i < CROWD; i++) {
		struct store_line line = one_of_crowd(i);

		if (i % 2000 == 0)
			begin(h);
		assert_int_equal(timeline_put(h->s, &line), 0);
		if (i % 2000 == 1999)
			commit(h);
	}
	assert_int_equal(ask(h, "SELECT sum(n) FROM timeline_day"), CROWD);
	assert_true(ask(h, "SELECT count(*) FROM timeline") >= CROWD / 64);
	assert_in_range(ask(h, "SELECT max(length(lines)) FROM timeline"), 500, 1500);
	for (unsigned i = 0; i < CROWD; i += 499) {
		assert_int_equal(store_timeline_seek(h->s, 0, false, 10 * i + 3, &after,
						     &offset),
				 0);
		assert_int_equal(offset, 10 * i);
		assert_int_equal(store_timeline(h->s, &after, INT64_MAX, page,
						ARRAY_SIZE(page), &n),
				 0);
		assert_int_equal(n, MIN(CROWD - i, ARRAY_SIZE(page)));
		assert_true(timeline_order(&page[0], &last) > 0);
		last = page[0];
	}
	begin(h);
	for (unsigned i = 0; i < CROWD; i++) {
		struct store_line line = one_of_crowd(i);

		assert_int_equal(timeline_take(h->s, &line), 0);
	}
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM timeline"), 0);
	assert_int_equal(ask(h, "SELECT count(*) FROM timeline_day"), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),   CASE(test_any_order),
		cmocka_unit_test(test_places), CASE(test_in_order),
		CASE(test_backwards),          CASE(test_crowd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
