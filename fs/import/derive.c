/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deriving: many readers make stories, one writer puts them.
 *
 * Dirt is spread first, then the dirty resources are gone through: account by account, since a call
 * is read for each resource that it names, and most of these are of one account; where only some
 * time is left, in order of their rows, so that each has its turn. Each worker has a read-only
 * connection and makes one story at a time in an arena of its own; the calling thread, which holds
 * the writing connection, puts what is ready and commits by number and by time: what stories bring
 * of names and relationships is found by hash, so each commit writes most pages of these, and what
 * readers keep of the history is void after it. A commit takes a good part of a second, so that many
 * are made ahead. A kill loses at most one transaction: its resources are still dirty.
 */
#include "derive.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/clock.h"

#include "crew.h"
#include "story.h"
#include "writer.h"

#define SPREAD_ROWS 50000  /* a transaction of spreading dirt */
#define PAGE        262144 /* dirty resources put in order; six megabytes */
#define BATCH       16384  /* ... and a transaction's, at most */
#define BATCH_MS    1000   /* ... which ends after so much time, as those of facts do */
#define SLICE       2048   /* both, where only some time is left */
#define RUN         16     /* taken at once by one maker, of one account */
#define ASKS        10     /* names of a resource, or about */
#define ASKS_MIN    100000 /* then names are looked at before */
#define READY_MAX   4096   /* made and not yet put, by all workers: a commit's worth */
#define READY_FEW   64     /* ... where only some time is left */

struct made {
	struct crew_made made;
	bool later; /* there are no rows: see story_make() */
	struct store_story rows;
};

/* What stories are made of, by all that make them. */
struct shared {
	const struct store_dirty *dirty; /* the page under way */
	size_t run;                      /* most taken at once */
	uint32_t without_evidence;
	pthread_mutex_t lock;
	/* Under the lock. */
	bool anyhow; /* see struct story_memo */
	size_t to_ask; /* about so many names will be asked for; nobody has looked at them yet */
	struct store_named *named; /* ... and what came of it; NULL: nothing, or not yet */
};

/* --- makers -------------------------------------------------------------------------------- */

/* Of one account. */
static size_t run_of(void *ctx, size_t first, size_t n)
{
	const struct shared *sh = ctx;
	size_t end = first;

	while (end < n && end - first < sh->run &&
	       sh->dirty[end].account == sh->dirty[first].account)
		end++;
	return end;
}

/*
 * Before many stories are made one of the makers looks which names events have at all, while the
 * others begin. What is damaged is told by the story that needs it.
 */
static int look_at_names(struct shared *sh, struct store *s, size_t asked)
{
	struct store_named *named = NULL;
	int r = store_named_new(s, asked, &named);

	pthread_mutex_lock(&sh->lock);
	sh->named = named;
	pthread_mutex_unlock(&sh->lock);
	return r == STORE_E_DAMAGED ? 0 : r;
}

static int use_names(struct shared *sh, struct store *s, struct story_memo *memo)
{
	size_t to_ask;

	pthread_mutex_lock(&sh->lock);
	memo->named = sh->named;
	memo->anyhow = sh->anyhow;
	to_ask = sh->to_ask;
	sh->to_ask = 0;
	pthread_mutex_unlock(&sh->lock);
	return to_ask ? look_at_names(sh, s, to_ask) : 0;
}

static int make_story(void *ctx, struct store *s, void *memo, size_t item,
		      struct crew_made *ret)
{
	struct made *m = (struct made *)ret;
	struct shared *sh = ctx;
	int r = use_names(sh, s, memo);

	if (!r)
		r = story_make(s, memo, &sh->dirty[item], sh->without_evidence,
			       &ret->arena, &m->rows, &m->later);
	/* Of calls alone: no state has come since its packs were made. */
	if (!r && !m->later && !m->rows.only_entries)
		r = store_packs_make(s, &ret->arena, &m->rows);
	return store_is_row_lost(s, r) ? crew_made_lose(ret, s) : r;
}

static void memo_deinit(void *memo)
{
	story_memo_deinit(memo);
}

/* --- the writer ---------------------------------------------------------------------------- */

static bool is_over(int64_t until_ms)
{
	return until_ms && clock_ms() >= until_ms;
}

/* *ret_more: the time was over before. */
static int spread(struct store *w, int64_t until_ms, bool *ret_more)
{
	*ret_more = true;
	while (*ret_more && !is_over(until_ms)) {
		int r = store_begin(w, "spread dirt");

		if (!r)
			r = store_spread_dirt(w, SPREAD_ROWS, ret_more);
		if (!r)
			r = store_commit(w);
		if (r) {
			store_rollback(w);
			return r;
		}
	}
	return 0;
}

static int by_account(const void *a, const void *b)
{
	const struct store_dirty *x = a, *y = b;

	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	return x->resource < y->resource ? -1 : x->resource > y->resource;
}

/* A page of dirty resources on their way. */
struct going {
	struct store *w;
	struct shared *sh;
	struct crew *crew;
	const struct derive_options *o;
	struct derive_state *state;
	int64_t until_ms;
	struct store_dirty *page;
	size_t most; /* of a page */
	uint64_t done, total;
};

/*
 * The next ones; from the start again when none is left behind: putting stories may have made others
 * dirty. After a round of which nothing could be made, those that wait for another's are made anyhow.
 */
static int next_page(struct going *g, size_t *n)
{
	struct derive_state *st = g->state;
	int r = lost_others(&st->lost, g->w, &st->after, g->page, g->most, n);

	if (!r && *n == 0 && st->after) {
		pthread_mutex_lock(&g->sh->lock);
		g->sh->anyhow = !st->moved;
		pthread_mutex_unlock(&g->sh->lock);
		st->after = 0;
		st->moved = false;
		r = lost_others(&st->lost, g->w, &st->after, g->page, g->most, n);
	}
	return r;
}

static int begin(struct going *g)
{
	return store_begin(g->w, "put stories");
}

/* What was put with it is undone, too, and dirty as before. */
static int lose_put(struct going *g, int64_t resource)
{
	int r = lost_add(&g->state->lost, resource, str_of(store_message(g->w)));

	store_rollback(g->w);
	return r ? r : begin(g);
}

static int put_made(struct going *g, const struct made *m)
{
	int64_t resource = g->page[m->made.item].resource;
	int r;

	if (m->later)
		return 0;
	if (m->made.lost)
		return lost_add(&g->state->lost, resource, m->made.why);
	r = store_put_story(g->w, &m->rows);
	g->state->moved |= !r;
	return store_is_row_lost(g->w, r) ? lose_put(g, resource) : r;
}

static int put_next(struct going *g)
{
	struct crew_made *made = crew_take(g->crew);
	int r = made ? put_made(g, (const struct made *)made) : g->crew->error;

	crew_made_free(made);
	return r;
}

/*
 * A transaction of the page's stories, of which *n were put before, and afterwards. Those who make
 * them go on behind it. *all is how many the page has: fewer, once the time is over.
 */
static int put_batch(struct going *g, size_t *n, size_t *all)
{
	int64_t end_ms = clock_ms() + BATCH_MS;
	size_t most = *n + BATCH;
	int r = begin(g);

	for (; !r && *n < most && !is_over(end_ms); ++*n) {
		if (is_over(g->until_ms))
			*all = crew_cut_short(g->crew);
		if (*n >= *all)
			break;
		r = put_next(g);
	}
	if (!r)
		r = crew_commit(g->crew, g->w);
	if (r)
		store_rollback(g->w);
	return r;
}

/* *n is how many of the page there are, and afterwards how many were put. */
static int put_page(struct going *g, size_t *n)
{
	struct shared *sh = g->sh;
	uint64_t before = g->done;
	size_t all = *n;
	int r = 0;

	*n = 0;
	pthread_mutex_lock(&sh->lock);
	sh->to_ask = !sh->named && all >= ASKS_MIN / ASKS ? all * ASKS : 0;
	pthread_mutex_unlock(&sh->lock);
	sh->dirty = g->page;
	crew_page(g->crew, all);
	do {
		r = put_batch(g, n, &all);
		g->done = before + *n;
		if (!r && g->o->progress)
			g->o->progress(g->o->ctx, g->done, g->total);
	} while (!r && *n < all);
	return r;
}

static int go_through(struct going *g)
{
	struct derive_state *st = g->state;
	int r = 0;

	if (g->o->progress)
		r = lost_count_others(&st->lost, g->w, g->page, SLICE, &g->total);
	while (!r && !is_over(g->until_ms)) {
		int64_t last;
		size_t n, all;

		r = next_page(g, &n);
		if (r || n == 0)
			break;
		all = n;
		last = g->page[n - 1].resource;
		if (!g->until_ms)
			qsort(g->page, n, sizeof(*g->page), by_account);
		r = put_page(g, &n);
		if (n)
			st->after = n == all ? last : g->page[n - 1].resource;
	}
	return r;
}

static int is_any_left(struct going *g, bool *ret)
{
	int64_t after = 0;
	size_t n = 0;
	int r = lost_others(&g->state->lost, g->w, &after, g->page, SLICE, &n);

	*ret = n > 0;
	return r;
}

static void tell_failed(struct store *writer, const struct going *g, int error,
			struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const char *why = *g->crew->why ? g->crew->why : store_message(writer);
	size_t failed = g->crew->failed;
	struct store_resource of;

	why = *why ? why : strerror(abs(error));
	if (g->crew->error && failed != SIZE_MAX &&
	    store_resource_get(writer, g->page[failed].resource, &a, &of) == 0)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making the story of %.*s %.*s of %.*s, %.*s: %s",
			  STR_ARGS(of.type), STR_ARGS(of.rid), STR_ARGS(of.account),
			  STR_ARGS(of.region), why);
	else
		fault_set(f, FAULT_NO_OFFSET, "", "making the stories: %s", why);
}

/* For which the time may be over; and in haste some is left. */
static int sweep(struct store *w, int64_t until_ms, bool *ret_more)
{
	*ret_more = is_over(until_ms);
	return *ret_more ? 0 : store_sweep(w, until_ms != 0, ret_more);
}

int derive_run(struct store *writer, const struct derive_options *o,
	       struct derive_state *state, struct derive_left *ret, struct fault *f)
{
	int64_t until_ms = o->budget_ms ? clock_ms() + o->budget_ms : 0;
	struct shared sh = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .run = until_ms ? 1 : RUN,
			     .without_evidence = o->without_evidence };
	const struct crew_ops ops = { .ctx = &sh,
				      .size = sizeof(struct made),
				      .memo_size = sizeof(struct story_memo),
				      .memo_deinit = memo_deinit,
				      .make = make_story,
				      .run = run_of,
				      .history = o->history,
				      .ready_max = until_ms ? READY_FEW : READY_MAX };
	struct crew crew = { 0 };
	struct going g = { .w = writer,
			   .sh = &sh,
			   .crew = &crew,
			   .o = o,
			   .state = state,
			   .until_ms = until_ms,
			   .most = until_ms ? SLICE : PAGE };
	_cleanup_(freep) struct store_dirty *page = malloc(g.most * sizeof(*page));
	bool queued = false;
	int r;

	*ret = (struct derive_left){ 0 };
	r = page ? spread(writer, until_ms, &queued) : -ENOMEM;

	g.page = page;
	if (!r)
		r = is_any_left(&g, &ret->stories);
	if (!r && !ret->stories) {
		ret->stories = queued;
		r = sweep(writer, until_ms, &ret->sweep);
		if (!r)
			return 0;
	}
	if (!r)
		r = crew_start(&crew, &ops, o->workers);
	store_log_hold(writer);
	if (!r)
		r = go_through(&g);
	store_log_release(writer);
	if (!r)
		r = is_any_left(&g, &ret->stories);
	ret->stories |= queued;
	crew_end(&crew);
	store_named_free(sh.named);
	if (!r && !ret->stories)
		r = sweep(writer, until_ms, &ret->sweep);
	if (r)
		tell_failed(writer, &g, r, f);
	return r;
}
