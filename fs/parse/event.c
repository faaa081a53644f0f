/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CloudTrail records, as files, EventBridge and log groups carry them, and as LookupEvents
 * gives them: in a string.
 */

#include "parser.h"

/* The field's place in the record, where it is there at all. */
static int refuse_event(struct parser *p, const struct parse_source *src,
			const struct jv *v, const struct fault *f)
{
	const struct jv *member = f->field[0] ? jv_get(v, f->field) : NULL;

	return parse_refuse(p, src, member ? member : v, f->field, "%s", f->reason);
}

int guise_event(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct event event;
	struct fault f;

	/* Insights look like events, but tell of a rate of calls, not of a call. */
	if (str_is(jv_get_text(v, "eventCategory"), "Insight") ||
	    parse_has(v, "insightDetails"))
		return parse_notice(p, "cloudtrail-insight");
	if (event_from_jv(v, &event, &f) != 0)
		return refuse_event(p, src, v, &f);
	return p->sink->event(p->sink->ctx, &event, parse_raw(src, v));
}

int guise_lookup_event(struct parser *p, const struct parse_source *src,
		       const struct jv *v)
{
	const struct jv *record = jv_get(v, "CloudTrailEvent");

	if (!jv_is(record, JV_STRING) && !jv_is(record, JV_OBJECT))
		return parse_refuse(p, src, record ? record : v, "CloudTrailEvent", "%s",
				    record ? "neither string nor object" : "missing");
	return parse_inner(p, src, record, "CloudTrailEvent");
}
