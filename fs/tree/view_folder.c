/* SPDX-License-Identifier: Apache-2.0 */

/*
 * resources/ and the folders beneath it: accounts, regions, type segments. A folder lists its
 * folders, then its resources, both by row id: the id is the cookie, and what is added later
 * comes last.
 */

#include "view.h"

#include <errno.h>

/* Cookies of resources have this bit, to tell them from folders'. */
#define COOKIE_RESOURCE (UINT64_C(1) << 60)

static int64_t row_of(uint64_t node)
{
	return node == NODE_FIXED_RESOURCES ? STORE_ROOT : node_row(node);
}

static uint64_t node_of(int64_t row)
{
	return row == STORE_ROOT ? NODE_FIXED_RESOURCES : node_make(NODE_FOLDER, row);
}

struct tree_attr view_folder_attr(const struct store_folder *f)
{
	return (struct tree_attr){ .node = node_of(f->id),
				   .parent = node_of(f->parent),
				   .type = TREE_DIR,
				   .growing = true,
				   .covers = true,
				   .mtime_ms = f->newest_ms,
				   .stamp = f->changed };
}

/* resources/ has no row; it is as new as its newest account, and changes whenever one does. */
static int top_getattr(struct request *q, struct tree_attr *ret)
{
	struct store_folder page[VIEW_PAGE_FIRST];
	struct store_folder top = { .id = STORE_ROOT };
	int64_t after = 0;
	size_t n;

	do {
		int r = view_error(store_folders(q->store, STORE_ROOT, after, q->arena,
						 page, ARRAY_SIZE(page), &n));

		if (r)
			return r;
		for (size_t i = 0; i < n; i++) {
			top.newest_ms = MAX(top.newest_ms, page[i].newest_ms);
			top.changed += page[i].changed;
			after = page[i].id;
		}
	} while (n == ARRAY_SIZE(page));
	*ret = view_folder_attr(&top);
	ret->parent = TREE_ROOT;
	return 0;
}

static int folder_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_folder folder;
	int r;

	if (node == NODE_FIXED_RESOURCES)
		return top_getattr(q, ret);
	r = view_error(store_folder_get(q->store, node_row(node), q->arena, &folder));
	if (r == 0)
		*ret = view_folder_attr(&folder);
	return r;
}

static int folder_lookup(struct request *q, uint64_t node, struct str name,
			 struct tree_attr *ret)
{
	struct store_resource resource;
	struct store_folder folder;
	int64_t row = row_of(node);
	int r = view_error(store_folder_find(q->store, row, name, q->arena, &folder));

	if (r == 0)
		*ret = view_folder_attr(&folder);
	if (r != TREE_E_NOT_FOUND || row == STORE_ROOT)
		return r;
	r = view_error(store_resource_find(q->store, row, name, q->arena, &resource));
	if (r == 0)
		*ret = view_resource_attr(&resource);
	return r;
}

/* Where a listing is, and whether its reader wants more. */
struct listing {
	struct request *q;
	const struct tree_lister *lister;
	int64_t folder;
	int64_t after;
	bool wanted;
};

static int list_folders(struct listing *l)
{
	struct store_folder page[VIEW_PAGE_MAX];
	size_t max = VIEW_PAGE_FIRST;
	size_t n = max;

	for (; l->wanted && n == max; max = MIN(2 * max, ARRAY_SIZE(page))) {
		int r = view_error(store_folders(l->q->store, l->folder, l->after,
						 l->q->arena, page, max, &n));

		if (r)
			return r;
		for (size_t i = 0; l->wanted && i < n; i++) {
			struct tree_attr attr = view_folder_attr(&page[i]);

			l->after = page[i].id;
			l->wanted = l->lister->entry(
				l->lister->ctx,
				&(struct tree_entry){ page[i].name, &attr,
						      (uint64_t)l->after });
		}
		if (n < max)
			break;
	}
	return 0;
}

static int read_resources(const struct listing *l, struct store_resource *page,
			  size_t max, size_t *ret_n)
{
	struct request *q = l->q;

	if (l->lister->names)
		return view_error(store_resource_names(q->store, l->folder, l->after,
						       q->arena, page, max, ret_n));
	return view_error(store_resources(q->store, l->folder, l->after, q->arena, page,
					  max, ret_n));
}

static int list_resources(struct listing *l)
{
	struct store_resource page[VIEW_PAGE_MAX];
	size_t max = VIEW_PAGE_FIRST;
	size_t n;

	for (; l->wanted; max = MIN(2 * max, ARRAY_SIZE(page))) {
		int r = read_resources(l, page, max, &n);

		if (r)
			return r;
		for (size_t i = 0; l->wanted && i < n; i++) {
			struct tree_attr attr = view_resource_attr(&page[i]);
			uint64_t next = COOKIE_RESOURCE | (uint64_t)page[i].id;

			attr.unsized = l->lister->names;
			l->after = page[i].id;
			l->wanted = l->lister->entry(l->lister->ctx,
						     &(struct tree_entry){ page[i].name,
									   &attr, next });
		}
		if (n < max)
			break;
	}
	return 0;
}

static int folder_readdir(struct request *q, uint64_t node, uint64_t cookie,
			  const struct tree_lister *lister)
{
	bool in_resources = cookie & COOKIE_RESOURCE;
	struct listing l = { .q = q,
			     .lister = lister,
			     .folder = row_of(node),
			     .after = (int64_t)(cookie & ~COOKIE_RESOURCE),
			     .wanted = true };
	int r;

	if (l.after >> NODE_ROW_BITS)
		return TREE_E_BAD_COOKIE;
	if (!in_resources) {
		r = list_folders(&l);
		if (r || !l.wanted || l.folder == STORE_ROOT)
			return r;
		l.after = 0;
	}
	return list_resources(&l);
}

/* There are never many folders in one. */
static int folder_has_more(struct request *q, uint64_t node, size_t n, bool *ret)
{
	return view_error(store_resources_more(q->store, row_of(node), n, ret));
}

static int folder_files(struct request *q, uint64_t node, uint64_t *ret)
{
	(void)node;
	return view_resource_files(q, ret);
}

const struct view view_folder = {
	.getattr = folder_getattr,
	.lookup = folder_lookup,
	.readdir = folder_readdir,
	.has_more = folder_has_more,
	.files = folder_files,
};
