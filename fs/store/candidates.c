/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deriving a story reads: events and alarm transitions that share a name with the
 * resource, token by token along the index, then put in order, each once.
 */
#include <errno.h>
#include <stdlib.h>

#include "posting.h"
#include "private.h"
#include "rows.h"
#include "store/derive.h"

int store_event_hit_order(const void *a, const void *b)
{
	const struct store_event_hit *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

/* Rows of (id, time). */
static int hit_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(struct store_event_hit *)ret =
		(struct store_event_hit){ col_int(q, 0), col_int(q, 1) };
	return 0;
}

static const struct sql_shape hit_shape = { sizeof(struct store_event_hit), hit_row };

/* In order of time, each once, into the arena. */
static int take_hits(struct buf *hits, struct arena *a, struct store_event_hit **ret,
		     size_t *ret_n)
{
	struct store_event_hit *rows = (struct store_event_hit *)hits->data, *out;
	size_t n = hits->len / sizeof(rows[0]), kept = 0;

	out = arena_alloc(a, n * sizeof(rows[0]));
	if (!out)
		return -ENOMEM;
	if (n)
		qsort(rows, n, sizeof(rows[0]), store_event_hit_order);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || store_event_hit_order(&rows[i], &rows[i - 1]))
			out[kept++] = rows[i];
	*ret = out;
	*ret_n = kept;
	return 0;
}

static int add_posting(void *ctx, const struct posting *p, bool *more _unused_)
{
	struct store_event_hit hit = { p->event, p->time_ms };

	buf_put(ctx, &hit, sizeof(hit));
	return 0;
}

int store_events_of_token(struct store *s, uint64_t token, int64_t from_ms, int64_t to_ms,
			  struct buf *ret)
{
	int r = reading(s);

	if (!r)
		r = gathered_reading(s);
	if (!r)
		r = postings_each(s, POSTING_MENTION, posting_key_of_token(token),
				  from_ms, to_ms, add_posting, ret);
	return r ? r : buf_error(ret);
}

int store_transitions_mentioning(struct store *s, const struct mention_set *tokens,
				 struct arena *a, struct store_event_hit **ret,
				 size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	int r = reading(s);

	for (size_t i = 0; i < tokens->n && !r; i++)
		r = sql_all(s, Q_TRANSITIONS_OF_TOKEN, ARGS(INT(tokens->tokens[i])),
			    &hit_shape, NULL, &hits);
	return r ? r : take_hits(&hits, a, ret, ret_n);
}

int store_alarms_any(struct store *s, bool *ret)
{
	int r = reading(s);

	return r ? r : sql_exists(s, Q_ALARM_MENTION_ANY, NO_ARGS, ret);
}

/* Rows of a token. */
static int token_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(uint64_t *)ret = (uint64_t)col_int(q, 0);
	return 0;
}

static const struct sql_shape token_shape = { sizeof(uint64_t), token_row };

int store_alarm_tokens(struct store *s, size_t max, struct buf *ret, bool *ret_all)
{
	int r = reading(s);

	if (!r)
		r = sql_all(s, Q_ALARM_MENTION_TOKENS, ARGS(INT(max + 1)), &token_shape,
			    NULL, ret);
	*ret_all = !r && ret->len / sizeof(uint64_t) <= max;
	return r;
}

int store_trail_span(struct store *s, struct str account, int64_t *ret_first,
		     int64_t *ret_last)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_TRAIL, ARGS(TEXT(account)), &q);
	if (r)
		return r;
	*ret_first = col_int(q, 0);
	*ret_last = col_int(q, 1);
	return 0;
}
