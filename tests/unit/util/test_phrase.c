/* SPDX-License-Identifier: Apache-2.0 */
/* Phrases: any bytes come back, what is learned is worth it, damage is turned down. */
#include "util/phrase.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define SAMPLES 300u

struct fixture {
	struct buf samples, table;
	size_t lengths[SAMPLES];
	struct phrases *phrases;
};

static void put_record(struct buf *b, unsigned i)
{
	buf_printf(b,
		   "{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\","
		   "\"userName\":\"user-%u\"},\"eventName\":\"Call%u\",\"readOnly\":%s,"
		   "\"requestParameters\":%s,\"n\":-%u.5e+3}",
		   i, i % 7, i % 2 ? "true" : "false",
		   i % 3 ? "null" : "{\"items\":[{\"instanceId\":\"i-1\"}]}", i);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (unsigned i = 0; i < SAMPLES; i++) {
		size_t before = f->samples.len;

		put_record(&f->samples, i);
		f->lengths[i] = f->samples.len - before;
	}
	assert_int_equal(
		phrases_learn(buf_str(&f->samples), f->lengths, SAMPLES, &f->table), 0);
	assert_true(f->table.len > 0);
	assert_int_equal(phrases_new(buf_str(&f->table), &f->phrases), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	phrases_free(f->phrases);
	buf_deinit(&f->samples);
	buf_deinit(&f->table);
	free(f);
	return 0;
}

static size_t comes_back(const struct phrases *p, struct str text)
{
	_cleanup_(buf_deinit) struct buf coded = BUF_INIT, again = BUF_INIT;

	phrases_put(p, text, &coded);
	assert_int_equal(buf_error(&coded), 0);
	assert_true(phrases_take(p, buf_str(&coded), &again));
	assert_true(str_eq(buf_str(&again), text));
	return coded.len;
}

static void test_records(void **state)
{
	const struct fixture *f = *state;
	size_t at = 0;

	for (unsigned i = 0; i < SAMPLES; at += f->lengths[i++]) {
		struct str record = { f->samples.data + at, f->lengths[i] };

		assert_in_range(comes_back(f->phrases, record), 1, record.n / 3);
		assert_int_equal(comes_back(NULL, record), record.n);
	}
}

/* Bytes that are codes, or no JSON at all. */
static void test_any_bytes(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"\"",
		"\"\\",
		"\"a\\\"b\"",
		"{\"eventName\" : \"\xc3\xa9t\xc3\xa9\"}",
		"\x1f",
		"\x01\x1f\x10\x11\x7f\x80\xff",
		"[1,-2.5e-7,true]",
		"\"k\":",
		"\"k\"  :",
		"\"k\"  ",
		"{\n\t\"eventVersion\": \"1.08\",\r\n}",
		"{\"a\":\"\\\\\",\"b\":1}",
		"--..1",
		"\"userName\":\"",
	};
	const struct fixture *f = *state;
	char bytes[1024];
	uint32_t x = 1;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		comes_back(f->phrases, str_of(texts[i]));
	for (unsigned n = 0; n < 200; n++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
		/* Each behind a mark with what is beside it: at most 1 in 255 more, and two. */
		assert_true(
			comes_back(f->phrases, (struct str){ bytes, sizeof(bytes) }) <=
			3 * sizeof(bytes));
	}
	memset(bytes, 0xc3, sizeof(bytes));
	assert_int_equal(comes_back(f->phrases, (struct str){ bytes, sizeof(bytes) }),
			 sizeof(bytes) + 2 * 5);
}

/* The same from the same samples; nothing from none, or from what does not repeat. */
static void test_learning(void **state)
{
	static const size_t lengths[] = { 7, 11 };
	const struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf again = BUF_INIT, none = BUF_INIT;
	struct str table = buf_str(&f->table);

	assert_int_equal(phrases_learn(buf_str(&f->samples), f->lengths, SAMPLES, &again),
			 0);
	assert_true(str_eq(buf_str(&again), table));
	assert_int_equal(phrases_learn(STR_NULL, NULL, 0, &none), 0);
	assert_int_equal(phrases_learn(STR("{\"a\":1}[\"other\":]"), lengths, 2, &none),
			 0);
	assert_int_equal(none.len, 0);
	/* A common one is there, with its quotes; a value is not. */
	assert_non_null(memmem(table.p, table.n, "\"},\"eventName\":\"", 16));
	assert_null(memmem(table.p, table.n, "IAMUser", 7));
	assert_null(memmem(table.p, table.n, "user-", 5));
}

/* More phrases than there are codes: the best ones have some. */
static void test_many(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf samples = BUF_INIT, table = BUF_INIT;
	struct phrases *p = NULL;
	size_t lengths[2];

	for (unsigned k = 0; k < 2; k++) {
		size_t before = samples.len;

		for (unsigned i = 0; i < 6000; i++)
			buf_printf(&samples, "\"name-%u\":%u,", i, k);
		lengths[k] = samples.len - before;
	}
	assert_int_equal(phrases_learn(buf_str(&samples), lengths, 2, &table), 0);
	assert_int_equal(phrases_new(buf_str(&table), &p), 0);
	assert_true(table.len <= 65536);
	assert_in_range(comes_back(p, (struct str){ samples.data, lengths[0] }), 1,
			lengths[0] - 3000 * 8);
	p = phrases_free(p);
}

/* Samples with hardly anything in common: of phrases that come late, none is counted. */
static void test_bounded(void **state _unused_)
{
	_cleanup_(buf_deinit) struct buf samples = BUF_INIT, table = BUF_INIT;
	struct str learned;

	for (unsigned i = 0; i < 100; i++)
		buf_put_str(&samples, STR("\"early\":1,"));
	for (unsigned i = 0; i < 300000; i++)
		buf_printf(&samples, "\"n-%u\":1,", i);
	for (unsigned i = 0; i < 100; i++)
		buf_put_str(&samples, STR("\"late\":1,"));
	assert_int_equal(phrases_learn(buf_str(&samples), &samples.len, 1, &table), 0);
	learned = buf_str(&table);
	assert_non_null(memmem(learned.p, learned.n, "\"early\":", 8));
	assert_null(memmem(learned.p, learned.n, "\"late\":", 7));
}

static void test_damaged_table(void **state)
{
	const struct fixture *f = *state;
	struct phrases *p = NULL;
	_cleanup_(buf_deinit) struct buf large = BUF_INIT;

	assert_int_equal(phrases_new(STR_NULL, &p), -EBADMSG);
	assert_int_equal(phrases_new(STR("\x02"
					 "ab"),
				     &p),
			 -EBADMSG);
	assert_int_equal(phrases_new(STR("\x03"
					 "ab"),
				     &p),
			 -EBADMSG);
	assert_int_equal(phrases_new(STR("\x80"), &p), -EBADMSG);
	assert_int_equal(phrases_new((struct str){ f->table.data, f->table.len - 1 }, &p),
			 -EBADMSG);
	for (unsigned i = 0; i < 3471; i++)
		buf_put_str(&large, STR("\x03"
					"abc"));
	assert_int_equal(phrases_new(buf_str(&large), &p), -EBADMSG);
	assert_int_equal(phrases_new((struct str){ large.data, large.len - 4 }, &p), 0);
	comes_back(p, STR("\"abc\":abc"));
	p = phrases_free(p);
	assert_null(p);
}

static void test_damaged_code(void **state)
{
	static const char *const codes[] = { "\x01", "\x1f",
					     "\x1f\x02"
					     "a",
					     "\x10\xff", "\xff" };
	const struct fixture *f = *state;
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		assert_false(phrases_take(f->phrases, str_of(codes[i]), &out));
	assert_false(phrases_take(f->phrases, (struct str){ "\0", 1 }, &out));
	assert_false(phrases_take(f->phrases, (struct str){ "\0a", 2 }, &out));
	assert_true(phrases_take(f->phrases, (struct str){ "\x1f\0b", 3 }, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_records, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_learning, setup, teardown),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test_setup_teardown(test_damaged_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_code, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
