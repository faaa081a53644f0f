/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The root, and the README in it. The README tells of the whole history, so any import may
 * change it; it is rendered to learn its size, which costs little and is kept.
 */

#include "fixed.h"

#include <errno.h>

#include "render/readme.h"

static const struct fixed_entry entries[] = {
	{ STR("README"), NODE_FIXED_README, false },
	{ STR("activity"), NODE_FIXED_ACTIVITY, false },
	{ STR("resources"), NODE_FIXED_RESOURCES, false },
	{ STR("at"), NODE_FIXED_AT, false },
	{ STR("by-id"), NODE_FIXED_BY_ID, false },
	{ STR("by-name"), NODE_FIXED_BY_NAME, false },
	{ STR("by-arn"), NODE_FIXED_BY_ARN, false },
	{ STR("by-tag"), NODE_FIXED_BY_TAG, false },
	{ STR("alarms"), NODE_FIXED_ALARMS, false },
	{ STR("status"), NODE_FIXED_STATUS, false },
	{ STR("timeline"), NODE_FIXED_TIMELINE, false },
};

static int root_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	*ret = (struct tree_attr){ .node = node,
				   .parent = node,
				   .type = TREE_DIR,
				   .growing = true,
				   .stamp = q->label };
	return view_newest(q, &ret->mtime_ms);
}

static int root_lookup(struct request *q, uint64_t node, struct str name,
		       struct tree_attr *ret)
{
	(void)node;
	return fixed_lookup(q, entries, ARRAY_SIZE(entries), name, ret);
}

static int root_readdir(struct request *q, uint64_t node, uint64_t cookie,
			const struct tree_lister *lister)
{
	(void)node;
	return fixed_readdir(q, entries, ARRAY_SIZE(entries), cookie, lister);
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

/* So many folders are looked into for an example, and so many resources in each. */
#define EXAMPLE_FOLDERS   100
#define EXAMPLE_RESOURCES 16

/* Where an example is looked for: folders in the order they are seen, breadth first, and the best so far. */
struct search {
	struct request *q;
	int64_t folders[EXAMPLE_FOLDERS];
	size_t n;
	struct store_resource best;
};

static int search_folder(struct search *s, int64_t folder)
{
	struct store_resource resources[EXAMPLE_RESOURCES];
	struct store_folder children[EXAMPLE_RESOURCES];
	size_t n;
	int r = view_error(store_resources(s->q->store, folder, 0, s->q->arena, resources,
					   ARRAY_SIZE(resources), &n));

	for (size_t i = 0; r == 0 && i < n; i++)
		if (resources[i].states > s->best.states)
			s->best = resources[i];
	if (r == 0)
		r = view_error(store_folders(s->q->store, folder, 0, s->q->arena,
					     children, ARRAY_SIZE(children), &n));
	for (size_t i = 0; r == 0 && i < n && s->n < EXAMPLE_FOLDERS; i++)
		s->folders[s->n++] = children[i].id;
	return r;
}

/* The path of a folder, as an arena string without a slash at its end. */
static int folder_path(struct request *q, int64_t id, struct str *ret)
{
	struct str path = STR_NULL;

	while (id != STORE_ROOT) {
		_cleanup_(buf_deinit) struct buf longer = BUF_INIT;
		struct store_folder folder;
		int r = view_error(store_folder_get(q->store, id, q->arena, &folder));

		if (r)
			return r;
		buf_put_str(&longer, folder.name);
		buf_put_char(&longer, '/');
		buf_put_str(&longer, path);
		path = arena_str(q->arena, buf_str(&longer));
		if (buf_error(&longer) < 0 || !path.p)
			return -ENOMEM;
		id = folder.parent;
	}
	*ret = path;
	return 0;
}

/* The path of a resource that has something to show: the most states among the first ones. */
static int example(struct request *q, struct buf *out, struct store_resource *ret)
{
	struct search search = { .q = q, .folders = { STORE_ROOT }, .n = 1 };
	struct str folder;
	int r = 0;

	for (size_t i = 0; r == 0 && i < search.n; i++)
		r = search_folder(&search, search.folders[i]);
	if (r || search.best.id == 0)
		return r;
	r = folder_path(q, search.best.folder, &folder);
	if (r)
		return r;
	buf_put_text(out, "resources/");
	buf_put_str(out, folder);
	buf_put_str(out, search.best.name);
	*ret = search.best;
	return buf_error(out);
}

static int readme_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	struct store_totals t;
	struct store_resource shown = { 0 };
	struct render_readme readme;
	int r = view_error(store_totals(q->store, &t));

	(void)node;
	if (r == 0)
		r = example(q, &path, &shown);
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
					 .moved = tree_moved(q->tree),
					 .example = buf_str(&path),
					 .example_id = shown.name,
					 .example_ms = shown.newest_ms };
	render_readme(out, &readme);
	return 0;
}

static int readme_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	int r = fixed_page_attr(q, node, ret);

	return r ? r : view_newest(q, &ret->mtime_ms);
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
	.files = fixed_one_file,
};
