/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Aligning arrays. AWS gives lists in any order, so position says little. Equal elements become
 * partners first, wherever they stand. Of the objects left over those do that share a value which
 * names them (a key, an id, an ARN ...) and is found only once on each side. What then is left is
 * compared with each other, when it is not too much, and the most alike become partners: a rule
 * of a security group has no name, but its protocol and ports stay when an address is added.
 *
 * All but the last step is linear but for sorting; the last is bounded.
 */

#include <errno.h>
#include <stdlib.h>

#include "json_diff_private.h"

#define ALIKE_MAX 64u /* left-overs on a side that are compared with each other */
#define NAMES_MAX 32u /* identifying member names tried beyond the fixed ones */

struct align {
	struct arena *arena;
	const struct json_node *side[2]; /* old, new */
	uint32_t *partner[2];
	uint32_t *left[2]; /* objects without a partner so far */
	uint32_t n_left[2];
};

/* A left-over with its value of the identifying member under consideration. */
struct named {
	const struct json_node *value;
	uint32_t side;
	uint32_t index;
};

static const char *const fixed_names[] = { "key", "id", "arn", "name", "sid" };
static const char *const endings[] = { "Id",   "ID",         "Arn", "ARN",
				       "Name", "Identifier", "Key" };

static void set_partners(struct align *al, uint32_t old, uint32_t new)
{
	al->partner[0][old] = new;
	al->partner[1][new] = old;
}

static bool is_free(const struct align *al, int side, uint32_t index)
{
	return al->partner[side][index] == JSON_NO_PARTNER;
}

/* --- equal elements ------------------------------------------------------------------------- */

/* Indexes from by_hash[*at] on whose elements have one hash. */
static uint32_t run_length(const struct json_node *array, uint32_t at)
{
	uint32_t n = 1;

	while (at + n < array->n && array->kids[array->by_hash[at + n]].hash ==
					    array->kids[array->by_hash[at]].hash)
		n++;
	return n;
}

/* Equal elements in one place first, since the rest of them would be told of as moved. */
static void pair_in_place(struct align *al, const uint32_t *x, uint32_t nx,
			  const uint32_t *y, uint32_t ny)
{
	for (uint32_t i = 0, j = 0; i < nx && j < ny;) {
		if (x[i] == y[j] &&
		    json_node_same(&al->side[0]->kids[x[i]], &al->side[1]->kids[x[i]]))
			set_partners(al, x[i], x[i]);
		if (x[i] < y[j])
			i++;
		else
			j++;
	}
}

static void pair_run(struct align *al, const uint32_t *x, uint32_t nx, const uint32_t *y,
		     uint32_t ny)
{
	uint32_t i = 0, j = 0;

	pair_in_place(al, x, nx, y, ny);
	while (i < nx && j < ny) {
		if (!is_free(al, 0, x[i])) {
			i++;
		} else if (!is_free(al, 1, y[j])) {
			j++;
		} else {
			/* Two values with one hash: not worth a search. */
			if (json_node_same(&al->side[0]->kids[x[i]],
					   &al->side[1]->kids[y[j]]))
				set_partners(al, x[i], y[j]);
			i++;
			j++;
		}
	}
}

static void pair_equal(struct align *al)
{
	const struct json_node *a = al->side[0], *b = al->side[1];
	uint32_t i = 0, j = 0;

	while (i < a->n && j < b->n) {
		uint64_t x = a->kids[a->by_hash[i]].hash, y = b->kids[b->by_hash[j]].hash;
		uint32_t nx = x <= y ? run_length(a, i) : 0;
		uint32_t ny = y <= x ? run_length(b, j) : 0;

		if (x == y)
			pair_run(al, a->by_hash + i, nx, b->by_hash + j, ny);
		i += nx;
		j += ny;
	}
}

/* --- objects that share a name -------------------------------------------------------------- */

static void keep_left(struct align *al, int side)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < al->n_left[side]; i++)
		if (is_free(al, side, al->left[side][i]))
			al->left[side][n++] = al->left[side][i];
	al->n_left[side] = n;
}

static int find_left(struct align *al, int side)
{
	const struct json_node *array = al->side[side];

	al->left[side] = arena_alloc(al->arena, array->n * sizeof(uint32_t) + 1);
	if (!al->left[side])
		return -ENOMEM;
	for (uint32_t i = 0; i < array->n; i++)
		if (is_free(al, side, i) && array->kids[i].value->type == JV_OBJECT)
			al->left[side][al->n_left[side]++] = i;
	return 0;
}

/* The member with this name, upper and lower case alike when it is one of the fixed ones. */
static const struct json_node *find_member(const struct json_node *object,
					   struct str name, bool fixed)
{
	const struct json_node *kid = NULL;

	if (!fixed)
		kid = json_node_get(object, name);
	for (uint32_t i = 0; fixed && !kid && i < object->n; i++)
		if (str_eq_nocase(object->kids[i].key, name))
			kid = &object->kids[i];
	return kid && (kid->value->type == JV_STRING || kid->value->type == JV_NUMBER)
		       ? kid
		       : NULL;
}

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->value->hash != y->value->hash)
		return x->value->hash < y->value->hash ? -1 : 1;
	if (x->side != y->side)
		return x->side < y->side ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* Those with one value: one old and one new are the same thing. */
static void pair_named(struct align *al, const struct named *list, uint32_t n)
{
	uint32_t end;

	for (uint32_t i = 0; i < n; i = end) {
		for (end = i + 1;
		     end < n && list[end].value->hash == list[i].value->hash;)
			end++;
		if (end - i == 2 && list[i].side == 0 && list[i + 1].side == 1 &&
		    json_node_same(list[i].value, list[i + 1].value))
			set_partners(al, list[i].index, list[i + 1].index);
	}
}

/* `list` has room for all left-overs. */
static void pair_by_name(struct align *al, struct str name, bool fixed,
			 struct named *list)
{
	uint32_t n = 0;

	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < al->n_left[side]; i++) {
			uint32_t index = al->left[side][i];
			const struct json_node *value =
				find_member(&al->side[side]->kids[index], name, fixed);

			if (value)
				list[n++] = (struct named){ value, side, index };
		}
	if (n < 2)
		return;
	qsort(list, n, sizeof(*list), compare_named);
	pair_named(al, list, n);
	keep_left(al, 0);
	keep_left(al, 1);
}

static bool is_identifying(const struct json_node *member)
{
	if (member->value->type != JV_STRING)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (str_ends(member->key, endings[i]))
			return true;
	return false;
}

/* The identifying names of the old left-overs, each once; returns how many. */
static uint32_t find_names(const struct align *al, struct str *names)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < al->n_left[0]; i++) {
		const struct json_node *object = &al->side[0]->kids[al->left[0][i]];

		for (uint32_t k = 0; k < object->n && n < NAMES_MAX; k++) {
			uint32_t seen = 0;

			if (!is_identifying(&object->kids[k]))
				continue;
			while (seen < n && !str_eq(names[seen], object->kids[k].key))
				seen++;
			if (seen == n)
				names[n++] = object->kids[k].key;
		}
	}
	return n;
}

static int pair_identified(struct align *al)
{
	size_t room = (size_t)al->n_left[0] + al->n_left[1];
	struct named *list = arena_alloc(al->arena, room * sizeof(*list));
	struct str names[NAMES_MAX];
	uint32_t n;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(fixed_names); i++)
		pair_by_name(al, str_of(fixed_names[i]), true, list);
	n = find_names(al, names);
	for (uint32_t i = 0; i < n && al->n_left[0] > 0 && al->n_left[1] > 0; i++)
		pair_by_name(al, names[i], false, list);
	return 0;
}

/* --- objects much alike --------------------------------------------------------------------- */

/* Do both bear a fixed name, and different ones? Then they are two things, however alike. */
static bool names_differ(const struct json_node *a, const struct json_node *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_names); i++) {
		const struct json_node *x = find_member(a, str_of(fixed_names[i]), true);
		const struct json_node *y = find_member(b, str_of(fixed_names[i]), true);

		if (x && y)
			return !json_node_same(x, y);
	}
	return false;
}

/* Equal members per 4096 of the larger object's; 0 when they are less than half. */
static uint32_t likeness(const struct json_node *a, const struct json_node *b)
{
	uint64_t common = 0, larger = MAX(a->n, b->n);

	for (uint32_t i = 0, j = 0; i < a->n && j < b->n;) {
		int order = str_cmp(a->kids[i].key, b->kids[j].key);

		common += order == 0 && json_node_same(&a->kids[i], &b->kids[j]);
		i += order <= 0;
		j += order >= 0;
	}
	if (common == 0 || 2 * common < larger || names_differ(a, b))
		return 0;
	return (uint32_t)(common * 4096 / larger);
}

struct likely {
	uint32_t score;
	uint32_t old;
	uint32_t new;
};

/* The most alike first; among equals those that stand nearest. */
static int compare_likely(const void *a, const void *b)
{
	const struct likely *x = a, *y = b;
	uint32_t dx = MAX(x->old, x->new) - MIN(x->old, x->new);
	uint32_t dy = MAX(y->old, y->new) - MIN(y->old, y->new);

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (dx != dy)
		return dx < dy ? -1 : 1;
	if (x->old != y->old)
		return x->old < y->old ? -1 : 1;
	return (x->new > y->new) - (x->new < y->new);
}

static int pair_alike(struct align *al)
{
	struct likely *list;
	size_t n = 0;

	if (al->n_left[0] > ALIKE_MAX || al->n_left[1] > ALIKE_MAX)
		return 0;
	list = arena_alloc(al->arena, al->n_left[0] * al->n_left[1] * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (uint32_t i = 0; i < al->n_left[0]; i++)
		for (uint32_t j = 0; j < al->n_left[1]; j++) {
			uint32_t old = al->left[0][i], new = al->left[1][j];
			uint32_t score = likeness(&al->side[0]->kids[old],
						  &al->side[1]->kids[new]);

			if (score > 0)
				list[n++] = (struct likely){ score, old, new };
		}
	qsort(list, n, sizeof(*list), compare_likely);
	for (size_t i = 0; i < n; i++)
		if (is_free(al, 0, list[i].old) && is_free(al, 1, list[i].new))
			set_partners(al, list[i].old, list[i].new);
	return 0;
}

int json_align(struct arena *a, const struct json_node *old, const struct json_node *new,
	       uint32_t *partner_old, uint32_t *partner_new)
{
	struct align al = { .arena = a,
			    .side = { old, new },
			    .partner = { partner_old, partner_new } };
	int r;

	for (uint32_t i = 0; i < old->n; i++)
		partner_old[i] = JSON_NO_PARTNER;
	for (uint32_t i = 0; i < new->n; i++)
		partner_new[i] = JSON_NO_PARTNER;
	pair_equal(&al);
	r = find_left(&al, 0);
	if (r == 0)
		r = find_left(&al, 1);
	if (r < 0 || al.n_left[0] == 0 || al.n_left[1] == 0)
		return r;
	r = pair_identified(&al);
	if (r < 0 || al.n_left[0] == 0 || al.n_left[1] == 0)
		return r;
	return pair_alike(&al);
}
