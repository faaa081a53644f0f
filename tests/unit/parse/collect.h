/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What parse_record() hands over, as text: one line a thing, so that a test says in one string
 * all that is to come out of a record and nothing else.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "parse/parse.h"
#include "util/buf.h"

struct collect {
	struct parser *parser;
	struct buf lines;  /* of all things */
	struct buf bodies; /* of items, a line each */
	struct buf raws;   /* of items, events and transitions, a line each */
	struct fault fault;
	int stop; /* what the callbacks return */
};

static inline int collect_item(void *ctx, const struct item *item, const struct jv *body)
{
	static const char *const guises[] = { "summary", "batch", "select", "api",
					      "delivery" };
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct collect *c = ctx;

	buf_printf(&c->lines, "item %s %.*s %.*s %.*s %.*s\n", guises[item->guise],
		   STR_ARGS(item->account), STR_ARGS(item->region), STR_ARGS(item->type),
		   STR_ARGS(item->id));
	buf_put_str(&c->bodies, item->body);
	buf_put_char(&c->bodies, '\n');
	buf_put_str(&c->raws, item->raw);
	buf_put_char(&c->raws, '\n');
	/* The tree and the text are the same. */
	jv_write_sorted(&text, body);
	assert_true(str_eq(buf_str(&text), item->body));
	return c->stop;
}

static inline int collect_event(void *ctx, const struct event *event, struct str raw)
{
	struct collect *c = ctx;

	buf_printf(&c->lines, "event %.*s %.*s %.*s\n", STR_ARGS(event->account),
		   STR_ARGS(event->source), STR_ARGS(event->name));
	buf_put_str(&c->raws, raw);
	buf_put_char(&c->raws, '\n');
	return c->stop;
}

static inline void collect_alarm_parts(struct collect *c, const struct alarm *a)
{
	buf_printf(&c->lines, "%.*s %.*s %.*s %.*s/%.*s", STR_ARGS(a->account),
		   STR_ARGS(a->region), STR_ARGS(a->name), STR_ARGS(a->namespace),
		   STR_ARGS(a->metric));
	for (size_t i = 0; i < a->n_dimensions; i++)
		buf_printf(&c->lines, " %.*s=%.*s", STR_ARGS(a->dimensions[i].name),
			   STR_ARGS(a->dimensions[i].value));
	buf_put_char(&c->lines, '\n');
}

static inline int collect_transition(void *ctx, const struct transition *t)
{
	struct collect *c = ctx;

	buf_printf(&c->lines, "transition %lld %.*s->%.*s ", (long long)t->time_ms,
		   STR_ARGS(t->previous_state), STR_ARGS(t->state));
	collect_alarm_parts(c, &t->alarm);
	buf_put_str(&c->raws, t->raw);
	buf_put_char(&c->raws, '\n');
	return c->stop;
}

static inline int collect_alarm(void *ctx, const struct alarm *alarm)
{
	struct collect *c = ctx;

	buf_put_text(&c->lines, "alarm ");
	collect_alarm_parts(c, alarm);
	return c->stop;
}

static inline int collect_notice(void *ctx, const char *what)
{
	struct collect *c = ctx;

	buf_printf(&c->lines, "notice %s\n", what);
	return c->stop;
}

static inline struct collect collect_new(void)
{
	struct collect c = { .parser = parser_new() };

	assert_non_null(c.parser);
	return c;
}

static inline void collect_deinit(struct collect *c)
{
	c->parser = parser_free(c->parser);
	buf_deinit(&c->lines);
	buf_deinit(&c->bodies);
	buf_deinit(&c->raws);
}

/* Parses one more record; the texts grow. */
static inline int collect_record(struct collect *c, struct str text, struct str container,
				 uint64_t offset)
{
	struct parse_sink sink = {
		.item = collect_item,
		.event = collect_event,
		.transition = collect_transition,
		.alarm = collect_alarm,
		.notice = collect_notice,
		.ctx = c,
	};

	c->fault = (struct fault){ 0 };
	return parse_record(c->parser, text, container, offset, &sink, &c->fault);
}

/* Just these lines come out of the record, and parse_record() returns `wanted`. */
static inline void expect_lines(struct str text, const char *container, int wanted,
				const char *lines)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	int r = collect_record(&c, text, str_of(container), 0);

	if (r != wanted || !str_is(buf_str(&c.lines), lines))
		fail_msg("%.*s\nreturns %d (%s: %s), not %d, and gives:\n%.*snot:\n%s",
			 STR_ARGS(text), r, c.fault.field, c.fault.reason, wanted,
			 STR_ARGS(buf_str(&c.lines)), lines);
}

/* Nothing comes out, for this reason at this place. */
static inline void expect_fault(struct str text, int wanted, uint64_t offset,
				const char *field, const char *reason)
{
	_cleanup_(collect_deinit) struct collect c = collect_new();
	int r = collect_record(&c, text, STR_NULL, 1000);

	if (r != wanted || c.fault.offset != 1000 + offset ||
	    strcmp(c.fault.field, field) != 0 || strcmp(c.fault.reason, reason) != 0 ||
	    c.lines.len > 0)
		fail_msg("%.*s\nreturns %d, at %lld '%s': %s", STR_ARGS(text), r,
			 (long long)c.fault.offset - 1000, c.fault.field, c.fault.reason);
}
