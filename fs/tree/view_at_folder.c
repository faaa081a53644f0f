/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A moment, and the folders beneath it: accounts, regions, type segments, as far as there was
 * anything in them. First the inventories, then folders, then resources, the last two by row id,
 * which is the cookie: what an import adds shifts nothing.
 */

#include "view_at.h"

#include <errno.h>
#include <time.h>

#include "model/moment.h"
#include "model/name.h"

/* Cookies: up to 16 inventories, then with these bits the rows. */
#define COOKIE_FOLDER   (UINT64_C(1) << 59)
#define COOKIE_RESOURCE (UINT64_C(1) << 60)
#define COOKIE_ROW      (COOKIE_FOLDER - 1)

/*
 * An import is seen by the watcher within a second or so of its commit, but rows are stamped when
 * they are written: so much earlier at most.
 */
#define CHANGED_WINDOW_MS INT64_C(600000)

const struct at_file at_files[AT_FILES] = {
	{ STR("inventory.csv"), NODE_AT_CSV, 0, 2 },
	{ STR("inventory.jsonl"), NODE_AT_JSONL, 0, 2 },
	{ STR("snapshot.json"), NODE_AT_SNAPSHOT, 0, 2 },
	{ STR("relationships.tsv"), NODE_AT_RELATIONSHIPS, 2, 2 },
};

int at_time(struct request *q, uint64_t node, int64_t *ret)
{
	return moments_time(&q->tree->moments, node_moment(node), ret);
}

uint64_t at_inode(uint64_t node, int64_t time_ms)
{
	const uint64_t parts[] = { node_kind(node), (uint64_t)node_at_row(node),
				   (uint64_t)time_ms };

	return str_hash((struct str){ (const char *)parts, sizeof(parts) }) |
	       UINT64_C(1) << 63;
}

static uint64_t sibling(uint64_t node, enum node_kind kind, int64_t row)
{
	return node_make_at(kind, node_moment(node), row);
}

struct tree_attr at_folder_attr(uint64_t node, int64_t time_ms,
				const struct store_at_folder *f)
{
	return (struct tree_attr){
		.node = node,
		.ino = at_inode(node, time_ms),
		.parent = f->id == STORE_ROOT ? (uint64_t)NODE_FIXED_AT
					      : sibling(node, NODE_AT_FOLDER, f->parent),
		.type = TREE_DIR,
		.growing = true,
		.covers = true,
		.mtime_ms = MIN(f->newest_ms, time_ms),
		.stamp = f->changed,
	};
}

/* The folder of a node, if there was anything in it. A moment itself is always there. */
static int open_folder(struct request *q, uint64_t node, int64_t *ret_ms,
		       struct store_at_folder *ret)
{
	bool any = true;
	int r = at_time(q, node, ret_ms);

	if (r == 0)
		r = at_folder(q, node_at_row(node), ret);
	if (r == 0 && ret->id != STORE_ROOT)
		r = at_any(q, ret, *ret_ms, &any);
	if (r)
		return r;
	return any ? 0 : TREE_E_NOT_FOUND;
}

static int folder_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	struct store_at_folder f;
	int64_t time_ms;
	int r = open_folder(q, node, &time_ms, &f);

	if (r == 0)
		*ret = at_folder_attr(node, time_ms, &f);
	return r;
}

/* --- looking up --------------------------------------------------------------------------- */

/* A name that had to be shortened for at/: compared with that of each folder. */
static int find_shortened(struct request *q, int64_t parent, struct str name,
			  struct store_at_folder *ret)
{
	struct store_at_folder page[VIEW_PAGE_FIRST];
	int64_t after = 0;
	size_t n;

	do {
		int r = view_error(store_at_folders(q->store, parent, INT64_MAX, after,
						    q->arena, page, ARRAY_SIZE(page),
						    &n));

		for (size_t i = 0; r == 0 && i < n; i++) {
			_cleanup_(buf_deinit) struct buf own = BUF_INIT;

			name_at_folder(&own, page[i].name);
			r = buf_error(&own);
			if (r == 0 && str_eq(buf_str(&own), name)) {
				*ret = page[i];
				return 0;
			}
			after = page[i].id;
		}
		if (r)
			return r;
	} while (n == ARRAY_SIZE(page));
	return TREE_E_NOT_FOUND;
}

static int find_folder(struct request *q, uint64_t node, struct str name, int64_t time_ms,
		       struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf own = BUF_INIT;
	int64_t parent = node_at_row(node);
	struct store_at_folder f;
	bool any;
	int r;

	if (!name_at_folder_parse(&own, name))
		return TREE_E_NOT_FOUND;
	r = buf_error(&own);
	if (r == 0)
		r = view_error(store_at_folder_find(q->store, parent, buf_str(&own),
						    q->arena, &f));
	if (r == TREE_E_NOT_FOUND && name_is_shortened(name))
		r = find_shortened(q, parent, name, &f);
	if (r == 0)
		r = at_any(q, &f, time_ms, &any);
	if (r)
		return r;
	*ret = at_folder_attr(sibling(node, NODE_AT_FOLDER, f.id), time_ms, &f);
	return any ? 0 : TREE_E_NOT_FOUND;
}

static int find_state(struct request *q, uint64_t node, struct str name,
		      struct tree_attr *ret)
{
	int64_t resource;
	int r = view_error(store_at_find(q->store, node_at_row(node), name, &resource));

	if (r)
		return r;
	node = sibling(node, NODE_AT_STATE, resource);
	return view_at_state.getattr(q, node, ret);
}

static int folder_lookup(struct request *q, uint64_t node, struct str name,
			 struct tree_attr *ret)
{
	int64_t time_ms;
	int r = at_time(q, node, &time_ms);

	if (r)
		return r;
	for (size_t i = 0; i < AT_FILES; i++)
		if (str_eq(name, at_files[i].name)) {
			uint64_t file =
				sibling(node, at_files[i].kind, node_at_row(node));

			return view_of(file)->getattr(q, file, ret);
		}
	r = find_state(q, node, name, ret);
	return r == TREE_E_NOT_FOUND ? find_folder(q, node, name, time_ms, ret) : r;
}

/* --- listing ------------------------------------------------------------------------------ */

struct listing {
	struct request *q;
	const struct tree_lister *lister;
	uint64_t node;
	int64_t time_ms;
	struct buf name; /* scratch */
	bool wanted;     /* more of it */
	int error;
};

static void listing_deinit(struct listing *l)
{
	buf_deinit(&l->name);
}

static void list(struct listing *l, struct str name, const struct tree_attr *attr,
		 uint64_t next)
{
	l->wanted = l->lister->entry(l->lister->ctx,
				     &(struct tree_entry){ name, attr, next });
}

/* Of a folder that there was at the moment. */
static int list_files(struct listing *l, uint64_t from)
{
	struct store_at_folder f;
	int64_t time_ms;
	int r = from < AT_FILES ? open_folder(l->q, l->node, &time_ms, &f)
				: TREE_E_NOT_FOUND;

	for (uint64_t i = from; r == 0 && l->wanted && i < AT_FILES; i++) {
		uint64_t file = sibling(l->node, at_files[i].kind, node_at_row(l->node));
		const struct tree_attr attr = { .node = file,
						.ino = at_inode(file, time_ms),
						.type = TREE_FILE,
						.growing = true,
						.unsized = true };

		if (f.level >= at_files[i].from && f.level <= at_files[i].to)
			list(l, at_files[i].name, &attr, i + 1);
	}
	return r == TREE_E_NOT_FOUND ? 0 : r;
}

static int list_folder(struct listing *l, const struct store_at_folder *f)
{
	struct tree_attr attr;
	bool any;
	int r = at_any(l->q, f, l->time_ms, &any);

	if (r || !any)
		return r;
	buf_reset(&l->name);
	name_at_folder(&l->name, f->name);
	attr = at_folder_attr(sibling(l->node, NODE_AT_FOLDER, f->id), l->time_ms, f);
	list(l, buf_str(&l->name), &attr, COOKIE_FOLDER | (uint64_t)f->id);
	return buf_error(&l->name);
}

static int list_folders(struct listing *l, int64_t after)
{
	struct store_at_folder page[VIEW_PAGE_FIRST];
	size_t n;

	do {
		int r = view_error(store_at_folders(l->q->store, node_at_row(l->node),
						    l->time_ms, after, l->q->arena, page,
						    ARRAY_SIZE(page), &n));

		for (size_t i = 0; r == 0 && l->wanted && i < n; i++) {
			r = list_folder(l, &page[i]);
			after = page[i].id;
		}
		if (r)
			return r;
	} while (l->wanted && n == ARRAY_SIZE(page));
	return 0;
}

/* Of what is damaged the name: who looks for more is told. */
static struct tree_attr damaged_attr(const struct listing *l, uint64_t node)
{
	return (struct tree_attr){ .node = node,
				   .ino = at_inode(node, l->time_ms),
				   .type = TREE_FILE,
				   .growing = true,
				   .unsized = true };
}

static bool list_state(void *ctx, const struct store_at_state *st)
{
	struct listing *l = ctx;
	uint64_t node = sibling(l->node, NODE_AT_STATE, st->resource);
	struct tree_attr attr =
		st->damaged ? damaged_attr(l, node) : at_state_attr(node, st);

	buf_reset(&l->name);
	name_at_state(&l->name, st->fname, st->rid);
	l->error = buf_error(&l->name);
	if (l->error == 0)
		list(l, buf_str(&l->name), &attr,
		     COOKIE_RESOURCE | (uint64_t)st->resource);
	return l->error == 0 && l->wanted;
}

static int folder_readdir(struct request *q, uint64_t node, uint64_t cookie,
			  const struct tree_lister *lister)
{
	_cleanup_(listing_deinit) struct listing l = {
		.q = q, .lister = lister, .node = node, .wanted = true
	};
	int64_t after = (int64_t)(cookie & COOKIE_ROW);
	int r = at_time(q, node, &l.time_ms);

	if (r)
		return r;
	if (cookie >> 61 || after >> NODE_ROW_BITS ||
	    (cookie & COOKIE_FOLDER && cookie & COOKIE_RESOURCE))
		return TREE_E_BAD_COOKIE;
	if (!(cookie & ~COOKIE_ROW)) {
		r = list_files(&l, cookie);
		after = 0;
	}
	if (r == 0 && l.wanted && !(cookie & COOKIE_RESOURCE)) {
		r = list_folders(&l, after);
		after = 0;
	}
	if (r == 0 && l.wanted)
		r = view_error(store_at_each(q->store, node_at_row(node), l.time_ms,
					     after, list_state, &l));
	return r ? r : l.error;
}

/* --- what an import changes --------------------------------------------------------------- */

struct visiting {
	uint64_t node;
	bool (*visit)(void *ctx, uint64_t node);
	void *ctx;
};

static bool visit_state(void *ctx, int64_t resource)
{
	const struct visiting *v = ctx;

	return v->visit(v->ctx, sibling(v->node, NODE_AT_STATE, resource));
}

static int folder_affected(struct request *q, uint64_t node,
			   bool (*visit)(void *, uint64_t), void *ctx)
{
	struct visiting v = { node, visit, ctx };
	struct timespec now;

	for (size_t i = 0; i < AT_FILES; i++)
		if (!visit(ctx, sibling(node, at_files[i].kind, node_at_row(node))))
			return 0;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return view_error(store_at_changed(q->store, node_at_row(node),
					   (int64_t)now.tv_sec * 1000 - CHANGED_WINDOW_MS,
					   visit_state, &v));
}

/* Those that there were at the moment are sought one by one: here it counts whether there ever were. */
static int folder_has_more(struct request *q, uint64_t node, size_t n, bool *ret)
{
	return view_error(store_resources_more(q->store, node_at_row(node), n, ret));
}

const struct view view_at_folder = {
	.getattr = folder_getattr,
	.lookup = folder_lookup,
	.readdir = folder_readdir,
	.has_more = folder_has_more,
	.affected = folder_affected,
};
