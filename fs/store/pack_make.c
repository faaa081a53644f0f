/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making packs of a resource's states that are alone, by who makes its story, which reads most of them
 * anyway. States go in by their numbers: up to a pack's end, then into the next. Those that come later
 * join the newest pack when they are a fourth of it or more; until then they are alone, so that a state
 * is packed a few times at most, however few come at a time.
 */
#include <errno.h>

#include "private.h"
#include "rows.h"
#include "store/derive.h"

#define JOIN_PART 4

struct maker {
	struct store *s;
	struct arena *arena;
	struct buf packs; /* struct store_pack */
	struct pack_draft draft;
	struct store_pack made; /* of that */
};

struct alone {
	int64_t id, body_len, place;
};

static void maker_deinit(struct maker *m)
{
	buf_deinit(&m->packs);
	pack_draft_deinit(&m->draft);
}

static int read_alone(struct store *s, int64_t resource, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_STATES_OF,
			 ARGS(INT(state_first(resource)), INT(state_last(resource))), &q);

	while (!r) {
		struct alone one;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		one = (struct alone){ col_int(q, 0), col_int(q, 1), col_int(q, 2) };
		buf_put(ret, &one, sizeof(one));
	}
	return r ? r : buf_error(ret);
}

/* --- one pack ------------------------------------------------------------------------------ */

static void begin(struct maker *m, int64_t first)
{
	pack_draft_reset(&m->draft);
	m->made = (struct store_pack){ .first = first };
}

static int add_pack(struct maker *m, int64_t id)
{
	const struct kept_pack *k;
	int r = pack_of_state(m->s, id, true, &k);

	if (!r && !k)
		r = -EINVAL;
	for (unsigned i = 0; !r && i < k->pack.n; i++) {
		size_t start = m->draft.bodies.len;

		buf_put_str(&m->draft.bodies, pack_body(k, i));
		r = pack_draft_add(&m->draft, &k->pack.states[i], start);
	}
	if (!r)
		m->made.made_of += str_hash(buf_str(&k->bytes));
	m->made.merged = m->draft.pack.n;
	return r;
}

static int add_alone(struct maker *m, const struct alone *one)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct packed_state st;
	size_t start = m->draft.bodies.len;
	int r = sql_get(m->s, Q_STATE, ARGS(INT(one->id)), &q);

	if (r)
		return r;
	m->made.made_of += (uint64_t)one->place;
	loose_row(q, &st);
	r = loose_body(m->s, q, &m->draft.bodies);
	return r ? r : pack_draft_add(&m->draft, &st, start);
}

static int finish(struct maker *m)
{
	_cleanup_(buf_deinit) struct buf frame = BUF_INIT, bytes = BUF_INIT;
	struct bodies *b = &m->s->bodies;
	int64_t *dictionary = &b->current[DICTIONARY_STATE - 1];
	struct pack read;
	int r = *dictionary ? 0 : dictionary_newest(m->s, DICTIONARY_STATE, dictionary);

	if (!r)
		r = body_pack(m->s, DICTIONARY_STATE, buf_str(&m->draft.bodies), &frame,
			      &m->made.dictionary);
	if (r)
		return r;
	m->draft.pack.frame = buf_str(&frame);
	pack_put(&bytes, &m->draft.pack);
	if (buf_error(&bytes))
		return -ENOMEM;
	/* Of a row with numbers that no pack can have all of them stay alone. */
	if (!pack_take(buf_str(&bytes), &read) || read.n != m->draft.pack.n)
		return 0;
	m->made.n = m->draft.pack.n;
	m->made.bytes = arena_str(m->arena, buf_str(&bytes));
	buf_put(&m->packs, &m->made, sizeof(m->made));
	return m->made.bytes.p ? buf_error(&m->packs) : -ENOMEM;
}

/* --- which ---------------------------------------------------------------------------------- */

/* The pack that ends where `first` begins, if it has room; false: there is none such. */
static int before(struct maker *m, const struct alone *first, int64_t *ret_id,
		  unsigned *ret_n, bool *ret_room)
{
	const struct kept_pack *k = NULL;
	int r = state_number(first->id) > 1
			? pack_of_state(m->s, first->id - 1, false, &k)
			: 0;

	*ret_n = 0;
	*ret_room = false;
	if (r || !k || k->id + k->pack.n != first->id)
		return r;
	*ret_id = k->id;
	*ret_n = k->pack.n;
	*ret_room = k->pack.n < PACK_STATES &&
		    k->pack.stored + (size_t)first->body_len <= PACK_BYTES;
	return 0;
}

/* Packs of states whose ids follow on each other. One that would have none beside it stays alone. */
static int pack_group(struct maker *m, const struct alone *group, size_t n)
{
	int64_t id = 0;
	unsigned n_before;
	bool room;
	int r = before(m, group, &id, &n_before, &room);

	if (r || (room ? n * JOIN_PART < n_before : n < 2))
		return r;
	for (size_t i = 0; i < n && !r; room = false) {
		size_t bytes, most;

		begin(m, room ? id : group[i].id);
		if (room)
			r = add_pack(m, id);
		bytes = m->draft.pack.stored;
		if (!room && n - i < 2)
			return 0;
		most = PACK_STATES - m->draft.pack.n;
		for (size_t k = 0; !r && i < n && k < most; k++, i++) {
			bytes += (size_t)group[i].body_len;
			if (bytes > PACK_BYTES && m->draft.pack.n)
				break;
			r = add_alone(m, &group[i]);
		}
		if (!r && m->draft.pack.n > 1)
			r = finish(m);
		/* What cannot be decoded stays where it is, for who reads it to be told. */
		if (r == STORE_E_DAMAGED)
			r = 0;
	}
	return r;
}

/* Rows of states that are in packs already are passed over. */
static int is_alone(struct store *s, int64_t id, int64_t *ret_next)
{
	const struct kept_pack *k;
	int r = pack_of_state(s, id, false, &k);

	*ret_next = k ? k->id + k->pack.n : id;
	return r;
}

/* Where the packs above begin. */
static int next_pack(struct store *s, int64_t id, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_PACKS_FIRST, ARGS(INT(id), INT(1)), &q);

	*ret = r ? INT64_MAX : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static bool fits(const struct alone *one)
{
	return one->body_len >= 0 && one->body_len <= (int64_t)PACK_BYTES;
}

static int make(struct maker *m, const struct alone *alone, size_t n)
{
	size_t end;
	int r = 0;

	for (size_t i = 0; i < n && !r; i = end) {
		int64_t next, limit;

		r = is_alone(m->s, alone[i].id, &next);
		end = i;
		while (end < n && alone[end].id < next)
			end++;
		if (r || end > i)
			continue;
		end = i + 1;
		if (!fits(&alone[i]))
			continue;
		r = next_pack(m->s, alone[i].id, &limit);
		while (end < n && alone[end].id == alone[end - 1].id + 1 &&
		       alone[end].id < limit && fits(&alone[end]))
			end++;
		if (!r)
			r = pack_group(m, &alone[i], end - i);
	}
	return r;
}

int store_packs_make(struct store *s, struct arena *a, struct store_story *story)
{
	_cleanup_(maker_deinit) struct maker m = { .s = s, .arena = a };
	_cleanup_(buf_deinit) struct buf alone = BUF_INIT;
	int r = read_alone(s, story->dirty.resource, &alone);

	if (!r)
		r = make(&m, (const struct alone *)alone.data,
			 alone.len / sizeof(struct alone));
	return r ? r
		 : sql_keep(a, &m.packs, sizeof(struct store_pack), &story->packs,
			    &story->n_packs);
}
