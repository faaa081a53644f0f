/* SPDX-License-Identifier: Apache-2.0 */
/*
 * s3://bucket/prefix as a source. Who follows lists only days in which something new may have
 * been put.
 */
#include <time.h>

#include "plan.h"
#include "s3_feed.h"

#define DAY_MS INT64_C(86400000)
/* A delivery that was held up comes under an older day; more than this is a full sync's. */
#define BACK_DAYS 2

static int64_t day_of(int64_t ms)
{
	return ms / DAY_MS - (ms % DAY_MS < 0);
}

static struct s3_wish wish_of(const struct sync_begin *b)
{
	const struct sync_options *o = b->options;
	struct s3_wish wish = {
		.from_day = o->since_ms == INT64_MIN ? INT64_MIN : day_of(o->since_ms),
		.to_day = o->until_ms == INT64_MAX ? INT64_MAX : day_of(o->until_ms),
		.accounts = o->accounts,
		.n_accounts = o->n_accounts,
		.regions = o->regions,
		.n_regions = o->n_regions,
	};

	if (b->again)
		wish.from_day =
			MAX(wish.from_day, (int64_t)time(NULL) / 86400 - BACK_DAYS);
	return wish;
}

static bool check(struct str rest)
{
	return rest.n > 0 && rest.p[0] != '/';
}

static int begin(const struct sync_begin *b, void **ret, struct fault *f)
{
	struct str rest = sync_place(b->url);
	ptrdiff_t slash = str_chr(rest, '/');
	const struct s3_feed_options options = {
		.client = b->client,
		.bucket = slash < 0 ? rest : (struct str){ rest.p, (size_t)slash },
		.prefix = slash < 0 ? STR_NULL : str_from(rest, (size_t)slash + 1),
		.wish = wish_of(b),
		.requester_pays = b->options->requester_pays,
		.bell = b->bell,
	};
	struct s3_feed *feed = NULL;
	int r = s3_feed_new(&options, &feed, f);

	*ret = feed;
	return r;
}

static void report(void *round, struct sync_round *ret)
{
	struct s3_feed_report feed;

	s3_feed_report(round, &feed);
	*ret = (struct sync_round){ .known = feed.known,
				    .had = feed.listed + feed.fetched,
				    .partial = feed.partial,
				    .result = feed.result,
				    .fault = feed.fault };
}

static void end(void *round)
{
	s3_feed_free(round);
}

const struct sync_kind sync_kind_s3 = {
	.scheme = "s3://",
	.form = "s3://BUCKET/PREFIX",
	.most = 1,
	.check = check,
	.begin = begin,
	.next = s3_feed_next,
	.report = report,
	.free = end,
};
