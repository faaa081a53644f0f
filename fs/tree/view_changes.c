/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A resource's story, for people and as JSON lines. Entries are loaded and rendered one at a
 * time; their lengths, which the history keeps, sum up to the file's size, so stat needs none
 * of this.
 */

#include "view.h"

#include "model/story.h"
#include "render/entry.h"
#include "store/derive.h"

struct tree_attr view_changes_attr(enum node_kind kind, const struct store_resource *r)
{
	return (struct tree_attr){ .node = node_make(kind, r->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = kind == NODE_CHANGES ? r->text_len
								: r->jsonl_len,
				   .mtime_ms = r->newest_ms };
}

static int changes_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = view_changes_attr((enum node_kind)node_kind(node), &resource);
	return r;
}

static int changes_stamp(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = (uint64_t)resource.changed_ms;
	return r;
}

static int render_story(struct request *q, uint64_t node, struct buf *out,
			void (*render)(struct buf *, const struct story_entry *))
{
	_cleanup_(arena_deinit) struct arena arena = ARENA_INIT;
	struct store_resource resource;
	struct store_entry *entries;
	size_t n;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		r = view_error(
			store_story(q->store, resource.id, q->arena, &entries, &n));
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct story_entry entry;

		arena_reset(&arena);
		r = view_error(store_story_load(q->store, &resource, &entries[i], &arena,
						&entry));
		if (r == 0)
			render(out, &entry);
	}
	return r;
}

static int changes_render(struct request *q, uint64_t node, struct buf *out)
{
	return render_story(q, node, out, render_entry_text);
}

static int changes_jsonl_render(struct request *q, uint64_t node, struct buf *out)
{
	return render_story(q, node, out, render_entry_jsonl);
}

const struct view view_changes = {
	.getattr = changes_getattr,
	.render = changes_render,
	.stamp = changes_stamp,
};
const struct view view_changes_jsonl = {
	.getattr = changes_getattr,
	.render = changes_jsonl_render,
	.stamp = changes_stamp,
};
