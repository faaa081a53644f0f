/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of alarms/. Each tells of the hour before a transition on what its alarm watches and
 * on what was related to that then, so it is made anew whenever one of these stories or
 * relationships was; the store says which. Few are made by who asks; of many a crew makes the texts
 * while others are put, in the order of their transitions whoever was quicker. One that needs a row
 * which is damaged stays due, and is passed over.
 */
#include "alarms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_file.h"
#include "crew.h"

#define PAGE      4096 /* transitions due at one look */
#define FEW       128  /* for no more it is not worth to start threads */
#define BATCH     1024 /* a transaction's */
#define RUN       16   /* taken at once by one maker: an alarm's or two, of one account */
#define READY_MAX 512

/* What is made, by all that make it. */
struct due {
	int64_t ids[PAGE];
	size_t n;
};

struct settling {
	struct store *s;
	struct due due;
	int64_t after; /* of those that are due the next page */
	bool more;     /* there is one */
	struct lost *lost;
	struct buf mend; /* int64_t each: transitions that were lost here */
	const struct crew_ops *ops;
	unsigned workers;
	struct crew crew; /* ops NULL: not started */
};

struct made {
	struct crew_made made;
	struct store_transition_made file;
};

/* --- makers -------------------------------------------------------------------------------- */

static size_t run_of(void *ctx _unused_, size_t first, size_t n)
{
	return MIN(first + RUN, n);
}

static int make_file(void *ctx, struct store *s, void *memo, size_t item,
		     struct crew_made *ret)
{
	const struct due *due = ctx;
	int r = alarm_file_make(s, memo, due->ids[item], &ret->arena,
				&((struct made *)ret)->file);

	return store_is_row_lost(s, r) ? crew_made_lose(ret, s) : r;
}

static void memo_deinit(void *memo)
{
	alarm_memo_deinit(memo);
}

/* --- the writer ---------------------------------------------------------------------------- */

static int lose(struct settling *g, int64_t id, struct str why)
{
	buf_put(&g->mend, &id, sizeof(id));
	return buf_error(&g->mend) ? -ENOMEM : lost_add(g->lost, id, why);
}

static int put(struct settling *g, struct crew_made *made)
{
	int r = made->lost
			? lose(g, g->due.ids[made->item], made->why)
			: store_put_transition_text(g->s,
						    &((const struct made *)made)->file);

	crew_made_free(made);
	return r;
}

/*
 * A transaction of what the crew makes, of which *n were put before, and afterwards. Each file is one
 * for itself: where one cannot be made, those before it are put all the same.
 */
static int put_batch(struct settling *g, size_t *n)
{
	size_t end = MIN(*n + BATCH, g->due.n);
	struct crew_made *made = NULL;
	int r = store_begin(g->s, "alarms");

	while (!r && *n < end && (made = crew_take(&g->crew))) {
		r = put(g, made);
		++*n;
	}
	if (!r)
		r = crew_commit(&g->crew, g->s);
	if (r)
		store_rollback(g->s);
	return r || *n == end ? r : g->crew.error;
}

static int settle_together(struct settling *g)
{
	size_t n = 0;
	int r = g->crew.ops ? 0 : crew_start(&g->crew, g->ops, g->workers);

	if (!r)
		crew_page(&g->crew, g->due.n);
	while (!r && n < g->due.n)
		r = put_batch(g, &n);
	return r;
}

static int settle_one(struct settling *g, struct alarm_memo *memo, int64_t id)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_transition_made made;
	int r = alarm_file_make(g->s, memo, id, &a, &made);

	if (store_is_row_lost(g->s, r))
		return lose(g, id, str_of(store_message(g->s)));
	return r ? r : store_put_transition_text(g->s, &made);
}

static int settle_alone(struct settling *g)
{
	_cleanup_(alarm_memo_deinit) struct alarm_memo memo = { 0 };
	int r = store_begin(g->s, "alarms");

	for (size_t i = 0; i < g->due.n && !r; i++)
		r = settle_one(g, &memo, g->due.ids[i]);
	if (!r)
		r = store_commit(g->s);
	if (r)
		store_rollback(g->s);
	return r;
}

/* The next ones, without those that are lost. */
static int next_page(struct settling *g)
{
	struct due *due = &g->due;
	size_t n = 0;
	int r = store_transitions_due(g->s, g->after, due->ids, PAGE, &n);

	due->n = 0;
	g->more = !r && n == PAGE;
	g->after = n ? due->ids[n - 1] : g->after;
	for (size_t i = 0; i < n; i++)
		if (!lost_has(g->lost, due->ids[i]))
			due->ids[due->n++] = due->ids[i];
	return r;
}

static int settle_page(struct settling *g)
{
	int r = next_page(g);

	if (r || !g->due.n)
		return r;
	return g->due.n > FEW ? settle_together(g) : settle_alone(g);
}

static void tell_failed(const struct settling *g, int error, struct fault *f)
{
	const char *why = *g->crew.why ? g->crew.why : store_message(g->s);

	fault_set(f, FAULT_NO_OFFSET, "", "making the files of alarms: %s",
		  *why ? why : strerror(abs(error)));
}

/* Where it was relationships that could not be read, the next import makes them anew, and the file. What
   fails here is told of by what was lost. */
static void mend(struct settling *g, int64_t id)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	int64_t *resources = NULL;
	size_t n = 0;
	int r = store_begin(g->s, "mend relationships");

	if (!r)
		r = store_transition_resources(g->s, id, &a, &resources, &n);
	for (size_t i = 0; i < n && !r; i++)
		r = store_related_mend(g->s, resources[i]);
	if (!r)
		r = store_commit(g->s);
	if (r)
		store_rollback(g->s);
}

static void settling_deinit(struct settling *g)
{
	buf_deinit(&g->mend);
}

int alarms_settle(struct store *s, const char *history, unsigned workers,
		  struct lost *lost, struct fault *f)
{
	_cleanup_(settling_deinit) struct settling g = { .s = s,
							 .lost = lost,
							 .workers = workers };
	const struct crew_ops ops = { .ctx = &g.due,
				      .size = sizeof(struct made),
				      .memo_size = sizeof(struct alarm_memo),
				      .memo_deinit = memo_deinit,
				      .make = make_file,
				      .run = run_of,
				      .history = history,
				      .ready_max = READY_MAX,
				      .in_order = true };
	int r;

	g.ops = &ops;
	store_log_hold(s);
	do
		r = settle_page(&g);
	while (!r && g.more);
	crew_end(&g.crew);
	store_log_release(s);
	if (r)
		tell_failed(&g, r, f);
	for (size_t i = 0; i < g.mend.len / sizeof(int64_t); i++)
		mend(&g, ((const int64_t *)g.mend.data)[i]);
	return r;
}
