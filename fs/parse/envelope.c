/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What AWS wraps its records in on the way: SNS, SQS, Lambda, EventBridge, Config's rule events,
 * CloudWatch Logs. The content is told from itself again; the envelope counts only where it says
 * what the content does not (EventBridge: account and region of an alarm).
 */

#include <errno.h>

#include "parser.h"
#include "util/base64.h"
#include "util/gunzip.h"

/* Mails and some topics put a text before the JSON. */
static struct str from_first_brace(struct str text)
{
	ptrdiff_t start, end;

	text = parse_trim(text);
	start = str_chr(text, '{');
	end = str_rchr(text, '}');
	if (str_starts(text, "[") || str_starts(text, "{") || start < 0 || end < start)
		return text;
	return (struct str){ text.p + start, (size_t)(end - start) + 1 };
}

int guise_sns(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	const struct jv *message = jv_get(v, "Message");
	struct str type = jv_get_text(v, "Type");

	if (str_is(type, "SubscriptionConfirmation") ||
	    str_is(type, "UnsubscribeConfirmation"))
		return parse_notice(p, "sns-confirmation");
	if (jv_is(message, JV_STRING))
		return parse_inner_text(p, src, message, "Message",
					from_first_brace(jv_str(message)));
	return parse_inner(p, src, message, "Message");
}

int guise_sqs(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	const struct jv *body = jv_get(v, "Body");

	if (body)
		return parse_inner(p, src, body, "Body");
	return parse_inner(p, src, jv_get(v, "body"), "body");
}

/* Base64, mostly of gzip. */
static int parse_payload(struct parser *p, const struct parse_source *src,
			 const struct jv *v, const char *field)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_INIT;
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct str kept;
	int r;

	if (!jv_is(v, JV_STRING) || !base64_decode(&bytes, jv_str(v)))
		return parse_refuse(p, src, v, field, "not base64");
	if (buf_error(&bytes))
		return -ENOMEM;
	if (!gunzip_is(buf_str(&bytes))) {
		kept = arena_str(&p->arena, buf_str(&bytes));
	} else {
		r = gunzip(&text, buf_str(&bytes), PARSE_MAX_RECORD);
		if (r < 0)
			return r;
		if (r != 0)
			return parse_refuse(p, src, v, field, "%s",
					    r == GUNZIP_E_SIZE ? "too long when unpacked"
							       : "damaged gzip data");
		kept = arena_str(&p->arena, buf_str(&text));
	}
	/* The tree points into the text, so the text has to live as long as it. */
	return kept.p ? parse_inner_text(p, src, v, field, kept) : -ENOMEM;
}

int guise_awslogs(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	return parse_payload(p, src, jv_get(jv_get(v, "awslogs"), "data"),
			     "awslogs.data");
}

int guise_lambda_record(struct parser *p, const struct parse_source *src,
			const struct jv *v)
{
	if (parse_has(v, "Sns"))
		return parse_inner(p, src, jv_get(v, "Sns"), "Sns");
	if (parse_has(v, "body"))
		return parse_inner(p, src, jv_get(v, "body"), "body");
	if (parse_has(v, "kinesis"))
		return parse_payload(p, src, jv_get(jv_get(v, "kinesis"), "data"),
				     "kinesis.data");
	if (parse_has(v, "s3"))
		return parse_notice(p, "s3-notification");
	return parse_notice(p, "lambda-event");
}

/* Of a row of CloudTrail Lake's the column that has the record as it was delivered. */
int guise_lake_row(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	return parse_inner(p, src, jv_get(v, "eventJson"), "eventJson");
}

/* A row is a list of its columns, each an object of one member. */
static int parse_lake_row(struct parser *p, const struct parse_source *src,
			  const struct jv *row)
{
	for (uint32_t i = 0; jv_is(row, JV_ARRAY) && i < row->len; i++)
		if (parse_has(&row->items[i], "eventJson"))
			return guise_lake_row(p, src, &row->items[i]);
	return parse_notice(p, "lake-row");
}

int guise_lake_rows(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	const struct jv *rows = jv_get(v, "QueryResultRows");
	int worst = 0;

	if (!jv_is(rows, JV_ARRAY) || !rows->len)
		return parse_notice(p, "lake-row");
	for (uint32_t i = 0; i < rows->len; i++) {
		int r = parse_lake_row(p, src, &rows->items[i]);

		if (r < 0)
			return r;
		worst = worst == PARSE_E_REFUSED || !r ? worst : r;
	}
	return worst;
}

/* AWS Config's items are kept there as events; so is what others put in. */
int guise_lake_record(struct parser *p, const struct parse_source *src,
		      const struct jv *v)
{
	if (str_is(jv_get_text(v, "eventCategory"), "ConfigurationItem"))
		return parse_inner(p, src, jv_get(v, "eventData"), "eventData");
	return parse_notice(p, "lake-event");
}

int guise_rule_event(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	return parse_inner(p, src, jv_get(v, "invokingEvent"), "invokingEvent");
}

/* A log group holds anything: only what turns out to be ours is more than a log message. */
int guise_log_event(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	const struct jv *message = jv_get(v, "message");
	struct str text = parse_trim(jv_str(message));
	struct fault before = *p->fault;
	int worst = p->worst;
	int r;

	if (str_starts(text, "CWL CONTROL MESSAGE"))
		return parse_notice(p, "logs-control");
	if (jv_is(message, JV_STRING) && !str_starts(text, "{"))
		return parse_notice(p, "log-message");
	r = parse_inner(p, src, message, "message");
	if (r != PARSE_E_UNKNOWN)
		return r;
	*p->fault = before;
	p->worst = worst;
	return parse_notice(p, "log-message");
}

int guise_eventbridge(struct parser *p, const struct parse_source *src,
		      const struct jv *v)
{
	const struct jv *detail = jv_get(v, "detail");
	struct fault before = *p->fault;
	int worst = p->worst;
	int r;

	if (str_is(jv_get_text(v, "source"), "aws.cloudwatch") &&
	    str_starts(jv_get_text(v, "detail-type"), "CloudWatch "))
		return guise_alarm_event(p, src, v);
	r = parse_inner(p, src, detail, "detail");
	if (r != PARSE_E_UNKNOWN)
		return r;
	/* Any service and any application puts events there. */
	*p->fault = before;
	p->worst = worst;
	return parse_notice(p, "eventbridge-event");
}

int guise_containers(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct parse_source inner = *src;
	int worst = 0;

	if (str_is(jv_get_text(v, "messageType"), "CONTROL_MESSAGE"))
		return parse_notice(p, "logs-control");
	if (++inner.envelopes > PARSE_MAX_ENVELOPES)
		return parse_refuse(p, src, v, "", "too many envelopes within envelopes");
	for (size_t i = 0; parse_inner_containers[i]; i++) {
		const struct jv *array = jv_get(v, parse_inner_containers[i]);
		int r;

		if (!jv_is(array, JV_ARRAY))
			continue;
		inner.container = str_of(parse_inner_containers[i]);
		r = parse_each(p, &inner, array);
		if (r < 0)
			return r;
		if (r != 0 && worst != PARSE_E_REFUSED)
			worst = r;
	}
	return worst;
}

int guise_wrapper(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	static const char *const names[] = { "event",   "detail",  "data",
					     "Message", "message", "body" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct jv *inner = jv_get(v, names[i]);

		if (jv_is(inner, JV_OBJECT) ||
		    (jv_is(inner, JV_STRING) &&
		     str_starts(parse_trim(jv_str(inner)), "{")))
			return parse_inner(p, src, inner, names[i]);
	}
	if (str_is(src->container, "Results")) {
		/* A row of a query: of a resource, or a count, a sum ... */
		if (parse_has(v, "resourceId") || parse_has(v, "arn") ||
		    parse_has(v, "configuration"))
			return parse_item(p, src, v, ITEM_GUISE_SELECT);
		return parse_notice(p, "config-query-row");
	}
	/* Recorded answers of other APIs, and of ours when there was nothing. */
	if (parse_has(v, "ResponseMetadata") || parse_has(v, "nextToken") ||
	    parse_has(v, "NextToken"))
		return parse_notice(p, "api-answer");
	return parse_unknown(p, src, v, "no format of AWS's that is known");
}
