/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: reading them, and writing a value in one. Both the members of a shape and those of a
 * sorted text are in the order of their keys: what comes next in the one is mostly what comes next in
 * the other.
 */
#include "util/json_shape.h"

#include <errno.h>
#include <stdlib.h>

#include "json_shape_private.h"

struct node;

struct member {
	struct str key;
	size_t place;
	bool optional;
	unsigned wrap;            /* enum json_wrap, of containers */
	const struct node *value; /* NULL: of no shape */
};

struct node {
	size_t n;
	struct member *members; /* by key */
};

struct jv_shape {
	struct arena arena;
	const struct node *root;
};

/* --- reading ------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	return str_cmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

/* Recurses as deep as values nest, which jv_parse() bounds. */
static int read_node(struct arena *a, const struct jv *v, const struct node **ret)
{
	struct node *node;

	*ret = NULL;
	if (v->type != JV_OBJECT)
		return v->type == JV_NUMBER ? 0 : JV_E_SYNTAX;
	node = arena_alloc(a, sizeof(*node));
	if (!node)
		return -ENOMEM;
	node->n = v->len;
	node->members = arena_alloc(a, MAX(v->len, 1u) * sizeof(node->members[0]));
	if (!node->members)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->len; i++) {
		struct member *m = &node->members[i];
		const struct jv *value = &v->members[i].value;
		int r;

		*m = (struct member){ .key = jv_str(&v->members[i].key), .place = i };
		if (value->type == JV_ARRAY) {
			r = json_wrap_read(value, &m->optional, &m->wrap);
			if (r)
				return r;
			value = &value->items[0];
		}
		r = read_node(a, value, &m->value);
		if (r)
			return r;
	}
	qsort(node->members, node->n, sizeof(node->members[0]), by_key);
	*ret = node;
	return 0;
}

static void shape_freep(struct jv_shape **shape)
{
	*shape = jv_shape_free(*shape);
}

int jv_shape_new(struct str text, struct jv_shape **ret)
{
	_cleanup_(shape_freep) struct jv_shape *shape = calloc(1, sizeof(*shape));
	struct jv v;
	int r;

	if (!shape)
		return -ENOMEM;
	text = arena_str(&shape->arena, text);
	if (!text.p)
		return -ENOMEM;
	r = jv_parse(&shape->arena, text, &v, NULL);
	if (!r)
		r = read_node(&shape->arena, &v, &shape->root);
	if (!r)
		*ret = take_ptr(shape);
	return r;
}

struct jv_shape *jv_shape_free(struct jv_shape *shape)
{
	if (shape)
		arena_deinit(&shape->arena);
	free(shape);
	return NULL;
}

/* --- writing ------------------------------------------------------------------------------- */

struct writing {
	struct arena *arena;
	struct buf *out;
	/* Members stand in any order: what may come out otherwise of a sorted text is not written. */
	bool unsorted;
};

static int write_value(const struct writing *w, const struct jv *v,
		       const struct node *node, bool spaced);

/* A member on its way out, and what the shape knows of it. */
struct placed {
	const struct jv_member *from; /* NULL: nothing stands here */
	const struct member *shape;   /* NULL: it does not have it */
	bool left_out;
};

/* `guess` is where it is if both are in one order. */
static const struct member *member_of(const struct node *node, struct str key,
				      size_t guess)
{
	struct member wanted = { .key = key };

	if (guess < node->n && str_eq(node->members[guess].key, key))
		return &node->members[guess];
	return node->n ? bsearch(&wanted, node->members, node->n, sizeof(wanted), by_key)
		       : NULL;
}

/* Among n others, by key; false where there is one of its name. */
static bool place_last(struct placed *others, size_t n, const struct jv_member *m)
{
	int order = 1;

	while (n &&
	       (order = str_cmp(jv_str(&m->key), jv_str(&others[n - 1].from->key))) < 0) {
		others[n] = others[n - 1];
		n--;
	}
	others[n] = (struct placed){ .from = m, .left_out = m->value.type == JV_NULL };
	return order != 0;
}

/* An object's members where the shape has them; behind those places, the others. */
static int place_members(const struct writing *w, const struct jv *v,
			 const struct node *node, struct placed **ret, size_t *ret_n)
{
	size_t places = node->n + v->len, next = 0, n = node->n;
	struct placed *at = arena_zalloc(w->arena, MAX(places, 1u) * sizeof(*at));

	if (!at)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct jv_member *m = &v->members[i];
		const struct member *shape = member_of(node, jv_str(&m->key), next);
		bool null = m->value.type == JV_NULL;

		if (shape) {
			/* Which of two of a name counts is not known here. */
			if (w->unsorted && at[shape->place].from)
				return JV_E_SYNTAX;
			next = (size_t)(shape - node->members) + 1;
			at[shape->place] =
				(struct placed){ m, shape, null && shape->optional };
		} else if (!w->unsorted) {
			at[n++] = (struct placed){ .from = m, .left_out = null };
		} else if (!place_last(at + node->n, n++ - node->n, m)) {
			return JV_E_SYNTAX;
		}
	}
	*ret = at;
	*ret_n = n;
	return 0;
}

static int write_wrapped(const struct writing *w, const struct jv *v,
			 const struct member *m)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	const struct writing inner = { w->arena, &text, w->unsorted };
	int r = write_value(&inner, v, m->value, m->wrap & JSON_WRAP_SPACED);

	if (!r)
		r = buf_error(&text);
	if (!r)
		json_wrap_put(w->out, buf_str(&text), m->wrap);
	return r;
}

static int write_member(const struct writing *w, const struct placed *at, bool spaced)
{
	const struct member *m = at->shape;
	const struct jv *v = &at->from->value;

	jv_write_string(w->out, jv_str(&at->from->key));
	buf_put_text(w->out, spaced ? ": " : ":");
	if (m && m->wrap && (v->type == JV_OBJECT || v->type == JV_ARRAY))
		return write_wrapped(w, v, m);
	return write_value(w, v, m ? m->value : NULL, spaced);
}

static int write_object(const struct writing *w, const struct jv *v,
			const struct node *node, bool spaced)
{
	struct placed *at = NULL;
	bool first = true;
	size_t n = 0;
	int r = place_members(w, v, node, &at, &n);

	if (r)
		return r;
	buf_put_char(w->out, '{');
	for (size_t i = 0; i < n; i++) {
		if (!at[i].from || at[i].left_out)
			continue;
		if (!first)
			buf_put_text(w->out, spaced ? ", " : ",");
		first = false;
		r = write_member(w, &at[i], spaced);
		if (r)
			return r;
	}
	buf_put_char(w->out, '}');
	return 0;
}

/* Of no shape. Members of objects stand in no order that is known. */
static int write_other(const struct writing *w, const struct jv *v, bool spaced)
{
	if (w->unsorted && v->type == JV_OBJECT && v->len)
		return JV_E_SYNTAX;
	for (uint32_t i = 0; w->unsorted && v->type == JV_ARRAY && i < v->len; i++)
		if (v->items[i].type == JV_OBJECT || v->items[i].type == JV_ARRAY)
			return JV_E_SYNTAX;
	json_wrap_write(w->out, v, spaced);
	return 0;
}

static int write_value(const struct writing *w, const struct jv *v,
		       const struct node *node, bool spaced)
{
	if (!node || (v->type != JV_OBJECT && v->type != JV_ARRAY))
		return write_other(w, v, spaced);
	if (v->type == JV_OBJECT)
		return write_object(w, v, node, spaced);
	buf_put_char(w->out, '[');
	for (uint32_t i = 0; i < v->len; i++) {
		int r;

		if (i > 0)
			buf_put_text(w->out, spaced ? ", " : ",");
		r = write_value(w, &v->items[i], node, spaced);
		if (r)
			return r;
	}
	buf_put_char(w->out, ']');
	return 0;
}

int jv_shape_write(const struct jv_shape *shape, struct str sorted, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	const struct writing w = { .arena = &a, .out = out };
	struct jv v;
	int r = jv_parse(&a, sorted, &v, NULL);

	if (!r)
		r = write_value(&w, &v, shape->root, false);
	return r ? r : buf_error(out);
}

int jv_shape_makes(const struct jv_shape *shape, const struct jv *v, struct str text,
		   struct arena *a, struct buf *scratch, bool *ret)
{
	const struct writing w = { a, scratch, .unsorted = true };
	int r;

	buf_reset(scratch);
	r = write_value(&w, v, shape->root, false);
	if (!r)
		r = buf_error(scratch);
	*ret = !r && str_eq(buf_str(scratch), text);
	return r == JV_E_SYNTAX ? 0 : r;
}
