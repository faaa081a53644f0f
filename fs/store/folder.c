/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's way from an identity to its rows: account, region and type to a folder,
 * folder and resource id to a resource. Both are made when missing, and cached.
 *
 * A type may be a folder of resources and of types at once (AWS::X and AWS::X::Y), so a
 * resource's name may meet a folder's. The folder keeps its name, whichever came first; the
 * resource's gets `~` and 16 hex digits of its id's SHA-256, as a shortened name has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/name.h"
#include "private.h"
#include "relation.h"
#include "util/sha256.h"

/* --- names that meet ----------------------------------------------------------------------- */

/* How much of a name may stay: whole UTF-8 sequences and whole escapes. */
static size_t cut(struct str name, size_t max)
{
	size_t n = MIN(name.n, max);

	if (n == name.n)
		return n;
	while (n > 0 && ((unsigned char)name.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t back = 1; back <= 2 && back <= n; back++)
		if (name.p[n - back] == '%')
			return n - back;
	return n;
}

/* The other name of a resource whose own one is a folder's. */
static int other_name(struct buf *out, struct str name, struct str rid)
{
	uint8_t hash[SHA256_SIZE];

	sha256(rid, hash);
	buf_reset(out);
	buf_put(out, name.p, cut(name, NAME_MAX_BYTES - 17));
	buf_put_char(out, '~');
	for (size_t i = 0; i < 8; i++)
		buf_printf(out, "%02x", (unsigned)hash[i]);
	return buf_error(out);
}

static int rename_resource(struct store *s, int64_t folder, struct str name)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct buf *other = &s->writer->raw;
	int64_t id;
	int r = sql_get(s, Q_RESOURCE_RID_BY_FNAME, ARGS(INT(folder), TEXT(name)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	r = other_name(other, name, col_str(q, 1));
	if (r)
		return r;
	id = col_int(q, 0);
	/* What is counted from now on are lines with its new path. */
	r = relation_settle(s);
	if (!r)
		r = sql_run(s, Q_RESOURCE_RENAME, ARGS(INT(id), TEXT(buf_str(other))));
	if (!r)
		r = relation_renamed(s, id, (int64_t)other->len - (int64_t)name.n);
	/* Lines that tell of it name its path. */
	return r ? r : sql_run(s, Q_DIRTY_ADD, ARGS(INT(id), INT(INT64_MIN)));
}

/* --- folders ------------------------------------------------------------------------------- */

static int folder_id(struct store *s, int64_t parent, struct str name, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_FOLDER_BY_NAME, ARGS(INT(parent), TEXT(name)), &q);

	if (!r)
		*ret = col_int(q, 0);
	return r;
}

/* The folder of that (unescaped) name; account and region are known from the second level on. */
static int folder_get(struct store *s, int64_t parent, struct str part,
		      struct str account, const struct str *region, int64_t *ret)
{
	struct buf *name = &s->writer->name;
	int r;

	buf_reset(name);
	name_escape(name, part);
	r = buf_error(name);
	if (!r)
		r = folder_id(s, parent, buf_str(name), ret);
	if (r != STORE_E_NOT_FOUND)
		return r;
	r = parent ? rename_resource(s, parent, buf_str(name)) : 0;
	if (!r)
		r = sql_run(s, Q_FOLDER_INSERT,
			    ARGS(INT(parent), TEXT(buf_str(name)), TEXT(account),
				 region ? TEXT(*region) : NUL));
	if (!r)
		*ret = sqlite3_last_insert_rowid(s->db);
	return r;
}

static int leaf_fill(struct store *s, struct leaf *leaf, struct str account,
		     struct str region, struct str type)
{
	struct str segments[NAME_TYPE_DEPTH];
	size_t n = name_type_segments(type, segments);
	int r = folder_get(s, STORE_ROOT, account, account, NULL, &leaf->path[0]);

	if (!r)
		r = folder_get(s, leaf->path[0], region, account, &region,
			       &leaf->path[1]);
	leaf->depth = 2;
	for (size_t i = 0; i < n && !r; i++, leaf->depth++)
		r = folder_get(s, leaf->path[leaf->depth - 1], segments[i], account,
			       &region, &leaf->path[leaf->depth]);
	if (!r)
		r = sql_run(s, Q_FOLDER_TYPE, ARGS(INT(leaf_id(leaf)), TEXT(type)));
	return r;
}

/*
 * The node cached under w->key. Where there is none, one of `size` bytes is made (*ret_made): the
 * caller adds it once it is filled, so that no half of one is ever found.
 */
static int cached_get(struct writer *w, const struct map *map, size_t size,
		      struct map_node **ret, bool *ret_made)
{
	uint64_t hash = str_hash(buf_str(&w->key));
	struct str key;

	*ret = map_get(map, hash, buf_str(&w->key));
	*ret_made = !*ret;
	if (*ret)
		return 0;
	key = arena_str(&w->cached, buf_str(&w->key));
	*ret = key.p ? arena_zalloc(&w->cached, size) : NULL;
	if (!*ret)
		return -ENOMEM;
	**ret = (struct map_node){ .hash = hash, .key = key };
	return 0;
}

int leaf_get(struct store *s, struct str account, struct str region, struct str type,
	     struct leaf **ret)
{
	const struct str parts[] = { account, region, type };
	struct writer *w = s->writer;
	struct map_node *node;
	bool made;
	int r = writer_key(w, parts, ARRAY_SIZE(parts));

	if (!r)
		r = cached_get(w, &w->leaves, sizeof(**ret), &node, &made);
	if (r)
		return r;
	*ret = (struct leaf *)node;
	if (!made)
		return 0;
	(*ret)->first_ms = INT64_MAX;
	r = leaf_fill(s, *ret, account, region, type);
	return r ? r : map_add(&w->leaves, node);
}

void leaf_touch(struct store *s, struct leaf *leaf, int64_t time_ms)
{
	struct writer *w = s->writer;

	leaf->newest_ms = MAX(leaf->newest_ms, time_ms);
	leaf->first_ms = MIN(leaf->first_ms, time_ms);
	if (leaf->touched)
		return;
	leaf->touched = true;
	leaf->next_touched = w->leaves_touched;
	w->leaves_touched = leaf;
	w->pending = true;
}

int folder_note(struct store *s, int64_t folder)
{
	struct buf *list = &s->writer->noted;
	size_t n = list->len / sizeof(folder);

	if (!n || ((const int64_t *)list->data)[n - 1] != folder)
		buf_put(list, &folder, sizeof(folder));
	return buf_error(list);
}

int folder_note_of(struct store *s, int64_t resource)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_FOLDER_OF_RESOURCE, ARGS(INT(resource)), &q);

	return r ? r : folder_note(s, col_int(q, 0));
}

/* A list of folders, each once; they are few: those of the types that are recorded everywhere. */
int folders_redate(struct store *s, int64_t resource)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct buf *list = &s->writer->redated;
	int r = sql_get(s, Q_FOLDER_OF_RESOURCE, ARGS(INT(resource)), &q);
	int64_t folder = r ? 0 : col_int(q, 0);

	for (size_t i = 0; i < list->len / sizeof(folder) && !r; i++)
		if (((const int64_t *)list->data)[i] == folder)
			return 0;
	if (r)
		return r;
	buf_put(list, &folder, sizeof(folder));
	return buf_error(list);
}

/* One folder and those above it. */
static int folder_newest(struct store *s, int64_t folder)
{
	int r = 0;

	while (folder && !r) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;

		r = sql_run(s, Q_FOLDER_NEWEST, ARGS(INT(folder)));
		if (!r)
			r = sql_get(s, Q_FOLDER, ARGS(INT(folder)), &q);
		if (!r)
			folder = col_int(q, 1);
	}
	return r;
}

static int settle_redated(struct store *s)
{
	struct buf *list = &s->writer->redated;
	int r = 0;

	for (size_t i = 0; i < list->len / sizeof(int64_t) && !r; i++)
		r = folder_newest(s, ((const int64_t *)list->data)[i]);
	buf_reset(list);
	return r;
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int settle_noted(struct store *s)
{
	struct buf *list = &s->writer->noted;
	int64_t *folders = (int64_t *)list->data;
	size_t n = list->len / sizeof(*folders);
	int r = 0;

	if (n > 1)
		qsort(folders, n, sizeof(*folders), by_value);
	for (size_t i = 0; i < n && !r; i++)
		if (!i || folders[i] != folders[i - 1])
			r = sql_run(s, Q_FOLDERS_TOUCH_ABOVE, ARGS(INT(folders[i])));
	buf_reset(list);
	return r;
}

int folders_settle(struct store *s)
{
	int r = settle_redated(s);

	return r ? r : settle_noted(s);
}

/* --- resources ----------------------------------------------------------------------------- */

static int resource_insert(struct store *s, int64_t folder, struct str rid,
			   struct resource *res)
{
	struct buf *name = &s->writer->name;
	int64_t taken;
	int r;

	buf_reset(name);
	name_escape(name, rid);
	r = buf_error(name);
	if (!r)
		r = folder_id(s, folder, buf_str(name), &taken);
	if (!r) {
		r = other_name(&s->writer->raw, buf_str(name), rid);
		name = &s->writer->raw;
	} else if (r == STORE_E_NOT_FOUND) {
		r = 0;
	}
	if (!r)
		r = sql_run(s, Q_RESOURCE_INSERT,
			    ARGS(INT(folder), TEXT(rid), TEXT(buf_str(name))));
	if (r)
		return r;
	res->id = sqlite3_last_insert_rowid(s->db);
	res->fresh = true;
	return 0;
}

static int resource_view(struct store *s, struct resource *res)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_VIEW, ARGS(INT(res->id)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	res->first_ms = col_int(q, 0);
	res->newest_ms = col_int(q, 1);
	res->latest = col_int(q, 2);
	res->states = col_int(q, 3);
	res->text_len = col_int(q, 4);
	res->jsonl_len = col_int(q, 5);
	res->changed_ms = col_int(q, 6);
	return 0;
}

static int resource_fill(struct store *s, int64_t folder, struct str rid,
			 struct resource *res)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_RESOURCE_BY_RID, ARGS(INT(folder), TEXT(rid)), &q);

	if (r == STORE_E_NOT_FOUND)
		return resource_insert(s, folder, rid, res);
	if (r)
		return r;
	res->id = col_int(q, 0);
	res->last = col_int(q, 1);
	return resource_view(s, res);
}

int resource_get(struct store *s, struct leaf *leaf, struct str rid,
		 struct resource **ret)
{
	struct writer *w = s->writer;
	int64_t folder = leaf_id(leaf);
	struct map_node *node;
	bool made;
	int r;

	buf_reset(&w->key);
	buf_put(&w->key, &folder, sizeof(folder));
	buf_put_str(&w->key, rid);
	r = buf_error(&w->key);
	if (!r)
		r = cached_get(w, &w->resources, sizeof(**ret), &node, &made);
	if (r)
		return r;
	*ret = (struct resource *)node;
	if (made)
		r = resource_fill(s, folder, rid, *ret);
	return r || !made ? r : map_add(&w->resources, node);
}

void resource_touch(struct store *s, struct resource *res)
{
	struct writer *w = s->writer;

	if (res->touched)
		return;
	res->touched = true;
	/* At the end: new ones are written in the order of their rows, which fills pages. */
	res->next_touched = NULL;
	*w->resources_end = res;
	w->resources_end = &res->next_touched;
	w->pending = true;
}
