/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a story: from the rows that correlation left to the plain data that render prints.
 *
 * Rows hold no text of a story, only which state or event it is about; states and records are
 * read, viewed and compared again here, which costs a few microseconds an entry and saves a
 * second copy of everything. Of actors see actor.c.
 */
#include "story_load.h"

#include <errno.h>

#include "store/read.h"

/* A body as a tree in the arena. -EBADMSG: the history holds what it cannot have taken in. */
static int parse_body(struct arena *a, const struct buf *text, struct jv **ret)
{
	struct str copy = arena_str(a, buf_str(text));
	struct jv *v = arena_alloc(a, sizeof(*v));
	int r;

	if (!copy.p || !v)
		return -ENOMEM;
	r = jv_parse(a, copy, v, NULL);
	if (r)
		return r < 0 ? r : -EBADMSG;
	*ret = v;
	return 0;
}

int story_load_body(struct store *s, int64_t state, struct arena *a,
		    const struct jv **ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct jv *v = NULL;
	int r = store_state_body(s, state, &text);

	if (!r)
		r = parse_body(a, &text, &v);
	if (!r)
		*ret = v;
	return r;
}

int story_view_event(struct arena *a, const struct buf *text, struct event *ret)
{
	int r = event_from_text(a, buf_str(text), ret);

	return r > 0 ? -EBADMSG : r;
}

int story_read_event(struct store *s, int64_t event, struct arena *a, struct event *ret)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r = store_event_body(s, event, &text);

	return r ? r : story_view_event(a, &text, ret);
}

static int load_event(struct store *s, int64_t row, struct arena *a,
		      struct story_event *ret)
{
	int r = story_read_event(s, row, a, &ret->event);

	return r ? r : store_actor_of(s, &ret->event, a, &ret->actor);
}

static int state_name(struct store *s, int64_t state, char ret[NAME_STATE_SIZE])
{
	struct store_state row;
	int r = store_state_get(s, state, &row);

	if (!r)
		name_state(row.time_ms, row.twin, ret);
	return r;
}

int story_load_causes(struct store *s, const struct store_entry *entry, struct arena *a,
		      const struct story_event **ret, size_t *ret_n)
{
	struct story_event *causes =
		arena_zalloc(a, (entry->n_causes + 1) * sizeof(*causes));

	if (!causes)
		return -ENOMEM;
	for (size_t i = 0; i < entry->n_causes; i++) {
		int r = load_event(s, entry->causes[i].event, a, &causes[i]);

		if (r)
			return r;
		causes[i].evidence = entry->causes[i].evidence;
		causes[i].confidence = (enum confidence)entry->causes[i].confidence;
	}
	*ret = causes;
	*ret_n = entry->n_causes;
	return 0;
}

static int load_change(struct store *s, const struct store_entry *entry, struct arena *a,
		       struct story_entry *ret)
{
	const struct jv *before = NULL, *after = NULL;
	int r = story_load_body(s, entry->ref, a, &after);

	if (!r && entry->previous)
		r = story_load_body(s, entry->previous, a, &before);
	if (!r)
		r = change_between(a, before, after, &ret->change);
	if (!r)
		r = state_name(s, entry->ref, ret->snapshot);
	if (!r && entry->previous)
		r = state_name(s, entry->previous, ret->previous);
	if (!r)
		r = story_load_causes(s, entry, a, &ret->causes, &ret->n_causes);
	ret->reason = (enum reason)entry->reason;
	ret->why = entry->why;
	return r;
}

static int load_transition(struct store *s, int64_t row, struct arena *a,
			   struct story_entry *ret)
{
	struct store_transition t;
	int r = store_transition_get(s, row, a, &t);

	if (r)
		return r;
	ret->transition = store_transition_model(&t);
	return 0;
}

int store_story_load(struct store *s, const struct store_resource *resource,
		     const struct store_entry *entry, struct arena *a,
		     struct story_entry *ret)
{
	*ret = (struct story_entry){
		.time_ms = entry->time_ms,
		.account = resource->account,
		.region = resource->region,
		.type = resource->type,
		.id = resource->rid,
	};
	switch (entry->kind) {
	case STORE_ENTRY_CHANGE:
		ret->kind = STORY_CHANGE;
		return load_change(s, entry, a, ret);
	case STORE_ENTRY_ATTEMPT:
	case STORE_ENTRY_ACTIVITY:
		ret->kind = entry->kind == STORE_ENTRY_ATTEMPT ? STORY_ATTEMPT
							       : STORY_ACTIVITY;
		return load_event(s, entry->ref, a, &ret->event);
	case STORE_ENTRY_TRANSITION:
		ret->kind = STORY_TRANSITION;
		return load_transition(s, entry->ref, a, ret);
	}
	return -EBADMSG;
}
