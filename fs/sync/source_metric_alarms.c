/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What alarms measure: which of them changed their state is read first, then how these are made.
 * An alarm of an expression measures all that goes into it.
 */
#include <errno.h>
#include <stdlib.h>

#include "model/timestamp.h"
#include "source_metric.h"

#define KEPT_DAYS 31   /* as source_alarms.c */
#define NAMES     100u /* of alarms in one call, the most there may be */

static const struct api_operation history = { AWS_CLOUDWATCH, "DescribeAlarmHistory",
					      200 };
static const struct api_operation describe = { AWS_CLOUDWATCH, "DescribeAlarms", 200 };

struct happened {
	struct str name;
	int64_t time_ms;
};

/* --- transitions ---------------------------------------------------------------------------- */

static int keep(struct metric_walk *w, const struct jv *items, struct buf *ret)
{
	for (uint32_t i = 0; jv_is(items, JV_ARRAY) && i < items->len; i++) {
		const struct jv *time = jv_get(&items->items[i], "Timestamp");
		struct str name = jv_get_text(&items->items[i], "AlarmName");
		struct happened one;

		if (!name.n || !time || timestamp_from_jv(time, &one.time_ms))
			continue;
		one.name = arena_str(&w->a, name);
		if (!one.name.p)
			return -ENOMEM;
		buf_put(ret, &one, sizeof(one));
	}
	return buf_error(ret);
}

static int read_happened(struct metric_walk *w, int64_t from_ms, struct buf *ret,
			 struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	bool more = true;
	int r = 0;

	while (!r && more) {
		struct json_build *b = json_build_new();

		if (b) {
			json_build_integer(b, "MaxRecords", 100);
			json_build_text(b, "HistoryItemType", STR("StateUpdate"));
			json_build_integer(b, "StartDate", from_ms / 1000);
			json_build_integer(b, "EndDate", w->s->now_ms / 1000 + 1);
			api_token_put(&token, "NextToken", b);
		}
		r = api_source_call(w->s, w->h, &history, b, &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (!r)
			r = keep(w, jv_get(&answer.value, "AlarmHistoryItems"), ret);
	}
	return r;
}

/* --- their alarms --------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	const struct happened *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	if (order || x->time_ms == y->time_ms)
		return order;
	return x->time_ms < y->time_ms ? -1 : 1;
}

static unsigned number_of(const struct jv *v)
{
	struct str digits = jv_is(v, JV_NUMBER) ? jv_str(v) : STR_NULL;
	unsigned n = 0;

	for (size_t i = 0; i < digits.n && i < 6; i++)
		if (digits.p[i] >= '0' && digits.p[i] <= '9')
			n = n * 10 + (unsigned)(digits.p[i] - '0');
	return n ? n : 60;
}

/* metric: an object with Namespace, MetricName and Dimensions, and perhaps more. */
static int want(struct metric_walk *w, const struct jv *metric, struct str statistic,
		unsigned period_s, int64_t time_ms)
{
	static const char *const keys[] = { "Namespace", "MetricName", "Dimensions" };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct metric_wanted one = { .time_ms = time_ms, .period_s = period_s };

	if (!statistic.n || !jv_get_text(metric, "MetricName").n)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct jv *v = jv_get(metric, keys[i]);

		buf_printf(&text, "%c\"%s\":", i ? ',' : '{', keys[i]);
		if (v)
			jv_write(&text, v);
		else
			buf_put_text(&text, "[]");
	}
	buf_put_char(&text, '}');
	if (buf_error(&text))
		return -ENOMEM;
	one.metric = arena_str(&w->a, buf_str(&text));
	one.statistic = arena_str(&w->a, statistic);
	buf_put(&w->wanted, &one, sizeof(one));
	return one.metric.p && one.statistic.p ? buf_error(&w->wanted) : -ENOMEM;
}

static int want_all(struct metric_walk *w, const struct jv *alarm, int64_t time_ms)
{
	const struct jv *metrics = jv_get(alarm, "Metrics");
	struct str statistic = jv_get_text(alarm, "Statistic");
	int r;

	if (!statistic.n)
		statistic = jv_get_text(alarm, "ExtendedStatistic");
	r = want(w, alarm, statistic, number_of(jv_get(alarm, "Period")), time_ms);
	for (uint32_t i = 0; !r && jv_is(metrics, JV_ARRAY) && i < metrics->len; i++) {
		const struct jv *stat = jv_get(&metrics->items[i], "MetricStat");

		r = want(w, jv_get(stat, "Metric"), jv_get_text(stat, "Stat"),
			 number_of(jv_get(stat, "Period")), time_ms);
	}
	return r;
}

/* Those of these transitions that are the alarm's. */
static int want_alarm(struct metric_walk *w, const struct jv *alarm,
		      const struct happened *all, size_t n)
{
	struct str name = jv_get_text(alarm, "AlarmName");
	int r = 0;

	for (size_t i = 0; !r && i < n; i++)
		if (str_eq(all[i].name, name))
			r = want_all(w, alarm, all[i].time_ms);
	return r;
}

static int read_alarms(struct metric_walk *w, const struct happened *all, size_t n,
		       struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	struct json_build *b = json_build_new();
	const struct jv *alarms;
	int r;

	if (!b)
		return -ENOMEM;
	json_build_integer(b, "MaxRecords", NAMES);
	json_build_array(b, "AlarmNames");
	for (size_t i = 0; i < n; i++)
		if (!i || !str_eq(all[i].name, all[i - 1].name))
			json_build_text(b, NULL, all[i].name);
	json_build_end(b);
	r = api_source_call(w->s, w->h, &describe, b, &answer, f);
	alarms = r ? NULL : jv_get(&answer.value, "MetricAlarms");
	for (uint32_t i = 0; !r && jv_is(alarms, JV_ARRAY) && i < alarms->len; i++)
		r = want_alarm(w, &alarms->items[i], all, n);
	return r;
}

int metrics_of_alarms(struct metric_walk *w, int64_t from_ms, struct fault *f)
{
	_cleanup_(buf_deinit) struct buf rows = BUF_INIT;
	int64_t kept = w->s->now_ms - KEPT_DAYS * API_DAY_MS;
	struct happened *all;
	size_t n;
	int r = read_happened(w, MAX(MAX(from_ms, kept), w->s->options->since_ms), &rows,
			      f);

	all = (struct happened *)rows.data;
	n = rows.len / sizeof(*all);
	if (!r && n > 1)
		qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; !r && i < n;) {
		size_t end = i, names = 0;

		for (; end < n; end++) {
			names += end == i || !str_eq(all[end].name, all[end - 1].name);
			if (names > NAMES)
				break;
		}
		r = read_alarms(w, &all[i], end - i, f);
		i = end;
	}
	return r;
}
