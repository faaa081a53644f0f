/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gaps: where somebody stopped a source and silence followed, and where silence is more than
 * quiet. The rules are in model/coverage.h.
 */
#include "coverage_work.h"

#define HOURS 24 /* of a day */

/* Between the trail's first and last day, but not there. */
static bool trail_lacks(const struct work *w, int64_t day)
{
	return w->n_trail && day > w->trail_days[0] &&
	       day < w->trail_days[w->n_trail - 1] && !trail_has(w, day);
}

void add_gap(struct work *w, const struct coverage_gap *gap)
{
	buf_put(w->gaps, gap, sizeof(*gap));
}

void add_days_gap(struct work *w, enum coverage_source source, struct str region,
		  enum coverage_gap_kind kind, int64_t first, int64_t last)
{
	add_gap(w, &(struct coverage_gap){ .account = w->account,
					   .region = region,
					   .source = source,
					   .kind = kind,
					   .from_ms = first * COVERAGE_DAY_MS,
					   .to_ms = (last + 1) * COVERAGE_DAY_MS });
}

bool is_stopped(const struct work *w, enum coverage_source source, struct str region,
		int64_t day)
{
	const struct coverage_gap *gaps = (const struct coverage_gap *)w->gaps->data;

	for (size_t i = w->gaps->len / sizeof(*gaps); i-- > 0;)
		if (str_eq(gaps[i].account, w->account) && gaps[i].source == source &&
		    gaps[i].stop && str_eq(gaps[i].region, region) &&
		    gaps[i].from_ms <= day * COVERAGE_DAY_MS &&
		    (gaps[i].to_ms < 0 || gaps[i].to_ms >= (day + 1) * COVERAGE_DAY_MS))
			return true;
	return false;
}

/*
 * In the hour that from_ms is in, the day's last record tells whether there is one behind it; of
 * other hours whether they have any.
 */
static struct record next_of_day(const struct coverage_day *d, int64_t from_ms)
{
	int64_t first = d->day * HOURS, from_hour = from_ms / HOUR_MS;

	for (int64_t hour = MAX(first, from_hour); hour < first + HOURS; hour++) {
		if (!(d->hours & (UINT32_C(1) << (hour - first))))
			continue;
		if (hour > from_hour || from_ms % HOUR_MS == 0)
			return (struct record){ hour, MAX(d->first_ms, hour * HOUR_MS) };
		if (d->last_ms >= from_ms && d->last_ms / HOUR_MS == hour)
			return (struct record){ hour, d->last_ms };
	}
	return (struct record){ INT64_MAX, -1 };
}

struct record next_record(const struct days *of, struct str region, int64_t from_ms)
{
	struct record best = { INT64_MAX, -1 };

	for (size_t i = 0; i < of->n; i++) {
		const struct coverage_day *d = &of->at[i];
		struct record next;

		if ((region.n && !str_eq(region, d->region)) ||
		    (d->day + 1) * COVERAGE_DAY_MS <= from_ms ||
		    d->day * HOURS > best.hour)
			continue;
		next = next_of_day(d, from_ms);
		if (next.first_ms >= 0 &&
		    (next.hour < best.hour ||
		     (next.hour == best.hour && next.first_ms < best.first_ms)))
			best = next;
	}
	return best;
}

/* The first call after it that starts what it stopped; NULL: none. */
static const struct coverage_control *start_after(const struct work *w, size_t stop)
{
	const struct coverage_control *s = &w->controls[stop];

	for (size_t i = stop + 1; i < w->n_controls; i++) {
		const struct coverage_control *c = &w->controls[i];

		if (c->act == COVERAGE_STARTS && c->source == s->source &&
		    (s->source == COVERAGE_TRAIL || str_eq(c->region, s->region)))
			return c;
	}
	return NULL;
}

/*
 * Adds the gap that a stop made, if silence followed: see model/coverage.h. `of` in `region`
 * (empty: all) is what could be heard; spared: shorter silence does not count where a start is
 * known, in ms.
 */
static bool add_stop(struct work *w, size_t stop, const struct days *of,
		     struct str region, int64_t spared_ms)
{
	const struct coverage_control *c = &w->controls[stop];
	const struct coverage_control *start = start_after(w, stop);
	/* What comes in those minutes was under way. */
	int64_t settled = c->time_ms + SETTLE_MS, to_ms;
	struct record next = next_record(of, region, settled);

	if (start && (next.first_ms < 0 || start->time_ms < (next.hour + 1) * HOUR_MS)) {
		if (spared_ms &&
		    start->time_ms - (settled / HOUR_MS + 1) * HOUR_MS < spared_ms)
			return false;
		to_ms = start->time_ms;
	} else {
		if (next.first_ms >= 0 && next.first_ms < c->time_ms + COVERAGE_DAY_MS)
			return false;
		to_ms = next.first_ms;
	}
	add_gap(w, &(struct coverage_gap){ .account = w->account,
					   .region = region.n ? region : STR("*"),
					   .source = c->source,
					   .kind = c->source == COVERAGE_TRAIL
							   ? COVERAGE_TRAIL_STOPPED
							   : COVERAGE_RECORDER_STOPPED,
					   .from_ms = c->time_ms,
					   .to_ms = to_ms,
					   .stop = c });
	return true;
}

/* Is that moment in a gap where it was stopped before? */
static bool in_stop(const struct work *w, enum coverage_source source, struct str region,
		    int64_t time_ms)
{
	const struct coverage_gap *gaps = (const struct coverage_gap *)w->gaps->data;

	for (size_t i = w->gaps->len / sizeof(*gaps); i-- > 0;)
		if (str_eq(gaps[i].account, w->account) && gaps[i].source == source &&
		    gaps[i].stop &&
		    (str_eq(gaps[i].region, region) || str_is(gaps[i].region, "*")) &&
		    gaps[i].from_ms <= time_ms &&
		    (gaps[i].to_ms < 0 || gaps[i].to_ms > time_ms))
			return true;
	return false;
}

/* The trail of a region alone, while the account had something. */
static void add_region_stop(struct work *w, size_t stop)
{
	const struct coverage_control *c = &w->controls[stop];
	int64_t last_day = w->n_trail ? w->trail_days[w->n_trail - 1] : 0;
	struct record next = next_record(&w->trail, c->region, c->time_ms + SETTLE_MS);

	if (next.first_ms < 0 &&
	    (last_day + 1) * COVERAGE_DAY_MS < c->time_ms + COVERAGE_DAY_MS)
		return;
	(void)add_stop(w, stop, &w->trail, c->region, COVERAGE_DAY_MS);
}

static uint64_t writes_of(const struct work *w, struct str region, int64_t first,
			  int64_t last)
{
	/* What is recorded as global is called in one region. */
	struct str called = str_is(region, "global") ? STR("us-east-1") : region;
	uint64_t sum = 0;

	for (size_t i = 0; i < w->trail.n; i++)
		if (w->trail.at[i].day >= first && w->trail.at[i].day <= last &&
		    str_eq(w->trail.at[i].region, called))
			sum += w->trail.at[i].writes;
	return sum;
}

/* The bucket that it delivered to before; empty: not known. */
static struct str bucket_before(const struct work *w, size_t i)
{
	const struct coverage_control *c = &w->controls[i];

	for (size_t k = i; k-- > 0;) {
		const struct coverage_control *last = &w->controls[k];

		if (last->source == c->source && last->bucket.n &&
		    str_eq(last->trail, c->trail) &&
		    (c->source == COVERAGE_TRAIL || str_eq(last->region, c->region)))
			return last->bucket;
	}
	return STR("");
}

/*
 * Deliveries that go to another bucket, from which nothing comes. A recorder may be silent, a new
 * trail or channel has no place before, and who sets a trail's bucket anew may set it to the same.
 */
static void add_move(struct work *w, size_t i, const struct days *of, struct str region)
{
	const struct coverage_control *c = &w->controls[i];
	struct str before = bucket_before(w, i);
	struct record next = next_record(of, region, c->time_ms + SETTLE_MS);
	int64_t first = c->time_ms / COVERAGE_DAY_MS + 1, last = INT64_MAX;

	if (str_eq(before, c->bucket) || str_is(c->call, "CreateTrail") ||
	    (next.first_ms >= 0 && next.first_ms < c->time_ms + COVERAGE_DAY_MS))
		return;
	if (next.first_ms >= 0)
		last = next.first_ms / COVERAGE_DAY_MS - 1;
	if (c->source == COVERAGE_CONFIG &&
	    (!before.n || !writes_of(w, region, first, last)))
		return;
	if (!before.n && next.first_ms < 0)
		return;
	add_gap(w, &(struct coverage_gap){ .account = w->account,
					   .region = region.n ? region : STR("*"),
					   .source = c->source,
					   .kind = COVERAGE_DELIVERY_MOVED,
					   .from_ms = c->time_ms,
					   .to_ms = next.first_ms,
					   .stop = c });
}

void add_stops(struct work *w, enum coverage_source source, struct str region,
	       const struct days *of)
{
	bool is_trail = source == COVERAGE_TRAIL;

	for (size_t i = 0; i < w->n_controls; i++) {
		const struct coverage_control *c = &w->controls[i];

		if (c->source != source || (c->act != COVERAGE_STOPS && !c->bucket.n) ||
		    (!is_trail && !str_eq(c->region, region)) ||
		    in_stop(w, source, c->region, c->time_ms))
			continue;
		if (c->bucket.n)
			add_move(w, i, of, region);
		else if (!is_trail)
			(void)add_stop(w, i, of, region, 0);
		else if (!add_stop(w, i, of, STR_NULL, HOUR_MS))
			add_region_stop(w, i);
	}
}

/* Has the trail all of these days, and is there no call in them that could have changed anything? */
static bool nothing_done(const struct work *w, struct str region, int64_t first,
			 int64_t last)
{
	for (int64_t day = first; day <= last; day++)
		if (!trail_has(w, day))
			return false;
	return writes_of(w, region, first, last) == 0;
}

void add_lacking(struct work *w, enum coverage_source source, struct str region,
		 int64_t first, int64_t last, bool *ret)
{
	int64_t from = -1;

	for (int64_t day = first; day <= last + 1; day++) {
		bool lacks = day <= last && trail_lacks(w, day) &&
			     !is_stopped(w, source, region, day);

		if (lacks && from < 0)
			from = day;
		if (!lacks && from >= 0) {
			add_days_gap(w, source, region, COVERAGE_NO_DELIVERY, from,
				     day - 1);
			from = -1;
			*ret = true;
		}
	}
}

/* What is recorded as global comes by the recorder of some region: has one anything then? */
static bool recorded_elsewhere(const struct work *w, struct str region, int64_t first,
			       int64_t last)
{
	if (!str_is(region, "global"))
		return false;
	for (size_t i = 0; i < w->config.n; i++)
		if (w->config.at[i].day >= first && w->config.at[i].day <= last)
			return true;
	return false;
}

/* Silent days of a recorder: does the span break there? */
static bool config_breaks(struct work *w, struct str region, int64_t first, int64_t last)
{
	bool breaks = false;

	for (int64_t day = first; day <= last && !breaks; day++)
		breaks = is_stopped(w, COVERAGE_CONFIG, region, day);
	add_lacking(w, COVERAGE_CONFIG, region, first, last, &breaks);
	if (breaks || last - first < COVERAGE_QUIET_MAX ||
	    nothing_done(w, region, first, last) ||
	    recorded_elsewhere(w, region, first, last))
		return breaks;
	add_days_gap(w, COVERAGE_CONFIG, region, COVERAGE_NO_DELIVERY, first, last);
	return true;
}

bool breaks_span(struct work *w, enum coverage_source source, struct str region,
		 int64_t first, int64_t last)
{
	if (first > last || source == COVERAGE_ALARM)
		return false;
	if (source == COVERAGE_CONFIG)
		return config_breaks(w, region, first, last);
	for (int64_t day = first; day <= last; day++)
		if (!trail_has(w, day) || is_stopped(w, COVERAGE_TRAIL, region, day))
			return true;
	return false;
}
