/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Definitions of alarms: the answers of DescribeAlarms, the configuration items of alarms, and
 * CloudWatch's events of their being made and changed. An ARN says account and region where the
 * rest does not.
 */

#include "parser.h"

int parse_alarm(struct parser *p, const struct jv *v, struct alarm *ret)
{
	struct alarm alarm = { 0 };
	int r;

	alarm.name = jv_str(parse_either(v, "alarmName", "AlarmName"));
	alarm.arn = jv_str(parse_either(v, "alarmArn", "AlarmArn"));
	if (alarm.arn.n == 0)
		alarm.arn = jv_get_text(v, "Arn");
	alarm.account = parse_arn_part(alarm.arn, 4);
	alarm.region = parse_arn_part(alarm.arn, 3);
	/* arn:aws:cloudwatch:us-east-1:123456789012:alarm:name */
	if (alarm.name.n == 0 && str_starts(parse_arn_part(alarm.arn, 5), "alarm:"))
		alarm.name = str_from(parse_arn_part(alarm.arn, 5), strlen("alarm:"));
	r = parse_dimensions(p, v, &alarm);
	if (r == 0)
		*ret = alarm;
	return r;
}

int guise_alarm(struct parser *p, const struct parse_source *src, const struct jv *v)
{
	struct alarm alarm;
	int r = parse_alarm(p, v, &alarm);

	if (r != 0)
		return r;
	if (alarm.name.n == 0)
		return parse_refuse(p, src, v, "AlarmName", "empty or not a string");
	if (alarm.arn.n == 0)
		return parse_refuse(p, src, v, "AlarmArn",
				    "missing, and with it the account");
	return p->sink->alarm(p->sink->ctx, &alarm);
}

int parse_alarm_item(struct parser *p, const struct item *item,
		     const struct jv *configuration)
{
	struct alarm alarm;
	int r;

	/* Deleted, or a summary. */
	if (configuration->type != JV_OBJECT)
		return 0;
	r = parse_alarm(p, configuration, &alarm);
	if (r != 0)
		return r;
	alarm.account = item->account;
	alarm.region = item->region;
	if (alarm.name.n == 0)
		alarm.name = item->name.n > 0 ? item->name : item->id;
	if (alarm.arn.n == 0)
		alarm.arn = item->arn;
	return p->sink->alarm(p->sink->ctx, &alarm);
}
