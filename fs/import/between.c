/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a slice costs is measured, and the next one waits a multiple of it: so their share of the
 * time is bounded, whatever a story costs. A story that is made and whose resource then has
 * another state is made again, and that is what they cost; the resources are gone through in the
 * order they were first seen in, since those of long ago are the least likely to be touched again.
 */
#include "between.h"

#include "util/clock.h"

#include "alarms.h"
#include "metrics.h"
#include "tell.h"
#include "writer.h"

#define SLICE_MS  200
#define FIRST_MS  2000 /* before the first one: most runs of sync are over by then */
#define BUSY_REST 30   /* times as long as a slice took: a share of three in a hundred */
#define IDLE_REST 1
#define HURRY_MS  5000

void between_begin(struct between *b)
{
	b->busy_ms = clock_ms() + FIRST_MS;
	b->idle_ms = 0;
	b->due = true; /* what one before has left */
}

void between_deinit(struct between *b)
{
	lost_deinit(&b->state.lost);
	lost_deinit(&b->files);
}

/* What was lost is perhaps not any more. */
void between_renew(struct between *b)
{
	b->due = true;
	lost_forget(&b->state.lost);
	lost_forget(&b->files);
}

bool between_is_due(const struct between *b, bool idle)
{
	return b->due && clock_ms() >= (idle ? b->idle_ms : b->busy_ms);
}

static int derive(struct between *b, const struct derive_options *more,
		  struct derive_left *ret)
{
	struct derive_options options = *more;

	options.history = b->options->history;
	options.workers = b->workers;
	options.without_evidence = b->options->without_evidence;
	return derive_run(b->store, &options, &b->state, ret, b->fault);
}

/* What tells from stories. */
static int files(struct between *b)
{
	int r = alarms_settle(b->store, b->options->history, b->workers, &b->files,
			      b->fault);

	return r ? r : metrics_settle(b->store, b->fault);
}

int between_slice(struct between *b, bool idle)
{
	const struct derive_options slice = { .budget_ms = SLICE_MS };
	int64_t began = clock_ms(), ended;
	struct derive_left left = { 0 };
	bool untold = false;
	int r = idle ? tell_run(b->store, began + SLICE_MS, &untold, b->fault) : 0;

	if (!r && !untold)
		r = derive(b, &slice, &left);
	if (!r && idle && !untold && !left.stories)
		r = files(b);
	b->due = untold || left.stories || left.sweep || !idle;
	ended = clock_ms();
	b->busy_ms = ended + BUSY_REST * (ended - began);
	b->idle_ms = ended + IDLE_REST * (ended - began);
	return r;
}

static int end(struct between *b, bool hurry,
	       void (*progress)(void *, uint64_t, uint64_t), void *ctx)
{
	const struct derive_options last = { .progress = progress,
					     .ctx = ctx,
					     .budget_ms = hurry ? HURRY_MS : 0 };
	struct derive_left left = { 0 };
	bool untold;
	int r;

	if (!b->due && hurry)
		return 0;
	r = tell_run(b->store, hurry ? clock_ms() + HURRY_MS : 0, &untold, b->fault);
	if (r || untold)
		return r;
	r = derive(b, &last, &left);
	return r || left.stories ? r : files(b);
}

int between_end(struct between *b, bool hurry,
		void (*progress)(void *, uint64_t, uint64_t), void *ctx)
{
	int r = end(b, hurry, progress, ctx);

	return r ? r : lost_tell(&b->state.lost, &b->files, b->store, b->fault);
}
