/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a resource's story, and what its entries point to besides states and events: alarm
 * transitions.
 */
#include <errno.h>

#include "private.h"
#include "rows.h"
#include "store/derive.h"
#include "story_load.h"
#include "told.h"

static bool comes_before(const struct told_change *c, int64_t time_ms, uint64_t seq)
{
	return c->change.time_ms < time_ms ||
	       (c->change.time_ms == time_ms && c->seq < seq);
}

/* The rows of entries, and between them the changes, each at its place. */
static int merge_entries(struct store *s, sqlite3_stmt *q, const struct buf *changes,
			 struct buf *ret)
{
	const struct told_change *c = (const struct told_change *)changes->data;
	size_t n = changes->len / sizeof(*c), i = 0;
	bool row = true;
	int r = 0;

	while (!r && row) {
		int64_t time_ms = INT64_MAX;
		uint64_t seq = UINT64_MAX;

		r = sql_next(s, q, &row);
		if (!r && row) {
			time_ms = col_int(q, 0);
			seq = (uint64_t)col_int(q, 1);
		}
		for (; !r && i < n && (!row || comes_before(&c[i], time_ms, seq)); i++)
			buf_put(ret, &c[i].change, sizeof(c[i].change));
		if (r || !row)
			break;
		buf_put(ret,
			&(struct store_entry){
				.time_ms = time_ms,
				.kind = (enum store_entry_kind)col_int(q, 2),
				.ref = col_int(q, 3),
				.text_len = (uint32_t)col_int(q, 4),
				.jsonl_len = (uint32_t)col_int(q, 5) },
			sizeof(struct store_entry));
	}
	return r ? r : buf_error(ret);
}

int story_entries(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
		  struct arena *a, struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf changes = BUF_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = told_changes(s, resource, from_ms, to_ms, a, &changes);

	if (!r)
		r = sql_open(s, Q_ENTRIES, ARGS(INT(resource), INT(from_ms), INT(to_ms)),
			     &q);
	return r ? r : merge_entries(s, q, &changes, ret);
}

/* The entry of (time, seq): causes come in the order of the entries, so the search goes on. */
static struct store_entry *entry_of(struct store_entry *entries, size_t n, size_t *at,
				    int64_t time_ms, int64_t seq)
{
	size_t i = *at, first;

	while (i < n && entries[i].time_ms < time_ms)
		i++;
	first = i;
	while (first > 0 && entries[first - 1].time_ms == time_ms)
		first--;
	*at = first;
	if (seq < 0 || (uint64_t)seq >= n - first ||
	    entries[first + (size_t)seq].time_ms != time_ms)
		return NULL;
	return &entries[first + (size_t)seq];
}

#define LABEL_MAX 4096 /* four brief texts, every byte of them escaped */

/* Not known where it cannot be: the cause is read then. */
static uint32_t label_len(int64_t n)
{
	return n > 0 && n <= LABEL_MAX ? (uint32_t)n : 0;
}

/* The causes in one run, in order; each entry gets its part of it. */
static int read_causes(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
		       struct store_entry *entries, size_t n, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	size_t at = 0;
	int r = sql_open(s, Q_CAUSES, ARGS(INT(resource), INT(from_ms), INT(to_ms)), &q);

	while (!r) {
		struct store_entry *e;
		struct store_cause c;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		e = entry_of(entries, n, &at, col_int(q, 0), col_int(q, 1));
		if (!e)
			continue;
		c = (struct store_cause){ .event = col_int(q, 2),
					  .evidence = (uint32_t)col_int(q, 3),
					  .confidence = (uint8_t)col_int(q, 4),
					  .label_len = label_len(col_int(q, 5)) };
		buf_put(ret, &c, sizeof(c));
		e->n_causes++;
	}
	return r ? r : buf_error(ret);
}

int store_story_between(struct store *s, int64_t resource, int64_t from_ms, int64_t to_ms,
			struct arena *a, struct store_entry **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf entries = BUF_INIT, causes = BUF_INIT;
	const struct store_cause *next;
	struct store_entry *story;
	size_t n, n_causes;
	int r = reading(s);

	if (!r)
		r = story_entries(s, resource, from_ms, to_ms, a, &entries);
	story = (struct store_entry *)entries.data;
	n = entries.len / sizeof(story[0]);
	if (!r)
		r = read_causes(s, resource, from_ms, to_ms, story, n, &causes);
	if (r)
		return r;
	r = sql_keep(a, &entries, sizeof(*story), &story, &n);
	if (!r)
		r = sql_keep(a, &causes, sizeof(*next), &next, &n_causes);
	if (r)
		return r;
	for (size_t i = 0; i < n; i++) {
		story[i].causes = next;
		next += story[i].n_causes;
	}
	*ret = story;
	*ret_n = n;
	return 0;
}

int store_story(struct store *s, int64_t resource, struct arena *a,
		struct store_entry **ret, size_t *ret_n)
{
	return store_story_between(s, resource, INT64_MIN, INT64_MAX, a, ret, ret_n);
}

int store_transition_get(struct store *s, int64_t id, struct arena *a,
			 struct store_transition *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	/* Nothing of it is gathered. */
	int r = sql_get(s, Q_TRANSITION, ARGS(INT(id)), &q);

	if (r)
		return r;
	*ret = (struct store_transition){ .id = col_int(q, 0),
					  .time_ms = col_int(q, 1),
					  .alarm = arena_str(a, col_str(q, 2)),
					  .account = arena_str(a, col_str(q, 3)),
					  .region = arena_str(a, col_str(q, 4)),
					  .state = arena_str(a, col_str(q, 5)),
					  .previous_state = arena_str(a, col_str(q, 6)),
					  .reason = arena_str(a, col_str(q, 7)) };
	return ret->alarm.p && ret->account.p && ret->region.p && ret->state.p &&
			       ret->previous_state.p && ret->reason.p
		       ? 0
		       : -ENOMEM;
}
