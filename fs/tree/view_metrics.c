/* SPDX-License-Identifier: Apache-2.0 */

/*
 * metrics/ of a resource: a file for each metric of which there are points. The directory is there
 * only where one is. A file's row is its cookie.
 */

#include "view.h"

#include <errno.h>

#include "render/metric.h"
#include "store/metric.h"

#define PAGE 64

static struct tree_attr file_attr(const struct store_metric_file *f)
{
	return (struct tree_attr){ .node = node_make(NODE_METRIC, f->id),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = render_metric_header.n + f->bytes,
				   .mtime_ms = f->newest_ms };
}

static int first_file(struct request *q, int64_t resource, struct store_metric_file *ret)
{
	size_t n;
	int r = view_error(
		store_metric_files(q->store, resource, 0, q->arena, ret, 1, &n));

	return r || n ? r : TREE_E_NOT_FOUND;
}

int view_metrics_attr(struct request *q, const struct store_resource *resource,
		      struct tree_attr *ret)
{
	struct store_metric_file file;
	int r = first_file(q, resource->id, &file);

	if (r == 0)
		*ret = (struct tree_attr){
			.node = node_make(NODE_METRICS, resource->id),
			.parent = node_make(NODE_RESOURCE, resource->id),
			.type = TREE_DIR,
			.growing = true,
			.mtime_ms = MAX(resource->newest_ms, file.newest_ms),
			.stamp = (uint64_t)resource->changed_ms,
		};
	return r;
}

static int metrics_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_resource resource;
	int r = view_resource_get(q, node, &resource);

	return r ? r : view_metrics_attr(q, &resource, ret);
}

static int metrics_lookup(struct request *q, uint64_t node, struct str name,
			  struct tree_attr *ret)
{
	struct store_metric_file file;
	int r;

	if (!str_ends(name, RENDER_METRIC_SUFFIX))
		return TREE_E_NOT_FOUND;
	name.n -= strlen(RENDER_METRIC_SUFFIX);
	r = view_error(
		store_metric_file_find(q->store, node_row(node), name, q->arena, &file));
	if (r == 0)
		*ret = file_attr(&file);
	return r;
}

static int list_file(const struct store_metric_file *f, const struct tree_lister *lister,
		     bool *wanted)
{
	_cleanup_(buf_deinit) struct buf name = BUF_INIT;
	struct tree_attr attr = file_attr(f);

	buf_put_str(&name, f->name);
	buf_put_text(&name, RENDER_METRIC_SUFFIX);
	if (buf_error(&name))
		return -ENOMEM;
	*wanted = lister->entry(lister->ctx, &(struct tree_entry){ buf_str(&name), &attr,
								   (uint64_t)f->id });
	return 0;
}

static int metrics_readdir(struct request *q, uint64_t node, uint64_t cookie,
			   const struct tree_lister *lister)
{
	struct store_metric_file page[PAGE];
	int64_t after = (int64_t)cookie;
	bool wanted = true;
	size_t n = PAGE;
	int r = 0;

	if (cookie >> NODE_ROW_BITS)
		return TREE_E_BAD_COOKIE;
	while (r == 0 && wanted && n == PAGE) {
		r = view_error(store_metric_files(q->store, node_row(node), after,
						  q->arena, page, PAGE, &n));
		for (size_t i = 0; r == 0 && wanted && i < n; i++) {
			after = page[i].id;
			r = list_file(&page[i], lister, &wanted);
		}
	}
	return r;
}

static int metrics_affected(struct request *q, uint64_t node,
			    bool (*visit)(void *, uint64_t), void *ctx)
{
	struct store_metric_file page[PAGE];
	int64_t after = 0;
	size_t n = PAGE;
	int r = 0;

	while (r == 0 && n == PAGE) {
		r = view_error(store_metric_files(q->store, node_row(node), after,
						  q->arena, page, PAGE, &n));
		for (size_t i = 0; r == 0 && i < n; i++) {
			after = page[i].id;
			if (!visit(ctx, node_make(NODE_METRIC, after)))
				return 0;
		}
	}
	return r;
}

const struct view view_metrics = {
	.getattr = metrics_getattr,
	.lookup = metrics_lookup,
	.readdir = metrics_readdir,
	.affected = metrics_affected,
};

/* --- a file --------------------------------------------------------------------------------- */

static int metric_get(struct request *q, uint64_t node, struct store_metric_file *ret)
{
	return view_error(store_metric_file_get(q->store, node_row(node), q->arena, ret));
}

static int metric_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_metric_file file;
	int r = metric_get(q, node, &file);

	if (r == 0)
		*ret = file_attr(&file);
	return r;
}

static int metric_render(struct request *q, uint64_t node, struct buf *out)
{
	struct store_point *points;
	size_t n;
	int r = view_error(
		store_metric_points(q->store, node_row(node), q->arena, &points, &n));

	if (r)
		return r;
	buf_put_str(out, render_metric_header);
	for (size_t i = 0; i < n; i++)
		render_metric_line(out, points[i].time_ms, points[i].value,
				   points[i].tail);
	return 0;
}

static int metric_stamp(struct request *q, uint64_t node, uint64_t *ret)
{
	struct store_metric_file file;
	int r = metric_get(q, node, &file);

	return r ? r
		 : view_resource_stamp(q, node_make(NODE_RESOURCE, file.resource), ret);
}

const struct view view_metric = {
	.getattr = metric_getattr,
	.render = metric_render,
	.stamp = metric_stamp,
};
