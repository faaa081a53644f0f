/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A story's entry as a block of lines for people. Each line begins with the entry's time, and
 * each line of a cause names its call, so that what grep brings up by itself still says when
 * and what. A block ends in an empty line: the file is its blocks in a row, and one that grows
 * at its end leaves all before it as it was.
 *
 *   2024-05-02T11:30:12.000Z UPDATE 2024-05-02T113012.000Z.json
 *   2024-05-02T11:30:12.000Z   /configuration/state: "running" -> "stopped"
 *   2024-05-02T11:30:12.000Z   cause 2024-05-02T11:29:58.000Z StopInstances by user/alice ...
 *   2024-05-02T11:30:12.000Z     StopInstances request: {"instancesSet":...}
 */

#include "render/entry.h"

#include "model/timestamp.h"
#include "util/json.h"

#include "text.h"

/* Lines shown of what a CREATE made. */
#define MAX_SETTINGS 16

struct block {
	struct buf *out;
	char time[TIMESTAMP_ISO_SIZE];
};

static void line(struct block *b, const char *indent)
{
	buf_put_text(b->out, b->time);
	buf_put_text(b->out, indent);
}

static void end(struct block *b)
{
	buf_put_char(b->out, '\n');
}

/* Words and a text of the data, when there is one. */
static void put_text(struct block *b, const char *words, struct str text)
{
	if (text.n == 0)
		return;
	buf_put_text(b->out, words);
	text_brief(b->out, text);
}

/* --- what changed ------------------------------------------------------------------------- */

static void put_difference(struct block *b, const struct json_diff_entry *d)
{
	line(b, "   ");
	text_safe(b->out, d->pointer.n ? d->pointer : STR("(all)"));
	buf_put_text(b->out, ": ");
	if (d->previous)
		text_brief_json(b->out, d->previous);
	else
		buf_put_text(b->out, "(none)");
	buf_put_text(b->out, " -> ");
	if (d->updated)
		text_brief_json(b->out, d->updated);
	else
		buf_put_text(b->out, "(none)");
	end(b);
}

/* A scalar that says something: neither null nor "". */
static bool is_setting(const struct jv *v)
{
	return v && v->type != JV_NULL && v->type != JV_ARRAY && v->type != JV_OBJECT &&
	       (v->type != JV_STRING || v->len > 0);
}

static void put_setting(struct block *b, const char *parent, struct str key,
			const struct jv *value)
{
	line(b, "   ");
	buf_printf(b->out, "%s/", parent);
	text_brief(b->out, key);
	buf_put_text(b->out, ": ");
	text_brief_json(b->out, value);
	end(b);
}

/* The scalars an object holds directly; *left is how many may still be shown, *more what was not. */
static void put_settings(struct block *b, const char *parent, const struct jv *object,
			 size_t *left, size_t *more)
{
	if (!jv_is(object, JV_OBJECT))
		return;
	for (uint32_t i = 0; i < object->len; i++) {
		const struct jv_member *m = &object->members[i];

		if (!is_setting(&m->value))
			continue;
		if (*left == 0) {
			(*more)++;
			continue;
		}
		(*left)--;
		put_setting(b, parent, jv_str(&m->key), &m->value);
	}
}

/* What was made: its name, its tags, and what of its configuration needs no unfolding. */
static void put_creation(struct block *b, const struct jv *body)
{
	static const char *const outer[] = { "resourceName", "availabilityZone" };
	size_t left = MAX_SETTINGS;
	size_t more = 0;

	for (size_t i = 0; i < ARRAY_SIZE(outer); i++) {
		const struct jv *value = jv_get(body, outer[i]);

		if (is_setting(value))
			put_setting(b, "", str_of(outer[i]), value);
	}
	put_settings(b, "/configuration", jv_get(body, "configuration"), &left, &more);
	put_settings(b, "/tags", jv_get(body, "tags"), &left, &more);
	if (more == 0)
		return;
	line(b, "   ");
	buf_printf(b->out, "and %zu more, see the file", more);
	end(b);
}

/* --- who did it --------------------------------------------------------------------------- */

/* " by user/alice via assumed-role/Admin/alice from 203.0.113.7" */
static void put_who(struct block *b, const struct story_event *se)
{
	put_text(b, " by ", se->actor.principal.n ? se->actor.principal : STR("unknown"));
	for (size_t i = 0; i < se->actor.n_via; i++)
		put_text(b, " via ", se->actor.via[i]);
	put_text(b, " from ", se->event.address);
}

/* A further line on a call, headed by its name. */
static void line_of_call(struct block *b, const struct story_event *se, const char *what)
{
	line(b, "     ");
	text_brief(b->out, se->event.name);
	buf_printf(b->out, " %s: ", what);
}

static void put_client(struct block *b, const struct story_event *se)
{
	const struct event *event = &se->event;

	line_of_call(b, se, "client");
	text_brief(b->out, event->user_agent.n ? event->user_agent : STR("unknown"));
	put_text(b, ", access key ", event->access_key);
	put_text(b, ", service ", event->source);
	put_text(b, ", event ", event->id);
	end(b);
}

static void put_json(struct block *b, const struct story_event *se, const char *what,
		     const struct jv *value)
{
	if (!value)
		return;
	line_of_call(b, se, what);
	text_brief_json(b->out, value);
	end(b);
}

/* With which client, and what was asked and answered. */
static void put_details(struct block *b, const struct story_event *se)
{
	put_client(b, se);
	put_json(b, se, "request", se->event.request);
	put_json(b, se, "response", se->event.response);
}

static void put_cause(struct block *b, const struct story_event *cause)
{
	const char *before = " (";
	char iso[TIMESTAMP_ISO_SIZE];

	timestamp_format(cause->event.time_ms, iso);
	line(b, "   cause ");
	buf_put_text(b->out, iso);
	put_text(b, " ", cause->event.name);
	put_who(b, cause);
	buf_printf(b->out, ", %s", confidence_name(cause->confidence));
	for (unsigned i = 0; i < EVIDENCE_COUNT; i++) {
		if (!(cause->evidence & 1u << i))
			continue;
		buf_printf(b->out, "%s%s", before, evidence_name((enum evidence)i));
		before = ", ";
	}
	if (cause->evidence)
		buf_put_char(b->out, ')');
	end(b);
	put_details(b, cause);
}

/* --- the kinds of entries ----------------------------------------------------------------- */

static void put_change(struct block *b, const struct story_entry *e)
{
	struct str reason = reason_sentence(e->reason, e->why);

	line(b, " ");
	buf_printf(b->out, "%s %s", change_type_name(e->change.type), e->snapshot);
	end(b);
	if (e->change.type == CHANGE_CREATE)
		put_creation(b, e->change.after);
	for (size_t i = 0; i < e->change.diff.n; i++)
		put_difference(b, &e->change.diff.entries[i]);
	for (size_t i = 0; i < e->n_causes; i++)
		put_cause(b, &e->causes[i]);
	if (e->n_causes == 0 && reason.n) {
		line(b, "   no cause: ");
		text_safe(b->out, reason);
		end(b);
	}
}

static void put_call(struct block *b, const struct story_entry *e)
{
	const struct event *event = &e->event.event;

	line(b, e->kind == STORY_ATTEMPT ? " ATTEMPT " : " ACTIVITY ");
	text_brief(b->out, event->name);
	put_who(b, &e->event);
	if (e->kind == STORY_ATTEMPT) {
		put_text(b, ", failed: ",
			 event->error_code.n ? event->error_code : STR("no error code"));
		put_text(b, ": ", event->error_message);
	}
	end(b);
	put_details(b, &e->event);
}

static void put_transition(struct block *b, const struct story_entry *e)
{
	const struct transition *t = &e->transition;

	line(b, " ALARM ");
	text_brief(b->out, t->alarm.name);
	buf_put_text(b->out, ": ");
	text_brief(b->out, t->previous_state.n ? t->previous_state : STR("(unknown)"));
	put_text(b, " -> ", t->state);
	end(b);
	if (t->reason.n == 0)
		return;
	line(b, "   reason: ");
	text_brief(b->out, t->reason);
	end(b);
}

void render_entry_text(struct buf *out, const struct story_entry *e)
{
	struct block b = { .out = out };

	timestamp_format(e->time_ms, b.time);
	switch (e->kind) {
	case STORY_CHANGE:
		put_change(&b, e);
		break;
	case STORY_ATTEMPT:
	case STORY_ACTIVITY:
		put_call(&b, e);
		break;
	case STORY_TRANSITION:
		put_transition(&b, e);
		break;
	}
	end(&b);
}
