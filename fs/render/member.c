/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Members that several kinds of JSON lines have, so that a key means the same in all of them.
 */

#include "member.h"

#include "model/timestamp.h"
#include "util/json.h"

void member_key(struct buf *out, const char *key)
{
	buf_put_char(out, ',');
	jv_write_string(out, str_of(key));
	buf_put_char(out, ':');
}

void member_string(struct buf *out, const char *key, struct str value)
{
	member_key(out, key);
	if (value.n)
		jv_write_string(out, value);
	else
		buf_put_text(out, "null");
}

void member_value(struct buf *out, const char *key, const struct jv *value)
{
	member_key(out, key);
	if (value)
		jv_write(out, value);
	else
		buf_put_text(out, "null");
}

void member_actor(struct buf *out, const struct story_actor *actor)
{
	member_string(out, "principal", actor->principal);
	if (actor->n_via == 0)
		return;
	member_key(out, "via");
	for (size_t i = 0; i < actor->n_via; i++) {
		buf_put_char(out, i ? ',' : '[');
		jv_write_string(out, actor->via[i]);
	}
	buf_put_char(out, ']');
}

/* The time as CloudTrail wrote it, so that it can be searched for in CloudTrail's own files. */
void member_event_time(struct buf *out, const struct event *event)
{
	struct str written = jv_get_text(event->record, "eventTime");
	char iso[TIMESTAMP_ISO_SIZE];

	if (written.n == 0) {
		timestamp_format(event->time_ms, iso);
		written = str_of(iso);
	}
	member_string(out, "eventTime", written);
}

void member_event(struct buf *out, const struct story_event *se)
{
	const struct event *event = &se->event;

	member_string(out, "eventID", event->id);
	member_event_time(out, event);
	member_string(out, "eventSource", event->source);
	member_string(out, "eventName", event->name);
	member_actor(out, &se->actor);
	member_string(out, "sourceIPAddress", event->address);
	member_string(out, "userAgent", event->user_agent);
	member_string(out, "accessKeyId", event->access_key);
	member_value(out, "requestParameters", event->request);
	member_value(out, "responseElements", event->response);
}
