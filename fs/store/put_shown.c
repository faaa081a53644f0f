/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a story's listing rows. A state is listed when it is put, and most rows of a story are
 * there as they should be but for the lengths that only deriving knows; so old and new ones are
 * compared, and a row is written where they differ.
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
	struct buf gone; /* struct key: old rows without a new one */
	size_t at;       /* new rows before it are compared */
	int64_t visible; /* of the old rows */
	bool told;       /* an old row has lengths: a story was made */
};

static void comparison_deinit(struct comparison *c)
{
	buf_deinit(&c->acts);
	buf_deinit(&c->gone);
}

static int by_key(const struct store_shown *row, sqlite3_stmt *q)
{
	int64_t time_ms = col_int(q, 0), twin = col_int(q, 1);

	if (row->time_ms != time_ms)
		return row->time_ms < time_ms ? -1 : 1;
	return (row->twin > twin) - (row->twin < twin);
}

static bool is_number(sqlite3_stmt *q, int column, uint32_t value)
{
	return sqlite3_column_type(q, column) != SQLITE_NULL &&
	       col_int(q, column) == value;
}

static enum act act_on(const struct store_shown *row, sqlite3_stmt *q)
{
	if (col_int(q, 2) != row->state)
		return ACT_REPLACE; /* its status is another state's */
	if (col_int(q, 3) == row->size && (col_int(q, 4) != 0) == row->hidden &&
	    str_eq(col_str(q, 5), row->name) && str_eq(col_str(q, 6), row->arn) &&
	    is_number(q, 7, row->csv_len) && is_number(q, 8, row->jsonl_len) &&
	    is_number(q, 9, row->item_len))
		return ACT_KEEP;
	return ACT_TELL;
}

/* An old row; both come in the same order. */
static void compare_row(struct comparison *c, sqlite3_stmt *q)
{
	const struct store_story *story = c->story;
	struct key key = { col_int(q, 0), col_int(q, 1) };

	c->visible += col_int(q, 4) == 0;
	c->told = c->told || sqlite3_column_type(q, 7) != SQLITE_NULL;
	while (c->at < story->n_shown && by_key(&story->shown[c->at], q) < 0)
		c->at++;
	if (c->at < story->n_shown && by_key(&story->shown[c->at], q) == 0) {
		c->acts.data[c->at] = (char)act_on(&story->shown[c->at], q);
		c->at++;
	} else {
		buf_put(&c->gone, &key, sizeof(key));
	}
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
		compare_row(c, q);
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
		   enum act act)
{
	int r = 0;

	if (act == ACT_KEEP)
		return 0;
	if (act == ACT_TELL)
		return sql_run(s, Q_SHOWN_TELL,
			       ARGS(INT(resource), INT(row->time_ms), INT(row->twin),
				    INT(row->size), INT(row->hidden),
				    text_or_null(row->name), text_or_null(row->arn),
				    INT(row->csv_len), INT(row->jsonl_len),
				    INT(row->item_len)));
	if (act == ACT_REPLACE)
		r = delete (s, resource, row->time_ms, row->twin);
	return r ? r
		 : sql_run(s, Q_SHOWN_PUT,
			   ARGS(INT(resource), INT(row->time_ms), INT(row->twin),
				INT(row->state), INT(row->size), INT(row->hidden),
				text_or_null(row->name), text_or_null(row->arn),
				INT(row->csv_len), INT(row->jsonl_len),
				INT(row->item_len)));
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
		r = put_row(s, resource, &story->shown[i], (enum act)c->acts.data[i]);
	return r;
}

int shown_replace(struct store *s, const struct store_story *story, int64_t from_ms,
		  int64_t *ret_more, bool *ret_told)
{
	_cleanup_(comparison_deinit) struct comparison c = { .story = story };
	int64_t visible = 0;
	int r = compare(s, from_ms, &c);

	if (!r)
		r = put(s, &c);
	if (r)
		return r;
	for (size_t i = 0; i < story->n_shown; i++)
		visible += !story->shown[i].hidden;
	*ret_more = visible - c.visible;
	*ret_told = c.told;
	writer_count(s, COUNTER_SHOWN, *ret_more);
	return 0;
}
