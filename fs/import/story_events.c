/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as stories read them. A call is a candidate for everything it names, and the resources of
 * an account and region come one after the other, so the events that were read last are kept
 * parsed. A place is given up to another event only between stories: what a story has read stays
 * until its end.
 */
#include <errno.h>
#include <stdlib.h>

#include "story_work.h"

#define PLACES (1u << STORY_EVENTS_BITS)

struct story_place {
	int64_t row;    /* 0: none */
	uint64_t story; /* that used it last */
	struct arena arena;
	struct event event; /* in the arena */
};

void story_events_deinit(struct story_events *k)
{
	for (size_t i = 0; k->places && i < PLACES; i++)
		arena_deinit(&k->places[i].arena);
	free(k->places);
	buf_deinit(&k->scratch);
	*k = (struct story_events){ 0 };
}

static int parse_event(struct arena *a, const struct buf *body, struct event *ret)
{
	struct jv *v = arena_alloc(a, sizeof(*v));
	struct str text = arena_str(a, buf_str(body));
	int r;

	if (!v || !text.p)
		return -ENOMEM;
	r = jv_parse(a, text, v, NULL);
	if (!r)
		r = event_from_jv(v, ret, NULL);
	return r > 0 ? -EBADMSG : r;
}

static struct story_place *place_of(struct story_events *k, int64_t row)
{
	uint64_t hash = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15);

	return &k->places[hash >> (64 - STORY_EVENTS_BITS)];
}

int story_event(struct story_work *w, int64_t row, struct event *ret)
{
	struct story_events *k = &w->memo->events;
	struct story_place *place;
	int r;

	if (!k->places)
		k->places = calloc(PLACES, sizeof(*k->places));
	if (!k->places)
		return -ENOMEM;
	place = place_of(k, row);
	if (place->row == row) {
		place->story = k->story;
		*ret = place->event;
		return 0;
	}
	buf_reset(&k->scratch);
	r = store_event_body(w->s, row, &k->scratch);
	if (r)
		return r;
	if (place->story == k->story || k->scratch.len > STORY_EVENT_MAX)
		return parse_event(w->a, &k->scratch, ret);
	place->row = 0;
	arena_reset(&place->arena);
	r = parse_event(&place->arena, &k->scratch, &place->event);
	if (r)
		return r;
	place->row = row;
	place->story = k->story;
	*ret = place->event;
	return 0;
}
