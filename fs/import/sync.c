/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of AWS, one after the other, as one feed. A source that fails is told of and the next
 * one is read; who follows begins anew when an interval has passed, and then lists only what may
 * be new.
 */
#include "import/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "s3_feed.h"
#include "writer.h"

#define DAY_MS      INT64_C(86400000)
#define INTERVAL_MS 60000u
/* A delivery that was held up comes under an older day; more than this is a full sync's. */
#define BACK_DAYS 2

struct sync {
	const struct sync_options *options;
	struct sync_report *report;
	struct aws_client *client;
	struct s3_feed *feed; /* of the source under way */
	size_t next;          /* source to be begun */
	uint64_t failed;      /* sources */
	bool again;           /* not the first round */
	int64_t resume_ms; /* when the next round begins; by a clock that never jumps */
};

static bool is_stopped(const struct sync *s)
{
	return s->options->stop && __atomic_load_n(s->options->stop, __ATOMIC_RELAXED);
}

/* --- sources -------------------------------------------------------------------------------- */

/* s3://bucket/prefix */
static int split(const char *url, struct str *ret_bucket, struct str *ret_prefix)
{
	struct str rest = str_of(url);
	ptrdiff_t slash;

	if (!str_starts(rest, "s3://"))
		return SYNC_E_SOURCE;
	rest = str_from(rest, 5);
	slash = str_chr(rest, '/');
	*ret_bucket = slash < 0 ? rest : (struct str){ rest.p, (size_t)slash };
	*ret_prefix = slash < 0 ? STR_NULL : str_from(rest, (size_t)slash + 1);
	return ret_bucket->n ? 0 : SYNC_E_SOURCE;
}

static int64_t day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

static struct s3_wish wish_of(const struct sync *s)
{
	const struct sync_options *o = s->options;
	struct s3_wish wish = {
		.from_day = o->since_ms == INT64_MIN ? INT64_MIN : day_of(o->since_ms),
		.to_day = o->until_ms == INT64_MAX ? INT64_MAX : day_of(o->until_ms),
		.accounts = o->accounts,
		.n_accounts = o->n_accounts,
		.regions = o->regions,
		.n_regions = o->n_regions,
	};

	if (s->again)
		wish.from_day =
			MAX(wish.from_day, (int64_t)time(NULL) / 86400 - BACK_DAYS);
	return wish;
}

static void tell_failed(struct sync *s, const char *source, const struct fault *f)
{
	const struct import_options *o = &s->options->import;

	s->failed++;
	if (o->failed)
		o->failed(o->ctx, source, f);
}

/* Begins the next source that can be begun. */
static int begin_source(struct sync *s)
{
	while (s->next < s->options->import.n_sources) {
		const char *source = s->options->import.sources[s->next++];
		struct s3_feed_options options = { .client = s->client,
						   .wish = wish_of(s),
						   .requester_pays =
							   s->options->requester_pays };
		struct fault f = { 0 };
		int r = split(source, &options.bucket, &options.prefix);

		if (r == 0)
			r = s3_feed_new(&options, &s->feed, &f);
		if (r <= 0)
			return r;
		tell_failed(s, source, &f);
	}
	return IMPORT_E_END;
}

static void end_source(struct sync *s)
{
	struct s3_feed_report report;

	s3_feed_report(s->feed, &report);
	s->report->objects_known += report.known;
	if (report.result && report.result != -ECANCELED)
		tell_failed(s, s->options->import.sources[s->next - 1], &report.fault);
	s->feed = s3_feed_free(s->feed);
}

/* --- the feed ------------------------------------------------------------------------------- */

static unsigned interval_of(const struct sync *s)
{
	return s->options->interval_ms ? s->options->interval_ms : INTERVAL_MS;
}

/* All sources are read: that was it, or the next round is waited for. */
static int end_round(struct sync *s)
{
	int64_t now = import_writer_clock();

	if (!s->options->follow || is_stopped(s))
		return IMPORT_E_END;
	if (!s->resume_ms)
		s->resume_ms = now + interval_of(s);
	if (now < s->resume_ms)
		return IMPORT_E_LATER;
	s->resume_ms = 0;
	s->next = 0;
	s->again = true;
	return 0;
}

static int sync_next(void *ctx, struct import_ledger *ledger, struct import_document *ret)
{
	struct sync *s = ctx;

	for (;;) {
		int r = 0;

		if (is_stopped(s))
			return IMPORT_E_END;
		if (!s->feed)
			r = begin_source(s);
		if (r == IMPORT_E_END) {
			r = end_round(s);
			if (r)
				return r;
			continue;
		}
		if (r == 0)
			r = s3_feed_next(s->feed, ledger, ret);
		if (r != IMPORT_E_END)
			return r;
		end_source(s);
	}
}

static void sync_wait(void *ctx, unsigned ms)
{
	struct sync *s = ctx;
	struct timespec t = { .tv_nsec = (long)ms * 1000000 };

	if (s->feed)
		s3_feed_wait(s->feed, ms);
	else
		(void)nanosleep(&t, NULL);
}

/* --- all of it ------------------------------------------------------------------------------ */

static int check_sources(const struct sync_options *o, struct fault *f)
{
	struct str bucket, prefix;

	for (size_t i = 0; i < o->import.n_sources; i++)
		if (split(o->import.sources[i], &bucket, &prefix)) {
			fault_set(f, FAULT_NO_OFFSET, "",
				  "%s is no source: s3://BUCKET/PREFIX is one",
				  o->import.sources[i]);
			return SYNC_E_SOURCE;
		}
	return 0;
}

int sync_run(const struct sync_options *options, struct sync_report *ret, struct fault *f)
{
	struct sync s = { .options = options, .report = ret };
	const struct import_feed feed = {
		.next = sync_next, .wait = sync_wait, .follow = options->follow, .ctx = &s
	};
	struct import_options import = options->import;
	int r = check_sources(options, f);

	*ret = (struct sync_report){ 0 };
	import.feed = &feed;
	if (r)
		return r;
	r = aws_client_new(&options->aws, &s.client, f);
	if (r)
		return r < 0 ? r : SYNC_E_AWS;
	r = import_run(&import, &ret->import, f);
	ret->import.sources_failed += s.failed;
	s3_feed_free(s.feed);
	aws_client_free(s.client);
	return r;
}
