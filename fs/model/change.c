/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What changed between two states. The comparison is json_diff's; here stands what AWS means by
 * a change: a member that is null is the same as none (one guise writes nulls, another leaves
 * them out, and services add null members to a type's schema every month), what tells of the
 * recording is no change, and a deletion reads as AWS's own does: the configuration as a whole,
 * each relationship, each supplementary part.
 *
 * Nulls are taken out of copies before comparing. Each copied node knows its origin, so that the
 * diff shows values as they were recorded, nulls and all.
 */

#include "model/change.h"

#include <errno.h>

/*
 * A tree without its null members. A copied value's `at` is its place in origins; json_diff has
 * no use for positions.
 */
struct pruned {
	struct jv *
		items; /* one block for the elements of all arrays, one for all members */
	struct jv_member *members;
	const struct jv **origins;
	size_t n_items, n_members, n_values;
};

/* The room a copy needs. The depth of both recursions is bounded by JV_MAX_DEPTH. */
static void count_values(const struct jv *v, struct pruned *room)
{
	room->n_values++;
	if (v->type == JV_ARRAY) {
		room->n_items += v->len;
		for (uint32_t i = 0; i < v->len; i++)
			count_values(&v->items[i], room);
	} else if (v->type == JV_OBJECT) {
		room->n_members += v->len;
		for (uint32_t i = 0; i < v->len; i++)
			count_values(&v->members[i].value, room);
	}
}

static struct jv copy_value(struct pruned *to, const struct jv *from)
{
	struct jv copy = *from;

	copy.at = (uint32_t)to->n_values;
	to->origins[to->n_values++] = from;
	if (from->type == JV_ARRAY) {
		struct jv *items = to->items + to->n_items;

		to->n_items += from->len;
		copy.items = items;
		for (uint32_t i = 0; i < from->len; i++)
			items[i] = copy_value(to, &from->items[i]);
	} else if (from->type == JV_OBJECT) {
		struct jv_member *members = to->members + to->n_members;

		to->n_members += from->len;
		copy.members = members;
		copy.len = 0;
		for (uint32_t i = 0; i < from->len; i++) {
			const struct jv_member *m = &from->members[i];

			if (m->value.type == JV_NULL)
				continue;
			members[copy.len].key = m->key;
			members[copy.len++].value = copy_value(to, &m->value);
		}
	}
	return copy;
}

static bool is_deleted(const struct jv *body)
{
	return item_status_is_deleted(
		item_status_parse(jv_get_text(body, "configurationItemStatus")));
}

bool change_is_untold(const struct jv *after)
{
	return item_status_parse(jv_get_text(after, "configurationItemStatus")) ==
	       ITEM_NOT_RECORDED;
}

static bool key_in(struct str key, const char *const *keys)
{
	for (; *keys; keys++) {
		if (str_is(key, *keys))
			return true;
	}
	return false;
}

static bool is_null(const struct jv *v)
{
	return !v || v->type == JV_NULL;
}

/* Where these are missing the guise did not tell; a resource without any has {} or []. */
static const char *const untold[CHANGE_UNTOLD_MAX + 1] = { "relationships",
							   "supplementaryConfiguration",
							   "tags", NULL };

/* Is a top-level member no part of the comparison? */
static bool is_left_out(struct str key, const struct change *change)
{
	/* A deleted item has lost them with everything else; AWS does not list them. */
	static const char *const lost[] = {
		"ARN", "availabilityZone", "resourceCreationTime", "resourceName", "tags",
		NULL
	};
	if (str_is(key, "configurationItemStatus") || item_key_is_metadata(key))
		return true;
	if (change->type == CHANGE_DELETE)
		return key_in(key, lost);
	return key_in(key, untold) && (is_null(jv_get_str(change->before, key)) ||
				       is_null(jv_get_str(change->after, key)));
}

static int prune(struct arena *a, const struct jv *body, const struct change *change,
		 struct pruned *to, struct jv *ret)
{
	struct jv *root = ret;

	*to = (struct pruned){ 0 };
	count_values(body, to);
	to->items = arena_alloc(a, to->n_items * sizeof(*to->items));
	to->members = arena_alloc(a, to->n_members * sizeof(*to->members));
	to->origins = arena_alloc(a, to->n_values * sizeof(*to->origins));
	if (!to->items || !to->members || !to->origins)
		return -ENOMEM;
	to->n_items = to->n_members = to->n_values = 0;
	*root = copy_value(to, body);
	if (root->type == JV_OBJECT) {
		struct jv_member *members = to->members;
		uint32_t n = 0;

		/* The root's members were the first to be placed. */
		for (uint32_t i = 0; i < root->len; i++) {
			if (!is_left_out(jv_str(&members[i].key), change))
				members[n++] = members[i];
		}
		root->len = n;
	}
	return 0;
}

static const struct jv *origin_of(const struct pruned *tree, const struct jv *copy)
{
	return copy ? tree->origins[copy->at] : NULL;
}

static int diff_states(struct arena *a, const struct json_trace *trace,
		       struct json_origin **origin, struct change *change)
{
	struct pruned before, after;
	struct jv before_root, after_root;
	int r;

	r = prune(a, change->before, change, &before, &before_root);
	if (r == 0)
		r = prune(a, change->after, change, &after, &after_root);
	if (r == 0)
		r = json_diff_trace(a, &before_root, &after_root, trace, origin,
				    &change->diff);
	if (r != 0)
		return r;
	for (size_t i = 0; i < change->diff.n; i++) {
		struct json_diff_entry *e = &change->diff.entries[i];

		e->previous = origin_of(&before, e->previous);
		e->updated = origin_of(&after, e->updated);
	}
	return 0;
}

/* --- following a resource ------------------------------------------------------------------ */

/* A value that lives on in the trace's arena, whatever becomes of its state. */
static int keep_value(struct arena *a, const struct jv **value)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	struct jv *copy = arena_alloc(a, sizeof(*copy));
	struct str kept;
	int r;

	jv_write(&text, *value);
	r = buf_error(&text);
	kept = r ? STR_NULL : arena_str(a, buf_str(&text));
	if (r || !copy || !kept.p)
		return -ENOMEM;
	r = jv_parse(a, kept, copy, NULL);
	*value = copy;
	return r > 0 ? -EBADMSG : r;
}

/* A member is told of again: it is compared with what was told of it last. */
static int follow_again(struct arena *a, const struct json_trace *step, struct str key,
			const struct jv *last, const struct jv *now,
			struct json_origin *root)
{
	struct json_origin *origin = json_origin_member(root, key);
	struct json_diff ignored;
	int r;

	if (!origin) {
		/* As old as the whole; the walk below may only know where it differs. */
		origin = json_origin_new(step->arena, root->mark);
		if (!origin)
			return -ENOMEM;
	}
	r = json_diff_trace(a, last, now, step, &origin, &ignored);
	return r ? r : json_origin_set_member(step->arena, root, key, origin);
}

/* Members that the guise of one of both states leaves out. */
static int follow_untold(struct arena *a, const struct change *change,
			 const struct json_trace *step, struct change_trace *trace)
{
	for (size_t i = 0; i < CHANGE_UNTOLD_MAX; i++) {
		const struct jv *before = jv_get(change->before, untold[i]);
		const struct jv *after = jv_get(change->after, untold[i]);
		int r = 0;

		if (is_null(after)) {
			if (trace->told[i] && !trace->told_kept[i])
				r = keep_value(trace->arena, &trace->told[i]);
			trace->told_kept[i] = true;
		} else {
			if (is_null(before))
				r = follow_again(a, step, str_of(untold[i]),
						 trace->told[i], after, trace->origin);
			trace->told[i] = after;
			trace->told_kept[i] = false;
		}
		if (r)
			return r;
	}
	return 0;
}

/* A new life, or the end of one: all comes from this change. */
static int follow_anew(const struct change *change, uint32_t mark,
		       struct change_trace *trace)
{
	/* It stays deleted by whoever did it first. */
	if (trace->origin && is_deleted(change->after) && is_deleted(change->before))
		return 0;
	for (size_t i = 0; i < CHANGE_UNTOLD_MAX; i++) {
		const struct jv *value = jv_get(change->after, untold[i]);

		trace->told[i] = is_null(value) ? NULL : value;
		trace->told_kept[i] = false;
	}
	trace->origin = json_origin_new(trace->arena, mark);
	return trace->origin ? 0 : -ENOMEM;
}

static int take_step(struct arena *a, struct change_trace *trace, uint32_t mark,
		     struct change *change)
{
	struct json_trace step = { trace->arena, mark };
	int r = diff_states(a, &step, &trace->origin, change);

	return r ? r : follow_untold(a, change, &step, trace);
}

int change_follow(struct arena *a, const struct jv *before, const struct jv *after,
		  struct change_trace *trace, uint32_t mark, struct change *ret)
{
	struct change change = { .before = before, .after = after };
	int r = 0;

	if (is_deleted(after))
		change.type = CHANGE_DELETE;
	else
		change.type =
			!before || is_deleted(before) ? CHANGE_CREATE : CHANGE_UPDATE;
	if (change.type == CHANGE_UPDATE && change_is_untold(after)) {
		*ret = change; /* nothing is told, so nothing went */
		return 0;
	}
	if (trace && change.type == CHANGE_UPDATE)
		r = take_step(a, trace, mark, &change);
	else if (before && change.type != CHANGE_CREATE)
		r = diff_states(a, NULL, NULL, &change);
	if (!r && trace && change.type != CHANGE_UPDATE)
		r = follow_anew(&change, mark, trace);
	if (r)
		return r;
	*ret = change;
	return 0;
}

int change_between(struct arena *a, const struct jv *before, const struct jv *after,
		   struct change *ret)
{
	return change_follow(a, before, after, NULL, 0, ret);
}

const char *change_type_name(enum change_type type)
{
	switch (type) {
	case CHANGE_CREATE:
		return "CREATE";
	case CHANGE_UPDATE:
		return "UPDATE";
	case CHANGE_DELETE:
		return "DELETE";
	}
	return "";
}

const char *confidence_name(enum confidence c)
{
	switch (c) {
	case CONFIDENCE_POSSIBLE:
		return "possible";
	case CONFIDENCE_LIKELY:
		return "likely";
	case CONFIDENCE_CERTAIN:
		return "certain";
	}
	return "";
}

const char *evidence_name(enum evidence e)
{
	static const char *const names[EVIDENCE_COUNT] = {
		[EVIDENCE_REQUEST_ID] = "request-id",
		[EVIDENCE_REQUEST_NAME] = "request-name",
		[EVIDENCE_RESPONSE_ID] = "response-id",
		[EVIDENCE_RESOURCES] = "resources",
		[EVIDENCE_OWNED_ID] = "owned-id",
		[EVIDENCE_PARENT] = "parent",
		[EVIDENCE_RELATION] = "relation",
		[EVIDENCE_SERVICE] = "service",
		[EVIDENCE_NOUN] = "noun",
		[EVIDENCE_VERB] = "verb",
		[EVIDENCE_VALUE] = "value",
		[EVIDENCE_TIME] = "time",
		[EVIDENCE_ONLY] = "only",
	};

	return e < EVIDENCE_COUNT ? names[e] : "";
}

const char *reason_text(enum reason r)
{
	switch (r) {
	case REASON_NONE:
		return NULL;
	case REASON_NO_TRAIL:
		return "no CloudTrail events of this account and time have been imported";
	case REASON_NO_EVENT:
		return "CloudTrail events of this time were imported, but none of them fits: "
		       "AWS's own change, or a call that was not logged";
	case REASON_RELATIONSHIPS:
		return "only relationships changed: the change of another resource shows here";
	case REASON_NOTHING:
		return "nothing differs: the resource was recorded again";
	case REASON_FIRST_RECORDED:
		return "first record of a resource that is older than the recording";
	case REASON_NOT_RECORDED:
		return "AWS Config stopped recording this resource: how it is from here on is not "
		       "known";
	}
	return NULL;
}

struct str reason_sentence(enum reason r, struct str why)
{
	return why.n ? why : str_of(reason_text(r));
}
