/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A transition's file. The lines have the columns of the logs: time, what, account, region, type,
 * id, principal, address, detail, path; of a change what is its first cause's.
 */

#include "render/alarm.h"

#include "model/change.h"
#include "model/timestamp.h"

#include "text.h"

static void put_named(struct buf *out, const char *name, struct str value)
{
	if (!value.n)
		return;
	buf_printf(out, "%-10s ", name);
	text_safe(out, value);
	buf_put_char(out, '\n');
}

static void put_time(struct buf *out, int64_t ms)
{
	char time[TIMESTAMP_ISO_SIZE];

	timestamp_format(ms, time);
	buf_put_text(out, time);
}

void render_alarm(struct buf *out, const struct render_alarm *t)
{
	put_time(out, t->time_ms);
	buf_put_text(out, " ALARM ");
	text_safe(out, t->name);
	buf_put_text(out, ": ");
	text_safe(out, t->previous_state.n ? t->previous_state : STR("unknown"));
	buf_put_text(out, " -> ");
	text_safe(out, t->state);
	buf_put_char(out, '\n');
	put_named(out, "reason", t->reason);
	put_named(out, "account", t->account);
	if (t->ambiguous)
		put_named(
			out, "account",
			STR("not told by the source, and several accounts or regions have "
			    "an alarm of this name"));
	put_named(out, "region", t->region);
	put_named(out, "arn", t->arn);
	put_named(out, "namespace", t->namespace);
	put_named(out, "metric", t->metric);
	for (size_t i = 0; i < t->n_children; i++)
		put_named(out, "child", t->children[i]);
	for (size_t i = 0; i < t->n_dimensions; i++) {
		buf_put_text(out, "dimension  ");
		text_safe(out, t->dimensions[i].name);
		buf_put_char(out, '=');
		text_safe(out, t->dimensions[i].value);
		buf_put_char(out, '\n');
	}
}

void render_alarm_resource(struct buf *out, bool related, struct str type, struct str id,
			   struct str path)
{
	buf_put_text(out, related ? "related    " : "resource   ");
	text_safe(out, type);
	buf_put_char(out, ' ');
	text_safe(out, id);
	buf_put_char(out, ' ');
	text_safe(out, path);
	buf_put_char(out, '\n');
}

void render_alarm_no_resource(struct buf *out)
{
	buf_put_text(out, "resource   none that is known here\n");
}

void render_alarm_heading(struct buf *out, bool any)
{
	buf_put_text(out, any ? "\nIn the hour before, the nearest first:\n"
			      : "\nIn the hour before: no change and no attempt.\n");
}

static void put_cell(struct buf *out, struct str text)
{
	buf_put_char(out, '\t');
	text_safe(out, text);
}

void render_alarm_line(struct buf *out, const struct story_entry *e, struct str path)
{
	static const struct story_event nobody = { 0 };
	bool change = e->kind == STORY_CHANGE;
	const struct story_event *by = !change       ? &e->event
				       : e->n_causes ? &e->causes[0]
						     : &nobody;

	put_time(out, e->time_ms);
	put_cell(out, change ? str_of(change_type_name(e->change.type)) : STR("ATTEMPT"));
	put_cell(out, e->account);
	put_cell(out, e->region);
	put_cell(out, e->type);
	put_cell(out, e->id);
	put_cell(out, by->actor.principal);
	put_cell(out, by->event.address);
	put_cell(out, by->event.name);
	if (!change && by->event.error_code.n) {
		buf_put_char(out, ' ');
		text_safe(out, by->event.error_code);
	}
	put_cell(out, path);
	if (change)
		buf_printf(out, "/%s", e->snapshot);
	buf_put_char(out, '\n');
}
