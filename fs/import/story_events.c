/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as stories read them. A call is a candidate for everything it names, and the resources of
 * an account and region come one after the other, so the events that were read last are kept
 * parsed. A place is given up to another event only between stories: what a story has read there
 * stays until its end. What finds its place taken is kept with the story, and read anew when it asks
 * for an event again that is not among its last ones.
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
	arena_ring_deinit(&k->ring);
	*k = (struct story_events){ 0 };
}

static int parse_event(struct arena *a, const struct buf *body, struct event *ret)
{
	int r = event_from_text(a, buf_str(body), ret);

	return r > 0 ? -EBADMSG : r;
}

static struct story_place *place_of(struct story_events *k, int64_t row)
{
	uint64_t hash = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15);

	return &k->places[hash >> (64 - STORY_EVENTS_BITS)];
}

void story_events_begin(struct story_events *k)
{
	k->story++;
	arena_ring_reset(&k->ring);
}

void story_events_end(struct story_events *k)
{
	arena_ring_reset(&k->ring);
}

/* At its place, if it is there or there is one for it; else in an arena, from the ring or given. */
static int get(struct story_work *w, int64_t row, struct arena *a,
	       const struct event **ret, bool *ret_stays)
{
	struct story_events *k = &w->memo->events;
	struct story_place *place;
	struct event *e;
	int r;

	if (!k->places)
		k->places = calloc(PLACES, sizeof(*k->places));
	if (!k->places)
		return -ENOMEM;
	place = place_of(k, row);
	*ret = &place->event;
	*ret_stays = true;
	if (place->row == row) {
		place->story = k->story;
		return 0;
	}
	buf_reset(&k->scratch);
	r = store_event_body(w->s, row, &k->scratch);
	if (r)
		return r;
	if (place->story == k->story || k->scratch.len > STORY_EVENT_MAX) {
		*ret_stays = a != NULL;
		a = a ? a : arena_ring_next(&k->ring);
		*ret = e = arena_alloc(a, sizeof(*e));
		return e ? parse_event(a, &k->scratch, e) : -ENOMEM;
	}
	place->row = 0;
	arena_reset(&place->arena);
	r = parse_event(&place->arena, &k->scratch, &place->event);
	if (r)
		return r;
	place->row = row;
	place->story = k->story;
	return 0;
}

int story_event(struct story_work *w, int64_t row, struct arena *a, struct event *ret)
{
	const struct event *e;
	bool stays;
	int r = get(w, row, a, &e, &stays);

	if (!r)
		*ret = *e;
	return r;
}

int story_call(struct story_work *w, size_t call, const struct event **ret)
{
	struct arena_ring *ring = &w->memo->events.ring;
	struct story_call *c = &w->calls[call];
	bool stays = true;
	int r;

	if (c->read && (!c->arena || arena_ring_hold(ring, c->arena))) {
		*ret = c->read;
		return 0;
	}
	r = get(w, c->row, NULL, &c->read, &stays);
	c->arena = stays ? 0 : ring->newest;
	*ret = c->read;
	if (r)
		c->read = NULL;
	return r;
}

int story_actor(struct story_work *w, const struct event *e, struct arena *a,
		struct story_actor *ret)
{
	return store_actor_kept(w->s, w->memo->actors, e, a, ret);
}
