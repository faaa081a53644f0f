/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A resource's directory: its story, the link to its newest state, its states. States are
 * listed by time, and their cookie is the time and the twin's number themselves: no row has
 * to be there still for a listing to go on, and what is added shifts nothing.
 */

#include "view.h"

#include <errno.h>

#include "model/name.h"
#include "model/timestamp.h"

/* Milliseconds up to 2100 take 42 bits, which leaves 20 for twins and one not to use. */
#define COOKIE_TWIN_BITS 20
#define COOKIE_STATES    8 /* first cookie of a state; below it count the fixed entries */

_Static_assert(TIMESTAMP_MAX < INT64_C(1) << 42, "a cookie holds any time");

int view_resource_get(struct request *q, uint64_t node, struct store_resource *ret)
{
	return view_error(store_resource_get(q->store, node_row(node), q->arena, ret));
}

int view_resource_stamp(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = (uint64_t)resource.changed_ms;
	return r;
}

struct tree_attr view_resource_attr(const struct store_resource *r)
{
	return (struct tree_attr){ .node = node_make(NODE_RESOURCE, r->id),
				   .parent = node_make(NODE_FOLDER, r->folder),
				   .type = TREE_DIR,
				   .growing = true,
				   .covers = true,
				   .mtime_ms = r->newest_ms,
				   .stamp = (uint64_t)r->changed_ms };
}

static int resource_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = view_resource_attr(&resource);
	return r;
}

/* --- latest.json -------------------------------------------------------------------------- */

/* ls -l reads each link right after the listing that had to look for where it leads. */
static int latest_target(struct request *q, const struct store_resource *resource,
			 const char **ret)
{
	struct connection *c = q->connection;
	struct store_state st;
	int r;

	if (resource->latest == 0)
		return TREE_E_NOT_FOUND;
	r = view_state_get(q, resource->latest, &st);
	if (r)
		return r;
	name_state(st.time_ms, st.twin, c->link);
	c->linked = resource->id;
	*ret = c->link;
	return 0;
}

static int latest_attr(struct request *q, const struct store_resource *resource,
		       struct tree_attr *ret)
{
	const char *target;
	int r = latest_target(q, resource, &target);

	if (r == 0)
		*ret = (struct tree_attr){ .node = node_make(NODE_LATEST, resource->id),
					   .type = TREE_LINK,
					   .growing = true,
					   .size = strlen(target),
					   .mtime_ms = resource->newest_ms };
	return r;
}

static int latest_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	return r ? r : latest_attr(q, &resource, ret);
}

static int latest_readlink(struct request *q, uint64_t node, struct buf *out)
{
	struct store_resource resource;
	const char *target = q->connection->link;
	int r = 0;

	if (q->connection->linked != node_row(node)) {
		r = view_resource_get(q, node, &resource);
		if (r == 0)
			r = latest_target(q, &resource, &target);
	}
	if (r == 0)
		buf_put_text(out, target);
	return r;
}

/* --- the directory ------------------------------------------------------------------------ */

static int changes_attr(struct request *q, const struct store_resource *r,
			struct tree_attr *ret)
{
	(void)q;
	*ret = view_changes_attr(NODE_CHANGES, r);
	return 0;
}

static int changes_jsonl_attr(struct request *q, const struct store_resource *r,
			      struct tree_attr *ret)
{
	(void)q;
	*ret = view_changes_attr(NODE_CHANGES_JSONL, r);
	return 0;
}

static int blame_attr(struct request *q, const struct store_resource *r,
		      struct tree_attr *ret)
{
	(void)q;
	*ret = view_blame_attr(r);
	return 0;
}

static int relationships_attr(struct request *q, const struct store_resource *r,
			      struct tree_attr *ret)
{
	(void)q;
	*ret = view_relationships_attr(r);
	return 0;
}

/* What a resource has; one that is not there (yet) says TREE_E_NOT_FOUND. */
static const struct {
	const char *name;
	enum node_kind kind;
	int (*attr)(struct request *q, const struct store_resource *r,
		    struct tree_attr *ret);
} entries[] = {
	{ "changes", NODE_CHANGES, changes_attr },
	{ "changes.jsonl", NODE_CHANGES_JSONL, changes_jsonl_attr },
	{ "latest.json", NODE_LATEST, latest_attr },
	{ "blame", NODE_BLAME, blame_attr },
	{ "relationships.tsv", NODE_RELATIONSHIPS, relationships_attr },
	{ "metrics", NODE_METRICS, view_metrics_attr },
};

int view_resource_files(struct request *q, uint64_t *ret)
{
	struct store_totals totals;
	uint64_t each = 0;
	int r = view_error(store_totals(q->store, &totals));

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		each += entries[i].kind != NODE_LATEST && entries[i].kind != NODE_METRICS;
	if (r == 0)
		*ret = totals.states + each * totals.resources + totals.metric_files;
	return r;
}

_Static_assert(ARRAY_SIZE(entries) < COOKIE_STATES, "cookies of states are above these");

/*
 * A hidden state, what another region recorded of a global item, is not listed but found: it may
 * have been listed, and noted, before an earlier record of the same content came.
 */
static int find_state(struct request *q, int64_t resource, struct str name,
		      struct tree_attr *ret)
{
	struct store_state st;
	int64_t time_ms;
	unsigned twin;
	bool canonical;
	int r;

	if (!name_state_parse(name, &time_ms, &twin, &canonical))
		return TREE_E_NOT_FOUND;
	r = view_error(store_state_find(q->store, resource, time_ms, twin, &st));
	if (r == 0)
		*ret = view_state_attr(&st);
	return r;
}

static int resource_lookup(struct request *q, uint64_t node, struct str name,
			   struct tree_attr *ret)
{
	struct store_resource resource;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (!str_is(name, entries[i].name))
			continue;
		r = view_resource_get(q, node, &resource);
		return r ? r : entries[i].attr(q, &resource, ret);
	}
	return find_state(q, node_row(node), name, ret);
}

/* The fixed entries from the cookie on. */
static int list_entries(struct request *q, uint64_t node, uint64_t cookie,
			const struct tree_lister *lister, bool *wanted)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r)
		return r;
	for (uint64_t i = cookie; *wanted && i < ARRAY_SIZE(entries); i++) {
		struct tree_attr attr;

		r = entries[i].attr(q, &resource, &attr);
		if (r == TREE_E_NOT_FOUND)
			continue;
		if (r)
			return r;
		*wanted = lister->entry(lister->ctx,
					&(struct tree_entry){ str_of(entries[i].name),
							      &attr, i + 1 });
	}
	return 0;
}

static uint64_t state_cookie(const struct store_state *st)
{
	return COOKIE_STATES + ((uint64_t)st->time_ms << COOKIE_TWIN_BITS | st->twin);
}

static bool list_state(const struct store_state *st, const struct tree_lister *lister)
{
	struct tree_attr attr = view_state_attr(st);
	char name[NAME_STATE_SIZE];

	name_state(st->time_ms, st->twin, name);
	return lister->entry(lister->ctx, &(struct tree_entry){ str_of(name), &attr,
								state_cookie(st) });
}

static int list_states(struct request *q, uint64_t node, int64_t after_ms,
		       unsigned after_twin, const struct tree_lister *lister)
{
	struct store_state page[VIEW_PAGE_MAX];
	size_t max = VIEW_PAGE_FIRST;
	size_t n;

	do {
		int r = view_error(store_states(q->store, node_row(node), after_ms,
						after_twin, false, page, max, &n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++)
			if (!list_state(&page[i], lister))
				return 0;
		if (n < max)
			break;
		after_ms = page[n - 1].time_ms;
		after_twin = page[n - 1].twin;
		max = MIN(2 * max, ARRAY_SIZE(page));
	} while (true);
	return 0;
}

static int resource_readdir(struct request *q, uint64_t node, uint64_t cookie,
			    const struct tree_lister *lister)
{
	uint64_t at;
	bool wanted = true;

	if (cookie < COOKIE_STATES) {
		int r = list_entries(q, node, cookie, lister, &wanted);

		return r || !wanted ? r : list_states(q, node, -1, 0, lister);
	}
	at = cookie - COOKIE_STATES;
	if (at >> COOKIE_TWIN_BITS >= TIMESTAMP_MAX)
		return TREE_E_BAD_COOKIE;
	return list_states(q, node, (int64_t)(at >> COOKIE_TWIN_BITS),
			   (unsigned)(at & ((1u << COOKIE_TWIN_BITS) - 1)), lister);
}

/* How many states are shown is known of each resource; there is little beside them. */
static int resource_has_more(struct request *q, uint64_t node, size_t n, bool *ret)
{
	struct store_resource resource;
	int r = view_error(
		store_resource_get(q->store, node_row(node), q->arena, &resource));

	*ret = r == 0 && resource.states > n;
	return r;
}

/* Hidden states, too: what is hidden now may have been shown before. */
static int resource_affected(struct request *q, uint64_t node,
			     bool (*visit)(void *, uint64_t), void *ctx)
{
	struct store_state page[VIEW_PAGE_MAX];
	struct store_state last = { .time_ms = -1 };
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!visit(ctx, node_make(entries[i].kind, node_row(node))))
			return 0;
	do {
		int r = view_error(store_states(q->store, node_row(node), last.time_ms,
						last.twin, true, page, ARRAY_SIZE(page),
						&n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++)
			if (!visit(ctx, node_make(NODE_STATE, page[i].id)))
				return 0;
		if (n > 0)
			last = page[n - 1];
	} while (n == ARRAY_SIZE(page));
	return 0;
}

const struct view view_resource = {
	.getattr = resource_getattr,
	.lookup = resource_lookup,
	.readdir = resource_readdir,
	.has_more = resource_has_more,
	.affected = resource_affected,
};
const struct view view_latest = {
	.getattr = latest_getattr,
	.readlink = latest_readlink,
};
