/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telling of events: where each stands in the files of its values, and in the timeline if it is
 * an attempt. What is gathered lives until the commit.
 */
#include "tell.h"

#include <stdlib.h>

#include "model/event.h"
#include "util/array.h"

#include "private.h"
#include "rows.h"

#define CACHED_MAX 131072     /* values; then the cache starts over */
#define ROWS_MAX   (1u << 19) /* gathered places; then they are written at once */
#define HASH_BITS  53         /* of a rank: the milliseconds are above */

int64_t tell_rank(int64_t time_ms, uint64_t hash)
{
	return (time_ms % 1000) << HASH_BITS | (int64_t)(hash >> (64 - HASH_BITS));
}

int64_t tell_rank_ms(int64_t rank)
{
	return rank >> HASH_BITS;
}

static void forget_cached(struct tell *t)
{
	map_clear(&t->values);
	arena_reset(&t->cached);
}

void tell_forget(struct tell *t)
{
	forget_cached(t);
	t->n = t->n_late = 0;
	buf_reset(&t->names);
	t->n_lines = 0;
	t->value_sums.n = 0;
	t->line_sums.n = 0;
}

void tell_deinit(struct tell *t)
{
	map_deinit(&t->values);
	buf_deinit(&t->names);
	arena_deinit(&t->cached);
	free(t->rows);
	free(t->lines);
	sums_deinit(&t->value_sums);
	sums_deinit(&t->line_sums);
}

int tell_begin(struct store *s)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	struct tell *t = &s->writer->tell;
	int r;

	if (t->values.n > CACHED_MAX)
		forget_cached(t);
	r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(COUNTER_TOLD))), &q);
	t->seq = r ? 0 : col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int tell_settle(struct store *s)
{
	int r = values_settle(s);

	return r ? r : timeline_settle(s);
}

int tell_reading(struct store *s)
{
	int r = s->writer && s->who ? written(s, tell_settle(s)) : 0;

	return r ? r : reading(s);
}

static int add_place(struct tell *t, const struct act_row *row)
{
	int r = array_room(t->rows, t->n, t->cap, 4096);

	if (r)
		return r;
	t->rows[t->n++] = *row;
	t->n_late += row->late;
	return 0;
}

/* Was a newer one of the value's there when rows were written last? */
static bool is_late(const struct tell *t, struct value_node *value, int64_t time_ms)
{
	if (value->settle != t->settle) {
		value->settle = t->settle;
		value->settled_ms = value->newest_ms;
	}
	value->newest_ms = MAX(value->newest_ms, time_ms);
	return time_ms < value->settled_ms;
}

static int add_places(struct store *s, const struct event *e, int64_t id,
		      const struct event_told *told)
{
	const struct store_event_values of = tell_values_of(e, told);
	struct tell *t = &s->writer->tell;
	struct value_node *values[VALUES_MAX];
	size_t n;
	int64_t role, parent = 0;
	int r = tell_values(s, &of, values, &n);

	if (r)
		return r;
	role = told->role.n ? values[1]->id : 0;
	/* The session is what the event's access key stands for, else the last of its values. */
	if (told->session.n) {
		struct value_node *unit = values[n - 1];

		if (e->access_key.n)
			r = value_get(s, STORE_VALUE_ACCESS_KEY, e->access_key, &unit);
		if (!r)
			r = unit_note(s, unit, e, told, values[0]->id, role);
		parent = unit->id;
	}
	if (!r && event_issues_session(e) && !e->failed)
		r = opening_note(s, e, id, values[0]->id, role, parent);
	for (size_t i = 0; i < n && !r; i++)
		r = add_place(t, &(struct act_row){
					 .value = values[i]->id,
					 .time_ms = e->time_ms,
					 .event = id,
					 .text_len = told->text_len,
					 .jsonl_len = told->jsonl_len,
					 .unit = values[i]->unit_ms != INT64_MAX,
					 .late = is_late(t, values[i], e->time_ms) });
	return r;
}

int tell_event(struct store *s, const struct event *e, int64_t id, uint64_t key,
	       const struct event_told *told)
{
	int r = add_places(s, e, id, told);

	if (!r && e->failed && !e->read_only)
		r = timeline_put(s,
				 &(struct store_line){ .time_ms = e->time_ms,
						       .kind = STORE_LINE_ATTEMPT,
						       .rank = tell_rank(e->time_ms, key),
						       .ref = id,
						       .text_len = told->text_len,
						       .jsonl_len = told->jsonl_len });
	if (!r && s->writer->tell.n >= ROWS_MAX)
		r = values_settle(s);
	return r;
}

/* --- what was there before there was a timeline ------------------------------------------- */

/* The last row that nothing is told of; 0: none. */
static int untold(struct store *s, enum counter c, int64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *last = NULL;
	int r = reading(s);

	if (!r)
		r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(c))), &last);
	*ret = r ? 0 : col_int(last, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

int store_untold_events(struct store *s, int64_t *ret, size_t n, size_t *ret_n)
{
	int64_t last;
	int r = untold(s, COUNTER_UNTOLD_EVENT, &last);

	*ret_n = 0;
	return r ? r : events_down(s, last, ret, n, ret_n);
}

int store_untold_transitions(struct store *s, int64_t *ret, size_t n, size_t *ret_n)
{
	int64_t last;
	int r = untold(s, COUNTER_UNTOLD_TRANSITION, &last);

	*ret_n = 0;
	return r || !last ? r
			  : sql_page(s, Q_TRANSITIONS_DOWN, ARGS(INT(last), INT(n)),
				     &sql_number, NULL, ret, n, ret_n);
}

int store_tell_event(struct store *s, int64_t event, const struct event *e,
		     struct str identity, const struct event_told *told)
{
	int r = writing(s, "event");

	if (!r)
		r = event_row_tell(s, event, told->text_len, told->jsonl_len);
	if (!r)
		r = tell_event(s, e, event, str_hash(identity), told);
	return written(s, r);
}

int store_told_events(struct store *s, int64_t down_to)
{
	return sql_run(s, Q_COUNTER_SET,
		       ARGS(TEXT(counter_name(COUNTER_UNTOLD_EVENT)), INT(down_to - 1)));
}

int store_told_transitions(struct store *s, int64_t down_to)
{
	return sql_run(s, Q_COUNTER_SET,
		       ARGS(TEXT(counter_name(COUNTER_UNTOLD_TRANSITION)),
			    INT(down_to - 1)));
}
