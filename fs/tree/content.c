/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Content: kept, checked, or made. Under an unchanged label what is kept is good without a
 * question to the history; after a commit somewhere, its stamp tells whether it was touched.
 */

#include "content.h"

#include <errno.h>

#include "dossier.h"
#include "view.h"

static int make(struct request *q, const struct view *view, uint64_t node, uint64_t stamp,
		struct cache_entry **ret)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	int r = view->render(q, node, &out);

	if (r == 0)
		r = buf_error(&out);
	if (r)
		return r;
	*ret = cache_put(&q->tree->cache, node, q->label, stamp, &out);
	return *ret ? 0 : -ENOMEM;
}

struct cache_entry *content_kept(struct request *q, uint64_t node, uint64_t stamp)
{
	struct cache *cache = &q->tree->cache;
	uint64_t label;
	struct cache_entry *e = cache_hold(cache, node, &label);

	if (!e)
		return NULL;
	if (label == q->label && label != 0)
		return e;
	if (stamp != 0 && e->stamp == stamp) {
		cache_relabel(cache, e, q->label);
		return e;
	}
	cache_release(cache, e);
	return NULL;
}

int content_get(struct request *q, uint64_t node, struct cache_entry **ret)
{
	const struct view *view = view_of(node);
	struct cache *cache = &q->tree->cache;
	struct cache_making making;
	uint64_t stamp = 0;
	int r = 0;

	if (view && view->same_as) {
		r = view->same_as(q, node, &node);
		if (r)
			return r;
		view = view_of(node);
	}
	if (!view)
		return TREE_E_NOT_FOUND;
	if (view->stream)
		return TREE_E_STREAMED;
	if (!view->render)
		return TREE_E_IS_DIR;
	if (view->stamp)
		r = view->stamp(q, node, &stamp);
	if (r)
		return r;
	while (!(*ret = content_kept(q, node, stamp))) {
		if (!cache_begin(cache, node, &making))
			continue;
		/* Perhaps it was made between the look and the announcement. */
		*ret = content_kept(q, node, stamp);
		if (!*ret)
			r = make(q, view, node, stamp, ret);
		cache_end(cache, &making);
		break;
	}
	return r;
}

static void make_along(struct request *q, int64_t resource)
{
	size_t bytes;
	int r = dossier_make(q, resource, &bytes);

	(void)r; /* where one file of it cannot be made, the others can by themselves */
}

int tree_content_along(struct tree *t, uint64_t dir, uint64_t node,
		       const struct tree_content **ret)
{
	_cleanup_(request_end) struct request q = { 0 };
	struct cache_entry *e;
	uint64_t label;
	int r;

	e = cache_hold(&t->cache, node, &label);
	if (e && label == tree_label(t)) {
		*ret = &e->content;
		return 0;
	}
	cache_release(&t->cache, e);
	r = request_begin(t, &q);
	if (r == 0 && node_kind(dir) == NODE_RESOURCE)
		make_along(&q, node_row(dir));
	if (r == 0)
		r = content_get(&q, node, &e);
	if (r == 0)
		*ret = &e->content;
	return r;
}

int tree_prepare(struct tree *t, uint64_t dir, size_t *ret_bytes)
{
	_cleanup_(request_end) struct request q = { 0 };
	int r;

	*ret_bytes = 0;
	if (node_kind(dir) != NODE_RESOURCE)
		return TREE_E_NOT_FOUND;
	r = request_begin(t, &q);
	return r ? r : dossier_make(&q, node_row(dir), ret_bytes);
}

int tree_next(struct tree *t, uint64_t dir, uint64_t *ret_next)
{
	_cleanup_(request_end) struct request q = { 0 };
	struct store_resource resource, next;
	size_t n = 0;
	int r;

	if (node_kind(dir) != NODE_RESOURCE)
		return TREE_E_NOT_FOUND;
	r = request_begin(t, &q);
	if (r == 0)
		r = view_resource_get(&q, dir, &resource);
	if (r == 0)
		r = view_error(store_resources(q.store, resource.folder, resource.id,
					       q.arena, &next, 1, &n));
	if (r == 0 && n == 0)
		r = TREE_E_NOT_FOUND;
	if (r == 0)
		*ret_next = node_make(NODE_RESOURCE, next.id);
	return r;
}

int tree_content_get(struct tree *t, uint64_t node, const struct tree_content **ret)
{
	return tree_content_along(t, 0, node, ret);
}

void tree_content_put(struct tree *t, const struct tree_content *content)
{
	cache_release(&t->cache, (struct cache_entry *)(uintptr_t)content);
}

static size_t copy_out(const struct tree_content *content, uint64_t offset, size_t size,
		       char *ret)
{
	size_t n = 0;

	if (offset < content->len)
		n = MIN(size, content->len - (size_t)offset);
	if (n > 0)
		memcpy(ret, content->data + offset, n);
	return n;
}

static int read_streamed(struct tree *t, uint64_t node, uint64_t offset, size_t size,
			 char *ret, size_t *ret_n)
{
	_cleanup_(request_end) struct request q = { 0 };
	int r = request_begin(t, &q);

	return r ? r : stream_read(&q, node, offset, size, ret, ret_n);
}

int tree_read(struct tree *t, uint64_t node, uint64_t offset, size_t size, char *ret,
	      size_t *ret_n)
{
	const struct tree_content *content;
	const struct view *view = view_of(node);
	int r;

	*ret_n = 0;
	if (view && view->stream)
		return read_streamed(t, node, offset, size, ret, ret_n);
	r = tree_content_get(t, node, &content);
	if (r)
		return r;
	*ret_n = copy_out(content, offset, size, ret);
	tree_content_put(t, content);
	return 0;
}
