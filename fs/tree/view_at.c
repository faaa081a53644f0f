/* SPDX-License-Identifier: Apache-2.0 */

/*
 * at/ itself: it lists its README and nothing else, and knows every moment. A moment that is
 * asked for by any of its names becomes a node of its own; those of a name that counts from the
 * present must not be kept long by whoever looks it up.
 */

#include "view_at.h"

#include <time.h>

#include "fixed.h"
#include "model/moment.h"
#include "render/readme_at.h"

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int newest(struct request *q, int64_t *ret_ms)
{
	struct store_at_folder all;
	int r = at_folder(q, STORE_ROOT, &all);

	if (r == 0)
		*ret_ms = all.newest_ms;
	return r;
}

static int at_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	*ret = (struct tree_attr){
		.node = node, .parent = TREE_ROOT, .type = TREE_DIR, .growing = true
	};
	return newest(q, &ret->mtime_ms);
}

static int at_lookup(struct request *q, uint64_t node, struct str name,
		     struct tree_attr *ret)
{
	struct moment moment;
	unsigned number;
	int r;

	(void)node;
	if (str_is(name, "README"))
		return view_attr(q, NODE_FIXED_AT_README, ret);
	if (!moment_parse(name, now_ms(), &moment))
		return TREE_E_NOT_FOUND;
	r = moments_number(&q->tree->moments, moment.ms, &number);
	if (r)
		return r;
	node = node_make_at(NODE_AT_FOLDER, number, STORE_ROOT);
	r = view_at_folder.getattr(q, node, ret);
	ret->fleeting = moment.relative;
	return r;
}

static int at_readdir(struct request *q, uint64_t node, uint64_t cookie,
		      const struct tree_lister *lister)
{
	struct tree_attr attr;
	int r;

	(void)node;
	if (cookie > 0)
		return 0;
	r = view_attr(q, NODE_FIXED_AT_README, &attr);
	if (r == 0)
		lister->entry(lister->ctx,
			      &(struct tree_entry){ STR("README"), &attr, 1 });
	return r;
}

static int readme_render(struct request *q, uint64_t node, struct buf *out)
{
	(void)q;
	(void)node;
	render_readme_at(out);
	return 0;
}

static int readme_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf page = BUF_INIT;
	int r;

	render_readme_at(&page);
	r = buf_error(&page);
	*ret = (struct tree_attr){
		.node = node, .type = TREE_FILE, .growing = true, .size = page.len
	};
	return r ? r : newest(q, &ret->mtime_ms);
}

/* What is beneath a moment is in no listing of the mount, and not counted. */
const struct view view_at = {
	.getattr = at_getattr,
	.lookup = at_lookup,
	.readdir = at_readdir,
};
const struct view view_at_readme = {
	.getattr = readme_getattr,
	.render = readme_render,
	.files = fixed_one_file,
};
