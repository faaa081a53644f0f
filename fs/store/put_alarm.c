/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking in alarms. What an alarm watches is told by its definition and by some of its
 * transitions, in any order, and holds for all of its transitions; so tokens belong to the
 * alarm. Histories from DescribeAlarmHistory name neither account nor region: such an alarm
 * is a row of its own and takes the tokens of every alarm of its name. A composite alarm takes
 * those of the alarms its rule rests on, and their dimensions, whichever of them came first.
 */
#include <errno.h>

#include "alarms.h"
#include "coverage.h"
#include "private.h"
#include "rows.h"
#include "spread.h"
#include "store/write.h"

/* Of all sources together; *ret_more: there was a new one. */
static int put_dimensions(struct store *s, int64_t id, const struct alarm *alarm,
			  bool *ret_more)
{
	int r = 0;

	for (size_t i = 0; i < alarm->n_dimensions && !r; i++) {
		r = sql_run(s, Q_ALARM_DIMENSION_PUT,
			    ARGS(INT(id), TEXT(alarm->dimensions[i].name),
				 TEXT(alarm->dimensions[i].value)));
		*ret_more = *ret_more || (!r && sqlite3_changes(s->db) > 0);
	}
	return r;
}

/* The alarm's first transition: INT64_MAX for none. */
static int earliest(struct store *s, int64_t alarm, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_ALARM_EARLIEST, ARGS(INT(alarm)), &q);

	if (!r)
		*ret = sqlite3_column_type(q, 0) == SQLITE_NULL ? INT64_MAX
								: col_int(q, 0);
	return r;
}

/* A new transition concerns all that its alarm watches. */
static int spread_transition(struct store *s, int64_t alarm, int64_t time_ms)
{
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT;
	int r = sql_all(s, Q_ALARM_TOKENS, ARGS(INT(alarm)), &sql_number, NULL, &tokens);

	if (r || !tokens.len)
		return r;
	return spread_queue(s, SPREAD_NAMED, time_ms, (const uint64_t *)tokens.data,
			    tokens.len / sizeof(uint64_t));
}

/*
 * The first alarm of a name with an account is meant by what was told without one; the second
 * makes that of no one again. Either way it is looked at anew.
 */
static int name_known(struct store *s, struct str name)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t from_ms, nameless;
	int r = sql_get(s, Q_ALARM_BY_NAME,
			ARGS(TEXT(name), TEXT(STR("")), TEXT(STR(""))), &q);

	if (r)
		return r == STORE_E_NOT_FOUND ? 0 : r;
	nameless = col_int(q, 0);
	r = earliest(s, nameless, &from_ms);
	if (r || from_ms == INT64_MAX)
		return r;
	r = alarms_due_of_alarm(s, nameless);
	return r ? r : spread_transition(s, nameless, from_ms);
}

/* *ret_more: something of it is new. */
static int alarm_get(struct store *s, const struct alarm *alarm, int64_t *ret,
		     bool *ret_more)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool more;
	int r = sql_run(s, Q_ALARM_PUT,
			ARGS(TEXT(alarm->name), TEXT(alarm->account), TEXT(alarm->region),
			     TEXT(alarm->arn), TEXT(alarm->namespace),
			     TEXT(alarm->metric)));

	more = !r && sqlite3_changes(s->db) > 0;
	if (!r)
		r = sql_get(s, Q_ALARM_BY_NAME,
			    ARGS(TEXT(alarm->name), TEXT(alarm->account),
				 TEXT(alarm->region)),
			    &q);
	if (r)
		return r;
	*ret = col_int(q, 0);
	sql_endp(&q);
	r = put_dimensions(s, *ret, alarm, &more);
	if (!r && more)
		r = alarms_due_of_alarm(s, *ret);
	*ret_more = more;
	return r || !more || !alarm->account.n ? r : name_known(s, alarm->name);
}

/* Tokens that are new to the alarm concern all its transitions. */
static int put_tokens(struct store *s, int64_t alarm, const uint64_t *tokens, size_t n,
		      bool *ret_more)
{
	int64_t from_ms = INT64_MAX;
	bool more = false;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		r = sql_run(s, Q_ALARM_MENTION_INSERT, ARGS(INT(tokens[i]), INT(alarm)));
		more = more || (!r && sqlite3_changes(s->db) > 0);
	}
	*ret_more = *ret_more || more;
	if (!r && more)
		r = alarms_due_of_alarm(s, alarm);
	if (!r && more)
		r = earliest(s, alarm, &from_ms);
	if (r || from_ms == INT64_MAX)
		return r;
	return spread_queue(s, SPREAD_NAMED, from_ms, tokens, n);
}

/* --- composite alarms ---------------------------------------------------------------------- */

/* What the child watches, its parent watches. */
static int adopt(struct store *s, int64_t parent, int64_t child, bool *ret_more)
{
	_cleanup_(buf_deinit) struct buf tokens = BUF_INIT;
	int r = sql_run(s, Q_ALARM_DIMENSIONS_ADOPT, ARGS(INT(parent), INT(child)));

	if (!r && sqlite3_changes(s->db) > 0) {
		*ret_more = true;
		r = alarms_due_of_alarm(s, parent);
	}
	if (!r)
		r = sql_all(s, Q_ALARM_MENTIONS, ARGS(INT(child)), &sql_number, NULL,
			    &tokens);
	return r ? r
		 : put_tokens(s, parent, (const uint64_t *)tokens.data,
			      tokens.len / sizeof(uint64_t), ret_more);
}

static int put_children(struct store *s, int64_t id, const struct alarm *alarm,
			bool *ret_more)
{
	int r = 0;

	for (size_t i = 0; i < alarm->n_children && !r; i++) {
		_cleanup_(sql_endp) sqlite3_stmt *q = NULL;

		r = sql_run(s, Q_ALARM_CHILD_PUT,
			    ARGS(INT(id), TEXT(alarm->children[i])));
		if (r || !sqlite3_changes(s->db))
			continue;
		*ret_more = true;
		r = alarms_due_of_alarm(s, id);
		if (!r)
			r = sql_get(s, Q_ALARM_BY_NAME,
				    ARGS(TEXT(alarm->children[i]), TEXT(alarm->account),
					 TEXT(alarm->region)),
				    &q);
		if (!r && col_int(q, 0) != id)
			r = adopt(s, id, col_int(q, 0), ret_more);
		if (r == STORE_E_NOT_FOUND)
			r = 0;
	}
	return r;
}

/* Up to all that rest on it; a circle ends, since nothing is adopted twice. */
static int spread_up(struct store *s, int64_t id)
{
	_cleanup_(buf_deinit) struct buf due = BUF_INIT, parents = BUF_INIT;
	int r = 0;

	buf_put(&due, &id, sizeof(id));
	while (!r && due.len) {
		int64_t child;

		due.len -= sizeof(child);
		memcpy(&child, due.data + due.len, sizeof(child));
		buf_reset(&parents);
		r = sql_all(s, Q_ALARM_PARENTS, ARGS(INT(child)), &sql_number, NULL,
			    &parents);
		for (size_t i = 0; !r && i < parents.len / sizeof(int64_t); i++) {
			int64_t parent = ((const int64_t *)parents.data)[i];
			bool more = false;

			r = adopt(s, parent, child, &more);
			if (!r && more)
				buf_put(&due, &parent, sizeof(parent));
		}
		if (!r)
			r = buf_error(&due);
	}
	return r;
}

/* The alarm itself, with what it watches by its metrics and by its children. */
static int put_alarm(struct store *s, const struct alarm *alarm,
		     const struct mention_set *mentions, int64_t *ret)
{
	bool more = false;
	int r = alarm_get(s, alarm, ret, &more);

	if (!r && mentions)
		r = put_tokens(s, *ret, mentions->tokens, mentions->n, &more);
	if (!r)
		r = put_children(s, *ret, alarm, &more);
	return r || !more ? r : spread_up(s, *ret);
}

/* The greater of two texts; the row's is copied, as its statement goes on meanwhile. */
static bool take_greater(struct str ours, sqlite3_stmt *q, int column, struct buf *ret)
{
	struct str theirs = col_str(q, column);
	bool greater = str_cmp(ours, theirs) > 0;

	buf_put_str(ret, greater ? ours : theirs);
	return greater;
}

/* Known: what one source left out, another may tell. The greater text, whichever came first. */
static int fill_transition(struct store *s, int64_t alarm, const struct transition *t,
			   enum store_put *ret, int64_t *ret_row)
{
	_cleanup_(buf_deinit) struct buf previous = BUF_INIT, reason = BUF_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool more;
	int r = sql_get(s, Q_TRANSITION_BY_IDENTITY,
			ARGS(INT(alarm), INT(t->time_ms), TEXT(t->state)), &q);

	if (r)
		return r;
	*ret_row = col_int(q, 0);
	more = take_greater(t->previous_state, q, 1, &previous);
	more = take_greater(t->reason, q, 2, &reason) || more;
	r = buf_error(&previous);
	if (!r)
		r = buf_error(&reason);
	*ret = more ? STORE_PUT_FULLER : STORE_PUT_KNOWN;
	if (r || !more)
		return r;
	return sql_run(s, Q_TRANSITION_FILL,
		       ARGS(INT(col_int(q, 0)), TEXT(buf_str(&previous)),
			    TEXT(buf_str(&reason))));
}

static int put_row(struct store *s, int64_t alarm, const struct transition *t,
		   int64_t source_id, enum store_put *ret, int64_t *ret_row)
{
	struct buf *pack = &s->writer->pack;
	int r = body_pack_prefix(s, t->raw, STR_NULL, pack);

	if (!r)
		r = sql_run(s, Q_TRANSITION_INSERT,
			    ARGS(INT(alarm), INT(t->time_ms), TEXT(t->state),
				 TEXT(t->previous_state), TEXT(t->reason), INT(source_id),
				 INT(t->raw.n), BLOB(buf_str(pack))));
	if (r)
		return r;
	if (sqlite3_changes(s->db) == 0)
		return fill_transition(s, alarm, t, ret, ret_row);
	*ret_row = sqlite3_last_insert_rowid(s->db);
	*ret = STORE_PUT_NEW;
	r = alarms_due(s, sqlite3_last_insert_rowid(s->db));
	if (r)
		return r;
	writer_count(s, COUNTER_TRANSITION, 1);
	r = coverage_day_add(s, COVERAGE_ALARM, t->alarm.account, t->alarm.region,
			     t->time_ms, 1, 0);
	if (r)
		return r;
	return writer_tally(s, STR("alarm"), t->alarm.account, t->alarm.region, STR_NULL,
			    1, 0, t->time_ms);
}

int store_put_transition(struct store *s, const struct transition *t,
			 const struct mention_set *mentions, int64_t source_id,
			 enum store_put *ret, int64_t *ret_row)
{
	enum store_put put = STORE_PUT_KNOWN;
	int64_t alarm;
	int r = writing(s, "transition");

	if (!r)
		r = put_alarm(s, &t->alarm, mentions, &alarm);
	if (!r)
		r = put_row(s, alarm, t, source_id, &put, ret_row);
	if (!r && put == STORE_PUT_FULLER)
		r = alarms_due_of_alarm(s, alarm);
	if (!r && put != STORE_PUT_KNOWN)
		r = spread_transition(s, alarm, t->time_ms);
	if (!r)
		*ret = put;
	return written(s, r);
}

int store_put_alarm(struct store *s, const struct alarm *alarm,
		    const struct mention_set *mentions)
{
	int64_t id;
	int r = writing(s, "alarm");

	if (!r)
		r = put_alarm(s, alarm, mentions, &id);
	return written(s, r);
}
