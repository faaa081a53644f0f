/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Blocks. A kept one is a head and the forms behind one another, each a frame of its own, as only
 * one is wanted at a time.
 */

#include "at_block.h"

#include "render/inventory.h"
#include "util/zcodec.h"

#include "kept.h"
#include "view.h"

/* They are read many times and kept for minutes: the fastest level. */
#define LEVEL 1

struct packed {
	size_t length[AT_FORMS]; /* of the text */
	size_t frame[AT_FORMS];
};

struct making {
	struct request *q;
	const int64_t *states;
	size_t n;
	struct zcodec *codec;
	struct arena arena; /* of one state */
	struct buf body;
	struct buf forms[AT_FORMS];
};

static void making_deinit(struct making *m)
{
	arena_deinit(&m->arena);
	buf_deinit(&m->body);
	for (size_t i = 0; i < AT_FORMS; i++)
		buf_deinit(&m->forms[i]);
}

/* The connection's, made when it is wanted first. */
static int codec_get(struct request *q, struct zcodec **ret)
{
	struct connection *c = q->connection;
	int r = c->codec ? 0 : zcodec_new(LEVEL, &c->codec);

	*ret = c->codec;
	return r;
}

static int render_state(struct making *m, int64_t state)
{
	struct jv body;
	int r;

	buf_reset(&m->body);
	arena_reset(&m->arena);
	r = view_error(store_state_body(m->q->store, state, &m->body));
	if (r == 0)
		r = buf_error(&m->body);
	if (r == 0)
		r = view_error(jv_parse(&m->arena, buf_str(&m->body), &body, NULL));
	if (r)
		return r;
	render_inventory_csv(&m->forms[AT_FORM_CSV], &body);
	render_inventory_jsonl(&m->forms[AT_FORM_JSONL], &body);
	render_snapshot_item(&m->forms[AT_FORM_ITEM], buf_str(&m->body), false);
	return 0;
}

static int make_block(void *ctx, struct buf *out)
{
	struct making *m = ctx;
	struct packed head = { 0 };
	size_t at = out->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n; i++)
		r = render_state(m, m->states[i]);
	buf_put(out, &head, sizeof(head));
	for (size_t i = 0; r == 0 && i < AT_FORMS; i++) {
		size_t before = out->len;

		r = buf_error(&m->forms[i]);
		if (r == 0)
			r = zcodec_pack(m->codec, buf_str(&m->forms[i]), NULL, STR_NULL,
					out);
		head.length[i] = m->forms[i].len;
		head.frame[i] = out->len - before;
	}
	if (r)
		return r;
	memcpy(out->data + at, &head, sizeof(head));
	return buf_error(out);
}

/* The frame of one form out of the kept block. */
static int unpack(struct zcodec *codec, const char *data, enum at_form form,
		  struct buf *out)
{
	struct packed head;
	struct str frame = { data + sizeof(head), 0 };

	memcpy(&head, data, sizeof(head));
	for (size_t i = 0; i < (size_t)form; i++)
		frame.p += head.frame[i];
	frame.n = head.frame[form];
	return view_error(
		zcodec_unpack(codec, frame, NULL, STR_NULL, head.length[form], out));
}

int at_block_put(struct request *q, const struct store_at_folder *f,
		 const struct at_roster *roster, size_t block, enum at_form form,
		 struct buf *out)
{
	const struct at_block *b = at_roster_blocks(roster) + block;
	_cleanup_(making_deinit) struct making m = {
		.q = q,
		.states = at_roster_states(roster) + b->first,
		.n = b[1].first - b->first,
		.arena = ARENA_INIT,
	};
	/* The first state and how many there are, lest a hash be all. */
	const struct kept_key key = { { f->id, (int64_t)f->changed, (int64_t)b->hash,
					m.states[0] << 8 | (int64_t)m.n } };
	struct cache_entry *held = NULL;
	const char *data;
	int r = codec_get(q, &m.codec);

	if (r == 0)
		r = kept_get(&q->tree->blocks, &key, make_block, &m, &held, &data);
	if (r)
		return r;
	/* Just made, or made before? */
	if (m.forms[form].len > 0)
		buf_put_str(out, buf_str(&m.forms[form]));
	else
		r = unpack(m.codec, data, form, out);
	cache_release(&q->tree->blocks, held);
	return r;
}
