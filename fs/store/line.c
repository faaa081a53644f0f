/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading what a line tells: of an event its record, of a change its rows and one cause. A line
 * names no difference, so no state is read.
 */
#include <errno.h>

#include "model/name.h"
#include "private.h"
#include "run.h"
#include "store/activity.h"
#include "store/timeline.h"
#include "story_load.h"
#include "tell.h"

int store_event_line(struct store *s, int64_t event, struct arena *a, struct event *ret,
		     struct event_told *ret_told)
{
	struct block_row row;
	int r = story_read_event(s, event, a, ret);

	if (!r)
		r = event_tell(ret, a, ret_told);
	if (!r)
		r = event_row(s, event, &row);
	if (r)
		return r;
	ret_told->text_len = row.text_len;
	ret_told->jsonl_len = row.jsonl_len;
	return 0;
}

static int load_frame(struct store *s, int64_t resource, const struct run_row *row,
		      struct arena *a, struct story_entry *ret)
{
	_cleanup_(buf_deinit) struct buf folder = BUF_INIT;
	struct store_resource res;
	int r = store_resource_get(s, resource, a, &res);

	if (r)
		return r;
	name_resource_path(&folder, res.account, res.region, res.type, res.name);
	ret->kind = STORY_CHANGE;
	ret->account = res.account;
	ret->region = res.region;
	ret->type = res.type;
	ret->id = res.rid;
	ret->folder = arena_str(a, buf_str(&folder));
	name_state(row->time_ms, row->twin, ret->snapshot);
	return buf_error(&folder) || !ret->folder.p ? -ENOMEM : 0;
}

/* The cause by that event, or the first one: its row, evidence and confidence. */
static int find_cause(struct store *s, int64_t resource, const struct run_row *change,
		      int64_t event, struct story_event *ret, int64_t *ret_row)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_CAUSES_OF_CHANGE,
			 ARGS(INT(resource), INT(change->time_ms), INT(change->told.seq)),
			 &q);

	*ret_row = 0;
	while (!r && *ret_row == 0) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (event && col_int(q, 0) != event)
			continue;
		*ret_row = col_int(q, 0);
		ret->evidence = (uint32_t)col_int(q, 1);
		ret->confidence = (enum confidence)col_int(q, 2);
	}
	return r;
}

int store_change_line(struct store *s, int64_t state, int64_t event, struct arena *a,
		      struct story_entry *ret, struct story_event *ret_cause)
{
	_cleanup_(run_cursor_deinit) struct run_cursor c = RUN_CURSOR(s);
	const struct run_row *row;
	int64_t cause = 0;
	struct str why;
	int r = reading(s);

	*ret = (struct story_entry){ 0 };
	*ret_cause = (struct story_event){ 0 };
	if (!r)
		r = run_of_state(&c, state, &row);
	if (!r && !row->told.has_change)
		r = STORE_E_NOT_FOUND;
	if (r)
		return r;
	why = row->told.change.why;
	ret->time_ms = row->time_ms;
	ret->change.type = (enum change_type)row->told.change.change_type;
	ret->reason = (enum reason)row->told.change.reason;
	ret->why = why.n ? arena_str(a, why) : STR_NULL;
	if (why.n && !ret->why.p)
		return -ENOMEM;
	r = load_frame(s, c.resource, row, a, ret);
	if (!r)
		r = find_cause(s, c.resource, row, event, ret_cause, &cause);
	if (r || !cause)
		return r;
	ret->causes = ret_cause;
	ret->n_causes = 1;
	r = story_read_event(s, cause, a, &ret_cause->event);
	return r ? r : store_actor_of(s, &ret_cause->event, a, &ret_cause->actor);
}
