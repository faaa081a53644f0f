/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading a dossier: the states in one scan; then the story entry by entry, where a change's state
 * before is nearly always the one parsed for the change before it, and the comparison that tells
 * of the change carries the origins on that blame is made of.
 */
#include "store/dossier.h"

#include <errno.h>

#include "private.h"
#include "store/derive.h"
#include "story_load.h"

struct loader {
	struct store *s;
	const struct store_resource *resource;
	struct arena *arena;
	struct store_dossier *dossier;
	const struct jv **parsed; /* beside the states; NULL: not yet */
	size_t at;                /* where the state found last is */
	/* Of the present life, for blame: */
	size_t first; /* its first entry */
	struct change_trace trace;
	const struct jv
		*before; /* the state the next one is compared with; NULL at first */
	struct blame_change *changes;
	uint32_t n_changes;
};

/* --- states -------------------------------------------------------------------------------- */

static int state_of(struct store *s, sqlite3_stmt *q, struct buf *text, struct arena *a,
		    struct store_dossier_state *ret)
{
	int r;

	state_row(q, &ret->state);
	buf_reset(text);
	r = body_of_state(s, ret->state.id, text);
	if (r)
		return r == STORE_E_NOT_FOUND ? body_damaged(s, "state", ret->state.id)
					      : r;
	ret->name = arena_str(a, col_str(q, 7));
	ret->arn = arena_str(a, col_str(q, 8));
	ret->body = arena_str(a, buf_str(text));
	return ret->name.p && ret->arn.p && ret->body.p ? 0 : -ENOMEM;
}

static int load_states(struct loader *l, uint64_t max_bytes)
{
	_cleanup_(buf_deinit) struct buf states = BUF_INIT, text = BUF_INIT;
	_cleanup_(sql_endp) sqlite3_stmt *q = NULL;
	uint64_t bytes = 0;
	bool row = true;
	int r = sql_open(l->s, Q_DOSSIER, ARGS(INT(l->resource->id)), &q);

	while (!r) {
		struct store_dossier_state st;

		r = sql_next(l->s, q, &row);
		if (r || !row)
			break;
		r = state_of(l->s, q, &text, l->arena, &st);
		bytes += text.len;
		if (!r && bytes > max_bytes)
			return STORE_E_LARGE;
		buf_put(&states, &st, sizeof(st));
	}
	if (!r)
		r = buf_error(&states);
	if (r)
		return r;
	l->dossier->n_states = states.len / sizeof(l->dossier->states[0]);
	l->dossier->states = arena_alloc(l->arena, states.len + 1);
	l->parsed =
		arena_zalloc(l->arena, (l->dossier->n_states + 1) * sizeof(*l->parsed));
	if (!l->dossier->states || !l->parsed)
		return -ENOMEM;
	if (states.len)
		memcpy(l->dossier->states, states.data, states.len);
	return 0;
}

/* The state's place; they are asked for in their order, or nearly. */
static int find(struct loader *l, int64_t state, size_t *ret)
{
	const struct store_dossier *d = l->dossier;

	for (size_t i = 0; i < d->n_states; i++) {
		size_t at = (l->at + i) % d->n_states;

		if (d->states[at].state.id == state) {
			*ret = at;
			return 0;
		}
	}
	return -EBADMSG; /* a story tells of a state that is not the resource's */
}

static int parsed(struct loader *l, int64_t state, const struct jv **ret,
		  char name[NAME_STATE_SIZE])
{
	const struct store_dossier_state *st;
	struct jv *v;
	size_t at;
	int r = find(l, state, &at);

	if (r)
		return r;
	st = &l->dossier->states[at];
	name_state(st->state.time_ms, st->state.twin, name);
	if (!l->parsed[at]) {
		v = arena_alloc(l->arena, sizeof(*v));
		r = v ? jv_parse(l->arena, st->body, v, NULL) : -ENOMEM;
		if (r)
			return r < 0 ? r : -EBADMSG;
		l->parsed[at] = v;
	}
	l->at = at;
	*ret = l->parsed[at];
	return 0;
}

/* --- the story ----------------------------------------------------------------------------- */

/* What the change is, and its part in blame, by one comparison where both mean the same states. */
static int compare(struct loader *l, const struct jv *before, const struct jv *after,
		   bool living, struct change *ret)
{
	struct change step;
	int r;

	if (!living)
		return change_between(l->arena, before, after, ret);
	r = change_follow(l->arena, l->before, after, &l->trace, l->n_changes, &step);
	*ret = step;
	if (!r && before != l->before)
		r = change_between(l->arena, before, after, ret);
	/* What tells nothing is passed over: the next is compared with the one before. */
	if (!r && (step.type != CHANGE_UPDATE || !change_is_untold(after)))
		l->before = after;
	return r;
}

static int tell_change(struct loader *l, const struct store_entry *entry, bool living,
		       struct story_entry *ret)
{
	const struct jv *before = NULL, *after = NULL;
	int r = 0;

	if (entry->previous)
		r = parsed(l, entry->previous, &before, ret->previous);
	if (!r)
		r = parsed(l, entry->ref, &after, ret->snapshot);
	if (!r)
		r = compare(l, before, after, living, &ret->change);
	if (!r)
		r = story_load_causes(l->s, entry, l->arena, &ret->causes,
				      &ret->n_causes);
	if (r)
		return r;
	ret->kind = STORY_CHANGE;
	ret->time_ms = entry->time_ms;
	ret->account = l->resource->account;
	ret->region = l->resource->region;
	ret->type = l->resource->type;
	ret->id = l->resource->rid;
	ret->reason = (enum reason)entry->reason;
	ret->why = entry->why;
	if (!living)
		return 0;
	l->changes[l->n_changes++] = (struct blame_change){ .time_ms = entry->time_ms,
							    .reason = ret->reason,
							    .why = entry->why,
							    .causes = ret->causes,
							    .n_causes = ret->n_causes };
	l->dossier->blame.body = after;
	l->dossier->blame.deleted = entry->change_type == CHANGE_DELETE;
	return 0;
}

/* The first change of the present life: the last CREATE, or the first there is. */
static size_t present_life(const struct store_entry *entries, size_t n)
{
	size_t first = n;

	for (size_t i = 0; i < n; i++)
		if (entries[i].kind == STORE_ENTRY_CHANGE &&
		    (first == n || entries[i].change_type == CHANGE_CREATE))
			first = i;
	return first;
}

static int tell(struct loader *l, const struct store_entry *entries, size_t n)
{
	struct store_dossier *d = l->dossier;
	int r = 0;

	d->entries = arena_zalloc(l->arena, (n + 1) * sizeof(*d->entries));
	l->changes = arena_zalloc(l->arena, (n + 1) * sizeof(*l->changes));
	if (!d->entries || !l->changes)
		return -ENOMEM;
	l->first = present_life(entries, n);
	l->trace.arena = l->arena;
	for (size_t i = 0; !r && i < n; i++) {
		if (entries[i].kind == STORE_ENTRY_CHANGE)
			r = tell_change(l, &entries[i], i >= l->first, &d->entries[i]);
		else
			r = store_story_load(l->s, l->resource, &entries[i], l->arena,
					     &d->entries[i]);
	}
	d->n_entries = n;
	d->blame.origin = l->trace.origin;
	d->blame.changes = l->changes;
	d->blame.n_changes = l->n_changes;
	return r;
}

int store_dossier_load(struct store *s, const struct store_resource *resource,
		       uint64_t max_bytes, struct arena *a, struct store_dossier *ret)
{
	struct loader l = { .s = s, .resource = resource, .arena = a, .dossier = ret };
	struct store_entry *entries;
	size_t n;
	int r = reading(s);

	*ret = (struct store_dossier){ 0 };
	if (!r)
		r = load_states(&l, max_bytes);
	if (!r)
		r = store_story(s, resource->id, a, &entries, &n);
	return r ? r : tell(&l, entries, n);
}
