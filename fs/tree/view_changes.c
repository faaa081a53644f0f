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

/* The bytes of the other form beyond which it is not rendered along. */
#define ALONG_BYTES (1u << 20)

struct telling {
	struct buf *text, *jsonl; /* NULL: not wanted */
};

static int tell(struct request *q, const struct store_resource *resource,
		const struct telling *telling)
{
	_cleanup_(arena_deinit) struct arena arena = ARENA_INIT;
	struct store_entry *entries;
	size_t n;
	int r = view_error(store_story(q->store, resource->id, q->arena, &entries, &n));

	for (size_t i = 0; r == 0 && i < n; i++) {
		struct story_entry entry;

		arena_reset(&arena);
		r = view_error(store_story_load(q->store, resource, &entries[i], &arena,
						&entry));
		if (r)
			return r;
		if (telling->text)
			render_entry_text(telling->text, &entry);
		if (telling->jsonl)
			render_entry_jsonl(telling->jsonl, &entry);
	}
	return r;
}

/* Keeps the other form, for whoever reads the one will soon read the other. */
static void keep(struct request *q, const struct store_resource *resource,
		 enum node_kind kind, struct buf *content)
{
	struct cache *cache = &q->tree->cache;

	if (buf_error(content) < 0)
		return;
	cache_release(cache, cache_put(cache, node_make(kind, resource->id), q->label,
				       (uint64_t)resource->changed_ms, content));
}

/*
 * Loading the entries is most of the work, and both forms are made of the same ones: a search
 * through the tree reads both.
 */
static int changes_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf other = BUF_INIT;
	bool is_text = node_kind(node) == NODE_CHANGES;
	struct store_resource resource;
	struct telling telling;
	bool along;
	int r = view_resource_get(q, node, &resource);

	if (r)
		return r;
	along = (is_text ? resource.jsonl_len : resource.text_len) <= ALONG_BYTES;
	telling = (struct telling){ .text = is_text ? out
					    : along ? &other
						    : NULL,
				    .jsonl = !is_text ? out
					     : along  ? &other
						      : NULL };
	r = tell(q, &resource, &telling);
	if (r == 0 && along)
		keep(q, &resource, is_text ? NODE_CHANGES_JSONL : NODE_CHANGES, &other);
	return r;
}

const struct view view_changes = {
	.getattr = changes_getattr,
	.render = changes_render,
	.stamp = view_resource_stamp,
};
