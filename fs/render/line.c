/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One line each: what sort, cut, grep and awk are made for. The columns are the same whatever the
 * line tells of, so that a day's changes, failed calls and alarms can be read as one table.
 */

#include "render/line.h"

#include "model/timestamp.h"
#include "util/json.h"

#include "member.h"
#include "text.h"

struct columns {
	int64_t time_ms;
	struct str what, account, region, type, id, principal, address, detail,
		confidence;
};

static void put_columns(struct buf *out, const struct columns *c)
{
	const struct str *const cells[] = { &c->what,    &c->account, &c->region,
					    &c->type,    &c->id,      &c->principal,
					    &c->address, &c->detail,  &c->confidence };
	char iso[TIMESTAMP_ISO_SIZE];

	timestamp_format(c->time_ms, iso);
	buf_put_text(out, iso);
	for (size_t i = 0; i < ARRAY_SIZE(cells); i++) {
		buf_put_char(out, '\t');
		if (cells[i]->n)
			text_safe(out, *cells[i]);
		else
			buf_put_char(out, '-');
	}
	buf_put_char(out, '\n');
}

static size_t begin_json(struct buf *out, int64_t time_ms, const char *kind)
{
	size_t start = out->len;
	char iso[TIMESTAMP_ISO_SIZE];

	timestamp_format(time_ms, iso);
	buf_put_text(out, "{\"time\":\"");
	buf_put_text(out, iso);
	buf_put_text(out, "\",\"kind\":\"");
	buf_put_text(out, kind);
	buf_put_char(out, '"');
	return start;
}

static void end_json(struct buf *out, size_t start)
{
	buf_put_char(out, '}');
	text_make_safe(out, start);
	buf_put_char(out, '\n');
}

/* --- changes ------------------------------------------------------------------------------ */

void render_change_line(struct buf *out, const struct story_entry *e,
			const struct story_event *cause)
{
	struct columns c = { .time_ms = e->time_ms,
			     .what = str_of(change_type_name(e->change.type)),
			     .account = e->account,
			     .region = e->region,
			     .type = e->type,
			     .id = e->id };

	if (cause) {
		c.principal = cause->actor.principal;
		c.address = cause->event.address;
		c.detail = cause->event.name;
		c.confidence = str_of(confidence_name(cause->confidence));
	}
	put_columns(out, &c);
}

static void put_path(struct buf *out, const struct story_entry *e)
{
	_cleanup_(buf_deinit) struct buf path = BUF_INIT;

	buf_put_str(&path, e->folder);
	buf_put_char(&path, '/');
	buf_put_text(&path, e->snapshot);
	if (path.failed)
		out->failed = true;
	member_string(out, "path", buf_str(&path));
}

void render_change_line_jsonl(struct buf *out, const struct story_entry *e,
			      const struct story_event *cause)
{
	static const struct story_event none = { 0 };
	const struct story_event *c = cause ? cause : &none;
	size_t start = begin_json(out, e->time_ms, "change");

	member_string(out, "changeType", str_of(change_type_name(e->change.type)));
	member_string(out, "accountId", e->account);
	member_string(out, "awsRegion", e->region);
	member_string(out, "resourceType", e->type);
	member_string(out, "resourceId", e->id);
	put_path(out, e);
	member_string(out, "eventID", c->event.id);
	if (cause)
		member_event_time(out, &c->event);
	else
		member_string(out, "eventTime", STR_NULL);
	member_string(out, "eventSource", c->event.source);
	member_string(out, "eventName", c->event.name);
	member_actor(out, &c->actor);
	member_string(out, "sourceIPAddress", c->event.address);
	member_string(out, "accessKeyId", c->event.access_key);
	member_string(out, "confidence",
		      cause ? str_of(confidence_name(c->confidence)) : STR_NULL);
	member_string(out, "reason", reason_sentence(e->reason, e->why));
	end_json(out, start);
}

/* --- calls -------------------------------------------------------------------------------- */

void render_event_line(struct buf *out, const struct event *e,
		       const struct event_told *told)
{
	struct columns c = { .time_ms = e->time_ms,
			     .what = e->name,
			     .account = e->account,
			     .region = e->region,
			     .principal = told->principal,
			     .address = e->address,
			     .detail = e->error_code };

	event_object(e, &c.type, &c.id);
	if (e->failed && c.detail.n == 0)
		c.detail = STR("failed");
	put_columns(out, &c);
}

void render_event_line_jsonl(struct buf *out, const struct event *e,
			     const struct event_told *told)
{
	const struct story_event se = { .event = *e,
					.actor = { .principal = told->principal } };
	size_t start = begin_json(out, e->time_ms, "event");
	struct str type, id;

	event_object(e, &type, &id);
	member_string(out, "accountId", e->account);
	member_string(out, "awsRegion", e->region);
	member_string(out, "resourceType", type);
	member_string(out, "resourceId", id);
	member_event(out, &se);
	member_string(out, "errorCode", e->error_code);
	member_string(out, "errorMessage", e->error_message);
	end_json(out, start);
}

/* --- alarms ------------------------------------------------------------------------------- */

void render_transition_line(struct buf *out, const struct transition *t)
{
	const struct columns c = { .time_ms = t->time_ms,
				   .what = t->state,
				   .account = t->alarm.account,
				   .region = t->alarm.region,
				   .type = STR("AWS::CloudWatch::Alarm"),
				   .id = t->alarm.name,
				   .detail = t->previous_state };

	put_columns(out, &c);
}

void render_transition_line_jsonl(struct buf *out, const struct transition *t)
{
	size_t start = begin_json(out, t->time_ms, "alarm");

	member_string(out, "accountId", t->alarm.account);
	member_string(out, "awsRegion", t->alarm.region);
	member_string(out, "alarmName", t->alarm.name);
	member_string(out, "state", t->state);
	member_string(out, "previousState", t->previous_state);
	member_string(out, "reason", t->reason);
	end_json(out, start);
}
