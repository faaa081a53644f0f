/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the tree: folders, resources, states as listed. One function a row shape turns a row
 * into a struct; listings stop after n rows and go on by the key of the last one, never by a
 * count, so that rows added meanwhile shift nothing.
 */
#include <errno.h>

#include "model/name.h"
#include "private.h"
#include "rows.h"
#include "run.h"

/* A row's text in the arena; the error is the sticky -ENOMEM in *r. */
static struct str keep(struct arena *a, sqlite3_stmt *q, int column, int *r)
{
	struct str s = arena_str(a, col_str(q, column));

	if (!s.p)
		*r = -ENOMEM;
	return s;
}

/*
 * What is listed beneath a folder comes by its name there, or page by page: the statements for
 * either, and the shape of their rows.
 */
struct listed {
	enum statement by_name, all;
	struct sql_shape shape;
};

static int find(struct store *s, const struct listed *what, int64_t parent,
		struct str name, struct arena *a, void *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, what->by_name, ARGS(INT(parent), TEXT(name)), &q);
	return r ? r : what->shape.row(q, a, ret);
}

static int list(struct store *s, const struct listed *what, int64_t parent, int64_t after,
		struct arena *a, void *ret, size_t n, size_t *ret_n)
{
	int r = reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, what->all, ARGS(INT(parent), INT(after)), &what->shape, a,
			    ret, n, ret_n);
}

/* --- folders ------------------------------------------------------------------------------- */

static int folder_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_folder *folder = ret;
	int r = 0;

	*folder = (struct store_folder){ .id = col_int(q, 0),
					 .parent = col_int(q, 1),
					 .name = keep(a, q, 2, &r),
					 .newest_ms = col_int(q, 3),
					 .changed = (uint64_t)col_int(q, 4) };
	return r;
}

static const struct listed folders = { Q_FOLDER_BY_NAME,
				       Q_FOLDERS,
				       { sizeof(struct store_folder), folder_row } };

int store_folder_get(struct store *s, int64_t id, struct arena *a,
		     struct store_folder *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_FOLDER, ARGS(INT(id)), &q);
	return r ? r : folder_row(q, a, ret);
}

int store_folder_find(struct store *s, int64_t parent, struct str name, struct arena *a,
		      struct store_folder *ret)
{
	return find(s, &folders, parent, name, a, ret);
}

int store_folders(struct store *s, int64_t parent, int64_t after, struct arena *a,
		  struct store_folder *ret, size_t n, size_t *ret_n)
{
	return list(s, &folders, parent, after, a, ret, n, ret_n);
}

/* --- resources ----------------------------------------------------------------------------- */

static int resource_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_resource *resource = ret;
	int r = 0;

	*resource = (struct store_resource){ .id = col_int(q, 0),
					     .folder = col_int(q, 1),
					     .name = keep(a, q, 2, &r),
					     .first_ms = col_int(q, 3),
					     .newest_ms = col_int(q, 4),
					     .latest = col_int(q, 5),
					     .states = (uint64_t)col_int(q, 6),
					     .text_len = (uint64_t)col_int(q, 7),
					     .jsonl_len = (uint64_t)col_int(q, 8),
					     .changed_ms = col_int(q, 9),
					     .blame_len = (uint64_t)col_int(q, 10),
					     .rel_len = (uint64_t)col_int(q, 11) };
	return r;
}

static const struct listed resources = {
	Q_RESOURCE_BY_FNAME, Q_RESOURCES, { sizeof(struct store_resource), resource_row }
};

int resource_row_whole(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_resource *resource = ret;
	int r = resource_row(q, a, ret);

	if (r)
		return r;
	resource->account = keep(a, q, 12, &r);
	resource->region = keep(a, q, 13, &r);
	resource->type = keep(a, q, 14, &r);
	resource->rid = keep(a, q, 15, &r);
	return r;
}

int store_resource_get(struct store *s, int64_t id, struct arena *a,
		       struct store_resource *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_RESOURCE, ARGS(INT(id)), &q);
	return r ? r : resource_row_whole(q, a, ret);
}

int store_resource_find(struct store *s, int64_t folder, struct str name, struct arena *a,
			struct store_resource *ret)
{
	return find(s, &resources, folder, name, a, ret);
}

int store_resources(struct store *s, int64_t folder, int64_t after, struct arena *a,
		    struct store_resource *ret, size_t n, size_t *ret_n)
{
	return list(s, &resources, folder, after, a, ret, n, ret_n);
}

static int resource_name_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_resource *resource = ret;
	int r = 0;

	*resource = (struct store_resource){ .id = col_int(q, 0),
					     .folder = col_int(q, 1),
					     .name = keep(a, q, 2, &r) };
	return r;
}

int store_resource_names(struct store *s, int64_t folder, int64_t after, struct arena *a,
			 struct store_resource *ret, size_t n, size_t *ret_n)
{
	static const struct listed names = { Q_RESOURCE_BY_FNAME,
					     Q_RESOURCE_NAMES,
					     { sizeof(struct store_resource),
					       resource_name_row } };

	return list(s, &names, folder, after, a, ret, n, ret_n);
}

int store_resources_more(struct store *s, int64_t folder, size_t n, bool *ret)
{
	int r = reading(s);

	return r ? r : sql_exists(s, Q_RESOURCE_NTH, ARGS(INT(folder), INT(n)), ret);
}

int store_resource_lookup(struct store *s, struct str account, struct str region,
			  struct str type, struct str rid, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_RESOURCE_BY_IDENTITY,
			    ARGS(TEXT(account), TEXT(region), TEXT(type), TEXT(rid)), &q);
	if (!r)
		*ret = col_int(q, 0);
	return r;
}

/* --- states -------------------------------------------------------------------------------- */

void state_row(sqlite3_stmt *q, struct store_state *ret)
{
	*ret = (struct store_state){ .id = col_int(q, 0),
				     .resource = col_int(q, 1),
				     .time_ms = col_int(q, 2),
				     .twin = (unsigned)col_int(q, 3),
				     .size = (uint32_t)col_int(q, 4),
				     .status = (enum item_status)col_int(q, 5),
				     .hidden = col_int(q, 6) != 0 };
}

static struct store_state state_of_run(const struct run_cursor *c,
				       const struct run_row *row)
{
	return (struct store_state){ .id = row->state,
				     .resource = c->resource,
				     .time_ms = row->time_ms,
				     .twin = row->twin,
				     .size = row->size,
				     .status = (enum item_status)row->status,
				     .hidden = row->hidden };
}

int store_state_get(struct store *s, int64_t id, struct store_state *ret)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row;
	int r = reading(s);

	if (!r)
		r = run_of_state(&c, id, &row);
	if (!r)
		*ret = state_of_run(&c, row);
	return r;
}

int store_state_find(struct store *s, int64_t resource, int64_t time_ms, unsigned twin,
		     struct store_state *ret)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row = NULL;
	int r = reading(s);

	if (!r)
		r = run_seek(&c, resource, time_ms, time_ms, false);
	do {
		if (!r)
			r = run_next(&c, &row);
	} while (!r && row && row->twin != twin);
	if (!r && row)
		*ret = state_of_run(&c, row);
	return r ? r : row ? 0 : STORE_E_NOT_FOUND;
}

int store_state_as_of(struct store *s, int64_t resource, int64_t time_ms,
		      bool with_hidden, struct store_state *ret)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row = NULL;
	int r = reading(s);

	if (!r)
		r = run_as_of(&c, resource, time_ms, with_hidden, &row);
	if (!r)
		*ret = state_of_run(&c, row);
	return r;
}

int store_states(struct store *s, int64_t resource, int64_t after_ms, unsigned after_twin,
		 bool with_hidden, struct store_state *ret, size_t n, size_t *ret_n)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row;
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = run_seek(&c, resource, after_ms, INT64_MAX, false);
	while (!r && *ret_n < n) {
		r = run_next(&c, &row);
		if (r || !row)
			break;
		if ((row->time_ms == after_ms && row->twin <= after_twin) ||
		    (row->hidden && !with_hidden))
			continue;
		ret[*ret_n] = state_of_run(&c, row);
		++*ret_n;
	}
	return r;
}

static int keep_inherited(const struct run_row *row, struct arena *a,
			  struct str *ret_name, struct str *ret_arn)
{
	*ret_name = arena_str(a, row->name);
	*ret_arn = arena_str(a, row->arn);
	return ret_name->p && ret_arn->p ? 0 : -ENOMEM;
}

int store_state_inherited(struct store *s, int64_t id, struct arena *a,
			  struct str *ret_name, struct str *ret_arn)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row;
	int r = reading(s);

	if (!r)
		r = run_of_state(&c, id, &row);
	return r ? r : keep_inherited(row, a, ret_name, ret_arn);
}

int store_state_latest(struct store *s, const struct store_resource *of, struct arena *a,
		       struct store_state *ret, struct str *ret_name, struct str *ret_arn)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row = NULL;
	int r = reading(s);

	if (!r)
		r = run_seek(&c, of->id, of->newest_ms, of->newest_ms, false);
	do {
		if (!r)
			r = run_next(&c, &row);
	} while (!r && row && row->state != of->latest);
	if (r || !row)
		return r ? r : STORE_E_NOT_FOUND;
	*ret = state_of_run(&c, row);
	return keep_inherited(row, a, ret_name, ret_arn);
}
