/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of AWS, of several kinds, as one feed: whoever has something is asked in turn. A
 * source that fails is told of once and the others go on; who follows tries it again, later and
 * later, and begins a new round of the others when an interval has passed.
 */
#include "sync/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "plan.h"

#include "store/sync.h"
#include "util/clock.h"

#define INTERVAL_MS  60000u
#define BACKOFF_MS   5000u   /* after a first failure, doubled with each */
#define BACKOFF_MAX  300000u /* ... up to here; one that is well for so long is well */
#define BACKOFF_STEP 6u      /* doublings that reach it */
#define HEALTH_MS    60000   /* between two notes that a source is still well */
#define LOOK_MS      1000    /* between two looks at one that has always something */

struct source {
	const char *url; /* the plan's */
	const struct sync_kind *kind;
	struct aws_client *client; /* of its role, shared */
	void *round;               /* under way; NULL: none */
	bool again;                /* a round was ended well */
	bool last;                 /* this one is there to see what the others brought */
	bool over;                 /* there will be no other round */
	int64_t begin_ms;          /* not before; by a clock that never jumps */
	int64_t begun_ms;          /* when the last round was; by the same */
	unsigned failures;         /* in a row */
	uint64_t told;             /* hash of the failure its user knows of; 0: none */
	int64_t well_ms; /* since it is well after that; by a clock that never jumps */
	/* For the history. */
	uint64_t had;    /* of this round, when it was looked after */
	int64_t look_ms; /* ... not before; by a clock that never jumps */
	uint64_t errors; /* not yet written there */
	int64_t ok_ms, newest_ms;
	int64_t wrote_ms; /* 0: never; by a clock that never jumps */
	struct fault fault;
};

struct role_client {
	const char *role; /* the plan's */
	struct aws_client *client;
};

struct sync {
	const struct sync_options *options;
	struct sync_report *report;
	struct sync_plan plan;
	struct aws_client *client; /* of the credentials found themselves */
	struct buf clients;        /* struct role_client each */
	struct bell bell;
	struct source *sources;
	size_t n_sources;
	size_t turn; /* whose it is */
};

static bool is_stopped(const struct sync *s)
{
	return s->options->stop && __atomic_load_n(s->options->stop, __ATOMIC_RELAXED);
}

/* --- one source ----------------------------------------------------------------------------- */

static unsigned interval_of(const struct sync *s)
{
	return s->options->interval_ms ? s->options->interval_ms : INTERVAL_MS;
}

static unsigned backoff_of(const struct sync *s, unsigned failures)
{
	unsigned first = MIN(BACKOFF_MS, interval_of(s));

	return MIN(first << MIN(failures - 1, BACKOFF_STEP), BACKOFF_MAX);
}

/*
 * Credentials that cannot be had are one failure, however many sources were to be asked with them;
 * all else is each source's own, if in the same words.
 */
static bool is_told(const struct sync *s, const struct source *src, int result,
		    uint64_t told)
{
	if (result != AWS_E_CREDENTIALS)
		return src->told == told;
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i].client == src->client && s->sources[i].told == told)
			return true;
	return false;
}

/*
 * Once for each reason, until the source has been well again for a while: one may answer each time
 * before it fails at the same place.
 */
static void tell_failed(const struct sync *s, struct source *src, int result,
			const struct fault *f)
{
	const struct import_options *o = &s->options->import;
	uint64_t told = str_hash(str_of(f->reason)) | 1;

	if (src->well_ms && clock_ms() - src->well_ms >= BACKOFF_MAX)
		src->told = 0;
	src->well_ms = 0;
	if (!is_told(s, src, result, told) && o->failed)
		o->failed(o->ctx, src->url, f);
	src->told = told;
}

static void ended_badly(const struct sync *s, struct source *src, int result,
			const struct fault *f)
{
	src->failures++;
	src->errors++;
	src->fault = *f;
	src->over = !s->options->follow;
	src->begin_ms = clock_ms() + backoff_of(s, src->failures);
	tell_failed(s, src, result, f);
}

static int64_t wall_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void is_well(struct source *src)
{
	if (src->failures) {
		src->wrote_ms = 0;
		src->well_ms = clock_ms();
	}
	src->failures = 0;
}

/* Of no use again to who does not follow: each object was told. */
static void ended_partly(const struct sync *s, struct source *src, const struct fault *f)
{
	src->failures++;
	src->errors++;
	src->fault = *f;
	src->begin_ms = clock_ms() + backoff_of(s, src->failures);
}

/* Of who does not follow: is it to be asked once more, after the others? */
static bool comes_again(const struct sync *s, const struct source *src)
{
	return !s->options->follow && !src->last && src->kind->again &&
	       src->kind->again(s->options);
}

static void ended_well(const struct sync *s, struct source *src)
{
	bool waits = s->options->follow && !src->kind->stays;

	is_well(src);
	src->ok_ms = wall_clock();
	src->again = true;
	src->over = !s->options->follow && !comes_again(s, src);
	src->begin_ms = clock_ms() + (waits ? interval_of(s) : 0);
	if (src->over)
		src->wrote_ms = 0;
}

static void end_round(struct sync *s, struct source *src)
{
	struct sync_round round = { 0 };

	src->kind->report(src->round, &round);
	s->report->objects_known += round.known;
	src->ok_ms = MAX(src->ok_ms, round.ok_ms);
	src->newest_ms = MAX(src->newest_ms, round.newest_ms);
	src->kind->free(src->round);
	src->round = NULL;
	if (round.result == -ECANCELED)
		src->begin_ms = clock_ms() + interval_of(s); /* no sign of anything */
	else if (round.result)
		ended_badly(s, src, round.result, &round.fault);
	else if (round.partial && s->options->follow)
		ended_partly(s, src, &round.fault); /* the next looks for all of it */
	else
		ended_well(s, src);
}

/* --- health --------------------------------------------------------------------------------- */

/*
 * Well when AWS has answered in this round, and it has lasted: another call may fail at once, each
 * time. One whose rounds end says so itself; but a backfill takes hours.
 */
static void look_after(const struct sync *s, struct source *src)
{
	int64_t lasts = src->kind->stays ? backoff_of(s, 1) : BACKOFF_MAX;
	struct sync_round round = { 0 };

	if (!src->round)
		return;
	src->kind->report(src->round, &round);
	if (round.had > src->had)
		round.ok_ms = wall_clock();
	src->had = round.had;
	if (round.ok_ms && !round.result && clock_ms() - src->begun_ms >= lasts)
		is_well(src);
	src->ok_ms = MAX(src->ok_ms, round.ok_ms);
	src->newest_ms = MAX(src->newest_ms, round.newest_ms);
}

static bool is_health_due(const struct source *src)
{
	if (src->errors || src->over)
		return src->errors || src->wrote_ms <= 0;
	return src->ok_ms && (!src->wrote_ms || clock_ms() - src->wrote_ms >= HEALTH_MS);
}

static int put_health(const struct sync *s, struct source *src,
		      struct import_ledger *ledger)
{
	struct store_health health = { .source = str_of(src->url) };

	look_after(s, src);
	if (!is_health_due(src))
		return 0;
	health.tried_ms = wall_clock();
	health.success_ms = src->ok_ms;
	health.newest_ms = src->newest_ms;
	health.failures = src->failures;
	health.errors = src->errors;
	health.reason = src->failures ? str_of(src->fault.reason) : STR("");
	src->errors = 0;
	src->wrote_ms = clock_ms();
	return import_ledger_health(ledger, &health);
}

/* --- rounds --------------------------------------------------------------------------------- */

/* Of its kind only so many are asked at a time: is it the turn of this one? */
static bool is_its_turn(const struct sync *s, const struct source *src)
{
	unsigned running = 0;

	if (!src->kind->most)
		return true;
	for (size_t i = 0; i < s->n_sources; i++) {
		const struct source *other = &s->sources[i];

		if (other->kind != src->kind)
			continue;
		running += other->round != NULL;
		/* Who has waited longest comes first. */
		if (!other->round && !other->over && other->begin_ms < src->begin_ms)
			return false;
	}
	return running < src->kind->most;
}

/* Have all ended that do not wait for others themselves, and is what they brought there? */
static bool is_last(const struct sync *s, const struct import_ledger *ledger)
{
	for (size_t i = 0; i < s->n_sources; i++)
		if (!s->sources[i].kind->again && !s->sources[i].over)
			return false;
	return !s->options->follow && import_ledger_is_even(ledger);
}

static bool is_due(const struct sync *s, const struct source *src)
{
	if (src->over || clock_ms() < src->begin_ms || !is_its_turn(s, src))
		return false;
	return src->last || !src->again || s->options->follow;
}

/* 0: begun, or not to be begun now; a negative errno ends it all. */
static int begin_round(struct sync *s, struct source *src, struct import_ledger *ledger)
{
	struct sync_begin b = { .options = s->options,
				.client = src->client,
				.bell = &s->bell,
				.url = src->url,
				.again = src->again };
	struct fault f = { 0 };
	int r;

	b.last = src->last = is_last(s, ledger);
	if (!is_due(s, src))
		return 0;
	src->begun_ms = clock_ms();
	src->had = 0;
	r = src->kind->begin(&b, &src->round, &f);
	if (r > 0)
		ended_badly(s, src, r, &f);
	return MIN(r, 0);
}

/* What next() gave, or a negative errno. */
static int keep_health(const struct sync *s, struct source *src,
		       struct import_ledger *ledger, int result)
{
	int r;

	if (result == 0 && clock_ms() < src->look_ms)
		return 0;
	src->look_ms = clock_ms() + LOOK_MS;
	r = put_health(s, src, ledger);
	return r ? r : result;
}

/* 0, IMPORT_E_LATER, negative errno. */
static int source_next(struct sync *s, struct source *src, struct import_ledger *ledger,
		       struct import_document *ret)
{
	int r = src->round ? 0 : begin_round(s, src, ledger);

	if (r == 0 && src->round)
		r = src->kind->next(src->round, ledger, ret);
	else if (r == 0)
		r = IMPORT_E_LATER;
	if (r == 0)
		ret->hurried = src->kind->hurried;
	if (r == 0 && ret->cookie)
		((struct sync_cookie *)ret->cookie)->owner = src;
	if (r < 0)
		return r;
	if (r == IMPORT_E_END)
		end_round(s, src);
	return keep_health(s, src, ledger, r == IMPORT_E_END ? IMPORT_E_LATER : r);
}

/* --- the feed ------------------------------------------------------------------------------- */

static bool is_over(const struct sync *s)
{
	for (size_t i = 0; i < s->n_sources; i++)
		if (!s->sources[i].over)
			return false;
	return true;
}

static int sync_next(void *ctx, struct import_ledger *ledger, struct import_document *ret)
{
	struct sync *s = ctx;

	if (is_stopped(s))
		return IMPORT_E_END;
	for (size_t i = 0; i < s->n_sources; i++) {
		struct source *src = &s->sources[(s->turn + i) % s->n_sources];
		int r = src->kind->hurried ? IMPORT_E_LATER
					   : source_next(s, src, ledger, ret);

		if (r == IMPORT_E_LATER)
			continue;
		s->turn = (s->turn + i + 1) % s->n_sources;
		return r;
	}
	return is_over(s) ? IMPORT_E_END : IMPORT_E_LATER;
}

static int sync_next_hurried(void *ctx, struct import_ledger *ledger,
			     struct import_document *ret)
{
	struct sync *s = ctx;
	int r = IMPORT_E_LATER;

	for (size_t i = 0; r == IMPORT_E_LATER && i < s->n_sources && !is_stopped(s); i++)
		if (s->sources[i].kind->hurried)
			r = source_next(s, &s->sources[i], ledger, ret);
	return r;
}

static void sync_wait(void *ctx, unsigned ms)
{
	struct sync *s = ctx;

	bell_wait(&s->bell, ms);
}

static void sync_done(void *ctx, void *cookie, bool kept)
{
	struct sync_cookie *c = cookie;
	const struct source *src = c ? c->owner : NULL;

	(void)ctx;
	if (src && src->round && src->kind->done)
		src->kind->done(src->round, c, kept);
}

/* --- all of it ------------------------------------------------------------------------------ */

static void sync_deinit(struct sync *s)
{
	const struct role_client *clients = (const struct role_client *)s->clients.data;

	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i].round)
			s->sources[i].kind->free(s->sources[i].round);
	free(s->sources);
	for (size_t i = 0; i < s->clients.len / sizeof(*clients); i++)
		aws_client_free(clients[i].client);
	buf_deinit(&s->clients);
	aws_client_free(s->client);
	sync_plan_deinit(&s->plan);
	bell_deinit(&s->bell);
}

/* Of the role; one that is there already serves all its sources, and assumes it once. */
static int client_of(struct sync *s, const char *role, struct aws_client **ret,
		     struct fault *f)
{
	struct aws_client_options options = s->options->aws;
	struct role_client *known = (struct role_client *)s->clients.data;
	struct role_client fresh = { .role = role };
	int r;

	*ret = s->client;
	if (!role)
		return 0;
	for (size_t i = 0; i < s->clients.len / sizeof(*known); i++)
		if (!strcmp(known[i].role, role)) {
			*ret = known[i].client;
			return 0;
		}
	options.role_arn = role;
	options.base = s->client;
	r = aws_client_new(&options, &fresh.client, f);
	if (r)
		return r < 0 ? r : SYNC_E_AWS;
	buf_put(&s->clients, &fresh, sizeof(fresh));
	r = buf_error(&s->clients);
	if (r)
		aws_client_free(fresh.client);
	*ret = fresh.client;
	return r;
}

static int add_sources(struct sync *s, struct fault *f)
{
	size_t n = sync_plan_count(&s->plan);
	int r = 0;

	s->sources = calloc(MAX(n, (size_t)1), sizeof(*s->sources));
	if (!s->sources)
		return -ENOMEM;
	for (; !r && s->n_sources < n; s->n_sources++) {
		const struct sync_planned *planned = sync_plan_at(&s->plan, s->n_sources);
		struct source *src = &s->sources[s->n_sources];

		src->url = planned->url;
		src->kind = planned->kind;
		r = client_of(s, planned->role, &src->client, f);
	}
	return r;
}

static int run(struct sync *s, struct fault *f)
{
	const struct import_feed feed = { .next = sync_next,
					  .next_hurried = sync_next_hurried,
					  .wait = sync_wait,
					  .done = sync_done,
					  .follow = s->options->follow,
					  .stop = s->options->stop,
					  .ctx = s };
	struct import_options import = s->options->import;
	int r = aws_client_new(&s->options->aws, &s->client, f);

	if (r)
		return r < 0 ? r : SYNC_E_AWS;
	r = sync_plan_make(&s->plan, s->options, aws_client_region(s->client), f);
	if (!r)
		r = add_sources(s, f);
	if (r)
		return r;
	import.feed = &feed;
	r = import_run(&import, &s->report->import, f);
	for (size_t i = 0; i < s->n_sources; i++) {
		look_after(s, &s->sources[i]);
		s->report->import.sources_failed += s->sources[i].failures > 0;
	}
	return r;
}

int sync_run(const struct sync_options *options, struct sync_report *ret, struct fault *f)
{
	struct sync s = { .options = options, .report = ret };
	int r = bell_init(&s.bell);

	*ret = (struct sync_report){ 0 };
	if (r)
		return r;
	r = run(&s, f);
	sync_deinit(&s);
	return r;
}
