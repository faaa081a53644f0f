/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger, refusals and notices; a source run twice counts once. */
#include <stdlib.h>

#include <sqlite3.h>

#include "history.h"
#include "private.h"
#include "schema/schema.h"
#include "source_name.h"

static int64_t start(struct history *h, const char *name, uint64_t size)
{
	struct store_source source = { .name = str_of(name),
				       .size = size,
				       .version = 77 };
	int64_t id = 0;

	assert_int_equal(store_source_start(h->s, &source, &id), 0);
	return id;
}

static void test_ledger(void **state)
{
	const struct store_counts counts = { .items = 3, .duplicates = 2 };
	struct history *h = *state;
	struct store_source found;
	int64_t id;

	assert_int_equal(store_source_find(h->s, STR("/a"), &found), STORE_E_NOT_FOUND);
	begin(h);
	id = start(h, "/a", 100);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_int_equal(found.id, id);
	assert_int_equal(found.size, 100);
	assert_int_equal(found.version, 77);
	assert_false(found.finished);
	begin(h);
	assert_int_equal(store_source_finish(h->s, id, &counts, 5000), 0);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_true(found.finished);
	begin(h);
	assert_int_equal(start(h, "/a", 200), id);
	commit(h);
	assert_int_equal(store_source_find(h->s, STR("/a"), &found), 0);
	assert_false(found.finished);
	assert_int_equal(found.size, 200);
}

static void refuse(struct history *h, int64_t source, uint64_t offset, struct str bytes)
{
	struct fault f;

	fault_set(&f, offset, "eventTime", "is no time");
	assert_int_equal(store_put_refusal(h->s, source, &f, bytes, bytes.n), 0);
}

static void test_refusals(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct history *h = *state;
	struct store_refusal list[8];
	struct store_totals totals;
	int64_t id;
	size_t n;

	begin(h);
	id = start(h, "/a", 1);
	refuse(h, id, 10, STR("{\"bad\":\0}"));
	refuse(h, id, 10, STR("{\"bad\":\0}"));
	refuse(h, id, FAULT_NO_OFFSET, STR("one"));
	refuse(h, id, FAULT_NO_OFFSET, STR("two"));
	refuse(h, id, 11, STR_NULL);
	assert_int_equal(store_count_notice(h->s, id, STR("digest"), 2), 0);
	assert_int_equal(store_count_notice(h->s, id, STR("digest"), 3), 0);
	commit(h);
	assert_int_equal(store_refusals(h->s, 0, &h->a, list, 3, &n), 0);
	assert_int_equal(n, 3);
	assert_true(str_is(list[0].source, "/a"));
	assert_true(str_is(list[0].field, "eventTime"));
	assert_true(str_is(list[0].reason, "is no time"));
	assert_int_equal(list[0].offset, 10);
	assert_int_equal(list[0].length, 9);
	assert_true(list[1].offset == FAULT_NO_OFFSET);
	assert_int_equal(store_refusals(h->s, list[2].id, &h->a, list + 3, 3, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(store_refusal_bytes(h->s, list[0].id, &out), 0);
	assert_true(str_eq(buf_str(&out), STR("{\"bad\":\0}")));
	assert_int_equal(store_refusal_bytes(h->s, 12345, &out), STORE_E_NOT_FOUND);
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.refused, 4);
	assert_int_equal(totals.notices, 5);
	assert_int_equal(totals.sources, 1);
}

/* Cut off and run again, or changed and read again: what it refused before is forgotten. */
static void test_started_again(void **state)
{
	struct history *h = *state;
	struct store_totals totals;
	struct store_refusal list[8];
	size_t n;

	for (int i = 0; i < 3; i++) {
		int64_t id;

		begin(h);
		id = start(h, "/a", 1);
		refuse(h, id, 10, STR("bytes"));
		assert_int_equal(store_count_notice(h->s, id, STR("digest"), 1), 0);
		commit(h);
	}
	assert_int_equal(store_totals(h->s, &totals), 0);
	assert_int_equal(totals.refused, 1);
	assert_int_equal(totals.notices, 1);
	assert_int_equal(totals.sources, 1);
	assert_int_equal(store_refusals(h->s, 0, &h->a, list, 8, &n), 0);
	assert_int_equal(n, 1);
	/* The row is a new one: its id is not the old one's. */
	assert_int_equal(list[0].id, 3);
}

static void test_long_refusal(void **state)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT, out = BUF_INIT;
	struct history *h = *state;
	struct store_refusal row;
	size_t n;

	for (size_t i = 0; i < (3 << 20); i++)
		buf_put_char(&bytes, (char)(i * 7 + i / 1000));
	begin(h);
	refuse(h, start(h, "/a", 1), 0, buf_str(&bytes));
	commit(h);
	assert_int_equal(store_refusals(h->s, 0, &h->a, &row, 1, &n), 0);
	assert_int_equal(row.length, 3 << 20);
	assert_int_equal(store_refusal_bytes(h->s, row.id, &out), 0);
	assert_int_equal(out.len, 1 << 20);
	assert_memory_equal(out.data, bytes.data, out.len);
}

/* --- names --------------------------------------------------------------------------------- */

/* Cut by hand: folder|stem|tail. */
static const char *const cut_names[] = {
	"||",
	"||a",
	"/x/||a.json.gz",
	"s3://b/AWSLogs/1/|1_Config_eu-west-1_ConfigHistory_AWS::EC2::VPC_|20240110T014641Z_2.json",
	"/20240101/|1_CloudTrail_|20240110T0150Z_x.json.gz",
	"/x/||20240110T0150Z.json",
	"/x/|a_|123456789",
	"/x/||a-12345678_1234567_b",
	"/x/|_|12345678",
};

static void test_cut_names(void **state _unused_)
{
	for (size_t i = 0; i < ARRAY_SIZE(cut_names); i++) {
		_cleanup_(buf_deinit) struct buf name = BUF_INIT, cut = BUF_INIT;
		struct source_name parts;

		for (const char *p = cut_names[i]; *p; p++)
			if (*p != '|')
				buf_put_char(&name, *p);
		parts = source_name_cut(buf_str(&name));
		buf_printf(&cut, "%.*s|%.*s|%.*s", STR_ARGS(parts.folder),
			   STR_ARGS(parts.stem), STR_ARGS(parts.tail));
		buf_put_char(&cut, '\0');
		assert_int_equal(buf_error(&cut), 0);
		assert_string_equal(cut.data, cut_names[i]);
	}
}

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* A history of version 8, with sources and states; the last of each is gone again. */
static void make_old(const char *path)
{
	sqlite3 *db = NULL;
	size_t n;
	const struct migration *m = schema_migrations(&n);

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA application_id = 1148347988");
	for (size_t i = 0; i < n && m[i].version <= 8; i++)
		for (const char *const *sql = m[i].sql; *sql; sql++)
			run(db, *sql);
	run(db,
	    "PRAGMA user_version = 8;"
	    "INSERT INTO source(name, size, version, finished, items) VALUES"
	    "('/a/b_20240101T0102Z.json', 7, 8, 1, 9), ('/a/c', 1, 2, 0, 3),"
	    "('b_20240101T0102Z.json', 4, 5, 1, 6), ('gone', 0, 0, 0, 0);"
	    "DELETE FROM source WHERE name = 'gone';"
	    "INSERT INTO folder(parent, name, account, newest_ms) VALUES(0, '1', '1', 1);"
	    "INSERT INTO resource(folder, rid, fname, keyframe, deltas) "
	    "VALUES(1, 'r', 'r', 0, 0);"
	    "INSERT INTO state(resource, capture_ms, state_id, guise, status, source, "
	    "content_hash, body_len, raw_len, body) SELECT 1, key, value, 4, 0, 1, 0, 6, 6, "
	    "x'00583100007265636f7264' FROM json_each('[\"\", \"0\", \"007\", "
	    "\"1704070595098\", \"123456789012345678901\", \"-5\", \"1e3\", \"x\", "
	    "\"gone\"]');"
	    "DELETE FROM state WHERE state_id = 'gone';");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_brought_up(void **state)
{
	static const char *const ids[] = {
		"", "0", "007", "1704070595098", "123456789012345678901", "-5", "1e3", "x"
	};
	struct history *h = *state;
	struct store_source found;

	make_old(h->path);
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(store_source_find(h->s, STR("/a/b_20240101T0102Z.json"), &found),
			 0);
	assert_int_equal(found.id, 1);
	assert_int_equal(found.size, 7);
	assert_int_equal(found.version, 8);
	assert_true(found.finished);
	assert_int_equal(store_source_find(h->s, STR("b_20240101T0102Z.json"), &found),
			 0);
	assert_int_equal(found.id, 3);
	assert_int_equal(store_source_find(h->s, STR("/a/c"), &found), 0);
	assert_int_equal(store_source_find(h->s, STR("/a/"), &found), STORE_E_NOT_FOUND);
	/* An id is not given twice. */
	begin(h);
	assert_int_equal(start(h, "/a/d", 1), 5);
	commit(h);
	/* All are in one pack; ids read as they did, whichever are kept as numbers. */
	assert_int_equal(ask(h, "SELECT count(*) FROM state"), 0);
	assert_int_equal(ask(h, "SELECT id FROM state_pack"), STATE(1, 1));
	assert_int_equal(ask(h, "SELECT last FROM resource"), ARRAY_SIZE(ids));
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct state_head head;

		assert_int_equal(state_head(h->s, STATE(1, i + 1), &head), 0);
		assert_int_equal(head.capture_ms, i);
		assert_true(str_is(head.state_id, ids[i]));
		assert_raw(h, head.id, "record");
	}
	assert_sound(h);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_ledger),
		CASE(test_refusals),
		CASE(test_started_again),
		CASE(test_long_refusal),
		cmocka_unit_test(test_cut_names),
		cmocka_unit_test_setup_teardown(test_brought_up, history_setup_closed,
						history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
