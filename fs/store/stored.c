/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies of states as they are stored. A body, trimmed (trim.c), is packed against one that was
 * put before it: the resource's last, and each fourth against the fourth before it; the first, and
 * each sixteenth after that, alone or with a dictionary. (All against the first take 77 bytes, all
 * against the last 49, these 54.) So a read decodes seven frames at most, in whatever order states
 * came in; what was decoded is kept: who reads one state after the other decodes one for each.
 */
#include <errno.h>

#include "private.h"
#include "trim.h"

#define STORED_MAX_BYTES (32u << 20)

static struct stored *slot_of(struct bodies *b, int64_t id)
{
	return &b->stored[(uint64_t)id % b->stored_slots];
}

void stored_forget_all(struct bodies *b)
{
	for (size_t i = 0; b->stored && i < b->stored_slots; i++) {
		buf_deinit(&b->stored[i].body);
		b->stored[i].id = 0;
	}
	b->stored_bytes = 0;
}

void store_forget_bodies(struct store *s)
{
	stored_forget_all(&s->bodies);
}

void stored_forget(struct store *s, int64_t id)
{
	struct stored *slot = slot_of(&s->bodies, id);

	if (slot->id != id)
		return;
	s->bodies.stored_bytes -= slot->body.cap;
	buf_deinit(&slot->body);
	slot->id = 0;
}

/* The slot, empty, and not where the prefix is any more. */
static struct stored *slot_clear(struct bodies *b, int64_t id, struct str prefix)
{
	struct stored *slot = slot_of(b, id);

	b->stored_bytes -= slot->body.cap;
	slot->id = 0;
	if (prefix.n && prefix.p == slot->body.data) {
		buf_deinit(&b->spare);
		b->spare = slot->body;
		slot->body = BUF_INIT;
	}
	buf_reset(&slot->body);
	return slot;
}

int stored_note(struct store *s, int64_t id, struct str body)
{
	struct bodies *b = &s->bodies;
	struct stored *slot;

	if (b->stored_bytes > STORED_MAX_BYTES)
		stored_forget_all(b);
	slot = slot_clear(b, id, STR_NULL);
	buf_put_str(&slot->body, body);
	b->stored_bytes += slot->body.cap;
	if (buf_error(&slot->body))
		return -ENOMEM;
	slot->id = id;
	return 0;
}

/* A body as its row has it. */
struct coded {
	int64_t id, length;
	struct coding by;
	struct str frame;
};

/* Of the row that a statement is at, whose columns from `first` on are BODY_COLUMNS. */
static struct coded coded_of_row(sqlite3_stmt *q, int first)
{
	return (struct coded){ .id = col_int(q, first),
			       .by = coding_of(col_int(q, first + 1)),
			       .length = col_int(q, first + 2),
			       .frame = col_str(q, first + 3) };
}

/* Decodes it into the slot of its id. The prefix may be what is in that slot. */
static int decode(struct store *s, const struct coded *c, struct str prefix)
{
	struct bodies *b = &s->bodies;
	const struct zdict *z;
	struct stored *slot;
	int r = dictionary_get(s, c->by.dictionary, &z);

	if (r)
		return r;
	slot = slot_clear(b, c->id, prefix);
	r = c->length < 0 ? -EBADMSG
			  : zcodec_unpack_most(b->codec, c->frame, z, prefix,
					       (size_t)c->length, &slot->body);
	b->stored_bytes += slot->body.cap;
	if (!r)
		slot->id = c->id;
	return r == -EBADMSG ? body_damaged(s, "state", c->id) : r;
}

int state_base(struct store *s, int64_t id, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_STATE_ENCODING, ARGS(INT(id)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "state", id) : r;
	*ret = coding_of(col_int(q, 0)).base;
	/* A base was there before: a ring is not followed. */
	return *ret < id ? 0 : body_damaged(s, "state", id);
}

int chain_base(struct store *s, int64_t last, unsigned n, int64_t *ret)
{
	int64_t base = last;
	int r = 0;

	*ret = n < CHAIN_MAX ? last : 0;
	if (!*ret || n % CHAIN_STEP)
		return 0;
	for (unsigned i = 1; i < CHAIN_STEP && base && !r; i++) {
		*ret = base;
		r = state_base(s, base, &base);
	}
	if (base)
		*ret = base;
	return r;
}

/* The states from one down to one that is decoded, `known`, or packed alone (0). */
struct chain {
	struct coded links[CHAIN_MAX];
	size_t n;
	int64_t known;
	struct buf frames; /* end to end */
};

static void chain_deinit(struct chain *c)
{
	buf_deinit(&c->frames);
}

static int chain_add(struct store *s, int64_t id, struct chain *c)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct coded link;
	int r = sql_get(s, Q_BASE_BODY, ARGS(INT(id)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "state", id) : r;
	link = coded_of_row(q, 0);
	/* A base was there before: a ring is not followed. */
	if (c->n == CHAIN_MAX || link.by.base >= id)
		return body_damaged(s, "state", id);
	c->links[c->n++] = link;
	buf_put_str(&c->frames, link.frame);
	c->known = link.by.base;
	return buf_error(&c->frames);
}

static int decode_chain(struct store *s, int64_t id)
{
	_cleanup_(chain_deinit) struct chain c = { .known = id };
	struct str prefix = STR_NULL;
	size_t end;
	int r = 0;

	while (!r && c.known && slot_of(&s->bodies, c.known)->id != c.known)
		r = chain_add(s, c.known, &c);
	if (!r && c.known)
		prefix = buf_str(&slot_of(&s->bodies, c.known)->body);
	end = c.frames.len;
	while (!r && c.n--) {
		struct coded *link = &c.links[c.n];

		end -= link->frame.n;
		link->frame.p = c.frames.data + end;
		r = decode(s, link, prefix);
		prefix = buf_str(&slot_of(&s->bodies, link->id)->body);
	}
	return r;
}

int stored_get(struct store *s, int64_t id, struct str *ret)
{
	struct bodies *b = &s->bodies;
	int r = 0;

	if (slot_of(b, id)->id != id) {
		if (b->stored_bytes > STORED_MAX_BYTES)
			stored_forget_all(b);
		r = decode_chain(s, id);
	}
	*ret = buf_str(&slot_of(b, id)->body);
	return r;
}

int body_of_row(struct store *s, sqlite3_stmt *q, int first, struct buf *out)
{
	struct trimming t = { col_int(q, first + 4), col_str(q, first + 5) };
	struct coded coded = coded_of_row(q, first);
	struct stored *slot = slot_of(&s->bodies, coded.id);
	struct str prefix = STR_NULL;
	int r = 0;

	if (slot->id != coded.id) {
		if (coded.by.base)
			r = stored_get(s, coded.by.base, &prefix);
		if (!r)
			r = decode(s, &coded, prefix);
	}
	if (r)
		return r;
	if (coded.length >= 0 &&
	    trim_undo(buf_str(&slot->body), &t, (size_t)coded.length, out))
		return 0;
	return buf_error(out) ? -ENOMEM : body_damaged(s, "state", coded.id);
}

int body_of_state(struct store *s, int64_t id, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_STATE_BODY, ARGS(INT(id)), &q);

	return r ? r : body_of_row(s, q, 0, out);
}
