/* SPDX-License-Identifier: Apache-2.0 */

/*
 * status/: tables about the history itself. churn.tsv is rendered to learn its size: it has so
 * many lines for each type and no more, whatever the number of resources, and is kept.
 */

#include "fixed.h"

#include <errno.h>

#include "render/status.h"
#include "store/churn.h"
#include "store/ledger.h"
#include "util/radix.h"

static const struct fixed_entry entries[] = {
	{ STR("churn.tsv"), NODE_FIXED_CHURN, true },
	{ STR("coverage.tsv"), NODE_FIXED_COVERAGE, true },
	{ STR("gaps.tsv"), NODE_FIXED_GAPS, true },
	{ STR("imports.tsv"), NODE_FIXED_IMPORTS, false },
	{ STR("refused.tsv"), NODE_FIXED_REFUSALS, false },
	{ STR("refused"), NODE_FIXED_REFUSED, false },
	{ STR("sources.tsv"), NODE_FIXED_SOURCES, false },
};

static int status_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	*ret = (struct tree_attr){ .node = node,
				   .parent = TREE_ROOT,
				   .type = TREE_DIR,
				   .growing = true,
				   .stamp = q->label };
	return view_error(store_finished_ms(q->store, &ret->mtime_ms));
}

static int status_lookup(struct request *q, uint64_t node, struct str name,
			 struct tree_attr *ret)
{
	(void)node;
	return fixed_lookup(q, entries, ARRAY_SIZE(entries), name, ret);
}

static int status_readdir(struct request *q, uint64_t node, uint64_t cookie,
			  const struct tree_lister *lister)
{
	(void)node;
	return fixed_readdir(q, entries, ARRAY_SIZE(entries), cookie, lister);
}

static int status_affected(struct request *q, uint64_t node,
			   bool (*visit)(void *, uint64_t), void *ctx)
{
	(void)q;
	(void)node;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!visit(ctx, entries[i].node))
			break;
	return 0;
}

const struct view view_status = {
	.getattr = status_getattr,
	.lookup = status_lookup,
	.readdir = status_readdir,
	.affected = status_affected,
};

/* --- churn.tsv ----------------------------------------------------------------------------- */

/* Lines of one account, region and type; and in all, so that the page is kept in few megabytes. */
#define CHURN_RESOURCES 100
#ifndef CHURN_LINES /* a test sets it lower */
#define CHURN_LINES 10000
#endif

struct churn {
	uint64_t all;              /* items in the history */
	struct store_tally *types; /* in order of account, region, type */
	size_t n_types;
	struct store_churn *resources;
	size_t n_resources;
};

static int churn_get(struct request *q, struct churn *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	ret->all = totals.items;
	if (r == 0)
		r = view_error(store_tallies_of(q->store, STR("item"), q->arena,
						&ret->types, &ret->n_types));
	if (r == 0)
		r = view_error(store_churn(q->store, ret->types, ret->n_types,
					   CHURN_RESOURCES, CHURN_LINES, q->arena,
					   &ret->resources, &ret->n_resources));
	return r;
}

static struct render_churn line_of(const struct churn *c, const struct store_tally *t)
{
	return (struct render_churn){ .account = t->account,
				      .region = t->region,
				      .type = t->type,
				      .items = t->n,
				      .all = c->all,
				      .resources = t->resources,
				      .first_ms = t->first_ms,
				      .last_ms = t->last_ms };
}

/* A type's place by its items, most first, and among the types, which is that of its equals. */
struct rank {
	int64_t fewer;
	int64_t type;
};

/* A line for each type with any resource left, most items first. */
static int put_types(struct request *q, const struct churn *c, bool rest, struct buf *out)
{
	struct rank *order = arena_alloc(q->arena, (c->n_types + 1) * sizeof(*order));
	size_t n = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_types; i++)
		if (!rest || c->types[i].resources)
			order[n++] = (struct rank){ -(int64_t)c->types[i].n, (int64_t)i };
	radix_sort(order, n, sizeof(*order), 2);
	for (size_t i = 0; i < n; i++) {
		struct render_churn line = line_of(c, &c->types[order[i].type]);

		if (rest)
			line.first_ms = line.last_ms = 0;
		line.rest = rest;
		render_churn(out, &line);
	}
	return 0;
}

static void put_resources(const struct churn *c, struct buf *out)
{
	for (size_t i = 0; i < c->n_resources; i++) {
		const struct store_churn *one = &c->resources[i];
		struct render_churn line = line_of(c, &c->types[one->type]);

		line.rid = one->rid;
		line.items = one->items;
		line.resources = 1;
		line.first_ms = one->first_ms;
		line.last_ms = one->last_ms;
		render_churn(out, &line);
	}
}

/* Leaves of each type what the resources without a line have: so the lines sum up to the types. */
static int take_shown(struct churn *c)
{
	for (size_t i = 0; i < c->n_resources; i++) {
		struct store_tally *of = &c->types[c->resources[i].type];

		if (!of->resources || of->n < c->resources[i].items)
			return -EBADMSG;
		of->n -= c->resources[i].items;
		of->resources--;
	}
	return 0;
}

static int churn_render(struct request *q, uint64_t node, struct buf *out)
{
	struct churn c = { 0 };
	int r = churn_get(q, &c);

	(void)node;
	if (r)
		return r;
	render_churn_header(out);
	r = put_types(q, &c, false, out);
	if (r)
		return r;
	put_resources(&c, out);
	r = take_shown(&c);
	return r ? r : put_types(q, &c, true, out);
}

static int churn_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	int r = fixed_page_attr(q, node, ret);

	return r ? r : view_error(store_finished_ms(q->store, &ret->mtime_ms));
}

const struct view view_churn = {
	.getattr = churn_getattr,
	.files = fixed_one_file,
	.render = churn_render,
};
