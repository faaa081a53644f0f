/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetMetricData, for an hour before and an hour after each moment that somebody will ask about.
 * As long as that hour is not over it is asked for again, every five minutes:
 *
 *	URL?metrics-at      when it was last
 *	URL?alarm-metrics   transitions up to here have all of their points
 *	URL?metrics         states up to this row of the history have all of theirs
 *
 * Points are kept by CloudWatch for 15 days by the minute, then 63 by five of them, then 455 by the
 * hour.
 */
#include "source_metric.h"

#include <errno.h>
#include <stdlib.h>

#include "metric_spec.h"
#include "model/mention.h"
#include "store/metric.h"
#include "store/read.h"

#define AGAIN_MS    (5 * 60 * API_SECOND_MS)
#define KEPT_DAYS   455
#define QUERIES_MAX 100u /* of one call; 500 would be allowed */
#define STATES      256u /* looked at at once */

static const struct api_operation get = { AWS_CLOUDWATCH, "GetMetricData", 100 };

/* --- fetching ------------------------------------------------------------------------------- */

/* CloudWatch refuses one that is no multiple of what it keeps, and with it the whole call. */
static unsigned period_of(const struct metric_wanted *wanted, int64_t age_ms)
{
	unsigned least = age_ms < 15 * API_DAY_MS   ? 60
			 : age_ms < 63 * API_DAY_MS ? 300
						    : 3600;

	return (MAX(wanted->period_s, 1u) + least - 1) / least * least;
}

static int by_time(const void *a, const void *b)
{
	const struct metric_wanted *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return str_cmp(x->metric, y->metric);
}

static bool is_same(const struct metric_wanted *a, const struct metric_wanted *b)
{
	return a->period_s == b->period_s && str_eq(a->metric, b->metric) &&
	       str_eq(a->statistic, b->statistic);
}

/* "MetricDataQueries":[...] of those that are not asked for twice. */
static void put_queries(struct buf *out, const struct metric_wanted *wanted, size_t n,
			int64_t age_ms)
{
	unsigned id = 0;

	buf_put_text(out, "\"MetricDataQueries\":[");
	for (size_t i = 0; i < n; i++) {
		bool known = false;

		for (size_t k = 0; k < i && !known; k++)
			known = is_same(&wanted[k], &wanted[i]);
		if (known)
			continue;
		buf_printf(out,
			   "%s{\"Id\":\"m%u\",\"MetricStat\":{\"Metric\":", id ? "," : "",
			   id);
		buf_put_str(out, wanted[i].metric);
		buf_printf(out,
			   ",\"Period\":%u,\"Stat\":", period_of(&wanted[i], age_ms));
		jv_write_string(out, wanted[i].statistic);
		buf_put_text(out, "}}");
		id++;
	}
	buf_put_char(out, ']');
}

static int push_answer(struct metric_walk *w, struct str queries,
		       const struct api_answer *answer)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	if (!api_has(answer, "MetricDataResults"))
		return 0;
	buf_printf(&text, "{\"accountId\":\"%s\",\"awsRegion\":\"%s\",", w->account,
		   w->s->region);
	buf_put_str(&text, queries);
	buf_put_text(&text, ",\"MetricDataResults\":");
	jv_write(&text, jv_get(&answer->value, "MetricDataResults"));
	buf_put_char(&text, '}');
	if (buf_error(&text))
		return -ENOMEM;
	return api_source_push(w->s, buf_str(&text), NULL, 0);
}

static int fetch_window(struct metric_walk *w, const struct metric_wanted *wanted,
			size_t n, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	_cleanup_(buf_deinit) struct buf queries = BUF_INIT;
	int64_t from = wanted[0].time_ms - METRIC_AROUND_MS;
	int64_t to = MIN(wanted[n - 1].time_ms + METRIC_AROUND_MS, w->s->now_ms);
	bool more = true;
	int r;

	put_queries(&queries, wanted, n, w->s->now_ms - from);
	r = buf_error(&queries);
	while (!r && more) {
		_cleanup_(buf_deinit) struct buf body = BUF_INIT;

		buf_printf(&body, "{\"StartTime\":%lld,\"EndTime\":%lld,",
			   (long long)(from / 60000 * 60),
			   (long long)((to + 59999) / 60000 * 60));
		buf_put_str(&body, buf_str(&queries));
		if (token.text.len) {
			buf_put_text(&body, ",\"NextToken\":");
			jv_write_string(&body, buf_str(&token.text));
		}
		buf_put_char(&body, '}');
		r = buf_error(&body);
		if (!r)
			r = api_source_call_text(w->s, w->h, &get, buf_str(&body),
						 &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (!r)
			r = push_answer(w, buf_str(&queries), &answer);
	}
	return r;
}

/* Moments that lie close together go in one call; the walk is empty afterwards. */
static int fetch_all(struct metric_walk *w, struct fault *f)
{
	struct metric_wanted *all = (struct metric_wanted *)w->wanted.data;
	size_t n = w->wanted.len / sizeof(*all);
	int r = buf_error(&w->wanted);

	if (n > 1)
		qsort(all, n, sizeof(*all), by_time);
	for (size_t i = 0; !r && i < n;) {
		size_t end = i + 1;

		while (end < n && end - i < QUERIES_MAX &&
		       all[end].time_ms - all[i].time_ms <= METRIC_AROUND_MS)
			end++;
		r = fetch_window(w, &all[i], end - i, f);
		i = end;
	}
	buf_reset(&w->wanted);
	return r;
}

/* --- around changes ------------------------------------------------------------------------- */

/* What the importing thread is asked for, and what it found. */
struct look {
	struct metric_walk *w;
	const struct metric_spec *specs;
	size_t n_specs;
	int64_t after;   /* state row; moves */
	int64_t done;    /* up to here all is had that is to be had */
	bool incomplete; /* one of them is so new that its hour is not over */
	bool more;
};

static void put_dimension(struct buf *out, struct str name, struct str value, bool first)
{
	buf_put_text(out, first ? "{\"Name\":" : ",{\"Name\":");
	jv_write_string(out, name);
	buf_put_text(out, ",\"Value\":");
	jv_write_string(out, value);
	buf_put_char(out, '}');
}

static int want(struct metric_walk *w, const struct metric_spec *spec, struct str value,
		int64_t time_ms)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct str others = spec->others, name, other;
	struct metric_wanted wanted = { .time_ms = time_ms,
					.statistic = spec->statistic,
					.period_s = spec->period_s };

	buf_put_text(&text, "{\"Namespace\":");
	jv_write_string(&text, spec->namespace);
	buf_put_text(&text, ",\"MetricName\":");
	jv_write_string(&text, spec->metric);
	buf_put_text(&text, ",\"Dimensions\":[");
	put_dimension(&text, spec->dimension, value, true);
	while (metric_spec_next(&others, &name, &other))
		put_dimension(&text, name, other, false);
	buf_put_text(&text, "]}");
	wanted.metric = buf_error(&text) ? STR_NULL : arena_str(&w->a, buf_str(&text));
	buf_put(&w->wanted, &wanted, sizeof(wanted));
	return wanted.metric.p ? buf_error(&w->wanted) : -ENOMEM;
}

static bool is_of_type(const struct metric_spec *spec, struct str type)
{
	const char *name;

	for (size_t n = 0; (name = mention_dimension_type(spec->dimension, n)); n++)
		if (str_is(type, name))
			return true;
	return false;
}

static int look_at(struct look *l, struct store *s, const struct store_came *came,
		   const struct metric_spec *spec)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	_cleanup_(buf_deinit) struct buf body = BUF_INIT;
	struct item item = { 0 };
	struct str value;
	struct jv v;
	int r = store_state_body(s, came->state, &body);

	if (!r)
		r = jv_parse(&a, buf_str(&body), &v, NULL);
	if (!r)
		r = item_view(&v, &item);
	if (r)
		return MIN(r, 0);
	value = mention_dimension_value(spec->dimension, &item);
	if (!value.n || (spec->value.n && !str_eq(value, spec->value)))
		return 0;
	l->incomplete |= came->time_ms + METRIC_AROUND_MS > l->w->s->now_ms;
	return want(l->w, spec, value, came->time_ms);
}

static bool is_asked_for(const struct look *l, const struct store_came *came)
{
	const struct api_source *s = l->w->s;

	return str_is(came->account, l->w->account) && str_is(came->region, s->region) &&
	       came->time_ms > s->now_ms - KEPT_DAYS * API_DAY_MS &&
	       came->time_ms <= s->now_ms;
}

static int look_at_page(struct import_ledger *ledger, void *ctx)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store *store = import_ledger_store(ledger);
	struct store_came page[STATES];
	struct look *l = ctx;
	size_t n;
	int r = store_states_came(store, l->w->s->now_ms - KEPT_DAYS * API_DAY_MS,
				  l->after, &a, page, STATES, &n);

	for (size_t i = 0; !r && i < n; i++) {
		for (size_t k = 0; !r && k < l->n_specs && is_asked_for(l, &page[i]); k++)
			if (is_of_type(&l->specs[k], page[i].type))
				r = look_at(l, store, &page[i], &l->specs[k]);
		l->after = page[i].place;
		if (!l->incomplete)
			l->done = l->after;
	}
	l->more = n == STATES;
	return r > 0 ? -EIO : r;
}

static int read_changes(struct metric_walk *w, const struct metric_spec *specs, size_t n,
			struct fault *f)
{
	struct look l = { .w = w, .specs = specs, .n_specs = n, .more = true };
	int r = api_source_noted(w->s, "?metrics", &l.after);

	l.after = l.done = MAX(l.after, INT64_C(0));
	while (!r && l.more) {
		r = pump_run(w->s->pump, look_at_page, &l);
		if (!r)
			r = fetch_all(w, f);
		arena_reset(&w->a);
	}
	if (!r) {
		const struct api_note note = { "?metrics", l.done };

		r = api_source_push(w->s, STR_NULL, &note, 1);
	}
	return r;
}

static int read_specs(struct metric_walk *w, struct fault *f)
{
	const struct sync_options *o = w->s->options;
	struct metric_spec *specs = calloc(o->n_metrics, sizeof(*specs));
	int r = specs ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < o->n_metrics; i++)
		r = metric_spec_read(o->metrics[i], &specs[i], f);
	if (!r)
		r = read_changes(w, specs, o->n_metrics, f);
	free(specs);
	return r;
}

/* --- all of it ------------------------------------------------------------------------------ */

static int read_alarms(struct metric_walk *w, struct fault *f)
{
	const struct api_note note = { "?alarm-metrics",
				       w->s->now_ms - METRIC_AROUND_MS };
	int64_t done;
	int r = api_source_noted(w->s, "?alarm-metrics", &done);

	if (!r)
		r = metrics_of_alarms(w, done, f);
	if (!r)
		r = fetch_all(w, f);
	arena_reset(&w->a);
	return r ? r : api_source_push(w->s, STR_NULL, &note, 1);
}

static void walk_deinit(struct metric_walk *w)
{
	arena_deinit(&w->a);
	buf_deinit(&w->wanted);
}

int metrics_read(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	_cleanup_(walk_deinit) struct metric_walk w = { .s = s, .h = h };
	const struct api_note at = { "?metrics-at", s->now_ms };
	bool changes = s->options->n_metrics && (s->options->follow || s->last);
	int64_t last;
	int r = api_source_noted(s, "?metrics-at", &last);

	if (r || (s->again && !s->last && last > s->now_ms - AGAIN_MS))
		return r;
	r = aws_caller_account(h, s->region, w.account, f);
	if (!r)
		r = read_alarms(&w, f);
	if (!r && changes)
		r = read_specs(&w, f);
	return r ? r : api_source_push(s, STR_NULL, &at, 1);
}
