/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of every statement: nothing walks or sorts a table that grows with the history. */
#include <stdio.h>

#include "history.h"
#include "private.h"

/*
 * What may go through a table from one end to the other, or from somewhere to its end without a
 * limit: tables that are small by nature, and what is stepped by a reader that stops when it has
 * enough. A line that no plan needs any more fails the test.
 */
static const struct {
	enum statement id;
	const char *walks; /* the table, as the plan names it */
} allowed[] = {
	/* small by nature: a row an account, or a region and type of it */
	{ Q_TALLIES, "tally" },
	{ Q_TRAILS_GROWN, "trail" },
	{ Q_TRAILS_SPREAD, "trail" },
	{ Q_TRAILS_DUE, "trail_due" },
	{ Q_RECORDERS, "recorder" },
	/* a row a dictionary, a source of sync, a call that starts or stops a trail */
	{ Q_DICTIONARY_NEWEST, "dictionary" },
	{ Q_DICTIONARIES_DELETE, "dictionary" },
	{ Q_HEALTHS, "health" },
	{ Q_CONTROLS, "control" },
	/* the greatest of an index: one row */
	{ Q_FINISHED_LAST, "source" },
	/* a queue: what is in it is what is to be done */
	{ Q_SPREAD_DELETE, "spread" },
	/* stepped by a listing, from where it left off until its buffer is full */
	{ Q_IDS, "r" },
	{ Q_IDS_FROM, "resource" },
	{ Q_REFUSALS, "r" },
	/* meant to be walked whole: status/coverage.tsv and gaps.tsv tell of every day */
	{ Q_DAYS, "day_coverage" },
	{ Q_TRAILS_STOPPED_DUE, "trail_gap" },
};

static bool may_walk(enum statement id, const char *table, bool used[])
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].id == id && !strcmp(allowed[i].walks, table)) {
			used[i] = true;
			return true;
		}
	return false;
}

/* Has no plan. */
static bool is_command(const char *sql)
{
	static const char *const words[] = { "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_starts(str_of(sql), words[i]))
			return true;
	return false;
}

/* What the statement gathers itself (WITH RECURSIVE), and no table. */
static bool is_gathered(const char *table)
{
	return !strcmp(table, "up") || !strcmp(table, "beneath");
}

/*
 * The table that a step of a plan walks, or NULL: one that is scanned, or searched from a point
 * to its end (no column is equal to anything) by a statement that sets itself no limit.
 */
static const char *walked(const char *detail, const char *sql, char table[64])
{
	bool scan = sscanf(detail, "SCAN %63s", table) == 1;
	bool search = sscanf(detail, "SEARCH %63s", table) == 1;

	if (scan && strstr(detail, "CONSTANT ROW"))
		return NULL;
	if (scan && !is_gathered(table))
		return table;
	if (!search || strstr(detail, "=?") || strstr(sql, "LIMIT"))
		return NULL;
	return strstr(detail, ">?") && strstr(detail, "<?") ? NULL : table;
}

/* Sorted, or sought in an index made for the one time. */
static bool is_gathered_first(const char *detail)
{
	return strstr(detail, "B-TREE FOR ORDER BY") || strstr(detail, "AUTOMATIC");
}

static void assert_plan(struct history *h, enum statement id, bool used[])
{
	_cleanup_(buf_deinit) struct buf sql = BUF_INIT;
	sqlite3_stmt *q = NULL;

	buf_printf(&sql, "EXPLAIN QUERY PLAN %s", statement_sql(id));
	assert_int_equal(sqlite3_prepare_v2(h->s->db, sql.data, (int)sql.len, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(q, 3);
		char name[64];
		const char *table = walked(detail, statement_sql(id), name);

		if (is_gathered_first(detail) || (table && !may_walk(id, table, used)))
			fail_msg("%s: %s", statement_name(id), detail);
	}
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

static void test_plans(void **state)
{
	bool used[ARRAY_SIZE(allowed)] = { false };

	for (enum statement id = 0; id < STATEMENT_COUNT; id++)
		if (!is_command(statement_sql(id)))
			assert_plan(*state, id, used);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (!used[i])
			fail_msg("%s does not walk %s any more: take the line out",
				 statement_name(allowed[i].id), allowed[i].walks);
}

/* Each is named once, and takes ?1 ... ?n without a gap. */
static void test_parameters(void **state)
{
	struct history *h = *state;

	for (enum statement id = 0; id < STATEMENT_COUNT; id++) {
		sqlite3_stmt *q = NULL;
		int n;

		assert_int_equal(sqlite3_prepare_v2(h->s->db, statement_sql(id), -1, &q,
						    NULL),
				 SQLITE_OK);
		n = sqlite3_bind_parameter_count(q);
		for (int i = 1; i <= n; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "?%d", i);
			if (!sqlite3_bind_parameter_name(q, i))
				fail_msg("%s lacks %s", statement_name(id), name);
			assert_string_equal(sqlite3_bind_parameter_name(q, i), name);
		}
		assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	}
}

/* Every table says what its rows are: the schema of any history explains itself. */
static void test_comments(void **state)
{
	struct history *h = *state;
	sqlite3_stmt *q = NULL;
	int tables = 0;

	assert_int_equal(sqlite3_prepare_v2(h->s->db,
					    "SELECT name, sql FROM sqlite_schema WHERE "
					    "type = 'table' AND name NOT LIKE 'sqlite%'",
					    -1, &q, NULL),
			 SQLITE_OK);
	for (; sqlite3_step(q) == SQLITE_ROW; tables++) {
		const char *sql = (const char *)sqlite3_column_text(q, 1);
		const char *line = strchr(sql, '\n');

		/* The line after the name says what a row is. */
		assert_non_null(line);
		assert_true(str_starts(str_of(line), "\n\t-- "));
	}
	assert_true(tables > 20);
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, history_setup, history_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_plans),
		CASE(test_parameters),
		CASE(test_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
