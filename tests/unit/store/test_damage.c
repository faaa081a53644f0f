/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that are damaged: bytes of every packed column are changed or cut off, one column of one
 * row at a time, and all is read. What comes is what was there, or something else of the right
 * length, or an error that names the row: never a crash, never memory of others.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "history.h"
#include "posting.h"
#include "private.h"
#include "store/at.h"
#include "store/timeline.h"

#define STATES 20u
#define EVENTS 40u
#define ROUNDS 12u /* damages of each column */

static const char *const columns[][2] = {
	{ "state", "body" },       { "state", "raw" },
	{ "state", "body_len" },   { "state", "kind" },
	{ "state", "dictionary" }, { "state", "state_id" },
	{ "state_pack", "bytes" }, { "state_pack", "dictionary" },
	{ "shape", "text" },       { "shape", "len" },
	{ "event_block", "body" }, { "event_block", "rows" },
	{ "event_block", "ids" },  { "event_block", "dictionary" },
	{ "mention", "places" },   { "event_key", "places" },
	{ "shown_run", "states" }, { "timeline", "lines" },
};

/* A change each, of the one resource. */
static void tell(struct history *h)
{
	struct store_entry entries[STATES];
	struct store_shown shown[STATES];
	struct store_state states[64];
	const struct store_story story = { .dirty = { 1, 1000 },
					   .entries = entries,
					   .n_entries = STATES,
					   .shown = shown,
					   .n_shown = STATES };

	assert_int_equal(states_of(h, 1, states), STATES);
	for (size_t i = 0; i < STATES; i++) {
		entries[i] = (struct store_entry){ .time_ms = states[i].time_ms,
						   .kind = STORE_ENTRY_CHANGE,
						   .ref = states[i].id,
						   .previous = i ? states[i - 1].id : 0,
						   .reason = REASON_NO_TRAIL,
						   .why = i % 5 ? STR_NULL : STR("why"),
						   .text_len = 300,
						   .line_len = 100 };
		shown[i] = (struct store_shown){ .state = states[i].id,
						 .time_ms = states[i].time_ms,
						 .size = states[i].size,
						 .csv_len = 200 };
	}
	begin(h);
	assert_int_equal(store_put_story(h->s, &story), 0);
	commit(h);
}

static void fill(struct history *h)
{
	char body[256], raw[256], id[48];

	for (unsigned i = 0; i < STATES; i++) {
		struct item item;

		(void)snprintf(body, sizeof(body),
			       "{\"configuration\":{\"n\":%u,\"p\":\"%u\"},"
			       "\"configurationStateId\":%u,\"version\":\"1.3\"}",
			       i / 3, i * 7919 % 101, 1000 + i);
		(void)snprintf(raw, sizeof(raw),
			       "{\"version\":\"1.3\",%s\"configurationStateId\":%u,"
			       "\"configuration\":{\"p\":\"%u\",\"n\":%u}}",
			       i % 7 ? "" : " ", 1000 + i, i * 7919 % 101, i / 3);
		(void)snprintf(id, sizeof(id), "%u", 1000 + i);
		item = item_of(GROUP, "sg-1", 1000 * (int64_t)(i + 1), id, body);
		item.raw = str_of(raw);
		assert_int_equal(put_item(h, &item), STORE_PUT_NEW);
		/* Some of them are in a pack, the others alone. */
		if (i == STATES / 2)
			pack_resource(h, 1);
	}
	sweep_all(h);
	tell(h);
	for (unsigned i = 0; i < EVENTS; i++) {
		uint64_t token = TOKEN(7);
		struct event e;

		(void)snprintf(id, sizeof(id),
			       i % 4 ? "%08x-0000-4000-8000-0123456789ab" : "event-%u",
			       i);
		(void)snprintf(raw, sizeof(raw), "{\"eventID\":\"%s\",\"x\":%u}", id,
			       i * i);
		e = event_of(id, 1000 + i);
		assert_int_equal(put_event(h, &e, raw, &token, 1), STORE_PUT_NEW);
	}
}

static int count(void *ctx, const struct posting *p _unused_, bool *more _unused_)
{
	++*(unsigned *)ctx;
	return 0;
}

static void expect(struct history *h, int r)
{
	if (r && r != STORE_E_NOT_FOUND) {
		assert_int_equal(r, STORE_E_DAMAGED);
		assert_true(store_message(h->s)[0] != '\0');
	}
}

/* How many of all reads gave something. */
static unsigned read_all(struct history *h)
{
	struct store_entry *entries;
	unsigned good = 0, n = 0;
	struct store_line after = { 0 }, lines[2 * STATES];
	size_t n_entries, n_lines;
	int r;

	for (int64_t id = 1; id <= (int64_t)MAX(STATES, EVENTS); id++) {
		_cleanup_(buf_deinit) struct buf body = BUF_INIT, raw = BUF_INIT,
						 event = BUF_INIT;

		r = store_state_body(h->s, STATE(1, id), &body);
		expect(h, r);
		good += !r;
		r = store_state_raw(h->s, STATE(1, id), &raw);
		expect(h, r);
		good += !r;
		r = store_event_body(h->s, id, &event);
		expect(h, r);
		good += !r;
	}
	r = store_story(h->s, 1, &h->a, &entries, &n_entries);
	expect(h, r);
	good += r ? 0 : (unsigned)n_entries;
	r = store_timeline(h->s, &after, INT64_MAX, lines, ARRAY_SIZE(lines), &n_lines);
	expect(h, r);
	good += r ? 0 : (unsigned)n_lines;
	r = postings_each(h->s, POSTING_MENTION, 7, INT64_MIN, INT64_MAX, count, &n);
	expect(h, r);
	for (int64_t part = 0; part < 256; part++) {
		r = postings_each(h->s, POSTING_KEY, part, INT64_MIN, INT64_MAX, count,
				  &n);
		expect(h, r);
	}
	return good + n;
}

static void exec(sqlite3 *db, const char *sql)
{
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* Changes bytes of a blob, or what a number is; of one row in its turn. */
static void damage(sqlite3_context *c, int n _unused_, sqlite3_value **args)
{
	uint64_t chance =
		(uint64_t)sqlite3_value_int64(args[1]) * UINT64_C(0x9e3779b97f4a7c15);
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	size_t len;

	chance ^= chance >> 31;
	if (sqlite3_value_type(args[0]) != SQLITE_BLOB) {
		sqlite3_result_int64(c, chance % 4 == 0 ? (int64_t)(chance / 4 % 50)
					: chance % 4 == 1
						? sqlite3_value_int64(args[0]) + 1
					: chance % 4 == 2 ? (int64_t)(chance >> 1)
							  : -(int64_t)(chance >> 1));
		return;
	}
	len = (size_t)sqlite3_value_bytes(args[0]);
	buf_put(&b, sqlite3_value_blob(args[0]), len);
	if (chance % 4 == 0)
		b.len = chance / 4 % (len + 1);
	else if (chance % 4 == 1)
		buf_put_text(&b, "\xff\xff\xff");
	else if (len)
		b.data[chance / 4 % len] ^= (char)(1u << chance / 1024 % 8);
	sqlite3_result_blob64(c, b.len ? b.data : "", b.len, SQLITE_TRANSIENT);
}

static void test_every_column(void **state)
{
	struct history *h = *state;
	unsigned whole, lost = 0;

	fill(h);
	history_open(h, STORE_READ, 0);
	whole = read_all(h);
	assert_int_equal(whole, 4 * STATES + 3 * EVENTS);
	for (unsigned i = 0; i < ARRAY_SIZE(columns) * ROUNDS; i++) {
		const char *table = columns[i / ROUNDS][0];
		const char *column = columns[i / ROUNDS][1];
		sqlite3 *db = NULL;
		bool list = strcmp(column, "places") == 0;
		const char *key = list ? "event" : "id";
		char sql[256];

		if (strcmp(table, "shown_run") == 0)
			key = "resource";
		else if (strcmp(table, "timeline") == 0)
			key = "first";
		history_close(h);
		assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_create_function(db, "damage", 2, SQLITE_UTF8,
							 NULL, damage, NULL, NULL),
				 SQLITE_OK);
		(void)snprintf(
			sql, sizeof(sql),
			"CREATE TABLE saved AS SELECT %s AS k, %s AS v FROM %s "
			"WHERE %s NOT NULL ORDER BY %s LIMIT 1 OFFSET %u %% max(1, "
			"(SELECT count(%s) FROM %s))",
			key, column, table, column, key, i * 5, column, table);
		exec(db, sql);
		(void)snprintf(sql, sizeof(sql),
			       "UPDATE %s SET %s = damage(%s, %u) WHERE %s IN "
			       "(SELECT k FROM saved)",
			       table, column, column, i + 1, key);
		exec(db, sql);
		history_open(h, STORE_READ, 0);
		lost += read_all(h) < whole;
		history_close(h);
		(void)snprintf(sql, sizeof(sql),
			       "UPDATE %s SET %s = (SELECT v FROM saved) WHERE %s IN "
			       "(SELECT k FROM saved); DROP TABLE saved",
			       table, column, key);
		exec(db, sql);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);
		history_open(h, STORE_READ, 0);
	}
	assert_int_equal(read_all(h), whole);
	/* Lengths always tell. Of a body that is as long as before nothing does, nor of a guise. */
	assert_true(lost > ARRAY_SIZE(columns) * ROUNDS * 2 / 5);
}

/* A block is gone: its events are damaged where they are named, the others are there. */
static void test_block_missing(void **state)
{
	struct history *h = *state;
	int64_t first, after, ids[EVENTS], event;
	sqlite3 *db = NULL;
	char id[48];
	size_t n, expected = 0;

	fill(h);
	history_close(h);
	assert_int_equal(sqlite3_open(h->path, &db), SQLITE_OK);
	history_open(h, STORE_READ, 0);
	first = ask(h, "SELECT id FROM event_block ORDER BY id LIMIT 1 OFFSET 1");
	after = ask(h, "SELECT id FROM event_block ORDER BY id LIMIT 1 OFFSET 2");
	exec(db, "DELETE FROM event_block WHERE id = "
		 "(SELECT id FROM event_block ORDER BY id LIMIT 1 OFFSET 1)");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	assert_int_equal(events_down(h->s, EVENTS, ids, EVENTS, &n), 0);
	for (int64_t e = EVENTS; e > 0; e--)
		if (e < first || e >= after)
			assert_int_equal(ids[expected++], e);
	assert_int_equal(n, expected);
	assert_true(n < EVENTS);
	(void)snprintf(id, sizeof(id),
		       (first - 1) % 4 ? "%08x-0000-4000-8000-0123456789ab" : "event-%u",
		       (unsigned)first - 1);
	assert_int_equal(store_event_find(h->s, str_of(id), &event), STORE_E_DAMAGED);
}

static int note_account(void *ctx, int64_t account, const struct store_at_row *row)
{
	assert_int_equal(row->resource, 1);
	*(int64_t *)ctx = account;
	return 0;
}

/* Folders whose account is not there: what is beneath them belongs to nobody. */
static void test_folders(void **state)
{
	struct history *h = *state;
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{}");
	int64_t account = 0;

	put_item(h, &item);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_at_estate(h->s, 1000, note_account, &account), 0);
	assert_int_equal(account, ask(h, "SELECT id FROM folder WHERE parent = 0"));
	account = 0;
	assert_int_equal(store_at_estate(h->s, 999, note_account, &account), 0);
	assert_int_equal(account, 0);
	history_close(h);
	(void)ask(h, "UPDATE folder SET id = id + 1000000000000 WHERE parent = 0 "
		     "RETURNING 0");
	history_open(h, STORE_READ, 0);
	expect(h, store_at_estate(h->s, 1000, note_account, &account));
	assert_int_equal(store_at_estate(h->s, 1000, note_account, &account),
			 STORE_E_DAMAGED);
	assert_int_equal(account, 0);
}

static int read_list(struct history *h)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;

	return sql_get(h->s, Q_SHOWN_NEWEST, ARGS(INT(1)), &q);
}

/* A row is lost, read by its own or by a statement, where SQLite itself has nothing to say. */
static void test_row_lost(void **state)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct history *h = *state;
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{}");

	put_item(h, &item);
	assert_int_equal(ask(h, "UPDATE state SET body_len = -1 RETURNING 1"), 1);
	assert_int_equal(ask(h, "UPDATE shown_run SET states = x'ff' RETURNING 1"), 1);
	history_open(h, STORE_READ, 0);
	assert_int_equal(store_read_begin(h->s), 0);
	assert_int_equal(store_state_body(h->s, state_first(1), &body), STORE_E_DAMAGED);
	assert_string_equal(store_message(h->s), "state 1048577 cannot be decoded");
	assert_true(store_is_row_lost(h->s, STORE_E_DAMAGED));
	assert_int_equal(read_list(h), STORE_E_DAMAGED);
	assert_non_null(strstr(store_message(h->s),
			       "the list of states of resource 1 cannot be decoded"));
	assert_true(store_is_row_lost(h->s, STORE_E_DAMAGED));
	assert_true(store_is_row_lost(h->s, STORE_E_NOT_FOUND));
	assert_true(store_is_row_lost(h->s, -EBADMSG));
	assert_false(store_is_row_lost(h->s, 0));
	assert_false(store_is_row_lost(h->s, -EIO));
	assert_false(store_is_row_lost(h->s, -ENOMEM));
	assert_false(store_is_row_lost(h->s, STORE_E_FULL));
	/* As SQLite says it of the file: all that is read of it is doubtful, until the next view. */
	assert_int_equal(sql_fail(h->s, SQLITE_CORRUPT, "read"), STORE_E_DAMAGED);
	assert_false(store_is_row_lost(h->s, STORE_E_DAMAGED));
	assert_false(store_is_row_lost(h->s, -EBADMSG));
	store_read_end(h->s);
	assert_int_equal(store_read_begin(h->s), 0);
	assert_string_equal(store_message(h->s), "");
	assert_true(store_is_row_lost(h->s, STORE_E_DAMAGED));
	store_read_end(h->s);
	history_open(h, STORE_WRITE, 0);
	assert_int_equal(sql_fail(h->s, SQLITE_CORRUPT, "read"), STORE_E_DAMAGED);
	assert_false(store_is_row_lost(h->s, STORE_E_DAMAGED));
	begin(h);
	assert_string_equal(store_message(h->s), "");
	assert_true(store_is_row_lost(h->s, STORE_E_DAMAGED));
	store_rollback(h->s);
}

static int64_t groups(struct history *h)
{
	return ask(h, "SELECT count(*) FROM resource");
}

/* A transaction goes on without a row that it only reads, in whichever way; not where a put has failed by
   it, nor SQLite. */
static void test_row_lost_in_a_transaction(void **state)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct history *h = *state;
	struct item item = item_of(GROUP, "sg-1", 1000, "1", "{}"), other = item;
	struct store_shown shown = { .state = state_first(1), .time_ms = 1000 };
	const struct store_story story = { .dirty = { 1, 1000 },
					   .shown = &shown,
					   .n_shown = 1 };
	enum store_put put;

	put_item(h, &item);
	assert_int_equal(ask(h, "UPDATE state SET body_len = -1 RETURNING 1"), 1);
	assert_int_equal(ask(h, "UPDATE shown_run SET states = x'ff' RETURNING 1"), 1);
	other.id = STR("sg-2");
	begin(h);
	assert_int_equal(store_state_body(h->s, state_first(1), &body), STORE_E_DAMAGED);
	assert_int_equal(read_list(h), STORE_E_DAMAGED);
	assert_int_equal(store_put_item(h->s, &other, 1, &put, &h->ousted), 0);
	assert_int_equal(store_commit(h->s), 0);
	assert_int_equal(groups(h), 2);
	other.id = STR("sg-3");
	begin(h);
	assert_int_equal(store_put_item(h->s, &other, 1, &put, &h->ousted), 0);
	assert_int_equal(store_put_story(h->s, &story), STORE_E_DAMAGED);
	assert_true(store_is_row_lost(h->s, STORE_E_DAMAGED));
	assert_int_equal(store_put_item(h->s, &other, 1, &put, &h->ousted),
			 STORE_E_DAMAGED);
	assert_int_equal(store_commit(h->s), STORE_E_DAMAGED);
	assert_int_equal(groups(h), 2);
	begin(h);
	assert_int_equal(store_put_item(h->s, &other, 1, &put, &h->ousted), 0);
	assert_int_equal(sql_fail(h->s, SQLITE_CORRUPT, "read"), STORE_E_DAMAGED);
	assert_int_equal(store_commit(h->s), STORE_E_DAMAGED);
	assert_int_equal(groups(h), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_block_missing, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_every_column, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_folders, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_row_lost, history_setup,
						history_teardown),
		cmocka_unit_test_setup_teardown(test_row_lost_in_a_transaction,
						history_setup, history_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
