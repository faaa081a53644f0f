/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of every statement: nothing scans or sorts a table that grows with the history. */
#include <stdio.h>

#include "history.h"
#include "private.h"

/* Sums by account, region and type, and the handful of dictionaries: few rows each. */
static bool may_scan(enum statement id)
{
	return id == Q_TALLIES || id == Q_TRAILS_GROWN || id == Q_TRAILS_SPREAD ||
	       id == Q_DICTIONARY_NEWEST;
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
static bool is_gathered(const char *detail)
{
	return !strcmp(detail, "SCAN up") || !strcmp(detail, "SCAN beneath");
}

static void assert_plan(struct history *h, enum statement id)
{
	_cleanup_(buf_deinit) struct buf sql = BUF_INIT;
	sqlite3_stmt *q = NULL;

	buf_printf(&sql, "EXPLAIN QUERY PLAN %s", statement_sql(id));
	assert_int_equal(sqlite3_prepare_v2(h->s->db, sql.data, (int)sql.len, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(q, 3);

		if (strstr(detail, "SCAN CONSTANT ROW") || is_gathered(detail))
			continue;
		if ((strstr(detail, "SCAN") && !may_scan(id)) ||
		    strstr(detail, "B-TREE FOR ORDER BY") || strstr(detail, "AUTOMATIC"))
			fail_msg("%s: %s", statement_name(id), detail);
	}
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
}

static void test_plans(void **state)
{
	for (enum statement id = 0; id < STATEMENT_COUNT; id++)
		if (!is_command(statement_sql(id)))
			assert_plan(*state, id);
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
