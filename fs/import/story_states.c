/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States as stories look at them: read when they are asked for, and kept while they are among the
 * last. Most resources have so few that each is read once.
 */
#include <errno.h>

#include "story_work.h"

int story_read_body(struct story_work *w, int64_t state, int64_t time_ms, struct arena *a,
		    struct story_body *ret)
{
	struct buf *scratch = &w->memo->scratch;
	struct str text;
	int r;

	*ret = (struct story_body){ 0 };
	buf_reset(scratch);
	r = store_state_body(w->s, state, scratch);
	if (r)
		return r;
	text = arena_str(a, buf_str(scratch));
	if (!text.p)
		return -ENOMEM;
	r = jv_parse(a, text, &ret->body, NULL);
	if (r)
		return r < 0 ? r : -EBADMSG;
	ret->item.body = text;
	r = item_view(&ret->body, &ret->item);
	ret->item.captured_ms = time_ms;
	return r;
}

int story_body(struct story_work *w, size_t state, const struct story_body **ret)
{
	struct arena_ring *ring = &w->memo->states;
	struct story_state *s = &w->states[state];

	if (!arena_ring_hold(ring, s->arena)) {
		struct arena *a = arena_ring_next(ring);
		struct story_body *body = arena_alloc(a, sizeof(*body));
		int r = body ? story_read_body(w, s->id, s->time_ms, a, body) : -ENOMEM;

		if (r)
			return r;
		s->read = body;
		s->arena = ring->newest;
		if (s->called) {
			body->item.name = s->called->name;
			body->item.arn = s->called->arn;
		}
	}
	*ret = s->read;
	return 0;
}

int story_compare(struct story_work *w, size_t step, struct change_trace *trace)
{
	struct arena_ring *ring = &w->memo->states;
	struct story_step *s = &w->shown[step];
	const struct story_body *before = NULL, *after = NULL;
	struct correlate_shown *shown;
	struct arena *a;
	int r = 0;

	if (s->compared != STORY_NONE)
		r = story_body(w, s->compared, &before);
	if (!r)
		r = story_body(w, s->state, &after);
	if (r)
		return r;
	a = arena_ring_next(ring);
	shown = arena_zalloc(a, sizeof(*shown));
	if (!shown)
		return -ENOMEM;
	r = change_follow(a, before ? &before->body : NULL, &after->body, trace,
			  (uint32_t)step, &shown->change);
	if (r)
		return r;
	shown->item = after->item;
	s->read = shown;
	s->arena = MIN(ring->newest, w->states[s->state].arena);
	if (before)
		s->arena = MIN(s->arena, w->states[s->compared].arena);
	return 0;
}

int story_shown(struct story_work *w, size_t step, const struct correlate_shown **ret)
{
	struct story_step *s = &w->shown[step];
	int r = arena_ring_hold(&w->memo->states, s->arena)
			? 0
			: story_compare(w, step, NULL);

	*ret = s->read;
	return r;
}

int story_first(struct story_work *w, const struct item *item)
{
	struct item *first = &w->first_item;
	struct str *const texts[] = { &first->account, &first->region, &first->type,
				      &first->id,      &first->name,   &first->arn };

	*first = *item;
	first->body = first->raw = first->state_id = STR_NULL;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		*texts[i] = arena_str(w->a, *texts[i]);
		if (!texts[i]->p)
			return -ENOMEM;
	}
	return 0;
}
