/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Preparing values for comparing. One pass from the leaves up gives each value a hash in which
 * neither the order of members nor that of elements counts; from then on two values that differ
 * are nearly always told apart by one look, which is what keeps aligning long arrays linear.
 *
 * Recursion is as deep as values nest, which the parser bounds.
 */

#include <errno.h>
#include <stdlib.h>

#include "json_diff_private.h"
#include "json_private.h"

#define EXPONENT_DIGITS 17

/* Spreads what differs in any bit over all of them, so that sums of results may be compared. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

/* The exponent behind a number's e; those too long to reckon with count as none. */
static int64_t exponent(struct str text)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	size_t i = text.n > 0 && (text.p[0] == '-' || text.p[0] == '+');
	int64_t e = 0;

	while (i < text.n && text.p[i] == '0')
		i++;
	if (text.n - i > EXPONENT_DIGITS)
		return 0;
	for (; i < text.n; i++)
		e = e * 10 + (text.p[i] - '0');
	return negative ? -e : e;
}

/*
 * 1.10, 1.1 and 11e-1 are one value and need one hash: that of the sign, the digits between the
 * first and the last that are not zero, and the power of ten of the first.
 */
static uint64_t number_hash(struct str text)
{
	uint64_t h = text.n > 0 && text.p[0] == '-', zeros = 0;
	int64_t power = 0;
	bool begun = false, dot = false;
	size_t i = 0;

	for (; i < text.n && (text.p[i] | 0x20) != 'e'; i++) {
		char c = text.p[i];

		if (c == '.') {
			dot = true;
			continue;
		}
		if (c < '0' || c > '9')
			continue;
		power += dot ? -!begun : begun;
		if (c == '0') {
			zeros += begun;
			continue;
		}
		/* The digit before the point has power 0, the one behind it -1. */
		begun = true;
		for (; zeros > 0; zeros--)
			h = mix(h * 10);
		h = mix(h * 10 + (uint64_t)(c - '0'));
	}
	if (!begun)
		return 0;
	return mix(h + (uint64_t)power + (uint64_t)exponent(str_from(text, i + 1)));
}

static int compare_hashes(const void *a, const void *b, void *ctx)
{
	const struct json_node *kids = ctx;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;

	if (kids[i].hash != kids[j].hash)
		return kids[i].hash < kids[j].hash ? -1 : 1;
	return (i > j) - (i < j);
}

static int make_array(struct arena *a, struct json_node *node)
{
	const struct jv *v = node->value;
	int r;

	node->n = v->len;
	node->kids = arena_alloc(a, node->n * sizeof(*node->kids));
	node->by_hash = arena_alloc(a, node->n * sizeof(*node->by_hash));
	if (!node->kids || !node->by_hash)
		return -ENOMEM;
	for (uint32_t i = 0; i < node->n; i++) {
		r = json_node_make(a, &v->items[i], &node->kids[i]);
		if (r < 0)
			return r;
		node->by_hash[i] = i;
		node->hash += mix(node->kids[i].hash);
	}
	qsort_r(node->by_hash, node->n, sizeof(*node->by_hash), compare_hashes,
		node->kids);
	return 0;
}

static int make_object(struct arena *a, struct json_node *node)
{
	const struct jv *v = node->value;
	const struct jv_member *small[JV_SMALL_OBJECT];
	const struct jv_member **members = small;
	int r;

	if (v->len > JV_SMALL_OBJECT)
		members = arena_alloc(a, v->len * sizeof(*members));
	node->kids = arena_alloc(a, v->len * sizeof(*node->kids));
	if (!members || !node->kids)
		return -ENOMEM;
	node->n = (uint32_t)jv_members_sort(v, members);
	for (uint32_t i = 0; i < node->n; i++) {
		r = json_node_make(a, &members[i]->value, &node->kids[i]);
		if (r < 0)
			return r;
		node->kids[i].key = jv_str(&members[i]->key);
		node->hash += mix(str_hash(node->kids[i].key) + mix(node->kids[i].hash));
	}
	return 0;
}

int json_node_make(struct arena *a, const struct jv *v, struct json_node *ret)
{
	int r = 0;

	*ret = (struct json_node){ .value = v };
	switch (v->type) {
	case JV_NUMBER:
		ret->hash = number_hash(jv_str(v));
		break;
	case JV_STRING:
		ret->hash = str_hash(jv_str(v));
		break;
	case JV_ARRAY:
		r = v->len > 0 ? make_array(a, ret) : 0;
		break;
	case JV_OBJECT:
		r = v->len > 0 ? make_object(a, ret) : 0;
		break;
	default:
		break;
	}
	ret->hash = mix(ret->hash + v->type + 1);
	return r;
}

static bool same_kids(const struct json_node *a, const struct json_node *b)
{
	bool array = a->value->type == JV_ARRAY;

	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct json_node *x = &a->kids[array ? a->by_hash[i] : i];
		const struct json_node *y = &b->kids[array ? b->by_hash[i] : i];

		if (!str_eq(x->key, y->key) || !json_node_same(x, y))
			return false;
	}
	return true;
}

bool json_node_same(const struct json_node *a, const struct json_node *b)
{
	if (a->hash != b->hash || a->value->type != b->value->type)
		return false;
	if (a->value->type == JV_ARRAY || a->value->type == JV_OBJECT)
		return same_kids(a, b);
	return jv_equal(a->value, b->value);
}

const struct json_node *json_node_get(const struct json_node *object, struct str key)
{
	uint32_t low = 0, high = object->n;

	while (low < high) {
		uint32_t at = low + (high - low) / 2;
		int order = str_cmp(object->kids[at].key, key);

		if (order == 0)
			return &object->kids[at];
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}
