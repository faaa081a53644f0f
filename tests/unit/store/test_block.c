/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of blocks of events: what is told of each, and records that come back byte for byte
 * whatever of them is apart. Blocks in a history: test_put_event.c.
 */
#include <errno.h>
#include <stdio.h>

#include "history.h"
#include "private.h"
#include "util/phrase.h"

#define ID      "01234567-89ab-cdef-0123-456789abcdef"
#define REQUEST "89abcdef-0123-4567-89ab-cdef01234567"

static const struct {
	const char *record;
	const char *identity;
	unsigned apart;
} records[] = {
	{ "{\"requestID\":\"" REQUEST "\",\"eventID\":\"" ID "\",\"x\":1}", ID,
	  EVENT_ID_APART | EVENT_REQUEST_APART },
	{ "{\"eventID\":\"" ID "\",\"x\":1,\"requestID\":\"" REQUEST "\"}", ID,
	  EVENT_ID_APART | EVENT_REQUEST_APART },
	{ "{\"eventID\":\"" ID "\"}", ID, EVENT_ID_APART },
	/* the first is another's, and one that is empty */
	{ "{\"a\":{\"eventID\":\"" REQUEST "\"},\"eventID\":\"" ID "\"}", ID, 0 },
	{ "{\"a\":{\"eventID\":\"\",\"requestID\":\"\"},\"eventID\":\"" ID "\"}", ID, 0 },
	/* of other digits, of another form, cut off */
	{ "{\"eventID\":\"01234567-89AB-cdef-0123-456789abcdef\"}", "", 0 },
	{ "{\"requestID\":\"ABCDEF0123456789\",\"eventID\":\"" ID "\"}", ID,
	  EVENT_ID_APART },
	{ "{\"eventID\": \"" ID "\",\"requestID\":\"" REQUEST "\"}", ID,
	  EVENT_REQUEST_APART },
	{ "{\"eventID\":\"" ID, ID, 0 },
	{ "", "", 0 },
};

static void test_records(void **state _unused_)
{
	_cleanup_(block_deinit) struct block b = { .first = 5 };
	size_t ids = 0;
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(records); i++) {
		struct block_row row = { .key = str_hash(str_of(records[i].identity)),
					 .flags = i % 16 };

		assert_int_equal(block_push(&b, str_of(records[i].record),
					    str_of(records[i].identity), &row),
				 0);
		assert_int_equal(b.rows[i].flags, i % 16 | records[i].apart);
		assert_int_equal(block_key(&b, i), row.key);
		assert_int_equal(block_ids_before(&b, i), ids);
		ids += !!(records[i].apart & EVENT_ID_APART) +
		       !!(records[i].apart & EVENT_REQUEST_APART);
	}
	for (i = 0; i < ARRAY_SIZE(records); i++) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;

		assert_int_equal(block_record(&b, i, &got), 0);
		assert_true(str_eq(buf_str(&got), str_of(records[i].record)));
	}
	assert_int_equal(b.ids.len, 16 * ids);
	assert_null(memmem(b.bytes.data, b.ends[2], "89ab", 4));
	assert_false(block_has(&b, 4, &i));
	assert_true(block_has(&b, 5, &i) && i == 0);
	assert_true(block_has(&b, 5 + ARRAY_SIZE(records) - 1, &i));
	assert_false(block_has(&b, 5 + ARRAY_SIZE(records), &i));
}

static void test_no_place(void **state _unused_)
{
	_cleanup_(block_deinit) struct block b = { .first = 1 };
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;

	assert_int_equal(block_push(&b, str_of(records[0].record), STR(ID),
				    &(struct block_row){ 0 }),
			 0);
	memcpy(b.bytes.data, "{\"requestXX", 11);
	assert_int_equal(block_record(&b, 0, &got), -EBADMSG);
}

static void test_rows(void **state _unused_)
{
	static const struct block_row rows[] = {
		{ .key = 1, .source = 7, .text_len = 200, .jsonl_len = 700, .flags = 0 },
		{ .source = 7,
		  .text_len = 0,
		  .jsonl_len = 0,
		  .flags = 15 | EVENT_ID_APART },
		{ .key = UINT64_MAX, .source = 6, .text_len = UINT32_MAX, .flags = 3 },
		{ .source = INT64_MIN, .flags = EVENT_ID_APART | EVENT_REQUEST_APART },
	};
	_cleanup_(block_deinit) struct block b = { .first = 1 }, c = { .first = 1 };
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	static const char ids[48] = "";

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		b.rows[i] = rows[i];
		b.ends[b.n++] = 1000 * i;
	}
	block_rows_put(&out, &b, b.n);
	assert_true(block_rows_take(buf_str(&out), (struct str){ ids, 48 }, &c));
	assert_int_equal(c.n, ARRAY_SIZE(rows));
	assert_memory_equal(c.ends, b.ends, c.n * sizeof(c.ends[0]));
	assert_memory_equal(c.rows, b.rows, c.n * sizeof(c.rows[0]));
	/* Too few ids, too many, none of the rows. */
	assert_false(block_rows_take(buf_str(&out), (struct str){ ids, 32 }, &c));
	assert_false(block_rows_take(buf_str(&out), STR_NULL, &c));
	assert_false(block_rows_take(STR_NULL, STR_NULL, &c));
	for (size_t n = 0; n < out.len; n++)
		if (block_rows_take((struct str){ out.data, n },
				    (struct str){ ids, 16 * (n > 30 ? 1 : 0) }, &c))
			assert_true(c.n < ARRAY_SIZE(rows));
}

static void test_most(void **state _unused_)
{
	_cleanup_(block_deinit) struct block b = { .first = 1 };
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;

	for (unsigned i = 0; i < BLOCK_EVENTS; i++)
		assert_int_equal(block_push(&b, STR("{}"), STR(""),
					    &(struct block_row){ .key = i }),
				 0);
	block_rows_put(&out, &b, b.n);
	assert_true(block_rows_take(buf_str(&out), STR_NULL, &b));
	assert_int_equal(b.n, BLOCK_EVENTS);
	block_rows_put(&out, &b, 1);
	assert_false(block_rows_take(buf_str(&out), STR_NULL, &b));
}

/* Coded, moved to a block that is coded otherwise, coded anew: they come back all the same. */
static void test_phrases(void **state _unused_)
{
	static const char table[] = "\x0c{\"eventID\":\"\x06\",\"x\":";
	_cleanup_(block_deinit) struct block b = { .first = 1 }, c = { .first = 1 };
	struct phrases *p = NULL;

	assert_int_equal(phrases_new(STR(table), &p), 0);
	b.phrases = p;
	for (unsigned i = 0; i < ARRAY_SIZE(records); i++)
		assert_int_equal(block_push(&b, str_of(records[i].record),
					    str_of(records[i].identity),
					    &(struct block_row){ 0 }),
				 0);
	assert_null(memmem(b.bytes.data, b.bytes.len, "\",\"x\":", 6));
	for (unsigned i = 0; i < ARRAY_SIZE(records); i++)
		assert_int_equal(block_append(&c, &b, i), 0);
	assert_true(b.bytes.len < c.bytes.len);
	assert_int_equal(block_recode(&c, p), 0);
	assert_true(str_eq(buf_str(&b.bytes), buf_str(&c.bytes)));
	assert_true(str_eq(buf_str(&b.ids), buf_str(&c.ids)));
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(records); i++) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		unsigned k = i / 2;

		assert_int_equal(block_record(i % 2 ? &c : &b, k, &got), 0);
		assert_true(str_eq(buf_str(&got), str_of(records[k].record)));
	}
	/* What was coded is no code of other phrases. */
	b.bytes.data[0] = '\x1f';
	b.bytes.data[1] = '\xff';
	assert_int_equal(block_recode(&b, NULL), -EBADMSG);
	p = phrases_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records), cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_rows),    cmocka_unit_test(test_most),
		cmocka_unit_test(test_phrases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
