/* SPDX-License-Identifier: Apache-2.0 */
/* What is passed over as lost: which resources are left, page by page, and what is told of those that are not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "history.h"
#include "lost.h"

#define MANY 12

static void put_many(struct history *h, int64_t ids[MANY])
{
	char rid[16];

	for (int i = 0; i < MANY; i++) {
		struct item item;

		(void)snprintf(rid, sizeof(rid), "sg-%02d", i);
		item = item_of("T", rid, 1000, "1", "{}");
		put_item(h, &item);
		ids[i] = resource_of(h, "T", rid).id;
	}
}

/* The others, as bits, in pages of n. */
static unsigned others(struct history *h, struct lost *l, const int64_t ids[MANY],
		       size_t n)
{
	struct store_dirty page[MANY];
	int64_t after = 0;
	unsigned bits = 0;
	uint64_t count;
	size_t got;

	assert_int_equal(lost_count_others(l, h->s, page, n, &count), 0);
	do {
		assert_int_equal(lost_others(l, h->s, &after, page, n, &got), 0);
		for (size_t i = 0; i < got; i++) {
			assert_true(page[i].resource > after);
			after = page[i].resource;
			for (int k = 0; k < MANY; k++)
				bits |= ids[k] == after ? 1u << k : 0;
		}
	} while (got);
	assert_int_equal(count, __builtin_popcount(bits));
	return bits;
}

static void test_others(void **state)
{
	static const int lost[] = { 7, 0, 11, 1, 8, 2 };
	struct history *h = *state;
	struct lost l = { 0 };
	int64_t ids[MANY];
	unsigned left = (1u << MANY) - 1;

	put_many(h, ids);
	assert_false(lost_any(&l));
	for (size_t n = 1; n <= MANY; n++)
		assert_int_equal(others(h, &l, ids, n), left);
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
		assert_int_equal(lost_add(&l, ids[lost[i]], STR("it")), 0);
		assert_true(lost_any(&l));
		left &= ~(1u << lost[i]);
		for (size_t n = 1; n <= MANY; n++)
			assert_int_equal(others(h, &l, ids, n), left);
	}
	lost_forget(&l);
	assert_false(lost_any(&l));
	assert_int_equal(others(h, &l, ids, 3), (1u << MANY) - 1);
	lost_deinit(&l);
}

/* All that are left are lost: nothing is, whatever the page. */
static void test_none_left(void **state)
{
	struct history *h = *state;
	struct lost l = { 0 };
	int64_t ids[MANY];

	put_many(h, ids);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(lost_add(&l, ids[i], STR_NULL), 0);
	for (size_t n = 1; n <= MANY; n++)
		assert_int_equal(others(h, &l, ids, n), 0);
	lost_deinit(&l);
}

static void test_tell(void **state)
{
	struct history *h = *state;
	const struct lost none = { 0 };
	struct lost l = { 0 };
	struct fault f = { .reason = "as before" };
	int64_t ids[MANY];

	put_many(h, ids);
	assert_int_equal(lost_tell(&l, &none, h->s, &f), 0);
	assert_string_equal(f.reason, "as before");
	assert_int_equal(lost_add(&l, ids[5], STR("state 5")), 0);
	assert_int_equal(lost_tell(&l, &none, h->s, &f), -EBADMSG);
	assert_string_equal(f.reason, "making the story of T sg-05 of " ACCOUNT
				      ", " REGION ": state 5");
	/* The first by their numbers, in whatever order they were met; nothing is known of its row. */
	assert_int_equal(lost_add(&l, ids[3], STR_NULL), 0);
	assert_int_equal(lost_add(&l, ids[4], STR("state 4")), 0);
	assert_int_equal(lost_tell(&l, &none, h->s, &f), -EBADMSG);
	assert_string_equal(f.reason,
			    "making the stories of 3 resources, first T sg-03 of " ACCOUNT
			    ", " REGION ": a row is not there, or cannot be read");
	lost_forget(&l);
	assert_int_equal(lost_tell(&l, &none, h->s, &f), 0);
	assert_int_equal(lost_add(&l, ids[11] + 1, STR("what")), 0);
	assert_int_equal(lost_tell(&l, &none, h->s, &f), -EBADMSG);
	assert_string_equal(f.reason,
			    "making the story of a resource that is not there: what");
	lost_deinit(&l);
}

/* Of files the first likewise; where stories are lost, too, the first of those, and how many files. */
static void test_tell_files(void **state)
{
	struct history *h = *state;
	struct lost stories = { 0 }, files = { 0 };
	struct fault f = { 0 };
	int64_t ids[MANY], first = history_put_alarm(h, "cpu", 1000),
			   second = history_put_alarm(h, "disk", 61000);

	put_many(h, ids);
	assert_false(lost_has(&files, first));
	assert_int_equal(lost_add(&files, second, STR("state 5")), 0);
	assert_true(lost_has(&files, second));
	assert_false(lost_has(&files, first));
	assert_int_equal(lost_tell(&stories, &files, h->s, &f), -EBADMSG);
	assert_string_equal(f.reason,
			    "making the file of alarm disk of " ACCOUNT ", " REGION
			    " at 1970-01-01T00:01:01.000Z: state 5");
	assert_int_equal(lost_add(&files, first, STR("state 6")), 0);
	assert_true(lost_has(&files, first));
	assert_true(lost_has(&files, second));
	assert_int_equal(lost_tell(&stories, &files, h->s, &f), -EBADMSG);
	assert_string_equal(
		f.reason,
		"making the files of 2 transitions of alarms, first cpu of " ACCOUNT
		", " REGION " at 1970-01-01T00:00:01.000Z: state 6");
	assert_int_equal(lost_add(&stories, ids[5], STR("state 7")), 0);
	assert_int_equal(lost_tell(&stories, &files, h->s, &f), -EBADMSG);
	assert_string_equal(
		f.reason, "making 2 files of alarms, and the story of T sg-05 of " ACCOUNT
			  ", " REGION ": state 7");
	lost_forget(&stories);
	lost_forget(&files);
	assert_int_equal(lost_add(&files, second + 1, STR("state 8")), 0);
	assert_int_equal(lost_tell(&stories, &files, h->s, &f), -EBADMSG);
	assert_string_equal(f.reason,
			    "making files of alarms that are not there: state 8");
	lost_deinit(&stories);
	lost_deinit(&files);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_others),
		TEST(test_none_left),
		TEST(test_tell),
		TEST(test_tell_files),
	};

	return cmocka_run_group_tests_name("lost", tests, NULL, NULL);
}
