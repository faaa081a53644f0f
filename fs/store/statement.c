/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statement table at work. A statement belongs to one caller at a time: opened, stepped,
 * ended (reset), which the cleanup attribute sees to. Bound bytes are not copied; they live
 * until the statement is ended.
 *
 * A failure inside a write transaction marks the transaction: a put is several statements, and
 * half a put must never be committed, whatever the caller does with the code. A row of ours that
 * cannot be decoded is no such failure: the put that needs it says whether it can do without.
 */
#include "statement.h"

#include <errno.h>
#include <stdio.h>

#include "private.h"

static const char *const texts[] = {
#define X(name, sql) [Q_##name] = sql,
#include "statement_list.h"
#undef X
};

static const char *const names[] = {
#define X(name, sql) [Q_##name] = #name,
#include "statement_list.h"
#undef X
};

const char *statement_sql(enum statement id)
{
	return texts[id];
}

const char *statement_name(enum statement id)
{
	return names[id];
}

/* A full disk is an outcome. The errno SQLite keeps may be an older failure's: else it is EIO. */
static int io_code(struct store *s)
{
	int e = sqlite3_system_errno(s->db);

	return e == ENOSPC || e == EDQUOT ? STORE_E_FULL : -EIO;
}

static int open_code(struct store *s)
{
	int e = sqlite3_system_errno(s->db);

	return e > 0 ? -e : -EIO;
}

static int code_of(struct store *s, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return STORE_E_FULL;
	case SQLITE_CORRUPT:
		return STORE_E_DAMAGED;
	case SQLITE_NOTADB:
		return STORE_E_NOT_HISTORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_E_BUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_IOERR:
		return io_code(s);
	case SQLITE_CANTOPEN:
		return open_code(s);
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_INTERRUPT:
		return -EINTR;
	case SQLITE_TOOBIG:
		return -EFBIG;
	default:
		return -EIO;
	}
}

int sql_fail(struct store *s, int rc, const char *doing)
{
	int code = code_of(s, rc);
	const char *text =
		code == STORE_E_FULL ? "the disk is full" : sqlite3_errmsg(s->db);

	(void)snprintf(s->message, sizeof(s->message), "%s%s%s: %s", s->who ? s->who : "",
		       s->who ? ": " : "", doing, text);
	/* Of a virtual table it is a row of ours. */
	if (rc == SQLITE_CORRUPT_VTAB)
		return code;
	s->failed = true;
	return written(s, code);
}

static int prepare(struct store *s, enum statement id)
{
	int rc = sqlite3_prepare_v3(s->db, texts[id], -1, SQLITE_PREPARE_PERSISTENT,
				    &s->statements[id], NULL);

	return rc == SQLITE_OK ? 0 : sql_fail(s, rc, names[id]);
}

static int bind(sqlite3_stmt *q, int i, const struct sql_arg *arg)
{
	const char *p = arg->s.p ? arg->s.p : "";

	switch (arg->type) {
	case SQL_INT:
		return sqlite3_bind_int64(q, i, arg->i);
	case SQL_TEXT:
		return sqlite3_bind_text64(q, i, p, arg->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case SQL_BLOB:
		return sqlite3_bind_blob64(q, i, p, arg->s.n, SQLITE_STATIC);
	case SQL_NULL:
	default:
		return sqlite3_bind_null(q, i);
	}
}

int sql_open(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	     sqlite3_stmt **ret)
{
	int rc = SQLITE_OK, r;
	sqlite3_stmt *q;

	if (!s->statements[id]) {
		/* An immutable file that could not be opened anew leaves no database. */
		r = s->db ? prepare(s, id) : -EIO;
		if (r)
			return r;
	}
	q = s->statements[id];
	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = bind(q, (int)i + 1, &args[i]);
	if (rc != SQLITE_OK)
		return sql_fail(s, rc, names[id]);
	*ret = q;
	return 0;
}

/* Statements are few: the name is wanted only when one fails. */
static const char *name_of(const struct store *s, const sqlite3_stmt *q)
{
	for (size_t i = 0; i < STATEMENT_COUNT; i++)
		if (s->statements[i] == q)
			return names[i];
	return "";
}

int sql_next(struct store *s, sqlite3_stmt *q, bool *ret_row)
{
	int rc = sqlite3_step(q);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return sql_fail(s, rc, name_of(s, q));
	*ret_row = rc == SQLITE_ROW;
	return 0;
}

int sql_get(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	    sqlite3_stmt **ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row;
	int r = sql_open(s, id, args, n, &q);

	if (!r)
		r = sql_next(s, q, &row);
	if (r)
		return r;
	if (!row)
		return STORE_E_NOT_FOUND;
	*ret = take_ptr(q);
	return 0;
}

int sql_exists(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	       bool *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, args, n, &q);

	*ret = r == 0;
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int sql_run(struct store *s, enum statement id, const struct sql_arg *args, size_t n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, id, args, n, &q);

	while (!r && row)
		r = sql_next(s, q, &row);
	return r;
}

void sql_endp(sqlite3_stmt **q)
{
	if (*q)
		(void)sqlite3_reset(*q);
}

struct str col_str(sqlite3_stmt *q, int i)
{
	/* The blob reading of a text is its bytes; asking for it first converts nothing. */
	const void *p = sqlite3_column_blob(q, i);

	return (struct str){ p, (size_t)sqlite3_column_bytes(q, i) };
}
