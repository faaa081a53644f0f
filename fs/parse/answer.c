/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Answers of APIs that are neither items nor events: how a recorder is set (in the form of
 * model/recorder.h), CloudTrail's public keys (ListPublicKeys), and points of metrics
 * (GetMetricData; what its queries asked for must stand beside its results, which name them only).
 */

#include <errno.h>

#include "model/metric.h"
#include "model/timestamp.h"
#include "parser.h"
#include "util/base64.h"
#include "util/hex.h"

int guise_recorder(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct recorder recorder;
	struct fault f;

	if (recorder_from_jv(v, &recorder, &f))
		return parse_refuse(p, src, v, f.field, "%s", f.reason);
	if (!p->sink->recorder)
		return parse_notice(p, "config-recorder");
	return p->sink->recorder(p->sink->ctx, &recorder);
}

/* --- keys ----------------------------------------------------------------------------------- */

static bool is_fingerprint(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (hex_lower_value(s.p[i]) < 0)
			return false;
	return s.n == 32;
}

/* An ASN.1 sequence, whatever is in it: PKCS #1, or SubjectPublicKeyInfo. */
static bool is_der(const struct buf *b)
{
	return b->len > 32 && (unsigned char)b->data[0] == 0x30;
}

int guise_public_key(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	_cleanup_(buf_deinit) struct buf der = BUF_INIT;
	struct public_key key = { .fingerprint = jv_get_text(v, "Fingerprint") };
	const struct jv *from = jv_get(v, "ValidityStartTime");
	const struct jv *to = jv_get(v, "ValidityEndTime");

	if (!is_fingerprint(key.fingerprint))
		return parse_refuse(p, src, v, "Fingerprint", "not 32 hex digits");
	if (!base64_decode(&der, jv_get_text(v, "Value")) || !is_der(&der))
		return buf_error(&der)
			       ? -ENOMEM
			       : parse_refuse(p, src, v, "Value", "not a key in base64");
	if (!from || timestamp_from_jv(from, &key.from_ms))
		return parse_refuse(p, src, v, "ValidityStartTime", "not a time");
	if (!to || timestamp_from_jv(to, &key.to_ms))
		return parse_refuse(p, src, v, "ValidityEndTime", "not a time");
	if (!p->sink->key)
		return parse_notice(p, "cloudtrail-key");
	key.der = buf_str(&der);
	return p->sink->key(p->sink->ctx, &key);
}

/* --- metrics -------------------------------------------------------------------------------- */

static const struct jv *query_of(const struct jv *queries, struct str id)
{
	for (uint32_t i = 0; jv_is(queries, JV_ARRAY) && i < queries->len; i++)
		if (str_eq(jv_get_text(&queries->items[i], "Id"), id))
			return &queries->items[i];
	return NULL;
}

static int read_points(struct parser *p, const struct parse_source *src,
		       const struct jv *result, struct metric_data *ret)
{
	const struct jv *times = jv_get(result, "Timestamps");
	const struct jv *values = jv_get(result, "Values");
	struct metric_point *points;

	if (!jv_is(times, JV_ARRAY) || !jv_is(values, JV_ARRAY) ||
	    times->len != values->len)
		return parse_refuse(p, src, result, "Timestamps",
				    "not as many as there are values");
	points = arena_alloc(&p->arena, ((size_t)times->len + 1) * sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (uint32_t i = 0; i < times->len; i++) {
		if (timestamp_from_jv(&times->items[i], &points[i].time_ms))
			return parse_refuse(p, src, &times->items[i], "Timestamps",
					    "not a time");
		if (!jv_is(&values->items[i], JV_NUMBER))
			return parse_refuse(p, src, &values->items[i], "Values",
					    "not a number");
		points[i].value = jv_str(&values->items[i]);
	}
	ret->points = points;
	ret->n_points = times->len;
	return 0;
}

static int read_period(const struct jv *v, int64_t *ret)
{
	struct str digits = jv_is(v, JV_NUMBER) ? jv_str(v) : STR_NULL;

	*ret = 0;
	for (size_t i = 0; i < digits.n; i++) {
		if (digits.p[i] < '0' || digits.p[i] > '9' || i == 9)
			return PARSE_E_REFUSED;
		*ret = *ret * 10 + (digits.p[i] - '0');
	}
	return *ret > 0 ? 0 : PARSE_E_REFUSED;
}

static int read_result(struct parser *p, const struct parse_source *src,
		       const struct jv *v, const struct jv *result)
{
	const struct jv *stat = jv_get(query_of(jv_get(v, "MetricDataQueries"),
						jv_get_text(result, "Id")),
				       "MetricStat");
	const struct jv *metric = jv_get(stat, "Metric");
	struct alarm of = { 0 };
	struct metric_data m = { .account = jv_get_text(v, "accountId"),
				 .region = jv_get_text(v, "awsRegion"),
				 .namespace = jv_get_text(metric, "Namespace"),
				 .metric = jv_get_text(metric, "MetricName"),
				 .statistic = jv_get_text(stat, "Stat") };
	int r;

	if (!m.namespace.n || !m.metric.n || !m.statistic.n ||
	    read_period(jv_get(stat, "Period"), &m.period_s))
		return parse_refuse(p, src, result, "Id",
				    "there is no query of a metric for it");
	r = parse_dimensions(p, metric, &of);
	if (!r)
		r = read_points(p, src, result, &m);
	if (r)
		return r;
	m.dimensions = of.dimensions;
	m.n_dimensions = of.n_dimensions;
	return p->sink->metric && m.n_points ? p->sink->metric(p->sink->ctx, &m)
					     : parse_notice(p, "metric-data");
}

int guise_metric_data(struct parser *p, const struct parse_source *src,
		      const struct jv *v)
{
	const struct jv *results = jv_get(v, "MetricDataResults");
	bool refused = false;

	if (!jv_is(jv_get(v, "MetricDataQueries"), JV_ARRAY) || !jv_is(results, JV_ARRAY))
		return parse_notice(p, "metric-data");
	if (!jv_get_text(v, "accountId").n || !jv_get_text(v, "awsRegion").n)
		return parse_refuse(p, src, v, "accountId", "missing, or awsRegion is");
	for (uint32_t i = 0; i < results->len; i++) {
		int r = read_result(p, src, v, &results->items[i]);

		if (r < 0)
			return r;
		refused |= r != 0;
	}
	return refused ? PARSE_E_REFUSED : 0;
}
