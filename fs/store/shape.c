/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States as they were received. Items of a type that come one way (a guise) have their members
 * in one order, so a shape of it, learned from the first and widened by those that do not fit,
 * makes most of them from their bodies, byte for byte. What does not fit is packed against the
 * guess. A state names the shape that it was put with, and shapes never change: which ones a
 * history has depends on what came first, what it gives back does not.
 */
#include "shape.h"

#include <errno.h>

#include "private.h"

#define SHAPES_MAX 16 /* of a kind */
#define MISSES_MAX 8u /* in a row; then few are learned from */
#define MISSES_ODD 64u

void shapes_forget(struct shapes *shapes)
{
	for (size_t i = 0; i < SHAPE_SLOTS; i++)
		shapes->slots[i].shape = jv_shape_free(shapes->slots[i].shape);
	shared_shapes_forget(shapes->shared);
	*shapes = (struct shapes){ .shared = shapes->shared };
}

/* --- reading ------------------------------------------------------------------------------- */

static int read_text(struct store *s, int64_t id, struct buf *out)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_SHAPE, ARGS(INT(id)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "shape", id) : r;
	r = body_unpack(s, col_str(q, 1), 0, STR_NULL, col_int(q, 0), out);
	return r == STORE_E_DAMAGED ? body_damaged(s, "shape", id) : r;
}

static int get(struct store *s, int64_t id, const struct jv_shape **ret)
{
	struct shape *slot = &s->bodies.shapes->slots[(uint64_t)id % SHAPE_SLOTS];
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r;

	if (slot->id != id) {
		slot->id = 0;
		slot->shape = jv_shape_free(slot->shape);
		r = read_text(s, id, &text);
		if (!r)
			r = jv_shape_new(buf_str(&text), &slot->shape);
		if (r)
			return r == JV_E_SYNTAX ? body_damaged(s, "shape", id) : r;
		slot->id = id;
	}
	*ret = slot->shape;
	return 0;
}

int shape_apply(struct store *s, int64_t id, struct str body, struct buf *out)
{
	const struct jv_shape *shape = NULL;
	int r = get(s, id, &shape);

	if (r)
		return r;
	r = jv_shape_write(shape, body, out);
	return r == JV_E_SYNTAX ? body_damaged(s, "a body in shape", id) : r;
}

/* --- guessing ------------------------------------------------------------------------------ */

int64_t shape_kind_of(const struct item *item)
{
	return (int64_t)(str_hash(item->type) + (uint64_t)item->guise);
}

static int kind_get(struct store *s, const struct item *item, struct shape_kind **ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t kind = shape_kind_of(item);
	struct shape_kind *k =
		&s->bodies.shapes->kinds[(uint64_t)kind % SHAPE_KIND_SLOTS];
	int r;

	*ret = k;
	if (k->known && k->kind == kind)
		return 0;
	*k = (struct shape_kind){ .kind = kind };
	r = sql_get(s, Q_SHAPE_NEWEST, ARGS(INT(kind)), &q);
	if (r && r != STORE_E_NOT_FOUND)
		return r;
	if (!r) {
		k->newest = col_int(q, 0);
		k->n = col_int(q, 1);
	}
	k->known = true;
	return 0;
}

static int insert(struct store *s, struct shape_kind *k, struct str text)
{
	_cleanup_(buf_deinit) struct buf pack = BUF_INIT;
	int r = body_pack_prefix(s, text, STR_NULL, &pack);

	if (!r)
		r = sql_run(s, Q_SHAPE_INSERT,
			    ARGS(INT(k->kind), INT(k->n + 1), INT(text.n),
				 BLOB(buf_str(&pack))));
	if (r)
		return r;
	k->newest = sqlite3_last_insert_rowid(s->db);
	k->n++;
	return 0;
}

static void shape_freep(struct jv_shape **shape)
{
	*shape = jv_shape_free(*shape);
}

/*
 * The newest shape of the kind, widened by the item: it stays when it makes this one, or when
 * there is no other. *ret_guess: guess is now of the newest shape.
 */
static int learn(struct store *s, struct shape_kind *k, const struct item *item,
		 struct buf *guess, bool *ret_guess)
{
	_cleanup_(buf_deinit) struct buf before = BUF_INIT, after = BUF_INIT,
					 better = BUF_INIT;
	_cleanup_(shape_freep) struct jv_shape *shape = NULL;
	int r = k->newest ? read_text(s, k->newest, &before) : 0;

	if (!r)
		r = jv_shape_learn(buf_str(&before), item->raw, &after);
	if (!r)
		r = jv_shape_new(buf_str(&after), &shape);
	if (!r)
		r = jv_shape_write(shape, item->body, &better);
	if (r == JV_E_SYNTAX)
		return 0;
	if (r || (k->newest && !str_eq(buf_str(&better), item->raw)))
		return r;
	r = insert(s, k, buf_str(&after));
	if (r)
		return r;
	buf_reset(guess);
	buf_put_str(guess, buf_str(&better));
	*ret_guess = true;
	return buf_error(guess);
}

/* The next ones are found to be of it by who parses them. */
static int share(struct store *s, const struct shape_kind *k)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct store_shapes *shared = s->bodies.shapes->shared;
	int r;

	if (shared_shapes_have(shared, k->kind, k->newest))
		return 0;
	r = read_text(s, k->newest, &text);
	return r ? r : shared_shapes_put(shared, k->kind, k->newest, buf_str(&text));
}

/* STORE_E_DAMAGED: the newest of the kind is. */
static int guess_of_kind(struct store *s, struct shape_kind *k, const struct item *item,
			 struct buf *guess, int64_t *ret)
{
	const struct jv_shape *shape = NULL;
	bool learned = false;
	int r = k->newest ? get(s, k->newest, &shape) : 0;

	if (!r && k->newest)
		r = jv_shape_write(shape, item->body, guess);
	if (r)
		return r == JV_E_SYNTAX ? 0 : r;
	*ret = k->newest;
	if (k->newest && str_eq(buf_str(guess), item->raw)) {
		k->misses = 0;
		return share(s, k);
	}
	if (k->n >= SHAPES_MAX || (k->misses++ >= MISSES_MAX && k->misses % MISSES_ODD))
		return 0;
	r = learn(s, k, item, guess, &learned);
	if (learned)
		k->misses = 0;
	*ret = k->newest;
	return r;
}

int shape_guess(struct store *s, const struct item *item, struct buf *guess, int64_t *ret)
{
	struct shape_kind *k;
	int r = kind_get(s, item, &k);

	*ret = 0;
	buf_reset(guess);
	if (!r)
		r = guess_of_kind(s, k, item, guess, ret);
	if (!store_is_row_lost(s, r))
		return r;
	/* A damaged one makes nothing any more: what comes is learned from anew. */
	k->newest = 0;
	*ret = 0;
	buf_reset(guess);
	return 0;
}
