/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places in the files of activity/ by offset. How long a day's lines are is kept; within it the lines
 * are added up from the end that is nearer. That takes each event's row, but not its place among those
 * of its millisecond, which is only looked for where it matters; and of the day no more than an hour is
 * held at once.
 */
#include "store/activity.h"

#include <stdlib.h>

#include "merged.h"
#include "posting.h"
#include "private.h"
#include "rows.h"
#include "tell.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* A day of the file. */
struct day {
	int64_t day;
	uint64_t start, len; /* bytes */
};

/* The one that the byte is in; the last one, if it is behind all. */
static int seek_day(struct store *s, int64_t value, bool jsonl, uint64_t offset,
		    struct day *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_VALUE_DAYS, ARGS(INT(value)), &q);

	*ret = (struct day){ 0 };
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row || ret->start + ret->len > offset)
			break;
		*ret = (struct day){ .day = col_int(q, 0),
				     .start = ret->start + ret->len,
				     .len = (uint64_t)col_int(q, jsonl ? 2 : 1) };
	}
	return r;
}

static int length_of(struct store *s, int64_t event, bool jsonl, uint64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *caused = NULL;
	struct block_row row;
	int r = event_row(s, event, &row);

	if (!r)
		r = sql_get(s, Q_CAUSED_LENGTHS, ARGS(INT(event)), &caused);
	if (!r)
		*ret = (jsonl ? row.jsonl_len : row.text_len) +
		       (uint64_t)col_int(caused, jsonl);
	return r;
}

/* --- the millisecond ---------------------------------------------------------------------- */

struct place {
	int64_t time_ms, event;
};

static int by_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static int add_place(void *ctx, const struct posting *p, bool *more _unused_)
{
	const struct place place = { p->time_ms, p->event };

	buf_put(ctx, &place, sizeof(place));
	return buf_error(ctx);
}

struct seeking {
	struct store *s;
	bool jsonl;
	uint64_t offset, at; /* sought, and where the walk is */
	int64_t time_ms;     /* what is at that place, or behind it */
	bool found;
	size_t first; /* place of that millisecond */
	const struct merged *runs;
	size_t n_runs;
	struct buf places;
};

static void seeking_deinit(struct seeking *k)
{
	buf_deinit(&k->places);
}

static int gather_hour(struct seeking *k, int64_t from_ms)
{
	const struct merged *runs = k->runs;
	int64_t to_ms = from_ms + HOUR_MS - 1;
	int r = 0;

	buf_reset(&k->places);
	for (size_t i = 0; i < k->n_runs && !r; i++)
		if (runs[i].first <= to_ms / 1000 && runs[i].last >= from_ms / 1000)
			r = postings_each(k->s, runs[i].list, runs[i].value, from_ms,
					  to_ms, add_place, &k->places);
	if (k->places.len)
		qsort(k->places.data, k->places.len / sizeof(struct place),
		      sizeof(struct place), by_time);
	return r;
}

/* From the beginning of the day: the millisecond that the byte is in. */
static int walk_up(struct seeking *k)
{
	const struct place *all = (const struct place *)k->places.data;
	size_t n = k->places.len / sizeof(*all);
	uint64_t end = k->at;
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		uint64_t length = 0;

		if (i == 0 || all[i].time_ms != all[i - 1].time_ms) {
			k->at = end;
			k->time_ms = all[i].time_ms;
			k->first = i;
		}
		r = length_of(k->s, all[i].event, k->jsonl, &length);
		end += length;
		k->found = end > k->offset;
		if (k->found)
			return r;
	}
	k->at = end;
	if (n)
		k->time_ms = all[n - 1].time_ms + 1;
	return r;
}

/* From the end of the day: the last millisecond that begins at or before the byte. */
static int walk_down(struct seeking *k)
{
	const struct place *all = (const struct place *)k->places.data;
	int r = 0;

	for (size_t i = k->places.len / sizeof(*all); i-- > 0 && !r;) {
		uint64_t length = 0;

		r = length_of(k->s, all[i].event, k->jsonl, &length);
		k->at -= MIN(length, k->at);
		k->time_ms = all[i].time_ms;
		k->first = i;
		k->found = k->at <= k->offset &&
			   (i == 0 || all[i - 1].time_ms != all[i].time_ms);
		if (k->found)
			break;
	}
	return r;
}

static int seek_millisecond(struct seeking *k, const struct day *d)
{
	bool down = k->offset - MIN(d->start, k->offset) > d->len / 2;
	int64_t first_ms = d->day * DAY_MS;
	int r = 0;

	k->at = down ? d->start + d->len : d->start;
	k->time_ms = down ? first_ms + DAY_MS : first_ms;
	k->found = down && k->at <= k->offset;
	for (int64_t i = 0; i < 24 && !r && !k->found; i++) {
		r = gather_hour(k, first_ms + (down ? 23 - i : i) * HOUR_MS);
		if (!r)
			r = down ? walk_down(k) : walk_up(k);
	}
	return r;
}

/* --- the event ---------------------------------------------------------------------------- */

/* The acts of the millisecond, in their order; appended. */
static int rank_acts(struct seeking *k, struct buf *ret)
{
	const struct place *all = (const struct place *)k->places.data;
	int r = 0;

	for (size_t i = k->first; i < k->places.len / sizeof(*all) && !r; i++) {
		struct store_act act = { .second = k->time_ms / 1000,
					 .event = all[i].event };
		uint64_t key = 0;

		if (all[i].time_ms != k->time_ms)
			break;
		r = event_row_key(k->s, act.event, &key);
		act.rank = tell_rank(k->time_ms, key);
		buf_put(ret, &act, sizeof(act));
	}
	if (!r)
		r = buf_error(ret);
	if (!r && ret->len)
		qsort(ret->data, ret->len / sizeof(struct store_act),
		      sizeof(struct store_act), merged_order);
	return r == STORE_E_NOT_FOUND ? STORE_E_DAMAGED : r;
}

/* Behind those of the millisecond that end at or before the byte. */
static int seek_act(struct seeking *k, struct store_act *ret_after, uint64_t *ret_offset)
{
	_cleanup_(buf_deinit) struct buf acts = BUF_INIT;
	const struct store_act *all;
	int r = rank_acts(k, &acts);

	all = (const struct store_act *)acts.data;
	for (size_t i = 0, n = acts.len / sizeof(*all); i < n && !r; i++) {
		uint64_t length;

		r = length_of(k->s, all[i].event, k->jsonl, &length);
		if (r || k->at + length > k->offset)
			break;
		k->at += length;
		/* What stands there twice is read on behind as a whole. */
		if (i + 1 < n && merged_order(&all[i], &all[i + 1]) == 0)
			continue;
		*ret_offset = k->at;
		*ret_after = all[i];
	}
	return r;
}

int store_activity_seek(struct store *s, int64_t value, bool jsonl, uint64_t offset,
			struct store_act *ret_after, uint64_t *ret_offset)
{
	_cleanup_(seeking_deinit) struct seeking k = { s, jsonl, .offset = offset };
	struct day day;
	int r = tell_reading(s);

	if (!r)
		r = seek_day(s, value, jsonl, offset, &day);
	if (!r)
		r = merged_find(s, value, &k.runs, &k.n_runs);
	if (!r)
		r = seek_millisecond(&k, &day);
	/* Before the first one that there may be of it. */
	*ret_after = (struct store_act){ .second = k.time_ms / 1000,
					 .rank = tell_rank(k.time_ms, 0),
					 .event = -1 };
	*ret_offset = k.at;
	if (!r && k.found && k.at < offset)
		r = seek_act(&k, ret_after, ret_offset);
	return r;
}
