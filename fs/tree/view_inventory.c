/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inventories of a moment, of one of its accounts, or of one of its regions: read block by block,
 * folder by folder (a folder before those in it, each by name), so that the memory is that
 * of one batch and of what is kept, however many resources there are.
 *
 * A key is { phase, folder, resource behind which the roster begins, block }.
 */

#include "view_at.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "render/inventory.h"

#include "at_block.h"

enum phase {
	PHASE_HEAD,
	PHASE_FIRST, /* no resource yet */
	PHASE_MORE,
	PHASE_END,
};

#define KEY_PHASE  0
#define KEY_FOLDER 1
#define KEY_ROSTER 2
#define KEY_BLOCK  3

/* To a block that is kept a seek is cheap: a mark must be nearer than about a block. */
#define NEAR_BYTES ((uint64_t)32 << 10)

/* The file a node stands for. */
struct inventory {
	struct request *q;
	enum node_kind kind;
	int64_t time_ms;
	struct store_at_folder top;
};

static int open_inventory(struct request *q, uint64_t node, struct inventory *ret)
{
	bool any = true;
	int r = at_time(q, node, &ret->time_ms);

	ret->q = q;
	ret->kind = (enum node_kind)node_kind(node);
	if (r == 0)
		r = at_folder(q, node_at_row(node), &ret->top);
	if (r == 0 && ret->top.level > 2)
		r = TREE_E_NOT_FOUND;
	if (r == 0 && ret->top.id != STORE_ROOT)
		r = at_any(q, &ret->top, ret->time_ms, &any);
	return r ? r : any ? 0 : TREE_E_NOT_FOUND;
}

/* --- sizes -------------------------------------------------------------------------------- */

/*
 * What a snapshot's id is made of: what is in it and the folder's path, not the moment. Between two
 * moments at which a region was the same `diff -r` has nothing to tell of it.
 */
static int put_label(const struct inventory *v, struct buf *out)
{
	struct store_at_folder account = { 0 };
	struct at_sums sums;
	int r = at_sums_get(v->q, &v->top, v->time_ms, NULL, &sums);

	if (r == 0 && v->top.level == 2)
		r = at_folder(v->q, v->top.parent, &account);
	if (r)
		return r;
	buf_printf(out, "%" PRIu64 "-%016" PRIx64 "/", sums.n, sums.mark);
	buf_put_str(out, account.name);
	buf_put_char(out, '/');
	buf_put_str(out, v->top.name);
	return buf_error(out);
}

static int put_head(const struct inventory *v, struct buf *out)
{
	_cleanup_(buf_deinit) struct buf label = BUF_INIT;
	int r = 0;

	if (v->kind == NODE_AT_CSV)
		render_inventory_csv_head(out);
	if (v->kind != NODE_AT_SNAPSHOT)
		return 0;
	r = put_label(v, &label);
	if (r == 0)
		render_snapshot_head(out, buf_str(&label));
	return r;
}

static void put_tail(const struct inventory *v, struct buf *out)
{
	if (v->kind == NODE_AT_SNAPSHOT)
		render_snapshot_tail(out);
}

/* Of the pieces, as if none were the first one of a snapshot. */
static uint64_t length(const struct inventory *v, const struct at_sums *sums)
{
	switch (v->kind) {
	case NODE_AT_CSV:
		return sums->csv_len;
	case NODE_AT_JSONL:
		return sums->jsonl_len;
	default:
		return sums->item_len + sums->n * RENDER_SNAPSHOT_OTHER;
	}
}

/* What the first piece is shorter by. */
static uint64_t first_less(const struct inventory *v)
{
	return v->kind == NODE_AT_SNAPSHOT ? RENDER_SNAPSHOT_OTHER - RENDER_SNAPSHOT_FIRST
					   : 0;
}

static int inventory_getattr(struct request *q, uint64_t node, struct tree_attr *ret)
{
	_cleanup_(buf_deinit) struct buf frame = BUF_INIT;
	struct inventory v;
	struct at_sums sums;
	int r = open_inventory(q, node, &v);

	if (r == 0)
		r = at_sums_get(q, &v.top, v.time_ms, NULL, &sums);
	if (r == 0)
		r = put_head(&v, &frame);
	if (r)
		return r;
	put_tail(&v, &frame);
	*ret = (struct tree_attr){ .node = node,
				   .ino = at_inode(node, v.time_ms),
				   .type = TREE_FILE,
				   .growing = true,
				   .size = frame.len + length(&v, &sums) -
					   (sums.n ? first_less(&v) : 0),
				   .mtime_ms = sums.newest_ms };
	return buf_error(&frame);
}

/* --- the order of folders ----------------------------------------------------------------- */

/* -1: none. */
static int child_behind(const struct inventory *v, int64_t parent, int64_t after,
			int64_t *ret)
{
	struct store_at_folder f = { .id = -1 };
	int r = view_error(store_at_folder_behind(v->q->store, parent, v->time_ms, after,
						  v->q->arena, &f));

	*ret = f.id;
	return r == TREE_E_NOT_FOUND ? 0 : r;
}

/* The folder behind this one: the first in it, else the next beside it or above. -1: none. */
static int next_folder(const struct inventory *v, int64_t folder, int64_t *ret)
{
	int r = child_behind(v, folder, 0, ret);

	while (r == 0 && *ret < 0 && folder != v->top.id) {
		struct store_at_folder f;

		r = at_folder(v->q, folder, &f);
		if (r == 0)
			r = child_behind(v, f.parent, folder, ret);
		folder = f.parent;
	}
	return r;
}

/* --- blocks ------------------------------------------------------------------------------- */

static enum at_form form_of(const struct inventory *v)
{
	switch (v->kind) {
	case NODE_AT_CSV:
		return AT_FORM_CSV;
	case NODE_AT_JSONL:
		return AT_FORM_JSONL;
	default:
		return AT_FORM_ITEM;
	}
}

/* The first piece of a snapshot has no comma before it. */
static void take_comma(struct buf *out, size_t at)
{
	memmove(out->data + at, out->data + at + 1, out->len - at - 1);
	out->len--;
}

static int put_block(const struct inventory *v, const struct store_at_folder *f,
		     const struct at_roster *roster, struct stream_key *key,
		     struct buf *out)
{
	size_t before = out->len;
	int r = at_block_put(v->q, f, roster, (size_t)key->part[KEY_BLOCK], form_of(v),
			     out);

	if (r == 0)
		r = buf_error(out);
	if (r)
		return r;
	if (v->kind == NODE_AT_SNAPSHOT && key->part[KEY_PHASE] == PHASE_FIRST)
		take_comma(out, before);
	key->part[KEY_PHASE] = PHASE_MORE;
	key->part[KEY_BLOCK]++;
	return 0;
}

/* Blocks of the key's folder; the key moves on to the roster behind, 0: there is none. */
static int put_blocks(const struct inventory *v, const struct store_at_folder *f,
		      struct stream_key *key, struct buf *out, size_t until)
{
	struct cache_entry *held = NULL;
	const struct at_roster *roster;
	int r = at_roster_get(v->q, f, v->time_ms, key->part[KEY_ROSTER], &held, &roster);

	if (r)
		return r;
	while (r == 0 && out->len < until && key->part[KEY_BLOCK] < roster->n_blocks)
		r = put_block(v, f, roster, key, out);
	if (r == 0 && key->part[KEY_BLOCK] >= roster->n_blocks) {
		key->part[KEY_ROSTER] = roster->next ? roster->next : -1;
		key->part[KEY_BLOCK] = 0;
	}
	cache_release(&v->q->tree->rosters, held);
	return r;
}

/* Until there is enough, or KEY_FOLDER is -1: the end. */
static int put_folders(const struct inventory *v, struct stream_key *key, struct buf *out,
		       size_t until)
{
	int r = 0;

	while (r == 0 && key->part[KEY_FOLDER] >= 0 && out->len < until) {
		struct store_at_folder f;

		r = at_folder(v->q, key->part[KEY_FOLDER], &f);
		/* Accounts and regions hold no resources. */
		if (r == 0 && f.level < 3)
			key->part[KEY_ROSTER] = -1;
		while (r == 0 && key->part[KEY_ROSTER] >= 0 && out->len < until)
			r = put_blocks(v, &f, key, out, until);
		if (r || key->part[KEY_ROSTER] >= 0)
			break;
		key->part[KEY_ROSTER] = 0;
		r = next_folder(v, key->part[KEY_FOLDER], &key->part[KEY_FOLDER]);
	}
	return r;
}

static int inventory_next(struct request *q, uint64_t node, size_t want,
			  struct stream_key *key, struct buf *out)
{
	size_t until = out->len + MAX(want, 1);
	struct inventory v;
	int r = open_inventory(q, node, &v);

	if (r)
		return r;
	if (key->part[KEY_PHASE] == PHASE_HEAD) {
		r = put_head(&v, out);
		*key = (struct stream_key){ { PHASE_FIRST, v.top.id } };
	}
	if (r || key->part[KEY_PHASE] == PHASE_END)
		return r;
	r = put_folders(&v, key, out, until);
	if (r == 0 && key->part[KEY_FOLDER] < 0) {
		put_tail(&v, out);
		key->part[KEY_PHASE] = PHASE_END;
	}
	return r;
}

/* --- seeking ------------------------------------------------------------------------------ */

struct seeking {
	const struct inventory *v;
	uint64_t offset; /* sought */
	uint64_t at; /* of the next piece, as if none were shorter for being the first */
	struct stream_key *key;
};

/* The block of the folder that the offset is in; the offset is not behind the folder's. */
static int seek_block(struct seeking *s, const struct store_at_folder *f)
{
	const struct inventory *v = s->v;
	enum at_form form = form_of(v);
	bool found = false;

	while (!found) {
		struct cache_entry *held = NULL;
		const struct at_roster *roster;
		const struct at_block *blocks;
		size_t block;
		int r = at_roster_get(v->q, f, v->time_ms, s->key->part[KEY_ROSTER],
				      &held, &roster);

		if (r)
			return r;
		blocks = at_roster_blocks(roster);
		block = at_roster_find(roster, form, s->offset - s->at);
		s->at += blocks[block].start[form];
		found = block < roster->n_blocks || !roster->next;
		s->key->part[KEY_BLOCK] = found ? (int64_t)block : 0;
		if (!found)
			s->key->part[KEY_ROSTER] = roster->next;
		cache_release(&v->q->tree->rosters, held);
	}
	return 0;
}

/* Moves into that of the folder's folders which the offset is in. false: it is behind them. */
static int seek_child(struct seeking *s, struct store_at_folder *folder, bool *ret_found)
{
	const struct inventory *v = s->v;
	struct store_at_folder child = { 0 };
	struct at_sums sums;
	int r = 0;

	*ret_found = false;
	while (r == 0) {
		r = view_error(store_at_folder_behind(v->q->store, folder->id, v->time_ms,
						      child.id, v->q->arena, &child));
		if (r)
			break;
		r = at_sums_get(v->q, &child, v->time_ms, NULL, &sums);
		if (r)
			break;
		if (s->offset < s->at + length(v, &sums)) {
			*folder = child;
			*ret_found = true;
			break;
		}
		s->at += length(v, &sums);
	}
	return r == TREE_E_NOT_FOUND ? 0 : r;
}

/* Into the folder whose own resources the offset is among; to the end for the tail. */
static int seek_folder(struct seeking *s)
{
	const struct inventory *v = s->v;
	struct store_at_folder folder = v->top;
	bool found = true;

	while (found) {
		struct at_sums own, all;
		int r = at_sums_get(v->q, &folder, v->time_ms, &own, &all);

		s->key->part[KEY_FOLDER] = folder.id;
		if (r)
			return r;
		if (s->offset < s->at + length(v, &own))
			return seek_block(s, &folder);
		s->at += length(v, &own);
		r = seek_child(s, &folder, &found);
		if (r)
			return r;
	}
	s->key->part[KEY_FOLDER] = -1;
	return 0;
}

static int inventory_seek(struct request *q, uint64_t node, uint64_t offset,
			  struct stream_key *ret_key, uint64_t *ret_offset)
{
	_cleanup_(buf_deinit) struct buf head = BUF_INIT;
	struct inventory v;
	struct stream_key key = { { PHASE_FIRST } };
	struct seeking s = { .v = &v, .offset = offset, .key = &key };
	int r = open_inventory(q, node, &v);

	if (r == 0)
		r = put_head(&v, &head);
	if (r)
		return r;
	if (buf_error(&head) || offset < head.len)
		return buf_error(&head);
	s.at = head.len;
	r = seek_folder(&s);
	if (r)
		return r;
	if (s.at > head.len) {
		key.part[KEY_PHASE] = PHASE_MORE;
		s.at -= first_less(&v);
	}
	*ret_key = key;
	*ret_offset = s.at;
	return 0;
}

static const struct stream inventory_stream = {
	.near = NEAR_BYTES,
	.seek = inventory_seek,
	.next = inventory_next,
};

const struct view view_inventory = {
	.getattr = inventory_getattr,
	.stream = &inventory_stream,
};
