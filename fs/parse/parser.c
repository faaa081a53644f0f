/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a record to its guise. An object is told by two of its members at most, which are looked
 * for in the order below: what comes most often first, what is specific before what is general.
 * Names that AWS uses for several things (Message, Records, detail) come last or go by pairs.
 *
 * An envelope's content is parsed like a record of its own; the depth of envelopes is bounded,
 * and so is the recursion.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "parser.h"

/* clang-format off */
#define CONTAINERS \
	"Records", "configurationItems", "baseConfigurationItems", "BaseConfigurationItems", \
	"logEvents", "Events", "events", "AlarmHistoryItems", "MetricAlarms", \
	"CompositeAlarms", "Messages", "PublicKeyList"
/* clang-format on */

const char *const parse_containers[] = { CONTAINERS, NULL };
/*
 * "Results" are strings, which are no records to the splitter: a page of a query's answer is
 * taken whole.
 */
const char *const parse_inner_containers[] = { CONTAINERS, "Results", NULL };
const char *const parse_wrappers[] = { "data", NULL };

struct guise {
	const char *key;
	const char *also; /* may be NULL */
	int (*parse)(struct parser *p, const struct parse_source *src,
		     const struct jv *v);
	const char *notice; /* where there is nothing to parse */
};

static const struct guise guises[] = {
	/* The two that come by the million; some samples are redacted and lack this or that. */
	{ "eventName", "eventVersion", guise_event, NULL },
	{ "configurationItemCaptureTime", NULL, guise_item, NULL },

	{ "CloudTrailEvent", NULL, guise_lookup_event, NULL },
	{ "EventId", "EventName", guise_lookup_event, NULL },
	{ "QueryResultRows", NULL, guise_lake_rows, NULL },
	{ "eventJson", NULL, guise_lake_row, NULL },
	{ "eventCategory", "eventData", guise_lake_record, NULL },
	{ "detail-type", "detail", guise_eventbridge, NULL },
	{ "invokingEvent", NULL, guise_rule_event, NULL },
	{ "configurationItemSummary", NULL, guise_summary, NULL },
	{ "messageType", NULL, guise_config_message, NULL },
	{ "configurationItem", NULL, guise_config_message, NULL },
	{ "ConfigurationItem", NULL, guise_config_message, NULL },
	{ "configurationItemDiff", NULL, guise_config_message, NULL },

	{ "AlarmName", "NewStateValue", guise_alarm_payload, NULL },
	{ "AlarmName", "HistoryItemType", guise_alarm_history, NULL },
	{ "AlarmName", "StateValue", guise_alarm, NULL },
	{ "AlarmName", "AlarmArn", guise_alarm, NULL },
	{ "alarmData", "alarmArn", guise_alarm_lambda, NULL },

	{ "TopicArn", "Message", guise_sns, NULL },
	{ "Type", "Message", guise_sns, NULL },
	{ "Body", NULL, guise_sqs, NULL },
	{ "body", "messageId", guise_sqs, NULL },
	{ "Sns", NULL, guise_lambda_record, NULL },
	{ "kinesis", NULL, guise_lambda_record, NULL },
	{ "awslogs", NULL, guise_awslogs, NULL },
	{ "message", "timestamp", guise_log_event, NULL },

	{ "s3", "eventName", NULL, "s3-notification" },
	{ "Event", "Bucket", NULL, "s3-test-event" },
	{ "digestS3Bucket", NULL, guise_digest, NULL },
	{ "digestStartTime", "logFiles", guise_digest, NULL },
	{ "insightDetails", NULL, NULL, "cloudtrail-insight" },
	{ "timeWindow", "summary", NULL, "cloudtrail-aggregated" },
	{ "s3Bucket", "s3ObjectKey", NULL, "cloudtrail-delivery" },
	{ "metric_stream_name", NULL, NULL, "metric-stream" },
	{ "Datapoints", NULL, NULL, "metric-statistics" },
	{ "MetricDataResults", NULL, guise_metric_data, NULL },
	{ "configurationRecorder", "askedTime", guise_recorder, NULL },
	{ "ConfigurationRecorders", NULL, NULL, "config-recorder" },
	{ "ConfigurationRecordersStatus", NULL, NULL, "config-recorder" },
	{ "DeliveryChannels", NULL, NULL, "config-recorder" },
	{ "DeliveryChannelsStatus", NULL, NULL, "config-recorder" },
	{ "Fingerprint", "Value", guise_public_key, NULL },
	{ "configRuleName", "newEvaluationResult", NULL, "config-compliance" },

	/* Partial ones, to be refused with the field that is missing. */
	{ "eventName", "eventSource", guise_event, NULL },
	{ "eventSource", "eventTime", guise_event, NULL },
	{ "eventName", "eventTime", guise_event, NULL },
	{ "eventID", "eventTime", guise_event, NULL },
	{ "eventVersion", "userIdentity", guise_event, NULL },
	{ "eventName", "userIdentity", guise_event, NULL },
	{ "configurationItemStatus", NULL, guise_item, NULL },
	{ "configurationItemVersion", NULL, guise_item, NULL },
	{ "configuration", "resourceType", guise_item, NULL },
	{ "configuration", "resourceId", guise_item, NULL },
	{ "resourceType", "resourceId", guise_item, NULL },
	{ "Value", "ValidityStartTime", guise_public_key, NULL },
};

int parse_refuse(struct parser *p, const struct parse_source *src, const struct jv *at,
		 const char *field, const char *reason, ...)
{
	char text[sizeof(p->fault->reason)];
	va_list args;

	/* The first refusal is told: what follows may be a consequence. */
	if (p->worst == PARSE_E_REFUSED)
		return PARSE_E_REFUSED;
	va_start(args, reason);
	(void)vsnprintf(text, sizeof(text), reason, args);
	va_end(args);
	fault_set(p->fault, src->offset + (at && !src->inside ? at->at : 0), field, "%s",
		  text);
	p->worst = PARSE_E_REFUSED;
	return PARSE_E_REFUSED;
}

int parse_unknown(struct parser *p, const struct parse_source *src, const struct jv *at,
		  const char *reason)
{
	if (p->worst == 0) {
		fault_set(p->fault, src->offset + (at && !src->inside ? at->at : 0), "",
			  "%s", reason);
		p->worst = PARSE_E_UNKNOWN;
	}
	return PARSE_E_UNKNOWN;
}

int parse_notice(struct parser *p, const char *what)
{
	return p->sink->notice(p->sink->ctx, what);
}

/* The byte behind the string that starts at `at`, quotes included. */
static size_t string_end(struct str text, size_t at)
{
	for (at++; at < text.n && text.p[at] != '"'; at++) {
		if (text.p[at] == '\\')
			at++;
	}
	return MIN(at + 1, text.n);
}

/* The text has been parsed already, so it is enough to count brackets outside of strings. */
struct str parse_raw(const struct parse_source *src, const struct jv *v)
{
	struct str text = src->text;
	size_t at = v->at;
	unsigned depth = 0;

	if (v == src->root)
		return parse_trim(text);
	if (v->type == JV_STRING || v->type == JV_NUMBER)
		return jv_str(v);
	if (v->type != JV_ARRAY && v->type != JV_OBJECT)
		return STR_NULL;
	while (at < text.n) {
		char c = text.p[at];

		if (c == '"') {
			at = string_end(text, at);
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			break;
	}
	return (struct str){ text.p + v->at, at - v->at };
}

bool parse_has(const struct jv *v, const char *key)
{
	const struct jv *member = jv_get(v, key);

	return member && member->type != JV_NULL;
}

const struct jv *parse_either(const struct jv *v, const char *key, const char *other)
{
	const struct jv *member = jv_get(v, key);

	return member ? member : jv_get(v, other);
}

struct str parse_trim(struct str s)
{
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t' || *s.p == '\r' || *s.p == '\n'))
		s = (struct str){ s.p + 1, s.n - 1 };
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' ||
			   s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

struct str parse_arn_part(struct str arn, unsigned n)
{
	if (!str_starts(arn, "arn:"))
		return STR_NULL;
	for (unsigned i = 0;; i++) {
		ptrdiff_t colon = str_chr(arn, ':');

		if (i == n)
			return colon < 0 || n == 5 ? arn
						   : (struct str){ arn.p, (size_t)colon };
		if (colon < 0)
			return STR_NULL;
		arn = str_from(arn, (size_t)colon + 1);
	}
}

static int parse_object(struct parser *p, const struct parse_source *src,
			const struct jv *v)
{
	/* Records of a Lambda event look like CloudTrail's otherwise. */
	if (str_starts(jv_get_text(v, "eventSource"), "aws:") ||
	    str_starts(jv_get_text(v, "EventSource"), "aws:"))
		return guise_lambda_record(p, src, v);
	for (size_t i = 0; i < ARRAY_SIZE(guises); i++) {
		const struct guise *g = &guises[i];

		if (!parse_has(v, g->key) || (g->also && !parse_has(v, g->also)))
			continue;
		return g->parse ? g->parse(p, src, v) : parse_notice(p, g->notice);
	}
	for (size_t i = 0; parse_inner_containers[i]; i++) {
		if (jv_is(jv_get(v, parse_inner_containers[i]), JV_ARRAY))
			return guise_containers(p, src, v);
	}
	return guise_wrapper(p, src, v);
}

int parse_each(struct parser *p, const struct parse_source *src, const struct jv *array)
{
	bool known = array->len == 0, refused = false;

	for (uint32_t i = 0; i < array->len; i++) {
		int r = parse_value(p, src, &array->items[i]);

		if (r < 0)
			return r;
		known |= r != PARSE_E_UNKNOWN;
		refused |= r == PARSE_E_REFUSED;
	}
	if (refused)
		return PARSE_E_REFUSED;
	return known ? 0 : PARSE_E_UNKNOWN;
}

int parse_value(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct parse_source inner = *src;

	switch (v->type) {
	case JV_OBJECT:
		return parse_object(p, src, v);
	case JV_ARRAY:
		/* An array in an array counts as an envelope: it bounds the recursion. */
		if (++inner.envelopes > PARSE_MAX_ENVELOPES)
			return parse_refuse(p, src, v, "",
					    "too many envelopes within envelopes");
		return parse_each(p, &inner, v);
	case JV_STRING:
		return parse_inner(p, src, v, "");
	default:
		return parse_unknown(p, src, v,
				     "a single value, neither object nor array");
	}
}

int parse_inner_text(struct parser *p, const struct parse_source *src, const struct jv *v,
		     const char *field, struct str text)
{
	struct parse_source inner = {
		.text = parse_trim(text),
		.offset = src->offset + (src->inside ? 0 : v->at),
		.inside = true,
		.envelopes = src->envelopes + 1,
		.container = src->container,
	};
	struct fault f;
	struct jv held;
	int r;

	if (inner.envelopes > PARSE_MAX_ENVELOPES)
		return parse_refuse(p, src, v, field,
				    "too many envelopes within envelopes");
	if (inner.text.n == 0 || (inner.text.p[0] != '{' && inner.text.p[0] != '['))
		return parse_unknown(p, src, v, "a text that is not JSON");
	r = jv_parse(&p->arena, inner.text, &held, &f);
	if (r < 0)
		return r;
	if (r != 0)
		return parse_refuse(p, src, v, field, "not JSON: %s", f.reason);
	inner.root = &held;
	return parse_value(p, &inner, &held);
}

int parse_inner(struct parser *p, const struct parse_source *src, const struct jv *v,
		const char *field)
{
	struct parse_source inner = *src;

	if (v->type == JV_STRING)
		return parse_inner_text(p, src, v, field, jv_str(v));
	if (++inner.envelopes > PARSE_MAX_ENVELOPES)
		return parse_refuse(p, src, v, field,
				    "too many envelopes within envelopes");
	return parse_value(p, &inner, v);
}

struct parser *parser_new(void)
{
	return calloc(1, sizeof(struct parser));
}

struct parser *parser_free(struct parser *p)
{
	if (!p)
		return NULL;
	arena_deinit(&p->arena);
	buf_deinit(&p->body);
	free(p);
	return NULL;
}

int parse_record(struct parser *p, struct str text, struct str container, uint64_t offset,
		 const struct parse_sink *sink, struct fault *f)
{
	struct parse_source src = { .text = text,
				    .offset = offset,
				    .container = container };
	struct jv record;
	int r;

	arena_reset(&p->arena);
	p->sink = sink;
	p->fault = f ? f : &p->spare;
	p->worst = 0;
	r = jv_parse(&p->arena, text, &record, p->fault);
	if (r < 0)
		return r;
	if (r != 0) {
		p->fault->offset += offset;
		return PARSE_E_REFUSED;
	}
	src.root = &record;
	return parse_value(p, &src, &record);
}
