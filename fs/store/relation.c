/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting relationships. Both ends' files have a line of each, so the sums of both ends' listing
 * rows change with it. A line ends in the path of the other end, which is known here alone;
 * lengths are those of the rest, and the path's are added where a line is counted.
 *
 * Whom a relationship means follows from the references of all resources (token: account, type
 * and what it is called by), so whenever a resource gets or loses one, the relationships with
 * that token are looked at again: see relation_target.c. What comes first does not matter.
 */
#include "relation.h"

#include <errno.h>
#include <stdlib.h>

#include "alarms.h"
#include "called.h"
#include "edge.h"
#include "private.h"

/* A resource whose relationships are put. */
struct putting {
	struct edge_source source;
	size_t path_len;
	struct str name;    /* its newest */
	int64_t lines_len;  /* by how much its own file has grown */
	int64_t differs_ms; /* from when on the one under way is another than it was */
	int64_t from_ms;    /* ... the first that is */
	bool lost;          /* what it had cannot be read */
	struct arena arena;
	struct buf edges; /* struct edge: as they are to be */
	struct buf gone;  /* int64_t: tokens of those that are others now */
	struct buf scratch;
};

static void putting_deinit(struct putting *p)
{
	arena_deinit(&p->arena);
	buf_deinit(&p->edges);
	buf_deinit(&p->gone);
	buf_deinit(&p->scratch);
}

int relation_token(struct buf *scratch, struct str account, struct str type,
		   struct str text, int64_t *ret)
{
	int r;

	buf_reset(scratch);
	buf_put_str(scratch, account);
	buf_put_char(scratch, '\0');
	buf_put_str(scratch, type);
	buf_put_char(scratch, '\0');
	buf_put_str(scratch, text);
	r = buf_error(scratch);
	if (!r)
		*ret = (int64_t)str_hash(buf_str(scratch));
	return r;
}

/* --- lengths ------------------------------------------------------------------------------- */

/* Of "resources/ACCOUNT/..." without a slash at its end. */
static int folder_length(struct store *s, int64_t folder, size_t *ret)
{
	struct path_length *memo =
		&s->writer->path_lengths[(uint64_t)folder % PATH_LENGTHS];
	int64_t at = folder;
	size_t n = strlen("resources");

	if (memo->folder == folder) {
		*ret = memo->n;
		return 0;
	}
	while (at != STORE_ROOT) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
		int r = sql_get(s, Q_FOLDER, ARGS(INT(at)), &q);

		if (r)
			return r;
		n += 1 + col_str(q, 2).n;
		at = col_int(q, 1);
	}
	*memo = (struct path_length){ folder, n };
	*ret = n;
	return 0;
}

int relation_tail_length(struct store *s, int64_t resource, size_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	size_t n;
	int r;

	if (!resource) {
		*ret = strlen(RELATION_DANGLING) + 1;
		return 0;
	}
	r = sql_get(s, Q_PATH_STEP, ARGS(INT(resource)), &q);
	if (r)
		return r;
	n = col_str(q, 1).n;
	r = folder_length(s, col_int(q, 0), ret);
	*ret += 1 + n + 1;
	return r;
}

int relation_grow(struct store *s, int64_t resource, int64_t by)
{
	return sums_add(&s->writer->grown,
			&(struct sum){ .what = resource, .text_len = by });
}

int relation_settle(struct store *s)
{
	struct sums *grown = &s->writer->grown;
	int64_t now;
	int r = relation_resolve(s);

	now = grown->n ? now_ms() : 0;
	sums_merge(grown);
	for (size_t i = 0; i < grown->n && !r; i++) {
		const struct sum *g = &grown->rows[i];

		r = sql_run(s, Q_VIEW_RELATIONS,
			    ARGS(INT(g->what), INT(g->text_len), INT(now)));
		if (!r)
			r = folder_note_of(s, g->what);
	}
	grown->n = 0;
	return r ? r : relation_recount(s);
}

struct renamed {
	struct store *s;
	int64_t by;
};

static int source_grows(void *ctx, const struct edge_source *source,
			const struct edge *edge _unused_)
{
	const struct renamed *r = ctx;

	return relation_grow(r->s, source->id, r->by);
}

static int targets_grow(struct store *s, int64_t resource, int64_t by)
{
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	const struct edge *all;
	size_t n;
	int r = edges_read(s, resource, &e);

	if (r)
		return relation_lost(s, resource, r);
	all = edges_all(&e, &n);
	for (size_t i = 0; i < n && !r; i++)
		if (all[i].target)
			r = relation_grow(s, all[i].target, by);
	return r;
}

int relation_renamed(struct store *s, int64_t resource, int64_t by)
{
	struct renamed renamed = { s, by };
	int r = edges_incoming(s, resource, relation_lost, source_grows, &renamed);

	if (!r)
		r = targets_grow(s, resource, by);
	/* Its path stands in the files of alarms. */
	if (!r)
		r = alarms_due_of_watched(s, resource, INT64_MIN);
	return r ? r : alarms_due_of_related(s, resource, INT64_MIN);
}

/* --- what a resource is called ------------------------------------------------------------- */

/* Sorted, each once. */
static int tokens_of(struct putting *p, const struct store_relations *relations,
		     struct buf *ret)
{
	const struct edge_source *src = &p->source;
	int r = 0;

	for (size_t i = 0; !r && i <= relations->n_names; i++) {
		struct str name = i ? relations->names[i - 1] : src->rid;
		int64_t token;

		r = relation_token(&p->scratch, src->account, src->type, name, &token);
		if (!r)
			buf_put(ret, &token, sizeof(token));
	}
	return r ? r : called_unique(ret);
}

int relation_known(struct store *s, int64_t resource, bool *ret)
{
	return sql_exists(s, Q_CALLED_TOKENS, ARGS(INT(resource)), ret);
}

/* Writes the difference; relationships with its tokens are to be looked at again. */
static int references_replace(struct store *s, struct putting *p,
			      const struct store_relations *relations, bool fresh)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT;
	size_t i = 0, j = 0, n_old, n_new, before = s->writer->recalled.len;
	const int64_t *x, *y;
	int r = fresh ? 0 : called_tokens(s, p->source.id, &old);

	if (!r)
		r = tokens_of(p, relations, &new);
	x = (const int64_t *)old.data;
	y = (const int64_t *)new.data;
	n_old = old.len / sizeof(*x);
	n_new = new.len / sizeof(*y);
	while (!r && (i < n_old || j < n_new)) {
		bool gone = j == n_new || (i < n_old && x[i] < y[j]);
		bool made = i == n_old || (j < n_new && y[j] < x[i]);

		if (gone || made) {
			const int64_t *token = gone ? &x[i] : &y[j];

			buf_put(&s->writer->recalled, token, sizeof(*token));
			r = sql_run(s, gone ? Q_REFERENCE_DELETE : Q_REFERENCE_INSERT,
				    ARGS(INT(*token), INT(p->source.id)));
		}
		i += !made;
		j += !gone;
	}
	if (!r && s->writer->recalled.len > before)
		r = called_tokens_replace(s, p->source.id, y, n_new);
	return r ? r : buf_error(&s->writer->recalled);
}

/* --- what a resource names ----------------------------------------------------------------- */

static bool is_same(const struct putting *p, const struct edge *was,
		    const struct store_edge *is)
{
	const struct relation *x = &was->relation, *y = &is->relation;

	return x->since_ms == y->since_ms && x->until_ms == y->until_ms &&
	       str_eq(x->what, y->what) && str_eq(x->type, y->type) &&
	       str_eq(x->id, y->id) && str_eq(x->name, y->name) &&
	       str_eq(was->source_name, p->name) &&
	       edge_line_len(was, &p->source, EDGE_OUT) == is->out_len &&
	       edge_line_len(was, &p->source, EDGE_IN) == is->in_len &&
	       edge_line_len(was, &p->source, EDGE_AT) == is->at_len;
}

static bool is_to_the_same(const struct relation *x, const struct relation *y)
{
	return str_eq(x->type, y->type) &&
	       str_eq(relation_reference(x), relation_reference(y));
}

static int64_t end_of(const struct relation *r)
{
	return r->until_ms == RELATION_OPEN ? INT64_MAX : r->until_ms;
}

/* From when on the one tells another than the other; either may be NULL. */
static int64_t differs_from(const struct edge *was, const struct store_edge *is)
{
	const struct relation *x, *y;

	if (!was || !is)
		return was  ? was->relation.since_ms
		       : is ? is->relation.since_ms
			    : INT64_MAX;
	x = &was->relation;
	y = &is->relation;
	if (x->since_ms != y->since_ms || !str_eq(x->what, y->what) ||
	    !is_to_the_same(x, y))
		return MIN(x->since_ms, y->since_ms);
	return end_of(x) == end_of(y) ? INT64_MAX : MIN(end_of(x), end_of(y));
}

/* Both files' lines of one come (sign 1) or go (-1), and it differs from then on. */
static int count_lines(struct store *s, struct putting *p, const struct edge *e, int sign)
{
	size_t tail;
	int r = relation_tail_length(s, e->target, &tail);

	if (r)
		return r;
	p->lines_len +=
		sign * ((int64_t)edge_line_len(e, &p->source, EDGE_OUT) + (int64_t)tail);
	if (!e->target)
		return 0;
	r = alarms_due_of_watched(s, e->target, p->differs_ms);
	return r ? r
		 : relation_grow(s, e->target,
				 sign * ((int64_t)edge_line_len(e, &p->source, EDGE_IN) +
					 (int64_t)p->path_len + 1));
}

static int token_of(struct putting *p, const struct relation *rel, int64_t *ret)
{
	return relation_token(&p->scratch, p->source.account, rel->type,
			      relation_reference(rel), ret);
}

static int edge_gone(struct store *s, struct putting *p, const struct edge *was,
		     const struct store_edge *is)
{
	int64_t token;
	int r = count_lines(s, p, was, -1);

	if (r || (is && is_to_the_same(&was->relation, &is->relation)))
		return r;
	r = token_of(p, &was->relation, &token);
	buf_put(&p->gone, &token, sizeof(token));
	return r ? r : buf_error(&p->gone);
}

static int edge_made(struct store *s, struct putting *p, const struct edge *was,
		     const struct store_edge *is)
{
	const struct relation *rel = &is->relation;
	struct edge edge = { .relation = *rel, .source_name = p->name };
	int64_t token;
	int r = token_of(p, rel, &token);

	if (!r)
		r = relation_find_target(s, token, relation_reference(rel),
					 p->source.region, &edge.target);
	if (!r)
		r = edge_kind_put(s, rel, &edge.kind);
	if (!r && !(was && is_to_the_same(&was->relation, rel)))
		r = edge_token_add(s, token, p->source.id);
	edge.more[EDGE_OUT] = is->out_len - edge_line_len(&edge, &p->source, EDGE_OUT);
	edge.more[EDGE_IN] = is->in_len - edge_line_len(&edge, &p->source, EDGE_IN);
	edge.more[EDGE_AT] = is->at_len - edge_line_len(&edge, &p->source, EDGE_AT);
	buf_put(&p->edges, &edge, sizeof(edge));
	if (!r)
		r = buf_error(&p->edges);
	return r ? r : count_lines(s, p, &edge, 1);
}

/* Of the tokens that went those whose place no other one has. */
static int tokens_drop(struct store *s, struct putting *p)
{
	_cleanup_(buf_deinit) struct buf left = BUF_INIT;
	const struct edge *edges = (const struct edge *)p->edges.data;
	const int64_t *gone;
	size_t n_left;
	int r = called_unique(&p->gone);

	for (size_t i = 0; p->gone.len && i < p->edges.len / sizeof(*edges) && !r; i++) {
		int64_t token = 0;

		r = token_of(p, &edges[i].relation, &token);
		token = edge_bits(token);
		buf_put(&left, &token, sizeof(token));
	}
	if (!r)
		r = called_unique(&left);
	gone = (const int64_t *)p->gone.data;
	n_left = left.len / sizeof(*gone);
	for (size_t i = 0; i < p->gone.len / sizeof(*gone) && !r; i++) {
		int64_t bits = edge_bits(gone[i]);

		if (!n_left ||
		    !bsearch(&bits, left.data, n_left, sizeof(bits), called_order))
			r = edge_token_remove(s, gone[i], p->source.id);
	}
	return r;
}

/* What is read of those that it had: of damaged ones nothing but where they are. */
static int edges_before(struct store *s, struct putting *p, struct edges *ret)
{
	int r = edges_read(s, p->source.id, ret);

	p->lost = store_is_row_lost(s, r);
	if (!p->lost)
		return r;
	buf_reset(&ret->list);
	return 0;
}

/* Whose files have lines that went uncounted: its own, and those of all that may be meant. */
static int recount(struct store *s, struct putting *p)
{
	const struct edge *edges = (const struct edge *)p->edges.data;
	int r = relation_recount_of(s, p->source.id);

	writer_count(s, COUNTER_REMADE, 1);
	for (size_t i = 0; i < p->edges.len / sizeof(*edges) && !r; i++) {
		int64_t token = 0;

		r = token_of(p, &edges[i].relation, &token);
		if (!r)
			r = relation_recount_called(s, token);
	}
	return r;
}

/* They stay as they are where they are the same; most often all but the last few do. */
static int edges_replace(struct store *s, struct putting *p,
			 const struct store_relations *relations, bool fresh)
{
	_cleanup_(edges_deinit) struct edges old = EDGES_INIT;
	const struct edge *edges;
	size_t n;
	int r = fresh ? 0 : edges_before(s, p, &old);

	edges = edges_all(&old, &n);
	for (size_t i = 0; !r && i < MAX(n, relations->n_edges); i++) {
		const struct edge *was = i < n ? &edges[i] : NULL;
		const struct store_edge *is =
			i < relations->n_edges ? &relations->edges[i] : NULL;

		if (was && is && is_same(p, was, is)) {
			buf_put(&p->edges, was, sizeof(*was));
			continue;
		}
		p->differs_ms = differs_from(was, is);
		p->from_ms = MIN(p->from_ms, p->differs_ms);
		if (was)
			r = edge_gone(s, p, was, is);
		if (!r && is)
			r = edge_made(s, p, was, is);
	}
	if (!r)
		r = buf_error(&p->edges);
	if (!r)
		r = tokens_drop(s, p);
	if (!r)
		r = edges_write(s, p->source.id, &old, (const struct edge *)p->edges.data,
				p->edges.len / sizeof(*edges));
	if (!r && p->from_ms < INT64_MAX)
		r = alarms_due_of_watched(s, p->source.id, p->from_ms);
	if (!r && p->lost)
		r = recount(s, p);
	return r ? r : relation_grow(s, p->source.id, p->lines_len);
}

/* ------------------------------------------------------------------------------------------- */

static struct str keep(struct arena *a, sqlite3_stmt *q, int column, int *r)
{
	struct str s = arena_str(a, col_str(q, column));

	if (!s.p)
		*r = -ENOMEM;
	return s;
}

static int source_get(struct store *s, int64_t resource, struct putting *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_EDGE_SOURCE, ARGS(INT(resource)), &q);

	if (r)
		return r;
	ret->source = (struct edge_source){ .id = resource,
					    .account = keep(&ret->arena, q, 0, &r),
					    .region = keep(&ret->arena, q, 1, &r),
					    .type = keep(&ret->arena, q, 2, &r),
					    .rid = keep(&ret->arena, q, 3, &r),
					    .folder = col_int(q, 4) };
	if (!r)
		r = folder_length(s, ret->source.folder, &ret->path_len);
	ret->path_len += 1 + (size_t)col_int(q, 5);
	return r;
}

int relation_put(struct store *s, int64_t resource,
		 const struct store_relations *relations, bool fresh)
{
	_cleanup_(putting_deinit) struct putting p = { .name = relations->source_name,
						       .from_ms = INT64_MAX };
	int r = source_get(s, resource, &p);

	if (!r)
		r = references_replace(s, &p, relations, fresh);
	return r ? r : edges_replace(s, &p, relations, fresh);
}
