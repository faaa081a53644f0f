/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a resource's story: the rows from a moment on are replaced as a whole, and the sums
 * of its listing row corrected by what went and what came, so that one more state costs as
 * little for a resource of thousands.
 */
#include <errno.h>
#include <stdlib.h>

#include "alarms.h"
#include "names.h"
#include "private.h"
#include "relation.h"
#include "rows.h"
#include "store/derive.h"

struct view {
	int64_t first_ms, newest_ms, latest, states, text_len, jsonl_len, changed_ms;
	int64_t before_ms; /* what newest_ms was */
};

static int view_get(struct store *s, int64_t resource, struct view *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_VIEW, ARGS(INT(resource)), &q);

	if (r)
		return r;
	*ret = (struct view){ .states = col_int(q, 3),
			      .text_len = col_int(q, 4),
			      .jsonl_len = col_int(q, 5),
			      .changed_ms = col_int(q, 6),
			      .before_ms = col_int(q, 1) };
	return 0;
}

/* The first or newest row that is not hidden; none leaves the values as they are (0). */
static int view_end(struct store *s, enum statement id, int64_t resource, int64_t *ret_ms,
		    int64_t *ret_state)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, id, ARGS(INT(resource)), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	*ret_ms = col_int(q, 0);
	*ret_state = col_int(q, 1);
	return 0;
}

static int view_put(struct store *s, int64_t resource, struct view *v)
{
	int64_t first;
	int r = view_end(s, Q_SHOWN_FIRST, resource, &v->first_ms, &first);

	if (!r)
		r = view_end(s, Q_SHOWN_NEWEST, resource, &v->newest_ms, &v->latest);
	if (!r && v->newest_ms < v->before_ms)
		r = folders_lower(s, resource);
	if (r)
		return r;
	return sql_run(s, Q_VIEW_PUT,
		       ARGS(INT(resource), INT(v->first_ms), INT(v->newest_ms),
			    INT(v->latest), INT(v->states), INT(v->text_len),
			    INT(v->jsonl_len), INT(MAX(now_ms(), v->changed_ms + 1))));
}

/* --- entries ------------------------------------------------------------------------------- */

static int entries_delete(struct store *s, int64_t resource, int64_t from_ms,
			  struct view *v)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_ENTRY_SUMS_FROM, ARGS(INT(resource), INT(from_ms)), &q);

	if (r)
		return r;
	v->text_len -= col_int(q, 0);
	v->jsonl_len -= col_int(q, 1);
	r = sql_run(s, Q_CAUSES_DELETE_FROM, ARGS(INT(resource), INT(from_ms)));
	return r ? r
		 : sql_run(s, Q_ENTRIES_DELETE_FROM, ARGS(INT(resource), INT(from_ms)));
}

static int entry_insert(struct store *s, int64_t resource, const struct store_entry *e,
			size_t seq)
{
	int r = sql_run(s, Q_ENTRY_INSERT,
			ARGS(INT(resource), INT(e->time_ms), INT(seq), INT(e->kind),
			     INT(e->ref), INT(e->previous), INT(e->change_type),
			     INT(e->reason), INT(e->text_len), INT(e->jsonl_len),
			     INT(e->line_len), INT(e->line_jsonl_len), TEXT(e->why)));

	for (size_t i = 0; i < e->n_causes && !r; i++)
		r = sql_run(s, Q_CAUSE_INSERT,
			    ARGS(INT(resource), INT(e->time_ms), INT(seq), INT(i),
				 INT(e->causes[i].event), INT(e->causes[i].evidence),
				 INT(e->causes[i].confidence), INT(e->causes[i].line_len),
				 INT(e->causes[i].line_jsonl_len)));
	return r;
}

static int entries_insert(struct store *s, int64_t resource,
			  const struct store_entry *entries, size_t n, struct view *v)
{
	size_t seq = 0;

	for (size_t i = 0; i < n; i++) {
		int r;

		seq = i && entries[i].time_ms == entries[i - 1].time_ms ? seq + 1 : 0;
		if (i && entries[i].time_ms < entries[i - 1].time_ms)
			return -EINVAL;
		r = entry_insert(s, resource, &entries[i], seq);
		if (r)
			return r;
		v->text_len += entries[i].text_len;
		v->jsonl_len += entries[i].jsonl_len;
	}
	return 0;
}

/* --- listing rows -------------------------------------------------------------------------- */

static int shown_delete(struct store *s, int64_t resource, int64_t from_ms,
			struct view *v, int64_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_SHOWN_COUNT_FROM, ARGS(INT(resource), INT(from_ms)), &q);

	if (r)
		return r;
	*ret_n = col_int(q, 0);
	v->states -= *ret_n;
	return sql_run(s, Q_SHOWN_DELETE_FROM, ARGS(INT(resource), INT(from_ms)));
}

static struct sql_arg text_or_null(struct str text)
{
	return text.n ? TEXT(text) : NUL;
}

static int shown_insert(struct store *s, int64_t resource,
			const struct store_shown *shown, size_t n, struct view *v)
{
	for (size_t i = 0; i < n; i++) {
		const struct store_shown *row = &shown[i];
		int r = sql_run(s, Q_SHOWN_PUT,
				ARGS(INT(resource), INT(row->time_ms), INT(row->twin),
				     INT(row->state), INT(row->size), INT(row->hidden),
				     text_or_null(row->name), text_or_null(row->arn),
				     INT(row->csv_len), INT(row->jsonl_len),
				     INT(row->item_len)));

		if (r)
			return r;
		v->states += !row->hidden;
	}
	return 0;
}

static int shown_replace(struct store *s, int64_t resource, int64_t from_ms,
			 const struct store_shown *shown, size_t n, struct view *v)
{
	int64_t before = v->states, gone;
	int r = shown_delete(s, resource, from_ms, v, &gone);

	if (!r)
		r = shown_insert(s, resource, shown, n, v);
	if (!r)
		writer_count(s, COUNTER_SHOWN, v->states - before);
	return r;
}

/* --- aliases ------------------------------------------------------------------------------- */

static int aliases_read(struct store *s, int64_t resource, struct buf *ret)
{
	return sql_all(s, Q_ALIASES_OF_RESOURCE, ARGS(INT(resource)), &sql_number, NULL,
		       ret);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int by_token(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * A name that came up only now may stand in events before the part of the story that was made
 * anew: then that part was too short. Names of the first derivation need no such look, as it
 * makes the whole story.
 */
static int alias_new(struct store *s, const struct store_dirty *dirty, int64_t token,
		     bool look_back)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_run(s, Q_ALIAS_INSERT, ARGS(INT(token), INT(dirty->resource)));

	if (r || !look_back)
		return r;
	r = sql_get(s, Q_MENTION_EARLIEST, ARGS(INT(token)), &q);
	if (r || sqlite3_column_type(q, 0) == SQLITE_NULL ||
	    col_int(q, 0) >= dirty->from_ms)
		return r;
	return sql_run(s, Q_DIRTY_ADD, ARGS(INT(dirty->resource), INT(col_int(q, 0))));
}

/* Most aliases stay: only the difference is written. Both lists are sorted, each its own way. */
static int aliases_replace(struct store *s, const struct store_dirty *dirty,
			   const struct mention_set *aliases)
{
	_cleanup_(buf_deinit) struct buf old = BUF_INIT;
	const int64_t *before;
	size_t n, kept = 0;
	int r = aliases_read(s, dirty->resource, &old);

	before = (const int64_t *)old.data;
	n = old.len / sizeof(before[0]);
	for (size_t i = 0; i < aliases->n && !r; i++) {
		int64_t token = (int64_t)aliases->tokens[i];

		if (n && bsearch(&token, before, n, sizeof(token), by_value))
			kept++;
		else
			r = alias_new(s, dirty, token, n > 0);
	}
	for (size_t i = 0; i < n && kept < n && !r; i++) {
		uint64_t token = (uint64_t)before[i];

		if (!aliases->n || !bsearch(&token, aliases->tokens, aliases->n,
					    sizeof(token), by_token))
			r = sql_run(s, Q_ALIAS_DELETE,
				    ARGS(INT(before[i]), INT(dirty->resource)));
	}
	if (!r && aliases->n)
		s->writer->has_alias = true;
	return r;
}

/* ------------------------------------------------------------------------------------------- */

int store_put_story(struct store *s, const struct store_story *story)
{
	const struct store_dirty *dirty = &story->dirty;
	int64_t resource = dirty->resource;
	int64_t entries_ms = story->n_entries
				     ? MIN(dirty->from_ms, story->entries[0].time_ms)
				     : dirty->from_ms;
	int64_t shown_ms = story->n_shown ? MIN(dirty->from_ms, story->shown[0].time_ms)
					  : dirty->from_ms;
	struct view v;
	int r = writing(s, "story");

	if (!r)
		r = writer_uncache(s);
	if (!r)
		r = view_get(s, resource, &v);
	if (!r)
		r = tell_story(s, story, entries_ms);
	if (!r)
		r = alarms_due_of_story(s, resource, entries_ms);
	if (!r)
		r = alarms_due_of_related(s, resource);
	if (!r)
		r = entries_delete(s, resource, entries_ms, &v);
	if (!r)
		r = entries_insert(s, resource, story->entries, story->n_entries, &v);
	if (!r)
		r = alarms_due_of_story(s, resource, entries_ms);
	if (!r)
		r = shown_replace(s, resource, shown_ms, story->shown, story->n_shown,
				  &v);
	if (!r)
		r = view_put(s, resource, &v);
	if (!r)
		r = sql_run(s, Q_FOLDERS_TOUCH_ABOVE, ARGS(INT(resource)));
	/* Before the aliases, which may make it dirty again. */
	if (!r)
		r = sql_run(s, Q_DIRTY_CLEAR, ARGS(INT(resource), INT(dirty->from_ms)));
	if (!r)
		r = aliases_replace(s, dirty, &story->aliases);
	if (!r && story->follower)
		r = sql_run(s, Q_DIRTY_ADD, ARGS(INT(story->follower), INT(INT64_MIN)));
	if (!r)
		r = names_replace(s, resource, story->names, story->n_names, v.before_ms,
				  v.newest_ms);
	if (!r)
		r = sql_run(s, Q_VIEW_BLAME, ARGS(INT(resource), INT(story->blame_len)));
	if (!r)
		r = relation_put(s, resource, &story->relations);
	return written(s, r);
}
