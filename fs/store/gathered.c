/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathering of postings. Tokens and keys are hashes, so the few postings of a commit lie in as many
 * pages of their lists as those have: with a million events a commit of a second rewrote most of
 * them, 8 KB for a posting of ten bytes, once into the log and once more into the file. So postings
 * wait here until there are many, or somebody reads their lists, and go into them in one sweep in
 * the order of the keys; of the sweep each page has its share.
 *
 * Until then each commit appends those of its own events to the table `gathered`, a row a list, so
 * that a kill loses none: the next program that writes takes them up. Where a commit brings few and
 * none wait, they go to their lists at once.
 */
#include "gathered.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/timestamp.h"
#include "private.h"

#define FEW  4096u        /* postings of one commit that are not worth waiting */
#define MANY (384u << 10) /* postings that wait; some megabytes */
#define MOST (7u << 19)   /* ... in a history of many millions of events */
#define MOST_OF_ONE \
	(3u << 19) /* of one list in one transaction; and of keys, which are not packed */
#define FEW_KEPT 16384u /* keys whose memory is kept for the next */

static void clear(struct gathered *g)
{
	waiting_clear(&g->mentions);
	waiting_clear(&g->actors);
	waiting_clear(&g->sessions);
	waiting_clear(&g->units);
	token_rows_clear(&g->fresh_keys);
	if (g->keys.cap > FEW_KEPT)
		keys_deinit(&g->keys);
	else
		keys_clear(&g->keys);
	g->kept = false;
}

void gathered_init(struct gathered *g)
{
	*g = (struct gathered){ .few = FEW, .many = MANY };
}

void gathered_deinit(struct gathered *g)
{
	waiting_deinit(&g->mentions);
	waiting_deinit(&g->actors);
	waiting_deinit(&g->sessions);
	waiting_deinit(&g->units);
	free(g->fresh_keys.rows);
	keys_deinit(&g->keys);
	key_filter_deinit(&g->filter);
}

void gathered_forget(struct gathered *g)
{
	clear(g);
	g->read = false;
}

static size_t gathered_n(const struct gathered *g)
{
	return waiting_n(&g->mentions) + waiting_n(&g->actors) + waiting_n(&g->sessions) +
	       waiting_n(&g->units) + g->keys.n;
}

/* --- the table ----------------------------------------------------------------------------- */

/* NULL: not one of them. */
static struct waiting *list_of(struct gathered *g, int64_t list)
{
	switch (list) {
	case POSTING_MENTION:
		return &g->mentions;
	case POSTING_ACTOR:
		return &g->actors;
	case POSTING_SESSION:
		return &g->sessions;
	case POSTING_UNIT:
		return &g->units;
	default:
		return NULL;
	}
}

static int add(struct gathered *g, int64_t list, const struct posting *p)
{
	if (list == POSTING_KEY)
		return keys_add(&g->keys, (uint64_t)p->key, p->event);
	return token_rows_add(&list_of(g, list)->fresh, p);
}

static int damaged(struct store *s, int64_t row)
{
	(void)snprintf(s->message, sizeof(s->message),
		       "row %lld of gathered postings cannot be decoded", (long long)row);
	return STORE_E_DAMAGED;
}

/* What no event has would make a list that cannot be decoded; a unit is none. */
static bool is_possible(int64_t list, const struct posting *p, int64_t next_event)
{
	return p->event > 0 && (p->event < next_event || list == POSTING_UNIT) &&
	       p->time_ms >= TIMESTAMP_MIN && p->time_ms < TIMESTAMP_MAX;
}

/* The table has all of it. */
static int pack(struct gathered *g)
{
	int r = waiting_pack(&g->mentions);

	if (!r)
		r = waiting_pack(&g->actors);
	if (!r)
		r = waiting_pack(&g->sessions);
	return r ? r : waiting_pack(&g->units);
}

static int read_row(struct store *s, int64_t row, int64_t list, struct str bytes)
{
	struct writer *w = s->writer;
	struct posting p = { 0 };
	int r = 0;

	if (list != POSTING_KEY && !list_of(&w->gathered, list))
		return damaged(s, row);
	while (bytes.n && !r) {
		if (!waiting_take(&bytes, &p) || !is_possible(list, &p, w->next_event))
			return damaged(s, row);
		r = add(&w->gathered, list, &p);
	}
	return r ? r : pack(&w->gathered);
}

int gathered_begin(struct store *s)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct gathered *g = &s->writer->gathered;
	bool row = true;
	int r;

	if (g->read)
		return 0;
	r = sql_open(s, Q_GATHERED, NO_ARGS, &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = read_row(s, col_int(q, 0), col_int(q, 1), col_str(q, 2));
		g->kept = true;
	}
	g->read = r == 0;
	return r;
}

static int keep_rows(struct store *s, enum posting_list list, const struct posting *rows,
		     size_t n)
{
	struct buf *bytes = &s->writer->pack;
	int r;

	if (!n)
		return 0;
	buf_reset(bytes);
	waiting_encode(bytes, rows, n);
	r = buf_error(bytes);
	s->writer->gathered.kept = true;
	return r ? r
		 : sql_run(s, Q_GATHERED_INSERT, ARGS(INT(list), BLOB(buf_str(bytes))));
}

static int keep_tokens(struct store *s, enum posting_list list, const struct waiting *w)
{
	return keep_rows(s, list, w->fresh.rows, w->fresh.n);
}

static int keep(struct store *s)
{
	struct gathered *g = &s->writer->gathered;
	int r = keep_tokens(s, POSTING_MENTION, &g->mentions);

	if (!r)
		r = keep_tokens(s, POSTING_ACTOR, &g->actors);
	if (!r)
		r = keep_tokens(s, POSTING_SESSION, &g->sessions);
	if (!r)
		r = keep_tokens(s, POSTING_UNIT, &g->units);
	if (!r)
		r = keep_rows(s, POSTING_KEY, g->fresh_keys.rows, g->fresh_keys.n);
	token_rows_clear(&g->fresh_keys);
	return r ? r : pack(g);
}

/* --- the lists ----------------------------------------------------------------------------- */

/* What only came now, and nothing before it. */
static int merge_fresh(struct store *s, enum posting_list list, struct token_rows *t)
{
	if (!t->n)
		return 0;
	for (size_t i = 0; i < t->n; i++)
		t->rows[i].key = posting_key_of_token((uint64_t)t->rows[i].key);
	postings_sort(t->rows, t->n);
	return postings_put(s, list, t->rows, t->n);
}

static int merge_tokens(struct store *s, enum posting_list list, struct waiting *w)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	int r;

	if (!w->n_packed)
		return merge_fresh(s, list, &w->fresh);
	r = waiting_pack(w);
	for (size_t i = 0; i < WAITING_PARTS && !r; i++) {
		buf_reset(&rows);
		r = waiting_take_part(w, i, &rows);
		if (!r && rows.len)
			r = postings_put(s, list, (const struct posting *)rows.data,
					 rows.len / sizeof(struct posting));
	}
	return r;
}

static int merge_keys(struct store *s, const struct keys *keys)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	int r = 0;

	for (unsigned part = 0; part < KEYS_PARTS && keys->n && !r; part++) {
		buf_reset(&rows);
		r = keys_postings(keys, part, &rows);
		if (!r && rows.len)
			r = postings_put(s, POSTING_KEY,
					 (const struct posting *)rows.data,
					 rows.len / sizeof(struct posting));
	}
	for (size_t i = 0; i < keys->cap; i++)
		if (keys->slots[i].event)
			key_filter_add(&s->writer->gathered.filter, keys->slots[i].key);
	return r;
}

/* The rows go first: what the lists grow by may take their pages. */
int gathered_merge(struct store *s)
{
	struct gathered *g = &s->writer->gathered;
	int r = 0;

	if (!gathered_n(g))
		return 0;
	if (g->kept)
		r = sql_run(s, Q_GATHERED_DELETE, NO_ARGS);
	if (!r)
		r = merge_tokens(s, POSTING_MENTION, &g->mentions);
	if (!r)
		r = merge_tokens(s, POSTING_ACTOR, &g->actors);
	if (!r)
		r = merge_tokens(s, POSTING_SESSION, &g->sessions);
	if (!r)
		r = merge_tokens(s, POSTING_UNIT, &g->units);
	if (!r)
		r = merge_keys(s, &g->keys);
	clear(g);
	return r;
}

/* A sweep writes the lists as a whole: the longer they are, the more it is to bring. */
static size_t how_many(const struct writer *w)
{
	size_t half = (size_t)w->next_event / 2;

	return MAX(w->gathered.many, MIN(half, (size_t)MOST));
}

int gathered_commit(struct store *s)
{
	const struct gathered *g = &s->writer->gathered;
	size_t n = gathered_n(g);

	if (n >= how_many(s->writer) || g->keys.n >= MOST_OF_ONE)
		return gathered_merge(s);
	return !g->kept && n < g->few ? gathered_merge(s) : keep(s);
}

int gathered_reading(struct store *s)
{
	int r;

	if (!s->writer || (s->writer->gathered.read && !gathered_n(&s->writer->gathered)))
		return 0;
	if (s->who)
		return written(s, gathered_merge(s));
	/* Which takes up what is there. */
	r = store_begin(s, "postings");
	if (r)
		return r;
	r = written(s, gathered_merge(s));
	if (!r)
		return store_commit(s);
	store_rollback(s);
	return r;
}

int gathered_add(struct store *s, enum posting_list list, uint64_t token, int64_t time_ms,
		 int64_t event)
{
	struct token_rows *t = &list_of(&s->writer->gathered, list)->fresh;
	struct posting p = { (int64_t)token, time_ms, event };
	int r = token_rows_add(t, &p);

	return r || t->n < MOST_OF_ONE ? r : gathered_merge(s);
}

int gathered_add_key(struct store *s, uint64_t key, int64_t event)
{
	struct gathered *g = &s->writer->gathered;
	int r = keys_add(&g->keys, key, event);

	return r ? r
		 : token_rows_add(&g->fresh_keys,
				  &(struct posting){ (int64_t)key, 0, event });
}
