/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The best evidence there is: what the request set is what the change shows.
 *
 * Both sides are flattened to leaves. A leaf matches by member name and value together
 * ("fromPort": 22), or, where the value tells enough by itself (an id, a CIDR, a text of some
 * length), by value alone, since names differ between the API and Config. Account ids, regions,
 * the resource's own names, times and switches match everything and so count for nothing.
 */
#include "values.h"

#include <errno.h>
#include <stdlib.h>

#include "util/json_pointer.h"

#include "words.h"

#define LEAVES_MAX 20000 /* of one state or event; more would not tell more */

struct collect {
	struct arena *arena;
	struct value_leaf *leaves;
	size_t n, cap, entry;
	bool gone;              /* the side of the difference under way */
	const struct item *own; /* whose names are left out; may be NULL */
	unsigned opened;        /* strings of JSON opened on the way here */
	int error;
};

static void add(struct collect *c, struct value_leaf leaf)
{
	if (c->n >= LEAVES_MAX)
		return;
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 64;
		struct value_leaf *grown = arena_alloc(c->arena, cap * sizeof(*grown));

		if (!grown) {
			c->error = -ENOMEM;
			return;
		}
		if (c->n)
			memcpy(grown, c->leaves, c->n * sizeof(*grown));
		c->leaves = grown;
		c->cap = cap;
	}
	leaf.entry = (uint32_t)c->entry;
	leaf.gone = c->gone;
	c->leaves[c->n++] = leaf;
}

static void push(struct collect *c, struct str key, struct str value)
{
	struct value_leaf leaf;

	if (value_leaf_of(c->own, key, value, &leaf))
		add(c, leaf);
}

static void push_tag(struct collect *c, struct str key, struct str value)
{
	add(c, value_leaf_of_tag(c->own, key, value));
}

static void flatten(struct collect *c, struct str key, const struct jv *v);

/* Policies and the like come as strings in requests and stand opened in states. */
static void flatten_string(struct collect *c, struct str key, struct str text)
{
	struct jv inner;

	if (text.n > 2 && (text.p[0] == '{' || text.p[0] == '[') && c->opened < 2 &&
	    jv_parse(c->arena, text, &inner, NULL) == 0) {
		c->opened++;
		flatten(c, key, &inner);
		c->opened--;
	} else {
		push(c, key, text);
	}
}

/* {"Key": k, "Value": v} is the tag k: v, which others write as a member. */
static bool flatten_tag(struct collect *c, const struct jv *v)
{
	const struct jv *key, *value;

	if (v->len != 2)
		return false;
	for (uint32_t i = 0; i < 2; i++) {
		key = &v->members[i].value;
		value = &v->members[1 - i].value;
		if (!str_eq_nocase(jv_str(&v->members[i].key), STR("key")) ||
		    !str_eq_nocase(jv_str(&v->members[1 - i].key), STR("value")) ||
		    key->type != JV_STRING || value->type != JV_STRING)
			continue;
		push_tag(c, jv_str(key), jv_str(value));
		return true;
	}
	return false;
}

/* {"tags": {k: v}}: text, whatever it looks like. */
static bool flatten_tags(struct collect *c, struct str key, const struct jv *v)
{
	if (!str_eq_nocase(key, STR("tags")) || !v->len)
		return false;
	for (uint32_t i = 0; i < v->len; i++)
		if (v->members[i].value.type != JV_STRING)
			return false;
	for (uint32_t i = 0; i < v->len; i++)
		push_tag(c, jv_str(&v->members[i].key), jv_str(&v->members[i].value));
	return true;
}

/* {"value": v}, EC2's manner for attributes, and its lists: the member around it has the name. */
static const struct jv *unwrapped(const struct jv *v)
{
	return v->len == 1 && str_is(jv_str(&v->members[0].key), "value")
		       ? &v->members[0].value
		       : words_listed(v);
}

static void flatten_object(struct collect *c, struct str key, const struct jv *v)
{
	const struct jv *inner;

	if (flatten_tag(c, v) || flatten_tags(c, key, v))
		return;
	inner = unwrapped(v);
	if (inner)
		flatten(c, key, inner);
	else
		for (uint32_t i = 0; i < v->len; i++)
			flatten(c, jv_str(&v->members[i].key), &v->members[i].value);
}

static void flatten(struct collect *c, struct str key, const struct jv *v)
{
	if (!v || c->error)
		return;
	switch (v->type) {
	case JV_STRING:
		flatten_string(c, key, jv_str(v));
		break;
	case JV_NUMBER:
		push(c, key, jv_str(v));
		break;
	case JV_TRUE:
	case JV_FALSE:
		push(c, key, v->type == JV_TRUE ? STR("true") : STR("false"));
		break;
	case JV_ARRAY:
		for (uint32_t i = 0; i < v->len; i++)
			flatten(c, key, &v->items[i]);
		break;
	case JV_OBJECT:
		flatten_object(c, key, v);
		break;
	default:
		break;
	}
}

static int by_pair(const void *a, const void *b)
{
	const struct value_leaf *x = a, *y = b;

	return x->pair < y->pair ? -1 : x->pair > y->pair;
}

/* What an event sets is gone through, never searched. */
static int finish_event(struct collect *c, struct value_set *ret)
{
	arena_trim(c->arena, c->leaves, c->n * sizeof(*c->leaves));
	*ret = (struct value_set){ .leaves = c->leaves, .n = c->n };
	return c->error;
}

static int finish(struct collect *c, struct value_set *ret)
{
	size_t places = 8;

	if (c->error)
		return c->error;
	while (places < 2 * c->n)
		places *= 2;
	*ret = (struct value_set){ .leaves = c->leaves, .n = c->n, .mask = places - 1 };
	ret->pairs = arena_zalloc(c->arena, 2 * places * sizeof(*ret->pairs));
	if (!ret->pairs)
		return -ENOMEM;
	ret->values = ret->pairs + places;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t value = c->leaves[i].value;

		*value_place(ret->pairs, ret->mask, c->leaves[i].pair) =
			c->leaves[i].pair;
		if (value)
			*value_place(ret->values, ret->mask, value) = value;
	}
	return 0;
}

static void flatten_state(struct collect *c, const struct jv *body)
{
	static const char *const parts[] = { "configuration",
					     "supplementaryConfiguration", "tags",
					     "relationships" };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		flatten(c, str_of(parts[i]), jv_get(body, parts[i]));
}

int values_of_state(struct arena *a, const struct jv *body, struct value_set *ret)
{
	struct collect c = { .arena = a };

	flatten_state(&c, body);
	return finish(&c, ret);
}

static const char tags[] = "/tags/";

static bool is_index(struct str part)
{
	for (size_t i = 0; i < part.n; i++)
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
	return true;
}

/* The last member name in a pointer: the key of a scalar that changed. A tag may be called 2024. */
static struct str pointer_key(struct str pointer)
{
	if (str_starts(pointer, tags))
		return str_from(pointer, sizeof(tags) - 1);
	for (;;) {
		ptrdiff_t slash = str_rchr(pointer, '/');
		struct str last =
			slash >= 0 ? str_from(pointer, (size_t)slash + 1) : pointer;

		if (slash <= 0 || !is_index(last))
			return last;
		pointer.n = (size_t)slash;
	}
}

/* Leaves that stand on both sides of an UPDATE did not change. */
static void drop_common(struct collect *c, size_t from, size_t middle)
{
	size_t kept = from, i = from, j = middle, end = c->n;
	struct value_leaf *l = c->leaves;

	if (middle == from || middle == end)
		return;
	qsort(l + from, middle - from, sizeof(*l), by_pair);
	qsort(l + middle, end - middle, sizeof(*l), by_pair);
	struct value_leaf *out = arena_alloc(c->arena, (end - from) * sizeof(*out));
	if (!out) {
		c->error = -ENOMEM;
		return;
	}
	size_t n = 0;
	while (i < middle || j < end) {
		if (j == end || (i < middle && l[i].pair < l[j].pair))
			out[n++] = l[i++];
		else if (i == middle || l[j].pair < l[i].pair)
			out[n++] = l[j++];
		else
			i++, j++;
	}
	memcpy(l + kept, out, n * sizeof(*out));
	c->n = kept + n;
}

/* Who takes a tag off names its key alone. */
static void push_lost_tag(struct collect *c, struct str key,
			  const struct json_diff_entry *d)
{
	if (!d->previous || d->updated || !str_starts(d->pointer, tags))
		return;
	push(c, STR("key"), key);
	push(c, STR("tagKeys"), key);
}

/* One side of an entry. */
static void flatten_side(struct collect *c, struct str pointer, struct str key,
			 const struct jv *v)
{
	if (v && v->type == JV_STRING && str_starts(pointer, tags))
		push_tag(c, key, jv_str(v));
	else
		flatten(c, key, v);
}

int values_of_change(struct arena *a, const struct change *change, struct value_set *ret)
{
	struct collect c = { .arena = a };

	if (change->type == CHANGE_CREATE) {
		flatten_state(&c, change->after);
		return finish(&c, ret);
	}
	for (size_t i = 0; i < change->diff.n && !c.error; i++) {
		const struct json_diff_entry *d = &change->diff.entries[i];
		size_t from = c.n, middle;
		struct str key;

		c.error = json_pointer_member(a, pointer_key(d->pointer), &key);
		c.entry = i;
		c.gone = true;
		flatten_side(&c, d->pointer, key, d->previous);
		push_lost_tag(&c, key, d);
		middle = c.n;
		c.gone = false;
		flatten_side(&c, d->pointer, key, d->updated);
		drop_common(&c, from, middle);
	}
	return finish(&c, ret);
}

int values_of_event(struct arena *a, const struct event *e, const struct item *item,
		    struct value_set *ret)
{
	struct collect c = { .arena = a, .own = item };

	flatten(&c, STR_NULL, e->request);
	flatten(&c, STR_NULL, e->service_details);
	flatten(&c, STR_NULL, e->response);
	return finish_event(&c, ret);
}

int values_of_request(struct arena *a, const struct event *e, const struct item *item,
		      struct value_set *ret)
{
	struct collect c = { .arena = a, .own = item };

	flatten(&c, STR_NULL, e->request);
	return finish_event(&c, ret);
}

int values_of_part(struct arena *a, const struct jv *v, struct value_set *ret)
{
	struct collect c = { .arena = a };

	flatten(&c, STR_NULL, v);
	return finish_event(&c, ret);
}
