/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Every relationship of a region as it stood at a moment: a line each, read page by page, in the
 * order of the sources' types and ids.
 *
 * A key is { behind the header, folder, resource, number }, the last three as the store has them.
 */

#include "view_at.h"

#include "render/relation.h"
#include "store/relation.h"

#define PAGE 256

/* Regions alone have one: account folders are level 1. */
#define LEVEL_REGION 2

static int open_region(struct request *q, uint64_t node, int64_t *ret_ms,
		       struct store_at_folder *ret)
{
	bool any;
	int r = at_time(q, node, ret_ms);

	if (r == 0)
		r = at_folder(q, node_at_row(node), ret);
	if (r == 0 && ret->level != LEVEL_REGION)
		r = TREE_E_NOT_FOUND;
	if (r == 0)
		r = at_any(q, ret, *ret_ms, &any);
	return r ? r : any ? 0 : TREE_E_NOT_FOUND;
}

static int relationships_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_at_folder region;
	int64_t time_ms;
	uint64_t length;
	int r = open_region(q, node, &time_ms, &region);

	if (r == 0)
		r = view_error(store_edges_at_len(q->store, region.id, time_ms, &length));
	if (r == 0)
		*ret = (struct tree_attr){ .node = node,
					   .ino = at_inode(node, time_ms),
					   .type = TREE_FILE,
					   .growing = true,
					   .size = render_relation_at_header.n + length,
					   .mtime_ms = MIN(region.newest_ms, time_ms) };
	return r;
}

static void put_line(struct buf *out, const struct store_edge_at *e)
{
	render_relation_at_fields(out, &(struct render_relation_at){ e->type, e->id,
								     &e->relation });
	buf_put_text(out, e->known ? RELATION_KNOWN_MARK : RELATION_DANGLING_MARK);
	buf_put_char(out, '\n');
}

static int relationships_next(struct request *q, uint64_t node, size_t want,
			      struct stream_key *key, struct buf *out)
{
	struct store_edge_key at = { key->part[1], key->part[2], key->part[3] };
	struct store_edge_at page[PAGE];
	struct store_at_folder region;
	int64_t time_ms;
	size_t n = 0;
	int r = open_region(q, node, &time_ms, &region);

	if (r)
		return r;
	if (!key->part[0])
		buf_put_str(out, render_relation_at_header);
	do {
		r = view_error(store_edges_at(q->store, region.id, time_ms, &at, q->arena,
					      page, ARRAY_SIZE(page), &n));
		for (size_t i = 0; r == 0 && i < n; i++)
			put_line(out, &page[i]);
	} while (r == 0 && n > 0 && out->len < want);
	*key = (struct stream_key){ { 1, at.folder, at.resource, at.seq } };
	return r;
}

static const struct stream relationships_stream = { .next = relationships_next };

const struct view view_at_relationships = {
	.getattr = relationships_getattr,
	.stream = &relationships_stream,
};
