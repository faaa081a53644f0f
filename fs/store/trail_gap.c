/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaps in trails, for the stories: why a change has no cause. They are reckoned anew for the
 * accounts whose trail got a record, all at once, as one record may end a gap or part it in two.
 * What was changed in a gap that comes, goes or is told of otherwise is dirty.
 */
#include <errno.h>

#include "coverage.h"
#include "private.h"
#include "store/derive.h"
#include "tell.h"

/* So long after its call a change may be captured: daily recording, and some. */
#define CAPTURE_MAX_MS (INT64_C(50) * 3600000)

struct gap {
	struct store_trail_gap gap;
	struct str region;
};

static int read_gaps(struct store *s, enum statement id, const struct sql_arg *args,
		     size_t n, struct arena *a, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, id, args, n, &q);

	while (!r) {
		struct gap g;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		g = (struct gap){ .gap = { .from_ms = col_int(q, 0),
					   .to_ms = col_int(q, 1),
					   .why = arena_str(a, col_str(q, 2)) },
				  .region = arena_str(a, col_str(q, 3)) };
		if (!g.gap.why.p || !g.region.p)
			return -ENOMEM;
		buf_put(ret, &g, sizeof(g));
	}
	return r ? r : buf_error(ret);
}

int store_trail_gaps(struct store *s, struct str account, struct str region,
		     struct arena *a, struct store_trail_gap **ret, size_t *ret_n)
{
	_cleanup_(buf_deinit) struct buf found = BUF_INIT;
	const struct gap *gaps;
	int r = reading(s);

	if (!r)
		r = read_gaps(s, Q_TRAIL_GAPS_OF_REGION,
			      ARGS(TEXT(account), TEXT(region)), a, &found);
	if (r)
		return r;
	gaps = (const struct gap *)found.data;
	*ret_n = found.len / sizeof(*gaps);
	*ret = arena_alloc(a, (*ret_n + 1) * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	for (size_t i = 0; i < *ret_n; i++)
		(*ret)[i] = gaps[i].gap;
	return 0;
}

/* --- finding them -------------------------------------------------------------------------- */

static int why_of(const struct coverage_gap *g, struct arena *a, struct str *ret)
{
	_cleanup_(buf_deinit) struct buf why = BUF_INIT;

	coverage_gap_why(&why, g);
	*ret = buf_error(&why) ? STR_NULL : arena_str(a, buf_str(&why));
	return ret->p ? 0 : -ENOMEM;
}

static int make_gaps(struct store *s, struct str account, struct arena *a,
		     struct buf *ret)
{
	_cleanup_(buf_deinit) struct buf spans = BUF_INIT, gaps = BUF_INIT;
	struct coverage_control *controls = NULL;
	struct coverage_day *days = NULL;
	const struct coverage_gap *all;
	size_t n_days = 0, n_controls = 0;
	int r = coverage_trail(s, account, a, &days, &n_days, &controls, &n_controls);

	if (!r)
		r = coverage_make(a, days, n_days, controls, n_controls, &spans, &gaps);
	all = (const struct coverage_gap *)gaps.data;
	for (size_t i = 0; !r && i < gaps.len / sizeof(*all); i++) {
		struct gap g = { .gap = { .from_ms = all[i].from_ms,
					  .to_ms = all[i].to_ms < 0 ? INT64_MAX
								    : all[i].to_ms },
				 .region = all[i].region };

		/* What is unknown of a part says nothing of a change that has no cause. */
		if (all[i].source != COVERAGE_TRAIL || all[i].unknown.n)
			continue;
		r = why_of(&all[i], a, &g.gap.why);
		buf_put(ret, &g, sizeof(g));
	}
	return r ? r : buf_error(ret);
}

static bool has(const struct buf *gaps, const struct gap *g)
{
	const struct gap *all = (const struct gap *)gaps->data;

	for (size_t i = 0; i < gaps->len / sizeof(*all); i++)
		if (all[i].gap.from_ms == g->gap.from_ms &&
		    all[i].gap.to_ms == g->gap.to_ms &&
		    str_eq(all[i].region, g->region) &&
		    str_eq(all[i].gap.why, g->gap.why))
			return true;
	return false;
}

struct span {
	struct store *s;
	struct str account;
};

static int dirty_line(void *ctx, const struct store_line *line, bool *more _unused_)
{
	const struct span *c = ctx;

	if (line->kind != STORE_LINE_CHANGE)
		return 0;
	return sql_run(c->s, Q_DIRTY_OF_STATE,
		       ARGS(INT(state_resource(line->ref)), TEXT(c->account),
			    INT(line->time_ms)));
}

/* What changed in those gaps that the others do not have. */
static int dirty_unless(struct store *s, struct str account, const struct buf *gaps,
			const struct buf *others, bool *ret_any)
{
	const struct gap *all = (const struct gap *)gaps->data;
	int r = 0;

	for (size_t i = 0; i < gaps->len / sizeof(*all) && !r; i++) {
		const struct store_trail_gap *g = &all[i].gap;
		struct store_line from = timeline_from(g->from_ms);
		int64_t to_ms = g->to_ms >= INT64_MAX - CAPTURE_MAX_MS
					? INT64_MAX
					: g->to_ms + CAPTURE_MAX_MS + 1;

		if (has(others, &all[i]))
			continue;
		*ret_any = true;
		r = timeline_settle(s);
		if (!r)
			r = timeline_each(s, &from, to_ms, dirty_line,
					  &(struct span){ s, account });
	}
	return r;
}

static int put_gaps(struct store *s, struct str account, const struct buf *gaps)
{
	const struct gap *all = (const struct gap *)gaps->data;
	int r = sql_run(s, Q_TRAIL_GAPS_DELETE, ARGS(TEXT(account)));

	for (size_t i = 0; i < gaps->len / sizeof(*all) && !r; i++)
		r = sql_run(s, Q_TRAIL_GAP_PUT,
			    ARGS(TEXT(account), TEXT(all[i].region),
				 INT(all[i].gap.from_ms), INT(all[i].gap.to_ms),
				 TEXT(all[i].gap.why)));
	return r;
}

static int spread_account(struct store *s, struct str account)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf old = BUF_INIT, new = BUF_INIT;
	bool any = false;
	int r = read_gaps(s, Q_TRAIL_GAPS, ARGS(TEXT(account)), &a, &old);

	if (!r)
		r = make_gaps(s, account, &a, &new);
	if (!r)
		r = dirty_unless(s, account, &old, &new, &any);
	if (!r)
		r = dirty_unless(s, account, &new, &old, &any);
	return r || !any ? r : put_gaps(s, account, &new);
}

static int read_due(struct store *s, struct arena *a, struct buf *ret)
{
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	bool row = true;
	int r = sql_open(s, Q_TRAILS_DUE, NO_ARGS, &q);

	while (!r) {
		struct str account;

		r = sql_next(s, q, &row);
		if (r || !row)
			break;
		account = arena_str(a, col_str(q, 0));
		if (!account.p)
			return -ENOMEM;
		buf_put(ret, &account, sizeof(account));
	}
	return r ? r : buf_error(ret);
}

int coverage_spread(struct store *s)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf due = BUF_INIT;
	int r = read_due(s, &a, &due);

	if (r || !due.len)
		return r;
	/* Whoever stopped one may have got a name by an event of another account. */
	buf_reset(&due);
	r = sql_run(s, Q_TRAILS_STOPPED_DUE, NO_ARGS);
	if (!r)
		r = read_due(s, &a, &due);
	for (size_t i = 0; !r && i < due.len / sizeof(struct str); i++)
		r = spread_account(s, ((const struct str *)due.data)[i]);
	return r ? r : sql_run(s, Q_TRAILS_DONE, NO_ARGS);
}
