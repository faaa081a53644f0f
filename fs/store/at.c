/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the estate at a moment. Resources are gone through in the order of their rows; the
 * state of each is the last one listed at or before the moment, found in its run.
 */
#include "store/at.h"

#include <errno.h>
#include <stdlib.h>

#include "model/name.h"
#include "private.h"
#include "run.h"

/* --- folders ------------------------------------------------------------------------------- */

static int folder_row(sqlite3_stmt *q, struct arena *a, struct store_at_folder *ret)
{
	bool is_region = col_int(q, 1) != STORE_ROOT && col_int(q, 6) == STORE_ROOT;

	*ret = (struct store_at_folder){ .id = col_int(q, 0),
					 .parent = col_int(q, 1),
					 .level = col_int(q, 1) == STORE_ROOT ? 1
						  : is_region                 ? 2
									      : 3,
					 .name = arena_str(a, col_str(q, 2)),
					 .newest_ms = col_int(q, 3),
					 .first_ms = col_int(q, 4),
					 .changed = (uint64_t)col_int(q, 5) };
	return ret->name.p ? 0 : -ENOMEM;
}

int store_at_folder_get(struct store *s, int64_t id, struct arena *a,
			struct store_at_folder *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_AT_FOLDER, ARGS(INT(id)), &q);
	return r ? r : folder_row(q, a, ret);
}

int store_at_folder_find(struct store *s, int64_t parent, struct str name,
			 struct arena *a, struct store_at_folder *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_AT_FOLDER_BY_NAME, ARGS(INT(parent), TEXT(name)), &q);
	return r ? r : folder_row(q, a, ret);
}

int store_at_folders(struct store *s, int64_t parent, int64_t time_ms, int64_t after,
		     struct arena *a, struct store_at_folder *ret, size_t n,
		     size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = sql_open(s, Q_AT_FOLDERS, ARGS(INT(parent), INT(after), INT(time_ms)),
			     &q);
	while (!r && *ret_n < n) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = folder_row(q, a, &ret[*ret_n]);
		++*ret_n;
	}
	return r;
}

int store_at_folder_behind(struct store *s, int64_t parent, int64_t time_ms,
			   int64_t after, struct arena *a, struct store_at_folder *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_AT_FOLDER_BEHIND,
			    ARGS(INT(parent), INT(after), INT(time_ms)), &q);
	return r ? r : folder_row(q, a, ret);
}

/* --- resources ----------------------------------------------------------------------------- */

int store_at_get(struct store *s, int64_t resource, int64_t time_ms,
		 struct store_at_state *ret)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row = NULL;
	int r = reading(s);

	if (!r)
		r = run_as_of(&c, resource, time_ms, false, &row);
	if (r)
		return r;
	if (item_status_is_deleted((enum item_status)row->status))
		return STORE_E_NOT_FOUND;
	*ret = (struct store_at_state){
		.resource = resource,
		.state = row->state,
		.time_ms = row->time_ms,
		.size = row->size,
		.measured = row->told.measured,
		.csv_len = row->told.csv_len,
		.jsonl_len = row->told.jsonl_len,
		.item_len = row->told.item_len,
	};
	return 0;
}

/* Of the statement's resources, which are in its first column, the next one that there was. */
static int next_at(struct store *s, sqlite3_stmt *q, int64_t time_ms,
		   struct store_at_state *ret, bool *ret_any)
{
	int r;

	do {
		r = sql_next(s, q, ret_any);
		if (!r && *ret_any)
			r = store_at_get(s, col_int(q, 0), time_ms, ret);
	} while (r == STORE_E_NOT_FOUND);
	return r;
}

/* One that is damaged is one: its name is listed. */
int store_at_any(struct store *s, int64_t folder, int64_t time_ms, bool *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct store_at_state st;
	int r = reading(s);

	if (!r)
		r = sql_open(s, Q_AT_BENEATH, ARGS(INT(folder), INT(time_ms)), &q);
	if (!r)
		r = next_at(s, q, time_ms, &st, ret);
	if (r == STORE_E_DAMAGED) {
		*ret = true;
		return 0;
	}
	return r;
}

int store_at_each(struct store *s, int64_t folder, int64_t time_ms, int64_t after,
		  bool (*visit)(void *ctx, const struct store_at_state *st), void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = reading(s);

	if (!r)
		r = sql_open(s, Q_AT_RESOURCES, ARGS(INT(folder), INT(after)), &q);
	while (!r) {
		struct store_at_state st;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = store_at_get(s, col_int(q, 0), time_ms, &st);
		if (r == STORE_E_NOT_FOUND) {
			r = 0;
			continue;
		}
		/* One resource's: the others of the folder are there. */
		if (r == STORE_E_DAMAGED) {
			st = (struct store_at_state){ .resource = col_int(q, 0),
						      .damaged = true };
			r = 0;
		}
		if (r)
			break;
		st.fname = col_str(q, 1);
		st.rid = col_str(q, 2);
		if (!visit(ctx, &st))
			break;
	}
	return r;
}

int store_at_changed(struct store *s, int64_t folder, int64_t changed_ms,
		     bool (*visit)(void *ctx, int64_t resource), void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = reading(s);

	if (!r)
		r = sql_open(s, Q_AT_RESOURCES_CHANGED,
			     ARGS(INT(folder), INT(changed_ms)), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row || !visit(ctx, col_int(q, 0)))
			break;
	}
	return r;
}

/* --- rosters ------------------------------------------------------------------------------- */

/* A resource, and its place by name. */
struct placed {
	int64_t resource;
	size_t place;
};

static int by_resource(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return (x->resource > y->resource) - (x->resource < y->resource);
}

static int read_placed(struct store *s, int64_t folder, int64_t after, size_t max,
		       struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct placed p = { 0 };
	bool row = true;
	int r = sql_open(s, Q_AT_ROSTER, ARGS(INT(folder), INT(after), INT(max)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		p.resource = col_int(q, 0);
		buf_put(ret, &p, sizeof(p));
		p.place++;
	}
	return r ? r : buf_error(ret);
}

static struct store_at_row row_of(const struct store_at_state *st)
{
	return (struct store_at_row){ .resource = st->resource,
				      .state = st->state,
				      .time_ms = st->time_ms,
				      .measured = st->measured,
				      .csv_len = st->csv_len,
				      .jsonl_len = st->jsonl_len,
				      .item_len = st->item_len };
}

/* Leaves out the rows of those that did not exist. */
static size_t close_up(struct store_at_row *rows, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].resource)
			rows[kept++] = rows[i];
	return kept;
}

int store_at_roster(struct store *s, int64_t folder, int64_t time_ms, int64_t after,
		    size_t max, struct store_at_row **ret, size_t *ret_n,
		    int64_t *ret_last)
{
	_cleanup_(buf_deinit) struct buf all = BUF_INIT;
	_cleanup_(freep) struct store_at_row *rows = NULL;
	struct placed *placed;
	size_t n;
	int r = reading(s);

	if (!r)
		r = read_placed(s, folder, after, max, &all);
	if (r)
		return r;
	placed = (struct placed *)all.data;
	n = all.len / sizeof(*placed);
	*ret_last = n == max ? placed[n - 1].resource : 0;
	rows = calloc(n + 1, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	if (n > 1)
		qsort(placed, n, sizeof(*placed), by_resource);
	for (size_t i = 0; i < n; i++) {
		struct store_at_state st;

		r = store_at_get(s, placed[i].resource, time_ms, &st);
		if (!r)
			rows[placed[i].place] = row_of(&st);
		else if (r != STORE_E_NOT_FOUND)
			return r;
	}
	*ret_n = close_up(rows, n);
	*ret = take_ptr(rows);
	return 0;
}

/* --- the estate ---------------------------------------------------------------------------- */

struct placed_folder {
	int64_t folder, account;
};

static int by_placed_folder(const void *a, const void *b)
{
	const struct placed_folder *x = a, *y = b;

	return (x->folder > y->folder) - (x->folder < y->folder);
}

/* In the order of their rows. */
static int account_of(struct store *s, const struct buf *folders, int64_t folder,
		      int64_t *ret)
{
	const struct placed_folder key = { folder, 0 }, *found = NULL;

	if (folders->len)
		found = bsearch(&key, folders->data, folders->len / sizeof(key),
				sizeof(key), by_placed_folder);
	if (!found)
		return body_damaged(s, "folder", folder);
	*ret = found->account;
	return 0;
}

/* The account of each folder; a folder is made behind the one it is in. */
static int read_accounts(struct store *s, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_AT_PARENTS, NO_ARGS, &q);

	while (!r) {
		struct placed_folder one;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		one.folder = one.account = col_int(q, 0);
		if (col_int(q, 1) != STORE_ROOT)
			r = account_of(s, ret, col_int(q, 1), &one.account);
		buf_put(ret, &one, sizeof(one));
		r = r ? r : buf_error(ret);
	}
	return r;
}

int store_at_estate(struct store *s, int64_t time_ms,
		    int (*visit)(void *ctx, int64_t account,
				 const struct store_at_row *row),
		    void *ctx)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf accounts = BUF_INIT;
	bool row = true;
	int r = reading(s);

	if (!r)
		r = read_accounts(s, &accounts);
	if (!r)
		r = sql_open(s, Q_AT_ESTATE, NO_ARGS, &q);
	while (!r) {
		struct store_at_state st;
		struct store_at_row one;
		int64_t account = 0;

		r = next_at(s, q, time_ms, &st, &row);
		if (!r && row)
			r = account_of(s, &accounts, col_int(q, 1), &account);
		if (r || !row)
			break;
		one = row_of(&st);
		r = visit(ctx, account, &one);
	}
	return r;
}

/* --- names --------------------------------------------------------------------------------- */

/*
 * A shortened name that no resource has in resources/ may be one that is only too long with the
 * suffix. Those begin with the same bytes (but for what is cut to whole characters).
 */
static int find_shortened(struct store *s, int64_t folder, struct str name,
			  int64_t *ret_resource)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf from = BUF_INIT, to = BUF_INIT, own = BUF_INIT;
	struct str common = { name.p, (size_t)str_rchr(name, '~') };
	bool row = true;
	int r;

	buf_put_str(&from, common);
	buf_put_str(&to, common);
	buf_put_text(&to, "\xff"); /* behind whatever is UTF-8 */
	r = buf_error(&to) ? -ENOMEM : buf_error(&from);
	if (!r)
		r = sql_open(s, Q_AT_RESOURCE_NAMES,
			     ARGS(INT(folder), TEXT(buf_str(&from)), TEXT(buf_str(&to))),
			     &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		buf_reset(&own);
		name_at_state(&own, col_str(q, 1), col_str(q, 2));
		r = buf_error(&own);
		if (!r && str_eq(buf_str(&own), name)) {
			*ret_resource = col_int(q, 0);
			return 0;
		}
	}
	return r ? r : STORE_E_NOT_FOUND;
}

int store_at_find(struct store *s, int64_t folder, struct str name, int64_t *ret_resource)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct str fname;
	int r = reading(s);

	if (!r && !name_at_state_base(name, &fname))
		r = STORE_E_NOT_FOUND;
	if (r)
		return r;
	r = sql_get(s, Q_AT_RESOURCE_NAME, ARGS(INT(folder), TEXT(fname)), &q);
	if (!r)
		*ret_resource = col_int(q, 0);
	if (r == STORE_E_NOT_FOUND && name_is_shortened(fname))
		r = find_shortened(s, folder, name, ret_resource);
	return r;
}
