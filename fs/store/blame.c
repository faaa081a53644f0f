/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading blame: the origins are carried over the changes since the last CREATE, a pair of
 * states in memory at a time; then the causes of those changes are loaded that any part of the
 * newest state comes from.
 */
#include "store/blame.h"

#include <errno.h>

#include "store/derive.h"
#include "story_load.h"

struct walk {
	struct store *s;
	struct arena *arena;  /* the caller's */
	struct arena pair[2]; /* the states before and after, in turn */
	struct change_trace trace;
	const struct store_entry **changes; /* of the present life */
	size_t n;
};

static void walk_deinit(struct walk *w)
{
	arena_deinit(&w->pair[0]);
	arena_deinit(&w->pair[1]);
}

/* The changes from the last CREATE on. */
static int find_changes(struct walk *w, const struct store_entry *entries, size_t n)
{
	w->changes = arena_alloc(w->arena, (n + 1) * sizeof(w->changes[0]));
	if (!w->changes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (entries[i].kind != STORE_ENTRY_CHANGE)
			continue;
		if (entries[i].change_type == CHANGE_CREATE)
			w->n = 0;
		w->changes[w->n++] = &entries[i];
	}
	return w->n ? 0 : STORE_E_NOT_FOUND;
}

static int follow(struct walk *w, const struct jv **ret_newest)
{
	const struct jv *before = NULL, *after = NULL;
	size_t kept = 0;
	int r = 0;

	w->trace.arena = w->arena;
	for (size_t i = 0; !r && i < w->n; i++) {
		struct arena *a = i + 1 < w->n ? &w->pair[kept % 2] : w->arena;
		struct change change;

		if (a != w->arena)
			arena_reset(a);
		r = story_load_body(w->s, w->changes[i]->ref, a, &after);
		if (!r)
			r = change_follow(a, before, after, &w->trace, (uint32_t)i,
					  &change);
		/* What tells nothing is passed over: the next is compared with the one before. */
		if (!r && (change.type != CHANGE_UPDATE || !change_is_untold(after))) {
			before = after;
			kept++;
		}
	}
	*ret_newest = after;
	return r;
}

static int load_changes(struct walk *w, struct blame_change **ret)
{
	bool *used = arena_zalloc(w->arena, w->n * sizeof(*used));
	struct blame_change *changes = arena_zalloc(w->arena, w->n * sizeof(*changes));

	if (!used || !changes)
		return -ENOMEM;
	json_origin_note_used(w->trace.origin, used);
	for (size_t i = 0; i < w->n; i++) {
		const struct store_entry *e = w->changes[i];
		int r;

		changes[i].time_ms = e->time_ms;
		changes[i].reason = (enum reason)e->reason;
		changes[i].why = e->why;
		if (!used[i])
			continue;
		r = story_load_causes(w->s, e, w->arena, &changes[i].causes,
				      &changes[i].n_causes);
		if (r)
			return r;
	}
	*ret = changes;
	return 0;
}

int store_blame_load(struct store *s, int64_t resource, struct arena *a,
		     struct blame *ret)
{
	_cleanup_(walk_deinit) struct walk w = { .s = s, .arena = a };
	struct blame_change *changes;
	struct store_entry *entries;
	const struct jv *newest;
	size_t n;
	int r = store_story(s, resource, a, &entries, &n);

	if (!r)
		r = find_changes(&w, entries, n);
	if (!r)
		r = follow(&w, &newest);
	if (!r)
		r = load_changes(&w, &changes);
	if (r)
		return r;
	*ret = (struct blame){
		.body = newest,
		.deleted = w.changes[w.n - 1]->change_type == CHANGE_DELETE,
		.origin = w.trace.origin,
		.changes = changes,
		.n_changes = w.n,
	};
	return 0;
}
