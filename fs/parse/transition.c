/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An alarm's transition, as four senders tell it: EventBridge and Lambda (the same inside), SNS,
 * and DescribeAlarmHistory, which knows neither account nor region.
 */

#include <errno.h>

#include "model/timestamp.h"
#include "parser.h"

/* Time, name and state are what makes a transition. */
static int emit(struct parser *p, const struct parse_source *src, const struct jv *v,
		const struct jv *time, struct transition *t)
{
	int r;

	if (t->alarm.name.n == 0)
		return parse_refuse(p, src, v, "alarmName",
				    "missing, empty or not a string");
	if (t->state.n == 0)
		return parse_refuse(p, src, v, "state", "missing, empty or not a string");
	if (!time)
		return parse_refuse(p, src, v, "timestamp", "missing");
	r = timestamp_from_jv(time, &t->time_ms);
	if (r != 0)
		return parse_refuse(p, src, time, "timestamp", "%s",
				    r == TIMESTAMP_E_RANGE ? "before 1970 or after 2099"
							   : "not a time");
	t->raw = parse_raw(src, v);
	return p->sink->transition(p->sink->ctx, t);
}

/* Account, region and ARN as the envelope gives them; where it does not, the ARN's parts. */
static void set_place(struct alarm *alarm, struct str account, struct str region,
		      struct str arn)
{
	if (arn.n > 0)
		alarm->arn = arn;
	alarm->account = account.n > 0 ? account : parse_arn_part(alarm->arn, 4);
	alarm->region = region.n > 0 ? region : parse_arn_part(alarm->arn, 3);
}

/* The `detail` of an event, or the `alarmData` given to a function. */
static int parse_states(struct parser *p, const struct jv *data, struct transition *ret)
{
	const struct jv *state = jv_get(data, "state");
	const struct jv *configuration = jv_get(data, "configuration");
	struct transition t = { 0 };
	int r;

	r = parse_dimensions(p, configuration, &t.alarm);
	if (r != 0)
		return r;
	t.alarm.name = jv_str(jv_get(data, "alarmName"));
	t.state = jv_get_text(state, "value");
	t.reason = jv_get_text(state, "reason");
	t.previous_state = jv_get_text(jv_get(data, "previousState"), "value");
	*ret = t;
	return 0;
}

int guise_alarm_lambda(struct parser *p, const struct parse_source *src,
		       const struct jv *v)
{
	const struct jv *data = jv_get(v, "alarmData");
	const struct jv *time = jv_get(jv_get(data, "state"), "timestamp");
	struct transition t;
	int r = parse_states(p, data, &t);

	if (r != 0)
		return r;
	set_place(&t.alarm, jv_str(jv_get(v, "accountId")), jv_get_text(v, "region"),
		  jv_get_text(v, "alarmArn"));
	return emit(p, src, v, time ? time : jv_get(v, "time"), &t);
}

/* The definition within an event of its change; `detail` has the alarm as it is now. */
static int parse_definition(struct parser *p, const struct parse_source *src,
			    const struct jv *v, struct str arn)
{
	const struct jv *detail = jv_get(v, "detail");
	const struct jv *configuration = jv_get(detail, "configuration");
	struct alarm alarm;
	int r;

	if (str_is(jv_get_text(detail, "operation"), "delete"))
		return parse_notice(p, "alarm-deleted");
	r = parse_alarm(p, configuration, &alarm);
	if (r != 0)
		return r;
	alarm.name = jv_str(jv_get(detail, "alarmName"));
	if (alarm.name.n == 0)
		alarm.name = jv_str(jv_get(configuration, "alarmName"));
	if (alarm.name.n == 0)
		return parse_refuse(p, src, v, "alarmName",
				    "missing, empty or not a string");
	set_place(&alarm, jv_str(jv_get(v, "account")), jv_get_text(v, "region"), arn);
	return p->sink->alarm(p->sink->ctx, &alarm);
}

int guise_alarm_event(struct parser *p, const struct parse_source *src,
		      const struct jv *v)
{
	const struct jv *detail = jv_get(v, "detail");
	const struct jv *resources = jv_get(v, "resources");
	const struct jv *time = jv_get(jv_get(detail, "state"), "timestamp");
	struct str type = jv_get_text(v, "detail-type");
	struct str arn = STR_NULL;
	struct transition t;
	int r;

	if (jv_is(resources, JV_ARRAY) && resources->len > 0)
		arn = jv_str(&resources->items[0]);
	if (str_is(type, "CloudWatch Alarm Configuration Change"))
		return parse_definition(p, src, v, arn);
	if (!str_is(type, "CloudWatch Alarm State Change"))
		return parse_notice(p, "alarm-event");
	r = parse_states(p, detail, &t);
	if (r != 0)
		return r;
	set_place(&t.alarm, jv_str(jv_get(v, "account")), jv_get_text(v, "region"), arn);
	return emit(p, src, v, time ? time : jv_get(v, "time"), &t);
}

/* "us-east-1"; SNS payloads say "US East (N. Virginia)" instead. */
static bool is_region(struct str s)
{
	bool dash = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
		dash |= c == '-';
	}
	return dash;
}

int guise_alarm_payload(struct parser *p, const struct parse_source *src,
			const struct jv *v)
{
	struct str region = jv_get_text(v, "Region");
	struct transition t = { 0 };
	int r;

	r = parse_alarm(p, jv_get(v, "Trigger"), &t.alarm);
	if (r == 0 && !t.alarm.n_children)
		r = parse_alarm_rule(&p->arena, jv_get_text(v, "AlarmRule"),
				     &t.alarm.children, &t.alarm.n_children);
	if (r != 0)
		return r;
	t.alarm.name = jv_str(jv_get(v, "AlarmName"));
	t.alarm.arn = jv_get_text(v, "AlarmArn");
	set_place(&t.alarm, jv_str(jv_get(v, "AWSAccountId")),
		  parse_arn_part(t.alarm.arn, 3), STR_NULL);
	if (t.alarm.region.n == 0 && is_region(region))
		t.alarm.region = region;
	t.state = jv_get_text(v, "NewStateValue");
	t.previous_state = jv_get_text(v, "OldStateValue");
	t.reason = jv_get_text(v, "NewStateReason");
	return emit(p, src, v, jv_get(v, "StateChangeTime"), &t);
}

/* "Alarm updated from OK to ALARM", for items whose data is missing. */
static void states_of_summary(struct str summary, struct transition *t)
{
	static const char prefix[] = "Alarm updated from ";
	struct str rest;
	ptrdiff_t space;

	if (!str_starts(summary, prefix))
		return;
	rest = str_from(summary, strlen(prefix));
	space = str_chr(rest, ' ');
	if (space < 0 || !str_starts(str_from(rest, (size_t)space), " to "))
		return;
	t->previous_state = (struct str){ rest.p, (size_t)space };
	t->state = str_from(rest, (size_t)space + strlen(" to "));
}

int guise_alarm_history(struct parser *p, const struct parse_source *src,
			const struct jv *v)
{
	const struct jv *data = jv_get(v, "HistoryData");
	struct transition t = { 0 };
	struct jv held;
	int r = 0;

	if (!str_is(jv_get_text(v, "HistoryItemType"), "StateUpdate"))
		return parse_notice(p, "alarm-history");
	if (jv_is(data, JV_STRING))
		data = parse_open_text(p, jv_str(data), &held, &r) ? &held : NULL;
	if (r != 0)
		return r;
	t.alarm.name = jv_str(jv_get(v, "AlarmName"));
	t.state = jv_str(jv_path(data, "newState.stateValue"));
	t.reason = jv_str(jv_path(data, "newState.stateReason"));
	t.previous_state = jv_str(jv_path(data, "oldState.stateValue"));
	if (t.state.n == 0)
		states_of_summary(jv_get_text(v, "HistorySummary"), &t);
	return emit(p, src, v, jv_get(v, "Timestamp"), &t);
}
