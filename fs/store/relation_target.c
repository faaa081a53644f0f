/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom relationships mean. Of a resource that is called otherwise than before, or for the first time,
 * the tokens are gathered, and at the end of a commit all relationships with one of them are looked
 * at: each source's once.
 */
#include <errno.h>
#include <stdlib.h>

#include "alarms.h"
#include "called.h"
#include "edge.h"
#include "private.h"
#include "relation.h"

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

int relation_find_target(struct store *s, int64_t token, struct str reference,
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

/* It is another's from its beginning on. */
static int alarms_due_of_ends(struct store *s, int64_t source, const struct edge *e,
			      int64_t found)
{
	int64_t since_ms = e->relation.since_ms;
	int r = alarms_due_of_watched(s, source, since_ms);

	if (!r && e->target)
		r = alarms_due_of_watched(s, e->target, since_ms);
	if (!r && found)
		r = alarms_due_of_watched(s, found, since_ms);
	return r;
}

/* Lines of all three change with it. */
static int retarget(struct store *s, const struct edge_source *source, struct edge *e,
		    int64_t found)
{
	int64_t in = edge_line_len(e, source, EDGE_IN);
	size_t before = 0, after = 0, own = 0;
	int r = relation_tail_length(s, e->target, &before);

	if (!r)
		r = relation_tail_length(s, found, &after);
	if (!r)
		r = relation_tail_length(s, source->id, &own);
	if (!r)
		r = relation_grow(s, source->id, (int64_t)after - (int64_t)before);
	if (!r && e->target)
		r = relation_grow(s, e->target, -(in + (int64_t)own));
	if (!r && found)
		r = relation_grow(s, found, in + (int64_t)own);
	if (!r)
		r = alarms_due_of_ends(s, source->id, e, found);
	e->target = found;
	return r;
}

/* What is looked for again; tokens in order. */
struct resolving {
	struct store *s;
	const int64_t *tokens;
	size_t n;
	struct edges edges;
	struct buf scratch;
};

static void resolving_deinit(struct resolving *c)
{
	edges_deinit(&c->edges);
	buf_deinit(&c->scratch);
}

static int look_again(struct resolving *c, struct edge *e, bool *changed)
{
	const struct edge_source *source = &c->edges.source;
	struct str reference = relation_reference(&e->relation);
	int64_t token, found;
	int r = relation_token(&c->scratch, source->account, e->relation.type, reference,
			       &token);

	if (r || !bsearch(&token, c->tokens, c->n, sizeof(token), called_order))
		return r;
	r = relation_find_target(c->s, token, reference, source->region, &found);
	if (r || found == e->target)
		return r;
	*changed = true;
	return retarget(c->s, source, e, found);
}

static int look_at_source(struct resolving *c, int64_t source)
{
	bool changed = false;
	struct edge *all;
	size_t n;
	int r = edges_read(c->s, source, &c->edges);

	if (r)
		return relation_lost(c->s, source, r);
	all = edges_all(&c->edges, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = look_again(c, &all[i], &changed);
	return r || !changed ? r : edges_write(c->s, source, &c->edges, all, n);
}

static int resolve(struct store *s, const struct buf *tokens)
{
	_cleanup_(buf_deinit) struct buf sources = BUF_INIT;
	_cleanup_(resolving_deinit) struct resolving c = { s,
							   (const int64_t *)tokens->data,
							   tokens->len / sizeof(int64_t),
							   EDGES_INIT, BUF_INIT };
	int r = edge_sources(s, c.tokens, c.n, &sources);
	const int64_t *all = (const int64_t *)sources.data;

	for (size_t i = 0; i < sources.len / sizeof(*all) && !r; i++)
		r = look_at_source(&c, all[i]);
	return r;
}

int relation_resolve(struct store *s)
{
	struct buf *tokens = &s->writer->recalled;
	int r = edge_tokens_settle(s);

	if (!r)
		r = called_unique(tokens);
	if (!r && tokens->len)
		r = resolve(s, tokens);
	buf_reset(tokens);
	return r;
}
