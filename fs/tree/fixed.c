/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fixed directories and pages. An entry's place in the list is its cookie.
 */

#include "fixed.h"

#include "content.h"

int fixed_lookup(struct request *q, const struct fixed_entry *entries, size_t n,
		 struct str name, struct tree_attr *ret)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(entries[i].name, name))
			return view_attr(q, entries[i].node, ret);
	return TREE_E_NOT_FOUND;
}

int fixed_readdir(struct request *q, const struct fixed_entry *entries, size_t n,
		  uint64_t cookie, const struct tree_lister *lister)
{
	for (uint64_t i = cookie; i < n; i++) {
		struct tree_attr attr = { .node = entries[i].node,
					  .type = TREE_FILE,
					  .growing = true,
					  .unsized = true };
		int r = 0;

		if (!entries[i].unsized)
			r = view_attr(q, attr.node, &attr);
		if (r)
			return r;
		if (!lister->entry(lister->ctx,
				   &(struct tree_entry){ entries[i].name, &attr, i + 1 }))
			break;
	}
	return 0;
}

int fixed_page_attr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct cache_entry *page = NULL;
	int r = content_get(q, node, &page);

	if (r)
		return r;
	*ret = (struct tree_attr){ .node = node,
				   .type = TREE_FILE,
				   .growing = true,
				   .size = page->content.len };
	cache_release(&q->tree->cache, page);
	return 0;
}

int fixed_one_file(struct request *q, uint64_t node, uint64_t *ret)
{
	(void)q;
	(void)node;
	*ret = 1;
	return 0;
}
