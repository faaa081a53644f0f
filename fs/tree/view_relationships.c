/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A resource's relationships in both directions. What other resources name is theirs, so the
 * file may change with any of them; the history keeps the sum of its lines.
 */

#include "view.h"

#include "render/relation.h"
#include "store/relation.h"

struct tree_attr view_relationships_attr(const struct store_resource *r)
{
	return (struct tree_attr){ .node = node_make(NODE_RELATIONSHIPS, r->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = render_relation_header.n + r->rel_len,
				   .mtime_ms = r->newest_ms };
}

static int relationships_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		*ret = view_relationships_attr(&resource);
	return r;
}

static void put_line(struct buf *out, const struct store_edge_line *line)
{
	const struct relation *rel = &line->relation;

	render_relation_fields(out,
			       &(struct render_relation){ .what = rel->what,
							  .out = line->out,
							  .type = rel->type,
							  .id = rel->id,
							  .name = rel->name,
							  .since_ms = rel->since_ms,
							  .until_ms = rel->until_ms });
	buf_put_str(out, line->path.n ? line->path : STR(RELATION_DANGLING));
	buf_put_char(out, '\n');
}

static int relationships_render(struct request *q, uint64_t node, struct buf *out)
{
	struct store_edge_line *lines;
	struct store_resource resource;
	size_t n;
	int r = view_resource_get(q, node, &resource);

	if (r == 0)
		r = view_error(
			store_edges(q->store, node_row(node), q->arena, &lines, &n));
	if (r)
		return r;
	buf_put_str(out, render_relation_header);
	for (size_t i = 0; i < n; i++)
		put_line(out, &lines[i]);
	return 0;
}

const struct view view_relationships = {
	.getattr = relationships_getattr,
	.render = relationships_render,
	.stamp = view_resource_stamp,
};
