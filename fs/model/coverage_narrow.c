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

static bool leaves_out(const struct coverage_control *c, enum coverage_aspect aspect,
		       struct str unknown)
{
	const struct coverage_setting *s = &c->set[aspect];

	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->unknown[i], unknown))
			return true;
	return false;
}

/* The same was said before, and nothing else since: one gap is enough. */
static bool said_before(const struct work *w, size_t i, enum coverage_aspect aspect,
			struct str unknown)
{
	for (size_t k = i; k-- > 0;)
		if (w->controls[k].set[aspect].said &&
		    next_setting(w, k, aspect) == &w->controls[i])
			return leaves_out(&w->controls[k], aspect, unknown);
	return false;
}

/* When it was set otherwise; -1: never. */
static int64_t set_until(const struct work *w, size_t i, enum coverage_aspect aspect,
			 struct str unknown)
{
	const struct coverage_control *next = next_setting(w, i, aspect);

	while (next && leaves_out(next, aspect, unknown))
		next = next_setting(w, (size_t)(next - w->controls), aspect);
	return next ? next->time_ms : -1;
}

static enum coverage_gap_kind kind_of(const struct coverage_control *c,
				      enum coverage_aspect aspect)
{
	if (aspect == COVERAGE_MOMENTS)
		return COVERAGE_RECORDED_DAILY;
	return c->source == COVERAGE_TRAIL ? COVERAGE_TRAIL_NARROWED
					   : COVERAGE_RECORDER_NARROWED;
}

static void add(struct work *w, const struct coverage_control *c,
		enum coverage_aspect aspect, struct str region, int64_t to_ms,
		struct str unknown)
{
	add_gap(w, &(struct coverage_gap){ .account = w->account,
					   .region = region,
					   .source = c->source,
					   .kind = kind_of(c, aspect),
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
	add(w, c, COVERAGE_WRITES, STR("*"), to_ms, STR_NULL);
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
			add(w, c, COVERAGE_REGIONS, d->region, to_ms, STR_NULL);
	}
}

/* --- types of IAM, which any region's recorder may have -------------------------------------- */

/* What the recorder of that region was last said to have, up to the control before `end`. */
static const struct coverage_control *last_setting(const struct work *w,
						   struct str region, size_t end)
{
	for (size_t k = end; k-- > 0;) {
		const struct coverage_control *c = &w->controls[k];

		if (c->source == COVERAGE_CONFIG && c->set[COVERAGE_GLOBAL].said &&
		    str_eq(c->region, region))
			return c;
	}
	return NULL;
}

/* After the first n controls: does the recorder of another region than that have it? */
static bool others_have(const struct work *w, size_t n, struct str region,
			struct str unknown)
{
	for (size_t k = 0; k < n; k++) {
		const struct coverage_control *c = &w->controls[k];

		if (c->source == COVERAGE_CONFIG && !str_eq(c->region, region) &&
		    last_setting(w, c->region, n) == c &&
		    !leaves_out(c, COVERAGE_GLOBAL, unknown))
			return true;
	}
	return false;
}

/* The region of some recorder of which no setting is known up to then. */
static bool others_may(const struct work *w, size_t n)
{
	for (size_t i = 0; i < w->config.n; i++) {
		struct str region = w->config.at[i].region;

		if (!str_is(region, "global") && !last_setting(w, region, n))
			return true;
	}
	return false;
}

/* Has a setting before made a gap that goes on there? */
static bool lasts(const struct work *w, int64_t time_ms, struct str unknown)
{
	const struct coverage_gap *gaps = (const struct coverage_gap *)w->gaps->data;

	for (size_t i = w->gaps->len / sizeof(*gaps); i-- > 0;)
		if (str_eq(gaps[i].account, w->account) &&
		    gaps[i].kind == COVERAGE_RECORDER_NARROWED &&
		    str_is(gaps[i].region, "global") &&
		    str_eq(gaps[i].unknown, unknown) && gaps[i].from_ms <= time_ms &&
		    (gaps[i].to_ms < 0 || gaps[i].to_ms > time_ms))
			return true;
	return false;
}

static void add_without_iam(struct work *w, size_t i, struct str unknown)
{
	const struct coverage_control *c = &w->controls[i];
	int64_t to_ms = -1;
	struct record next;

	if (others_have(w, i, c->region, unknown) || lasts(w, c->time_ms, unknown))
		return;
	for (size_t k = i + 1; to_ms < 0 && k < w->n_controls; k++) {
		const struct coverage_control *n = &w->controls[k];

		if (n->source == COVERAGE_CONFIG && n->set[COVERAGE_GLOBAL].said &&
		    !leaves_out(n, COVERAGE_GLOBAL, unknown))
			to_ms = n->time_ms;
	}
	next = next_record(&w->config, STR("global"), c->time_ms + SETTLE_MS);
	if (others_may(w, i + 1) && next.first_ms >= 0 &&
	    (to_ms < 0 || next.first_ms < to_ms))
		return;
	add(w, c, COVERAGE_GLOBAL, STR("global"), to_ms, unknown);
}

/* --- all ------------------------------------------------------------------------------------- */

static void add_left_out(struct work *w, size_t i, enum coverage_aspect aspect,
			 struct str unknown)
{
	const struct coverage_control *c = &w->controls[i];
	int64_t until_ms = set_until(w, i, aspect, unknown);
	bool is_trail = c->source == COVERAGE_TRAIL;

	if (aspect == COVERAGE_WRITES)
		add_without_writes(w, c, until_ms);
	else if (aspect == COVERAGE_REGIONS)
		add_without_regions(w, c, until_ms);
	else if (aspect == COVERAGE_GLOBAL && !is_trail)
		add_without_iam(w, i, unknown);
	else
		add(w, c, aspect, is_trail ? STR("*") : c->region, until_ms, unknown);
}

void add_narrowed(struct work *w)
{
	for (size_t i = 0; i < w->n_controls; i++)
		for (unsigned k = 0; k < COVERAGE_ASPECTS; k++) {
			enum coverage_aspect aspect = (enum coverage_aspect)k;
			const struct coverage_setting *s = &w->controls[i].set[k];

			for (size_t u = 0; u < s->n; u++)
				if (!said_before(w, i, aspect, s->unknown[u]))
					add_left_out(w, i, aspect, s->unknown[u]);
		}
}
