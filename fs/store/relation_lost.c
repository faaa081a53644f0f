/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relationships in a row that is damaged. They follow from the states of the source, so its story is
 * made once more, from the first state on, and puts them in the place of what cannot be read. Their
 * lines were counted at both ends, by lengths that nobody knows any more: of all that may be ends
 * these are summed up anew. Who reads meanwhile is told of the damage.
 */
#include "called.h"
#include "edge.h"
#include "private.h"
#include "relation.h"
#include "store/alarms.h"

int relation_lost(struct store *s, int64_t source, int error)
{
	return store_is_row_lost(s, error)
		       ? sql_run(s, Q_DIRTY_ADD, ARGS(INT(source), INT(INT64_MIN)))
		       : error;
}

int relation_recount_of(struct store *s, int64_t resource)
{
	buf_put(&s->writer->recount, &resource, sizeof(resource));
	return buf_error(&s->writer->recount);
}

int relation_recount_called(struct store *s, int64_t token)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_RESOURCES_OF_REFERENCE, ARGS(INT(token)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = relation_recount_of(s, col_int(q, 0));
	}
	return r;
}

struct sum_up {
	struct store *s;
	int64_t n; /* bytes of the lines */
};

static int add_line(struct sum_up *sum, int64_t len, int64_t other_end)
{
	size_t tail = 0;
	int r = relation_tail_length(sum->s, other_end, &tail);

	sum->n += len + (int64_t)tail;
	return r;
}

static int add_in(void *ctx, const struct edge_source *source, const struct edge *edge)
{
	return add_line(ctx, edge_line_len(edge, source, EDGE_IN), source->id);
}

static int add_out(struct sum_up *sum, int64_t resource)
{
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	const struct edge *all;
	size_t n;
	int r = edges_read(sum->s, resource, &e);

	if (r)
		return relation_lost(sum->s, resource, r);
	all = edges_all(&e, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = add_line(sum, edge_line_len(&all[i], &e.source, EDGE_OUT),
			     all[i].target);
	return r;
}

static int recount(struct store *s, int64_t resource)
{
	struct sum_up sum = { .s = s };
	int r = add_out(&sum, resource);

	if (!r)
		r = edges_incoming(s, resource, relation_lost, add_in, &sum);
	if (!r)
		r = sql_run(s, Q_VIEW_RELATIONS_ARE,
			    ARGS(INT(resource), INT(sum.n), INT(now_ms())));
	return r ? r : folder_note_of(s, resource);
}

int relation_recount(struct store *s)
{
	struct buf *all = &s->writer->recount;
	const int64_t *resources;
	int r = called_unique(all);

	resources = (const int64_t *)all->data;
	for (size_t i = 0; i < all->len / sizeof(*resources) && !r; i++)
		r = recount(s, resources[i]);
	buf_reset(all);
	return r;
}

/* --- for who only reads -------------------------------------------------------------------- */

static int pass_over(void *ctx _unused_, const struct edge_source *source _unused_,
		     const struct edge *edge _unused_)
{
	return 0;
}

int store_related_mend(struct store *s, int64_t resource)
{
	_cleanup_(edges_deinit) struct edges e = EDGES_INIT;
	int r = writing(s, "relationships");

	if (!r)
		r = edges_read(s, resource, &e);
	if (r)
		r = relation_lost(s, resource, r);
	if (!r)
		r = edges_incoming(s, resource, relation_lost, pass_over, NULL);
	return written(s, r);
}
