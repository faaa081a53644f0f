/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans and gaps out of days; the rules are in model/coverage.h. An account at a time: first what
 * its trail has of any region, which tells quiet from missing, then each source and region.
 */
#include "model/coverage.h"

#include <errno.h>
#include <stdlib.h>

#include "coverage_work.h"
#include "model/timestamp.h"

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
		[COVERAGE_RECORDED_DAILY] = "recorded daily",
		[COVERAGE_TRAIL_NARROWED] = "trail narrowed",
		[COVERAGE_RECORDER_NARROWED] = "recorder narrowed",
		[COVERAGE_DELIVERY_MOVED] = "delivery moved",
	};

	return names[k];
}

struct str coverage_gap_unknown(const struct coverage_gap *g)
{
	if (g->unknown.n)
		return g->unknown;
	return g->source == COVERAGE_CONFIG ? STR("what changed")
					    : STR("who changed what");
}

void coverage_gap_why(struct buf *out, const struct coverage_gap *g)
{
	char time[TIMESTAMP_ISO_SIZE];
	const char *how;

	if (!g->stop)
		return;
	switch (g->kind) {
	case COVERAGE_TRAIL_NARROWED:
		how = "it was narrowed";
		break;
	case COVERAGE_DELIVERY_MOVED:
		how = "it was set to another bucket";
		break;
	default:
		how = "logging was stopped";
	}
	timestamp_format(g->from_ms, time);
	buf_printf(out, "no trail: %s %s by %.*s (%.*s)", how, time,
		   STR_ARGS(g->stop->principal), STR_ARGS(g->stop->call));
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

bool trail_has(const struct work *w, int64_t day)
{
	return w->n_trail && bsearch(&day, w->trail_days, w->n_trail,
				     sizeof(w->trail_days[0]), by_number);
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

/* --- spans --------------------------------------------------------------------------------- */

/* days: of one region. */
static void add_spans(struct work *w, const struct days *d)
{
	struct coverage_span span = { .account = w->account,
				      .region = d->at[0].region,
				      .source = d->at[0].source };

	for (size_t i = 0; i < d->n; i++) {
		int64_t day = d->at[i].day;

		if (span.days && breaks_span(w, span.source, span.region,
					     span.last_day + 1, day - 1)) {
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
	add_narrowed(w);
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
	while (!r && (i < n_days || c < n_controls)) {
		bool described = i == n_days ||
				 (c < n_controls &&
				  str_cmp(controls[c].account, days[i].account) < 0);
		struct work w = { .account = described ? controls[c].account
						       : days[i].account,
				  .spans = spans,
				  .gaps = gaps };

		w.config = take(days, n_days, &i, w.account, COVERAGE_CONFIG);
		w.trail = take(days, n_days, &i, w.account, COVERAGE_TRAIL);
		w.alarms = take(days, n_days, &i, w.account, COVERAGE_ALARM);
		if (!described && !w.config.n && !w.trail.n && !w.alarms.n)
			return -EINVAL;
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
