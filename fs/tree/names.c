/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Names of resources, from the spelling that is looked up to the link that leads to it. A link
 * among others of one name is called by the resource's path with commas for slashes, in which a
 * comma is %2C: unique, readable, and found without going through the others.
 */

#include "names.h"

#include <errno.h>

#include "model/name.h"
#include "util/percent.h"

static const struct {
	uint64_t node;
	int64_t space;
} tops[] = {
	{ NODE_FIXED_BY_ID, STORE_SPACE_IDS },
	{ NODE_FIXED_BY_NAME, STORE_SPACE_NAMES },
	{ NODE_FIXED_BY_ARN, STORE_SPACE_ARNS },
};

int64_t names_space(uint64_t node)
{
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (tops[i].node == node)
			return tops[i].space;
	return 0;
}

uint64_t names_top(int64_t space)
{
	for (size_t i = 0; i < ARRAY_SIZE(tops); i++)
		if (tops[i].space == space)
			return tops[i].node;
	return NODE_FIXED_BY_TAG;
}

/* --- spellings ---------------------------------------------------------------------------- */

bool names_decode(struct buf *out, struct str part)
{
	bool decoded = false;

	for (size_t i = 0; i < part.n; i++) {
		int byte = percent_byte(str_from(part, i));

		if (byte >= 0) {
			buf_put_char(out, (char)byte);
			decoded = true;
			i += 2;
		} else {
			buf_put_char(out, part.p[i]);
		}
	}
	return decoded;
}

/* Slashes that a path cannot tell of. */
enum lost_slash {
	LOST_NONE,
	LOST_FIRST,  /* in front of a log group's name */
	LOST_SECOND, /* of the two in a queue's URL */
	LOST_WAYS,
};

/* Appends what base and part stand for, if such a slash may be missing there. */
static bool put_with(struct buf *out, enum lost_slash lost, int64_t space,
		     struct str base, struct str part)
{
	if (lost == LOST_FIRST) {
		if ((space != STORE_SPACE_IDS && space != STORE_SPACE_NAMES) ||
		    str_starts(base.n ? base : part, "/"))
			return false;
		buf_put_char(out, '/');
	}
	buf_put_str(out, base);
	if (lost == LOST_SECOND) {
		if (base.n == 0)
			return false;
		buf_put_char(out, '/');
	}
	buf_put_str(out, part);
	return true;
}

static int find_text(struct request *q, int64_t space, struct str base, struct str part,
		     struct store_key *ret)
{
	int r = TREE_E_NOT_FOUND;

	for (enum lost_slash i = LOST_NONE; i < LOST_WAYS && r == TREE_E_NOT_FOUND; i++) {
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;
		_cleanup_(buf_deinit) struct buf name = BUF_INIT;

		if (!put_with(&text, i, space, base, part))
			continue;
		name_escape(&name, buf_str(&text));
		if (buf_error(&text) || buf_error(&name))
			return -ENOMEM;
		r = view_error(
			store_key_find(q->store, space, buf_str(&name), q->arena, ret));
	}
	return r;
}

int names_find(struct request *q, int64_t space, struct str base, struct str part,
	       struct store_key *ret)
{
	_cleanup_(buf_deinit) struct buf decoded = BUF_INIT;
	int r = TREE_E_NOT_FOUND;

	if (base.n == 0)
		r = view_error(store_key_find(q->store, space, part, q->arena, ret));
	if (r == TREE_E_NOT_FOUND)
		r = find_text(q, space, base, part, ret);
	if (r == TREE_E_NOT_FOUND && names_decode(&decoded, part))
		r = find_text(q, space, base, buf_str(&decoded), ret);
	return buf_error(&decoded) ? -ENOMEM : r;
}

static int find_stem(struct request *q, int64_t space, struct str base, struct str part,
		     int64_t *ret)
{
	int r = TREE_E_NOT_FOUND;

	if (str_chr(part, '/') >= 0)
		return TREE_E_NOT_FOUND;
	for (enum lost_slash i = LOST_NONE; i < LOST_WAYS && r == TREE_E_NOT_FOUND; i++) {
		_cleanup_(buf_deinit) struct buf text = BUF_INIT;

		if (!put_with(&text, i, space, base, part))
			continue;
		buf_put_char(&text, '/');
		if (buf_error(&text))
			return -ENOMEM;
		r = view_error(store_stem_find(q->store, space, buf_str(&text), ret));
	}
	return r;
}

int names_find_stem(struct request *q, int64_t space, struct str base, struct str part,
		    struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf decoded = BUF_INIT;
	int64_t id = 0;
	int r = find_stem(q, space, base, part, &id);

	if (r == TREE_E_NOT_FOUND && names_decode(&decoded, part))
		r = find_stem(q, space, base, buf_str(&decoded), &id);
	if (buf_error(&decoded))
		return -ENOMEM;
	return r ? r : view_stem.getattr(q, node_make(NODE_STEM, id), ret);
}

/* --- links -------------------------------------------------------------------------------- */

/* The folders of a resource and itself, with what is between them. */
static void put_path(struct buf *out, const struct store_resource *r, char between)
{
	struct str parts[NAME_TYPE_DEPTH + 2] = { r->account, r->region };
	size_t n = 2 + name_type_segments(r->type, parts + 2);

	for (size_t i = 0; i < n; i++) {
		name_escape(out, parts[i]);
		buf_put_char(out, between);
	}
	buf_put_str(out, r->name);
}

int names_target(enum node_kind kind, const struct store_resource *r, struct buf *out)
{
	unsigned ups = kind == NODE_TAG_LINK                         ? 3
		       : kind == NODE_LINK || kind == NODE_ID_MEMBER ? 2
								     : 1;

	for (unsigned i = 0; i < ups; i++)
		buf_put_text(out, "../");
	buf_put_text(out, "resources/");
	put_path(out, r, '/');
	return buf_error(out);
}

/* A link of which only the resource's row is known. */
static int link_bare(enum node_kind kind, const struct store_key *key, int64_t resource,
		     struct tree_attr *ret)
{
	bool alone = kind == NODE_ID_LINK || kind == NODE_ID_MEMBER;
	int64_t row = alone ? resource : node_pair(key->id, resource);

	if (row < 0)
		return -EOVERFLOW;
	*ret = (struct tree_attr){ .node = node_make(kind, row),
				   .type = TREE_LINK,
				   .growing = true,
				   .fleeting = true,
				   .unsized = true };
	return 0;
}

int names_link_attr(enum node_kind kind, const struct store_key *key,
		    const struct store_resource *r, struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	int error = names_target(kind, r, &target);

	if (error == 0)
		error = link_bare(kind, key, r->id, ret);
	if (error)
		return error;
	ret->unsized = false;
	ret->size = target.len;
	ret->mtime_ms = r->newest_ms;
	return 0;
}

int names_attr(struct request *q, const struct store_key *key, bool bare,
	       struct tree_attr *ret)
{
	bool ids = key->space == STORE_SPACE_IDS;
	enum node_kind kind = ids ? NODE_ID_LINK : NODE_NAME_LINK;
	struct store_resource resource;
	int r;

	if (key->n > 1 || key->space > 0) {
		*ret = (struct tree_attr){
			.node = node_make(ids ? NODE_ID_KEY : NODE_KEY, key->id),
			.parent = key->space > 0 ? node_make(NODE_TAG_KEY, key->space)
						 : names_top(key->space),
			.type = TREE_DIR,
			.growing = true,
			.fleeting = key->space < 0,
			.mtime_ms = key->newest_ms,
			.stamp = q->label,
		};
		return 0;
	}
	if (bare)
		return link_bare(kind, key, key->resource, ret);
	r = view_error(store_resource_get(q->store, key->resource, q->arena, &resource));
	return r ? r : names_link_attr(kind, key, &resource, ret);
}

int names_key_get(struct request *q, uint64_t node, struct store_key *ret)
{
	int64_t space =
		node_kind(node) == NODE_ID_KEY ? STORE_SPACE_IDS : STORE_SPACE_NAMES;

	return view_error(store_key_get(q->store, space, node_row(node), q->arena, ret));
}

/* --- a link among others of its name ------------------------------------------------------ */

int names_member(const struct store_resource *r, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;
	size_t start = out->len;

	/* NUL is in no file name, so it tells what is between from what is a name's comma. */
	put_path(&path, r, '\0');
	for (size_t i = 0; i < path.len; i++) {
		if (path.data[i] == '\0')
			buf_put_char(out, ',');
		else if (path.data[i] == ',')
			buf_put_text(out, "%2C");
		else
			buf_put_char(out, path.data[i]);
	}
	if (buf_error(&path) || buf_error(out))
		return -ENOMEM;
	if (out->len - start <= NAME_MAX_BYTES)
		return 0;
	buf_reset(&path);
	buf_put_str(&path, str_from(buf_str(out), start));
	out->len = start;
	name_escape(out, buf_str(&path));
	return buf_error(&path) || buf_error(out) ? -ENOMEM : 0;
}

/* A part of the path: its commas are back. */
static void put_part(struct buf *out, struct str part)
{
	buf_reset(out);
	for (size_t i = 0; i < part.n; i++) {
		if (str_starts(str_from(part, i), "%2C")) {
			buf_put_char(out, ',');
			i += 2;
		} else {
			buf_put_char(out, part.p[i]);
		}
	}
}

int names_member_find(struct request *q, struct str name, int64_t *ret_resource)
{
	_cleanup_(buf_deinit) struct buf part = BUF_INIT;
	struct store_resource resource;
	int64_t folder = STORE_ROOT;
	ptrdiff_t comma;
	int r = 0;

	while ((comma = str_chr(name, ',')) >= 0 && r == 0) {
		struct store_folder f;

		put_part(&part, (struct str){ name.p, (size_t)comma });
		r = buf_error(&part);
		if (r == 0)
			r = view_error(store_folder_find(q->store, folder, buf_str(&part),
							 q->arena, &f));
		if (r == 0)
			folder = f.id;
		name = str_from(name, (size_t)comma + 1);
	}
	if (r)
		return r;
	put_part(&part, name);
	r = buf_error(&part);
	if (r == 0)
		r = view_error(store_resource_find(q->store, folder, buf_str(&part),
						   q->arena, &resource));
	if (r == 0)
		*ret_resource = resource.id;
	return r;
}
