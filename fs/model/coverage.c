/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans and gaps out of days; the rules are in model/coverage.h. An account at a time: first what
 * its trail has of any region, which tells quiet from missing, then each source and region.
 */
#include "model/coverage.h"

#include <errno.h>
#include <stdlib.h>

#include "model/timestamp.h"

#define HOURS     24 /* of a day */
#define HOUR_MS   INT64_C(3600000)
#define SETTLE_MS (INT64_C(15) * 60000) /* so long a call that stops a source may take */

struct days {
	const struct coverage_day *at;
	size_t n;
};

struct work {
	struct str account;
	struct days trail, config, alarms;
	const struct coverage_control *controls; /* of the account */
	size_t n_controls;
	int64_t *trail_days; /* of any region, sorted, each once */
	size_t n_trail;
	struct buf *spans, *gaps;
};

const char *coverage_source_name(enum coverage_source s)
{
	static const char *const names[] = { [COVERAGE_CONFIG] = "config",
					     [COVERAGE_TRAIL] = "cloudtrail",
					     [COVERAGE_ALARM] = "cloudwatch" };

	return names[s];
}

const char *coverage_gap_name(enum coverage_gap_kind k)
{
	static const char *const names[] = {
		[COVERAGE_RECORDER_STOPPED] = "recorder stopped",
		[COVERAGE_TRAIL_STOPPED] = "trail stopped",
		[COVERAGE_NO_DELIVERY] = "no delivery",
		[COVERAGE_NO_TRAIL] = "no trail",
		[COVERAGE_RECORDER_FAILS] = "recorder fails",
		[COVERAGE_DELIVERY_FAILS] = "delivery fails",
		[COVERAGE_TYPE_EXCLUDED] = "type excluded",
		[COVERAGE_RECORDED_DAILY] = "recorded daily",
	};

	return names[k];
}

void coverage_gap_why(struct buf *out, const struct coverage_gap *g)
{
	char time[TIMESTAMP_ISO_SIZE];

	if (!g->stop)
		return;
	timestamp_format(g->from_ms, time);
	buf_printf(out, "no trail: logging was stopped %s by %.*s (%.*s)", time,
		   STR_ARGS(g->stop->principal), STR_ARGS(g->stop->call));
}

int coverage_control_of(struct str event_source, struct str event_name,
			enum coverage_source *ret)
{
	static const struct {
		const char *service, *name;
		enum coverage_source source;
		int starts;
	} calls[] = {
		{ "config.amazonaws.com", "StopConfigurationRecorder", COVERAGE_CONFIG,
		  0 },
		{ "config.amazonaws.com", "DeleteConfigurationRecorder", COVERAGE_CONFIG,
		  0 },
		{ "config.amazonaws.com", "StartConfigurationRecorder", COVERAGE_CONFIG,
		  1 },
		{ "cloudtrail.amazonaws.com", "StopLogging", COVERAGE_TRAIL, 0 },
		{ "cloudtrail.amazonaws.com", "DeleteTrail", COVERAGE_TRAIL, 0 },
		{ "cloudtrail.amazonaws.com", "StartLogging", COVERAGE_TRAIL, 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (!str_is(event_source, calls[i].service) ||
		    !str_is(event_name, calls[i].name))
			continue;
		*ret = calls[i].source;
		return calls[i].starts;
	}
	return -1;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_moment(const void *a, const void *b)
{
	const struct coverage_control *x = a, *y = b;
	int order = str_cmp(x->account, y->account);

	if (!order && x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return order ? order : str_cmp(x->event_id, y->event_id);
}

static int by_place(const void *a, const void *b)
{
	const struct coverage_gap *x = a, *y = b;
	int order = str_cmp(x->account, y->account);

	if (!order)
		order = (int)x->source - (int)y->source;
	if (!order)
		order = str_cmp(x->region, y->region);
	if (!order && x->from_ms != y->from_ms)
		order = x->from_ms < y->from_ms ? -1 : 1;
	if (!order)
		order = (int)x->kind - (int)y->kind;
	return order ? order : str_cmp(x->unknown, y->unknown);
}

void coverage_sort_gaps(struct buf *gaps)
{
	if (gaps->len > sizeof(struct coverage_gap))
		qsort(gaps->data, gaps->len / sizeof(struct coverage_gap),
		      sizeof(struct coverage_gap), by_place);
}

/* --- the account's trail ------------------------------------------------------------------- */

static bool trail_has(const struct work *w, int64_t day)
{
	return w->n_trail && bsearch(&day, w->trail_days, w->n_trail,
				     sizeof(w->trail_days[0]), by_number);
}

/* Between its first and last day, but not there. */
static bool trail_lacks(const struct work *w, int64_t day)
{
	return w->n_trail && day > w->trail_days[0] &&
	       day < w->trail_days[w->n_trail - 1] && !trail_has(w, day);
}

static int gather_trail(struct work *w, struct arena *a)
{
	size_t n = 0;

	w->trail_days = arena_alloc(a, (w->trail.n + 1) * sizeof(w->trail_days[0]));
	if (!w->trail_days)
		return -ENOMEM;
	for (size_t i = 0; i < w->trail.n; i++)
		w->trail_days[i] = w->trail.at[i].day;
	if (w->trail.n > 1)
		qsort(w->trail_days, w->trail.n, sizeof(w->trail_days[0]), by_number);
	for (size_t i = 0; i < w->trail.n; i++)
		if (!n || w->trail_days[i] != w->trail_days[n - 1])
			w->trail_days[n++] = w->trail_days[i];
	w->n_trail = n;
	return 0;
}

/* --- gaps ---------------------------------------------------------------------------------- */

static void add_gap(struct work *w, enum coverage_source source, struct str region,
		    enum coverage_gap_kind kind, int64_t from_ms, int64_t to_ms,
		    const struct coverage_control *stop)
{
	const struct coverage_gap gap = { .account = w->account,
					  .region = region,
					  .source = source,
					  .kind = kind,
					  .from_ms = from_ms,
					  .to_ms = to_ms,
					  .stop = stop };

	buf_put(w->gaps, &gap, sizeof(gap));
}

static void add_days_gap(struct work *w, enum coverage_source source, struct str region,
			 enum coverage_gap_kind kind, int64_t first, int64_t last)
{
	add_gap(w, source, region, kind, first * COVERAGE_DAY_MS,
		(last + 1) * COVERAGE_DAY_MS, NULL);
}

/* Is that whole day within a gap where it was stopped? */
static bool is_stopped(const struct work *w, enum coverage_source source,
		       struct str region, int64_t day)
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

/* The first record in or after that hour. ret->first_ms -1: none. */
struct record {
	int64_t hour; /* since 1970 */
	int64_t first_ms; /* of its day's where that is the day's first, else where the hour begins */
};

/* region: empty for all of them. */
static struct record next_record(const struct days *of, struct str region,
				 int64_t from_hour)
{
	struct record best = { INT64_MAX, -1 };

	for (size_t i = 0; i < of->n; i++) {
		const struct coverage_day *d = &of->at[i];
		int64_t first = d->day * HOURS;

		if ((region.n && !str_eq(region, d->region)) ||
		    first + HOURS <= from_hour || first > best.hour)
			continue;
		for (int64_t hour = MAX(first, from_hour); hour < first + HOURS; hour++) {
			int64_t ms = MAX(d->first_ms, hour * HOUR_MS);

			if (!(d->hours & (UINT32_C(1) << (hour - first))))
				continue;
			if (hour < best.hour || (hour == best.hour && ms < best.first_ms))
				best = (struct record){ hour, ms };
			break;
		}
	}
	return best;
}

/* The first call after it that starts what it stopped; NULL: none. */
static const struct coverage_control *start_after(const struct work *w, size_t stop)
{
	const struct coverage_control *s = &w->controls[stop];

	for (size_t i = stop + 1; i < w->n_controls; i++) {
		const struct coverage_control *c = &w->controls[i];

		if (c->starts && c->source == s->source &&
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
	/* What comes in that hour was under way, or cannot be told from what came before. */
	int64_t hour = (c->time_ms + SETTLE_MS) / HOUR_MS + 1, to_ms;
	struct record next = next_record(of, region, hour);

	if (start && (next.first_ms < 0 || start->time_ms < (next.hour + 1) * HOUR_MS)) {
		if (spared_ms && start->time_ms - hour * HOUR_MS < spared_ms)
			return false;
		to_ms = start->time_ms;
	} else {
		if (next.first_ms >= 0 && next.first_ms < c->time_ms + COVERAGE_DAY_MS)
			return false;
		to_ms = next.first_ms;
	}
	add_gap(w, c->source, region.n ? region : STR("*"),
		c->source == COVERAGE_TRAIL ? COVERAGE_TRAIL_STOPPED
					    : COVERAGE_RECORDER_STOPPED,
		c->time_ms, to_ms, c);
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
	struct record next = next_record(&w->trail, c->region, c->time_ms / HOUR_MS + 1);

	if (next.first_ms < 0 &&
	    (last_day + 1) * COVERAGE_DAY_MS < c->time_ms + COVERAGE_DAY_MS)
		return;
	(void)add_stop(w, stop, &w->trail, c->region, COVERAGE_DAY_MS);
}

static void add_stops(struct work *w, enum coverage_source source, struct str region,
		      const struct days *of)
{
	bool is_trail = source == COVERAGE_TRAIL;

	for (size_t i = 0; i < w->n_controls; i++) {
		const struct coverage_control *c = &w->controls[i];

		if (c->source != source || c->starts ||
		    (!is_trail && !str_eq(c->region, region)) ||
		    in_stop(w, source, c->region, c->time_ms))
			continue;
		if (!is_trail)
			(void)add_stop(w, i, of, region, 0);
		else if (!add_stop(w, i, of, STR_NULL, HOUR_MS))
			add_region_stop(w, i);
	}
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

/* Has the trail all of these days, and is there no call in them that could have changed anything? */
static bool nothing_done(const struct work *w, struct str region, int64_t first,
			 int64_t last)
{
	for (int64_t day = first; day <= last; day++)
		if (!trail_has(w, day))
			return false;
	return writes_of(w, region, first, last) == 0;
}

/* Runs of silent days that the account's trail lacks, too. *ret: there are some. */
static void add_lacking(struct work *w, enum coverage_source source, struct str region,
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

/* Silent days of a recorder: does the span break there? */
static bool config_breaks(struct work *w, struct str region, int64_t first, int64_t last)
{
	bool breaks = false;

	for (int64_t day = first; day <= last && !breaks; day++)
		breaks = is_stopped(w, COVERAGE_CONFIG, region, day);
	add_lacking(w, COVERAGE_CONFIG, region, first, last, &breaks);
	if (breaks || last - first < COVERAGE_QUIET_MAX ||
	    nothing_done(w, region, first, last))
		return breaks;
	add_days_gap(w, COVERAGE_CONFIG, region, COVERAGE_NO_DELIVERY, first, last);
	return true;
}

static bool breaks(struct work *w, enum coverage_source source, struct str region,
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

/* --- spans --------------------------------------------------------------------------------- */

/* days: of one region. */
static void add_spans(struct work *w, const struct days *d)
{
	struct coverage_span span = { .account = w->account,
				      .region = d->at[0].region,
				      .source = d->at[0].source };

	for (size_t i = 0; i < d->n; i++) {
		int64_t day = d->at[i].day;

		if (span.days &&
		    breaks(w, span.source, span.region, span.last_day + 1, day - 1)) {
			buf_put(w->spans, &span, sizeof(span));
			span.days = span.quiet = span.records = 0;
		}
		if (!span.days)
			span.first_day = day;
		else
			span.quiet += (uint64_t)(day - span.last_day - 1);
		span.last_day = day;
		span.days++;
		span.records += d->at[i].n;
	}
	buf_put(w->spans, &span, sizeof(span));
}

static void each_region(struct work *w, const struct days *source, bool stops)
{
	for (size_t i = 0; i < source->n;) {
		struct days region = { &source->at[i], 0 };

		while (i < source->n && str_eq(source->at[i].region, region.at[0].region))
			region.n++, i++;
		if (stops)
			add_stops(w, region.at[0].source, region.at[0].region, &region);
		add_spans(w, &region);
	}
}

/* --- accounts ------------------------------------------------------------------------------ */

/* Items of days for which no trail is there at all. */
static void add_untrailed(struct work *w)
{
	int64_t first = INT64_MAX, last = INT64_MIN, trail_last;

	for (size_t i = 0; i < w->config.n; i++) {
		first = MIN(first, w->config.at[i].day);
		last = MAX(last, w->config.at[i].day);
	}
	if (first > last)
		return;
	if (!w->n_trail) {
		add_days_gap(w, COVERAGE_TRAIL, STR("*"), COVERAGE_NO_TRAIL, first, last);
		return;
	}
	if (first < w->trail_days[0])
		add_days_gap(w, COVERAGE_TRAIL, STR("*"), COVERAGE_NO_TRAIL, first,
			     w->trail_days[0] - 1);
	trail_last = w->trail_days[w->n_trail - 1];
	if (last > trail_last && !is_stopped(w, COVERAGE_TRAIL, STR("*"), last))
		add_days_gap(w, COVERAGE_TRAIL, STR("*"), COVERAGE_NO_TRAIL,
			     trail_last + 1, last);
}

static int account_make(struct work *w, struct arena *a)
{
	bool ignored = false;
	int r = gather_trail(w, a);

	if (r)
		return r;
	add_stops(w, COVERAGE_TRAIL, STR_NULL, &w->trail);
	if (w->n_trail)
		add_lacking(w, COVERAGE_TRAIL, STR("*"), w->trail_days[0],
			    w->trail_days[w->n_trail - 1], &ignored);
	add_untrailed(w);
	each_region(w, &w->config, true);
	each_region(w, &w->trail, false);
	each_region(w, &w->alarms, false);
	return 0;
}

/* The run of days of one source at *i. */
static struct days take(const struct coverage_day *days, size_t n, size_t *i,
			struct str account, enum coverage_source source)
{
	struct days d = { &days[*i], 0 };

	while (*i < n && days[*i].source == source && str_eq(days[*i].account, account))
		d.n++, ++*i;
	return d;
}

int coverage_make(struct arena *a, const struct coverage_day *days, size_t n_days,
		  struct coverage_control *controls, size_t n_controls, struct buf *spans,
		  struct buf *gaps)
{
	size_t i = 0, c = 0;
	int r = 0;

	if (n_controls > 1)
		qsort(controls, n_controls, sizeof(controls[0]), by_moment);
	while (!r && i < n_days) {
		struct work w = { .account = days[i].account,
				  .spans = spans,
				  .gaps = gaps };

		w.config = take(days, n_days, &i, w.account, COVERAGE_CONFIG);
		w.trail = take(days, n_days, &i, w.account, COVERAGE_TRAIL);
		w.alarms = take(days, n_days, &i, w.account, COVERAGE_ALARM);
		if (!w.config.n && !w.trail.n && !w.alarms.n)
			return -EINVAL;
		while (c < n_controls && str_cmp(controls[c].account, w.account) < 0)
			c++;
		w.controls = &controls[c];
		while (c < n_controls && str_eq(controls[c].account, w.account))
			w.n_controls++, c++;
		r = account_make(&w, a);
	}
	if (!r)
		coverage_sort_gaps(gaps);
	if (!r)
		r = buf_error(spans);
	return r ? r : buf_error(gaps);
}
