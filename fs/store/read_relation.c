/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading relationships: of one resource, in both directions, with the paths of the other ends;
 * and of a region at a moment, folder by folder, so that nothing has to be sorted or held.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "store/relation.h"

static struct str keep(struct arena *a, sqlite3_stmt *q, int column, int *r)
{
	struct str s = arena_str(a, col_str(q, column));

	if (!s.p)
		*r = -ENOMEM;
	return s;
}

static int64_t until_told(int64_t stored)
{
	return stored ? stored : RELATION_OPEN;
}

/* --- of a resource ------------------------------------------------------------------------- */

/* One direction; the other end's row stands in a column of its own in each. */
static int read_edges(struct store *s, int64_t resource, bool out, struct arena *a,
		      struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, out ? Q_EDGES_OF_SOURCE : Q_EDGES_OF_TARGET,
			 ARGS(INT(resource)), &q);

	while (!r) {
		struct store_edge_line line;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		line = (struct store_edge_line){
			.out = out,
			.relation = { .what = keep(a, q, 0, &r),
				      .type = keep(a, q, 1, &r),
				      .id = keep(a, q, 2, &r),
				      .name = keep(a, q, 3, &r),
				      .since_ms = col_int(q, 4),
				      .until_ms = until_told(col_int(q, 5)) },
			.resource = col_int(q, out ? 8 : 6),
		};
		buf_put(ret, &line, sizeof(line));
	}
	return r ? r : buf_error(ret);
}

/* Neighbours share folders: the path of the last one looked up is kept. */
struct paths {
	struct store *s;
	struct arena *arena;
	int64_t folder; /* 0: none yet */
	struct str path;
};

static int folder_path(struct paths *p, int64_t folder)
{
	struct str path = STR_NULL;
	int64_t at = folder;

	if (p->folder == folder)
		return 0;
	while (at != STORE_ROOT) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		_cleanup_(buf_deinit) struct buf longer = BUF_INIT;
		int r = sql_get(p->s, Q_FOLDER, ARGS(INT(at)), &q);

		if (r)
			return r;
		at = col_int(q, 1);
		buf_put_text(&longer, at == STORE_ROOT ? "resources/" : "");
		buf_put_str(&longer, col_str(q, 2));
		buf_put_char(&longer, '/');
		buf_put_str(&longer, path);
		path = arena_str(p->arena, buf_str(&longer));
		if (buf_error(&longer) || !path.p)
			return -ENOMEM;
	}
	p->folder = folder;
	p->path = path;
	return 0;
}

static int resource_path(struct paths *p, int64_t resource, struct str *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int r;

	if (!resource)
		return 0;
	r = sql_get(p->s, Q_PATH_STEP, ARGS(INT(resource)), &q);
	if (!r)
		r = folder_path(p, col_int(q, 0));
	if (r)
		return r;
	buf_put_str(&path, p->path);
	buf_put_str(&path, col_str(q, 1));
	*ret = arena_str(p->arena, buf_str(&path));
	return buf_error(&path) || !ret->p ? -ENOMEM : 0;
}

/* The names come last: what one file has at one place must not depend on what came in first. */
static int by_line(const void *a, const void *b)
{
	const struct store_edge_line *x = a, *y = b;
	struct relation p = x->relation, q = y->relation;
	int order;

	p.name = q.name = STR_NULL;
	if (p.id.n)
		order = relation_cmp(&p, &q);
	else
		order = relation_cmp(&x->relation, &y->relation);
	if (order == 0)
		order = y->out - x->out;
	if (order == 0)
		order = str_cmp(x->relation.name, y->relation.name);
	return order ? order : str_cmp(x->path, y->path);
}

int store_edges(struct store *s, int64_t resource, struct arena *a,
		struct store_edge_line **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	struct paths paths = { .s = s, .arena = a };
	struct store_edge_line *lines;
	size_t n;
	int r = reading(s);

	if (!r)
		r = read_edges(s, resource, true, a, &rows);
	if (!r)
		r = read_edges(s, resource, false, a, &rows);
	if (r)
		return r;
	lines = arena_alloc(a, rows.len + 1);
	if (!lines)
		return -ENOMEM;
	if (rows.len)
		memcpy(lines, rows.data, rows.len);
	n = rows.len / sizeof(*lines);
	for (size_t i = 0; !r && i < n; i++)
		r = resource_path(&paths, lines[i].resource, &lines[i].path);
	if (r)
		return r;
	if (n > 1)
		qsort(lines, n, sizeof(*lines), by_line);
	*ret = lines;
	*ret_n = n;
	return 0;
}

/* --- of a region at a moment --------------------------------------------------------------- */

struct typed {
	int64_t folder;
	struct str type; /* empty: it has folders only */
};

static int read_children(struct store *s, int64_t parent, struct arena *a,
			 struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_FOLDER_TYPES, ARGS(INT(parent)), &q);

	while (!r) {
		struct typed t;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		t = (struct typed){ col_int(q, 0), keep(a, q, 1, &r) };
		buf_put(ret, &t, sizeof(t));
	}
	return r ? r : buf_error(ret);
}

static int by_type(const void *a, const void *b)
{
	const struct typed *x = a, *y = b;
	int order = str_cmp(x->type, y->type);

	return order ? order : (x->folder > y->folder) - (x->folder < y->folder);
}

/* The folders beneath a region that have resources, by type; types are some hundreds. */
static int read_types(struct store *s, int64_t region, struct arena *a, struct buf *ret)
{
	struct typed *all;
	size_t kept = 0, n;
	int r = read_children(s, region, a, ret);

	/* Breadth first: what is read is appended to what is still gone through. */
	for (size_t i = 0; !r && i < ret->len / sizeof(*all); i++)
		r = read_children(s, ((struct typed *)ret->data)[i].folder, a, ret);
	if (r)
		return r;
	all = (struct typed *)ret->data;
	n = ret->len / sizeof(*all);
	for (size_t i = 0; i < n; i++)
		if (all[i].type.n)
			all[kept++] = all[i];
	ret->len = kept * sizeof(*all);
	if (kept > 1)
		qsort(all, kept, sizeof(*all), by_type);
	return 0;
}

static int read_page(struct store *s, const struct typed *t, int64_t time_ms,
		     struct store_edge_key *key, struct str rid, struct arena *a,
		     struct store_edge_at *ret, size_t n, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_EDGES_AT,
			 ARGS(INT(t->folder), TEXT(rid),
			      INT(key->resource ? key->seq : -1), INT(time_ms),
			      INT(n - *ret_n)),
			 &q);

	while (!r && *ret_n < n) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		*key = (struct store_edge_key){ t->folder, col_int(q, 0), col_int(q, 1) };
		ret[*ret_n] = (struct store_edge_at){
			.type = t->type,
			.id = keep(a, q, 2, &r),
			.relation = { .what = keep(a, q, 3, &r),
				      .type = keep(a, q, 4, &r),
				      .id = keep(a, q, 5, &r),
				      .name = keep(a, q, 6, &r),
				      .since_ms = col_int(q, 7),
				      .until_ms = RELATION_OPEN },
			.known = col_int(q, 8) != 0,
		};
		++*ret_n;
	}
	return r;
}

/* The id that the key's resource is sorted by; empty without one. */
static int rid_of_key(struct store *s, const struct store_edge_key *key, struct arena *a,
		      struct str *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r;

	*ret = STR("");
	if (!key->resource)
		return 0;
	r = sql_get(s, Q_RID, ARGS(INT(key->resource)), &q);
	if (!r)
		*ret = keep(a, q, 0, &r);
	return r;
}

int store_edges_at(struct store *s, int64_t region, int64_t time_ms,
		   struct store_edge_key *key, struct arena *a, struct store_edge_at *ret,
		   size_t n, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf folders = BUF_INIT;
	const struct typed *types;
	struct str rid = STR_NULL;
	size_t i = 0, n_types;
	int r = reading(s);

	*ret_n = 0;
	if (!r)
		r = read_types(s, region, a, &folders);
	if (!r)
		r = rid_of_key(s, key, a, &rid);
	types = (const struct typed *)folders.data;
	n_types = folders.len / sizeof(*types);
	while (key->folder && i < n_types && types[i].folder != key->folder)
		i++;
	for (; !r && i < n_types && *ret_n < n; i++) {
		if (types[i].folder != key->folder) {
			*key = (struct store_edge_key){ .folder = types[i].folder };
			rid = STR("");
		}
		r = read_page(s, &types[i], time_ms, key, rid, a, ret, n, ret_n);
	}
	return r;
}

int store_edges_at_len(struct store *s, int64_t region, int64_t time_ms, uint64_t *ret)
{
	_cleanup_(buf_deinit) struct buf folders = BUF_INIT;
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct typed *types;
	uint64_t sum = 0;
	int r = reading(s);

	if (!r)
		r = read_types(s, region, &a, &folders);
	types = (const struct typed *)folders.data;
	for (size_t i = 0; !r && i < folders.len / sizeof(*types); i++) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		uint64_t n, known;

		r = sql_get(s, Q_EDGES_AT_LEN, ARGS(INT(types[i].folder), INT(time_ms)),
			    &q);
		if (r)
			break;
		n = (uint64_t)col_int(q, 1);
		known = (uint64_t)col_int(q, 2);
		/* The mark and the newline. */
		sum += (uint64_t)col_int(q, 0) + known * sizeof(RELATION_KNOWN_MARK) +
		       (n - known) * sizeof(RELATION_DANGLING_MARK);
	}
	if (!r)
		*ret = sum;
	return r;
}
