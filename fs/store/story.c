/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a resource's story: the rows from a moment on are replaced as a whole, and the sums
 * of its listing row corrected by what went and what came, so that one more state costs as
 * little for a resource of thousands.
 */
#include <errno.h>

#include "alarms.h"
#include "alias.h"
#include "bearer.h"
#include "names.h"
#include "pack_put.h"
#include "private.h"
#include "relation.h"
#include "rows.h"
#include "story_put.h"

struct view {
	int64_t first_ms, newest_ms, latest, states, text_len, jsonl_len, changed_ms;
	int64_t before_ms; /* what newest_ms was */
	int64_t folder;    /* the resource's */
};

static int view_get(struct store *s, int64_t resource, struct view *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_VIEW_AND_FOLDER, ARGS(INT(resource)), &q);

	if (r)
		return r;
	*ret = (struct view){ .folder = col_int(q, 7),
			      .states = col_int(q, 3),
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

/* The ends of a story that was made as a whole are those of its rows. */
static void view_ends(const struct store_story *story, struct view *v)
{
	v->first_ms = v->newest_ms = v->latest = 0;
	for (size_t i = story->n_shown; i-- > 0;) {
		const struct store_shown *row = &story->shown[i];

		if (row->hidden)
			continue;
		if (!v->latest) {
			v->newest_ms = row->time_ms;
			v->latest = row->state;
		}
		v->first_ms = row->time_ms;
	}
}

static int view_put(struct store *s, const struct store_story *story, int64_t from_ms,
		    struct view *v)
{
	int64_t resource = story->dirty.resource, first;
	int r = 0;

	if (from_ms == INT64_MIN) {
		view_ends(story, v);
	} else {
		r = view_end(s, Q_SHOWN_FIRST, resource, &v->first_ms, &first);
		if (!r)
			r = view_end(s, Q_SHOWN_NEWEST, resource, &v->newest_ms,
				     &v->latest);
	}
	/* A state that is hidden now, or one that is not any more. */
	if (!r && v->newest_ms != v->before_ms)
		r = folders_redate(s, resource);
	if (r)
		return r;
	return sql_run(s, Q_VIEW_STORY,
		       ARGS(INT(resource), INT(v->first_ms), INT(v->newest_ms),
			    INT(v->latest), INT(v->states), INT(v->text_len),
			    INT(v->jsonl_len), INT(story->blame_len), INT(now_ms())));
}

/* --- entries ------------------------------------------------------------------------------- */

/* What there is of a resource from a time on: mostly nothing, and then nothing is to be deleted. */
struct old_rows {
	bool entries, transitions; /* of the former some are the latter */
	bool causes;
};

/* Calls and transitions; the changes are with the listing rows. Their lengths go. */
static int entries_take(struct store *s, int64_t resource, int64_t from_ms,
			struct old_rows *old, struct view *v)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_ENTRY_SUMS_FROM, ARGS(INT(resource), INT(from_ms)), &q);

	if (r)
		return r;
	v->text_len -= col_int(q, 0);
	v->jsonl_len -= col_int(q, 1);
	old->entries = col_int(q, 2) > 0;
	old->transitions = col_int(q, 3) > 0;
	return 0;
}

static int rows_delete(struct store *s, int64_t resource, int64_t from_ms,
		       const struct old_rows *old)
{
	int r = 0;

	if (old->causes)
		r = sql_run(s, Q_CAUSES_DELETE_FROM, ARGS(INT(resource), INT(from_ms)));
	if (!r && old->entries)
		r = sql_run(s, Q_ENTRIES_DELETE_FROM, ARGS(INT(resource), INT(from_ms)));
	return r;
}

static int entry_insert(struct store *s, int64_t resource, const struct store_entry *e,
			size_t seq)
{
	int r = 0;

	if (e->kind != STORE_ENTRY_CHANGE)
		r = sql_run(s, Q_ENTRY_INSERT,
			    ARGS(INT(resource), INT(e->time_ms), INT(seq), INT(e->kind),
				 INT(e->ref), INT(e->text_len), INT(e->jsonl_len)));
	for (size_t i = 0; i < e->n_causes && !r; i++)
		r = sql_run(s, Q_CAUSE_INSERT,
			    ARGS(INT(resource), INT(e->time_ms), INT(seq), INT(i),
				 INT(e->causes[i].event), INT(e->causes[i].evidence),
				 INT(e->causes[i].confidence), INT(e->causes[i].line_len),
				 INT(e->causes[i].line_jsonl_len),
				 INT(e->causes[i].label_len)));
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

int stories_settle(struct store *s)
{
	int r = writer_aliases(s);

	if (!r)
		r = bearers_settle(s);
	return r ? r : relation_settle(s);
}

static void changes_take(const struct buf *gone, struct view *v)
{
	const struct told_change *c = (const struct told_change *)gone->data;

	for (size_t i = 0; i < gone->len / sizeof(*c); i++) {
		v->text_len -= c[i].change.text_len;
		v->jsonl_len -= c[i].change.jsonl_len;
	}
}

static bool tells_transition(const struct store_story *story, int64_t from_ms)
{
	for (size_t i = 0; i < story->n_entries; i++)
		if (story->entries[i].kind == STORE_ENTRY_TRANSITION &&
		    story->entries[i].time_ms >= from_ms)
			return true;
	return false;
}

/* gone: the changes that were told before; due_ms: from then on it tells of something else. */
static int put_entries(struct store *s, const struct store_story *story, int64_t from_ms,
		       int64_t due_ms, bool fresh, const struct buf *gone, struct view *v)
{
	int64_t resource = story->dirty.resource;
	struct old_rows old = { 0 };
	int r = tell_story(s, story, fresh, from_ms, gone, &old.causes);

	changes_take(gone, v);
	if (!r && !fresh)
		r = entries_take(s, resource, from_ms, &old, v);
	/* Of the old ones and of the new: the files of both tell of it. */
	if (!r && old.transitions)
		r = alarms_due_of_story(s, resource, due_ms);
	if (!r)
		r = rows_delete(s, resource, from_ms, &old);
	if (!r)
		r = entries_insert(s, resource, story->entries, story->n_entries, v);
	if (!r && tells_transition(story, due_ms))
		r = alarms_due_of_story(s, resource, due_ms);
	return r;
}

/* The rest is as it was. */
static int put_only_entries(struct store *s, const struct store_story *story)
{
	int64_t resource = story->dirty.resource, from_ms = story->dirty.from_ms;
	const struct buf none = BUF_INIT;
	struct view v;
	int r = view_get(s, resource, &v);

	/* They are with listing rows, which stay. */
	for (size_t i = 0; i < story->n_entries && !r; i++)
		if (story->entries[i].kind == STORE_ENTRY_CHANGE)
			r = -EINVAL;

	if (!r)
		r = alarms_due_of_related(s, resource, from_ms);
	if (!r)
		r = put_entries(s, story, from_ms, from_ms, false, &none, &v);
	if (!r)
		r = sql_run(s, Q_VIEW_ENTRIES,
			    ARGS(INT(resource), INT(v.text_len), INT(v.jsonl_len),
				 INT(now_ms())));
	if (!r)
		r = folder_note(s, v.folder);
	if (!r)
		r = sql_run(s, Q_DIRTY_CLEAR, ARGS(INT(resource), INT(from_ms)));
	return r ? r : aliases_replace(s, story, false);
}

static int put_story(struct store *s, const struct store_story *story)
{
	const struct store_dirty *dirty = &story->dirty;
	int64_t resource = dirty->resource;
	int64_t entries_ms = story->n_entries
				     ? MIN(dirty->from_ms, story->entries[0].time_ms)
				     : dirty->from_ms;
	int64_t shown_ms = story->n_shown ? MIN(dirty->from_ms, story->shown[0].time_ms)
					  : dirty->from_ms;
	int64_t due_ms;
	_cleanup_(shown_put_deinit) struct shown_put put = { .told_ms = INT64_MIN };
	struct view v;
	bool known = true, fresh;
	int r = view_get(s, resource, &v);

	if (!r)
		r = story_differs(s, story, entries_ms, &due_ms);
	if (!r)
		r = alarms_due_of_related(s, resource, due_ms);
	if (!r)
		r = shown_replace(s, story, shown_ms, &put);
	if (r)
		return r;
	v.states += put.more;
	if (!put.told && !v.text_len && !v.jsonl_len)
		r = relation_known(s, resource, &known);
	if (r)
		return r;
	/* Nothing of it is derived yet: there is nothing to compare with. */
	fresh = !known;
	r = put_entries(s, story, entries_ms, due_ms, fresh, &put.gone, &v);
	if (!r)
		r = view_put(s, story, shown_ms, &v);
	if (!r)
		r = folder_note(s, v.folder);
	/* Before the aliases, which may make it dirty again. */
	if (!r)
		r = sql_run(s, Q_DIRTY_CLEAR, ARGS(INT(resource), INT(dirty->from_ms)));
	if (!r)
		r = aliases_replace(s, story, fresh);
	if (!r && story->follower)
		r = sql_run(s, Q_DIRTY_ADD,
			    ARGS(INT(story->follower), INT(story->settled_ms)));
	if (!r)
		r = names_replace(s, resource, story->names, story->n_names, fresh,
				  put.told_ms, v.newest_ms);
	return r ? r : relation_put(s, resource, &story->relations, fresh);
}

int store_put_story(struct store *s, const struct store_story *story)
{
	int r = writing(s, "story");

	if (!r)
		r = writer_uncache(s);
	if (r)
		return written(s, r);
	s->writer->putting = true;
	s->writer->in_stories = MAX(s->writer->in_stories, s->writer->next_event);
	r = story->only_entries ? put_only_entries(s, story) : put_story(s, story);
	if (!r)
		r = packs_put(s, story);
	s->writer->putting = false;
	return written(s, r);
}
