/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of blocks of events: what is told of each, and records that come back byte for byte
 * whatever of them is apart. Blocks in a history: test_put_event.c.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

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

/* --- kept by several connections ----------------------------------------------------------- */

#define KEPT  64         /* blocks, together */
#define MANY  (3 * KEPT) /* records, of which a block has one or two */
#define LARGE 8000

/* Random digits, the same for each number. */
static struct str large_record(int number, char ret[LARGE])
{
	uint64_t x = (uint64_t)number + 1;

	for (int i = 0; i < LARGE; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		ret[i] = "0123456789abcdef"[x >> 60];
	}
	return (struct str){ ret, LARGE };
}

struct reader {
	pthread_t thread;
	struct store *s;
	struct store_blocks *blocks;
	int step; /* from event to event */
	int wrong;
};

static void *read_all(void *arg)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct reader *me = arg;
	char record[LARGE];

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < MANY; i++) {
			int number = i * me->step % MANY;

			buf_reset(&got);
			if (store_event_body(me->s, 1 + number, &got) ||
			    !str_eq(buf_str(&got), large_record(number, record)))
				me->wrong++;
		}
	return NULL;
}

static void put_large(struct history *h)
{
	begin(h);
	for (int i = 0; i < MANY; i++) {
		char id[16], record[LARGE];
		struct store_record of = { .raw = large_record(i, record) };
		enum store_put put;
		struct event e;

		(void)snprintf(id, sizeof(id), "event-%d", i);
		e = event_of(id, i);
		of.identity = e.id;
		assert_int_equal(store_put_event(h->s, &e, &of, NULL, NULL, 1, &put), 0);
	}
	commit(h);
}

static struct store *open_sharing(struct history *h, enum store_mode mode,
				  struct store_blocks *blocks)
{
	struct store *s = NULL;

	assert_int_equal(store_open(h->path, mode, false, &s, &h->fault), 0);
	store_blocks_use(s, blocks);
	return s;
}

/* What is unpacked only now cannot be. */
static void delete_blocks(struct history *h)
{
	begin(h);
	assert_int_equal(sqlite3_exec(h->s->db, "DELETE FROM event_block", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	commit(h);
}

static void assert_event(struct store *s, int number, int expected)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	char record[LARGE];

	assert_int_equal(store_event_body(s, 1 + number, &got), expected);
	if (!expected)
		assert_true(str_eq(buf_str(&got), large_record(number, record)));
}

/* In other orders, of more blocks than are kept; each finds what another has unpacked. */
static void test_shared(void **state)
{
	struct history *h = *state;
	struct reader readers[3] = { { .step = 1 }, { .step = 5 }, { .step = 7 } };
	struct store_blocks *blocks = NULL;

	put_large(h);
	assert_true(ask(h, "SELECT count(*) FROM event_block") > KEPT);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		struct reader *r = &readers[i];

		r->s = open_sharing(h, STORE_WORKER, blocks);
		assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].wrong, 0);
	}
	/* Blocks are unpacked once: what another has just read is there although it is gone. */
	assert_event(readers[0].s, 0, 0);
	delete_blocks(h);
	assert_event(readers[1].s, 0, 0);
	assert_event(readers[1].s, MANY, STORE_E_NOT_FOUND);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		store_close(readers[i].s);
	store_blocks_free(blocks);
}

/* Whatever they take, the one read last is kept; what it takes the place of is not. */
static void test_shared_room(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct store *one, *other;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, 1, &blocks), 0);
	one = open_sharing(h, STORE_READ, blocks);
	other = open_sharing(h, STORE_READ, blocks);
	assert_event(one, 0, 0);
	assert_event(one, MANY - 1, 0);
	delete_blocks(h);
	assert_event(other, MANY - 1, 0);
	assert_event(other, 0, STORE_E_NOT_FOUND);
	store_close(one);
	store_close(other);
	store_blocks_free(blocks);
}

/* What is coded with a connection's phrases goes with them; a writer's own is not among them. */
static void test_shared_close(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct store *one, *other;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	store_blocks_use(h->s, blocks);
	assert_event(h->s, 20, 0);
	one = open_sharing(h, STORE_READ, blocks);
	other = open_sharing(h, STORE_READ, blocks);
	assert_event(one, 0, 0);
	assert_event(other, MANY - 1, 0);
	delete_blocks(h);
	assert_event(other, 0, 0);
	assert_event(other, 20, STORE_E_NOT_FOUND);
	store_close(one);
	assert_event(other, 0, STORE_E_NOT_FOUND);
	assert_event(other, MANY - 1, 0);
	store_close(other);
	store_blocks_free(blocks);
}

/* Connections come and go while others read what they have unpacked. */
static void test_shared_leave(void **state)
{
	struct history *h = *state;
	struct reader reader = { .step = 5 };
	struct store_blocks *blocks = NULL;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	reader.s = open_sharing(h, STORE_READ, blocks);
	assert_int_equal(pthread_create(&reader.thread, NULL, read_all, &reader), 0);
	for (int i = 0; i < 20; i++) {
		struct store *s = open_sharing(h, STORE_READ, blocks);

		for (int k = 0; k < 10; k++)
			assert_event(s, (i + k) * 5 % MANY, 0);
		store_close(s);
	}
	pthread_join(reader.thread, NULL);
	assert_int_equal(reader.wrong, 0);
	store_close(reader.s);
	store_blocks_free(blocks);
}

/* What is told of an event since its block was unpacked is seen. */
static void test_shared_told(void **state)
{
	struct history *h = *state;
	struct store_blocks *blocks = NULL;
	struct block_row row;
	struct store *s;

	put_large(h);
	assert_int_equal(store_blocks_new(KEPT, KEPT * BLOCK_KEPT_ROOM, &blocks), 0);
	s = open_sharing(h, STORE_READ, blocks);
	assert_event(s, 3, 0);
	begin(h);
	assert_int_equal(event_row_tell(h->s, 4, 12, 34), 0);
	commit(h);
	assert_int_equal(event_row(s, 4, &row), 0);
	assert_int_equal(row.text_len, 12);
	assert_int_equal(row.jsonl_len, 34);
	/* ... and of one that was unpacked after: without the history. */
	store_close(s);
	s = open_sharing(h, STORE_READ, blocks);
	assert_event(s, 3, 0);
	delete_blocks(h);
	assert_int_equal(event_row(s, 4, &row), 0);
	assert_int_equal(row.text_len, 12);
	assert_int_equal(event_row(s, 100, &row), STORE_E_NOT_FOUND);
	store_close(s);
	store_blocks_free(blocks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_no_place),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_phrases),
		cmocka_unit_test_setup_teardown(test_shared, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_room, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_close, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_leave, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_shared_told, history_setup,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
