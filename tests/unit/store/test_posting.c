/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Posting lists: whatever the order in which postings come, a list holds each once and in order;
 * and a history of before there were such lists is brought up with all it has.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "history.h"
#include "posting.h"
#include "private.h"
#include "schema/schema.h"
#include "store/activity.h"

#define MANY 3000

static void test_code(void **state _unused_)
{
	static const struct posting rows[] = {
		{ 7, -5, 3 },
		{ 7, -5, 9 },
		{ 7, 0, 1 },
		{ 7, 1000, 1 },
		{ 7, INT64_C(1700000000123), INT64_C(1) << 40 },
		{ 7, INT64_C(1700000001123), INT64_MAX },
		{ 8, -7000, 1 },
		{ 8, 3, 2 },
		{ 1000, INT64_C(1700000001001), 1 },
		{ INT64_C(1) << 48, 1, 1 },
	};
	_cleanup_(buf_deinit) struct buf places = BUF_INIT, out = BUF_INIT;

	posting_encode(&places, rows, ARRAY_SIZE(rows));
	assert_int_equal(posting_decode(&rows[0], buf_str(&places), &out), 0);
	assert_int_equal(out.len, sizeof(rows));
	assert_memory_equal(out.data, rows, sizeof(rows));
	/* Cut inside of a posting; a number that does not end; a key that is none, or too great. */
	assert_int_equal(posting_decode(&rows[0],
					(struct str){ places.data, places.len - 1 },
					&out),
			 -EBADMSG);
	assert_int_equal(posting_decode(&rows[0],
					STR("\xff\xff\xff\xff\xff\xff\xff\xff"
					    "\xff\xff\xff\xff"),
					&out),
			 -EBADMSG);
	assert_int_equal(posting_decode(&rows[0], STR("\x03\x02\x02"), &out), -EBADMSG);
	assert_int_equal(posting_decode(&(struct posting){ INT64_MAX, 1, 1 },
					STR("\x07\x02\x02"), &out),
			 -EBADMSG);
	/* An event that stands before one of the same time; of a later one it may be less. */
	assert_int_equal(posting_decode(&(struct posting){ 1, 1, 9 },
					(struct str){ "\0\1", 2 }, &out),
			 -EBADMSG);
	assert_int_equal(posting_decode(&(struct posting){ 1, 1, 9 }, STR("\x01\x01"),
					&out),
			 -EBADMSG);
	assert_int_equal(
		posting_decode(&(struct posting){ 1, 1, 9 }, STR("\x02\x01"), &out), 0);
}

static int collect(void *ctx, const struct posting *p, bool *more _unused_)
{
	buf_put(ctx, p, sizeof(*p));
	return buf_error(ctx);
}

static void assert_list(struct history *h, int64_t key, const struct posting *rows,
			size_t n)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	int64_t first, last;

	assert_int_equal(postings_each(h->s, POSTING_MENTION, key, INT64_MIN, INT64_MAX,
				       collect, &got),
			 0);
	assert_int_equal(got.len, n * sizeof(*rows));
	assert_memory_equal(got.data, rows, got.len);
	assert_int_equal(postings_span(h->s, POSTING_MENTION, key, &first, &last), 0);
	assert_int_equal(first, rows[0].time_ms);
	assert_int_equal(last, rows[n - 1].time_ms);
	/* From each eleventh on, up to each seventh behind it. */
	for (size_t i = 0; i < n; i += 11) {
		size_t to = MIN(i + i % 700, n - 1), from = i;

		while (from && rows[from - 1].time_ms == rows[i].time_ms)
			from--;
		while (to + 1 < n && rows[to + 1].time_ms == rows[to].time_ms)
			to++;
		buf_reset(&got);
		assert_int_equal(postings_each(h->s, POSTING_MENTION, key,
					       rows[i].time_ms, rows[to].time_ms, collect,
					       &got),
				 0);
		assert_int_equal(got.len, (to - from + 1) * sizeof(*rows));
		assert_memory_equal(got.data, rows + from, got.len);
	}
}

static void shuffle(struct posting *rows, size_t n, unsigned seed)
{
	for (size_t i = n; i-- > 1;) {
		size_t j;
		struct posting p = rows[i];

		seed = seed * 1103515245 + 12345;
		j = seed / 65536 % (i + 1);
		rows[i] = rows[j];
		rows[j] = p;
	}
}

/* Many of one millisecond, too, and batches of all sizes. */
static void test_any_order(void **state)
{
	struct history *h = *state;
	struct posting *all = calloc(MANY, sizeof(*all)), *mixed;
	struct posting other = { 41, 5, 5 };

	mixed = calloc(MANY, sizeof(*mixed));
	assert_non_null(all);
	assert_non_null(mixed);
	for (int i = 0; i < MANY; i++)
		all[i] = (struct posting){ 42, (i / 400) * 1000 + (i % 400 > 200 ? 7 : 0),
					   1000 + i * 3 };
	for (unsigned round = 0; round < 4; round++) {
		size_t step = (size_t[]){ MANY, 1, 40, 700 }[round];

		memcpy(mixed, all, MANY * sizeof(*all));
		if (round)
			shuffle(mixed, MANY, round);
		begin(h);
		assert_int_equal(sqlite3_exec(h->s->db, "DELETE FROM mention", NULL, NULL,
					      NULL),
				 SQLITE_OK);
		assert_int_equal(postings_put(h->s, POSTING_MENTION, &other, 1), 0);
		for (size_t at = 0; at < MANY; at += step) {
			size_t n = MIN(step, MANY - at);

			qsort(mixed + at, n, sizeof(*mixed), posting_order);
			assert_int_equal(
				postings_put(h->s, POSTING_MENTION, mixed + at, n), 0);
		}
		/* Once more: they are known. */
		assert_int_equal(postings_put(h->s, POSTING_MENTION, all, MANY), 0);
		assert_list(h, 42, all, MANY);
		assert_list(h, 41, &other, 1);
		commit(h);
		/* However they came, the rows are filled well. */
		assert_in_range(ask(h, "SELECT count(*) FROM mention"), 2, MANY / 64);
	}
	free(all);
	free(mixed);
}

/* --- many keys ----------------------------------------------------------------------------- */

/* One key with many, some with some, most with one. */
static void make_mixed(struct posting *all)
{
	for (int64_t i = 0; i < MANY; i++)
		all[i] = (struct posting){ i % 4 ? i % 3 ? 1 + i % 7 : 20
						 : 1000 + i * 37 % 5003,
					   i * 7919 % 90000 * (i % 5 ? 1000 : 1), i + 1 };
}

static void check_key(struct history *h, const struct posting *rows, size_t n)
{
	_cleanup_(buf_deinit) struct buf got = BUF_INIT;
	struct posting p;
	int64_t first, last;
	int r;

	assert_int_equal(postings_each(h->s, POSTING_ACTOR, rows[0].key, INT64_MIN,
				       INT64_MAX, collect, &got),
			 0);
	assert_int_equal(got.len, n * sizeof(*rows));
	assert_memory_equal(got.data, rows, got.len);
	assert_int_equal(postings_span(h->s, POSTING_ACTOR, rows[0].key, &first, &last),
			 0);
	assert_int_equal(first, rows[0].time_ms);
	assert_int_equal(last, rows[n - 1].time_ms);
	for (size_t i = 0; i < n; i += 13) {
		r = postings_as_of(h->s, POSTING_ACTOR, rows[0].key, rows[i].time_ms, &p);
		assert_int_equal(r, 0);
		assert_memory_equal(&p, &rows[i], sizeof(p));
	}
	r = postings_as_of(h->s, POSTING_ACTOR, rows[0].key, rows[0].time_ms - 1, &p);
	assert_int_equal(r, STORE_E_NOT_FOUND);
}

static void check_mixed(struct history *h, const struct posting *all, size_t n)
{
	int64_t first, last;

	for (size_t at = 0, k; at < n; at += k) {
		for (k = 1; at + k < n && all[at + k].key == all[at].key;)
			k++;
		check_key(h, all + at, k);
	}
	for (int64_t key = 8; key < 20; key++)
		assert_int_equal(postings_span(h->s, POSTING_ACTOR, key, &first, &last),
				 STORE_E_NOT_FOUND);
}

/* Postings of many keys, in batches of all sizes, and taken out again. */
static void test_many_keys(void **state)
{
	struct history *h = *state;
	struct posting *all = calloc(2 * MANY, sizeof(*all)), *mixed = all + MANY;
	size_t kept = 0;

	assert_non_null(all);
	make_mixed(all);
	qsort(all, MANY, sizeof(*all), posting_order);
	for (unsigned round = 0; round < 4; round++) {
		size_t step = (size_t[]){ MANY, 1, 40, 700 }[round];

		memcpy(mixed, all, MANY * sizeof(*all));
		if (round)
			shuffle(mixed, MANY, round);
		begin(h);
		assert_int_equal(sqlite3_exec(h->s->db, "DELETE FROM actor", NULL, NULL,
					      NULL),
				 SQLITE_OK);
		for (size_t at = 0; at < MANY; at += step) {
			size_t n = MIN(step, MANY - at);

			qsort(mixed + at, n, sizeof(*mixed), posting_order);
			assert_int_equal(postings_put(h->s, POSTING_ACTOR, mixed + at, n),
					 0);
		}
		assert_int_equal(postings_put(h->s, POSTING_ACTOR, all, MANY), 0);
		commit(h);
		check_mixed(h, all, MANY);
		assert_in_range(ask(h, "SELECT count(*) FROM actor"), MANY / 128,
				MANY / 50);
	}
	begin(h);
	for (size_t i = 0; i < MANY; i++) {
		if (i % 3)
			assert_int_equal(postings_remove(h->s, POSTING_ACTOR, &all[i]),
					 0);
		else
			mixed[kept++] = all[i];
	}
	check_mixed(h, mixed, kept);
	commit(h);
	free(all);
}

/* Behind a key that is long the rows stay full, whatever stands behind it. */
static void test_long_key(void **state)
{
	struct history *h = *state;
	struct posting p = { 9, 0, 1 };

	begin(h);
	assert_int_equal(postings_put(h->s, POSTING_ACTOR, &p, 1), 0);
	for (int64_t i = 1; i <= 20 * 128; i++) {
		p = (struct posting){ 5, i * 1000, i };
		assert_int_equal(postings_put(h->s, POSTING_ACTOR, &p, 1), 0);
	}
	commit(h);
	assert_int_equal(count_list(h, POSTING_ACTOR, 5), 20 * 128);
	assert_int_equal(count_list(h, POSTING_ACTOR, 9), 1);
	assert_in_range(ask(h, "SELECT count(*) FROM actor"), 20, 22);
}

/* A row that reaches behind the beginning of the next one is damaged. */
static void test_rows_overlap(void **state)
{
	static const struct posting rows[] = { { 1, 1000, 1 }, { 5, 1000, 1 } };
	struct history *h = *state;

	begin(h);
	assert_int_equal(postings_put(h->s, POSTING_ACTOR, rows, 2), 0);
	assert_int_equal(sqlite3_exec(h->s->db,
				      "INSERT INTO actor(token, time_ms, event, places) "
				      "VALUES(3, 0, 1, x'')",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(postings_put(h->s, POSTING_ACTOR, rows, 1), STORE_E_DAMAGED);
	assert_string_equal(store_message(h->s),
			    "the postings of actor from 1, 1000, 1 on are damaged");
	store_rollback(h->s);
}

struct hashes {
	int64_t ids[8];
	size_t n;
};

static int note(void *ctx, const struct posting *p, bool *more _unused_)
{
	struct hashes *found = ctx;

	assert_true(found->n < ARRAY_SIZE(found->ids));
	found->ids[found->n++] = p->event;
	return 0;
}

static uint64_t hash_of(size_t i)
{
	return i * UINT64_C(0x9e3779b97f4a7c15);
}

/* Of each hash: those whose number is not a multiple of seven, if `some`. */
static void assert_hashes(struct history *h, size_t n, bool some)
{
	for (size_t i = 1; i <= n; i++) {
		struct posting p = posting_of_hash(hash_of(i), 0);
		struct hashes found = { .n = 0 };

		assert_int_equal(postings_each(h->s, POSTING_ALIAS, p.key, p.time_ms,
					       p.time_ms, note, &found),
				 0);
		assert_int_equal(found.n, some && i % 7 == 0 ? 0
					  : i == 5 && some   ? 3
							     : 1);
		if (found.n == 1)
			assert_int_equal(found.ids[0], i);
	}
}

/* The places asked for, of which many are in no row, one is in two, and some are behind all. */
static void test_many_places(void **state)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT, places = BUF_INIT,
					 got = BUF_INIT, wanted = BUF_INIT;
	struct history *h = *state;

	for (int64_t i = 0; i < MANY; i++) {
		struct posting p = { i / 100, i % 100 / 3 * 7, i + 1 };

		/* Five hundred of one place: more than a row has. */
		if (i >= 1000 && i < 1500)
			p = (struct posting){ 10, 0, i + 1 };
		buf_put(&rows, &p, sizeof(p));
	}
	assert_int_equal(buf_error(&rows), 0);
	begin(h);
	postings_sort((struct posting *)rows.data, MANY);
	assert_int_equal(postings_put(h->s, POSTING_MENTION,
				      (const struct posting *)rows.data, MANY),
			 0);
	commit(h);
	/* All of them, each seventh, one, none. */
	for (int64_t step = 1; step < 10000; step *= 7) {
		const struct posting *row = (const struct posting *)rows.data;

		buf_reset(&places);
		buf_reset(&got);
		buf_reset(&wanted);
		for (int64_t k = step / 2 - 1; k < 35 * 240; k += step) {
			struct posting p = { k / 240, k % 240, 0 };

			buf_put(&places, &p, sizeof(p));
			for (size_t i = 0; i < MANY; i++)
				if (row[i].key == p.key && row[i].time_ms == p.time_ms)
					buf_put(&wanted, &row[i], sizeof(row[i]));
		}
		assert_int_equal(buf_error(&places), 0);
		assert_int_equal(buf_error(&wanted), 0);
		assert_int_equal(postings_of(h->s, POSTING_MENTION,
					     (const struct posting *)places.data,
					     places.len / sizeof(struct posting), collect,
					     &got),
				 0);
		assert_true(str_eq(buf_str(&got), buf_str(&wanted)));
		assert_true(step > 400 || got.len);
	}
	assert_int_equal(postings_of(h->s, POSTING_MENTION, NULL, 0, collect, &got), 0);
	/* A list that is empty. */
	buf_reset(&got);
	assert_int_equal(postings_of(h->s, POSTING_ACTOR, &(struct posting){ .key = 1 },
				     1, collect, &got),
			 0);
	assert_int_equal(got.len, 0);
}

#define HASHES 60000

/* Hashes with their upper bits: found, also what several have, and taken out again. */
static void test_hashes(void **state)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct history *h = *state;
	struct posting p;

	begin(h);
	for (size_t from = 1; from <= HASHES; from += 20000) {
		buf_reset(&rows);
		for (size_t i = from; i < from + 20000; i++) {
			p = posting_of_hash(hash_of(i), (int64_t)i);
			buf_put(&rows, &p, sizeof(p));
		}
		qsort(rows.data, 20000, sizeof(p), posting_order);
		assert_int_equal(postings_put(h->s, POSTING_ALIAS,
					      (const struct posting *)rows.data, 20000),
				 0);
	}
	commit(h);
	assert_hashes(h, HASHES, false);
	assert_in_range(ask(h, "SELECT sum(length(places)) FROM alias"), HASHES,
			HASHES * 7);
	begin(h);
	for (size_t i = 7; i <= HASHES; i += 7) {
		p = posting_of_hash(hash_of(i), (int64_t)i);
		assert_int_equal(postings_remove(h->s, POSTING_ALIAS, &p), 0);
		assert_int_equal(postings_remove(h->s, POSTING_ALIAS, &p), 0);
	}
	for (int64_t id = HASHES + 2; id-- > HASHES;) {
		p = posting_of_hash(hash_of(5), id);
		assert_int_equal(postings_put(h->s, POSTING_ALIAS, &p, 1), 0);
	}
	assert_hashes(h, HASHES, true);
	for (size_t i = 1; i <= HASHES; i++) {
		p = posting_of_hash(hash_of(i), (int64_t)i);
		assert_int_equal(postings_remove(h->s, POSTING_ALIAS, &p), 0);
	}
	commit(h);
	assert_int_equal(ask(h, "SELECT count(*) FROM alias"), 1);
}

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
}

/* A history of version 7, with a thousand events. */
static void make_old(const char *path)
{
	size_t n;
	const struct migration *m = schema_migrations(&n);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA application_id = 1148347988");
	for (size_t i = 0; i < n && m[i].version <= 7; i++)
		for (const char *const *sql = m[i].sql; *sql; sql++)
			run(db, *sql);
	run(db,
	    "PRAGMA user_version = 7;"
	    "INSERT INTO value VALUES(1, 1, 'x', 1000, 1000, 1, 1);"
	    "INSERT INTO counter VALUES('event row', 1000);"
	    /* zstd frames without magic: a raw block of "record" */
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
	    "INSERT INTO event SELECT i, CASE i WHEN 1 THEN "
	    "x'0123456789abcdef0123456789abcdef' ELSE 'id-' || i END, i * 500, 8, 1, i, "
	    "NULL, 6, x'00583100007265636f7264', 1, 1 FROM n;"
	    "INSERT INTO mention SELECT (id % 3) << 16, time_ms, id FROM event;"
	    "INSERT INTO mention SELECT -id << 16, time_ms, id FROM event;"
	    "INSERT INTO actor SELECT 9 << 16, time_ms, id FROM event;"
	    "INSERT INTO session SELECT id / 9 << 16, time_ms, id FROM event;"
	    "INSERT INTO activity SELECT 1, time_ms / 1000, time_ms % 1000 << 53 | id, id "
	    "FROM event;");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_brought_up(void **state)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct history *h = *state;
	struct posting rows[334];
	struct store_act acts[1001];
	int64_t event;
	size_t n = 0;

	make_old(h->path);
	history_open(h, STORE_WRITE, 0);
	for (int i = 1; i <= 1000; i++)
		if (i % 3 == 1)
			rows[n++] = (struct posting){ 1, i * 500, i };
	assert_list(h, 1, rows, n);
	for (int i = 1; i <= 1000; i++)
		assert_int_equal(
			count_token(h, POSTING_MENTION, UINT64_MAX - TOKEN(i) + 1), 1);
	assert_in_range(ask(h, "SELECT count(*) FROM mention"), 2000 / 128, 2000 / 100);
	assert_int_equal(count_token(h, POSTING_ACTOR, TOKEN(9)), 1000);
	for (int i = 1; i < 111; i++)
		assert_int_equal(count_token(h, POSTING_SESSION, TOKEN(i)), 9);
	assert_int_equal(ask(h, "SELECT count(*) FROM session"), (1000 + 127) / 128);
	assert_int_equal(store_event_find(h->s,
					  STR("01234567-89ab-cdef-0123-456789abcdef"),
					  &event),
			 0);
	assert_int_equal(event, 1);
	assert_int_equal(store_event_find(h->s, STR("id-777"), &event), 0);
	assert_int_equal(event, 777);
	assert_int_equal(
		store_activity(h->s, 1, &(struct store_act){ 0 }, acts, 1001, &n), 0);
	assert_int_equal(n, 1000);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(acts[i].event, i + 1);
	assert_int_equal(ask(h, "SELECT count(*) FROM event_block"), 1000);
	assert_sound(h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code),
		CASE(test_any_order),
		CASE(test_many_keys),
		CASE(test_long_key),
		CASE(test_rows_overlap),
		CASE(test_many_places),
		CASE(test_hashes),
		cmocka_unit_test_setup_teardown(test_brought_up, history_setup_closed,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
