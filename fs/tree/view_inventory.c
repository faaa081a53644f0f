/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inventories of a moment, of one of its accounts, or of one of its regions: read piece by piece,
 * a piece a resource, folder by folder (a folder before those in it, each by name), so that the
 * memory is that of one batch however many resources there are.
 *
 * A key is { phase, folder, resource behind which to go on }.
 */

#include "view_at.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "render/inventory.h"

enum phase {
	PHASE_HEAD,
	PHASE_FIRST, /* no resource yet */
	PHASE_MORE,
	PHASE_END,
};

#define KEY_PHASE    0
#define KEY_FOLDER   1
#define KEY_RESOURCE 2

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

/* What a snapshot's id is made of: the moment and the folder's path. */
static int put_label(const struct inventory *v, struct buf *out)
{
	struct store_at_folder account = { 0 };
	int r = v->top.level == 2 ? at_folder(v->q, v->top.parent, &account) : 0;

	buf_printf(out, "%" PRId64, v->time_ms);
	buf_put_char(out, '/');
	buf_put_str(out, account.name);
	buf_put_char(out, '/');
	buf_put_str(out, v->top.name);
	return r ? r : buf_error(out);
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

/* --- pieces ------------------------------------------------------------------------------- */

struct making {
	const struct inventory *v;
	struct stream_key *key;
	struct buf *out;
	size_t until; /* bytes in out */
	struct arena arena;
	struct buf body;
	int error;
};

static void making_deinit(struct making *m)
{
	arena_deinit(&m->arena);
	buf_deinit(&m->body);
}

static int put_piece(struct making *m, int64_t state)
{
	struct request *q = m->v->q;
	struct jv body;
	int r;

	buf_reset(&m->body);
	arena_reset(&m->arena);
	r = view_error(store_state_body(q->store, state, &m->body));
	if (r == 0)
		r = buf_error(&m->body);
	if (r == 0 && m->v->kind == NODE_AT_SNAPSHOT)
		render_snapshot_item(m->out, buf_str(&m->body),
				     m->key->part[KEY_PHASE] == PHASE_FIRST);
	if (r || m->v->kind == NODE_AT_SNAPSHOT)
		return r;
	r = view_error(jv_parse(&m->arena, buf_str(&m->body), &body, NULL));
	if (r)
		return r;
	if (m->v->kind == NODE_AT_CSV)
		render_inventory_csv(m->out, &body);
	else
		render_inventory_jsonl(m->out, &body);
	return 0;
}

static bool make_piece(void *ctx, const struct store_at_state *st)
{
	struct making *m = ctx;

	m->error = put_piece(m, st->state);
	m->key->part[KEY_PHASE] = PHASE_MORE;
	m->key->part[KEY_RESOURCE] = st->resource;
	return m->error == 0 && m->out->len < m->until;
}

static int make_pieces(struct making *m)
{
	struct stream_key *key = m->key;
	int r = 0;

	while (r == 0 && key->part[KEY_FOLDER] >= 0 && m->out->len < m->until) {
		r = view_error(store_at_each(m->v->q->store, key->part[KEY_FOLDER],
					     m->v->time_ms, STORE_AT_BY_NAME,
					     key->part[KEY_RESOURCE], make_piece, m));
		if (r == 0)
			r = m->error;
		if (r || m->out->len >= m->until)
			break;
		key->part[KEY_RESOURCE] = 0;
		r = next_folder(m->v, key->part[KEY_FOLDER], &key->part[KEY_FOLDER]);
	}
	return r;
}

static int inventory_next(struct request *q, uint64_t node, size_t want,
			  struct stream_key *key, struct buf *out)
{
	struct inventory v;
	_cleanup_(making_deinit) struct making m = { .v = &v, .key = key, .out = out };
	int r = open_inventory(q, node, &v);

	if (r)
		return r;
	m.until = out->len + MAX(want, 1);
	if (key->part[KEY_PHASE] == PHASE_HEAD) {
		r = put_head(&v, out);
		key->part[KEY_PHASE] = PHASE_FIRST;
		key->part[KEY_FOLDER] = v.top.id;
	}
	if (r || key->part[KEY_PHASE] == PHASE_END)
		return r;
	r = make_pieces(&m);
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
	int error;
};

static bool seek_piece(void *ctx, const struct store_at_state *st)
{
	struct seeking *s = ctx;
	struct at_sums one;
	uint64_t n;

	s->error = at_measure(s->v->q, st, &one);
	n = length(s->v, &one);
	if (s->error || s->at + n > s->offset)
		return false;
	s->at += n;
	s->key->part[KEY_RESOURCE] = st->resource;
	return true;
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

/* The folder whose own resources the offset is among; -1 for the tail. */
static int seek_folder(struct seeking *s)
{
	const struct inventory *v = s->v;
	struct store_at_folder folder = v->top;
	bool found = true;

	while (found) {
		struct at_sums own, all;
		int r = at_sums_get(v->q, &folder, v->time_ms, &own, &all);

		s->key->part[KEY_FOLDER] = folder.id;
		if (r || s->offset < s->at + length(v, &own))
			return r;
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
	if (r == 0 && key.part[KEY_FOLDER] >= 0)
		r = view_error(store_at_each(q->store, key.part[KEY_FOLDER], v.time_ms,
					     STORE_AT_BY_NAME, 0, seek_piece, &s));
	if (r == 0)
		r = s.error;
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
	.seek = inventory_seek,
	.next = inventory_next,
};

const struct view view_inventory = {
	.getattr = inventory_getattr,
	.stream = &inventory_stream,
};
