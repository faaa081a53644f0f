/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing the runs of relationships. All of a source are read at once: few have more than
 * a run, and whoever looks for one looks for what it means, not for its number.
 */
#include "edge.h"

#include <errno.h>

#include "private.h"

static int damaged(struct store *s, int64_t source)
{
	return body_damaged(s, "the list of relationships of resource", source);
}

/* --- kinds --------------------------------------------------------------------------------- */

struct edge_kind {
	struct str what, type; /* what.p NULL: not read yet */
};

/* Rows are numbered one by one, and there are some hundreds. Of a history that has more, those behind
   are read each time: what is kept must not grow with what somebody delivers. */
#define KINDS_KEPT 4096

void edge_kinds_forget(struct edge_kinds *k)
{
	arena_deinit(&k->arena);
	buf_deinit(&k->list);
}

static int kind_keep(struct edge_kinds *k, int64_t row, struct str what, struct str type,
		     struct edge_kind *ret)
{
	static const struct edge_kind none;

	ret->what = arena_str(&k->arena, what);
	ret->type = arena_str(&k->arena, type);
	if (!ret->what.p || !ret->type.p)
		return -ENOMEM;
	while (k->list.len / sizeof(none) <= (size_t)row && !buf_error(&k->list))
		buf_put(&k->list, &none, sizeof(none));
	if (buf_error(&k->list))
		return -ENOMEM;
	((struct edge_kind *)k->list.data)[row] = *ret;
	return 0;
}

static int kind_get(struct store *s, int64_t row, struct arena *a, struct edge_kind *ret)
{
	const struct buf *list = &s->edge_kinds.list;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r;

	if ((size_t)row < list->len / sizeof(*ret)) {
		*ret = ((const struct edge_kind *)list->data)[row];
		if (ret->what.p)
			return 0;
	}
	r = sql_get(s, Q_RELATION, ARGS(INT(row)), &q);
	if (r || row < KINDS_KEPT)
		return r ? r
			 : kind_keep(&s->edge_kinds, row, col_str(q, 0), col_str(q, 1),
				     ret);
	ret->what = arena_str(a, col_str(q, 0));
	ret->type = arena_str(a, col_str(q, 1));
	return ret->what.p && ret->type.p ? 0 : -ENOMEM;
}

/* Among the first ones: where there are very many, each is looked for in their table. */
static int64_t kind_find(const struct edge_kinds *k, const struct relation *relation)
{
	const struct edge_kind *all = (const struct edge_kind *)k->list.data;
	size_t n = MIN(k->list.len / sizeof(*all), (size_t)512);

	for (size_t i = 0; i < n; i++)
		if (str_eq(all[i].what, relation->what) &&
		    str_eq(all[i].type, relation->type) && all[i].what.p)
			return (int64_t)i;
	return 0;
}

int edge_kind_put(struct store *s, const struct relation *relation, int64_t *ret)
{
	const struct sql_arg args[] = { TEXT(relation->what), TEXT(relation->type) };
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct edge_kind kind;
	int r;

	*ret = kind_find(&s->edge_kinds, relation);
	if (*ret)
		return 0;
	r = sql_get(s, Q_RELATION_FIND, args, ARRAY_SIZE(args), &q);
	if (!r)
		*ret = col_int(q, 0);
	if (r == STORE_E_NOT_FOUND) {
		r = sql_run(s, Q_RELATION_INSERT, args, ARRAY_SIZE(args));
		*ret = sqlite3_last_insert_rowid(s->db);
	}
	if (r || *ret >= KINDS_KEPT)
		return r;
	return kind_keep(&s->edge_kinds, *ret, relation->what, relation->type, &kind);
}

/* --- reading ------------------------------------------------------------------------------- */

void edges_deinit(struct edges *e)
{
	run_set_deinit(&e->runs);
	buf_deinit(&e->list);
	arena_deinit(&e->arena);
}

static int decode(struct store *s, struct str in, struct edge_last *last, struct arena *a,
		  struct buf *list)
{
	unsigned n = 0;

	if (!in.n)
		return -EBADMSG;
	for (; in.n; n++) {
		struct edge_kind kind;
		struct edge *edge;
		int r;

		if (n == EDGE_RUN)
			return -EBADMSG;
		if (!buf_reserve(list, sizeof(*edge)))
			return -ENOMEM;
		edge = (struct edge *)(list->data + list->len);
		r = edge_row_take(&in, last, a, edge);
		if (!r)
			r = kind_get(s, edge->kind, a, &kind);
		if (r)
			return r == STORE_E_NOT_FOUND ? -EBADMSG : r;
		edge->relation.what = kind.what;
		edge->relation.type = kind.type;
		list->len += sizeof(*edge);
	}
	return 0;
}

int edges_of_run(struct store *s, int64_t source, struct str bytes,
		 struct edge_last *last, struct arena *a, struct buf *list)
{
	int r;

	*last = (struct edge_last){ .source_name = last->source_name };
	r = decode(s, bytes, last, a, list);
	return r == -EBADMSG ? damaged(s, source) : r;
}

static int source_of(sqlite3_stmt *q, struct edges *e)
{
	struct edge_source *src = &e->source;
	struct str *const texts[] = { &src->account, &src->region, &src->type, &src->rid,
				      &src->fname };

	src->folder = col_int(q, 2);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = arena_str(&e->arena, col_str(q, 3 + (int)i));
		if (!texts[i]->p)
			return -ENOMEM;
	}
	return 0;
}

/* Those of the source from the row at hand on. */
static int take_runs(struct store *s, sqlite3_stmt *q, bool *row, struct edges *ret)
{
	int r = 0;

	while (!r && *row && col_int(q, 8) == ret->source.id) {
		if (!ret->runs.heads.len)
			r = source_of(q, ret);
		if (!r)
			r = run_set_add(&ret->runs, col_int(q, 0), col_str(q, 1));
		if (!r)
			r = sql_next(s, q, row);
	}
	return r;
}

static int decode_runs(struct store *s, struct edges *e)
{
	int64_t source = e->source.id;
	struct edge_last last = { 0 };
	size_t n;
	const struct run_head *heads = run_set_heads(&e->runs, &n);
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		/* Each begins where the one before ends. */
		if (heads[i].first != (int64_t)(e->list.len / sizeof(struct edge)))
			return damaged(s, source);
		r = edges_of_run(s, source, run_set_bytes(&e->runs, &heads[i]), &last,
				 &e->arena, &e->list);
	}
	return r;
}

static void begin(struct edges *e, int64_t source)
{
	run_set_reset(&e->runs);
	buf_reset(&e->list);
	arena_reset(&e->arena);
	e->source = (struct edge_source){ .id = source };
}

int edges_read(struct store *s, int64_t source, struct edges *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = false;
	int r = sql_open(s, Q_EDGES, ARGS(INT(source)), &q);

	begin(ret, source);
	if (!r)
		r = sql_next(s, q, &row);
	if (!r)
		r = take_runs(s, q, &row, ret);
	return r ? r : decode_runs(s, ret);
}

/* --- of many sources ----------------------------------------------------------------------- */

#define STEPS_MAX 4u /* further away is looked for */

void edge_scan_deinit(struct edge_scan *c)
{
	sql_endp(&c->q);
	edges_deinit(&c->edges);
}

/* To the first row of the source, or of what is behind it. */
static int scan_to(struct edge_scan *c, int64_t source)
{
	int r = 0;

	for (unsigned n = 0; c->row && n < STEPS_MAX; n++) {
		if (col_int(c->q, 8) >= source)
			return 0;
		r = sql_next(c->s, c->q, &c->row);
		if (r)
			return r;
	}
	/* Nothing is behind. */
	if (c->q && !c->row)
		return 0;
	sql_endp(&c->q);
	r = sql_open(c->s, Q_EDGES_FROM, ARGS(INT(source)), &c->q);
	return r ? r : sql_next(c->s, c->q, &c->row);
}

int edges_scan(struct edge_scan *c, int64_t source)
{
	int r = scan_to(c, source);

	begin(&c->edges, source);
	if (!r)
		r = take_runs(c->s, c->q, &c->row, &c->edges);
	return r ? r : decode_runs(c->s, &c->edges);
}

/* --- writing ------------------------------------------------------------------------------- */

static int encode(const struct edge *edges, size_t n, struct run_set *runs)
{
	struct edge_last last = { 0 };
	size_t first = 0, start = 0;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		if (i == 0 || i - first == EDGE_RUN ||
		    runs->bytes.len - start >= RUN_BYTES) {
			r = run_set_begin(runs, (int64_t)i);
			first = i;
			start = runs->bytes.len;
			last = (struct edge_last){ .source_name = last.source_name };
		}
		if (r)
			break;
		edge_row_put(&runs->bytes, &last, &edges[i]);
		run_set_end(runs);
		r = buf_error(&runs->bytes);
	}
	return r;
}

int edges_write(struct store *s, int64_t source, const struct edges *is,
		const struct edge *edges, size_t n)
{
	static const struct run_sql sql = { Q_EDGES_DELETE, Q_EDGES_INSERT,
					    Q_EDGES_UPDATE };
	_cleanup_(run_set_deinit) struct run_set runs = { 0 };
	int r = encode(edges, n, &runs);

	return r ? r : run_set_write(s, &sql, source, &is->runs, &runs);
}

/* --- lengths ------------------------------------------------------------------------------- */

/* A field with its tab; - for nothing. */
static size_t field(struct str text)
{
	return MAX(text.n, (size_t)1) + 1;
}

/* As 2024-05-01T10:15:00.123Z. */
static size_t moment(int64_t time_ms)
{
	return time_ms == RELATION_OPEN ? 2 : 25;
}

/* Where nothing in it has to be escaped: the columns of render/relation.h. */
uint32_t edge_line_told(const struct edge *edge, struct str type, struct str rid,
			enum edge_line line)
{
	const struct relation *rel = &edge->relation;
	size_t to = field(rel->type) + field(rel->id) + field(rel->name);
	size_t n = field(rel->what) + moment(rel->since_ms);

	if (line == EDGE_AT)
		return (uint32_t)(n + field(type) + field(rid) + to);
	n += moment(rel->until_ms);
	if (line == EDGE_OUT)
		return (uint32_t)(n + field(STR("out")) + to);
	return (uint32_t)(n + field(STR("in")) + field(type) + field(rid) +
			  field(edge->source_name));
}
