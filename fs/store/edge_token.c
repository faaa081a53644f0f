/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sources have relationships that call their target by a token: whom they mean is looked for
 * when a resource comes that is so called, and who means a resource follows from what it is called.
 * Of a token 24 bits are here, since what is found is looked at: of ten million, not one in a search
 * is another's. What comes is written at the end of a commit, sorted.
 */
#include <errno.h>

#include "called.h"
#include "edge.h"
#include "private.h"

#define GATHERED_MAX (1u << 20) /* then they are written at once */

struct posting edge_place(int64_t token, int64_t source)
{
	int64_t bits = edge_bits(token);

	return (struct posting){ bits >> 16, bits & 0xffff, source };
}

int edge_token_add(struct store *s, int64_t token, int64_t source)
{
	const struct posting p = edge_place(token, source);

	return writer_posting(s, &s->writer->edges, GATHERED_MAX, POSTING_EDGE, &p);
}

int edge_token_remove(struct store *s, int64_t token, int64_t source)
{
	const struct posting p = edge_place(token, source);
	int r = edge_tokens_settle(s);

	return r ? r : postings_remove(s, POSTING_EDGE, &p);
}

int edge_tokens_settle(struct store *s)
{
	return writer_postings(s, &s->writer->edges, POSTING_EDGE);
}

static int add_source(void *ctx, const struct posting *p, bool *more _unused_)
{
	buf_put(ctx, &p->event, sizeof(p->event));
	return buf_error(ctx);
}

/* Of tokens the places, in order, each once. */
static int places_of(const int64_t *tokens, size_t n, struct buf *ret)
{
	struct posting *places;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct posting p = edge_place(tokens[i], 0);

		buf_put(ret, &p, sizeof(p));
	}
	if (buf_error(ret))
		return -ENOMEM;
	places = (struct posting *)ret->data;
	postings_sort(places, n);
	for (size_t i = 0; i < n; i++)
		if (!kept || posting_order(&places[i], &places[kept - 1]))
			places[kept++] = places[i];
	ret->len = kept * sizeof(*places);
	return 0;
}

int edge_sources(struct store *s, const int64_t *tokens, size_t n, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf places = BUF_INIT;
	int r = places_of(tokens, n, &places);

	if (!r)
		r = postings_of(s, POSTING_EDGE, (const struct posting *)places.data,
				places.len / sizeof(struct posting), add_source, ret);
	return r ? r : called_unique(ret);
}

static int each_to(struct edge_scan *c, int64_t source, int64_t resource,
		   edge_lost_fn *lost, edge_fn *each, void *ctx)
{
	int r = edges_scan(c, source);
	size_t n;
	const struct edge *all = edges_all(&c->edges, &n);

	if (r && lost)
		return lost(c->s, source, r);
	for (size_t i = 0; i < n && !r; i++)
		if (all[i].target == resource)
			r = each(ctx, &c->edges.source, &all[i]);
	return r;
}

int edges_incoming(struct store *s, int64_t resource, edge_lost_fn *lost, edge_fn *each,
		   void *ctx)
{
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT, sources = BUF_INIT;
	_cleanup_(edge_scan_deinit) struct edge_scan c = EDGE_SCAN(s);
	const int64_t *all;
	int r = called_tokens(s, resource, &tokens);

	if (!r)
		r = edge_sources(s, (const int64_t *)tokens.data,
				 tokens.len / sizeof(int64_t), &sources);
	all = (const int64_t *)sources.data;
	for (size_t i = 0; i < sources.len / sizeof(*all) && !r; i++)
		r = each_to(&c, all[i], resource, lost, each, ctx);
	return r;
}
