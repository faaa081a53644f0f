/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Origins of the parts of a value: a tree beside the value, as deep as single parts differ from
 * the whole. Members are few where they are any, and sorted; items stand by their index.
 */

#include "util/json_origin.h"

#include <errno.h>

struct json_origin *json_origin_new(struct arena *a, uint32_t mark)
{
	struct json_origin *o = arena_zalloc(a, sizeof(*o));

	if (o)
		o->mark = mark;
	return o;
}

struct json_origin *json_origin_item(const struct json_origin *o, uint32_t index)
{
	return o && index < o->n_items ? o->items[index] : NULL;
}

/* Where the key is, or belongs. */
static uint32_t place_of(const struct json_origin *o, struct str key, bool *ret_found)
{
	uint32_t low = 0, high = o->n_members;

	*ret_found = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = str_cmp(o->members[middle].key, key);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct json_origin *json_origin_member(const struct json_origin *o, struct str key)
{
	bool found = false;
	uint32_t at = o ? place_of(o, key, &found) : 0;

	return found ? o->members[at].origin : NULL;
}

static int make_room(struct arena *a, struct json_origin *o)
{
	struct json_origin_member *members;
	uint32_t max = o->max_members ? o->max_members * 2 : 4;

	if (o->n_members < o->max_members)
		return 0;
	members = arena_alloc(a, max * sizeof(*members));
	if (!members)
		return -ENOMEM;
	if (o->n_members)
		memcpy(members, o->members, o->n_members * sizeof(*members));
	o->members = members;
	o->max_members = max;
	return 0;
}

int json_origin_set_member(struct arena *a, struct json_origin *o, struct str key,
			   struct json_origin *origin)
{
	bool found;
	uint32_t at = place_of(o, key, &found);
	struct str copy;
	int r;

	if (found) {
		o->members[at].origin = origin;
		return 0;
	}
	copy = arena_str(a, key);
	r = copy.p ? make_room(a, o) : -ENOMEM;
	if (r)
		return r;
	memmove(&o->members[at + 1], &o->members[at],
		(o->n_members - at) * sizeof(*o->members));
	o->members[at] = (struct json_origin_member){ copy, origin };
	o->n_members++;
	return 0;
}

static int copy_items(struct arena *a, const struct json_origin *from,
		      struct json_origin *to)
{
	if (!from->n_items)
		return 0;
	to->items = arena_zalloc(a, from->n_items * sizeof(struct json_origin *));
	if (!to->items)
		return -ENOMEM;
	to->n_items = from->n_items;
	for (uint32_t i = 0; i < from->n_items; i++) {
		to->items[i] = json_origin_copy(a, from->items[i]);
		if (from->items[i] && !to->items[i])
			return -ENOMEM;
	}
	return 0;
}

static int copy_members(struct arena *a, const struct json_origin *from,
			struct json_origin *to)
{
	if (!from->n_members)
		return 0;
	to->members = arena_zalloc(a, from->n_members * sizeof(*to->members));
	if (!to->members)
		return -ENOMEM;
	to->n_members = to->max_members = from->n_members;
	for (uint32_t i = 0; i < from->n_members; i++) {
		to->members[i].key = arena_str(a, from->members[i].key);
		to->members[i].origin = json_origin_copy(a, from->members[i].origin);
		if (!to->members[i].key.p ||
		    (from->members[i].origin && !to->members[i].origin))
			return -ENOMEM;
	}
	return 0;
}

/* The depth of the recursion is that of the value, which the parser bounds. */
struct json_origin *json_origin_copy(struct arena *a, const struct json_origin *o)
{
	struct json_origin *copy = o ? json_origin_new(a, o->mark) : NULL;

	if (!copy || copy_items(a, o, copy) || copy_members(a, o, copy))
		return NULL;
	return copy;
}

void json_origin_note_used(const struct json_origin *o, bool *used)
{
	if (!o)
		return;
	used[o->mark] = true;
	for (uint32_t i = 0; i < o->n_items; i++)
		json_origin_note_used(o->items[i], used);
	for (uint32_t i = 0; i < o->n_members; i++)
		json_origin_note_used(o->members[i].origin, used);
}
