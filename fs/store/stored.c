/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States as they are stored. One that came in stands alone until the story of its resource is made;
 * then it goes into a pack with those before and behind it (pack_make.c). A state that is in a pack
 * may have its old row yet, until those are swept (pack_put.c): so packs are looked at first.
 *
 * A pack is unpacked as a whole. Those that were asked for last are kept, and known again by their
 * bytes, which are read each time: who reads one state after the other unpacks once.
 */
#include "stored.h"

#include <errno.h>

#include "private.h"
#include "trim.h"
#include "util/varint.h"

void kept_packs_forget(struct bodies *b)
{
	for (size_t i = 0; b->packs && i < b->n_packs; i++) {
		buf_deinit(&b->packs[i].bytes);
		buf_deinit(&b->packs[i].bodies);
		b->packs[i].id = 0;
	}
	for (size_t i = 0; b->loose && i < LOOSE_KEPT; i++) {
		buf_deinit(&b->loose[i].body);
		b->loose[i].id = 0;
	}
}

void store_forget_bodies(struct store *s)
{
	kept_packs_forget(&s->bodies);
}

static struct kept_pack *slot_of(struct bodies *b, int64_t id)
{
	uint64_t hash = (uint64_t)id * UINT64_C(0x9E3779B97F4A7C15);

	return &b->packs[hash >> 32 & (b->n_packs - 1)];
}

static int keep(struct store *s, struct kept_pack *k, int64_t id, int64_t dictionary,
		struct str bytes)
{
	k->id = 0;
	k->is_whole = false;
	buf_reset(&k->bytes);
	buf_put_str(&k->bytes, bytes);
	if (buf_error(&k->bytes))
		return -ENOMEM;
	if (!pack_take(buf_str(&k->bytes), &k->pack) ||
	    state_number(id) + k->pack.n - 1 > STATE_NUMBER_MAX)
		return body_damaged(s, "pack of states", id);
	k->id = id;
	k->dictionary = dictionary;
	return 0;
}

static int unpack(struct store *s, struct kept_pack *k)
{
	const struct zdict *z;
	int r = dictionary_get(s, k->dictionary, &z);

	if (r)
		return r;
	buf_reset(&k->bodies);
	r = zcodec_unpack(s->bodies.codec, k->pack.frame, z, STR_NULL, k->pack.stored,
			  &k->bodies);
	k->is_whole = !r;
	return r == -EBADMSG ? body_damaged(s, "pack of states", k->id) : r;
}

int pack_of_state(struct store *s, int64_t id, bool with_bodies,
		  const struct kept_pack **ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct kept_pack *k;
	struct str bytes;
	int64_t first;
	uint64_t i;
	int r = sql_get(s, Q_PACK_OF, ARGS(INT(id)), &q);

	*ret = NULL;
	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	first = col_int(q, 0);
	bytes = col_str(q, 2);
	/* A pack that tells no number of states is one that cannot be read, and may be this one's. */
	i = (uint64_t)id - (uint64_t)first;
	if (i >= PACK_STATES_MAX || (pack_states(bytes) && i >= pack_states(bytes)))
		return 0;
	k = slot_of(&s->bodies, first);
	if (k->id != first || !str_eq(buf_str(&k->bytes), bytes))
		r = keep(s, k, first, col_int(q, 1), bytes);
	if (!r && with_bodies && !k->is_whole)
		r = unpack(s, k);
	if (!r)
		*ret = k;
	return r;
}

struct str pack_body(const struct kept_pack *k, unsigned i)
{
	size_t at = 0;

	for (unsigned n = 0; n < i; n++)
		at += k->pack.states[n].stored;
	return (struct str){ k->bodies.data + at, k->pack.states[i].stored };
}

/* --- states that are alone ----------------------------------------------------------------- */

void loose_row(sqlite3_stmt *q, struct packed_state *ret)
{
	*ret = (struct packed_state){ .capture_ms = col_int(q, 1),
				      .name = { .is_text = sqlite3_column_type(q, 2) !=
							   SQLITE_INTEGER },
				      .source = col_int(q, 3),
				      .kind = col_int(q, 4),
				      .body_len = col_int(q, 6),
				      .has_raw = sqlite3_column_type(q, 8) != SQLITE_NULL,
				      .raw = col_str(q, 8) };
	if (ret->name.is_text)
		ret->name.text = col_str(q, 2);
	else
		ret->name.number = col_int(q, 2);
}

static int decode_loose(struct store *s, sqlite3_stmt *q, struct buf *out)
{
	const struct zdict *z;
	int64_t length = col_int(q, 6);
	int r = dictionary_get(s, col_int(q, 5), &z);

	if (r)
		return r;
	r = length < 0 ? -EBADMSG
		       : zcodec_unpack_most(s->bodies.codec, col_str(q, 7), z, STR_NULL,
					    (size_t)length, out);
	return r == -EBADMSG ? body_damaged(s, "state", col_int(q, 0)) : r;
}

int loose_body(struct store *s, sqlite3_stmt *q, struct buf *out)
{
	int64_t id = col_int(q, 0);
	struct kept_loose *k;
	int r = 0;

	if (!s->bodies.loose || col_int(q, 6) > (int64_t)PACK_BYTES)
		return decode_loose(s, q, out);
	k = &s->bodies.loose[(uint64_t)id % LOOSE_KEPT];
	if (k->id != id) {
		k->id = 0;
		buf_reset(&k->body);
		r = decode_loose(s, q, &k->body);
		k->id = r ? 0 : id;
	}
	if (r)
		return r;
	buf_put_str(out, buf_str(&k->body));
	return buf_error(out);
}

/* --- reading ------------------------------------------------------------------------------- */

/* A state where it stands: one of a pack, or the row of a statement. */
struct found {
	const struct kept_pack *pack;
	struct packed_state state;
	struct str trimmed; /* of a pack, where asked for */
	sqlite3_stmt *q;    /* NULL: in a pack */
};

static void found_deinit(struct found *f)
{
	sql_endp(&f->q);
}

static int find(struct store *s, int64_t id, bool with_body, struct found *ret)
{
	unsigned i;
	int r = pack_of_state(s, id, with_body, &ret->pack);

	if (r)
		return r;
	if (!ret->pack) {
		r = sql_get(s, Q_STATE, ARGS(INT(id)), &ret->q);
		if (!r)
			loose_row(ret->q, &ret->state);
		return r;
	}
	i = (unsigned)(id - ret->pack->id);
	ret->state = ret->pack->pack.states[i];
	if (with_body)
		ret->trimmed = pack_body(ret->pack, i);
	return 0;
}

int state_head(struct store *s, int64_t id, struct state_head *ret)
{
	_cleanup_(found_deinit) struct found f = { 0 };
	struct buf *text = &s->bodies.spare;
	int r = find(s, id, false, &f);

	if (r)
		return r;
	ret->id = id;
	ret->resource = state_resource(id);
	ret->capture_ms = f.state.capture_ms;
	ret->source = f.state.source;
	ret->kind = f.state.kind;
	ret->body_len = f.state.body_len;
	ret->state_id = state_name_text(&f.state.name, f.state.capture_ms, ret->digits);
	if (!f.q || !f.state.name.is_text)
		return 0;
	buf_reset(text);
	buf_put_str(text, ret->state_id);
	ret->state_id = buf_str(text);
	return buf_error(text);
}

int body_of_state(struct store *s, int64_t id, struct buf *out)
{
	_cleanup_(found_deinit) struct found f = { 0 };
	char digits[STATE_NAME_DIGITS];
	struct buf *spare = &s->bodies.spare;
	struct trimming t;
	int r = find(s, id, true, &f);

	if (!r && f.q) {
		buf_reset(spare);
		r = loose_body(s, f.q, spare);
		f.trimmed = buf_str(spare);
	}
	if (r)
		return r;
	t = (struct trimming){ f.state.capture_ms,
			       state_name_text(&f.state.name, f.state.capture_ms,
					       digits) };
	if (trim_undo(f.trimmed, &t, (size_t)f.state.body_len, out))
		return 0;
	return buf_error(out) ? -ENOMEM : body_damaged(s, "state", id);
}

int raw_of_state(struct store *s, int64_t id, struct str body, struct buf *out)
{
	_cleanup_(found_deinit) struct found f = { 0 };
	_cleanup_(buf_deinit) struct buf guess = BUF_INIT;
	struct str prefix = body, frame;
	uint64_t length;
	int r = find(s, id, false, &f);

	if (!r && KIND_SHAPE(f.state.kind)) {
		r = shape_apply(s, KIND_SHAPE(f.state.kind), body, &guess);
		prefix = buf_str(&guess);
	}
	if (r)
		return r;
	if (!f.state.has_raw) {
		buf_put_str(out, prefix);
		return buf_error(out);
	}
	frame = f.state.raw;
	return varint_take(&frame, &length) && length <= INT64_MAX
		       ? body_unpack(s, frame, 0, prefix, (int64_t)length, out)
		       : body_damaged(s, "state", id);
}
