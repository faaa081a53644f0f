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
	/* a queue: what is in it is what is to be done */
	{ Q_SPREAD_DELETE, "spread" },
	{ Q_GATHERED, "gathered" },
	{ Q_LATE_CLEAR_TO, "activity_late" },
	/* stepped by a listing, from where it left off until its buffer is full */
	{ Q_IDS, "r" },
	{ Q_IDS_FROM, "resource" },
	{ Q_ARNS, "n" },
	{ Q_REFUSALS, "r" },
	/* ... or from one resource to the next few, while these are what is looked for */
	{ Q_EDGES_FROM, "e" },
	/* once in the life of a history: when metrics are asked for */
	{ Q_ARRIVALS_OF_BEFORE, "v" },
	/* when states went into packs, as many as those or more: what is there of it is swept */
	{ Q_STATES_IDS, "state" },
	/* meant to be walked whole: status/coverage.tsv and gaps.tsv tell of every day */
	{ Q_DAYS, "day_coverage" },
	{ Q_TRAILS_STOPPED_DUE, "trail_gap" },
	/* ... and the sizes of the estate's inventories are sums over each resource in each folder */
	{ Q_AT_PARENTS, "folder" },
	{ Q_AT_ESTATE, "resource" },
	/* ... and the busiest resources of all are found in each of them */
	{ Q_CHURN_OTHERS, "resource" },
	/* ... or once instead of more searches than would take as long: see named.c */
	{ Q_MENTIONS, "mention" },
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

/* Only a limit of the statement itself counts, not one of a query in parentheses. */
static bool is_limited(const char *sql)
{
	int depth = 0;

	for (; *sql; sql++) {
		depth += (*sql == '(') - (*sql == ')');
		if (depth == 0 && str_starts(str_of(sql), " LIMIT "))
			return true;
	}
	return false;
}

/*
 * The table that a step of a plan walks, or NULL: one that is scanned, or searched from a point
 * to its end (no column is equal to anything) by a statement that sets itself no limit.
 */
static const char *walked(const char *detail, const char *sql, char table[64])
{
	bool scan = sscanf(detail, "SCAN %63s", table) == 1;
	bool search = sscanf(detail, "SEARCH %63s", table) == 1;

	/* Nothing, or a table of which another file makes the rows: those that are equal to something. */
	if (scan && (strstr(detail, "CONSTANT ROW") ||
		     (strstr(detail, "VIRTUAL TABLE") && strstr(detail, "=?"))))
		return NULL;
	if (scan && !is_gathered(table))
		return table;
	if (!search || strstr(detail, "=?") || is_limited(sql))
		return NULL;
	return strstr(detail, ">?") && strstr(detail, "<?") ? NULL : table;
}

/* Sorted, or sought in an index made for the one time. */
static bool is_gathered_first(const char *detail)
{
	return strstr(detail, "B-TREE FOR ORDER BY") || strstr(detail, "AUTOMATIC");
}

/* The first step that walks or sorts more than `may` allows; NULL: there is none. */
static const char *fault_of(struct history *h, const char *sql,
			    bool (*may)(void *ctx, const char *table), void *ctx)
{
	_cleanup_(buf_deinit) struct buf explain = BUF_INIT;
	const char *fault = NULL;
	sqlite3_stmt *q = NULL;

	buf_printf(&explain, "EXPLAIN QUERY PLAN %s", sql);
	assert_int_equal(sqlite3_prepare_v2(h->s->db, explain.data, (int)explain.len, &q,
					    NULL),
			 SQLITE_OK);
	while (!fault && sqlite3_step(q) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(q, 3);
		char name[64];
		const char *table = walked(detail, sql, name);

		if (is_gathered_first(detail) || (table && !may(ctx, table)))
			fault = arena_str(&h->a, str_of(detail)).p;
	}
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	return fault;
}

struct allowance {
	enum statement id;
	bool *used;
};

static bool is_allowed(void *ctx, const char *table)
{
	const struct allowance *a = ctx;

	return may_walk(a->id, table, a->used);
}

static void assert_plan(struct history *h, enum statement id, bool used[])
{
	struct allowance a = { id, used };
	const char *fault = fault_of(h, statement_sql(id), is_allowed, &a);

	if (fault)
		fail_msg("%s: %s", statement_name(id), fault);
}

static bool never(void *ctx, const char *table)
{
	(void)ctx;
	(void)table;
	return false;
}

/* What this test is to find, it finds. */
static void test_faults(void **state)
{
	static const char *const bad[] = {
		"SELECT rid FROM resource",
		"SELECT max(body_len) FROM state",
		"SELECT id FROM event_block WHERE id > ?1",
		"SELECT id FROM event_block WHERE id > (SELECT id FROM source LIMIT 1) ORDER BY id",
		"SELECT r.id FROM resource r JOIN state n ON n.source = r.id WHERE r.id = ?1",
		"SELECT state FROM shown WHERE resource = ?1 ORDER BY twin",
		"SELECT id FROM resource WHERE folder = ?1 ORDER BY last",
		"UPDATE resource SET last = 0",
		"DELETE FROM entry WHERE kind = ?1",
		"INSERT INTO dirty(resource, from_ms) SELECT id, 0 FROM resource WHERE true "
		"ON CONFLICT DO NOTHING",
	};
	static const char *const good[] = {
		"SELECT rid FROM resource WHERE id = ?1",
		"SELECT state FROM shown WHERE resource = ?1 ORDER BY capture_ms DESC, twin DESC",
		"SELECT id FROM event_block WHERE id > ?1 ORDER BY id LIMIT ?2",
		"SELECT id FROM event_block WHERE id > ?1 AND id < ?2",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!fault_of(*state, bad[i], never, NULL))
			fail_msg("not found: %s", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(fault_of(*state, good[i], never, NULL));
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

/* A statement of a trigger, with a number for each value of the row that fires it. */
static void put_fired(struct buf *out, struct str sql)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_";

	buf_reset(out);
	for (size_t i = 0; i < sql.n; i++) {
		struct str rest = str_from(sql, i);

		if (str_starts(rest, "old.") || str_starts(rest, "new.")) {
			buf_put_char(out, '1');
			for (i += 4; i < sql.n && strchr(letters, sql.p[i]); i++)
				;
			i--;
		} else {
			buf_put_char(out, sql.p[i]);
		}
	}
	buf_put_char(out, '\0');
	assert_int_equal(buf_error(out), 0);
}

/* What a trigger does is in no plan of the statement that fires it. */
static int assert_trigger(struct history *h, const char *sql)
{
	_cleanup_(buf_deinit) struct buf fired = BUF_INIT;
	const char *at = strstr(sql, "BEGIN"), *end;
	int n = 0;

	assert_non_null(at);
	for (at += strlen("BEGIN"); (end = strchr(at, ';')); at = end + 1, n++) {
		const char *fault;

		put_fired(&fired, (struct str){ at, (size_t)(end - at) });
		fault = fault_of(h, fired.data, never, NULL);
		if (fault)
			fail_msg("%s: %s", fired.data, fault);
	}
	return n;
}

static void test_triggers(void **state)
{
	struct history *h = *state;
	sqlite3_stmt *q = NULL;
	int n = 0;

	assert_int_equal(sqlite3_prepare_v2(h->s->db,
					    "SELECT sql FROM sqlite_schema "
					    "WHERE type = 'trigger'",
					    -1, &q, NULL),
			 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW)
		n += assert_trigger(h, (const char *)sqlite3_column_text(q, 0));
	assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
	assert_true(n > 0);
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
		CASE(test_plans),      CASE(test_faults),   CASE(test_triggers),
		CASE(test_parameters), CASE(test_comments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
