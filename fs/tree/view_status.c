/* SPDX-License-Identifier: Apache-2.0 */

/*
 * status/: tables about the history itself. churn.tsv is rendered to learn its size: it has so
 * many lines for each type and no more, whatever the number of resources, and is kept.
 */

#include "fixed.h"

#include <errno.h>
#include <stdlib.h>

#include "render/status.h"
#include "store/churn.h"
#include "store/ledger.h"

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
	struct request *q;
	uint64_t all;                /* items in the history */
	struct buf types, resources; /* struct render_churn each */
	bool full;                   /* there are as many resources as are kept: */
	struct render_churn last;    /* ... the last of them, but for its id */
	struct arena rids;           /* of resources */
};

static void churn_deinit(struct churn *c)
{
	arena_deinit(&c->rids);
	buf_deinit(&c->types);
	buf_deinit(&c->resources);
}

static int by_items(const void *a, const void *b)
{
	const struct render_churn *x = a, *y = b;
	const struct str left[] = { x->account, x->region, x->type, x->rid };
	const struct str right[] = { y->account, y->region, y->type, y->rid };
	int order = (x->items < y->items) - (x->items > y->items);

	for (size_t i = 0; !order && i < ARRAY_SIZE(left); i++)
		order = str_cmp(left[i], right[i]);
	return order;
}

static void sort(struct buf *lines)
{
	size_t n = lines->len / sizeof(struct render_churn);

	if (n > 1)
		qsort(lines->data, n, sizeof(struct render_churn), by_items);
}

static int by_place(const void *a, const void *b)
{
	const struct render_churn *x = a, *y = b;
	int order = str_cmp(x->account, y->account);

	if (!order)
		order = str_cmp(x->region, y->region);
	return order ? order : str_cmp(x->type, y->type);
}

/* Puts the resources in order, and leaves out those beyond the first so many. */
static int keep_busiest(struct churn *c)
{
	struct render_churn *all = (struct render_churn *)c->resources.data;
	size_t n = MIN(c->resources.len / sizeof(*all), (size_t)CHURN_LINES);
	struct arena kept = ARENA_INIT;
	int r = 0;

	sort(&c->resources);
	c->resources.len = n * sizeof(*all);
	c->full = n == CHURN_LINES;
	if (c->full)
		c->last = all[n - 1];
	for (size_t i = 0; i < n; i++) {
		all[i].rid = arena_str(&kept, all[i].rid);
		if (!all[i].rid.p)
			r = -ENOMEM;
	}
	arena_deinit(&c->rids);
	c->rids = kept;
	return r;
}

/*
 * Resources of the type with no more items are not kept; what has as many as the last one is, where
 * its type stands before that one's.
 */
static uint64_t least_of(const struct churn *c, const struct render_churn *type)
{
	if (!c->full)
		return 0;
	return by_place(type, &c->last) > 0 ? c->last.items : c->last.items - 1;
}

/* What a resource of the type has at most: each of the others came with an item. */
static uint64_t most_of(const struct store_tally *t)
{
	return t->n >= t->resources ? t->n + 1 - t->resources : MAX(t->n, 1);
}

static int add_type(struct churn *c, const struct store_tally *t)
{
	struct store_churn page[CHURN_RESOURCES];
	struct render_churn line = { .account = t->account,
				     .region = t->region,
				     .type = t->type,
				     .items = t->n,
				     .all = c->all,
				     .resources = t->resources,
				     .first_ms = t->first_ms,
				     .last_ms = t->last_ms };
	uint64_t least = least_of(c, &line);
	size_t n;
	int r;

	buf_put(&c->types, &line, sizeof(line));
	if (most_of(t) <= least)
		return 0;
	r = view_error(store_churn(c->q->store, t->account, t->region, t->type, least,
				   &c->rids, page, ARRAY_SIZE(page), &n));
	for (size_t i = 0; r == 0 && i < n; i++) {
		line.rid = page[i].rid;
		line.items = page[i].items;
		line.resources = 1;
		line.first_ms = page[i].first_ms;
		line.last_ms = page[i].last_ms;
		buf_put(&c->resources, &line, sizeof(line));
	}
	if (r == 0 && c->resources.len > 2 * CHURN_LINES * sizeof(line))
		r = keep_busiest(c);
	return r;
}

static void put_lines(const struct buf *lines, struct buf *out)
{
	const struct render_churn *all = (const struct render_churn *)lines->data;

	for (size_t i = 0; i < lines->len / sizeof(*all); i++)
		render_churn(out, &all[i]);
}

/* What the resources without a line have, a line for each type; so the lines sum up to the types. */
static int put_rest(struct churn *c, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf rest = BUF_INIT;
	const struct render_churn *shown = (const struct render_churn *)c->resources.data;
	struct render_churn *types;
	size_t n;

	buf_put(&rest, c->types.data, c->types.len);
	if (buf_error(&rest))
		return -ENOMEM;
	types = (struct render_churn *)rest.data;
	n = rest.len / sizeof(*types);
	if (n > 1)
		qsort(types, n, sizeof(*types), by_place);
	for (size_t i = 0; i < c->resources.len / sizeof(*shown); i++) {
		struct render_churn *of =
			bsearch(&shown[i], types, n, sizeof(*types), by_place);

		if (!of || !of->resources || of->items < shown[i].items)
			return -EBADMSG;
		of->items -= shown[i].items;
		of->resources--;
	}
	sort(&rest);
	for (size_t i = 0; i < n; i++) {
		types[i].first_ms = types[i].last_ms = 0;
		types[i].rest = true;
		if (types[i].resources)
			render_churn(out, &types[i]);
	}
	return 0;
}

/*
 * Types that may have very busy resources first, roughly: with those most of the others need not be
 * looked at.
 */
static int add_types(struct churn *c, const struct store_tally *tallies, size_t n)
{
	static const uint64_t steps[] = { UINT64_MAX, 64, 32, 16, 8, 4, 2, 0 };
	int r = 0;

	for (size_t step = 1; step < ARRAY_SIZE(steps); step++)
		for (size_t i = 0; r == 0 && i < n; i++)
			if (most_of(&tallies[i]) > steps[step] &&
			    most_of(&tallies[i]) <= steps[step - 1])
				r = add_type(c, &tallies[i]);
	return r;
}

static int churn_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(churn_deinit) struct churn c = { .q = q };
	struct store_totals totals;
	struct store_tally *tallies;
	size_t n = 0;
	int r = view_error(store_totals(q->store, &totals));

	(void)node;
	c.all = totals.items;
	if (r == 0)
		r = view_error(
			store_tallies_of(q->store, STR("item"), q->arena, &tallies, &n));
	if (r == 0)
		r = add_types(&c, tallies, n);
	if (r == 0)
		r = buf_error(&c.types);
	if (r == 0)
		r = buf_error(&c.resources);
	if (r == 0)
		r = keep_busiest(&c);
	if (r)
		return r;
	render_churn_header(out);
	sort(&c.types);
	put_lines(&c.types, out);
	put_lines(&c.resources, out);
	return put_rest(&c, out);
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
