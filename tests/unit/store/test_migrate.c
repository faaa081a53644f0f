/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new history is made at once, an old one rung by rung: both must come to the same. Tables, columns,
 * indexes, references, triggers and rows are compared as SQLite tells them, since the texts of the two
 * differ: a table that was altered keeps the words of its first form.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "history.h"

#define TABLES "FROM sqlite_schema m JOIN "

/* What a schema comes to, but for its rows. */
static const char *const asked[] = {
	"PRAGMA application_id",
	"PRAGMA user_version",
	"PRAGMA page_size",
	"PRAGMA auto_vacuum",
	"SELECT name, type, ncol, wr, strict FROM pragma_table_list "
	"WHERE schema = 'main' ORDER BY name",
	"SELECT m.name, x.* " TABLES "pragma_table_xinfo(m.name) x "
	"WHERE m.type = 'table' ORDER BY m.name, x.cid",
	"SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_schema "
	"WHERE type = 'table' ORDER BY name",
	"SELECT m.name, i.name, i.\"unique\", i.origin, i.partial, x.* " TABLES
	"pragma_index_list(m.name) i JOIN pragma_index_xinfo(i.name) x "
	"WHERE m.type = 'table' ORDER BY m.name, i.name, x.seqno",
	"SELECT name, replace(sql, '\"', '') FROM sqlite_schema "
	"WHERE type IN ('index', 'trigger') AND sql NOT NULL ORDER BY name",
	"SELECT m.name, f.\"from\", f.\"table\", f.\"to\" " TABLES
	"pragma_foreign_key_list(m.name) f WHERE m.type = 'table' "
	"ORDER BY m.name, f.\"from\"",
};

/* Appends what a query gives, a line a row. Returns how many. */
static unsigned tell(sqlite3 *db, const char *sql, struct buf *out)
{
	sqlite3_stmt *q = NULL;
	unsigned n = 0;
	int rc;

	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		n++;
		for (int i = 0; i < sqlite3_column_count(q); i++) {
			const unsigned char *text = sqlite3_column_text(q, i);

			buf_printf(out, "%s|", text ? (const char *)text : "NULL");
		}
		buf_put_char(out, '\n');
	}
	assert_int_equal(rc, SQLITE_DONE);
	(void)sqlite3_finalize(q);
	return n;
}

/* The rows of all tables. An id that was never given is as good as none. */
static void tell_rows(sqlite3 *db, struct buf *out)
{
	sqlite3_stmt *q = NULL;

	assert_int_equal(sqlite3_prepare_v2(db,
					    "SELECT name FROM sqlite_schema "
					    "WHERE type = 'table' ORDER BY name",
					    -1, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(q, 0);
		char sql[128];

		buf_printf(out, "%s:\n", name);
		(void)snprintf(sql, sizeof(sql), "SELECT * FROM \"%s\" %s", name,
			       strcmp(name, "sqlite_sequence") ? "" : "WHERE seq > 0");
		(void)tell(db, sql, out);
	}
	(void)sqlite3_finalize(q);
}

static void tell_all(const char *path, struct buf *out)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		assert_true(tell(db, asked[i], out) > 0);
	tell_rows(db, out);
	buf_put_char(out, '\0');
	assert_int_equal(buf_error(out), 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_fresh_is_climbed(void **state)
{
	_cleanup_(buf_deinit) struct buf fresh = BUF_INIT, climbed = BUF_INIT;
	struct history *h = *state;

	history_open(h, STORE_WRITE, 0);
	history_close(h);
	tell_all(h->path, &fresh);
	assert_int_equal(unlink(h->path), 0);

	history_make_first(h);
	history_open(h, STORE_WRITE, 0);
	history_close(h);
	tell_all(h->path, &climbed);
	assert_string_equal(fresh.data, climbed.data);
}

/* A text that was altered has comments within, or none: of a new history each CREATE is as written. */
static void test_fresh_is_readable(void **state)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	struct history *h = *state;
	sqlite3 *db = NULL;

	history_open(h, STORE_WRITE, 0);
	history_close(h);
	assert_int_equal(sqlite3_open_v2(h->path, &db, SQLITE_OPEN_READONLY, NULL),
			 SQLITE_OK);
	assert_int_equal(tell(db,
			      "SELECT name, sql FROM sqlite_schema WHERE type = 'table' "
			      "AND name NOT LIKE 'sqlite%' AND (sql LIKE '%/*%' "
			      "OR sql NOT LIKE '%(' || char(10, 9) || '-- %')",
			      &out),
			 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fresh_is_climbed,
						history_setup_closed, history_teardown),
		cmocka_unit_test_setup_teardown(test_fresh_is_readable,
						history_setup_closed, history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
