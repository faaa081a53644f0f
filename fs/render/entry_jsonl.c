/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A story's entry as one JSON object on one line. Keys stand in a fixed order; what the history
 * does not know is null, never left out, so that every line of a kind has the same keys (but for
 * "via", which is there only when somebody stands behind a session). Values of AWS's keep AWS's
 * spelling.
 */

#include "render/entry.h"

#include "model/timestamp.h"
#include "util/json.h"

#include "member.h"
#include "text.h"

static void put_resource(struct buf *out, const struct story_entry *e)
{
	member_string(out, "accountId", e->account);
	member_string(out, "awsRegion", e->region);
	member_string(out, "resourceType", e->type);
	member_string(out, "resourceId", e->id);
}

static void put_evidence(struct buf *out, uint32_t evidence)
{
	const char *comma = "";

	member_key(out, "evidence");
	buf_put_char(out, '[');
	for (unsigned i = 0; i < EVIDENCE_COUNT; i++) {
		if (!(evidence & 1u << i))
			continue;
		buf_put_text(out, comma);
		jv_write_string(out, str_of(evidence_name((enum evidence)i)));
		comma = ",";
	}
	buf_put_char(out, ']');
}

static void put_causes(struct buf *out, const struct story_entry *e)
{
	member_key(out, "causes");
	buf_put_char(out, '[');
	for (size_t i = 0; i < e->n_causes; i++) {
		const struct story_event *cause = &e->causes[i];
		size_t start = out->len;

		member_event(out, cause);
		put_evidence(out, cause->evidence);
		member_string(out, "confidence",
			      str_of(confidence_name(cause->confidence)));
		/* The first member's comma opens the object; objects are parted by one, too. */
		if (!out->failed)
			out->data[start] = '{';
		buf_put_char(out, '}');
		if (i + 1 < e->n_causes)
			buf_put_char(out, ',');
	}
	buf_put_char(out, ']');
}

static void put_difference(struct buf *out, const struct json_diff_entry *d)
{
	static const char *const types[] = {
		[JSON_DIFF_CREATE] = "CREATE",
		[JSON_DIFF_UPDATE] = "UPDATE",
		[JSON_DIFF_DELETE] = "DELETE",
	};

	jv_write_string(out, d->pointer);
	buf_printf(out, ":{\"changeType\":\"%s\"", types[d->kind]);
	if (d->previous)
		member_value(out, "previousValue", d->previous);
	if (d->updated)
		member_value(out, "updatedValue", d->updated);
	buf_put_char(out, '}');
}

static void put_change(struct buf *out, const struct story_entry *e)
{

	member_string(out, "changeType", str_of(change_type_name(e->change.type)));
	member_string(out, "snapshot", str_of(e->snapshot));
	member_string(out, "previous", str_of(e->previous));
	put_resource(out, e);
	member_key(out, "changedProperties");
	buf_put_char(out, '{');
	for (size_t i = 0; i < e->change.diff.n; i++) {
		if (i)
			buf_put_char(out, ',');
		put_difference(out, &e->change.diff.entries[i]);
	}
	buf_put_char(out, '}');
	put_causes(out, e);
	member_string(out, "reason", reason_sentence(e->reason, e->why));
}

static void put_call(struct buf *out, const struct story_entry *e)
{
	put_resource(out, e);
	member_event(out, &e->event);
	member_string(out, "errorCode", e->event.event.error_code);
	member_string(out, "errorMessage", e->event.event.error_message);
}

static void put_transition(struct buf *out, const struct story_entry *e)
{
	put_resource(out, e);
	member_string(out, "alarmName", e->transition.alarm.name);
	member_string(out, "state", e->transition.state);
	member_string(out, "previousState", e->transition.previous_state);
	member_string(out, "reason", e->transition.reason);
}

static const char *kind_name(enum story_kind kind)
{
	switch (kind) {
	case STORY_CHANGE:
		return "change";
	case STORY_ATTEMPT:
		return "attempt";
	case STORY_ACTIVITY:
		return "activity";
	case STORY_TRANSITION:
		return "alarm";
	}
	return "";
}

void render_entry_jsonl(struct buf *out, const struct story_entry *e)
{
	char iso[TIMESTAMP_ISO_SIZE];
	size_t start = out->len;

	timestamp_format(e->time_ms, iso);
	buf_printf(out, "{\"time\":\"%s\",\"kind\":\"%s\"", iso, kind_name(e->kind));
	switch (e->kind) {
	case STORY_CHANGE:
		put_change(out, e);
		break;
	case STORY_ATTEMPT:
	case STORY_ACTIVITY:
		put_call(out, e);
		break;
	case STORY_TRANSITION:
		put_transition(out, e);
		break;
	}
	buf_put_char(out, '}');
	text_make_safe(out, start);
	buf_put_char(out, '\n');
}
