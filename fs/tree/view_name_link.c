/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The links of by-id, by-name, by-arn and by-tag: the node says which name and which resource.
 */

#include "names.h"

#include <errno.h>

/* The resource, if it has the name still. */
static int link_get(struct request *q, uint64_t node, struct store_key *key,
		    struct store_resource *ret)
{
	unsigned kind = node_kind(node);
	int r;

	if (kind == NODE_ID_LINK || kind == NODE_ID_MEMBER)
		return view_resource_get(q, node, ret);
	*key = (struct store_key){ .space = STORE_SPACE_NAMES,
				   .id = node_pair_first(node) };
	r = view_error(store_key_has(q->store, key, node_pair_second(node)));
	return r ? r
		 : view_error(store_resource_get(q->store, node_pair_second(node),
						 q->arena, ret));
}

static int link_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	struct store_key key = { 0 };
	int r = link_get(q, node, &key, &resource);

	return r ? r : names_link_attr(node_kind(node), &key, &resource, ret);
}

static int link_readlink(struct request *q, uint64_t node, struct buf *out)
{
	struct store_resource resource;
	struct store_key key = { 0 };
	int r = link_get(q, node, &key, &resource);

	return r ? r : names_target(node_kind(node), &resource, out);
}

const struct view view_name_link = {
	.getattr = link_getattr,
	.readlink = link_readlink,
};
