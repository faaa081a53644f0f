/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting a story's listing rows. A state is listed when it is put, so most rows of a story are there
 * but for what only deriving knows: they take the place of the old ones, whose status alone goes on. A
 * change stands with the state it came with.
 */
#include "story_put.h"

#include <errno.h>

#include "private.h"
#include "run.h"

struct listing {
	const struct store_story *story;
	struct run_list old; /* those from `first` on are to be replaced */
	size_t first;
	struct buf rows; /* struct run_row, of the story */
	struct shown_put *put;
};

static void listing_deinit(struct listing *l)
{
	run_list_deinit(&l->old);
	buf_deinit(&l->rows);
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
static struct told told_of_row(const struct store_shown *row, struct changes *c,
			       int64_t *last)
{
	const struct store_entry *change = change_at(c);
	struct told told = { .measured = true,
			     .csv_len = row->csv_len,
			     .jsonl_len = row->jsonl_len,
			     .item_len = row->item_len,
			     .follows = true };

	if (change && change->ref == row->state) {
		told.has_change = true;
		told.change = *change;
		told.seq = c->seq;
		told.follows = change->previous == *last;
		*last = change->ref;
		pass(c);
	}
	return told;
}

static struct run_row row_of(const struct store_shown *shown)
{
	return (struct run_row){ .time_ms = shown->time_ms,
				 .state = shown->state,
				 .twin = shown->twin,
				 .size = shown->size,
				 .hidden = shown->hidden,
				 .name = shown->name,
				 .arn = shown->arn };
}

static int make_rows(struct store *s, int64_t from_ms, struct listing *l)
{
	struct changes changes = { .story = l->story };
	int64_t last = 0;
	int r = from_ms == INT64_MIN
			? 0
			: told_before(s, l->story->dirty.resource, from_ms, &last);

	for (size_t i = 0; i < l->story->n_shown && !r; i++) {
		struct run_row row = row_of(&l->story->shown[i]);

		row.told = told_of_row(&l->story->shown[i], &changes, &last);
		buf_put(&l->rows, &row, sizeof(row));
		r = buf_error(&l->rows);
	}
	if (!r && change_at(&changes))
		r = -EINVAL; /* a change of a state that is not listed */
	return r;
}

/* --- old rows and new --------------------------------------------------------------------- */

/* Notes what a row told before. */
static int note_old(struct listing *l, const struct told *old, int64_t time_ms,
		    int64_t state, bool hidden)
{
	struct told told = *old;

	l->put->told |= told.measured || told.has_change;
	if (told.has_change || (told.measured && !hidden))
		l->put->told_ms = MAX(l->put->told_ms, time_ms);
	told.change.time_ms = time_ms;
	told.change.ref = state;
	told.change.why = STR_NULL;
	return told.has_change ? told_change_add(&l->put->gone, &told) : 0;
}

/* States that are not listed any more, but have told of a change until now. */
static int note_unlisted(struct store *s, int64_t from_ms, struct listing *l)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t resource = l->story->dirty.resource;
	bool row = true, any = false;
	int r = sql_open(s, Q_UNLISTED_TOLD, ARGS(INT(resource), INT(from_ms)), &q);

	while (!r) {
		struct told told;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		any = true;
		r = told_of(s, q, 2, col_int(q, 1), &told);
		if (!r)
			r = note_old(l, &told, col_int(q, 0), col_int(q, 1), true);
	}
	if (!r && any)
		r = sql_run(s, Q_UNLISTED_FORGET, ARGS(INT(resource), INT(from_ms)));
	return r;
}

/* *ret: how many of the old rows are visible. */
static int note_listed(struct listing *l, int64_t *ret)
{
	size_t n;
	const struct run_row *old = run_rows(&l->old, &n);
	int r = 0;

	for (size_t i = l->first; i < n && !r; i++) {
		*ret += !old[i].hidden;
		r = note_old(l, &old[i].told, old[i].time_ms, old[i].state,
			     old[i].hidden);
	}
	return r;
}

/* The status of a state that was listed elsewhere, or not at all. */
static int find_status(struct store *s, struct run_row *row)
{
	struct state_head head;
	int r = state_head(s, row->state, &head);

	if (!r)
		row->status = (uint8_t)KIND_STATUS(head.kind);
	/* Without the state there is nothing to list. */
	return r == STORE_E_NOT_FOUND ? body_damaged(s, "state", row->state) : r;
}

/* The old row of the state, among those from *at on; both are in the order of time. */
static const struct run_row *old_row(const struct listing *l, const struct run_row *row,
				     size_t *at)
{
	size_t n;
	const struct run_row *old = run_rows(&l->old, &n);

	while (*at < n && old[*at].time_ms < row->time_ms)
		++*at;
	for (size_t i = *at; i < n && old[i].time_ms == row->time_ms; i++)
		if (old[i].state == row->state)
			return &old[i];
	return NULL;
}

static int find_statuses(struct store *s, struct listing *l)
{
	struct run_row *rows = (struct run_row *)l->rows.data;
	size_t n = l->rows.len / sizeof(*rows), at = l->first;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		const struct run_row *old = old_row(l, &rows[i], &at);

		if (old)
			rows[i].status = old->status;
		else
			r = find_status(s, &rows[i]);
	}
	return r;
}

int shown_replace(struct store *s, const struct store_story *story, int64_t from_ms,
		  struct shown_put *ret)
{
	_cleanup_(listing_deinit) struct listing l = { .story = story, .put = ret };
	int64_t before = 0, after = 0;
	size_t n_old;
	int r = make_rows(s, from_ms, &l);

	if (!r)
		r = run_list(s, story->dirty.resource, from_ms, INT64_MAX, &l.old);
	if (r)
		return r;
	l.first = run_find(&l.old, from_ms);
	(void)run_rows(&l.old, &n_old);
	r = note_listed(&l, &before);
	if (!r)
		r = note_unlisted(s, from_ms, &l);
	if (!r)
		r = find_statuses(s, &l);
	if (!r)
		r = run_put(s, &l.old, l.first, n_old,
			    (const struct run_row *)l.rows.data, story->n_shown);
	if (r)
		return r;
	for (size_t i = 0; i < story->n_shown; i++)
		after += !story->shown[i].hidden;
	ret->more = after - before;
	writer_count(s, COUNTER_SHOWN, ret->more);
	return 0;
}
