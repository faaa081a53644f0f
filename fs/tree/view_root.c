/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The root, and the README in it. The README tells of the whole history, so any import may
 * change it; it is rendered to learn its size, which costs little and is kept.
 */

#include "view.h"

#include "content.h"
#include "render/readme.h"

static const struct {
	struct str name;
	uint64_t node;
} entries[] = {
	{ STR("README"), NODE_FIXED_README },
	{ STR("resources"), NODE_FIXED_RESOURCES },
};

static int newest(struct request *q, int64_t *ret_ms)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	if (r == 0)
		*ret_ms = MAX(0, MAX(totals.item_last_ms, totals.event_last_ms));
	return r;
}

static int root_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	*ret = (struct tree_attr){ .node = node,
				   .parent = node,
				   .type = TREE_DIR,
				   .growing = true,
				   .stamp = q->label };
	return newest(q, &ret->mtime_ms);
}

static int root_lookup(struct request *q, uint64_t node, struct str name,
		       struct tree_attr *ret)
{
	(void)node;
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (str_eq(entries[i].name, name))
			return view_of(entries[i].node)->getattr(q, entries[i].node, ret);
	return TREE_E_NOT_FOUND;
}

static int root_readdir(struct request *q, uint64_t node, uint64_t cookie,
			const struct tree_lister *lister)
{
	(void)node;
	for (uint64_t i = cookie; i < ARRAY_SIZE(entries); i++) {
		struct tree_attr attr;
		int r = view_of(entries[i].node)->getattr(q, entries[i].node, &attr);

		if (r)
			return r;
		if (!lister->entry(lister->ctx,
				   &(struct tree_entry){ entries[i].name, &attr, i + 1 }))
			break;
	}
	return 0;
}

static int root_affected(struct request *q, uint64_t node,
			 bool (*visit)(void *, uint64_t), void *ctx)
{
	(void)q;
	(void)node;
	visit(ctx, NODE_FIXED_README);
	return 0;
}

/* --- README ------------------------------------------------------------------------------- */

/* The path of some resource: always the first folder, as deep as it goes. */
static int example(struct request *q, struct buf *out)
{
	struct store_resource resource;
	struct store_folder folder = { .id = STORE_ROOT };
	size_t n = 1;
	int r = 0;

	buf_put_text(out, "resources");
	while (r == 0 && n > 0) {
		r = store_resources(q->store, folder.id, 0, q->arena, &resource, 1, &n);
		if (r || n > 0)
			break;
		r = store_folders(q->store, folder.id, 0, q->arena, &folder, 1, &n);
		if (r == 0 && n > 0) {
			buf_put_char(out, '/');
			buf_put_str(out, folder.name);
		}
	}
	if (r)
		return view_error(r);
	if (n == 0) {
		buf_reset(out);
		return 0;
	}
	buf_put_char(out, '/');
	buf_put_str(out, resource.name);
	return buf_error(out);
}

static int readme_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	struct store_totals t;
	struct render_readme readme;
	int r = view_error(store_totals(q->store, &t));

	(void)node;
	if (r == 0)
		r = example(q, &path);
	if (r)
		return r;
	readme = (struct render_readme){ .resources = t.resources,
					 .states = t.states,
					 .events = t.events,
					 .transitions = t.transitions,
					 .item_first_ms = t.item_first_ms,
					 .item_last_ms = t.item_last_ms,
					 .event_first_ms = t.event_first_ms,
					 .event_last_ms = t.event_last_ms,
					 .example = buf_str(&path) };
	render_readme(out, &readme);
	return 0;
}

static int readme_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct cache_entry *page = NULL;
	int r = content_get(q, node, &page);

	if (r)
		return r;
	*ret = (struct tree_attr){ .node = node,
				   .type = TREE_FILE,
				   .growing = true,
				   .size = page->content.len };
	cache_release(&q->tree->cache, page);
	return newest(q, &ret->mtime_ms);
}

const struct view view_root = {
	.getattr = root_getattr,
	.lookup = root_lookup,
	.readdir = root_readdir,
	.affected = root_affected,
};
const struct view view_readme = {
	.getattr = readme_getattr,
	.render = readme_render,
};
