/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What deriving a story reads: events and alarm transitions that share a name with the
 * resource, token by token along the index, then put in order, each once.
 */
#include <errno.h>
#include <stdlib.h>

#include "private.h"
#include "store/derive.h"

static int by_time(const void *a, const void *b)
{
	const struct store_event_hit *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return (x->event > y->event) - (x->event < y->event);
}

/* Rows of (id, time), appended. */
static int add_hits(struct store *s, enum statement id, const struct sql_arg *args,
		    size_t n, struct buf *hits)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, id, args, n, &q);

	while (!r) {
		struct store_event_hit hit;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		hit = (struct store_event_hit){ col_int(q, 0), col_int(q, 1) };
		buf_put(hits, &hit, sizeof(hit));
	}
	return r ? r : buf_error(hits);
}

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
		qsort(rows, n, sizeof(rows[0]), by_time);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || by_time(&rows[i], &rows[i - 1]))
			out[kept++] = rows[i];
	*ret = out;
	*ret_n = kept;
	return 0;
}

int store_events_mentioning(struct store *s, const struct mention_set *tokens,
			    int64_t from_ms, int64_t to_ms, struct arena *a,
			    struct store_event_hit **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	int r = reading(s);

	for (size_t i = 0; i < tokens->n && !r; i++)
		r = add_hits(s, Q_MENTIONS_OF_TOKEN,
			     ARGS(INT(tokens->tokens[i]), INT(from_ms), INT(to_ms)),
			     &hits);
	return r ? r : take_hits(&hits, a, ret, ret_n);
}

int store_transitions_mentioning(struct store *s, const struct mention_set *tokens,
				 struct arena *a, struct store_event_hit **ret,
				 size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf hits = BUF_INIT;
	int r = reading(s);

	for (size_t i = 0; i < tokens->n && !r; i++)
		r = add_hits(s, Q_TRANSITIONS_OF_TOKEN, ARGS(INT(tokens->tokens[i])),
			     &hits);
	return r ? r : take_hits(&hits, a, ret, ret_n);
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
