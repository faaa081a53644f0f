/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning a shape. A key that is new goes behind the one it was met behind; where two examples
 * disagree about the order, that of the first one stays.
 */
#include <errno.h>

#include "json_shape_private.h"
#include "util/json_shape.h"

#define MEMBERS_MAX 256u /* of an object; more are a table, not a shape */
#define DEPTH_MAX   64u

struct draft;

struct member {
	struct str key;
	struct member *next;
	struct draft *value;
	bool optional, met;
	unsigned wrap; /* enum json_wrap */
};

struct draft {
	struct member *first;
	size_t n;
	bool met; /* by an object */
};

struct learner {
	struct arena arena;
	unsigned depth;
};

static void learner_deinit(struct learner *l)
{
	arena_deinit(&l->arena);
}

static struct member *find(struct member *from, struct str key)
{
	while (from && !str_eq(from->key, key))
		from = from->next;
	return from;
}

static int insert(struct learner *l, struct draft *d, struct member **place,
		  struct str key)
{
	struct member *m = arena_zalloc(&l->arena, sizeof(*m));

	if (d->n++ == MEMBERS_MAX)
		return JV_E_SYNTAX;
	if (!m)
		return -ENOMEM;
	m->value = arena_zalloc(&l->arena, sizeof(*m->value));
	if (!m->value)
		return -ENOMEM;
	m->key = key;
	m->next = *place;
	*place = m;
	return 0;
}

/* --- a shape as it is ---------------------------------------------------------------------- */

static int read_draft(struct learner *l, struct draft *d, const struct jv *v)
{
	struct member **place = &d->first;

	if (v->type != JV_OBJECT)
		return v->type == JV_NUMBER ? 0 : JV_E_SYNTAX;
	d->met = true;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct jv *value = &v->members[i].value;
		int r = insert(l, d, place, jv_str(&v->members[i].key));

		if (r)
			return r;
		if (value->type == JV_ARRAY) {
			r = json_wrap_read(value, &(*place)->optional, &(*place)->wrap);
			if (r)
				return r;
			value = &value->items[0];
		}
		r = read_draft(l, (*place)->value, value);
		if (r)
			return r;
		place = &(*place)->next;
	}
	return 0;
}

/* --- an example ---------------------------------------------------------------------------- */

static int meet(struct learner *l, struct draft *d, const struct jv *v);

/* A container in a string is met as itself; of two ways to put it there the later one stays. */
static int meet_value(struct learner *l, struct member *m, const struct jv *v)
{
	unsigned wrap = JSON_WRAP_NONE;
	struct jv held;
	int r;

	if (v->type != JV_STRING)
		return meet(l, m->value, v);
	r = json_wrap_find(&l->arena, jv_str(v), &wrap, &held);
	if (r || !wrap)
		return r;
	m->wrap = wrap;
	return meet(l, m->value, &held);
}

static int meet_members(struct learner *l, struct draft *d, const struct jv *v)
{
	struct member **place = &d->first;

	for (uint32_t i = 0; i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);
		struct member *m = find(*place, key);
		int r = 0;

		if (!m)
			m = find(d->first, key);
		if (!m) {
			r = insert(l, d, place, key);
			if (r)
				return r;
			m = *place;
			m->optional = d->met;
		}
		/* Of two members with one name the sorted text has the last only. */
		if (m->met)
			return JV_E_SYNTAX;
		m->met = true;
		place = &m->next;
		r = meet_value(l, m, &v->members[i].value);
		if (r)
			return r;
	}
	return 0;
}

static int meet_object(struct learner *l, struct draft *d, const struct jv *v)
{
	int r = meet_members(l, d, v);

	for (struct member *m = d->first; m; m = m->next) {
		m->optional = m->optional || !m->met;
		m->met = false;
	}
	d->met = true;
	return r;
}

static int meet(struct learner *l, struct draft *d, const struct jv *v)
{
	int r = 0;

	if (v->type != JV_OBJECT && v->type != JV_ARRAY)
		return 0;
	if (l->depth == DEPTH_MAX)
		return JV_E_SYNTAX;
	l->depth++;
	if (v->type == JV_OBJECT)
		r = meet_object(l, d, v);
	for (uint32_t i = 0; v->type == JV_ARRAY && i < v->len && !r; i++)
		r = meet(l, d, &v->items[i]);
	l->depth--;
	return r;
}

/* ------------------------------------------------------------------------------------------- */

static void write_draft(struct buf *out, const struct draft *d)
{
	if (!d->met) {
		buf_put_char(out, '0');
		return;
	}
	buf_put_char(out, '{');
	for (const struct member *m = d->first; m; m = m->next) {
		if (m != d->first)
			buf_put_char(out, ',');
		jv_write_string(out, m->key);
		buf_put_text(out, m->optional || m->wrap ? ":[" : ":");
		write_draft(out, m->value);
		if (m->wrap)
			buf_printf(out, ",%d,%u]", m->optional, m->wrap);
		else if (m->optional)
			buf_put_char(out, ']');
	}
	buf_put_char(out, '}');
}

int jv_shape_learn(struct str before, struct str example, struct buf *out)
{
	_cleanup_(learner_deinit) struct learner l = { 0 };
	struct draft root = { 0 };
	size_t start = out->len;
	struct jv v;
	int r = 0;

	if (before.n) {
		r = jv_parse(&l.arena, before, &v, NULL);
		if (!r)
			r = read_draft(&l, &root, &v);
	}
	if (!r)
		r = jv_parse(&l.arena, example, &v, NULL);
	if (!r)
		r = meet(&l, &root, &v);
	if (r)
		return r;
	write_draft(out, &root);
	r = buf_error(out);
	return r ? r : out->len - start > JV_SHAPE_MAX ? JV_E_SYNTAX : 0;
}
