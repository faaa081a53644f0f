/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the history holds, from the sums kept with the rows: no question here depends on how
 * much there is.
 */
#include <errno.h>
#include <stdio.h>

#include "private.h"
#include "rows.h"

static int counter(struct store *s, enum counter c, uint64_t *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(c))), &q);

	*ret = r ? 0 : (uint64_t)col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* A time that was raised; -1 where there is none. */
static int raised(struct store *s, enum counter c, int64_t sign, int64_t *ret_ms)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	int r = sql_get(s, Q_COUNTER, ARGS(TEXT(counter_name(c))), &q);

	*ret_ms = r ? -1 : sign * col_int(q, 0);
	return r == STORE_E_NOT_FOUND ? 0 : r;
}

/* From when to when; -1, -1 when there is none. */
static int span(struct store *s, enum counter first, enum counter last,
		int64_t *ret_first, int64_t *ret_last)
{
	int r = raised(s, first, -1, ret_first);

	return r ? r : raised(s, last, 1, ret_last);
}

/* The file and the log beside it. */
static int bytes(const struct store *s, uint64_t *ret)
{
	_cleanup_(freep) char *log = NULL;
	struct stat st;

	/* Renamed or removed while it is open: as it was then. */
	*ret = (uint64_t)(stat(s->path, &st) ? s->stamp.st_size : st.st_size);
	if (asprintf(&log, "%s-wal", s->path) < 0) {
		log = NULL;
		return -ENOMEM;
	}
	if (!stat(log, &st))
		*ret += (uint64_t)st.st_size;
	return 0;
}

int store_totals(struct store *s, struct store_totals *ret)
{
	struct store_totals t = { 0 };
	const struct {
		enum counter c;
		uint64_t *n;
	} counts[] = {
		{ COUNTER_RESOURCE, &t.resources },
		{ COUNTER_ITEM, &t.items },
		{ COUNTER_SHOWN, &t.states },
		{ COUNTER_EVENT, &t.events },
		{ COUNTER_TRANSITION, &t.transitions },
		{ COUNTER_REFUSAL, &t.refused },
		{ COUNTER_SOURCE, &t.sources },
		{ COUNTER_NOTICE, &t.notices },
		{ COUNTER_SKIPPED, &t.skipped },
		{ COUNTER_VALUE, &t.values },
		{ COUNTER_DAY, &t.days },
		{ COUNTER_KEY, &t.keys },
		{ COUNTER_POINT, &t.points },
		{ COUNTER_METRIC_FILE, &t.metric_files },
		{ COUNTER_REMADE, &t.remade },
	};
	int r = reading(s);

	for (size_t i = 0; i < ARRAY_SIZE(counts) && !r; i++)
		r = counter(s, counts[i].c, counts[i].n);
	if (!r)
		r = span(s, COUNTER_ITEM_FIRST, COUNTER_ITEM_LAST, &t.item_first_ms,
			 &t.item_last_ms);
	if (!r)
		r = span(s, COUNTER_EVENT_FIRST, COUNTER_EVENT_LAST, &t.event_first_ms,
			 &t.event_last_ms);
	if (!r)
		r = bytes(s, &t.bytes);
	if (!r)
		*ret = t;
	return r;
}

static int tally_row(sqlite3_stmt *q, struct arena *a, void *ret)
{
	struct store_tally *t = ret;

	*t = (struct store_tally){ .what = arena_str(a, col_str(q, 0)),
				   .account = arena_str(a, col_str(q, 1)),
				   .region = arena_str(a, col_str(q, 2)),
				   .type = arena_str(a, col_str(q, 3)),
				   .n = (uint64_t)col_int(q, 4),
				   .resources = (uint64_t)col_int(q, 5),
				   .first_ms = col_int(q, 6),
				   .last_ms = col_int(q, 7) };
	return t->what.p && t->account.p && t->region.p && t->type.p ? 0 : -ENOMEM;
}

static const struct sql_shape tally_shape = { sizeof(struct store_tally), tally_row };

int store_tallies(struct store *s, struct arena *a, struct store_tally **ret,
		  size_t *ret_n)
{
	int r = reading(s);

	return r ? r : sql_list(s, Q_TALLIES, NO_ARGS, &tally_shape, a, ret, ret_n);
}

int store_tallies_of(struct store *s, struct str what, struct arena *a,
		     struct store_tally **ret, size_t *ret_n)
{
	int r = reading(s);

	return r ? r
		 : sql_list(s, Q_TALLIES_OF, ARGS(TEXT(what)), &tally_shape, a, ret,
			    ret_n);
}
