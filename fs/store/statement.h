/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Statements: a table per connection, prepared on first use. Arguments are typed values, rows
 * are read by column. Every failure of SQLite becomes the store's code and message here.
 */

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/str.h"

struct store;

enum statement {
#define X(name, sql) Q_##name,
#include "statement_list.h"
#undef X
	STATEMENT_COUNT
};

const char *statement_sql(enum statement id);
const char *statement_name(enum statement id);

enum sql_type {
	SQL_NULL,
	SQL_INT,
	SQL_TEXT,
	SQL_BLOB,
};

struct sql_arg {
	enum sql_type type;
	int64_t i;
	struct str s; /* must live until the statement is done */
};

#define NUL     ((struct sql_arg){ .type = SQL_NULL })
#define INT(v)  ((struct sql_arg){ .type = SQL_INT, .i = (int64_t)(v) })
#define TEXT(v) ((struct sql_arg){ .type = SQL_TEXT, .s = (v) })
#define BLOB(v) ((struct sql_arg){ .type = SQL_BLOB, .s = (v) })
/* An id where 0 stands for none. */
#define REF(v) ((struct sql_arg){ .type = (v) ? SQL_INT : SQL_NULL, .i = (int64_t)(v) })

/* The arguments ?1, ?2 ... of a call below; all of a statement's must be given. */
#define ARGS(...)                                \
	(const struct sql_arg[]){ __VA_ARGS__ }, \
		ARRAY_SIZE(((const struct sql_arg[]){ __VA_ARGS__ }))
#define NO_ARGS NULL, 0

/* Runs to its end, rows ignored. */
int sql_run(struct store *s, enum statement id, const struct sql_arg *args,
	    size_t n) _must_check_;
/* Binds; rows come by sql_next(). The caller ends it: _cleanup_(sql_endp) sqlite3_stmt *q = NULL. */
int sql_open(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	     sqlite3_stmt **ret) _must_check_;
int sql_next(struct store *s, sqlite3_stmt *q, bool *ret_row) _must_check_;
/* Binds and steps to the first row; STORE_E_NOT_FOUND when there is none. */
int sql_get(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	    sqlite3_stmt **ret) _must_check_;
/* Has it a row? */
int sql_exists(struct store *s, enum statement id, const struct sql_arg *args, size_t n,
	       bool *ret) _must_check_;
void sql_endp(sqlite3_stmt **q);

/* Column i of the row; text and blobs live until the next step. */
static inline int64_t col_int(sqlite3_stmt *q, int i)
{
	return sqlite3_column_int64(q, i);
}
struct str col_str(sqlite3_stmt *q, int i);

/* Notes SQLite's failure rc: message, and the mark that stops a commit. Returns the code. */
int sql_fail(struct store *s, int rc, const char *doing) _must_check_;
