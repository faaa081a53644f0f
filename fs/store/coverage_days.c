/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading days of coverage. An account has some hundred of them, and the tables of status/ tell of
 * all: a row that a statement returns costs more than what is in it, so the days of an account come
 * as one, gathered by an aggregate of ours. They are handed to it along the table's key, but SQLite
 * does not promise that: who reads them looks whether they are in order.
 *
 *   coverage_days(source, region, day, n, writes, first_ms, hours, last_ms)
 *                                  in a blob: struct head, a struct day of each, their regions' names
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "coverage.h"
#include "private.h"
#include "rows.h"

struct head {
	uint64_t n;
};

/* Of one account. */
struct day {
	int64_t day, first_ms, last_ms;
	uint64_t n, writes;
	uint32_t hours;
	enum coverage_source source;
	uint32_t region, region_len; /* among the names */
};

struct account_days {
	struct buf days, names;
	uint32_t region, region_len; /* of the last day */
};

static struct str value_str(sqlite3_value *v)
{
	const void *p = sqlite3_value_blob(v);

	return (struct str){ p, (size_t)sqlite3_value_bytes(v) };
}

/* Days of one region come together: its name is put once. */
static void take_region(struct account_days *g, struct str region)
{
	struct str last = { g->names.data + g->region, g->region_len };

	if (g->names.len && str_eq(last, region))
		return;
	g->region = (uint32_t)g->names.len;
	g->region_len = (uint32_t)region.n;
	buf_put_str(&g->names, region);
}

static void days_add(sqlite3_context *c, int n, sqlite3_value **args)
{
	/* It begins as zeroes, which is nothing gathered. */
	struct account_days *g = sqlite3_aggregate_context(c, sizeof(*g));
	struct day day = { .source = (enum coverage_source)sqlite3_value_int(args[0]),
			   .day = sqlite3_value_int64(args[2]),
			   .n = (uint64_t)sqlite3_value_int64(args[3]),
			   .writes = (uint64_t)sqlite3_value_int64(args[4]),
			   .first_ms = sqlite3_value_int64(args[5]),
			   .hours = (uint32_t)sqlite3_value_int64(args[6]),
			   .last_ms = sqlite3_value_int64(args[7]) };

	(void)n;
	if (!g) {
		sqlite3_result_error_nomem(c);
		return;
	}
	take_region(g, value_str(args[1]));
	day.region = g->region;
	day.region_len = g->region_len;
	buf_put(&g->days, &day, sizeof(day));
	if (buf_error(&g->days) || buf_error(&g->names))
		sqlite3_result_error_nomem(c);
}

static void days_end(sqlite3_context *c)
{
	struct account_days *g = sqlite3_aggregate_context(c, 0);
	struct buf out = BUF_INIT;
	struct head head;

	if (!g)
		return;
	head.n = g->days.len / sizeof(struct day);
	buf_put(&out, &head, sizeof(head));
	buf_put_str(&out, buf_str(&g->days));
	buf_put_str(&out, buf_str(&g->names));
	if (buf_error(&g->days) || buf_error(&g->names) || buf_error(&out)) {
		buf_deinit(&out);
		sqlite3_result_error_nomem(c);
	} else {
		sqlite3_result_blob64(c, out.data, out.len, free);
	}
	buf_deinit(&g->days);
	buf_deinit(&g->names);
}

int coverage_functions(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, "coverage_days", 8,
					  SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, NULL,
					  days_add, days_end, NULL);
}

/* --- reading ------------------------------------------------------------------------------- */

static int damaged(struct store *s, struct str account)
{
	(void)snprintf(s->message, sizeof(s->message),
		       "the days of coverage of %.*s are in no order", STR_ARGS(account));
	return STORE_E_DAMAGED;
}

static bool is_behind(const struct coverage_day *d, const struct coverage_day *last)
{
	int order = (int)d->source - (int)last->source;

	if (!order && d->region.p != last->region.p)
		order = str_cmp(d->region, last->region);
	return order ? order > 0 : d->day > last->day;
}

/* The days of the account a query stands at. */
static int add_account(struct store *s, sqlite3_stmt *q, struct arena *a,
		       struct buf *rows)
{
	struct str account = arena_str(a, col_str(q, 0)), bytes = col_str(q, 1), names;
	struct coverage_day d = { .account = account }, before;
	struct head head = { 0 };
	struct day last = { .region = UINT32_MAX };

	if (bytes.n >= sizeof(head))
		memcpy(&head, bytes.p, sizeof(head));
	if (!account.p || !buf_reserve(rows, head.n * sizeof(d)))
		return -ENOMEM;
	bytes = str_from(bytes, sizeof(head));
	names = str_from(bytes, head.n * sizeof(struct day));
	for (size_t i = 0; i < head.n; i++) {
		struct day day;

		memcpy(&day, bytes.p + i * sizeof(day), sizeof(day));
		before = d;
		/* An empty name begins where the next one does. */
		if (day.region != last.region || day.region_len != last.region_len)
			d.region = arena_str(a, (struct str){ names.p + day.region,
							      day.region_len });
		if (!d.region.p)
			return -ENOMEM;
		last = day;
		d.source = day.source;
		d.day = day.day;
		d.n = day.n;
		d.writes = day.writes;
		d.first_ms = day.first_ms;
		d.last_ms = day.last_ms;
		d.hours = day.hours;
		if (i && !is_behind(&d, &before))
			return damaged(s, account);
		buf_put(rows, &d, sizeof(d));
	}
	return 0;
}

int coverage_days(struct store *s, enum statement id, const struct sql_arg *args,
		  size_t n, struct arena *a, struct coverage_day **ret, size_t *ret_n)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	bool row = true;
	int r = reading(s);

	if (!r)
		r = sql_open(s, id, args, n, &q);
	while (!r) {
		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		r = add_account(s, q, a, &rows);
	}
	if (!r)
		r = sql_keep(a, &rows, sizeof(struct coverage_day), ret, ret_n);
	return r;
}
