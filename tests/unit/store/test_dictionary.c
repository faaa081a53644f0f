/* SPDX-License-Identifier: Apache-2.0 */
/* Dictionaries: trained once there is enough, twice at most; all stays readable. */
#include <stdio.h>

#include <sqlite3.h>

#include "code_shared.h"
#include "history.h"
#include "private.h"
#include "store/activity.h"
#include "store/write.h"
#include "util/phrase.h"

/* A record whose parts repeat, and some that do not; the same for the same number. */
static void make_record(int i, struct buf *ret)
{
	uint64_t x = (uint64_t)i * UINT64_C(0x9E3779B97F4A7C15) + 1;

	x ^= x >> 29;
	buf_reset(ret);
	buf_printf(
		ret,
		"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"AssumedRole\","
		"\"principalId\":\"AROA%016llX:session\",\"arn\":\"arn:aws:sts::123456789012:"
		"assumed-role/Role%d/session\",\"accountId\":\"123456789012\"},\"eventSource\":"
		"\"ec2.amazonaws.com\",\"eventName\":\"%s\",\"awsRegion\":\"us-east-1\","
		"\"sourceIPAddress\":\"10.%d.%d.1\",\"requestParameters\":{\"groupId\":"
		"\"sg-%016llx\",\"cidrIp\":\"10.0.0.0/8\"},\"responseElements\":null}",
		(unsigned long long)(x * 77), i % 13,
		i % 3 ? "AuthorizeSecurityGroupIngress" : "RunInstances", i % 200,
		i % 100, (unsigned long long)x);
	buf_put_char(ret, '\0');
}

static size_t records_len(int n)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	size_t len = 0;

	for (int i = 0; i < n; i++) {
		make_record(i, &record);
		len += record.len - 1;
	}
	return len;
}

#define AT_ONCE 700

/* Of each second one the code as who parses makes it, long before it is put, the other has none. */
static void make_codes(struct history *h, int from, int to, struct buf codes[AT_ONCE])
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;

	assert_true(to - from <= AT_ONCE);
	for (int i = from | 1; i < to; i += 2) {
		char id[32];

		(void)snprintf(id, sizeof(id), "event-%d", i);
		make_record(i, &record);
		assert_int_equal(store_event_code(store_coders(h->s), str_of(record.data),
						  str_of(id), &codes[i - from]),
				 0);
	}
}

static void put_events(struct history *h, int from, int to)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	struct buf codes[AT_ONCE] = { 0 };

	make_codes(h, from, to, codes);
	begin(h);
	for (int i = from; i < to; i++) {
		char id[32];
		struct event e;
		enum store_put put;

		(void)snprintf(id, sizeof(id), "event-%d", i);
		make_record(i, &record);
		e = event_of(id, 1000 + i);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){
						.raw = str_of(record.data),
						.identity = e.id,
						.code = buf_str(&codes[i - from]) },
					NULL, NULL, 1, &put),
			0);
		assert_int_equal(put, STORE_PUT_NEW);
		buf_deinit(&codes[i - from]);
	}
	commit(h);
}

static void assert_events(struct history *h, int n)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT, got = BUF_INIT;

	for (int i = 0; i < n; i++) {
		char id[32];
		int64_t row;

		(void)snprintf(id, sizeof(id), "event-%d", i);
		make_record(i, &record);
		buf_reset(&got);
		assert_int_equal(store_event_find(h->s, str_of(id), &row), 0);
		assert_int_equal(store_event_body(h->s, row, &got), 0);
		buf_put_char(&got, '\0');
		assert_string_equal(got.data, record.data);
	}
}

static void test_events(void **state)
{
	struct history *h = *state;

	put_events(h, 0, 399);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary"), 0);
	put_events(h, 399, 600);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary WHERE kind = 1"), 1);
	/* What was there before is packed anew, and all of it is readable, also by others. */
	assert_int_equal(
		ask(h, "SELECT count(*) FROM event_block WHERE dictionary IS NULL"), 0);
	assert_events(h, 600);
	history_open(h, STORE_READ, 0);
	assert_events(h, 600);
	/* Another session goes on with the same one. */
	history_open(h, STORE_WRITE, 0);
	put_events(h, 600, 700);
	assert_int_equal(ask(h, "SELECT count(DISTINCT dictionary) FROM event_block"), 1);
	assert_events(h, 700);
}

static void test_final_training(void **state)
{
	struct history *h = *state;

	for (int i = 0; i < 16500; i += 500)
		put_events(h, i, i + 500);
	/* The first dictionary is gone, with nothing that needs it. */
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary WHERE kind = 1"), 1);
	assert_int_equal(ask(h,
			     "SELECT count(*) FROM event_block e LEFT JOIN dictionary d "
			     "ON d.id = e.dictionary WHERE d.id IS NULL"),
			 0);
	assert_in_range(ask(h, "SELECT sum(length(body)) FROM event_block"), 1,
			records_len(16500) / 6);
	/* Nor are there pages that were left half empty when all was packed anew. */
	assert_in_range(ask(h, "SELECT 100 * sum(unused) / sum(pgsize) FROM dbstat "
			       "WHERE name = 'event_block'"),
			0, 12);
	assert_events(h, 16500);
	assert_sound(h);
}

static void tell_of(struct history *h, int i)
{
	const struct event_told told = { .principal = STR("user/alice"),
					 .text_len = 10,
					 .jsonl_len = 20 };
	char id[32];
	struct event e;
	int64_t row;

	(void)snprintf(id, sizeof(id), "event-%d", i);
	e = event_of(id, 1000 + i);
	begin(h);
	assert_int_equal(store_event_find(h->s, str_of(id), &row), 0);
	assert_int_equal(store_tell_event(h->s, row, &e, e.id, &told), 0);
	commit(h);
}

/* What is kept of a block's head is not written into the one that took its place. */
static void test_told_between(void **state)
{
	struct history *h = *state;

	put_events(h, 0, 399);
	tell_of(h, 3);
	put_events(h, 399, 600);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary WHERE kind = 1"), 1);
	tell_of(h, 5);
	history_open(h, STORE_READ, 0);
	assert_events(h, 600);
}

/* A block that cannot be decoded is not learned from, nor does it keep out what is new. */
static void test_damaged_block(void **state)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct history *h = *state;
	int64_t row;

	put_events(h, 0, 300);
	assert_int_equal(sqlite3_exec(h->s->db,
				      "UPDATE event_block SET body = x'00' WHERE id = 1",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	put_events(h, 300, 600);
	assert_int_equal(ask(h, "SELECT phrases NOT NULL FROM dictionary"), 1);
	assert_int_equal(ask(h, "SELECT group_concat(id) = '1' FROM event_block "
				"WHERE dictionary IS NULL"),
			 1);
	assert_int_equal(store_event_find(h->s, STR("event-0"), &row), 0);
	assert_int_equal(store_event_body(h->s, row, &got), STORE_E_DAMAGED);
	assert_int_equal(store_event_find(h->s, STR("event-599"), &row), 0);
	assert_int_equal(store_event_body(h->s, row, &got), 0);
	assert_int_equal(store_event_find(h->s, STR("event-299"), &row), 0);
	assert_int_equal(store_event_body(h->s, row, &got), 0);
}

/* Phrases that are damaged, or those of another: the block is, nothing else. */
static void test_damaged_phrases(void **state)
{
	static const char *const damages[] = { "x''", "x'0361'", "x'03616263'" };
	struct history *h = *state;

	put_events(h, 0, 600);
	assert_int_equal(ask(h, "SELECT phrases NOT NULL FROM dictionary"), 1);
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		_cleanup_(buf_deinit) struct buf got = BUF_INIT;
		char sql[64];
		int64_t row;

		(void)snprintf(sql, sizeof(sql), "UPDATE dictionary SET phrases = %s",
			       damages[i]);
		history_open(h, STORE_WRITE, 0);
		assert_int_equal(sqlite3_exec(h->s->db, sql, NULL, NULL, NULL),
				 SQLITE_OK);
		history_open(h, STORE_READ, 0);
		assert_int_equal(store_event_find(h->s, STR("event-7"), &row), 0);
		assert_int_equal(store_event_body(h->s, row, &got), STORE_E_DAMAGED);
	}
}

/* The transaction that trained it is rolled back: the next one trains again. */
static void test_rolled_back(void **state)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	struct history *h = *state;

	put_events(h, 0, 399);
	begin(h);
	make_record(399, &record);
	struct event e = event_of("event-399", 1);
	enum store_put put;

	assert_int_equal(
		store_put_event(h->s, &e,
				&(struct store_record){ .raw = str_of(record.data),
							.identity = e.id },
				NULL, NULL, 1, &put),
		0);
	store_rollback(h->s);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary"), 0);
	assert_events(h, 399);
	put_events(h, 399, 500);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary"), 1);
	assert_events(h, 500);
}

/* A code is taken for what it was made for, and for nothing else. */
static void test_codes(void **state)
{
	_cleanup_(buf_deinit) struct buf code = BUF_INIT, text = BUF_INIT;
	const struct phrases *phrases;
	struct history *h = *state;
	struct block_apart apart;
	struct str record =
		STR("{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"\"}}");
	struct str coded;
	int64_t dictionary;

	/* There are no phrases yet; then the first block behind the training shares them. */
	put_events(h, 0, 300);
	assert_int_equal(store_event_code(store_coders(h->s), record, STR("x"), &code),
			 0);
	assert_int_equal(code.len, 0);
	assert_false(shared_code_take(buf_str(&code), 1, &apart, &coded));
	put_events(h, 300, 500);
	put_events(h, 500, 501);
	dictionary = ask(h, "SELECT max(id) FROM dictionary");
	assert_int_equal(store_event_code(store_coders(h->s), record, STR("x"), &code),
			 0);
	assert_true(shared_code_take(buf_str(&code), dictionary, &apart, &coded));
	assert_true(coded.n < record.n && apart.flags == 0);
	assert_int_equal(dictionary_phrases(h->s, dictionary, &phrases), 0);
	assert_true(phrases_take(phrases, coded, &text));
	assert_true(str_eq(buf_str(&text), record));
	assert_false(shared_code_take(buf_str(&code), dictionary + 1, &apart, &coded));
	assert_false(shared_code_take(STR("short"), dictionary, &apart, &coded));
	/* What is rolled back may have been what made it. */
	begin(h);
	store_rollback(h->s);
	assert_false(shared_code_take(buf_str(&code), dictionary, &apart, &coded));
	assert_int_equal(store_event_code(store_coders(h->s), record, STR("x"), &code),
			 0);
	assert_int_equal(code.len, 0);
	put_events(h, 501, 700);
	assert_events(h, 700);
}

/* A record of eight kilobytes that packs to next to nothing. */
static void make_long(int i, struct buf *ret)
{
	buf_reset(ret);
	buf_printf(ret, "{\"eventVersion\":\"%d\",\"text\":\"", i);
	for (int k = 0; k < 1 << 7; k++)
		buf_put_text(
			ret,
			"a line of sixty-four bytes, as it may stand in many a request. ");
	buf_put_text(ret, "\"}");
	assert_int_equal(buf_error(ret), 0);
}

/* Blocks of very long records are kept up to so many bytes, and the last one. */
static void test_long_records(void **state)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT, got = BUF_INIT;
	struct history *h = *state;
	enum { N = 1600 };

	begin(h);
	for (int i = 1; i <= N; i++) {
		char id[32];
		struct event e;
		enum store_put put;

		(void)snprintf(id, sizeof(id), "event-%d", i);
		make_long(i, &record);
		e = event_of(id, i);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = buf_str(&record),
								.identity = e.id },
					NULL, NULL, 1, &put),
			0);
	}
	commit(h);
	history_open(h, STORE_READ, 0);
	for (int i = 1; i <= N; i++) {
		const struct kept_blocks *k = &h->s->bodies.blocks;
		size_t bytes = 0, n = 0;

		make_long(i, &record);
		buf_reset(&got);
		assert_int_equal(store_event_body(h->s, i, &got), 0);
		assert_true(str_eq(buf_str(&got), buf_str(&record)));
		for (size_t b = 0; b < k->n; b++) {
			bytes += k->blocks[b].bytes.cap;
			n += k->places[b].n > 0;
		}
		assert_true(bytes <= k->n * BLOCK_KEPT_ROOM);
		assert_true(i < N || n > 4);
	}
}

/* Bodies that teach nothing: no dictionary, and no failure. */
static void test_nothing_to_learn(void **state)
{
	struct history *h = *state;
	enum store_put put;

	begin(h);
	for (int i = 0; i < 900; i++) {
		char id[32];
		struct event e;

		(void)snprintf(id, sizeof(id), "%d", i);
		e = event_of(id, i);
		assert_int_equal(
			store_put_event(h->s, &e,
					&(struct store_record){ .raw = STR("{}"),
								.identity = e.id },
					NULL, NULL, 1, &put),
			0);
	}
	commit(h);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'event'"), 900);
	assert_sound(h);
}

/* States use one, too, alone and in packs. */
static void test_states(void **state)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	struct history *h = *state;
	enum store_put put;

	begin(h);
	for (int i = 0; i < 1000; i++) {
		char rid[32];
		struct item item;

		(void)snprintf(rid, sizeof(rid), "sg-%d", i % 500);
		make_record(i % 500, &record);
		item = item_of(GROUP, rid, 1000 + i, "1", record.data);
		assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	}
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM dictionary WHERE kind = 2"), 1);
	/* Those that came first have none until they are packed. */
	assert_int_equal(
		ask(h,
		    "SELECT count(*) FROM state WHERE dictionary > 0 AND id >> 20 > 400"),
		200);
	for (int i = 0; i < 500; i += 2)
		pack_resource(h, i + 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack WHERE dictionary = 1"),
			 250);
	assert_sound(h);
	history_open(h, STORE_READ, 0);
	for (int i = 0; i < 500; i++) {
		struct store_state states[64];

		make_record(i, &record);
		assert_int_equal(states_of(h, i + 1, states), 2);
		assert_body(h, states[0].id, record.data);
		assert_body(h, states[1].id, record.data);
		assert_raw(h, states[1].id, record.data);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

static struct item state_item(int i, char rid[32], struct buf *record)
{
	(void)snprintf(rid, 32, "sg-%d", i);
	make_record(i, record);
	return item_of(GROUP, rid, 1000 + i, "1", record->data);
}

/* As who parses the state makes it. */
static void make_state_code(struct history *h, int i, struct zcodec *codec,
			    struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT, scratch = BUF_INIT;
	char rid[32];
	const struct item item = state_item(i, rid, &record);

	assert_int_equal(
		store_state_code(store_coders(h->s), codec, &item, &scratch, ret), 0);
}

/* A state of a resource of its own. */
static void put_state(struct history *h, int i, struct str code)
{
	_cleanup_(buf_deinit) struct buf record = BUF_INIT;
	enum store_put put;
	char rid[32];
	struct item item = state_item(i, rid, &record);

	item.code = code;
	assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
	assert_int_equal(put, STORE_PUT_NEW);
}

/* The frame of a code goes in as it is, and is what the writer makes itself. */
static void test_state_codes(void **state)
{
	_cleanup_(buf_deinit) struct buf code = BUF_INIT, own = BUF_INIT,
					 record = BUF_INIT;
	struct history *h = *state;
	struct zcodec *codec = NULL;
	struct str frame;

	assert_int_equal(zcodec_new(1, &codec), 0);
	begin(h);
	/* There is no dictionary yet; then the first state behind the training shares it. */
	for (int i = 0; i < 400; i++)
		put_state(h, i, STR_NULL);
	make_state_code(h, 401, codec, &code);
	assert_int_equal(code.len, 0);
	assert_false(shared_frame_take(buf_str(&code), 1, &frame));
	assert_false(shared_frame_take(STR("short"), 1, &frame));
	put_state(h, 400, STR_NULL);
	make_state_code(h, 401, codec, &code);
	put_state(h, 401, buf_str(&code));
	assert_true(shared_frame_take(buf_str(&code), 1, &frame));
	assert_false(shared_frame_take(buf_str(&code), 2, &frame));
	/* That the writer looks no further tells another state's. */
	put_state(h, 402, buf_str(&code));
	make_state_code(h, 400, codec, &own);
	commit(h);
	assert_true(is_frame(h, state_first(402), frame));
	assert_true(is_frame(h, state_first(403), frame));
	assert_true(shared_frame_take(buf_str(&own), 1, &frame));
	assert_true(is_frame(h, state_first(401), frame));
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE dictionary = 1"), 3);
	for (int i = 400; i < 402; i++) {
		make_record(i, &record);
		assert_body(h, state_first(i + 1), record.data);
	}
	/* What is rolled back may have been what made it: then the writer makes its own. */
	begin(h);
	store_rollback(h->s);
	assert_false(shared_frame_take(buf_str(&code), 1, &frame));
	begin(h);
	put_state(h, 403, buf_str(&code));
	commit(h);
	make_record(403, &record);
	assert_body(h, state_first(404), record.data);
	zcodec_free(codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_events),           CASE(test_final_training),
		CASE(test_damaged_block),    CASE(test_told_between),
		CASE(test_damaged_phrases),  CASE(test_rolled_back),
		CASE(test_nothing_to_learn), CASE(test_states),
		CASE(test_state_codes),      CASE(test_codes),
		CASE(test_long_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
