/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting packs, and taking them apart. The rows of the states that went into packs stay for a while:
 * they stand in the order they came in, those of one resource all over the table, so to delete them
 * story by story would write all its pages with each commit. They are swept when stories are done:
 * mostly the table is emptied as a whole, which writes none, and what is still alone put back. Then
 * late postings are merged, too, if there is time: see late.c.
 */
#include "pack_put.h"

#include <errno.h>
#include <stdlib.h>

#include "private.h"

#define SWEEP_ROWS 512u               /* fewer are deleted one by one */
#define KEPT_BYTES ((size_t)32 << 20) /* more that is alone is not moved for that */
#define FREE_PART  32 /* of the file's pages: so many free ones are given back */

/* States whose ids follow on each other. */
struct state_span {
	int64_t first, n;
};

int loose_put(struct store *s, enum statement put, int64_t id,
	      const struct packed_state *state, int64_t dictionary, struct str body)
{
	const struct state_name *name = &state->name;

	return sql_run(s, put,
		       ARGS(INT(id), INT(state->capture_ms),
			    name->is_text ? TEXT(name->text) : INT(name->number),
			    INT(state->source), INT(state->kind), INT(dictionary),
			    INT(state->body_len), BLOB(body),
			    state->has_raw ? BLOB(state->raw) : NUL));
}

int pack_dissolve(struct store *s, int64_t state)
{
	const struct kept_pack *k;
	int r = pack_of_state(s, state, true, &k);

	if (r || !k)
		return r;
	for (unsigned i = 0; i < k->pack.n && !r; i++) {
		int64_t dictionary;

		r = body_pack(s, DICTIONARY_STATE, pack_body(k, i), &s->writer->pack,
			      &dictionary);
		if (!r)
			r = loose_put(s, Q_STATE_PUT_BACK, k->id + i, &k->pack.states[i],
				      dictionary, buf_str(&s->writer->pack));
	}
	/* Its rows are not to be swept; the next sweep looks for itself which are. */
	buf_reset(&s->writer->packed);
	return r ? r : sql_run(s, Q_PACK_DELETE, ARGS(INT(k->id)));
}

int pack_retell(struct store *s, int64_t state, const struct packed_state *copy,
		bool *ret)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	const struct kept_pack *k;
	struct packed_state *st;
	struct pack pack, read;
	int r = pack_of_state(s, state, false, &k);

	*ret = false;
	if (r || !k)
		return r;
	pack = k->pack;
	st = &pack.states[state - k->id];
	st->source = copy->source;
	st->kind = copy->kind;
	st->has_raw = copy->has_raw;
	st->raw = copy->raw;
	pack_put(&bytes, &pack);
	if (buf_error(&bytes))
		return -ENOMEM;
	*ret = pack_take(buf_str(&bytes), &read);
	return !*ret ? 0
		     : sql_run(s, Q_PACK_PUT,
			       ARGS(INT(k->id), INT(k->dictionary),
				    BLOB(buf_str(&bytes))));
}

/* Is all of it as it was? */
static int is_current(struct store *s, const struct store_pack *p, bool *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	const struct kept_pack *k;
	uint64_t made_of;
	int r = pack_of_state(s, p->first, false, &k);

	made_of = k ? str_hash(buf_str(&k->bytes)) : 0;
	*ret = !r && (p->merged ? k && k->id == p->first && k->pack.n == p->merged : !k);
	if (!r && *ret)
		r = sql_get(s, Q_STATES_BETWEEN,
			    ARGS(INT(p->first + p->merged), INT(p->first + p->n - 1)),
			    &q);
	*ret = *ret && !r && col_int(q, 0) == p->n - p->merged &&
	       made_of + (uint64_t)col_int(q, 1) == p->made_of;
	return r;
}

static int put_pack(struct store *s, const struct store_pack *p)
{
	struct state_span span = { p->first + p->merged, p->n - p->merged };
	bool current;
	int r = is_current(s, p, &current);

	if (r || !current)
		return r;
	r = sql_run(s, Q_PACK_PUT,
		    ARGS(INT(p->first), INT(p->dictionary), BLOB(p->bytes)));
	writer_count(s, COUNTER_UNSWEPT, span.n);
	buf_put(&s->writer->packed, &span, sizeof(span));
	return r ? r : buf_error(&s->writer->packed);
}

int packs_put(struct store *s, const struct store_story *story)
{
	int r = 0;

	for (size_t i = 0; i < story->n_packs && !r; i++)
		r = put_pack(s, &story->packs[i]);
	return r;
}

/* --- sweeping ------------------------------------------------------------------------------ */

static int by_first(const void *a, const void *b)
{
	const struct state_span *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static int unswept(struct store *s, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_UNSWEPT))), &q);

	*ret = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

static int delete_span(struct store *s, const struct state_span *span)
{
	int r = 0;

	for (int64_t i = 0; i < span->n && !r; i++)
		r = sql_run(s, Q_STATE_DELETE, ARGS(INT(span->first + i)));
	return r;
}

/* The ids of rows, int64_t each: those that are in packs, and those that are not. */
struct sorted_rows {
	struct buf packed, alone;
};

static void sorted_rows_deinit(struct sorted_rows *rows)
{
	buf_deinit(&rows->packed);
	buf_deinit(&rows->alone);
}

/* Those that this connection has put are known; the others are looked for. */
static int is_packed(struct store *s, int64_t id, const struct buf *spans, size_t *at,
		     bool *ret)
{
	const struct state_span *span = (const struct state_span *)spans->data;
	size_t n = spans->len / sizeof(*span);
	const struct kept_pack *k;
	int r;

	while (*at < n && span[*at].first + span[*at].n <= id)
		++*at;
	*ret = *at < n && id >= span[*at].first;
	if (*ret)
		return 0;
	r = pack_of_state(s, id, false, &k);
	*ret = k != NULL;
	/* The row is all that is left of it. */
	return store_is_row_lost(s, r) ? 0 : r;
}

static int sort_rows(struct store *s, struct sorted_rows *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct buf *spans = &s->writer->packed;
	bool row = true, packed;
	size_t at = 0;
	int r = sql_open(s, Q_STATES_IDS, NO_ARGS, &q);

	while (!r) {
		int64_t id;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		id = col_int(q, 0);
		r = is_packed(s, id, spans, &at, &packed);
		buf_put(packed ? &ret->packed : &ret->alone, &id, sizeof(id));
	}
	if (!r)
		r = buf_error(&ret->packed);
	return r ? r : buf_error(&ret->alone);
}

/* A row taken out of the table; texts and blobs are in an arena. */
struct aside {
	int64_t id, dictionary;
	struct packed_state state;
	struct str body;
};

static int own(struct arena *a, struct str *text)
{
	*text = arena_str(a, *text);
	return text->p ? 0 : -ENOMEM;
}

static int take_out(struct store *s, int64_t id, struct arena *a, struct aside *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_STATE, ARGS(INT(id)), &q);

	if (r)
		return r;
	ret->id = id;
	loose_row(q, &ret->state);
	ret->dictionary = col_int(q, 5);
	ret->body = col_str(q, 7);
	r = own(a, &ret->body);
	if (!r)
		r = own(a, &ret->state.raw);
	if (!r && ret->state.name.is_text)
		r = own(a, &ret->state.name.text);
	return r;
}

/* Those that are alone are taken out, and put back into the empty table; *ret_done: they were not
   too many for that. */
static int clear(struct store *s, const struct buf *alone, bool *ret_done)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const int64_t *id = (const int64_t *)alone->data;
	size_t n = alone->len / sizeof(*id);
	_cleanup_(freep) struct aside *rows = calloc(n + 1, sizeof(*rows));
	int r = rows ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !r; i++) {
		if (arena_size(&a) > KEPT_BYTES)
			return 0;
		r = take_out(s, id[i], &a, &rows[i]);
	}
	*ret_done = !r;
	if (!r)
		r = sql_run(s, Q_STATES_CLEAR, NO_ARGS);
	for (size_t i = 0; i < n && !r; i++)
		r = loose_put(s, Q_STATE_INSERT, rows[i].id, &rows[i].state,
			      rows[i].dictionary, rows[i].body);
	return r;
}

static int sweep_all(struct store *s)
{
	_cleanup_(sorted_rows_deinit) struct sorted_rows rows = { 0 };
	struct buf *spans = &s->writer->packed;
	const int64_t *id;
	bool done = false;
	int r;

	if (spans->len)
		qsort(spans->data, spans->len / sizeof(struct state_span),
		      sizeof(struct state_span), by_first);
	r = sort_rows(s, &rows);
	if (r || !rows.packed.len)
		return r;
	if (rows.alone.len <= rows.packed.len)
		r = clear(s, &rows.alone, &done);
	if (r || done)
		return r;
	id = (const int64_t *)rows.packed.data;
	for (size_t i = 0; i < rows.packed.len / sizeof(*id) && !r; i++)
		r = sql_run(s, Q_STATE_DELETE, ARGS(INT(id[i])));
	return r;
}

/* Few, and all of them known. */
static bool are_few(const struct buf *spans, int64_t rows)
{
	const struct state_span *span = (const struct state_span *)spans->data;
	int64_t known = 0;

	for (size_t i = 0; i < spans->len / sizeof(*span); i++)
		known += span[i].n;
	return rows < SWEEP_ROWS && known == rows;
}

static int sweep(struct store *s, int64_t rows)
{
	struct buf *spans = &s->writer->packed;
	const struct state_span *span = (const struct state_span *)spans->data;
	int r = 0;

	if (!are_few(spans, rows))
		r = sweep_all(s);
	else
		for (size_t i = 0; i < spans->len / sizeof(*span) && !r; i++)
			r = delete_span(s, &span[i]);
	writer_count(s, COUNTER_UNSWEPT, -rows);
	return r;
}

static int number(struct store *s, enum statement id, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, NO_ARGS, &q);

	if (!r)
		*ret = col_int(q, 0);
	return r;
}

/* Some at a time, since each that is moved goes through the log. Of a history from before pages could
   be given back none is. */
static int give_back(struct store *s)
{
	int64_t pages = 0, before = INT64_MAX, free_pages = 0;
	int r = number(s, Q_PAGES, &pages);

	if (!r)
		r = number(s, Q_PAGES_FREE, &free_pages);
	if (r || free_pages <= pages / FREE_PART)
		return r;
	while (!r && free_pages && free_pages < before) {
		before = free_pages;
		r = sql_run(s, Q_PAGES_GIVE_BACK, NO_ARGS);
		if (!r)
			r = number(s, Q_PAGES_FREE, &free_pages);
	}
	return r;
}

static int sweep_states(struct store *s, bool *ret_done)
{
	int64_t rows;
	int r = unswept(s, &rows);

	*ret_done = !r && rows > 0;
	if (!*ret_done)
		return r;
	r = store_begin(s, "sweep states");
	if (!r)
		r = sweep(s, rows);
	if (!r)
		r = store_commit(s);
	if (r) {
		store_rollback(s);
		return r;
	}
	buf_deinit(&s->writer->packed);
	return 0;
}

int store_sweep(struct store *s, bool in_haste, bool *ret_more)
{
	bool swept, merged = false;
	int r = sweep_states(s, &swept);

	*ret_more = false;
	if (!r)
		r = late_sweep(s, in_haste, &merged, ret_more);
	return r || (!swept && !merged) ? r : give_back(s);
}
