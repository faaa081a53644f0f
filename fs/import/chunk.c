/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeping what a parser found beyond its next record. Most strings of a record stand in its
 * text as they are, and the text stays with the chunk until all is written: they are kept by
 * doing nothing. The rest is copied into the chunk's arena.
 */
#include "chunk.h"

#include <errno.h>
#include <stdlib.h>

struct chunk *chunk_new(void)
{
	struct chunk *c = calloc(1, sizeof(*c));

	if (c)
		c->last = &c->facts;
	return c;
}

struct chunk *chunk_free(struct chunk *c)
{
	if (!c)
		return NULL;
	buf_deinit(&c->text);
	buf_deinit(&c->records);
	arena_deinit(&c->arena);
	free(c);
	return NULL;
}

void chunk_reset(struct chunk *c)
{
	buf_reset(&c->text);
	buf_reset(&c->records);
	arena_reset(&c->arena);
	c->held = 0;
	c->facts = NULL;
	c->last = &c->facts;
	c->next = NULL;
	c->state = CHUNK_FILLING;
	c->charged = 0;
}

int chunk_add(struct chunk *c, const struct chunk_record *record, struct str text)
{
	struct chunk_record r = *record;

	r.start = c->text.len;
	r.length = text.n;
	if (record->damage) {
		struct fault *damage = chunk_alloc(c, sizeof(*damage));

		if (!damage)
			return -ENOMEM;
		*damage = *record->damage;
		r.damage = damage;
	}
	buf_put_str(&c->text, text);
	buf_put(&c->records, &r, sizeof(r));
	return buf_error(&c->text) ? -ENOMEM : buf_error(&c->records);
}

void *chunk_alloc(struct chunk *c, size_t size)
{
	c->held += size;
	return arena_alloc(&c->arena, size);
}

bool chunk_keep(struct chunk *c, struct str *s)
{
	if (!s->n) {
		s->p = "";
		return true;
	}
	if ((uintptr_t)s->p - (uintptr_t)c->text.data < c->text.len)
		return true;
	c->held += s->n + 1;
	*s = arena_str(&c->arena, *s);
	return s->p != NULL;
}

static bool keep_text(struct chunk *c, struct jv *v)
{
	struct str s = { v->text, v->len };
	bool kept = chunk_keep(c, &s);

	v->text = s.p;
	return kept;
}

/* What stands in *v is kept with all it points to. Depth is bounded by the parser (JV_MAX_DEPTH). */
static bool keep_inside(struct chunk *c, struct jv *v)
{
	if (v->type == JV_STRING || v->type == JV_NUMBER)
		return keep_text(c, v);
	if (v->type == JV_ARRAY && v->len) {
		struct jv *items = chunk_alloc(c, v->len * sizeof(*items));

		if (!items)
			return false;
		memcpy(items, v->items, v->len * sizeof(*items));
		v->items = items;
		for (uint32_t i = 0; i < v->len; i++)
			if (!keep_inside(c, &items[i]))
				return false;
	}
	if (v->type == JV_OBJECT && v->len) {
		struct jv_member *members = chunk_alloc(c, v->len * sizeof(*members));

		if (!members)
			return false;
		memcpy(members, v->members, v->len * sizeof(*members));
		v->members = members;
		for (uint32_t i = 0; i < v->len; i++)
			if (!keep_text(c, &members[i].key) ||
			    !keep_inside(c, &members[i].value))
				return false;
	}
	return true;
}

bool chunk_keep_value(struct chunk *c, const struct jv **v)
{
	struct jv *copy;

	if (!*v)
		return true;
	copy = chunk_alloc(c, sizeof(*copy));
	if (!copy)
		return false;
	*copy = **v;
	*v = copy;
	return keep_inside(c, copy);
}

void *chunk_fact(struct chunk *c, size_t size, enum fact_kind kind, uint64_t offset)
{
	struct fact *f = chunk_alloc(c, size);

	if (!f)
		return NULL;
	memset(f, 0, size);
	f->kind = kind;
	f->offset = offset;
	*c->last = f;
	c->last = &f->next;
	return f;
}
