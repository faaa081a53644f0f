/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the timeline: whatever the order they come and go in, they stand in theirs. */
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "private.h"
#include "tell.h"
#include "timeline_row.h"

#define MANY 3000

static void assert_same(const struct buf *got, const struct store_line *lines, size_t n)
{
	assert_int_equal(got->len, n * sizeof(*lines));
	for (size_t i = 0; i < n; i++) {
		const struct store_line *l = (const struct store_line *)got->data + i;

		assert_int_equal(timeline_order(l, &lines[i]), 0);
		assert_int_equal(l->text_len, lines[i].text_len);
		assert_int_equal(l->jsonl_len, lines[i].jsonl_len);
	}
}

static void test_code(void **state _unused_)
{
	static const struct store_line lines[] = {
		{ 1000, STORE_LINE_ATTEMPT, INT64_MIN, 0, 7, 10, 0 },
		{ 1000, STORE_LINE_ATTEMPT, INT64_MAX, 0, INT64_MAX, UINT32_MAX, 1 },
		{ 1000, STORE_LINE_CHANGE, INT64_C(5) << 23, 0, 3, 1, 2 },
		{ 1000, STORE_LINE_CHANGE, INT64_C(5) << 23, 1, 2, 128, 16384 },
		{ 1003, STORE_LINE_CHANGE, TIMELINE_NO_RANK, 0, INT64_MIN, 0,
		  UINT32_MAX },
		{ INT64_MAX, STORE_LINE_TRANSITION, 0, 0, 1, 3, 4 },
	};
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, got = BUF_INIT;

	timeline_encode(&bytes, 900, lines, ARRAY_SIZE(lines));
	assert_true(timeline_decode(900, buf_str(&bytes), &got));
	assert_same(&got, lines, ARRAY_SIZE(lines));
	/* Cut, and longer; and a time behind all. */
	for (size_t cut = 1; cut <= bytes.len; cut++)
		assert_false(timeline_decode(
			900, (struct str){ bytes.data, bytes.len - cut }, &got));
	assert_false(timeline_decode(INT64_MAX, buf_str(&bytes), &got));
	buf_put_char(&bytes, 0);
	assert_false(timeline_decode(900, buf_str(&bytes), &got));
	bytes.len--;
	/* Kinds that there are none of. */
	bytes.data[1] &= ~1;
	assert_false(timeline_decode(900, buf_str(&bytes), &got));
}

/* One of each millisecond, as most are: five bytes each, where a kind and a rank would take six more. */
static void test_code_of_changes(void **state _unused_)
{
	struct store_line lines[64];
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, got = BUF_INIT;

	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i] = (struct store_line){ .time_ms = 65536 * (int64_t)i + i * i,
						.kind = STORE_LINE_CHANGE,
						.rank = TIMELINE_NO_RANK,
						.ref = 100000 + i * 7919 % 65536,
						.text_len = 120 + i % 16,
						.jsonl_len = 560 + 2 * (i % 16) };
	timeline_encode(&bytes, 0, lines, ARRAY_SIZE(lines));
	assert_true(timeline_decode(0, buf_str(&bytes), &got));
	assert_same(&got, lines, ARRAY_SIZE(lines));
	assert_true(bytes.len <= 64 * 37 / 8 + 16);
	/* A state takes no more for its id being of two parts than these need. */
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i].ref = STATE(10000 + i * 7919 % 65536, 1 + i % 16);
	buf_reset(&bytes);
	buf_reset(&got);
	timeline_encode(&bytes, 0, lines, ARRAY_SIZE(lines));
	assert_true(timeline_decode(0, buf_str(&bytes), &got));
	assert_same(&got, lines, ARRAY_SIZE(lines));
	assert_true(bytes.len <= 64 * (37 + 4) / 8 + 16);
	/* Two of a millisecond have ranks, or cannot be told apart. */
	lines[1].time_ms = lines[0].time_ms;
	lines[1].ref = lines[0].ref + 1;
	buf_reset(&bytes);
	timeline_encode(&bytes, 0, lines, ARRAY_SIZE(lines));
	assert_false(timeline_decode(0, buf_str(&bytes), &got));
}

/* Ranks stay where another row may have more of the moment. */
static void test_ranks_forgotten(void **state _unused_)
{
	static const struct store_line all[] = {
		{ 5, STORE_LINE_CHANGE, 7, 0, 1, 1, 1 },
		{ 6, STORE_LINE_ATTEMPT, 7, 0, 2, 1, 1 },
		{ 6, STORE_LINE_CHANGE, 7, 0, 3, 1, 1 },
		{ 7, STORE_LINE_CHANGE, 7, 0, 4, 1, 1 },
		{ 7, STORE_LINE_CHANGE, 8, 0, 5, 1, 1 },
		{ 9, STORE_LINE_CHANGE, 7, 0, 6, 1, 1 },
	};
	static const struct store_line first_of_5 = {
		5, STORE_LINE_CHANGE, TIMELINE_NO_RANK, 0, 0, 0, 0
	};
	const int64_t parts[] = { timeline_place(&all[0]), timeline_place(&first_of_5),
				  timeline_place(&all[5]) };
	static const bool kept[][ARRAY_SIZE(all)] = { { 0, 1, 0, 1, 1, 0 },
						      { 1, 1, 0, 1, 1, 1 },
						      { 0, 1, 0, 1, 1, 1 } };

	for (unsigned k = 0; k < ARRAY_SIZE(kept); k++) {
		struct store_line lines[ARRAY_SIZE(all)];

		memcpy(lines, all, sizeof(all));
		timeline_forget_ranks(k == 1   ? &parts[0]
				      : k == 2 ? &parts[1]
					       : NULL,
				      k ? parts[2] : INT64_MAX, lines, ARRAY_SIZE(lines));
		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			assert_int_equal(lines[i].rank,
					 kept[k][i] ? all[i].rank : TIMELINE_NO_RANK);
	}
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

static void rid_of(unsigned i, char ret[16])
{
	(void)snprintf(ret, 16, "sg-%u", i);
}

/* Resources 1 to n, a state each: what is to be known of a line can be looked up. */
static void put_states(struct history *h, unsigned n)
{
	char rid[16];

	begin(h);
	for (unsigned i = 0; i < n; i++) {
		struct item item;
		enum store_put put;

		rid_of(i, rid);
		item = item_of(GROUP, rid, 1000, "1", "{}");
		assert_int_equal(store_put_item(h->s, &item, 1, &put, &h->ousted), 0);
		assert_int_equal(put, STORE_PUT_NEW);
	}
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) + max(id >> 20) FROM state"), 2 * n);
}

/* The number that the line was made of. */
static unsigned number_of(const struct store_line *l)
{
	return (unsigned)(l->kind == STORE_LINE_CHANGE ? state_resource(l->ref)
						       : l->ref) -
	       1;
}

static struct store_line line_of(unsigned i)
{
	/* Some of one millisecond, and of one hundred there more than a row has. */
	int64_t ms = i < 200 ? 50000 : 1000 * (int64_t)(i % 977) + i % 3;
	enum store_line_kind kind = i % 2 ? STORE_LINE_CHANGE : STORE_LINE_ATTEMPT;
	char rid[16];

	rid_of(i, rid);
	return (struct store_line){
		.time_ms = ms,
		.kind = kind,
		.rank = kind == STORE_LINE_CHANGE
				? (int64_t)(store_resource_rank(STR(ACCOUNT), STR(REGION),
								STR(GROUP),
								str_of(rid)) >>
					    1)
				: (int64_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 1),
		.ref = kind == STORE_LINE_CHANGE ? STATE(i + 1, 1) : i + 1,
		.text_len = 10 + i % 7,
		.jsonl_len = 100 + i % 11
	};
}

/* As it was put, with the rank that it may have lost since. */
static struct store_line ranked(const struct store_line *l)
{
	struct store_line line = line_of(number_of(l));

	line.time_ms = l->time_ms;
	line.rank = timeline_rank(&line);
	assert_int_equal(l->kind, line.kind);
	assert_true(l->rank == line.rank || l->rank == TIMELINE_NO_RANK);
	return line;
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
			struct store_line line = ranked(&page[i]);

			assert_true(timeline_order(&line, &last) > 0);
			last = line;
			after = page[i];
			assert_true(there[number_of(&page[i])]);
			assert_int_equal(page[i].jsonl_len,
					 line_of(number_of(&page[i])).jsonl_len);
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

	put_states(h, MANY);
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
	struct store_line line = line_of(2 * (i * 7919 % CROWD) + 1);

	line.time_ms = 3600000;
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
	assert_in_range(ask(h, "SELECT max(length(lines)) FROM timeline"), 300, 1000);
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

/*
 * Lines that were alone, whose ranks are not kept, and what comes into their moment, one at a time
 * and in no order: they stand as they would if all had come at once.
 */
static void test_looked_up(void **state)
{
	struct history *h = *state;
	struct store_line page[32], last, after = timeline_from(0);
	size_t n;

	put_states(h, 32);
	for (unsigned k = 0; k < 16; k++) {
		struct store_line line = line_of(2 * (k * 7 % 16) + 1);

		line.time_ms = 1000 * (int64_t)(k * 7 % 4);
		begin(h);
		assert_int_equal(timeline_put(h->s, &line), 0);
		/* The same once more is the same. */
		line.text_len++;
		assert_int_equal(timeline_put(h->s, &line), 0);
		commit(h);
	}
	assert_int_equal(
		store_timeline(h->s, &after, INT64_MAX, page, ARRAY_SIZE(page), &n), 0);
	assert_int_equal(n, 16);
	last = timeline_from(-1);
	for (size_t i = 0; i < n; i++) {
		struct store_line line = ranked(&page[i]);

		assert_true(page[i].rank == line.rank);
		assert_true(timeline_order(&line, &last) > 0);
		last = line;
	}
	/* All but one of a moment go: it needs no rank any more. */
	for (size_t i = 0; i < n; i++)
		if (i % 4) {
			begin(h);
			assert_int_equal(timeline_take(h->s, &page[i]), 0);
			commit(h);
		}
	assert_int_equal(
		store_timeline(h->s, &after, INT64_MAX, page, ARRAY_SIZE(page), &n), 0);
	assert_int_equal(n, 4);
	for (size_t i = 0; i < n; i++) {
		(void)ranked(&page[i]);
		assert_true(page[i].rank == TIMELINE_NO_RANK);
	}
	assert_sound(h);
}

/* Whose rank cannot be looked up: the row is named, nothing is put in a wrong place. */
static void test_unknown(void **state)
{
	struct history *h = *state;
	struct store_line one = line_of(1), other = line_of(3);

	one.time_ms = other.time_ms = 77;
	begin(h);
	assert_int_equal(timeline_put(h->s, &one), 0);
	commit(h);
	begin(h);
	assert_int_equal(timeline_put(h->s, &other), 0);
	assert_int_equal(store_commit(h->s), STORE_E_DAMAGED);
	assert_non_null(strstr(store_message(h->s), "the line of state 2"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		CASE(test_any_order),
		cmocka_unit_test(test_places),
		CASE(test_in_order),
		CASE(test_backwards),
		CASE(test_crowd),
		CASE(test_looked_up),
		CASE(test_unknown),
		cmocka_unit_test(test_code_of_changes),
		cmocka_unit_test(test_ranks_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
