/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines by time, with their lengths; hours and days have sums of them. All is gathered and written
 * once a transaction. A place in a day's file is found by its hours, then by the lines of one hour:
 * some hundreds where a million items are of three months.
 */
#include "store/timeline.h"

#include "util/array.h"

#include "private.h"
#include "rows.h"
#include "tell.h"
#include "timeline_row.h"

#define HOUR_MS   INT64_C(3600000)
#define DAY_HOURS 24
#define LINES_MAX ((size_t)1 << 16) /* gathered; then they are written at once */

/* --- writing ------------------------------------------------------------------------------ */

static int gather(struct store *s, const struct store_line *line, int64_t sign)
{
	return sums_add(&s->writer->tell.line_sums,
			&(struct sum){ .what = line->time_ms / HOUR_MS,
				       .text_len = sign * line->text_len,
				       .jsonl_len = sign * line->jsonl_len,
				       .n = sign });
}

static int changed(struct store *s, const struct store_line *line, int sign)
{
	return gather(s, line, sign);
}

/* Resources are of all times: put in order, lines of one row come together. */
static int put_gathered(struct store *s)
{
	struct tell *t = &s->writer->tell;
	int r = timeline_apply(s, t->lines, t->n_lines, changed);

	t->n_lines = 0;
	return r;
}

static int note(struct store *s, const struct store_line *l, bool gone)
{
	struct tell *t = &s->writer->tell;
	int r = array_room(t->lines, t->n_lines, t->cap_lines, 1024);
	struct line_op *op;

	if (r)
		return r;
	op = &t->lines[t->n_lines];
	*op = (struct line_op){ .line = *l, .n = t->n_lines++, .gone = gone };
	op->line.rank = timeline_rank(l);
	return t->n_lines < LINES_MAX ? 0 : put_gathered(s);
}

int timeline_put(struct store *s, const struct store_line *l)
{
	return note(s, l, false);
}

int timeline_take(struct store *s, const struct store_line *l)
{
	return note(s, l, true);
}

static int settle_day(struct store *s, const struct sum *day)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int64_t lines;
	int r = sql_get(s, Q_TIMELINE_DAY_ADD,
			ARGS(INT(day->what), INT(day->text_len), INT(day->jsonl_len),
			     INT(day->n)),
			&q);

	if (r)
		return r;
	lines = col_int(q, 0);
	if (lines == 0) {
		if (day->n < 0)
			writer_count(s, COUNTER_DAY, -1);
		return sql_run(s, Q_TIMELINE_DAY_DELETE, ARGS(INT(day->what)));
	}
	if (lines == day->n)
		writer_count(s, COUNTER_DAY, 1);
	return 0;
}

int timeline_settle(struct store *s)
{
	struct sums *sums = &s->writer->tell.line_sums;
	struct sum day = { .what = -1 };
	int r = put_gathered(s);

	sums_merge(sums);
	for (size_t i = 0; i < sums->n && !r; i++) {
		const struct sum *hour = &sums->rows[i];

		r = sql_run(s, Q_TIMELINE_HOUR_ADD,
			    ARGS(INT(hour->what), INT(hour->text_len),
				 INT(hour->jsonl_len)));
		if (!r && day.what != hour->what / DAY_HOURS) {
			r = day.what < 0 ? 0 : settle_day(s, &day);
			day = (struct sum){ .what = hour->what / DAY_HOURS };
		}
		day.text_len += hour->text_len;
		day.jsonl_len += hour->jsonl_len;
		day.n += hour->n;
	}
	if (!r && day.what >= 0)
		r = settle_day(s, &day);
	sums->n = 0;
	return r;
}

/* --- transitions -------------------------------------------------------------------------- */

static struct store_line line_of(const struct store_transition *t)
{
	const struct str parts[] = { t->alarm, t->account, t->region, t->state };
	struct store_line line = { .time_ms = t->time_ms,
				   .kind = STORE_LINE_TRANSITION,
				   .ref = t->id };
	uint64_t hash = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		hash = hash * UINT64_C(0x9e3779b97f4a7c15) + str_hash(parts[i]);
	line.rank = (int64_t)(hash >> 1);
	return line;
}

/* What else tells of this transition: the one that names no account has no line then. */
static int settle_twins(struct store *s, const struct store_transition *t,
			bool *ret_hidden)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_TRANSITION_TWINS, ARGS(INT(t->id)), &q);

	*ret_hidden = false;
	while (!r) {
		struct store_transition twin;
		struct store_line line;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (t->account.n == 0) {
			*ret_hidden |= col_str(q, 2).n > 0;
			continue;
		}
		if (col_str(q, 2).n > 0)
			continue;
		r = store_transition_get(s, col_int(q, 1), &a, &twin);
		if (r)
			break;
		line = line_of(&twin);
		r = timeline_take(s, &line);
	}
	return r;
}

int store_tell_transition(struct store *s, int64_t transition, uint32_t text_len,
			  uint32_t jsonl_len)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_transition t;
	struct store_line line;
	bool hidden;
	int r = writing(s, "transition");

	if (!r)
		r = store_transition_get(s, transition, &a, &t);
	if (r)
		return written(s, r);
	line = line_of(&t);
	r = timeline_take(s, &line);
	if (!r)
		r = settle_twins(s, &t, &hidden);
	line.text_len = text_len;
	line.jsonl_len = jsonl_len;
	if (!r && !hidden)
		r = timeline_put(s, &line);
	return written(s, r);
}

/* --- reading ------------------------------------------------------------------------------ */

int store_timeline_newest(struct store *s, int64_t before_ms, int64_t *ret)
{
	int r = tell_reading(s);

	*ret = -1;
	return r ? r : timeline_newest(s, before_ms, ret);
}

int store_day_get(struct store *s, int64_t day, struct store_day *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = tell_reading(s);

	if (!r)
		r = sql_get(s, Q_TIMELINE_DAY, ARGS(INT(day)), &q);
	if (r)
		return r;
	*ret = (struct store_day){ .day = day,
				   .text_len = (uint64_t)col_int(q, 1),
				   .jsonl_len = (uint64_t)col_int(q, 2) };
	return store_timeline_newest(s, (day + 1) * STORE_DAY_MS, &ret->newest_ms);
}

static int day_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	(void)a;
	*(struct store_day *)ret =
		(struct store_day){ .day = col_int(q, 0),
				    .text_len = (uint64_t)col_int(q, 1),
				    .jsonl_len = (uint64_t)col_int(q, 2) };
	return 0;
}

int store_days(struct store *s, int64_t from, int64_t to, struct store_day *ret, size_t n,
	       size_t *ret_n)
{
	static const struct sql_shape shape = { sizeof(struct store_day), day_row };
	int r = tell_reading(s);

	*ret_n = 0;
	return r ? r
		 : sql_page(s, Q_TIMELINE_DAYS, ARGS(INT(from), INT(to), INT(n)), &shape,
			    NULL, ret, n, ret_n);
}

/* Lines behind one, as many as there is room for. */
struct page {
	const struct store_line *after;
	struct store_line *lines;
	size_t n, max;
};

static int fill_page(void *ctx, const struct store_line *line, bool *more)
{
	struct page *p = ctx;

	/* One that was alone may have a rank by now. */
	bool same = line->kind == p->after->kind && line->ref == p->after->ref;

	if (!same && timeline_order(line, p->after) > 0)
		p->lines[p->n++] = *line;
	*more = p->n < p->max;
	return 0;
}

int store_timeline(struct store *s, const struct store_line *after, int64_t to_ms,
		   struct store_line *ret, size_t n, size_t *ret_n)
{
	struct page page = { .after = after, .lines = ret, .max = n };
	int r = tell_reading(s);

	if (!r && n)
		r = timeline_each(s, after, to_ms, fill_page, &page);
	*ret_n = page.n;
	return r;
}

/* The hour that the byte is in, and where that begins. */
static int seek_hour(struct store *s, int64_t day, int column, uint64_t offset,
		     int64_t *ret_hour, uint64_t *ret_offset)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	uint64_t at = 0;
	int r = sql_open(s, Q_TIMELINE_HOURS,
			 ARGS(INT(day * DAY_HOURS), INT((day + 1) * DAY_HOURS - 1)), &q);

	*ret_hour = day * DAY_HOURS;
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		if (at > offset)
			break;
		*ret_hour = col_int(q, 0);
		*ret_offset = at;
		at += (uint64_t)col_int(q, column);
	}
	return r;
}

/* Goes on while lines end at or before the byte. */
struct search {
	bool jsonl;
	uint64_t offset, at;
	struct store_line *after;
	uint64_t *ret_offset;
};

static int search_line(void *ctx, const struct store_line *line, bool *more)
{
	struct search *c = ctx;

	c->at += c->jsonl ? line->jsonl_len : line->text_len;
	*more = c->at <= c->offset;
	if (*more) {
		*c->ret_offset = c->at;
		*c->after = *line;
	}
	return 0;
}

int store_timeline_seek(struct store *s, int64_t day, bool jsonl, uint64_t offset,
			struct store_line *ret_after, uint64_t *ret_offset)
{
	struct search search = { .jsonl = jsonl,
				 .offset = offset,
				 .after = ret_after,
				 .ret_offset = ret_offset };
	int64_t hour = day * DAY_HOURS;
	struct store_line from;
	int r = tell_reading(s);

	if (!r)
		r = seek_hour(s, day, jsonl ? 2 : 1, offset, &hour, &search.at);
	*ret_after = (struct store_line){ .time_ms = hour * HOUR_MS };
	*ret_offset = search.at;
	from = timeline_from(hour * HOUR_MS);
	return r ? r
		 : timeline_each(s, &from, (hour + 1) * HOUR_MS, search_line, &search);
}
