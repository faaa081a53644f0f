/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Postings that wait, packed a transaction at a time, come out as their list wants them: all of
 * them, by the key that it has them by, in its order, part behind part. So do hashes of identities.
 */
#include <stdlib.h>

#include "history.h"
#include "keys.h"
#include "waiting.h"

#define ROUNDS 7
#define EACH   1500

/* Not in order of anything, and some alike in their event. */
static struct posting posting_of_number(unsigned i)
{
	uint64_t token = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (struct posting){ (int64_t)token,
				 (int64_t)(i * 7919u % 5000u) * 1000 + i % 3, 1 + i / 3 };
}

static struct posting listed(struct posting p)
{
	p.key = posting_key_of_token((uint64_t)p.key);
	return p;
}

static void add(struct waiting *w, const struct posting *p, struct buf *expected)
{
	struct posting in_list = listed(*p);

	assert_int_equal(token_rows_add(&w->fresh, p), 0);
	buf_put(expected, &in_list, sizeof(in_list));
}

static void assert_same(const struct buf *a, const struct buf *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, a->len);
}

/* All parts, one behind the other, are what was expected, in order. */
static void assert_taken(const struct waiting *w, struct buf *expected)
{
	_cleanup_(buf_deinit) struct buf taken = BUF_INIT;

	for (size_t part = 0; part < WAITING_PARTS; part++)
		assert_int_equal(waiting_take_part(w, part, &taken), 0);
	qsort(expected->data, expected->len / sizeof(struct posting),
	      sizeof(struct posting), posting_order);
	assert_same(&taken, expected);
}

static void test_parts(void **state _unused_)
{
	_cleanup_(waiting_deinit) struct waiting w = { 0 };
	_cleanup_(buf_deinit) struct buf expected = BUF_INIT;

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < EACH; i++) {
			struct posting p = posting_of_number(round * EACH + i);

			add(&w, &p, &expected);
		}
		assert_int_equal(w.fresh.n, EACH);
		assert_int_equal(waiting_n(&w), (round + 1) * EACH);
		assert_int_equal(waiting_pack(&w), 0);
		assert_int_equal(w.fresh.n, 0);
		assert_int_equal(waiting_n(&w), (round + 1) * EACH);
	}
	for (size_t part = 0; part < WAITING_PARTS; part++)
		assert_true(w.parts[part].bytes.len > 0);
	assert_taken(&w, &expected);
}

/* Tokens at both ends of each part, and a time and an event at their ends. */
static void test_ends(void **state _unused_)
{
	_cleanup_(waiting_deinit) struct waiting w = { 0 };
	_cleanup_(buf_deinit) struct buf expected = BUF_INIT;
	const uint64_t width = UINT64_MAX / WAITING_PARTS + 1;

	for (unsigned i = 0; i < WAITING_PARTS; i++) {
		const struct posting first = { (int64_t)(i * width), INT64_MAX / 2, 1 };
		const struct posting last = { (int64_t)(i * width + (width - 1)), -1,
					      (INT64_C(1) << 61) - 1 };

		add(&w, &last, &expected);
		add(&w, &first, &expected);
	}
	assert_int_equal(waiting_pack(&w), 0);
	for (size_t part = 0; part < WAITING_PARTS; part++) {
		_cleanup_(buf_deinit) struct buf two = BUF_INIT;

		assert_int_equal(waiting_take_part(&w, part, &two), 0);
		assert_int_equal(two.len, 2 * sizeof(struct posting));
	}
	assert_taken(&w, &expected);
}

/* Of one event with two times, one behind the other in a part, as a session and its key have. */
static void test_times(void **state _unused_)
{
	_cleanup_(waiting_deinit) struct waiting w = { 0 };
	_cleanup_(buf_deinit) struct buf expected = BUF_INIT;

	for (unsigned i = 0; i < EACH; i++) {
		const struct posting of_key = { (int64_t)(i << 16), 0, 1 + i };
		const struct posting of_session = { (int64_t)((EACH + i) << 16),
						    1700000000000 + 60000 * i, 1 + i };

		add(&w, &of_key, &expected);
		add(&w, &of_session, &expected);
		if (i % 100 == 99)
			assert_int_equal(waiting_pack(&w), 0);
	}
	assert_taken(&w, &expected);
}

/* Nothing is left of what was cleared. */
static void test_cleared(void **state _unused_)
{
	_cleanup_(waiting_deinit) struct waiting w = { 0 };
	_cleanup_(buf_deinit) struct buf expected = BUF_INIT, none = BUF_INIT;

	for (unsigned round = 0; round < 3; round++) {
		struct posting p = posting_of_number(round);

		buf_reset(&expected);
		assert_taken(&w, &none);
		add(&w, &p, &expected);
		assert_int_equal(waiting_pack(&w), 0);
		p = posting_of_number(100 + round);
		add(&w, &p, &none);
		buf_reset(&none);
		assert_int_equal(waiting_n(&w), 2);
		assert_taken(&w, &expected);
		waiting_clear(&w);
		assert_int_equal(waiting_n(&w), 0);
	}
}

static void test_keys(void **state _unused_)
{
	_cleanup_(keys_deinit) struct keys keys = { 0 };
	_cleanup_(buf_deinit) struct buf taken = BUF_INIT, expected = BUF_INIT;

	for (unsigned i = 0; i < ROUNDS * EACH; i++) {
		uint64_t key = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
		struct posting p = posting_of_hash(key, i + 1);

		assert_int_equal(keys_add(&keys, key, i + 1), 0);
		buf_put(&expected, &p, sizeof(p));
	}
	qsort(expected.data, expected.len / sizeof(struct posting),
	      sizeof(struct posting), posting_order);
	for (unsigned part = 0; part < KEYS_PARTS; part++) {
		size_t before = taken.len;
		_cleanup_(buf_deinit) struct buf one = BUF_INIT;

		assert_int_equal(keys_postings(&keys, part, &one), 0);
		assert_true(one.len > 0);
		buf_put(&taken, one.data, one.len);
		assert_int_equal(taken.len, before + one.len);
	}
	assert_same(&taken, &expected);
	for (unsigned i = 0; i < ROUNDS * EACH; i += 11) {
		int64_t event = 0;

		assert_true(
			keys_next(&keys, (i + 1) * UINT64_C(0x9e3779b97f4a7c15), &event));
		assert_int_equal(event, i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_times), cmocka_unit_test(test_cleared),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
