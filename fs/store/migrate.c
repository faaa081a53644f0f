/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the file one of ours, and of which version? And the way up the ladder of schema/ladder.c: each
 * rung in a transaction of its own together with its number, so that a migration that is cut off has
 * not happened. A new file begins at its end (schema/fresh.c).
 *
 * A file without any table and without marks is taken for an empty one: so is what a cut-off
 * first import leaves.
 */
#include <errno.h>
#include <stdio.h>

#include "private.h"
#include "schema/schema.h"

static int read_number(struct store *s, const char *sql, int64_t *ret)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(q, 0);
	(void)sqlite3_finalize(q);
	return rc == SQLITE_ROW ? 0 : sql_fail(s, rc, "read the header");
}

static int check_failed(struct store *s, int code, struct fault *f)
{
	const char *what = code == STORE_E_NOT_HISTORY ? "is not a driftfs history"
			   : code == STORE_E_DAMAGED   ? "is damaged"
						       : "cannot be read";

	fault_set(f, FAULT_NO_OFFSET, "", "%s (%s)", what, s->message);
	return code;
}

int migrate_check(struct store *s, int64_t *ret_version, struct fault *f)
{
	int64_t application = 0, version = 0, tables = 0;
	int r = read_number(s, "PRAGMA application_id", &application);

	*ret_version = 0;
	if (!r)
		r = read_number(s, "PRAGMA user_version", &version);
	if (!r)
		r = read_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r)
		return check_failed(s, r, f);
	if (application == 0 && version == 0 && tables == 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "is empty: nothing was imported yet");
		return STORE_E_OLDER;
	}
	if (application != SCHEMA_APPLICATION_ID || version < 1) {
		fault_set(f, FAULT_NO_OFFSET, "",
			  "is an SQLite database, but not a driftfs history");
		return STORE_E_NOT_HISTORY;
	}
	if (version > schema_version()) {
		fault_set(
			f, FAULT_NO_OFFSET, "",
			"was made by a newer driftfs (version %lld of the schema, known is %d)",
			(long long)version, schema_version());
		return STORE_E_NEWER;
	}
	*ret_version = version;
	if (version == schema_version())
		return 0;
	fault_set(
		f, FAULT_NO_OFFSET, "",
		"was made by an older driftfs: run an import, which brings it up to date");
	return STORE_E_OLDER;
}

static int run(struct store *s, const char *sql)
{
	int rc = sqlite3_exec(s->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sql_fail(s, rc, "migrate");
}

static int run_all(struct store *s, const char *const *sql)
{
	int r = 0;

	for (; *sql && !r; sql++)
		r = run(s, *sql);
	return r;
}

/* SQLite knows why, or it is memory. */
static int moved(struct store *s, int r)
{
	int rc = sqlite3_errcode(s->db);

	if (!r)
		return 0;
	return sql_fail(s, r == -ENOMEM || (rc & 0xff) == SQLITE_OK ? SQLITE_NOMEM : rc,
			"migrate");
}

/* The file is a history of that version now. */
static int mark(struct store *s, int version)
{
	char marks[128];

	(void)snprintf(marks, sizeof(marks),
		       "PRAGMA application_id = %d; PRAGMA user_version = %d;",
		       SCHEMA_APPLICATION_ID, version);
	return run(s, marks);
}

static int climb(struct store *s, const struct migration *m)
{
	int r = run_all(s, m->sql);

	if (!r && m->move)
		r = moved(s, m->move(s->db));
	if (!r && m->end)
		r = run_all(s, m->end);
	return r ? r : mark(s, m->version);
}

static int make_fresh(struct store *s)
{
	int r = 0;

	for (const char *const *const *part = schema_fresh(); *part && !r; part++)
		r = run_all(s, *part);
	return r ? r : mark(s, schema_version());
}

/* The next rung, or all at once where the file is new, in one transaction. The version is looked at
   again under its lock. */
static int migrate_some(struct store *s, const struct migration *ladder, size_t n,
			size_t *at)
{
	int64_t version = 0;
	int r = run(s, "BEGIN IMMEDIATE");

	if (r)
		return r;
	r = read_number(s, "PRAGMA user_version", &version);
	if (!r && version == 0) {
		r = make_fresh(s);
		*at = r ? *at : n;
	} else if (!r) {
		if (version < ladder[*at].version)
			r = climb(s, &ladder[*at]);
		*at += r == 0;
	}
	if (!r)
		r = run(s, "COMMIT");
	if (r && !sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int migrate(struct store *s, struct fault *f)
{
	size_t n, at = 0;
	const struct migration *ladder = schema_migrations(&n);
	int rc = migrate_functions(s->db);
	int r = rc == SQLITE_OK ? 0 : sql_fail(s, rc, "migrate");

	while (!r && at < n)
		r = migrate_some(s, ladder, n, &at);
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "its schema cannot be brought to version %d (%s)",
			  ladder[MIN(at, n - 1)].version, s->message);
	return r;
}
