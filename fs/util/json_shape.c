/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: reading them, and writing a value in one. Both the members of a shape and those of a
 * sorted text are in the order of their keys, so they are matched in one pass.
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

static int write_value(struct arena *a, struct buf *out, const struct jv *v,
		       const struct node *node, bool spaced);

/* An object's members where the shape has them; behind those places, the others. */
static const struct jv_member **place_members(struct arena *a, const struct jv *v,
					      const struct node *node, size_t *ret_n)
{
	size_t places = node->n + v->len, k = 0, n = node->n;
	const struct jv_member **at = arena_zalloc(a, MAX(places, 1u) * sizeof(*at));

	if (!at)
		return NULL;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct jv_member *m = &v->members[i];
		bool null = m->value.type == JV_NULL;
		int order = 1;

		while (k < node->n &&
		       (order = str_cmp(node->members[k].key, jv_str(&m->key))) < 0)
			k++;
		if (k == node->n || order > 0) {
			if (!null)
				at[n++] = m;
		} else if (!null || !node->members[k].optional) {
			at[node->members[k].place] = m;
		}
	}
	*ret_n = n;
	return at;
}

static const struct member *member_of(const struct node *node, struct str key)
{
	struct member wanted = { .key = key };

	return bsearch(&wanted, node->members, node->n, sizeof(wanted), by_key);
}

static int write_wrapped(struct arena *a, struct buf *out, const struct jv *v,
			 const struct member *m)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	int r = write_value(a, &text, v, m->value, m->wrap & JSON_WRAP_SPACED);

	if (!r)
		r = buf_error(&text);
	if (!r)
		json_wrap_put(out, buf_str(&text), m->wrap);
	return r;
}

static int write_member(struct arena *a, struct buf *out, const struct jv_member *from,
			const struct node *node, bool spaced)
{
	const struct member *m = member_of(node, jv_str(&from->key));
	const struct jv *v = &from->value;

	jv_write_string(out, jv_str(&from->key));
	buf_put_text(out, spaced ? ": " : ":");
	if (m && m->wrap && (v->type == JV_OBJECT || v->type == JV_ARRAY))
		return write_wrapped(a, out, v, m);
	return write_value(a, out, v, m ? m->value : NULL, spaced);
}

static int write_object(struct arena *a, struct buf *out, const struct jv *v,
			const struct node *node, bool spaced)
{
	bool first = true;
	size_t n;
	const struct jv_member **at = place_members(a, v, node, &n);

	if (!at)
		return -ENOMEM;
	buf_put_char(out, '{');
	for (size_t i = 0; i < n; i++) {
		int r;

		if (!at[i])
			continue;
		if (!first)
			buf_put_text(out, spaced ? ", " : ",");
		first = false;
		r = write_member(a, out, at[i], node, spaced);
		if (r)
			return r;
	}
	buf_put_char(out, '}');
	return 0;
}

static int write_value(struct arena *a, struct buf *out, const struct jv *v,
		       const struct node *node, bool spaced)
{
	if (!node || (v->type != JV_OBJECT && v->type != JV_ARRAY)) {
		json_wrap_write(out, v, spaced);
		return 0;
	}
	if (v->type == JV_OBJECT)
		return write_object(a, out, v, node, spaced);
	buf_put_char(out, '[');
	for (uint32_t i = 0; i < v->len; i++) {
		int r;

		if (i > 0)
			buf_put_text(out, spaced ? ", " : ",");
		r = write_value(a, out, &v->items[i], node, spaced);
		if (r)
			return r;
	}
	buf_put_char(out, ']');
	return 0;
}

int jv_shape_write(const struct jv_shape *shape, struct str sorted, struct buf *out)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct jv v;
	int r = jv_parse(&a, sorted, &v, NULL);

	if (!r)
		r = write_value(&a, out, &v, shape->root, false);
	return r ? r : buf_error(out);
}
