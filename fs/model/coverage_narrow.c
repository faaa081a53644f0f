/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaps of what somebody set to take in less: a trail without calls that change something, without
 * some services or regions, a recorder without some types. What stays in the settings of one trail
 * may come by another: where that can be seen, it is no gap.
 */
#include "coverage_work.h"

/* The first later call on the same trail or recorder that says otherwise, or takes it away. */
static const struct coverage_control *next_setting(const struct work *w, size_t i,
						   enum coverage_aspect aspect)
{
	const struct coverage_control *c = &w->controls[i];

	for (size_t k = i + 1; k < w->n_controls; k++) {
		const struct coverage_control *next = &w->controls[k];

		if (next->source != c->source || !str_eq(next->trail, c->trail) ||
		    (c->source == COVERAGE_CONFIG && !str_eq(next->region, c->region)))
			continue;
		if (next->set[aspect].said || str_is(next->call, "DeleteTrail") ||
		    str_is(next->call, "DeleteConfigurationRecorder"))
			return next;
	}
	return NULL;
}

/* The same was said before, and nothing else since: one gap is enough. */
static bool said_before(const struct work *w, size_t i, enum coverage_aspect aspect)
{
	const struct coverage_control *c = &w->controls[i];

	for (size_t k = i; k-- > 0;) {
		const struct coverage_control *last = &w->controls[k];

		if (!last->set[aspect].lacks || next_setting(w, k, aspect) != c)
			continue;
		return str_eq(last->set[aspect].unknown, c->set[aspect].unknown);
	}
	return false;
}

/* When it was set otherwise; -1: never. */
static int64_t set_until(const struct work *w, size_t i, enum coverage_aspect aspect)
{
	const struct coverage_setting *s = &w->controls[i].set[aspect];
	const struct coverage_control *next = next_setting(w, i, aspect);

	while (next && next->set[aspect].lacks &&
	       str_eq(next->set[aspect].unknown, s->unknown))
		next = next_setting(w, (size_t)(next - w->controls), aspect);
	return next ? next->time_ms : -1;
}

static void add(struct work *w, const struct coverage_control *c, struct str region,
		int64_t to_ms, struct str unknown)
{
	add_gap(w, &(struct coverage_gap){ .account = w->account,
					   .region = region,
					   .source = c->source,
					   .kind = c->source == COVERAGE_TRAIL
							   ? COVERAGE_TRAIL_NARROWED
							   : COVERAGE_RECORDER_NARROWED,
					   .from_ms = c->time_ms,
					   .to_ms = to_ms,
					   .stop = c,
					   .unknown = unknown });
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms < 0 || b_ms < 0)
		return MAX(a_ms, b_ms);
	return MIN(a_ms, b_ms);
}

/* Writes are summed by days: only whole days without one show that they are left out. */
static void add_without_writes(struct work *w, const struct coverage_control *c,
			       int64_t until_ms)
{
	int64_t day = c->time_ms / COVERAGE_DAY_MS, next_day = -1, next_ms = -1, to_ms;

	for (size_t i = 0; i < w->trail.n; i++) {
		const struct coverage_day *d = &w->trail.at[i];

		if (d->day <= day || !d->writes || (next_day >= 0 && d->day > next_day))
			continue;
		next_ms = d->day == next_day ? MIN(next_ms, d->first_ms) : d->first_ms;
		next_day = d->day;
	}
	/* That day's first record may have been read-only. */
	if (until_ms >= 0 && until_ms / COVERAGE_DAY_MS == next_day)
		next_ms = until_ms;
	to_ms = earlier(until_ms, next_ms);
	if (to_ms >= 0 && to_ms / COVERAGE_DAY_MS <= day + 1)
		return;
	add(w, c, STR("*"), to_ms, STR_NULL);
}

/* Regions that had something before, and fall silent for a day. */
static void add_without_regions(struct work *w, const struct coverage_control *c,
				int64_t until_ms)
{
	for (size_t i = 0; i < w->trail.n; i++) {
		const struct coverage_day *d = &w->trail.at[i];
		struct record next;
		int64_t to_ms;

		if (str_eq(d->region, c->region) || d->first_ms >= c->time_ms ||
		    (i && str_eq(d[-1].region, d->region)))
			continue; /* the region's first day tells whether it had something */
		next = next_record(&w->trail, d->region, c->time_ms + SETTLE_MS);
		to_ms = earlier(until_ms, next.first_ms);
		if (to_ms < 0 || to_ms - c->time_ms >= COVERAGE_DAY_MS)
			add(w, c, d->region, to_ms, STR_NULL);
	}
}

void add_narrowed(struct work *w)
{
	for (size_t i = 0; i < w->n_controls; i++) {
		const struct coverage_control *c = &w->controls[i];

		for (unsigned k = 0; k < COVERAGE_ASPECTS; k++) {
			enum coverage_aspect aspect = (enum coverage_aspect)k;
			const struct coverage_setting *s = &c->set[k];
			int64_t until_ms;

			if (!s->lacks || said_before(w, i, aspect))
				continue;
			until_ms = set_until(w, i, aspect);
			if (aspect == COVERAGE_WRITES)
				add_without_writes(w, c, until_ms);
			else if (aspect == COVERAGE_REGIONS)
				add_without_regions(w, c, until_ms);
			else
				add(w, c,
				    c->source == COVERAGE_TRAIL ? STR("*") : c->region,
				    until_ms, s->unknown);
		}
	}
}
