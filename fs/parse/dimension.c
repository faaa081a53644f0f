/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an alarm watches. The same things stand in five spellings: {"name":..., "value":...} or
 * {"Name":..., "Value":...} in a list, or one object; at the alarm, or at each of its metrics,
 * below metricStat. Names are looked for in both cases at every level, so that a mixture works.
 */

#include <errno.h>

#include "parser.h"

#define MAX_DIMENSIONS 1024u /* of one alarm; AWS allows 30 for each of 10 metrics */

struct collector {
	struct alarm_dimension *dimensions;
	size_t n;
};

static const struct jv *metric_of(const struct jv *query)
{
	const struct jv *stat = parse_either(query, "metricStat", "MetricStat");

	return parse_either(stat, "metric", "Metric");
}

static size_t count_dimensions(const struct jv *v)
{
	return jv_is(v, JV_ARRAY) || jv_is(v, JV_OBJECT) ? v->len : 0;
}

static void add(struct collector *c, const struct jv *name, const struct jv *value)
{
	struct alarm_dimension d = { jv_str(name), jv_str(value) };

	if (d.name.n == 0 || d.value.n == 0 || c->n == MAX_DIMENSIONS)
		return;
	/* The metrics of an expression mostly have the same dimensions. */
	for (size_t i = 0; i < c->n; i++) {
		if (str_eq(c->dimensions[i].name, d.name) &&
		    str_eq(c->dimensions[i].value, d.value))
			return;
	}
	c->dimensions[c->n++] = d;
}

static void collect(struct collector *c, const struct jv *v)
{
	if (jv_is(v, JV_OBJECT)) {
		for (uint32_t i = 0; i < v->len; i++)
			add(c, &v->members[i].key, &v->members[i].value);
	} else if (jv_is(v, JV_ARRAY)) {
		for (uint32_t i = 0; i < v->len; i++)
			add(c, parse_either(&v->items[i], "name", "Name"),
			    parse_either(&v->items[i], "value", "Value"));
	}
}

static void set_metric(struct alarm *alarm, const struct jv *v)
{
	struct str namespace = jv_str(parse_either(v, "namespace", "Namespace"));
	struct str metric = jv_str(parse_either(v, "metricName", "MetricName"));

	if (alarm->namespace.n == 0)
		alarm->namespace = namespace;
	if (alarm->metric.n == 0)
		alarm->metric = metric.n > 0 ? metric : jv_str(jv_get(v, "name"));
}

int parse_dimensions(struct parser *p, const struct jv *alarm, struct alarm *ret)
{
	const struct jv *own = parse_either(alarm, "dimensions", "Dimensions");
	const struct jv *metrics = parse_either(alarm, "metrics", "Metrics");
	size_t n_metrics = jv_is(metrics, JV_ARRAY) ? metrics->len : 0;
	size_t room = count_dimensions(own);
	struct collector c = { 0 };

	for (size_t i = 0; i < n_metrics; i++) {
		const struct jv *metric = metric_of(&metrics->items[i]);

		room += count_dimensions(
			parse_either(metric, "dimensions", "Dimensions"));
	}
	c.dimensions = arena_alloc(&p->arena, MIN(room, (size_t)MAX_DIMENSIONS) *
						      sizeof(*c.dimensions));
	if (!c.dimensions)
		return -ENOMEM;
	collect(&c, own);
	ret->namespace = jv_str(parse_either(alarm, "namespace", "Namespace"));
	ret->metric = jv_str(parse_either(alarm, "metricName", "MetricName"));
	for (size_t i = 0; i < n_metrics; i++) {
		const struct jv *metric = metric_of(&metrics->items[i]);

		collect(&c, parse_either(metric, "dimensions", "Dimensions"));
		if (metric)
			set_metric(ret, metric);
	}
	ret->dimensions = c.dimensions;
	ret->n_dimensions = c.n;
	return parse_alarm_rule(&p->arena,
				jv_str(parse_either(alarm, "alarmRule", "AlarmRule")),
				&ret->children, &ret->n_children);
}
