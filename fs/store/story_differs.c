/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From when on a story that is put tells of something else than it did. It is made from a state on
 * that parts it, which of a resource that seldom changes may be months before what came in, and most
 * of these rows are as they were: files of alarms/ that tell of them alone need not be made anew.
 */
#include <errno.h>

#include "alarms.h"
#include "private.h"
#include "story_put.h"

static int tells_of(struct store *s, int64_t resource, int64_t from_ms, int64_t until_ms,
		    bool *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_TRANSITION_TELLS_OF,
			ARGS(INT(resource), INT(from_ms), INT(until_ms)), &q);

	if (!r)
		*ret = col_int(q, 0) != 0;
	return r;
}

static bool has_same_causes(const struct store_entry *a, const struct store_entry *b)
{
	if (a->n_causes != b->n_causes)
		return false;
	for (size_t i = 0; i < a->n_causes; i++)
		if (a->causes[i].event != b->causes[i].event ||
		    a->causes[i].evidence != b->causes[i].evidence ||
		    a->causes[i].confidence != b->causes[i].confidence)
			return false;
	return true;
}

static bool is_same(const struct store_entry *a, const struct store_entry *b)
{
	return a->time_ms == b->time_ms && a->kind == b->kind && a->ref == b->ref &&
	       a->text_len == b->text_len && a->jsonl_len == b->jsonl_len &&
	       (a->kind != STORE_ENTRY_CHANGE ||
		(a->previous == b->previous && a->change_type == b->change_type &&
		 a->reason == b->reason && str_eq(a->why, b->why))) &&
	       has_same_causes(a, b);
}

/* Both in order of time. until_ms: none differs. */
static int64_t first_difference(const struct store_entry *old, size_t n_old,
				const struct store_entry *new, size_t n_new,
				int64_t until_ms)
{
	for (size_t i = 0; i < n_old || i < n_new; i++) {
		if (i < n_old && i < n_new && is_same(&old[i], &new[i]))
			continue;
		if (i < n_old)
			until_ms = MIN(until_ms, old[i].time_ms);
		if (i < n_new)
			until_ms = MIN(until_ms, new[i].time_ms);
		break;
	}
	return until_ms;
}

int story_differs(struct store *s, const struct store_story *story, int64_t from_ms,
		  int64_t *ret_ms)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	int64_t resource = story->dirty.resource, until_ms = story->settled_ms;
	struct store_entry *old;
	size_t n_old = 0, n_new = 0;
	bool told = false;
	int r;

	*ret_ms = from_ms;
	if (from_ms >= until_ms || !s->writer->has_transition)
		return 0;
	r = tells_of(s, resource, from_ms, until_ms, &told);
	if (r || !told)
		return r;
	r = store_story_between(s, resource, from_ms, until_ms - 1, &a, &old, &n_old);
	if (r)
		return r;
	while (n_new < story->n_entries && story->entries[n_new].time_ms < until_ms)
		n_new++;
	*ret_ms = first_difference(old, n_old, story->entries, n_new, until_ms);
	return 0;
}
