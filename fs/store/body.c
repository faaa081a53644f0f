/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies in the history, and what a connection keeps for coding them: contexts, dictionaries, what
 * was decoded. Of states see stored.c. What was received is the body in another order of members
 * (shape.c), or packed against that.
 */
#include "body.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "code_shared.h"
#include "private.h"
#include "util/phrase.h"

/*
 * Against a prefix level 5 looks further: 127 bytes of a body instead of 140, 106 of what was received
 * instead of 155, for 3 us more each. Blocks of events stay at 1: 3 would save 5 bytes of an event,
 * 5 would save 10, for a tenth and a fifth of an import.
 */
#define PREFIX_LEVEL 5
#define PACK_LEVEL   6 /* of packs */
#define BLOCK_LEVEL  1

int bodies_init(struct bodies *b, enum store_mode mode)
{
	bool writes = mode == STORE_WRITE || mode == STORE_WRITE_HELD;

	b->n_packs = mode == STORE_READ ? PACKS_KEPT : PACKS_KEPT_WORKER;
	b->packs = calloc(b->n_packs, sizeof(b->packs[0]));
	b->shapes = calloc(1, sizeof(*b->shapes));
	if (mode == STORE_WORKER)
		b->loose = calloc(LOOSE_KEPT, sizeof(b->loose[0]));
	if (!b->packs || !b->shapes || (mode == STORE_WORKER && !b->loose) ||
	    kept_blocks_init(&b->blocks, BLOCKS_KEPT))
		return -ENOMEM;
	if (writes && shared_shapes_new(&b->shapes->shared))
		return -ENOMEM;
	if (writes && shared_coders_new(&b->coders))
		return -ENOMEM;
	return zcodec_new(PREFIX_LEVEL, &b->codec);
}

static void dictionary_end(struct dictionary *d)
{
	d->z = zdict_free(d->z);
	d->phrases = phrases_free(d->phrases);
}

void bodies_forget(struct bodies *b)
{
	kept_packs_forget(b);
	kept_blocks_forget(&b->blocks);
	shared_forget(b->shared_blocks, b);
	block_deinit(&b->head);
	for (size_t i = 0; i < b->n_dictionaries; i++)
		dictionary_end(&b->dictionaries[i]);
	b->n_dictionaries = 0;
	if (b->shapes)
		shapes_forget(b->shapes);
	shared_coders_forget(b->coders);
	memset(b->current, 0, sizeof(b->current));
}

void bodies_deinit(struct bodies *b)
{
	bodies_forget(b);
	free(b->packs);
	free(b->loose);
	kept_blocks_deinit(&b->blocks);
	if (b->shapes)
		b->shapes->shared = shared_shapes_free(b->shapes->shared);
	free(b->shapes);
	b->coders = shared_coders_free(b->coders);
	free(b->dictionaries);
	buf_deinit(&b->scratch);
	buf_deinit(&b->spare);
	b->codec = zcodec_free(b->codec);
	b->packs = NULL;
	b->loose = NULL;
	b->shapes = NULL;
	b->dictionaries = NULL;
}

int body_damaged(struct store *s, const char *what, int64_t id)
{
	(void)snprintf(s->message, sizeof(s->message), "%s %lld cannot be decoded", what,
		       (long long)id);
	return STORE_E_DAMAGED;
}

/* --- dictionaries in use ------------------------------------------------------------------- */

static int dictionary_load(struct store *s, int64_t id, struct dictionary *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_DICTIONARY, ARGS(INT(id)), &q);
	int level = 0;

	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "dictionary", id) : r;
	if (s->writer)
		level = col_int(q, 0) == DICTIONARY_EVENT ? BLOCK_LEVEL : STATE_LEVEL;
	else if (s->mode == STORE_WORKER && col_int(q, 0) == DICTIONARY_STATE)
		level = PACK_LEVEL;
	ret->z = zdict_new(col_str(q, 1), level);
	if (!ret->z)
		return -ENOMEM;
	if (sqlite3_column_type(q, 2) == SQLITE_NULL)
		return 0;
	r = phrases_new(col_str(q, 2), &ret->phrases);
	if (r)
		dictionary_end(ret);
	return r == -EBADMSG ? body_damaged(s, "dictionary", id) : r;
}

int dictionary_newest(struct store *s, enum dictionary_kind kind, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_DICTIONARY_NEWEST, ARGS(INT(kind)), &q);

	*ret = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* NULL for id 0. */
static int dictionary_find(struct store *s, int64_t id, const struct dictionary **ret)
{
	struct bodies *b = &s->bodies;
	struct dictionary *grown;
	int r;

	*ret = NULL;
	if (!id)
		return 0;
	for (size_t i = 0; i < b->n_dictionaries; i++) {
		if (b->dictionaries[i].id == id) {
			*ret = &b->dictionaries[i];
			return 0;
		}
	}
	grown = realloc(b->dictionaries, (b->n_dictionaries + 1) * sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	b->dictionaries = grown;
	grown[b->n_dictionaries] = (struct dictionary){ .id = id };
	r = dictionary_load(s, id, &grown[b->n_dictionaries]);
	if (!r)
		*ret = &grown[b->n_dictionaries++];
	return r;
}

int dictionary_get(struct store *s, int64_t id, const struct zdict **ret)
{
	const struct dictionary *d;
	int r = dictionary_find(s, id, &d);

	*ret = d ? d->z : NULL;
	return r;
}

int dictionary_phrases(struct store *s, int64_t id, const struct phrases **ret)
{
	const struct dictionary *d;
	int r = dictionary_find(s, id, &d);

	*ret = d ? d->phrases : NULL;
	return r;
}

/* --- packing ------------------------------------------------------------------------------- */

int body_pack(struct store *s, enum dictionary_kind kind, struct str body,
	      struct buf *out, int64_t *ret_dictionary)
{
	int64_t id = s->bodies.current[kind - 1];
	const struct zdict *z;
	int r = dictionary_get(s, id, &z);

	if (r)
		return r;
	buf_reset(out);
	*ret_dictionary = id;
	return zcodec_pack(s->bodies.codec, body, z, STR_NULL, out);
}

int body_pack_prefix(struct store *s, struct str body, struct str prefix, struct buf *out)
{
	buf_reset(out);
	return zcodec_pack(s->bodies.codec, body, NULL, prefix, out);
}

int body_unpack(struct store *s, struct str frame, int64_t dictionary, struct str prefix,
		int64_t length, struct buf *out)
{
	const struct zdict *z;
	int r = dictionary_get(s, dictionary, &z);

	if (r)
		return r;
	r = length < 0 ? -EBADMSG
		       : zcodec_unpack(s->bodies.codec, frame, z, prefix, (size_t)length,
				       out);
	return r == -EBADMSG ? body_damaged(s, "a body of length", length) : r;
}

/* --- states -------------------------------------------------------------------------------- */

int body_content(struct str body, uint64_t *ret)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;
	int r = jv_parse(&a, body, &v, NULL);

	*ret = r ? str_hash(body) : item_content_hash(&v);
	return r == -ENOMEM ? r : 0;
}

int store_state_body(struct store *s, int64_t id, struct buf *out)
{
	return body_of_state(s, id, out);
}

int store_state_raw(struct store *s, int64_t id, struct buf *out)
{
	struct buf *body = &s->bodies.scratch;
	int r;

	buf_reset(body);
	r = body_of_state(s, id, body);
	return r ? r : raw_of_state(s, id, buf_str(body), out);
}

/* --- events -------------------------------------------------------------------------------- */

int store_event_body(struct store *s, int64_t event, struct buf *out)
{
	return body_of_event(s, event, out);
}
