/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a story makes beside its entries: the relationships that the states name, with the
 * lengths of their lines; what the resource itself may be called by others; and how long
 * `blame` is, which takes going through it once.
 */
#include <errno.h>
#include <stdlib.h>

#include "render/blame.h"
#include "render/relation.h"
#include "story_work.h"

/* The lengths of the three lines an edge has. */
static int measure(struct story_work *w, struct str name, struct buf *scratch,
		   struct store_edge *edge)
{
	const struct relation *rel = &edge->relation;
	struct render_relation line = { .what = rel->what,
					.out = true,
					.type = rel->type,
					.id = rel->id,
					.name = rel->name,
					.since_ms = rel->since_ms,
					.until_ms = rel->until_ms };
	size_t out, in;

	buf_reset(scratch);
	render_relation_fields(scratch, &line);
	out = scratch->len;
	line.out = false;
	line.type = w->resource.type;
	line.id = w->resource.rid;
	line.name = name;
	render_relation_fields(scratch, &line);
	in = scratch->len - out;
	render_relation_at_fields(scratch,
				  &(struct render_relation_at){ w->resource.type,
								w->resource.rid, rel });
	edge->out_len = (uint32_t)out;
	edge->in_len = (uint32_t)in;
	edge->at_len = (uint32_t)(scratch->len - out - in);
	return buf_error(scratch);
}

int story_relations_make(struct story_work *w, struct relation_follower *f,
			 struct store_relations *ret)
{
	_cleanup_(buf_deinit) struct buf scratch = BUF_INIT;
	struct relation *relations;
	struct store_edge *edges;
	size_t n;
	int r = relation_list(f, &relations, &n);

	if (r)
		return r;
	edges = arena_alloc(w->a, (n + 1) * sizeof(*edges));
	if (!edges)
		return -ENOMEM;
	for (size_t i = 0; !r && i < n; i++) {
		edges[i] = (struct store_edge){ .relation = relations[i] };
		r = measure(w, ret->source_name, &scratch, &edges[i]);
	}
	ret->edges = edges;
	ret->n_edges = n;
	return r;
}

static int load_cause(struct story_work *w, const struct store_cause *c,
		      struct story_event *ret)
{
	int r = story_event(w, c->event, w->a, &ret->event);

	ret->evidence = c->evidence;
	ret->confidence = (enum confidence)c->confidence;
	return r ? r : story_actor(w, &ret->event, w->a, &ret->actor);
}

/* The length that the labels of all causes have; 0: they differ, or one is not known. */
static uint32_t common_label(const struct store_entry *change)
{
	const struct store_cause *c = change->causes;

	for (size_t i = 1; i < change->n_causes; i++)
		if (c[i].label_len != c[0].label_len)
			return 0;
	return change->n_causes ? c[0].label_len : 0;
}

struct blame_change story_blamed(const struct store_entry *change,
				 const struct story_event *causes)
{
	return (struct blame_change){ .time_ms = change->time_ms,
				      .reason = (enum reason)change->reason,
				      .why = change->why,
				      .causes = causes,
				      .n_causes = change->n_causes,
				      .label_len = common_label(change) };
}

/* Which of several causes is named depends on the value, so they are read, but for equal lengths. */
static int load_change(struct story_work *w, const struct store_entry *e,
		       struct blame_change *ret)
{
	bool read = e->n_causes && !common_label(e);
	struct story_event *causes =
		read ? arena_zalloc(w->a, e->n_causes * sizeof(*causes)) : NULL;
	int r = read && !causes ? -ENOMEM : 0;

	for (size_t i = 0; !r && read && i < e->n_causes; i++)
		r = load_cause(w, &e->causes[i], &causes[i]);
	*ret = story_blamed(e, causes);
	return r;
}

/* Of the changes that were made before, those that anything of the newest state is from. */
static int load_blamed(struct story_work *w)
{
	_cleanup_(freep) bool *used = calloc(w->n_shown, sizeof(*used));
	const struct store_entry *entries = NULL;
	size_t n = 0, step = 0;
	int r = used ? 0 : -ENOMEM;

	if (!r)
		json_origin_note_used(w->trace.origin, used);
	if (!r && memchr(used, true, w->first))
		r = story_told(w, &entries, &n);
	/* A state shown is a change, both in the same order. */
	for (size_t i = 0; !r && i < n && step < w->first; i++) {
		if (entries[i].kind != STORE_ENTRY_CHANGE)
			continue;
		if (entries[i].ref != w->states[w->shown[step].state].id)
			return -EBADMSG;
		if (used[step])
			r = load_change(w, &entries[i], &w->blamed[step]);
		step++;
	}
	return r;
}

int story_blame_make(struct story_work *w, struct store_story *ret)
{
	const struct correlate_shown *newest;
	size_t len;
	int r;

	if (!w->n_shown)
		return 0;
	r = w->first ? load_blamed(w) : 0;
	if (!r)
		r = story_shown(w, w->n_shown - 1, &newest);
	if (r)
		return r;
	r = render_blame_len(
		&(struct blame){
			.body = newest->change.after,
			.deleted = item_status_is_deleted(newest->item.status),
			.origin = w->trace.origin,
			.changes = w->blamed,
			.n_changes = w->n_shown,
		},
		&len);
	if (!r)
		ret->blame_len = (uint32_t)len;
	return r;
}
