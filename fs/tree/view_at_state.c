/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A resource's file below a moment: its newest state then. The node stands for the resource, so
 * an import that brings another state changes the file; its bytes are those of the state's
 * file, and kept as that one's, so moments that share a state share them.
 *
 * They share its inode number, too, as links to one file do. So diff and cmp know without reading
 * that nothing has changed, and diff -r of two moments reads only what did.
 */

#include "view_at.h"

struct tree_attr at_state_attr(uint64_t node, const struct store_at_state *st)
{
	return (struct tree_attr){ .node = node,
				   .ino = node_make(NODE_STATE, st->state),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = st->size,
				   .mtime_ms = st->time_ms };
}

static int state_get(struct request *q, uint64_t node, struct store_at_state *ret)
{
	int64_t time_ms;
	int r = at_time(q, node, &time_ms);

	if (r == 0)
		r = view_error(store_at_get(q->store, node_at_row(node), time_ms, ret));
	return r;
}

static int state_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_at_state st;
	int r = state_get(q, node, &st);

	if (r == 0)
		*ret = at_state_attr(node, &st);
	return r;
}

static int state_same_as(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_at_state st;
	int r = state_get(q, node, &st);

	if (r == 0)
		*ret = node_make(NODE_STATE, st.state);
	return r;
}

const struct view view_at_state = {
	.getattr = state_getattr,
	.same_as = state_same_as,
};
