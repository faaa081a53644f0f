/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading relationships: of one resource, in both directions, with the paths of the other ends;
 * of a region at a moment, folder by folder, so that nothing has to be sorted or held; and who is
 * related to whom an alarm watches.
 */
#include <errno.h>
#include <stdlib.h>

#include "edge.h"
#include "private.h"
#include "rows.h"
#include "store/alarms.h"

static struct str keep(struct arena *a, struct str text, int *r)
{
	struct str s = arena_str(a, text);

	if (!s.p)
		*r = -ENOMEM;
	return s;
}

/* --- paths --------------------------------------------------------------------------------- */

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

static int path_below(struct paths *p, int64_t folder, struct str fname, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int r = folder_path(p, folder);

	if (r)
		return r;
	buf_put_str(&path, p->path);
	buf_put_str(&path, fname);
	*ret = arena_str(p->arena, buf_str(&path));
	return buf_error(&path) || !ret->p ? -ENOMEM : 0;
}

static int resource_path(struct paths *p, int64_t resource, struct str *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r;

	if (!resource)
		return 0;
	r = sql_get(p->s, Q_PATH_STEP, ARGS(INT(resource)), &q);
	return r ? r : path_below(p, col_int(q, 0), col_str(q, 1), ret);
}

/* --- of a resource ------------------------------------------------------------------------- */

/* The lines of a file, in the making. */
struct lines {
	struct paths paths;
	struct buf rows; /* struct store_edge_line */
};

static void lines_deinit(struct lines *l)
{
	buf_deinit(&l->rows);
}

static int read_out(struct lines *l, int64_t resource)
{
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	struct arena *a = l->paths.arena;
	const struct edge *all;
	size_t n;
	int r = edges_read(l->paths.s, resource, &e);

	all = edges_all(&e, &n);
	for (size_t i = 0; i < n && !r; i++) {
		const struct relation *rel = &all[i].relation;
		struct store_edge_line line = {
			.out = true,
			.relation = { .what = keep(a, rel->what, &r),
				      .type = keep(a, rel->type, &r),
				      .id = keep(a, rel->id, &r),
				      .name = keep(a, rel->name, &r),
				      .since_ms = rel->since_ms,
				      .until_ms = rel->until_ms },
			.resource = all[i].target,
		};

		if (!r)
			r = resource_path(&l->paths, line.resource, &line.path);
		buf_put(&l->rows, &line, sizeof(line));
	}
	return r ? r : buf_error(&l->rows);
}

static int add_in(void *ctx, const struct edge_source *source, const struct edge *edge)
{
	struct lines *l = ctx;
	struct arena *a = l->paths.arena;
	int r = 0;
	struct store_edge_line line = {
		.relation = { .what = keep(a, edge->relation.what, &r),
			      .type = keep(a, source->type, &r),
			      .id = keep(a, source->rid, &r),
			      .name = keep(a, edge->source_name, &r),
			      .since_ms = edge->relation.since_ms,
			      .until_ms = edge->relation.until_ms },
		.resource = source->id,
	};

	if (!r)
		r = path_below(&l->paths, source->folder, source->fname, &line.path);
	buf_put(&l->rows, &line, sizeof(line));
	return r ? r : buf_error(&l->rows);
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
	_cleanup_(lines_deinit) struct lines l = { .paths = { .s = s, .arena = a } };
	struct store_edge_line *lines;
	size_t n;
	int r = reading(s);

	if (!r)
		r = read_out(&l, resource);
	if (!r)
		r = edges_incoming(s, resource, NULL, add_in, &l);
	if (!r)
		r = sql_keep(a, &l.rows, sizeof(*lines), &lines, &n);
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
		t = (struct typed){ col_int(q, 0), keep(a, col_str(q, 1), &r) };
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

static bool stands_at(const struct edge *e, int64_t time_ms)
{
	return relation_stands_at(e->relation.since_ms, e->relation.until_ms, time_ms);
}

/* Runs of a folder's resources, one behind the other. */
struct folder_runs {
	struct store *s;
	sqlite3_stmt *q;
	struct edge_last last;
	int64_t resource; /* of the run at hand; 0: none yet */
	int64_t first;    /* number of its first */
	struct str rid;   /* borrowed until the next one */
	struct buf edges; /* of the run at hand */
	struct arena arena;
};

static void folder_runs_deinit(struct folder_runs *f)
{
	sql_endp(&f->q);
	buf_deinit(&f->edges);
	arena_deinit(&f->arena);
}

/* Those of resources from that id on. */
static int folder_runs_open(struct folder_runs *f, const struct typed *t, struct str rid)
{
	return sql_open(f->s, Q_EDGES_OF_FOLDER, ARGS(INT(t->folder), TEXT(rid)), &f->q);
}

/* The run that the statement has come to. */
static int run_at(struct folder_runs *f)
{
	int64_t resource = col_int(f->q, 0);
	struct str bytes;

	/* The name of its source goes along with its runs. */
	if (resource != f->resource) {
		arena_reset(&f->arena);
		f->last = (struct edge_last){ 0 };
	}
	f->resource = resource;
	f->rid = col_str(f->q, 1);
	f->first = col_int(f->q, 2);
	buf_reset(&f->edges);
	bytes = arena_str(&f->arena, col_str(f->q, 3));
	return bytes.p ? edges_of_run(f->s, resource, bytes, &f->last, &f->arena,
				      &f->edges)
		       : -ENOMEM;
}

/* The relationships of the next run; NULL: there is none any more. */
static int folder_runs_next(struct folder_runs *f, const struct edge **ret, size_t *ret_n)
{
	bool row;
	int r = sql_next(f->s, f->q, &row);

	*ret = NULL;
	if (r || !row)
		return r;
	r = run_at(f);
	if (r)
		return r;
	*ret = (const struct edge *)f->edges.data;
	*ret_n = f->edges.len / sizeof(**ret);
	return 0;
}

static int put_at(const struct typed *t, struct str rid, const struct edge *e,
		  struct arena *a, struct store_edge_at *ret)
{
	const struct relation *rel = &e->relation;
	int r = 0;

	*ret = (struct store_edge_at){
		.type = t->type,
		.id = keep(a, rid, &r),
		.relation = { .what = keep(a, rel->what, &r),
			      .type = keep(a, rel->type, &r),
			      .id = keep(a, rel->id, &r),
			      .name = keep(a, rel->name, &r),
			      .since_ms = rel->since_ms,
			      .until_ms = RELATION_OPEN },
		.known = e->target != 0,
	};
	return r;
}

static int read_page(struct store *s, const struct typed *t, int64_t time_ms,
		     struct store_edge_key *key, struct str rid, struct arena *a,
		     struct store_edge_at *ret, size_t n, size_t *ret_n)
{
	_cleanup_(folder_runs_deinit) struct folder_runs f = { .s = s };
	const struct store_edge_key from = *key;
	const struct edge *run = NULL;
	size_t n_run = 0;
	int r = folder_runs_open(&f, t, rid);

	while (!r && *ret_n < n) {
		r = folder_runs_next(&f, &run, &n_run);
		if (r || !run)
			break;
		for (size_t i = 0; i < n_run && *ret_n < n && !r; i++) {
			int64_t seq = f.first + (int64_t)i;

			if (!stands_at(&run[i], time_ms) ||
			    (from.resource == f.resource && seq <= from.seq))
				continue;
			*key = (struct store_edge_key){ t->folder, f.resource, seq };
			r = put_at(t, f.rid, &run[i], a, &ret[*ret_n]);
			*ret_n += !r;
		}
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
		*ret = keep(a, col_str(q, 0), &r);
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

/* Of the lines of a folder's relationships. */
static int sum_folder(struct store *s, const struct typed *t, int64_t time_ms,
		      uint64_t *sum)
{
	_cleanup_(folder_runs_deinit) struct folder_runs f = { .s = s };
	struct edge_source source = { .type = t->type };
	const struct edge *run = NULL;
	size_t n = 0;
	int r = folder_runs_open(&f, t, STR(""));

	while (!r) {
		r = folder_runs_next(&f, &run, &n);
		if (r || !run)
			break;
		source.rid = f.rid;
		for (size_t i = 0; i < n; i++)
			if (stands_at(&run[i], time_ms))
				/* The mark and the newline. */
				*sum += edge_line_len(&run[i], &source, EDGE_AT) +
					(run[i].target ? sizeof(RELATION_KNOWN_MARK)
						       : sizeof(RELATION_DANGLING_MARK));
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
	for (size_t i = 0; !r && i < folders.len / sizeof(*types); i++)
		r = sum_folder(s, &types[i], time_ms, &sum);
	if (!r)
		*ret = sum;
	return r;
}

/* --- of an alarm --------------------------------------------------------------------------- */

static int add_end(struct buf *found, int64_t resource, const struct edge *edge)
{
	const struct store_related one = { resource, edge->relation.since_ms,
					   edge->relation.until_ms };

	buf_put(found, &one, sizeof(one));
	return buf_error(found);
}

static int add_source(void *ctx, const struct edge_source *source,
		      const struct edge *edge)
{
	return add_end(ctx, source->id, edge);
}

int store_related(struct store *s, int64_t resource, struct arena *a,
		  struct store_related **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf found = BUF_INIT;
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	const struct edge *all;
	size_t n;
	int r = reading(s);

	if (!r)
		r = edges_read(s, resource, &e);
	all = edges_all(&e, &n);
	for (size_t i = 0; i < n && !r; i++)
		if (all[i].target)
			r = add_end(&found, all[i].target, &all[i]);
	if (!r)
		r = edges_incoming(s, resource, NULL, add_source, &found);
	return r ? r : sql_keep(a, &found, sizeof(**ret), ret, ret_n);
}
