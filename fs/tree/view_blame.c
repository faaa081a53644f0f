/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whom each leaf of a resource's newest state is owed to. Made from the changes when it is read;
 * its length was stored when the story was derived.
 */

#include "view.h"

#include "render/blame.h"
#include "store/blame.h"

struct tree_attr view_blame_attr(const struct store_resource *r)
{
	return (struct tree_attr){ .node = node_make(NODE_BLAME, r->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = r->blame_len,
				   .mtime_ms = r->newest_ms };
}

static int blame_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = view_blame_attr(&resource);
	return r;
}

static int blame_render(struct request *q, uint64_t node, struct buf *out)
{
	struct store_resource resource;
	struct blame blame;
	int r = view_resource_get(q, node, &resource);

	/* States that no story has been made of yet: an empty file, as its length says. */
	if (r || resource.blame_len == 0)
		return r;
	r = view_error(store_blame_load(q->store, resource.id, q->arena, &blame));
	if (r == 0)
		render_blame(out, &blame);
	return r;
}

const struct view view_blame = {
	.getattr = blame_getattr,
	.render = blame_render,
	.stamp = view_resource_stamp,
};
