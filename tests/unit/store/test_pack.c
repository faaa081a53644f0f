/* SPDX-License-Identifier: Apache-2.0 */
/* Packs of states: their bytes, what goes into which, and what becomes of the states' own rows. */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "history.h"
#include "pack_put.h"
#include "private.h"

/* --- bytes --------------------------------------------------------------------------------- */

static const struct pack some = {
	.n = 4,
	.stored = 100 + 0 + 2000 + 1,
	.frame = STR("the frame"),
	.states = { { .capture_ms = 1700000000000,
		      .source = 7,
		      .kind = 5 | 9 << 6,
		      .body_len = 150,
		      .name = { .number = 1234 },
		      .stored = 100 },
		    { .capture_ms = -5,
		      .source = 3,
		      .kind = 4,
		      .name = { .is_text = true, .text = STR("x-1") },
		      .has_raw = true,
		      .raw = STR("raw bytes") },
		    { .capture_ms = INT64_MAX,
		      .source = INT64_MAX,
		      .kind = INT64_C(1) << 40,
		      .body_len = 2000,
		      .name = { .number = -1000000000000000000 },
		      .stored = 2000,
		      .has_raw = true },
		    { .capture_ms = INT64_MIN,
		      .body_len = 3,
		      .name = { .is_text = true },
		      .stored = 1,
		      .has_raw = true,
		      .raw = STR("r") } }
};

static void assert_state(const struct packed_state *a, const struct packed_state *b)
{
	assert_int_equal(a->capture_ms, b->capture_ms);
	assert_int_equal(a->source, b->source);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->body_len, b->body_len);
	assert_int_equal(a->stored, b->stored);
	assert_int_equal(a->has_raw, b->has_raw);
	assert_true(str_eq(a->raw, b->raw));
	assert_int_equal(a->name.is_text, b->name.is_text);
	assert_int_equal(a->name.number, b->name.number);
	assert_true(str_eq(a->name.text, b->name.text));
}

static void test_bytes(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct pack got;

	(void)state;
	pack_put(&bytes, &some);
	assert_int_equal(pack_states(buf_str(&bytes)), some.n);
	assert_true(pack_take(buf_str(&bytes), &got));
	assert_int_equal(got.n, some.n);
	assert_int_equal(got.stored, some.stored);
	assert_true(str_eq(got.frame, some.frame));
	for (unsigned i = 0; i < some.n; i++)
		assert_state(&got.states[i], &some.states[i]);
}

/* Cut off anywhere before the frame, or with any other byte: turned down, or within bounds. */
static void test_other_bytes(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct pack got;
	size_t head;

	(void)state;
	pack_put(&bytes, &some);
	head = bytes.len - some.frame.n - 10;
	for (size_t n = 0; n < head; n++)
		assert_false(pack_take((struct str){ bytes.data, n }, &got));
	for (size_t i = 0; i < bytes.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes.data[i] ^= (char)(1 << bit);
			if (pack_take(buf_str(&bytes), &got)) {
				assert_in_range(got.n, 1, PACK_STATES_MAX);
				assert_in_range(got.stored, 0, PACK_BYTES_MAX);
				assert_in_range(got.frame.n, 0, bytes.len);
			}
			bytes.data[i] ^= (char)(1 << bit);
		}
	assert_false(pack_take(STR(""), &got));
	assert_false(pack_take(((struct str){ "\0", 1 }), &got));
	assert_false(pack_take(((struct str){ "\x41", 1 }), &got));
}

static void test_names(void **state)
{
	static const char *const ids[] = { "",
					   "0",
					   "007",
					   "1704070595098",
					   "999999999999999999",
					   "1234567890123456789",
					   "-5",
					   "1e3" };
	char digits[STATE_NAME_DIGITS];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct state_name name = state_name_of(str_of(ids[i]), 1704070595000);

		assert_int_equal(name.is_text, i != 1 && i != 3 && i != 4);
		assert_true(
			str_is(state_name_text(&name, 1704070595000, digits), ids[i]));
	}
}

/* --- in a history -------------------------------------------------------------------------- */

static void make_body(char body[256], int i)
{
	(void)snprintf(body, 256,
		       "{\"configuration\":{\"description\":\"what all have in common\","
		       "\"n\":%d},\"resourceType\":\"AWS::EC2::SecurityGroup\"}",
		       i * 7919);
}

/* States `from` to `end` of sg-1; of each third what was received differs. */
static void put_states(struct history *h, int from, int end)
{
	begin(h);
	for (int i = from; i < end; i++) {
		char body[256], raw[280], id[16];
		struct item item;
		enum store_put put;

		make_body(body, i);
		(void)snprintf(raw, sizeof(raw), "not JSON %d %s", i, body);
		(void)snprintf(id, sizeof(id), i % 5 ? "%d" : "id-%d", i);
		item = item_of(GROUP, "sg-1", 1000 + i, id, body);
		item.raw = i % 3 ? item.body : str_of(raw);
		assert_int_equal(store_put_item(h->s, &item, 1, &put, NULL), 0);
		assert_int_equal(put, STORE_PUT_NEW);
	}
	commit(h);
}

static void assert_states(struct history *h, int n)
{
	for (int i = 0; i < n; i++) {
		char body[256], raw[280], id[16];
		struct state_head head;

		make_body(body, i);
		(void)snprintf(raw, sizeof(raw), "not JSON %d %s", i, body);
		(void)snprintf(id, sizeof(id), i % 5 ? "%d" : "id-%d", i);
		assert_int_equal(state_head(h->s, STATE(1, i + 1), &head), 0);
		assert_int_equal(head.resource, 1);
		assert_int_equal(head.capture_ms, 1000 + i);
		assert_true(str_is(head.state_id, id));
		assert_body(h, head.id, body);
		assert_raw(h, head.id, i % 3 ? body : raw);
	}
}

static void test_packed(void **state)
{
	struct history *h = *state;

	put_states(h, 0, 50);
	pack_resource(h, 1);
	/* Full ones, and what is left. */
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), packs_of(50));
	assert_int_equal(ask(h, "SELECT max(id) FROM state_pack"),
			 STATE(1, (packs_of(50) - 1) * PACK_STATES + 1));
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'unswept'"), 50);
	assert_states(h, 50);
	/* What is in packs already is not packed again. */
	pack_resource(h, 1);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'unswept'"), 50);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 0);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'unswept'"), 0);
	history_open(h, STORE_READ, 0);
	assert_states(h, 50);
	assert_sound(h);
}

/* One by one: each state is packed again a few times, and few are alone at any time. */
static void test_one_by_one(void **state)
{
	struct history *h = *state;
	int64_t packed = 0, alone = 0;

	for (int i = 0; i < 200; i++) {
		put_states(h, i, i + 1);
		pack_resource(h, 1);
		packed += ask(h, "SELECT coalesce(sum(length(bytes)), 0) FROM state_pack "
				 "WHERE id = (SELECT max(id) FROM state_pack)") *
			  (ask(h, "SELECT coalesce((SELECT n FROM counter "
				  "WHERE name = 'unswept'), 0)") > 0);
		sweep_all(h);
		alone = MAX(alone, ask(h, "SELECT count(*) FROM state"));
	}
	assert_in_range(alone, 1, 4);
	assert_in_range(packed, 1,
			8 * ask(h, "SELECT sum(length(bytes)) FROM state_pack"));
	assert_in_range(ask(h, "SELECT count(*) FROM state_pack"), packs_of(200) - 1,
			packs_of(200) + 1);
	assert_states(h, 200);
	assert_sound(h);
}

/* What is too large for one is in none, nor are its neighbours in one with it. */
static void test_large(void **state)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct history *h = *state;
	struct item item;

	buf_put_text(&body, "{\"a\":\"");
	for (size_t i = 0; i < PACK_BYTES; i++)
		buf_put_char(&body, (char)('a' + i * i % 23));
	buf_put_text(&body, "\"}");
	buf_put_char(&body, '\0');
	assert_int_equal(buf_error(&body), 0);
	put_states(h, 0, 3);
	item = item_of(GROUP, "sg-1", 2000, "1", body.data);
	assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	for (int i = 0; i < 2; i++) {
		item = item_of(GROUP, "sg-1", 3000 + i, "1", "{\"b\":1}");
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	}
	pack_resource(h, 1);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT id FROM state"), STATE(1, 4));
	assert_int_equal(ask(h, "SELECT max(id) FROM state_pack"), STATE(1, 5));
	assert_int_equal(ask(h, "SELECT min(id) FROM state_pack"), STATE(1, 1));
	assert_states(h, 3);
	assert_body(h, STATE(1, 4), body.data);
	assert_body(h, STATE(1, 6), "{\"b\":1}");
}

/* A copy of state `i` that tells more: of its body, or only of what was received. */
static void put_fuller(struct history *h, int i, bool of_body, char raw[280])
{
	char body[256], same[260], id[16];
	struct item item;

	make_body(body, i);
	(void)snprintf(same, sizeof(same), "%s%s", of_body ? " " : "", body);
	(void)snprintf(raw, 280, "%s: %s", of_body ? "otherwise again" : "otherwise",
		       body);
	(void)snprintf(id, sizeof(id), i % 5 ? "%d" : "id-%d", i);
	item = item_of(GROUP, "sg-1", 1000 + i, id, same);
	item.raw = str_of(raw);
	assert_int_equal(put_item(h, &item),
			 of_body ? STORE_PUT_FULLER : STORE_PUT_KNOWN);
}

/* A pack that was made before another state came, or one was replaced, is left out. */
static void test_made_before(void **state)
{
	struct store_story story = { .dirty = { .resource = 1 } };
	struct history *h = *state;
	char raw[280];

	put_states(h, 0, 5);
	pack_resource(h, 1);
	put_states(h, 5, 10);
	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	assert_int_equal(story.n_packs, 1);
	assert_int_equal(story.packs[0].n, 10);
	assert_int_equal(story.packs[0].merged, 5);
	/* The pack that it would take the place of tells something else, or is gone. */
	put_fuller(h, 2, false, raw);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 1);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	commit(h);
	assert_raw(h, STATE(1, 3), raw);
	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	put_fuller(h, 2, true, raw);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 0);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 0);
	assert_raw(h, STATE(1, 3), raw);
	/* So is what was put into one meanwhile. */
	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	pack_resource(h, 1);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 1);
	assert_raw(h, STATE(1, 3), raw);
}

/* A state that was alone all the time, but was told again. */
static void test_made_before_copy(void **state)
{
	struct store_story story = { .dirty = { .resource = 1 } };
	struct history *h = *state;
	char raw[280];

	put_states(h, 0, 5);
	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	assert_int_equal(story.n_packs, 1);
	put_fuller(h, 2, false, raw);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 0);
	assert_raw(h, STATE(1, 3), raw);
	pack_resource(h, 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 1);
	sweep_all(h);
	assert_raw(h, STATE(1, 3), raw);
}

/* A pack that is put and taken apart before its rows are swept: they are the states now. */
static void test_dissolved_before_sweep(void **state)
{
	struct history *h = *state;
	char raw[280], body[256];

	put_states(h, 0, 5);
	pack_resource(h, 1);
	put_fuller(h, 2, true, raw);
	assert_int_equal(ask(h, "SELECT count(*) FROM state_pack"), 0);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 5);
	assert_raw(h, STATE(1, 3), raw);
	make_body(body, 4);
	assert_body(h, STATE(1, 5), body);
	pack_resource(h, 1);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 0);
	assert_raw(h, STATE(1, 3), raw);
	assert_body(h, STATE(1, 5), body);
}

/* A process that was killed before it swept leaves rows that another one finds; what is undone does not
   make any be swept. */
static void test_swept_by_another(void **state)
{
	struct store_story story = { .dirty = { .resource = 1 } };
	struct history *h = *state;

	put_states(h, 0, 600);
	pack_resource(h, 1);
	put_states(h, 600, 601);
	history_open(h, STORE_WRITE, 0);
	put_states(h, 601, 620);
	assert_int_equal(store_packs_make(h->s, &h->a, &story), 0);
	assert_true(story.n_packs > 0);
	begin(h);
	assert_int_equal(packs_put(h->s, &story), 0);
	store_rollback(h->s);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 20);
	assert_int_equal(ask(h, "SELECT n FROM counter WHERE name = 'unswept'"), 0);
	assert_states(h, 620);
	assert_sound(h);
}

/* Fewer rows than are alone: deleted one by one. */
static void test_swept_few(void **state)
{
	struct history *h = *state;

	put_states(h, 0, 10);
	for (int i = 0; i < 40; i++) {
		char rid[16];
		struct item item;

		(void)snprintf(rid, sizeof(rid), "sg-%d", 10 + i);
		item = item_of(GROUP, rid, 1000, "1", "{}");
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
	}
	pack_resource(h, 1);
	history_open(h, STORE_WRITE, 0);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 40);
	assert_states(h, 10);
}

/* Pages that are free are given back. */
static void test_given_back(void **state)
{
	struct history *h = *state;
	int64_t pages;

	put_states(h, 0, 4000);
	pages = ask(h, "PRAGMA page_count");
	pack_resource(h, 1);
	sweep_all(h);
	assert_in_range(ask(h, "PRAGMA freelist_count"), 0, pages / 32);
	assert_true(ask(h, "PRAGMA page_count") < pages);
	history_open(h, STORE_READ, 0);
	assert_states(h, 4000);
	assert_sound(h);
}

/* The bytes of the only pack: read (NULL), or these. */
static void pack_bytes(struct history *h, struct buf *ret, struct str bytes)
{
	sqlite3_stmt *q = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    ret ? "SELECT bytes FROM state_pack"
						: "UPDATE state_pack SET bytes = ?1",
					    -1, &q, NULL),
			 SQLITE_OK);
	if (!ret)
		assert_int_equal(sqlite3_bind_blob64(q, 1, bytes.p, bytes.n, NULL),
				 SQLITE_OK);
	assert_int_equal(sqlite3_step(q), ret ? SQLITE_ROW : SQLITE_DONE);
	if (ret)
		buf_put_str(ret, col_str(q, 0));
	(void)sqlite3_finalize(q);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static unsigned damaged_states(struct history *h)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	unsigned damaged = 0;

	for (int n = 1; n <= 6; n++) {
		int r;

		buf_reset(&out);
		r = store_state_body(h->s, STATE(1, n), &out);
		assert_true(r == 0 || r == STORE_E_DAMAGED || r == STORE_E_NOT_FOUND);
		damaged += r == STORE_E_DAMAGED;
		if (r == STORE_E_DAMAGED)
			assert_non_null(strstr(store_message(h->s), "cannot be decoded"));
	}
	return damaged;
}

/* A pack that is cut, or has another byte anywhere: each of its states is read or called damaged. */
static void test_damaged(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct history *h = *state;
	unsigned damaged = 0;

	put_states(h, 0, 6);
	pack_resource(h, 1);
	sweep_all(h);
	history_open(h, STORE_READ, 0);
	pack_bytes(h, &bytes, STR_NULL);
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] ^= (char)(1 + i % 200);
		pack_bytes(h, NULL, buf_str(&bytes));
		damaged += damaged_states(h);
		bytes.data[i] ^= (char)(1 + i % 200);
	}
	assert_in_range(damaged, bytes.len, 6 * bytes.len);
	for (size_t i = 0; i < bytes.len; i++) {
		pack_bytes(h, NULL, (struct str){ bytes.data, i });
		assert_true(damaged_states(h) > 0);
	}
	pack_bytes(h, NULL, buf_str(&bytes));
	assert_states(h, 6);
}

/* What cannot be decoded stays where it is, and keeps no others out. */
static void test_damaged_alone(void **state)
{
	struct history *h = *state;

	put_states(h, 0, 40);
	assert_int_equal(
		ask(h, "UPDATE state SET body = x'0102030405' WHERE capture_ms = 1020 "
		       "RETURNING capture_ms"),
		1020);
	pack_resource(h, 1);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state WHERE capture_ms = 1020"), 1);
	assert_in_range(ask(h, "SELECT count(*) FROM state"), 1, 6);
	assert_states(h, 20);
}

/* A row with a number that no pack can tell is in none, nor are those beside it lost. */
static void test_damaged_numbers(void **state)
{
	struct history *h = *state;

	put_states(h, 0, 5);
	assert_int_equal(
		ask(h,
		    "UPDATE state SET kind = -7 WHERE capture_ms = 1002 RETURNING kind"),
		-7);
	pack_resource(h, 1);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 5);
	assert_int_equal(
		ask(h, "UPDATE state SET kind = 0, state_id = -9223372036854775807 - 1 "
		       "WHERE capture_ms = 1002 RETURNING kind"),
		0);
	pack_resource(h, 1);
	sweep_all(h);
	assert_states(h, 2);
}

/* Packs that no resource has hide no states; one that cannot be read leaves the rows there are. */
static void test_damaged_ids(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	struct history *h = *state;

	put_states(h, 0, 5);
	pack_resource(h, 1);
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(ask(h, "UPDATE state_pack SET id = -9223372036854775807 - 1 "
				"RETURNING dictionary"),
			 0);
	assert_states(h, 5);
	assert_int_equal(ask(h, "UPDATE state_pack SET id = 1048577, bytes = x'05' "
				"RETURNING dictionary"),
			 0);
	sweep_all(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 5);
	assert_int_equal(store_state_body(h->s, STATE(1, 1), &bytes), STORE_E_DAMAGED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes), cmocka_unit_test(test_other_bytes),
		cmocka_unit_test(test_names), CASE(test_packed),
		CASE(test_one_by_one),        CASE(test_large),
		CASE(test_made_before),       CASE(test_swept_by_another),
		CASE(test_swept_few),         CASE(test_given_back),
		CASE(test_damaged),           CASE(test_damaged_alone),
		CASE(test_made_before_copy),  CASE(test_dissolved_before_sweep),
		CASE(test_damaged_numbers),   CASE(test_damaged_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
