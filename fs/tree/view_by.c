/* SPDX-License-Identifier: Apache-2.0 */

/*
 * by-id, by-name and by-arn: each name is a link to its resource, or a directory of links where
 * several share it - so a name may turn from the one into the other with an import, and the
 * kernel is told not to keep it for long. In by-tag/KEY each value is such a directory.
 */

#include "names.h"

#include <errno.h>

static int by_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_totals totals;
	int r = view_error(store_totals(q->store, &totals));

	*ret = (struct tree_attr){ .node = node,
				   .parent = TREE_ROOT,
				   .type = TREE_DIR,
				   .growing = true,
				   .stamp = q->label };
	if (r == 0)
		ret->mtime_ms = MAX(0, totals.item_last_ms);
	return r;
}

static int by_lookup(struct request *q, uint64_t node, struct str name,
		     struct tree_attr *ret)
{
	int64_t space = names_space(node);
	struct store_key key;
	int r = names_find(q, space, STR_NULL, name, &key);

	if (r == TREE_E_NOT_FOUND)
		return names_find_stem(q, space, STR_NULL, name, ret);
	return r ? r : names_attr(q, &key, false, ret);
}

static int by_readdir(struct request *q, uint64_t node, uint64_t cookie,
		      const struct tree_lister *lister)
{
	if (cookie >> 62)
		return TREE_E_BAD_COOKIE;
	return names_list(q, names_space(node), cookie, lister);
}

static int by_has_more(struct request *q, uint64_t node, size_t n, bool *ret)
{
	return view_error(store_keys_more(q->store, names_space(node), n, ret));
}

/* --- a name that is shared ---------------------------------------------------------------- */

static enum node_kind member_kind(const struct store_key *key)
{
	if (key->space == STORE_SPACE_IDS)
		return NODE_ID_MEMBER;
	return key->space > 0 ? NODE_TAG_LINK : NODE_LINK;
}

static int key_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_key key;
	int r = names_key_get(q, node, &key);

	if (r)
		return r;
	/* A directory it stays for whoever is in it, though no other has the name any more. */
	key.n = MAX(key.n, 2);
	return names_attr(q, &key, false, ret);
}

struct member_search {
	struct str name;
	struct tree_attr attr;
	bool found;
};

static bool is_member(void *ctx, const struct tree_entry *e)
{
	struct member_search *search = ctx;

	search->found = str_eq(e->name, search->name);
	if (search->found)
		search->attr = *e->attr;
	return !search->found;
}

static int key_readdir(struct request *q, uint64_t node, uint64_t cookie,
		       const struct tree_lister *lister)
{
	struct store_resource page[VIEW_PAGE_MAX];
	size_t max = VIEW_PAGE_FIRST;
	struct store_key key;
	size_t n;
	int r = names_key_get(q, node, &key);

	if (r == 0 && cookie >> NODE_ROW_BITS)
		r = TREE_E_BAD_COOKIE;
	while (r == 0) {
		r = view_error(store_key_resources(q->store, &key, (int64_t)cookie,
						   q->arena, page, max, &n));
		for (size_t i = 0; r == 0 && i < n; i++) {
			_cleanup_(buf_deinit) struct buf name = BUF_INIT;
			struct tree_attr attr;

			r = names_member(&page[i], &name);
			if (r == 0)
				r = names_link_attr(member_kind(&key), &key, &page[i],
						    &attr);
			if (r)
				return r;
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

static int key_lookup(struct request *q, uint64_t node, struct str name,
		      struct tree_attr *ret)
{
	struct member_search search = { .name = name };
	struct store_resource resource;
	struct store_key key;
	int64_t id = 0;
	int r = names_key_get(q, node, &key);

	if (r)
		return r;
	r = names_member_find(q, name, &id);
	if (r == 0)
		r = view_error(store_key_has(q->store, &key, id));
	if (r == 0)
		r = view_error(store_resource_get(q->store, id, q->arena, &resource));
	if (r == 0)
		return names_link_attr(member_kind(&key), &key, &resource, ret);
	/* A shortened one tells of no path; such are few. */
	if (r != TREE_E_NOT_FOUND || name.n < NAME_CUT_BYTES)
		return r;
	r = key_readdir(q, node, 0,
			&(struct tree_lister){ .entry = is_member, .ctx = &search });
	*ret = search.attr;
	return r == 0 && !search.found ? TREE_E_NOT_FOUND : r;
}

const struct view view_by = {
	.getattr = by_getattr,
	.lookup = by_lookup,
	.readdir = by_readdir,
	.has_more = by_has_more,
};
const struct view view_key = {
	.getattr = key_getattr,
	.lookup = key_lookup,
	.readdir = key_readdir,
};
