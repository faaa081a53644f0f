/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A dossier of the store, rendered file by file into the cache. Each file is announced first, so
 * that whoever wants one meanwhile waits for it instead of making it again.
 */

#include "dossier.h"

#include <errno.h>

#include "model/story.h"
#include "render/blame.h"
#include "render/entry.h"
#include "render/state.h"
#include "store/dossier.h"

#include "content.h"
#include "view.h"

/* A directory with more states, or with longer files, is left to be made file by file. */
#define MAX_STATES 128
#define MAX_BYTES  ((uint64_t)1 << 20)

/* The files to be made, announced. */
struct files {
	struct request *q;
	struct cache_making making[MAX_STATES + 8];
	size_t n;
	uint64_t stamp; /* of all but states */
	size_t bytes;   /* of those that were kept */
};

static void files_end(struct files *f)
{
	for (size_t i = 0; i < f->n; i++)
		cache_end(&f->q->tree->cache, &f->making[i]);
	f->n = 0;
}

/* Is it to be made here? */
static bool announce(struct files *f, uint64_t node, uint64_t stamp)
{
	struct cache_entry *e = content_kept(f->q, node, stamp);

	cache_release(&f->q->tree->cache, e);
	if (e || f->n == ARRAY_SIZE(f->making) ||
	    !cache_try_begin(&f->q->tree->cache, node, &f->making[f->n]))
		return false;
	f->n++;
	return true;
}

static int keep(struct files *f, uint64_t node, uint64_t stamp, struct buf *content)
{
	struct cache *cache = &f->q->tree->cache;
	struct cache_entry *e = NULL;
	int r = buf_error(content);

	f->bytes += content->len;
	if (r == 0) {
		e = cache_put(cache, node, f->q->label, stamp, content);
		r = e ? 0 : -ENOMEM;
	}
	cache_release(cache, e);
	return r;
}

static int keep_states(struct files *f, const struct store_dossier *d)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < d->n_states; i++) {
		const struct store_dossier_state *st = &d->states[i];
		uint64_t node = node_make(NODE_STATE, st->state.id);
		_cleanup_(buf_deinit) struct buf out = BUF_INIT;

		if (st->state.hidden || !announce(f, node, 0))
			continue;
		(void)buf_reserve(&out, st->state.size);
		render_state(&out, st->body, st->name, st->arn);
		r = keep(f, node, 0, &out);
	}
	return r;
}

static int keep_story(struct files *f, const struct store_resource *resource,
		      const struct store_dossier *d, enum node_kind kind)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	uint64_t node = node_make(kind, resource->id);

	if (!announce(f, node, f->stamp))
		return 0;
	(void)buf_reserve(&out, kind == NODE_CHANGES ? resource->text_len
						     : resource->jsonl_len);
	for (size_t i = 0; i < d->n_entries; i++)
		if (kind == NODE_CHANGES)
			render_entry_text(&out, &d->entries[i]);
		else
			render_entry_jsonl(&out, &d->entries[i]);
	return keep(f, node, f->stamp, &out);
}

static int keep_blame(struct files *f, const struct store_resource *resource,
		      const struct store_dossier *d)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	uint64_t node = node_make(NODE_BLAME, resource->id);

	if (!announce(f, node, f->stamp))
		return 0;
	(void)buf_reserve(&out, resource->blame_len);
	/* States that no story has been made of yet: an empty file, as its length says. */
	if (resource->blame_len && d->blame.body)
		render_blame(&out, &d->blame);
	return keep(f, node, f->stamp, &out);
}

static int keep_relationships(struct files *f, int64_t resource)
{
	_cleanup_(buf_deinit) struct buf out = BUF_INIT;
	uint64_t node = node_make(NODE_RELATIONSHIPS, resource);
	int r;

	if (!announce(f, node, f->stamp))
		return 0;
	r = view_relationships.render(f->q, node, &out);
	return r ? r : keep(f, node, f->stamp, &out);
}

static bool is_large(const struct store_resource *r)
{
	return r->states > MAX_STATES ||
	       r->text_len + r->jsonl_len + r->blame_len + r->rel_len > MAX_BYTES;
}

static int make(struct request *q, int64_t id, size_t *ret_bytes)
{
	_cleanup_(files_end) struct files f = { .q = q };
	struct store_resource resource;
	struct store_dossier d;
	int r = view_error(store_resource_get(q->store, id, q->arena, &resource));

	if (r || is_large(&resource))
		return r;
	f.stamp = (uint64_t)resource.changed_ms;
	r = store_dossier_load(q->store, &resource, MAX_BYTES, q->arena, &d);
	if (r)
		return r == STORE_E_LARGE ? 0 : view_error(r);
	r = keep_story(&f, &resource, &d, NODE_CHANGES);
	if (r == 0)
		r = keep_story(&f, &resource, &d, NODE_CHANGES_JSONL);
	if (r == 0)
		r = keep_blame(&f, &resource, &d);
	if (r == 0)
		r = keep_relationships(&f, id);
	if (r == 0)
		r = keep_states(&f, &d);
	*ret_bytes = f.bytes;
	return r;
}

int dossier_make(struct request *q, int64_t id, size_t *ret_bytes)
{
	struct cache *cache = &q->tree->cache;
	struct cache_making making;
	int r;

	*ret_bytes = 0;
	/* The directory itself has no content: its number tells that its files are under way. */
	if (!cache_begin(cache, node_make(NODE_RESOURCE, id), &making))
		return 0;
	r = make(q, id, ret_bytes);
	cache_end(cache, &making);
	return r;
}
