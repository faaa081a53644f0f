/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a story's listing rows. A state is listed when it is put, and most rows of a story are
 * there as they should be but for the lengths that only deriving knows; so old and new ones are
 * compared, and a row is written where they differ. A change stands with the state it came with.
 */
#include "story_put.h"

#include <errno.h>

#include "private.h"

enum act { ACT_INSERT, ACT_KEEP, ACT_TELL, ACT_REPLACE };

struct key {
	int64_t time_ms, twin;
};

struct comparison {
	const struct store_story *story;
	struct buf acts; /* char each, of new rows: an enum act */
	struct buf told; /* what is told of new rows, end to end */
	struct buf ends; /* size_t each: where that of a new row ends */
	struct buf gone; /* struct key: old rows without a new one */
	size_t at;       /* new rows before it are compared */
	int64_t visible; /* of the old rows */
	struct shown_put *put;
};

static void comparison_deinit(struct comparison *c)
{
	buf_deinit(&c->acts);
	buf_deinit(&c->told);
	buf_deinit(&c->ends);
	buf_deinit(&c->gone);
}

/* --- what is told of the new rows --------------------------------------------------------- */

/* The changes among a story's entries, in their order. */
struct changes {
	const struct store_story *story;
	size_t at;    /* the entry looked at next */
	uint64_t seq; /* its order in its millisecond */
};

static const struct store_entry *entry_at(const struct changes *c)
{
	return c->at < c->story->n_entries ? &c->story->entries[c->at] : NULL;
}

static void pass(struct changes *c)
{
	const struct store_entry *e = entry_at(c), *next;

	c->at++;
	next = entry_at(c);
	c->seq = next && next->time_ms == e->time_ms ? c->seq + 1 : 0;
}

/* The next change, past all that is none. */
static const struct store_entry *change_at(struct changes *c)
{
	while (entry_at(c) && entry_at(c)->kind != STORE_ENTRY_CHANGE)
		pass(c);
	return entry_at(c);
}

/* `last` is the state of the change before. */
static void tell_row(const struct store_shown *row, struct changes *c, int64_t *last,
		     struct buf *out)
{
	const struct store_entry *change = change_at(c);
	struct told told = { .measured = true,
			     .csv_len = row->csv_len,
			     .jsonl_len = row->jsonl_len,
			     .item_len = row->item_len };

	if (change && change->ref == row->state) {
		told.has_change = true;
		told.change = *change;
		told.seq = c->seq;
		told.follows = change->previous == *last;
		*last = change->ref;
		pass(c);
	}
	told_put(out, &told);
}

static int tell_rows(struct store *s, int64_t from_ms, struct comparison *c)
{
	struct changes changes = { .story = c->story };
	int64_t last = 0;
	int r = from_ms == INT64_MIN
			? 0
			: told_before(s, c->story->dirty.resource, from_ms, &last);

	for (size_t i = 0; i < c->story->n_shown && !r; i++) {
		tell_row(&c->story->shown[i], &changes, &last, &c->told);
		buf_put(&c->ends, &c->told.len, sizeof(c->told.len));
		r = buf_error(&c->told);
	}
	if (!r && change_at(&changes))
		r = -EINVAL; /* a change of a state that is not listed */
	return r ? r : buf_error(&c->ends);
}

static struct str told_row(const struct comparison *c, size_t i)
{
	const size_t *ends = (const size_t *)c->ends.data;
	size_t start = i ? ends[i - 1] : 0;

	return (struct str){ c->told.data + start, ends[i] - start };
}

/* --- old rows and new --------------------------------------------------------------------- */

static int by_key(const struct store_shown *row, sqlite3_stmt *q)
{
	int64_t time_ms = col_int(q, 0), twin = col_int(q, 1);

	if (row->time_ms != time_ms)
		return row->time_ms < time_ms ? -1 : 1;
	return (row->twin > twin) - (row->twin < twin);
}

static enum act act_on(const struct store_shown *row, struct str told, sqlite3_stmt *q)
{
	if (col_int(q, 2) != row->state)
		return ACT_REPLACE; /* its status is another state's */
	if (col_int(q, 3) == row->size && (col_int(q, 4) != 0) == row->hidden &&
	    str_eq(col_str(q, 5), row->name) && str_eq(col_str(q, 6), row->arn) &&
	    str_eq(col_str(q, 7), told))
		return ACT_KEEP;
	return ACT_TELL;
}

/* Notes what a row told before. */
static int note_old(struct store *s, sqlite3_stmt *q, int column, int64_t time_ms,
		    int64_t state, bool hidden, struct comparison *c)
{
	struct told told;
	int r = told_of(s, q, column, state, &told);

	if (r)
		return r;
	c->put->told |= told.measured || told.has_change;
	if (told.has_change || (told.measured && !hidden))
		c->put->told_ms = MAX(c->put->told_ms, time_ms);
	told.change.time_ms = time_ms;
	told.change.ref = state;
	told.change.why = STR_NULL;
	return told.has_change ? told_change_add(&c->put->gone, &told) : 0;
}

/* An old row; both come in the same order. */
static int compare_row(struct store *s, struct comparison *c, sqlite3_stmt *q)
{
	const struct store_story *story = c->story;
	struct key key = { col_int(q, 0), col_int(q, 1) };

	c->visible += col_int(q, 4) == 0;
	while (c->at < story->n_shown && by_key(&story->shown[c->at], q) < 0)
		c->at++;
	if (c->at < story->n_shown && by_key(&story->shown[c->at], q) == 0) {
		c->acts.data[c->at] =
			(char)act_on(&story->shown[c->at], told_row(c, c->at), q);
		c->at++;
	} else {
		buf_put(&c->gone, &key, sizeof(key));
	}
	return note_old(s, q, 7, key.time_ms, col_int(q, 2), col_int(q, 4) != 0, c);
}

/* States that are not listed any more, but have told of a change until now. */
static int compare_unlisted(struct store *s, int64_t from_ms, struct comparison *c)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t resource = c->story->dirty.resource;
	bool row = true, any = false;
	int r = sql_open(s, Q_UNLISTED_TOLD, ARGS(INT(resource), INT(from_ms)), &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		any = true;
		r = note_old(s, q, 2, col_int(q, 0), col_int(q, 1), true, c);
	}
	if (!r && any)
		r = sql_run(s, Q_UNLISTED_FORGET, ARGS(INT(resource), INT(from_ms)));
	return r;
}

static int compare(struct store *s, int64_t from_ms, struct comparison *c)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r;

	for (size_t i = 0; i < c->story->n_shown; i++)
		buf_put_char(&c->acts, ACT_INSERT);
	r = buf_error(&c->acts);
	if (!r)
		r = sql_open(s, Q_SHOWN_FROM,
			     ARGS(INT(c->story->dirty.resource), INT(from_ms)), &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = compare_row(s, c, q);
	}
	return r ? r : buf_error(&c->gone);
}

static int delete (struct store *s, int64_t resource, int64_t time_ms, int64_t twin)
{
	return sql_run(s, Q_SHOWN_DELETE, ARGS(INT(resource), INT(time_ms), INT(twin)));
}

static struct sql_arg text_or_null(struct str text)
{
	return text.n ? TEXT(text) : NUL;
}

static int put_row(struct store *s, int64_t resource, const struct store_shown *row,
		   struct str told, enum act act)
{
	int r = 0;

	if (act == ACT_KEEP)
		return 0;
	if (act == ACT_TELL)
		return sql_run(s, Q_SHOWN_TELL,
			       ARGS(INT(resource), INT(row->time_ms), INT(row->twin),
				    INT(row->size), INT(row->hidden),
				    text_or_null(row->name), text_or_null(row->arn),
				    BLOB(told)));
	if (act == ACT_REPLACE)
		r = delete (s, resource, row->time_ms, row->twin);
	return r ? r
		 : sql_run(s, Q_SHOWN_PUT,
			   ARGS(INT(resource), INT(row->time_ms), INT(row->twin),
				INT(row->state), INT(row->size), INT(row->hidden),
				text_or_null(row->name), text_or_null(row->arn),
				BLOB(told)));
}

static int put(struct store *s, const struct comparison *c)
{
	const struct key *gone = (const struct key *)c->gone.data;
	const struct store_story *story = c->story;
	int64_t resource = story->dirty.resource;
	int r = 0;

	for (size_t i = 0; i < c->gone.len / sizeof(*gone) && !r; i++)
		r = delete (s, resource, gone[i].time_ms, gone[i].twin);
	for (size_t i = 0; i < story->n_shown && !r; i++)
		r = put_row(s, resource, &story->shown[i], told_row(c, i),
			    (enum act)c->acts.data[i]);
	return r;
}

int shown_replace(struct store *s, const struct store_story *story, int64_t from_ms,
		  struct shown_put *ret)
{
	_cleanup_(comparison_deinit) struct comparison c = { .story = story, .put = ret };
	int64_t visible = 0;
	int r = tell_rows(s, from_ms, &c);

	if (!r)
		r = compare(s, from_ms, &c);
	if (!r)
		r = compare_unlisted(s, from_ms, &c);
	if (!r)
		r = put(s, &c);
	if (r)
		return r;
	for (size_t i = 0; i < story->n_shown; i++)
		visible += !story->shown[i].hidden;
	ret->more = visible - c.visible;
	writer_count(s, COUNTER_SHOWN, ret->more);
	return 0;
}
