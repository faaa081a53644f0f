/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table `shown` of statements: a virtual one, each row a state of the runs. It is sought by the
 * resource, within times, and comes in their order, either way; the rest is up to SQLite. A statement
 * that would go through the states of all resources cannot be prepared.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "run.h"

enum column {
	RESOURCE,
	CAPTURE_MS,
	TWIN,
	STATE,
	SIZE,
	STATUS,
	IS_HIDDEN,
	NAME,
	ARN,
	TOLD
};

static const char declaration[] =
	"CREATE TABLE shown(resource INTEGER, capture_ms INTEGER, twin INTEGER, "
	"state INTEGER, size INTEGER, status INTEGER, hidden INTEGER, name TEXT, arn TEXT, "
	"told BLOB)";

/* Bits of a plan; those of arguments in the order of these. */
#define BY_RESOURCE 1
#define BY_FROM     2
#define BY_TO       4
#define AT          8 /* from and to are one argument */
#define DOWN        16

struct table {
	sqlite3_vtab base;
	struct store *s;
};

struct cursor {
	sqlite3_vtab_cursor base;
	struct run_cursor runs;
	const struct run_row *row;
	struct buf told; /* bytes of a column */
};

static int table_connect(sqlite3 *db, void *store, int n _unused_,
			 const char *const *args _unused_, sqlite3_vtab **ret,
			 char **error _unused_)
{
	int rc = sqlite3_declare_vtab(db, declaration);
	struct table *t;

	if (rc != SQLITE_OK)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t)
		return SQLITE_NOMEM;
	t->s = store;
	*ret = &t->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

/* --- plans --------------------------------------------------------------------------------- */

/* What a constraint is good for; 0: nothing. */
static int use_of(const struct sqlite3_index_constraint *c)
{
	if (!c->usable)
		return 0;
	if (c->iColumn == RESOURCE)
		return c->op == SQLITE_INDEX_CONSTRAINT_EQ ? BY_RESOURCE : 0;
	if (c->iColumn != CAPTURE_MS)
		return 0;
	switch (c->op) {
	case SQLITE_INDEX_CONSTRAINT_EQ:
		return BY_FROM | BY_TO;
	case SQLITE_INDEX_CONSTRAINT_GE:
	case SQLITE_INDEX_CONSTRAINT_GT:
		return BY_FROM;
	case SQLITE_INDEX_CONSTRAINT_LE:
	case SQLITE_INDEX_CONSTRAINT_LT:
		return BY_TO;
	default:
		return 0;
	}
}

/* By time, then twins, of one resource: *ret_down. */
static bool is_ordered(const sqlite3_index_info *info, bool *ret_down)
{
	int next = CAPTURE_MS;

	*ret_down = false;
	for (int i = 0; i < info->nOrderBy; i++) {
		const struct sqlite3_index_orderby *o = &info->aOrderBy[i];

		if (o->iColumn == RESOURCE)
			continue;
		if (o->iColumn != next || (next == TWIN && o->desc != *ret_down))
			return false;
		*ret_down = o->desc;
		next++;
	}
	return info->nOrderBy > 0;
}

/* What is told of it in EXPLAIN QUERY PLAN. */
static const char *text_of(int plan)
{
	switch (plan & (BY_RESOURCE | BY_FROM | BY_TO | AT)) {
	case BY_RESOURCE:
		return "resource=?";
	case BY_RESOURCE | BY_FROM:
		return "resource=? AND capture_ms>?";
	case BY_RESOURCE | BY_TO:
		return "resource=? AND capture_ms<?";
	case BY_RESOURCE | BY_FROM | BY_TO:
		return "resource=? AND capture_ms>? AND capture_ms<?";
	default:
		return "resource=? AND capture_ms=?";
	}
}

static int answer(sqlite3_index_info *info, int plan)
{
	info->idxNum = plan;
	info->idxStr = sqlite3_mprintf("%s", text_of(plan));
	info->needToFreeIdxStr = 1;
	info->estimatedRows = plan & AT ? 1 : plan & (BY_FROM | BY_TO) ? 5 : 10;
	info->estimatedCost = 10.0 + (double)info->estimatedRows;
	return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

/* What of a constraint is left SQLite looks at itself: whether a time is beyond, not at, another. */
static int table_plan(sqlite3_vtab *table _unused_, sqlite3_index_info *info)
{
	int from = -1, to = -1, resource = -1, plan = 0, n = 0;
	bool down;

	for (int i = 0; i < info->nConstraint; i++) {
		int use = use_of(&info->aConstraint[i]);
		bool both = use == (BY_FROM | BY_TO);

		resource = use & BY_RESOURCE ? i : resource;
		from = both || (use & BY_FROM && from < 0) ? i : from;
		to = both || (use & BY_TO && to < 0) ? i : to;
	}
	if (resource < 0)
		return SQLITE_CONSTRAINT;
	info->aConstraintUsage[resource].argvIndex = ++n;
	info->aConstraintUsage[resource].omit = 1;
	plan = BY_RESOURCE;
	if (from >= 0) {
		info->aConstraintUsage[from].argvIndex = ++n;
		plan |= BY_FROM;
	}
	if (to >= 0 && to != from)
		info->aConstraintUsage[to].argvIndex = ++n;
	plan |= to < 0 ? 0 : to == from ? BY_TO | AT : BY_TO;
	info->orderByConsumed = is_ordered(info, &down);
	return answer(info, plan | (info->orderByConsumed && down ? DOWN : 0));
}

/* --- rows ---------------------------------------------------------------------------------- */

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	struct cursor *c = calloc(1, sizeof(*c));

	if (!c)
		return SQLITE_NOMEM;
	c->runs = RUN_CURSOR(((struct table *)table)->s);
	*ret = &c->base;
	return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
	struct cursor *c = (struct cursor *)cursor;

	run_cursor_deinit(&c->runs);
	buf_deinit(&c->told);
	free(c);
	return SQLITE_OK;
}

/* The store's code as SQLite's, from which it is made again when the statement fails by it. */
static int result(struct cursor *c, int r)
{
	sqlite3_vtab *table = c->base.pVtab;

	if (!r)
		return SQLITE_OK;
	if (r == -ENOMEM)
		return SQLITE_NOMEM;
	sqlite3_free(table->zErrMsg);
	table->zErrMsg = sqlite3_mprintf("%s", c->runs.s->message);
	return r == STORE_E_DAMAGED ? SQLITE_CORRUPT_VTAB
	       : r == STORE_E_BUSY  ? SQLITE_BUSY
	       : r == -EINTR        ? SQLITE_INTERRUPT
				    : SQLITE_IOERR;
}

static int cursor_next(sqlite3_vtab_cursor *cursor)
{
	struct cursor *c = (struct cursor *)cursor;

	return result(c, run_next(&c->runs, &c->row));
}

static int cursor_filter(sqlite3_vtab_cursor *cursor, int plan, const char *text _unused_,
			 int n _unused_, sqlite3_value **args)
{
	struct cursor *c = (struct cursor *)cursor;
	int64_t from = INT64_MIN, to = INT64_MAX, resource;
	int r;

	resource = sqlite3_value_int64(*args++);
	if (plan & BY_FROM)
		from = sqlite3_value_int64(*args++);
	if (plan & BY_TO)
		to = plan & AT ? from : sqlite3_value_int64(*args);
	r = run_seek(&c->runs, resource, from, to, plan & DOWN);
	return r ? result(c, r) : cursor_next(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *cursor)
{
	return ((struct cursor *)cursor)->row == NULL;
}

static int put_text(sqlite3_context *context, struct str text)
{
	if (text.n) /* else NULL: none */
		sqlite3_result_text64(context, text.p, text.n, SQLITE_TRANSIENT,
				      SQLITE_UTF8);
	return SQLITE_OK;
}

static int put_told(sqlite3_context *context, struct cursor *c)
{
	buf_reset(&c->told);
	told_put(&c->told, &c->row->told);
	if (buf_error(&c->told))
		return SQLITE_NOMEM;
	if (c->told.len)
		sqlite3_result_blob64(context, c->told.data, c->told.len,
				      SQLITE_TRANSIENT);
	return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context,
			 int column)
{
	struct cursor *c = (struct cursor *)cursor;
	const struct run_row *row = c->row;
	const int64_t numbers[] = {
		[RESOURCE] = c->runs.resource,
		[CAPTURE_MS] = row->time_ms,
		[TWIN] = row->twin,
		[STATE] = row->state,
		[SIZE] = row->size,
		[STATUS] = row->status,
		[IS_HIDDEN] = row->hidden,
	};

	if (column == NAME)
		return put_text(context, row->name);
	if (column == ARN)
		return put_text(context, row->arn);
	if (column == TOLD)
		return put_told(context, c);
	sqlite3_result_int64(context, numbers[column]);
	return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
	*ret = ((struct cursor *)cursor)->row->state;
	return SQLITE_OK;
}

int run_table(struct store *s)
{
	/* Without a way to create one: it is there, in every schema, and stands in none. */
	static const sqlite3_module module = {
		.xConnect = table_connect,
		.xBestIndex = table_plan,
		.xDisconnect = table_disconnect,
		.xOpen = cursor_open,
		.xClose = cursor_close,
		.xFilter = cursor_filter,
		.xNext = cursor_next,
		.xEof = cursor_eof,
		.xColumn = cursor_column,
		.xRowid = cursor_rowid,
	};

	return sqlite3_create_module_v2(s->db, "shown", &module, s, NULL);
}
