/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A scene to be judged: one resource, its states, some events. */

#include "correlate/correlate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX_STEPS  8
#define MAX_EVENTS 8
#define MINUTE     60000

struct scene {
	struct arena a;
	struct correlate_step steps[MAX_STEPS];
	struct correlate_shown shown[MAX_STEPS];
	struct event events[MAX_EVENTS];
	struct correlate_verdict verdicts[MAX_EVENTS];
	enum reason reasons[MAX_STEPS];
	struct correlate_input in;
	const struct jv *last;
	int64_t last_ms;
	size_t skipped; /* events left out at the beginning */
};

static inline int show_step(void *ctx, size_t step, const struct correlate_shown **ret)
{
	const struct scene *s = ctx;

	assert_true(step < s->in.n_steps);
	*ret = &s->shown[step];
	return 0;
}

static inline int read_event(void *ctx, size_t event, const struct event **ret)
{
	const struct scene *s = ctx;

	assert_true(event < s->in.n_events);
	*ret = &s->events[s->skipped + event];
	return 0;
}

static inline const struct jv *read_json(struct scene *s, const char *text)
{
	struct jv *v = arena_alloc(&s->a, sizeof(*v));

	assert_non_null(v);
	assert_int_equal(jv_parse(&s->a, arena_str(&s->a, str_of(text)), v, NULL), 0);
	return v;
}

static inline void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
	s->in = (struct correlate_input){ .steps = s->steps,
					  .show = show_step,
					  .read = read_event,
					  .ctx = s,
					  .first = &s->shown[0].item,
					  .trail_known = true,
					  .trail_last_ms = INT64_C(1) << 40 };
}

static inline void add_state(struct scene *s, int64_t ms, const char *type,
			     const char *id, const char *name, const char *body)
{
	struct correlate_step *step = &s->steps[s->in.n_steps];
	struct correlate_shown *shown = &s->shown[s->in.n_steps];
	const struct jv *v = read_json(s, body);

	shown->item = (struct item){ .account = STR("111122223333"),
				     .region = STR("eu-west-1"),
				     .type = str_of(type),
				     .id = str_of(id),
				     .name = str_of(name),
				     .captured_ms = ms };
	step->previous_ms = s->in.n_steps ? s->last_ms : -1;
	s->last_ms = ms;
	assert_int_equal(change_between(&s->a, s->last, v, &shown->change), 0);
	correlate_step_of(shown, step);
	s->last = v;
	s->in.n_steps++;
}

static inline void add_event(struct scene *s, int64_t ms, const char *source,
			     const char *name, const char *rest)
{
	char text[2048], time[32];

	snprintf(time, sizeof(time), "1970-01-01T%02d:%02d:%02dZ",
		 (int)(ms / 3600000 % 24), (int)(ms / MINUTE % 60),
		 (int)(ms / 1000 % 60));
	snprintf(
		text, sizeof(text),
		"{\"eventTime\":\"%s\",\"eventSource\":\"%s.amazonaws.com\",\"eventName\":\"%s\","
		"\"awsRegion\":\"eu-west-1\",\"recipientAccountId\":\"111122223333\","
		"\"readOnly\":false,%s}",
		time, source, name, rest);
	assert_int_equal(
		event_from_jv(read_json(s, text), &s->events[s->in.n_events], NULL), 0);
	s->in.n_events++;
}

static inline void run(struct scene *s)
{
	assert_int_equal(correlate(&s->a, &s->in, s->verdicts, s->reasons), 0);
}

static inline void assert_cause(const struct scene *s, size_t event, size_t step)
{
	assert_int_equal(s->verdicts[event].role, CORRELATE_CAUSE);
	assert_int_equal(s->verdicts[event].step, step);
}
