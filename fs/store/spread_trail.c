/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an account's trail reaches further: its changes that had no cause for want of a trail. Whether
 * one is such a change is told in the list of states of its resource. Where that cannot be read the
 * resource is dirty all the same: its story tells of the damage, and keeps no other from being made.
 */
#include "model/story.h"
#include "private.h"
#include "run.h"
#include "spread.h"
#include "store/derive.h"
#include "store/timeline.h"
#include "timeline_row.h"

/* A change may be captured so long after the trail's last event and yet look for its cause there. */
#define TRAIL_SLACK_MS (INT64_C(48) * 3600 * 1000)

/*
 * A trail grows by minutes while it is followed: few changes are of them, of all accounts, and an
 * account may have many resources. A trail that is new meets most of its account's changes.
 */
#define SHORT_MS INT64_C(86400000)

struct span {
	struct store *s;
	struct str account;
	struct run_cursor states;
	struct buf *dirt;
};

static void span_deinit(struct span *c)
{
	run_cursor_deinit(&c->states);
}

static bool lacks_trail(const struct run_row *row)
{
	return row->told.has_change && row->told.change.reason == REASON_NO_TRAIL;
}

/* From the first such change on. */
static int add_resource(struct span *c, int64_t resource, int64_t from_ms, int64_t to_ms)
{
	const struct run_row *row = NULL;
	int r = run_seek(&c->states, resource, from_ms, to_ms, false);

	do
		r = r ? r : run_next(&c->states, &row);
	while (!r && row && !lacks_trail(row));
	if (store_is_row_lost(c->s, r))
		dirt_add(c->dirt, resource, from_ms);
	else if (r)
		return r;
	else if (row)
		dirt_add(c->dirt, resource, row->time_ms);
	return buf_error(c->dirt);
}

static int add_account(struct span *c, int64_t from_ms, int64_t to_ms)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(c->s, Q_RESOURCES_OF_ACCOUNT, ARGS(TEXT(c->account)), &q);

	while (!r) {
		r = sql_next(c->s, q, &row);
		if (r || !row)
			break;
		r = add_resource(c, col_int(q, 0), from_ms, to_ms);
	}
	return r;
}

static int add_line(void *ctx, const struct store_line *line, bool *more _unused_)
{
	int64_t resource = state_resource(line->ref);
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct span *c = ctx;
	int r;

	if (line->kind != STORE_LINE_CHANGE)
		return 0;
	r = sql_get(c->s, Q_RESOURCE_IDENTITY, ARGS(INT(resource)), &q);
	if (r || !str_eq(col_str(q, 0), c->account))
		return r == STORE_E_NOT_FOUND ? 0 : r;
	return add_resource(c, resource, line->time_ms, line->time_ms);
}

static int add_span(struct span *c, int64_t from_ms, int64_t to_ms)
{
	struct store_line from = timeline_from(from_ms);
	int r;

	if (from_ms > to_ms)
		return 0;
	if (to_ms - from_ms >= SHORT_MS)
		return add_account(c, from_ms, to_ms);
	/* The lines of what has changed tell when. */
	r = timeline_settle(c->s);
	return r ? r : timeline_each(c->s, &from, to_ms + 1, add_line, c);
}

/* What of the account's trail is new, before and after what it was. */
static int grown_trail(struct store *s, sqlite3_stmt *q, struct buf *dirt)
{
	_cleanup_(span_deinit) struct span c = { s, col_str(q, 0), RUN_CURSOR(s), dirt };
	int64_t first = col_int(q, 1), last = col_int(q, 2);
	int r;

	if (sqlite3_column_type(q, 3) == SQLITE_NULL)
		return add_span(&c, first, last + TRAIL_SLACK_MS);
	r = add_span(&c, first, col_int(q, 3));
	if (!r && last > col_int(q, 4))
		r = add_span(&c, col_int(q, 4), last + TRAIL_SLACK_MS);
	return r;
}

int trails_grown(struct store *s, struct buf *dirt)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_TRAILS_GROWN, NO_ARGS, &q);

	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = grown_trail(s, q, dirt);
	}
	return r;
}
