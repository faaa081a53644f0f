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

#include "story.h"
#include "writer.h"

#define SPREAD_ROWS 50000  /* a transaction of spreading dirt */
#define PAGE        262144 /* dirty resources put in order; six megabytes */
#define BATCH       16384  /* ... and a transaction's, at most */
#define BATCH_MS    1000   /* ... which ends after so much time, as those of facts do */
#define SLICE       2048   /* both, where only some time is left */
#define RUN         16
#define ASKS        10     /* names of a resource, or about */
#define ASKS_MIN    100000 /* then names are looked at before */
#define READY_MAX   4096   /* made and not yet put, by all workers: a commit's worth */
#define READY_FEW   64     /* ... where only some time is left */
#define READY_BYTES ((size_t)12 << 20) /* likewise; a single bigger one still passes */
#define MAKERS      64u                /* at most */
#define TOGETHER    4u                 /* of them keep blocks of events together */

struct made {
	struct made *next;
	struct arena arena;
	size_t bytes; /* of the arena */
	bool later;   /* there are no rows: see story_make() */
	struct store_story rows;
};

/* Indexes of the page under way. */
struct span {
	size_t next, end;
	uint64_t era; /* of the story that is being made */
};

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t work,
		ready; /* more to do / a story is ready, or a worker has failed */
	const struct store_dirty *dirty; /* the page under way */
	size_t n, next;
	size_t run;   /* most taken at once */
	uint64_t era; /* counts long logs; so many stories are being made ... */
	unsigned under_way, behind; /* ... in it, and in those before */
	size_t ready_max;           /* READY_MAX or _FEW */
	size_t waiting;             /* stories made and not put */
	size_t bytes;               /* of theirs */
	unsigned sleeping; /* workers that wait until some are put, or for more to do */
	struct made *made, **last; /* the oldest first */
	int error;
	int64_t failed; /* the resource it is of; 0: of none */
	char why[256];  /* what the worker's connection says of it, if it knows */
	bool stop;
	size_t to_ask; /* about so many names will be asked for; nobody has looked at them yet */
	struct store_named *named; /* ... and what came of it; NULL: nothing, or not yet */
	const char *history;
	uint32_t without_evidence;
};

static struct made *made_free(struct made *m)
{
	if (m)
		arena_deinit(&m->arena);
	free(m);
	return NULL;
}

/* --- workers ------------------------------------------------------------------------------- */

static void fail(struct shared *sh, int error, int64_t resource, const char *why)
{
	pthread_mutex_lock(&sh->lock);
	if (!sh->error) {
		sh->error = error;
		sh->failed = resource;
		(void)snprintf(sh->why, sizeof(sh->why), "%s", why);
	}
	pthread_cond_broadcast(&sh->ready);
	pthread_cond_broadcast(&sh->work);
	pthread_mutex_unlock(&sh->lock);
}

/* More is made than is put. */
static bool is_ahead(const struct shared *sh)
{
	return sh->waiting >= sh->ready_max || sh->bytes >= READY_BYTES;
}

/* Who waits for room is woken when half is free, not for each story that is put. */
static bool is_drained(const struct shared *sh)
{
	return sh->waiting <= sh->ready_max / 2 && sh->bytes <= READY_BYTES / 2;
}

static void take_run(struct shared *sh, struct span *own)
{
	const struct store_dirty *first = &sh->dirty[sh->next];

	own->next = sh->next;
	while (sh->next < sh->n && sh->next - own->next < sh->run &&
	       sh->dirty[sh->next].account == first->account)
		sh->next++;
	own->end = sh->next;
}

/* The next resource of the page, and whether names are to be looked at first, as `to_ask` has it;
   false when the worker is to end. */
static bool take(struct shared *sh, struct span *own, struct story_memo *memo,
		 struct store_dirty *ret, size_t *ret_to_ask)
{
	bool got = false;

	pthread_mutex_lock(&sh->lock);
	while (!sh->stop && !sh->error &&
	       ((own->next == own->end && sh->next == sh->n) || is_ahead(sh))) {
		sh->sleeping++;
		pthread_cond_wait(&sh->work, &sh->lock);
		sh->sleeping--;
	}
	if (!sh->stop && !sh->error) {
		if (own->next == own->end)
			take_run(sh, own);
		*ret = sh->dirty[own->next++];
		memo->named = sh->named;
		*ret_to_ask = sh->to_ask;
		sh->to_ask = 0;
		own->era = sh->era;
		sh->under_way++;
		got = true;
	}
	pthread_mutex_unlock(&sh->lock);
	return got;
}

static void give(struct shared *sh, const struct span *own, struct made *m)
{
	m->bytes = arena_size(&m->arena);
	pthread_mutex_lock(&sh->lock);
	if (own->era == sh->era)
		sh->under_way--;
	else
		sh->behind--;
	m->next = NULL;
	*sh->last = m;
	sh->last = &m->next;
	sh->waiting++;
	sh->bytes += m->bytes;
	pthread_cond_signal(&sh->ready);
	pthread_mutex_unlock(&sh->lock);
}

static int make_one(struct store *s, struct story_memo *memo,
		    const struct store_dirty *dirty, uint32_t without_evidence,
		    struct made **ret)
{
	struct made *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return -ENOMEM;
	r = store_read_begin(s);
	if (!r) {
		r = story_make(s, memo, dirty, without_evidence, &m->arena, &m->rows,
			       &m->later);
		if (!r && !m->later)
			r = store_packs_make(s, &m->arena, &m->rows);
		store_read_end(s);
	}
	if (r) {
		made_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

/*
 * Before many stories are made one of the workers looks which names events have at all, while the
 * others begin. What is damaged is told by the story that needs it.
 */
static int look_at_names(struct shared *sh, struct store *s, size_t asked)
{
	struct store_named *named = NULL;
	int r = store_read_begin(s);

	if (r)
		return r;
	r = store_named_new(s, asked, &named);
	store_read_end(s);
	pthread_mutex_lock(&sh->lock);
	sh->named = named;
	pthread_mutex_unlock(&sh->lock);
	return r == STORE_E_DAMAGED ? 0 : r;
}

/* One of those who make stories, on a thread of its own. */
struct maker {
	pthread_t thread;
	struct shared *sh;
	struct store_blocks *blocks;
	struct store
		*s; /* closed when all have ended, since others may read blocks of it */
};

static void *worker(void *arg)
{
	_cleanup_(story_memo_deinit) struct story_memo memo = { 0 };
	struct maker *me = arg;
	struct shared *sh = me->sh;
	struct store_dirty dirty = { 0 };
	struct span own = { 0 };
	size_t to_ask = 0;
	int r = store_open(sh->history, STORE_WORKER, false, &me->s, NULL);
	struct store *s = me->s;

	if (!r)
		store_blocks_use(s, me->blocks);
	while (!r && take(sh, &own, &memo, &dirty, &to_ask)) {
		struct made *m = NULL;

		if (to_ask)
			r = look_at_names(sh, s, to_ask);
		if (!r)
			r = make_one(s, &memo, &dirty, sh->without_evidence, &m);
		if (!r)
			give(sh, &own, m);
	}
	/* A story tells of damage by this code; which row it is the connection knows. */
	if (r)
		fail(sh, r > 0 ? -EIO : r, dirty.resource,
		     s && r == -EBADMSG ? store_message(s) : "");
	return NULL;
}

/* All that make stories; they are few to each that blocks are kept for. */
struct makers {
	struct maker all[MAKERS];
	struct store_blocks *blocks[MAKERS / TOGETHER];
	unsigned n;
};

static void makers_end(struct makers *m)
{
	for (unsigned i = 0; i < m->n; i++)
		pthread_join(m->all[i].thread, NULL);
	for (unsigned i = 0; i < m->n; i++)
		store_close(m->all[i].s);
	for (size_t i = 0; i < ARRAY_SIZE(m->blocks); i++)
		m->blocks[i] = store_blocks_free(m->blocks[i]);
	m->n = 0;
}

static int makers_start(struct makers *m, unsigned n, struct shared *sh)
{
	int r = 0;

	while (!r && m->n < n) {
		struct store_blocks **blocks = &m->blocks[m->n / TOGETHER];
		struct maker *one = &m->all[m->n];

		if (m->n % TOGETHER == 0)
			r = store_blocks_new(MIN(n - m->n, TOGETHER), blocks);
		*one = (struct maker){ .sh = sh, .blocks = *blocks };
		if (!r && pthread_create(&one->thread, NULL, worker, one))
			r = -EAGAIN;
		m->n += !r;
	}
	return r;
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

static struct made *wait_made(struct shared *sh)
{
	struct made *m;

	pthread_mutex_lock(&sh->lock);
	while (!sh->made && !sh->error)
		pthread_cond_wait(&sh->ready, &sh->lock);
	m = sh->error ? NULL : sh->made;
	if (m) {
		sh->made = m->next;
		if (!sh->made)
			sh->last = &sh->made;
		sh->waiting--;
		sh->bytes -= m->bytes;
		if (sh->sleeping && is_drained(sh))
			pthread_cond_broadcast(&sh->work);
	}
	pthread_mutex_unlock(&sh->lock);
	return m;
}

/* The time is over: what no worker has taken stays dirty. */
static void cut_short(struct shared *sh)
{
	pthread_mutex_lock(&sh->lock);
	sh->n = sh->next;
	pthread_mutex_unlock(&sh->lock);
}

/* Waits until no story is being made of what was there before the last commit. */
static void wait_for_readers(struct shared *sh)
{
	pthread_mutex_lock(&sh->lock);
	sh->era++;
	sh->behind += sh->under_way;
	sh->under_way = 0;
	while (sh->behind && !sh->error)
		pthread_cond_wait(&sh->ready, &sh->lock);
	pthread_mutex_unlock(&sh->lock);
}

static int commit(struct store *w, struct shared *sh)
{
	int r = store_commit(w);

	if (r || !store_log_is_long(w))
		return r;
	wait_for_readers(sh);
	return store_log_take(w);
}

static int put_next(struct store *w, struct shared *sh)
{
	struct made *m = wait_made(sh);
	int r = 0;

	if (!m)
		return sh->error;
	if (!m->later)
		r = store_put_story(w, &m->rows);
	made_free(m);
	return r;
}

static int count_dirty(struct store *w, struct store_dirty *page, uint64_t *ret)
{
	int64_t after = 0;
	size_t n = 0;
	int r;

	*ret = 0;
	do {
		r = store_dirty_next(w, after, page, SLICE, &n);
		*ret += n;
		after = n ? page[n - 1].resource : after;
	} while (!r && n == SLICE);
	return r;
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
	const struct derive_options *o;
	int64_t until_ms;
	struct store_dirty *page;
	size_t most; /* of a page */
	uint64_t done, total;
};

/*
 * The next ones; from the start again when none is left behind `after`: putting stories may have
 * made others dirty.
 */
static int next_page(struct going *g, int64_t *after, size_t *n)
{
	int r = store_dirty_next(g->w, *after, g->page, g->most, n);

	if (!r && *n == 0 && *after) {
		*after = 0;
		r = store_dirty_next(g->w, *after, g->page, g->most, n);
	}
	return r;
}

/*
 * A transaction of the page's stories, of which *n were put before, and afterwards. Those who make
 * them go on behind it.
 */
static int put_batch(struct going *g, size_t *n)
{
	int64_t end_ms = clock_ms() + BATCH_MS;
	size_t most = *n + BATCH;
	int r = store_begin(g->w, "put stories");

	for (; !r && *n < most && !is_over(end_ms); ++*n) {
		if (is_over(g->until_ms))
			cut_short(g->sh);
		if (*n >= g->sh->n)
			break;
		r = put_next(g->w, g->sh);
	}
	if (!r)
		r = commit(g->w, g->sh);
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
	sh->dirty = g->page;
	sh->n = all;
	sh->next = 0;
	pthread_cond_broadcast(&sh->work);
	pthread_mutex_unlock(&sh->lock);
	do {
		r = put_batch(g, n);
		g->done = before + *n;
		if (!r && g->o->progress)
			g->o->progress(g->o->ctx, g->done, g->total);
	} while (!r && *n < sh->n);
	return r;
}

static int go_through(struct going *g, int64_t *after)
{
	int r = g->o->progress ? count_dirty(g->w, g->page, &g->total) : 0;

	while (!r && !is_over(g->until_ms)) {
		int64_t last;
		size_t n, all;

		r = next_page(g, after, &n);
		if (r || n == 0)
			break;
		all = n;
		last = g->page[n - 1].resource;
		if (!g->until_ms)
			qsort(g->page, n, sizeof(*g->page), by_account);
		r = put_page(g, &n);
		if (n)
			*after = n == all ? last : g->page[n - 1].resource;
	}
	return r;
}

static int is_any_left(struct store *writer, bool *ret)
{
	struct store_dirty one;
	size_t n = 0;
	int r = store_dirty_next(writer, 0, &one, 1, &n);

	*ret = n > 0;
	return r;
}

static void tell_failed(struct store *writer, const struct shared *sh, int error,
			struct fault *f)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const char *why = *sh->why ? sh->why : store_message(writer);
	struct store_resource of;

	why = *why ? why : strerror(abs(error));
	if (sh->failed && store_resource_get(writer, sh->failed, &a, &of) == 0)
		fault_set(f, FAULT_NO_OFFSET, "",
			  "making the story of %.*s %.*s of %.*s, %.*s: %s",
			  STR_ARGS(of.type), STR_ARGS(of.rid), STR_ARGS(of.account),
			  STR_ARGS(of.region), why);
	else
		fault_set(f, FAULT_NO_OFFSET, "", "making the stories: %s", why);
}

int derive_run(struct store *writer, const struct derive_options *o, int64_t *after,
	       bool *ret_more, struct fault *f)
{
	int64_t until_ms = o->budget_ms ? clock_ms() + o->budget_ms : 0;
	struct shared sh = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .work = PTHREAD_COND_INITIALIZER,
			     .ready = PTHREAD_COND_INITIALIZER,
			     .history = o->history,
			     .run = until_ms ? 1 : RUN,
			     .ready_max = until_ms ? READY_FEW : READY_MAX,
			     .without_evidence = o->without_evidence };
	struct going g = { .w = writer,
			   .sh = &sh,
			   .o = o,
			   .until_ms = until_ms,
			   .most = until_ms ? SLICE : PAGE };
	_cleanup_(freep) struct store_dirty *page = malloc(g.most * sizeof(*page));
	struct makers makers = { 0 };
	bool queued = false;
	int r;

	sh.last = &sh.made;
	r = page ? spread(writer, until_ms, &queued) : -ENOMEM;

	g.page = page;
	if (!r)
		r = is_any_left(writer, ret_more);
	if (!r && !*ret_more) {
		*ret_more = queued;
		r = store_sweep(writer);
		if (!r)
			return 0;
	}
	if (!r)
		r = makers_start(&makers, MAX(MIN(o->workers, MAKERS), 1u), &sh);
	store_log_hold(writer);
	if (!r)
		r = go_through(&g, after);
	store_log_release(writer);
	if (!r)
		r = is_any_left(writer, ret_more);
	*ret_more |= queued;
	pthread_mutex_lock(&sh.lock);
	sh.stop = true;
	pthread_cond_broadcast(&sh.work);
	pthread_mutex_unlock(&sh.lock);
	makers_end(&makers);
	store_named_free(sh.named);
	while (sh.made) {
		struct made *m = sh.made;

		sh.made = m->next;
		made_free(m);
	}
	if (!r && !*ret_more)
		r = store_sweep(writer);
	if (r)
		tell_failed(writer, &sh, r, f);
	return r;
}
