/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch://region as a source: what alarms did, which CloudWatch forgets after two weeks, and
 * the alarms themselves, which say what they watch. The URL's cursor is the time up to which the
 * history of alarms was read.
 */
#include <stdlib.h>

#include "source_metric.h"

#define KEPT_DAYS 31 /* two weeks at least; by how much more is not said */
#define LATE_MS   (10 * 60 * API_SECOND_MS)

static const struct api_operation history = { AWS_CLOUDWATCH, "DescribeAlarmHistory",
					      200 };
static const struct api_operation alarms = { AWS_CLOUDWATCH, "DescribeAlarms", 200 };

static struct json_build *ask(const struct api_token *token)
{
	struct json_build *b = json_build_new();

	if (!b)
		return NULL;
	json_build_integer(b, "MaxRecords", 100);
	json_build_array(b, "AlarmTypes");
	json_build_text(b, NULL, STR("MetricAlarm"));
	json_build_text(b, NULL, STR("CompositeAlarm"));
	json_build_end(b);
	api_token_put(token, "NextToken", b);
	return b;
}

static int read_alarms(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	bool more = true;
	int r = 0;

	while (!r && more) {
		r = api_source_call(s, h, &alarms, ask(&token), &answer, f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (!r && (api_has(&answer, "MetricAlarms") ||
			   api_has(&answer, "CompositeAlarms")))
			r = api_source_push(s, buf_str(&answer.text), NULL, 0);
	}
	return r;
}

static struct json_build *ask_history(const struct api_source *s, int64_t from_ms,
				      const struct api_token *token)
{
	struct json_build *b = ask(token);

	if (!b)
		return NULL;
	json_build_text(b, "HistoryItemType", STR("StateUpdate"));
	json_build_integer(b, "StartDate", from_ms / 1000);
	json_build_integer(b, "EndDate", s->now_ms / 1000 + 1);
	json_build_text(b, "ScanBy", STR("TimestampAscending"));
	return b;
}

/* Alarms are asked for where there is something of theirs to be understood. */
static int read_history(struct api_source *s, struct aws_handle *h, struct fault *f)
{
	_cleanup_(api_answer_deinit) struct api_answer answer = { 0 };
	_cleanup_(api_token_deinit) struct api_token token = { 0 };
	const struct api_note done = { NULL, s->now_ms };
	int64_t from = s->now_ms - KEPT_DAYS * API_DAY_MS, noted;
	bool more = true, known = false;
	int r = api_source_noted(s, NULL, &noted);

	if (!r && noted != INT64_MIN)
		from = MAX(from, noted - LATE_MS);
	from = MAX(from, s->options->since_ms);
	while (!r && more) {
		struct str text;

		r = api_source_call(s, h, &history, ask_history(s, from, &token), &answer,
				    f);
		if (!r)
			r = api_token_take(&token, &answer, "NextToken", &more, f);
		if (r)
			return r;
		text = api_has(&answer, "AlarmHistoryItems") ? buf_str(&answer.text)
							     : STR_NULL;
		if (!known && (text.n || !s->again)) {
			known = true;
			r = read_alarms(s, h, f);
		}
		if (!r && (text.n || !more))
			r = api_source_push(s, text, &done, more ? 0 : 1);
	}
	return r ? r : metrics_read(s, h, f);
}

static bool check(struct str rest)
{
	return api_source_check(rest, false);
}

static int begin(const struct sync_begin *b, void **ret, struct fault *f)
{
	(void)f;
	return api_source_begin(b, read_history, ret);
}

/* For metrics around the changes that the others bring. */
static bool again(const struct sync_options *o)
{
	return o->n_metrics > 0;
}

const struct sync_kind sync_kind_cloudwatch = {
	API_SOURCE_KIND("cloudwatch", "REGION"),
	.again = again,
	.check = check,
	.begin = begin,
};
