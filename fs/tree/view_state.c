/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A state's file. What it shows is settled when it is recorded, but for two cases: a deletion
 * inherits a name from the state before it, which may be imported later, and a fuller copy may
 * take a state's place. To look for either would cost as much as rendering, so there is no stamp.
 */

#include "view.h"

#include "render/state.h"

int view_state_get(struct request *q, int64_t row, struct store_state *ret)
{
	return view_error(store_state_get(q->store, row, ret));
}

struct tree_attr view_state_attr(const struct store_state *st)
{
	return (struct tree_attr){ .node = node_make(NODE_STATE, st->id),
				   .type = TREE_FILE,
				   .growing = item_status_is_deleted(st->status),
				   .size = st->size,
				   .mtime_ms = st->time_ms };
}

static int state_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_state st;
	int r = view_state_get(q, node_row(node), &st);

	if (r == 0)
		*ret = view_state_attr(&st);
	return r;
}

static int state_render(struct request *q, uint64_t node, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct str name, arn;
	int r = view_error(store_state_body(q->store, node_row(node), &body));

	if (r == 0)
		r = view_error(store_state_inherited(q->store, node_row(node), q->arena,
						     &name, &arn));
	if (r == 0)
		r = buf_error(&body);
	if (r == 0)
		render_state(out, buf_str(&body), name, arn);
	return r;
}

const struct view view_state = {
	.getattr = state_getattr,
	.render = state_render,
};
