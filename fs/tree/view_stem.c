/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The clipboard's form: a name with slashes, such as a role's ARN, is a path to the kernel. The
 * parts up to each slash are directories that are found though nowhere listed, and at the end
 * stands a link to the name as it is listed.
 */

#include "names.h"

#include <errno.h>

#include "model/name.h"

/* How many directories lead to the end of the stem; a slash in front or behind another makes none. */
static unsigned depth_of(struct str text)
{
	unsigned depth = 0;

	for (size_t i = 1; i < text.n; i++)
		depth += text.p[i] == '/' && text.p[i - 1] != '/';
	return depth;
}

static int parent_of(struct request *q, const struct store_stem *stem, uint64_t *ret)
{
	struct str text = { stem->text.p, stem->text.n - 1 };
	ptrdiff_t slash = str_rchr(text, '/');
	int64_t id;
	int r;

	/* Of two slashes the first is the directory's end. */
	while (slash > 0 && text.p[slash - 1] == '/')
		slash--;
	*ret = names_top(stem->space);
	if (slash <= 0)
		return 0;
	text.n = (size_t)slash + 1;
	r = view_error(store_stem_find(q->store, stem->space, text, &id));
	if (r == 0)
		*ret = node_make(NODE_STEM, id);
	return r;
}

static int stem_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_stem stem;
	struct tree_attr top;
	int r = view_error(store_stem_get(q->store, node_row(node), q->arena, &stem));

	if (r == 0)
		r = view_by.getattr(q, names_top(stem.space), &top);
	if (r)
		return r;
	*ret = (struct tree_attr){ .node = node,
				   .type = TREE_DIR,
				   .growing = true,
				   .fleeting = true,
				   .mtime_ms = top.mtime_ms,
				   .stamp = q->label };
	return parent_of(q, &stem, &ret->parent);
}

/* --- the link at the end ------------------------------------------------------------------ */

static int put_alias(unsigned depth, const struct store_key *key, struct buf *out)
{
	for (unsigned i = 0; i < depth; i++)
		buf_put_text(out, "../");
	name_escape(out, key->text);
	return buf_error(out);
}

static int alias_attr(unsigned depth, const struct store_key *key, struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	enum node_kind kind = key->space == STORE_SPACE_IDS ? NODE_ID_ALIAS : NODE_ALIAS;
	int r = put_alias(depth, key, &target);

	*ret = (struct tree_attr){ .node = node_make_deep(kind, depth, key->id),
				   .type = TREE_LINK,
				   .growing = true,
				   .fleeting = true,
				   .size = target.len,
				   .mtime_ms = key->newest_ms };
	return r;
}

static int alias_key(struct request *q, uint64_t node, struct store_key *ret)
{
	int64_t space =
		node_kind(node) == NODE_ID_ALIAS ? STORE_SPACE_IDS : STORE_SPACE_NAMES;

	return view_error(
		store_key_get(q->store, space, node_deep_row(node), q->arena, ret));
}

static int alias_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_key key;
	int r = alias_key(q, node, &key);

	return r ? r : alias_attr(node_depth(node), &key, ret);
}

static int alias_readlink(struct request *q, uint64_t node, struct buf *out)
{
	struct store_key key;
	int r = alias_key(q, node, &key);

	return r ? r : put_alias(node_depth(node), &key, out);
}

/* --- the directory ------------------------------------------------------------------------ */

static int stem_lookup(struct request *q, uint64_t node, struct str name,
		       struct tree_attr *ret)
{
	struct store_stem stem;
	struct store_key key;
	int r = view_error(store_stem_get(q->store, node_row(node), q->arena, &stem));

	if (r)
		return r;
	r = names_find(q, stem.space, stem.text, name, &key);
	if (r == TREE_E_NOT_FOUND)
		return names_find_stem(q, stem.space, stem.text, name, ret);
	return r ? r : alias_attr(depth_of(stem.text), &key, ret);
}

/* The full names are listed, each once, in the directory at the top. */
static int stem_readdir(struct request *q, uint64_t node, uint64_t cookie,
			const struct tree_lister *lister)
{
	(void)q;
	(void)node;
	(void)cookie;
	(void)lister;
	return 0;
}

const struct view view_stem = {
	.getattr = stem_getattr,
	.lookup = stem_lookup,
	.readdir = stem_readdir,
};
const struct view view_alias = {
	.getattr = alias_getattr,
	.readlink = alias_readlink,
};
