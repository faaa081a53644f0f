/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Paths, for whoever has no kernel to walk them: part by part from the root. A link's target
 * takes the place of its name in what is still to walk.
 */

#include "tree/tree.h"

#include <errno.h>

#define MAX_LINKS 40

struct walk {
	struct tree *tree;
	struct tree_attr at; /* where the walk is */
	uint64_t dir;        /* where that was looked up */
	struct buf rest;     /* still to walk */
	unsigned links;      /* followed so far */
};

/* Cuts the first part off what is left, and the slashes around it. */
static struct str next_part(struct str *rest)
{
	struct str part = *rest;
	ptrdiff_t slash;

	while (part.n > 0 && part.p[0] == '/')
		part = str_from(part, 1);
	slash = str_chr(part, '/');
	*rest = slash < 0 ? STR_NULL : str_from(part, (size_t)slash);
	if (slash >= 0)
		part.n = (size_t)slash;
	while (rest->n > 0 && rest->p[0] == '/')
		*rest = str_from(*rest, 1);
	return part;
}

static int step(struct walk *w, struct str part)
{
	if (w->at.type != TREE_DIR)
		return TREE_E_NOT_DIR;
	if (part.n == 0 || str_is(part, "."))
		return 0;
	if (str_is(part, ".."))
		return tree_getattr(w->tree, w->at.parent, &w->at);
	w->dir = w->at.node;
	return tree_lookup(w->tree, w->dir, part, &w->at);
}

/* The walk goes on from the link's directory, along its target, then the rest. */
static int follow_link(struct walk *w, struct str rest)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	int r;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	r = tree_readlink(w->tree, w->at.node, &path);
	if (r)
		return r;
	if (rest.n > 0) {
		buf_put_char(&path, '/');
		buf_put_str(&path, rest);
	}
	r = buf_error(&path);
	if (r == 0)
		r = tree_getattr(w->tree, w->dir, &w->at);
	if (r)
		return r;
	buf_deinit(&w->rest);
	w->rest = path;
	path = BUF_INIT;
	return 0;
}

static void walk_deinit(struct walk *w)
{
	buf_deinit(&w->rest);
}

int tree_walk_path(struct tree *t, struct str path, bool follow, struct tree_attr *ret)
{
	_cleanup_(walk_deinit) struct walk w = { .tree = t, .dir = TREE_ROOT };
	struct str rest;
	int r = tree_getattr(t, TREE_ROOT, &w.at);

	buf_put_str(&w.rest, path);
	if (r == 0)
		r = buf_error(&w.rest);
	rest = buf_str(&w.rest);
	while (r == 0 && rest.n > 0) {
		r = step(&w, next_part(&rest));
		if (r == 0 && w.at.type == TREE_LINK && (follow || rest.n > 0)) {
			r = follow_link(&w, rest);
			rest = buf_str(&w.rest);
		}
	}
	if (r == 0)
		*ret = w.at;
	return r;
}
