/* SPDX-License-Identifier: Apache-2.0 */

/*
 * by-tag and the keys in it; the values beneath are view_by.c's.
 */

#include "names.h"

#include <errno.h>

#include "model/name.h"

static struct tree_attr tag_attr(struct request *q, const struct store_tag *tag)
{
	return (struct tree_attr){ .node = node_make(NODE_TAG_KEY, tag->id),
				   .parent = NODE_FIXED_BY_TAG,
				   .type = TREE_DIR,
				   .growing = true,
				   .mtime_ms = tag->newest_ms,
				   .stamp = q->label };
}

/* A key in another spelling: plain, or with more escaped than need be. */
static int find_otherwise(struct request *q, struct str name, struct store_tag *ret)
{
	_cleanup_(buf_deinit) struct buf decoded = BUF_INIT;
	_cleanup_(buf_deinit) struct buf escaped = BUF_INIT;
	int r;

	name_escape(&escaped, name);
	r = buf_error(&escaped);
	if (r == 0)
		r = view_error(
			store_tag_find(q->store, buf_str(&escaped), q->arena, ret));
	if (r != TREE_E_NOT_FOUND || !names_decode(&decoded, name))
		return r;
	buf_reset(&escaped);
	name_escape(&escaped, buf_str(&decoded));
	if (buf_error(&decoded) || buf_error(&escaped))
		return -ENOMEM;
	return view_error(store_tag_find(q->store, buf_str(&escaped), q->arena, ret));
}

static int by_tag_lookup(struct request *q, uint64_t node, struct str name,
			 struct tree_attr *ret)
{
	struct store_tag tag;
	int r = view_error(store_tag_find(q->store, name, q->arena, &tag));

	(void)node;
	if (r == TREE_E_NOT_FOUND)
		r = find_otherwise(q, name, &tag);
	if (r == 0)
		*ret = tag_attr(q, &tag);
	return r;
}

static int by_tag_readdir(struct request *q, uint64_t node, uint64_t cookie,
			  const struct tree_lister *lister)
{
	struct store_tag page[VIEW_PAGE_MAX];
	size_t max = VIEW_PAGE_FIRST;
	size_t n;
	int r = cookie >> NODE_ROW_BITS ? TREE_E_BAD_COOKIE : 0;

	(void)node;
	while (r == 0) {
		r = view_error(
			store_tags(q->store, (int64_t)cookie, q->arena, page, max, &n));
		for (size_t i = 0; r == 0 && i < n; i++) {
			_cleanup_(buf_deinit) struct buf name = BUF_INIT;
			struct tree_attr attr = tag_attr(q, &page[i]);

			name_escape(&name, page[i].text);
			if (buf_error(&name))
				return -ENOMEM;
			cookie = (uint64_t)page[i].id;
			if (!lister->entry(lister->ctx,
					   &(struct tree_entry){ buf_str(&name), &attr,
								 cookie }))
				return 0;
		}
		if (n < max)
			break;
		max = MIN(2 * max, ARRAY_SIZE(page));
	}
	return r;
}

/* --- a key -------------------------------------------------------------------------------- */

static int tag_key_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_tag tag;
	int r = view_error(store_tag_get(q->store, node_row(node), q->arena, &tag));

	if (r == 0)
		*ret = tag_attr(q, &tag);
	return r;
}

static int tag_key_lookup(struct request *q, uint64_t node, struct str name,
			  struct tree_attr *ret)
{
	struct store_key key;
	int r = names_find(q, node_row(node), STR_NULL, name, &key);

	return r ? r : names_attr(q, &key, false, ret);
}

static int tag_key_readdir(struct request *q, uint64_t node, uint64_t cookie,
			   const struct tree_lister *lister)
{
	if (cookie >> 62)
		return TREE_E_BAD_COOKIE;
	return names_list(q, node_row(node), cookie, lister);
}

static int by_tag_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	return view_by.getattr(q, node, ret);
}

const struct view view_by_tag = {
	.getattr = by_tag_getattr,
	.lookup = by_tag_lookup,
	.readdir = by_tag_readdir,
};

static int tag_has_more(struct request *q, uint64_t node, size_t n, bool *ret)
{
	return view_error(store_keys_more(q->store, node_row(node), n, ret));
}

const struct view view_tag_key = {
	.getattr = tag_key_getattr,
	.lookup = tag_key_lookup,
	.readdir = tag_key_readdir,
	.has_more = tag_has_more,
};
