/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting relationships. Both ends' files have a line of each, so the sums of both ends' listing
 * rows change with it. A line ends in the path of the other end, which is known here alone;
 * lengths are those of the rest, and the path's are added where a line is counted.
 *
 * Whom a relationship means follows from the references of all resources (token: account, type
 * and what it is called by), so whenever a resource gets or loses one, the relationships with
 * that token are looked at again. What comes first does not matter.
 */
#include "relation.h"

#include <errno.h>
#include <stdlib.h>

#include "alarms.h"
#include "called.h"
#include "private.h"
#include "rows.h"

/* A resource whose relationships are put. */
struct source {
	int64_t id, folder;
	struct str account, region, type, rid;
	size_t path_len;
	int64_t lines_len;  /* by how much its own file has grown */
	int64_t differs_ms; /* from when on the row under way is another than it was */
	struct arena arena;
};

static void source_deinit(struct source *src)
{
	arena_deinit(&src->arena);
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

/* Of what ends a line of a resource's file: the other end's path and the newline. */
static int tail_length(struct store *s, int64_t resource, size_t *ret)
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

/* Even by nothing: its lines are others now. */
static int grow(struct store *s, int64_t resource, int64_t by)
{
	return sums_add(&s->writer->grown,
			&(struct sum){ .what = resource, .text_len = by });
}

int relation_settle(struct store *s)
{
	struct sums *grown = &s->writer->grown;
	int64_t now = grown->n ? now_ms() : 0;
	int r = 0;

	sums_merge(grown);
	for (size_t i = 0; i < grown->n && !r; i++) {
		const struct sum *g = &grown->rows[i];

		r = sql_run(s, Q_VIEW_RELATIONS,
			    ARGS(INT(g->what), INT(g->text_len), INT(now)));
		if (!r)
			r = folder_note_of(s, g->what);
	}
	grown->n = 0;
	return r;
}

/* The folders of both ends' resources. */
static int note_neighbours(struct store *s, int64_t resource)
{
	_cleanup_(buf_deinit) struct buf folders = BUF_INIT;
	int r = sql_all(s, Q_FOLDERS_RELATED, ARGS(INT(resource)), &sql_number, NULL,
			&folders);

	for (size_t i = 0; i < folders.len / sizeof(int64_t) && !r; i++)
		r = folder_note(s, ((const int64_t *)folders.data)[i]);
	return r;
}

int relation_renamed(struct store *s, int64_t resource, int64_t by)
{
	int64_t now = now_ms();
	int r = sql_run(s, Q_RENAMED_SOURCES, ARGS(INT(resource), INT(by), INT(now)));

	if (!r)
		r = sql_run(s, Q_RENAMED_TARGETS, ARGS(INT(resource), INT(by), INT(now)));
	if (!r)
		r = note_neighbours(s, resource);
	/* Its path stands in the files of alarms. */
	if (!r)
		r = alarms_due_of_watched(s, resource, INT64_MIN);
	return r ? r : alarms_due_of_related(s, resource, INT64_MIN);
}

/* --- whom a relationship means ------------------------------------------------------------- */

/* How well a resource of that region and id fits; 0: not at all. */
static int fitness(struct str reference, struct str from_region, struct str rid,
		   struct str region)
{
	int fits = str_eq(rid, reference) ? 8 : 0;

	if (str_eq(region, from_region))
		return fits + 4;
	if (str_is(region, "global"))
		return fits + 2;
	/* An ARN says the region itself. */
	return str_starts(reference, "arn:") ? fits + 1 : 0;
}

static int find_target(struct store *s, int64_t token, struct str reference,
		       struct str from_region, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf best_rid = BUF_INIT;
	bool row = true;
	int best = 0;
	int r = sql_open(s, Q_RESOURCES_OF_REFERENCE, ARGS(INT(token)), &q);

	*ret = 0;
	while (!r) {
		int fits;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		fits = fitness(reference, from_region, col_str(q, 1), col_str(q, 2));
		/* Of equals the lesser id, whichever came first. */
		if (fits == 0 || fits < best ||
		    (fits == best && str_cmp(col_str(q, 1), buf_str(&best_rid)) >= 0))
			continue;
		best = fits;
		buf_reset(&best_rid);
		buf_put_str(&best_rid, col_str(q, 1));
		*ret = col_int(q, 0);
		r = buf_error(&best_rid);
	}
	return r;
}

/* A relationship whose target may be another one now. */
struct loose {
	int64_t source, seq, target, found, since_ms;
	int64_t out_len, in_len;
};

static int read_loose(struct store *s, int64_t token, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_EDGES_OF_TOKEN, ARGS(INT(token)), &q);

	while (!r) {
		struct loose e;
		struct str id;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		e = (struct loose){ .source = col_int(q, 0),
				    .seq = col_int(q, 1),
				    .target = col_int(q, 2),
				    .out_len = col_int(q, 3),
				    .in_len = col_int(q, 4),
				    .since_ms = col_int(q, 8) };
		id = col_str(q, 5);
		r = find_target(s, token, id.n ? id : col_str(q, 6), col_str(q, 7),
				&e.found);
		if (!r && e.found != e.target)
			buf_put(ret, &e, sizeof(e));
	}
	return r ? r : buf_error(ret);
}

/* It is another's from its beginning on. */
static int alarms_due_of_ends(struct store *s, const struct loose *e)
{
	int r = alarms_due_of_watched(s, e->source, e->since_ms);

	if (!r && e->target)
		r = alarms_due_of_watched(s, e->target, e->since_ms);
	if (!r && e->found)
		r = alarms_due_of_watched(s, e->found, e->since_ms);
	return r;
}

static int set_target(struct store *s, const struct loose *e)
{
	size_t before = 0, after = 0, own = 0;
	int r = tail_length(s, e->target, &before);

	if (!r)
		r = tail_length(s, e->found, &after);
	if (!r)
		r = tail_length(s, e->source, &own);
	if (!r)
		r = sql_run(s, Q_EDGE_TARGET,
			    ARGS(INT(e->source), INT(e->seq), REF(e->found)));
	if (!r)
		r = grow(s, e->source, (int64_t)after - (int64_t)before);
	if (!r && e->target)
		r = grow(s, e->target, -(e->in_len + (int64_t)own));
	if (!r && e->found)
		r = grow(s, e->found, e->in_len + (int64_t)own);
	return r ? r : alarms_due_of_ends(s, e);
}

/* Looks again whom the relationships with the token mean. */
static int resolve_again(struct store *s, int64_t token)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;
	const struct loose *loose;
	int r = read_loose(s, token, &list);

	loose = (const struct loose *)list.data;
	for (size_t i = 0; !r && i < list.len / sizeof(*loose); i++)
		r = set_target(s, &loose[i]);
	return r;
}

/* --- what a resource is called ------------------------------------------------------------- */

/* Sorted, each once. */
static int tokens_of(const struct source *src, const struct store_relations *relations,
		     struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	int64_t *tokens;
	size_t n, kept = 0;
	int r = 0;

	for (size_t i = 0; !r && i <= relations->n_names; i++) {
		struct str name = i ? relations->names[i - 1] : src->rid;
		int64_t token;

		r = relation_token(&scratch, src->account, src->type, name, &token);
		if (!r)
			buf_put(ret, &token, sizeof(token));
	}
	if (!r)
		r = buf_error(ret);
	if (r)
		return r;
	tokens = (int64_t *)ret->data;
	n = ret->len / sizeof(*tokens);
	qsort(tokens, n, sizeof(*tokens), called_order);
	for (size_t i = 0; i < n; i++)
		if (!kept || tokens[i] != tokens[kept - 1])
			tokens[kept++] = tokens[i];
	ret->len = kept * sizeof(*tokens);
	return 0;
}

int relation_known(struct store *s, int64_t resource, bool *ret)
{
	return sql_exists(s, Q_CALLED_TOKENS, ARGS(INT(resource)), ret);
}

/* Writes the difference and gathers its tokens. */
static int references_replace(struct store *s, const struct source *src,
			      const struct store_relations *relations, bool fresh,
			      struct buf *changed)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT;
	size_t i = 0, j = 0, n_old, n_new;
	const int64_t *x, *y;
	int r = fresh ? 0 : called_tokens(s, src->id, &old);

	if (!r)
		r = tokens_of(src, relations, &new);
	x = (const int64_t *)old.data;
	y = (const int64_t *)new.data;
	n_old = old.len / sizeof(*x);
	n_new = new.len / sizeof(*y);
	while (!r && (i < n_old || j < n_new)) {
		bool gone = j == n_new || (i < n_old && x[i] < y[j]);
		bool made = i == n_old || (j < n_new && y[j] < x[i]);

		if (gone || made) {
			const int64_t *token = gone ? &x[i] : &y[j];

			buf_put(changed, token, sizeof(*token));
			r = sql_run(s, gone ? Q_REFERENCE_DELETE : Q_REFERENCE_INSERT,
				    ARGS(INT(*token), INT(src->id)));
		}
		i += !made;
		j += !gone;
	}
	if (!r && changed->len)
		r = called_tokens_replace(s, src->id, y, n_new);
	return r ? r : buf_error(changed);
}

/* --- what a resource names ----------------------------------------------------------------- */

static int64_t until_stored(int64_t until_ms)
{
	return until_ms == RELATION_OPEN ? 0 : until_ms;
}

/* A row as it is in the history. */
struct row {
	struct store_edge edge;
	struct str source_name;
	int64_t target;
};

static struct str keep(struct arena *a, sqlite3_stmt *q, int column, int *r)
{
	struct str s = arena_str(a, col_str(q, column));

	if (!s.p)
		*r = -ENOMEM;
	return s;
}

static int rows_read(struct store *s, struct source *src, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct arena *a = &src->arena;
	bool next = true;
	int r = sql_open(s, Q_EDGES_OF_SOURCE, ARGS(INT(src->id)), &q);

	while (!r) {
		struct row row;

		r = sql_next(s, q, &next);
		if (r || !next)
			break;
		row = (struct row){
			.edge = { .relation = { .what = keep(a, q, 0, &r),
						.type = keep(a, q, 1, &r),
						.id = keep(a, q, 2, &r),
						.name = keep(a, q, 3, &r),
						.since_ms = col_int(q, 4),
						.until_ms = col_int(q, 5) },
				  .out_len = (uint32_t)col_int(q, 9),
				  .in_len = (uint32_t)col_int(q, 10),
				  .at_len = (uint32_t)col_int(q, 11) },
			.source_name = keep(a, q, 6, &r),
			.target = col_int(q, 8),
		};
		buf_put(ret, &row, sizeof(row));
	}
	return r ? r : buf_error(ret);
}

static bool is_same(const struct row *row, const struct store_edge *e,
		    struct str source_name)
{
	const struct relation *x = &row->edge.relation, *y = &e->relation;

	return x->since_ms == y->since_ms && x->until_ms == until_stored(y->until_ms) &&
	       str_eq(x->what, y->what) && str_eq(x->type, y->type) &&
	       str_eq(x->id, y->id) && str_eq(x->name, y->name) &&
	       str_eq(row->source_name, source_name) && row->edge.out_len == e->out_len &&
	       row->edge.in_len == e->in_len && row->edge.at_len == e->at_len;
}

/* From when on the one tells another than the other; either may be NULL. */
static int64_t differs_from(const struct row *was, const struct store_edge *is)
{
	const struct relation *x, *y;
	int64_t x_until, y_until;

	if (!was || !is)
		return was  ? was->edge.relation.since_ms
		       : is ? is->relation.since_ms
			    : INT64_MAX;
	x = &was->edge.relation;
	y = &is->relation;
	if (x->since_ms != y->since_ms || !str_eq(x->what, y->what) ||
	    !str_eq(x->type, y->type) ||
	    !str_eq(relation_reference(x), relation_reference(y)))
		return MIN(x->since_ms, y->since_ms);
	x_until = x->until_ms ? x->until_ms : INT64_MAX;
	y_until = until_stored(y->until_ms) ? y->until_ms : INT64_MAX;
	return x_until == y_until ? INT64_MAX : MIN(x_until, y_until);
}

/* Both files' lines of a row come (sign 1) or go (-1), and it differs from then on. */
static int count_lines(struct store *s, struct source *src, const struct store_edge *e,
		       int64_t target, int sign)
{
	size_t tail;
	int r = tail_length(s, target, &tail);

	if (r)
		return r;
	src->lines_len += sign * ((int64_t)e->out_len + (int64_t)tail);
	if (!target)
		return 0;
	r = alarms_due_of_watched(s, target, src->differs_ms);
	return r ? r
		 : grow(s, target,
			sign * ((int64_t)e->in_len + (int64_t)src->path_len + 1));
}

/* The row of what an edge is and to which type; there are some hundreds. */
static int kind_of(struct store *s, const struct relation *rel, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_RELATION_FIND, ARGS(TEXT(rel->what), TEXT(rel->type)), &q);

	if (!r)
		*ret = col_int(q, 0);
	if (r != STORE_E_NOT_FOUND)
		return r;
	r = sql_run(s, Q_RELATION_INSERT, ARGS(TEXT(rel->what), TEXT(rel->type)));
	*ret = sqlite3_last_insert_rowid(s->db);
	return r;
}

static int edge_put(struct store *s, struct source *src, const struct store_edge *e,
		    struct str source_name, size_t seq, struct buf *scratch)
{
	const struct relation *rel = &e->relation;
	struct str reference = relation_reference(rel);
	int64_t kind, token, target = 0;
	int r = relation_token(scratch, src->account, rel->type, reference, &token);

	if (!r)
		r = find_target(s, token, reference, src->region, &target);
	if (!r)
		r = kind_of(s, rel, &kind);
	if (!r)
		r = sql_run(s, Q_EDGE_PUT,
			    ARGS(INT(src->id), INT(seq), INT(kind), TEXT(rel->id),
				 TEXT(rel->name), INT(rel->since_ms),
				 INT(until_stored(rel->until_ms)), TEXT(source_name),
				 INT(token), REF(target), INT(e->out_len), INT(e->in_len),
				 INT(e->at_len)));
	return r ? r : count_lines(s, src, e, target, 1);
}

/* Rows stay where they are the same; most often all but the last few do. */
static int edges_replace(struct store *s, struct source *src,
			 const struct store_relations *relations, bool fresh)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, scratch = BUF_INIT;
	int64_t from_ms = INT64_MAX;
	const struct row *rows;
	size_t n_rows;
	int r = fresh ? 0 : rows_read(s, src, &old);

	rows = (const struct row *)old.data;
	n_rows = old.len / sizeof(*rows);
	for (size_t i = 0; !r && i < MAX(n_rows, relations->n_edges); i++) {
		const struct row *was = i < n_rows ? &rows[i] : NULL;
		const struct store_edge *is =
			i < relations->n_edges ? &relations->edges[i] : NULL;

		if (was && is && is_same(was, is, relations->source_name))
			continue;
		src->differs_ms = differs_from(was, is);
		from_ms = MIN(from_ms, src->differs_ms);
		if (was)
			r = count_lines(s, src, &was->edge, was->target, -1);
		if (!r && is)
			r = edge_put(s, src, is, relations->source_name, i, &scratch);
	}
	if (!r && n_rows > relations->n_edges)
		r = sql_run(s, Q_EDGES_DELETE_FROM,
			    ARGS(INT(src->id), INT(relations->n_edges)));
	if (!r && from_ms < INT64_MAX)
		r = alarms_due_of_watched(s, src->id, from_ms);
	return r ? r : grow(s, src->id, src->lines_len);
}

/* ------------------------------------------------------------------------------------------- */

static int source_get(struct store *s, int64_t resource, struct source *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_EDGE_SOURCE, ARGS(INT(resource)), &q);

	if (r)
		return r;
	ret->id = resource;
	ret->account = keep(&ret->arena, q, 0, &r);
	ret->region = keep(&ret->arena, q, 1, &r);
	ret->type = keep(&ret->arena, q, 2, &r);
	ret->rid = keep(&ret->arena, q, 3, &r);
	ret->folder = col_int(q, 4);
	if (!r)
		r = folder_length(s, ret->folder, &ret->path_len);
	ret->path_len += 1 + (size_t)col_int(q, 5);
	return r;
}

int relation_put(struct store *s, int64_t resource,
		 const struct store_relations *relations, bool fresh)
{
	_cleanup_(source_deinit) struct source src = { 0 };
	_cleanup_(buf_deinit) struct buf changed = BUF_INIT;
	const int64_t *tokens;
	int r = source_get(s, resource, &src);

	if (!r)
		r = references_replace(s, &src, relations, fresh, &changed);
	if (!r)
		r = edges_replace(s, &src, relations, fresh);
	tokens = (const int64_t *)changed.data;
	for (size_t i = 0; !r && i < changed.len / sizeof(*tokens); i++)
		r = resolve_again(s, tokens[i]);
	return r;
}
