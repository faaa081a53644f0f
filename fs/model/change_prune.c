/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Copies for comparing. Each copied node knows its origin, so that the diff shows values as they
 * were recorded.
 *
 * Two states of a resource are alike but for a few leaves. To copy every value, hash and sort it
 * costs ten times as much as to find that it stands there unchanged; so members that do are left
 * out of both copies. Only on the way from the root through objects: how an array's elements pair
 * depends on all of them.
 */

#include "change_prune.h"

#include <errno.h>

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

const char *const change_untold[CHANGE_UNTOLD_MAX + 1] = {
	"configuration", "relationships", "supplementaryConfiguration", "tags", NULL
};

static bool is_untold(const struct change *change, struct str key)
{
	return is_null(jv_get_str(change->before, key)) ||
	       is_null(jv_get_str(change->after, key));
}

/*
 * Is a top-level member no part of the comparison? What tells no configuration (a summary, or the
 * answer to a query) may not tell a name or zone either.
 */
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
	return is_untold(change, key) &&
	       (key_in(key, change_untold) ||
		(key_in(key, lost) && is_untold(change, str_of("configuration"))));
}

static void *pruned_room(struct pruned *to, size_t size)
{
	void *room = arena_alloc(to->arena, size);

	to->failed |= !room;
	return room;
}

static uint32_t note_origin(struct pruned *to, const struct jv *from)
{
	if (to->n == to->max) {
		uint32_t max = to->max ? 2 * to->max : 64;
		const struct jv **origins = pruned_room(to, max * sizeof(*origins));

		if (!origins)
			return 0;
		if (to->n)
			memcpy(origins, to->origins, to->n * sizeof(*origins));
		to->origins = origins;
		to->max = max;
	}
	to->origins[to->n] = from;
	return to->n++;
}

/* The depth of the recursions is bounded by JV_MAX_DEPTH. */
static struct jv copy_value(struct pruned *to, const struct jv *from)
{
	struct jv copy = *from;

	copy.at = note_origin(to, from);
	if (from->type == JV_ARRAY) {
		struct jv *items = pruned_room(to, from->len * sizeof(*items));

		copy.items = items;
		for (uint32_t i = 0; !to->failed && i < from->len; i++)
			items[i] = copy_value(to, &from->items[i]);
	} else if (from->type == JV_OBJECT) {
		struct jv_member *members = pruned_room(to, from->len * sizeof(*members));

		copy.members = members;
		copy.len = 0;
		for (uint32_t i = 0; !to->failed && i < from->len; i++) {
			const struct jv_member *m = &from->members[i];

			if (m->value.type == JV_NULL)
				continue;
			members[copy.len].key = m->key;
			members[copy.len++].value = copy_value(to, &m->value);
		}
	}
	return copy;
}

static bool is_identical(const struct jv *x, const struct jv *y)
{
	if (x->type != y->type || x->len != y->len)
		return false;
	switch (x->type) {
	case JV_NUMBER:
	case JV_STRING:
		return memcmp(x->text, y->text, x->len) == 0;
	case JV_ARRAY:
		for (uint32_t i = 0; i < x->len; i++)
			if (!is_identical(&x->items[i], &y->items[i]))
				return false;
		return true;
	case JV_OBJECT:
		for (uint32_t i = 0; i < x->len; i++)
			if (!is_identical(&x->members[i].key, &y->members[i].key) ||
			    !is_identical(&x->members[i].value, &y->members[i].value))
				return false;
		return true;
	default:
		return true;
	}
}

/* As canonical text is; then no name is there twice. */
static bool is_sorted(const struct jv *object)
{
	for (uint32_t i = 1; i < object->len; i++)
		if (str_cmp(jv_str(&object->members[i - 1].key),
			    jv_str(&object->members[i].key)) >= 0)
			return false;
	return true;
}

/* What is compared, and the two copies being made. */
struct pair {
	const struct change *change;
	struct pruned *before, *after;
	bool root; /* the items themselves, of which some members are no part of the comparison */
};

/* An object being copied: its members, all of which have room. */
static struct jv_member *begin_object(struct pruned *to, const struct jv *from,
				      struct jv *ret)
{
	struct jv_member *members = pruned_room(to, from->len * sizeof(*members));

	*ret = *from;
	ret->at = note_origin(to, from);
	ret->members = members;
	ret->len = 0;
	return members;
}

static void copy_member(struct pruned *to, const struct jv_member *from,
			struct jv_member *members, struct jv *object)
{
	if (from->value.type == JV_NULL)
		return;
	members[object->len].key = from->key;
	members[object->len++].value = copy_value(to, &from->value);
}

static void copy_pair(struct pair *p, const struct jv *before, const struct jv *after,
		      struct jv *ret_before, struct jv *ret_after);

/* A member that both have and that differs. */
static void copy_differing(struct pair *p, const struct jv_member *before,
			   const struct jv_member *after, struct jv_member *old,
			   struct jv *ret_before, struct jv_member *new,
			   struct jv *ret_after)
{
	if (before->value.type != JV_OBJECT || after->value.type != JV_OBJECT) {
		copy_member(p->before, before, old, ret_before);
		copy_member(p->after, after, new, ret_after);
		return;
	}
	old += ret_before->len++;
	new += ret_after->len++;
	old->key = before->key;
	new->key = after->key;
	copy_pair(p, &before->value, &after->value, &old->value, &new->value);
}

static void copy_sorted(struct pair *p, const struct jv *before, const struct jv *after,
			struct jv *ret_before, struct jv *ret_after)
{
	struct jv_member *old = begin_object(p->before, before, ret_before);
	struct jv_member *new = begin_object(p->after, after, ret_after);
	const struct jv_member *same = NULL;
	const bool root = p->root;
	uint32_t i = 0, j = 0;

	p->root = false;
	while (!p->before->failed && !p->after->failed &&
	       (i < before->len || j < after->len)) {
		const struct jv_member *x = i < before->len ? &before->members[i] : NULL;
		const struct jv_member *y = j < after->len ? &after->members[j] : NULL;
		int order = !x ? 1 : !y ? -1 : str_cmp(jv_str(&x->key), jv_str(&y->key));

		i += order <= 0;
		j += order >= 0;
		if (root &&
		    is_left_out(jv_str(order <= 0 ? &x->key : &y->key), p->change))
			continue;
		if (order < 0)
			copy_member(p->before, x, old, ret_before);
		else if (order > 0)
			copy_member(p->after, y, new, ret_after);
		else if (!is_identical(&x->value, &y->value))
			copy_differing(p, x, y, old, ret_before, new, ret_after);
		else if (!same && x->value.type != JV_NULL)
			same = x;
	}
	/* It is not empty, which is told from what is: one of those left out stays in both. */
	if (same && ret_after->len == 0 && !p->before->failed && !p->after->failed) {
		copy_member(p->before, same, old, ret_before);
		copy_member(p->after, same, new, ret_after);
	}
}

/* The whole, whatever stands in it. */
static struct jv copy_whole(struct pruned *to, const struct jv *from,
			    const struct change *change, bool root)
{
	struct jv_member *members;
	struct jv copy;

	if (!root || from->type != JV_OBJECT)
		return copy_value(to, from);
	members = begin_object(to, from, &copy);
	for (uint32_t i = 0; !to->failed && i < from->len; i++)
		if (!is_left_out(jv_str(&from->members[i].key), change))
			copy_member(to, &from->members[i], members, &copy);
	return copy;
}

static void copy_pair(struct pair *p, const struct jv *before, const struct jv *after,
		      struct jv *ret_before, struct jv *ret_after)
{
	if (before->type == JV_OBJECT && after->type == JV_OBJECT && is_sorted(before) &&
	    is_sorted(after)) {
		copy_sorted(p, before, after, ret_before, ret_after);
		return;
	}
	*ret_before = copy_whole(p->before, before, p->change, p->root);
	*ret_after = copy_whole(p->after, after, p->change, p->root);
}

int change_prune(struct arena *a, const struct change *change, struct pruned *before,
		 struct pruned *after)
{
	struct pair p = {
		.change = change, .before = before, .after = after, .root = true
	};

	*before = (struct pruned){ .arena = a };
	*after = (struct pruned){ .arena = a };
	copy_pair(&p, change->before, change->after, &before->root, &after->root);
	return before->failed || after->failed ? -ENOMEM : 0;
}

const struct jv *pruned_origin(const struct pruned *tree, const struct jv *copy)
{
	return copy ? tree->origins[copy->at] : NULL;
}
