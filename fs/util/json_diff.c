/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Differences of two JSON values: the walk over both trees and the pointers. Which elements of
 * two arrays belong together is json_align's to say; this file says it so that a reader is not
 * misled. Pointers of pairs have the index in the new array. A DELETE has the old one; where the
 * new array has something at that index which itself is told of, that would read as if it were
 * about the same element, so the two become one UPDATE when the new one has no partner, and the
 * DELETE is numbered on behind both arrays' ends when it has.
 *
 * Origins are carried along on the way: each pair of nodes is compared with the old one's at hand
 * and leaves the new one's; who called it notes that in its own, which is made only then.
 *
 * Recursion is as deep as values nest, which the parser bounds.
 */

#include "util/json_diff.h"

#include <errno.h>

#include "json_diff_private.h"

struct diff {
	struct arena scratch;
	struct arena *arena; /* the caller's: pointers and entries */
	struct buf path;
	struct buf entries; /* struct json_diff_entry */
	size_t n;
	const struct json_trace *trace; /* NULL: nothing is traced */
};

/*
 * What is traced beside a pair of nodes: the origin of the old one, which becomes that of the
 * new one (NULL: as what they are in, which is from mark).
 */
struct traced {
	struct json_origin *origin;
	uint32_t mark;
};

static int diff_nodes(struct diff *d, const struct json_node *old,
		      const struct json_node *new, struct traced *t);

static void diff_deinit(struct diff *d)
{
	arena_deinit(&d->scratch);
	buf_deinit(&d->path);
	buf_deinit(&d->entries);
}

/* --- entries -------------------------------------------------------------------------------- */

static int emit(struct diff *d, const struct jv *previous, const struct jv *updated)
{
	struct json_diff_entry entry = {
		.pointer = STR(""),
		.kind = JSON_DIFF_UPDATE,
		.previous = previous,
		.updated = updated,
	};

	if (!previous)
		entry.kind = JSON_DIFF_CREATE;
	else if (!updated)
		entry.kind = JSON_DIFF_DELETE;
	if (buf_error(&d->path) < 0)
		return -ENOMEM;
	if (d->path.len > 0)
		entry.pointer = arena_str(d->arena, buf_str(&d->path));
	if (!entry.pointer.p)
		return -ENOMEM;
	buf_put(&d->entries, &entry, sizeof(entry));
	d->n++;
	return buf_error(&d->entries);
}

/* RFC 6901: ~ is ~0, / is ~1. */
static void push_key(struct diff *d, struct str key)
{
	buf_put_char(&d->path, '/');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '~')
			buf_put_text(&d->path, "~0");
		else if (key.p[i] == '/')
			buf_put_text(&d->path, "~1");
		else
			buf_put_char(&d->path, key.p[i]);
	}
}

/* --- origins -------------------------------------------------------------------------------- */

static struct traced traced_part(const struct traced *whole, struct json_origin *part)
{
	uint32_t mark = whole->origin ? whole->origin->mark : whole->mark;

	return (struct traced){ part, part ? part->mark : mark };
}

/* The value comes from the change at hand. */
static int trace_fresh(struct diff *d, struct traced *t)
{
	if (!d->trace)
		return 0;
	t->mark = d->trace->mark;
	t->origin = json_origin_new(d->trace->arena, t->mark);
	return t->origin ? 0 : -ENOMEM;
}

/* The whole gets an origin of its own, so that parts of it can have others. */
static int trace_own(struct diff *d, struct traced *t)
{
	if (!t->origin)
		t->origin = json_origin_new(d->trace->arena, t->mark);
	return t->origin ? 0 : -ENOMEM;
}

static int trace_member(struct diff *d, struct traced *t, struct str key,
			const struct json_origin *before, struct json_origin *origin)
{
	int r;

	if (origin == before)
		return 0;
	r = trace_own(d, t);
	return r ? r : json_origin_set_member(d->trace->arena, t->origin, key, origin);
}

/* The origins of an array's new elements, gathered until it is known whether any has one. */
struct traced_items {
	struct json_origin **items; /* NULL while none has */
};

static int trace_item(struct diff *d, struct traced_items *list, uint32_t n, uint32_t i,
		      struct json_origin *origin)
{
	if (!origin)
		return 0;
	if (!list->items)
		list->items = arena_zalloc(d->trace->arena, n * sizeof(*list->items));
	if (!list->items)
		return -ENOMEM;
	list->items[i] = origin;
	return 0;
}

static int trace_items(struct diff *d, struct traced *t, const struct traced_items *list,
		       uint32_t n)
{
	int r = 0;

	if (!list->items && (!t->origin || !t->origin->n_items))
		return 0;
	r = trace_own(d, t);
	if (r)
		return r;
	t->origin->items = list->items;
	t->origin->n_items = list->items ? n : 0;
	return 0;
}

static int retrace(struct diff *d, const struct json_node *old,
		   const struct json_node *new, struct traced *t);

static int retrace_array(struct diff *d, const struct json_node *old,
			 const struct json_node *new, struct traced *t)
{
	uint32_t *partner_old = arena_alloc(&d->scratch, old->n * sizeof(uint32_t) + 1);
	uint32_t *partner_new = arena_alloc(&d->scratch, new->n * sizeof(uint32_t) + 1);
	struct traced_items list = { 0 };
	int r = partner_old && partner_new ? 0 : -ENOMEM;

	if (!r)
		r = json_align(&d->scratch, old, new, partner_old, partner_new);
	for (uint32_t i = 0; r == 0 && i < new->n; i++) {
		uint32_t from = partner_new[i];
		struct traced part;

		if (from == JSON_NO_PARTNER)
			continue;
		part = traced_part(t, json_origin_item(t->origin, from));
		r = retrace(d, &old->kids[from], &new->kids[i], &part);
		if (r == 0)
			r = trace_item(d, &list, new->n, i, part.origin);
	}
	return r ? r : trace_items(d, t, &list, new->n);
}

/* Equal but for the order of elements: their origins move along, where they have any. */
static int retrace(struct diff *d, const struct json_node *old,
		   const struct json_node *new, struct traced *t)
{
	int r = 0;

	if (!t->origin)
		return 0;
	if (t->origin->n_items && old->value->type == JV_ARRAY)
		return retrace_array(d, old, new, t);
	for (uint32_t i = 0; r == 0 && i < t->origin->n_members; i++) {
		const struct json_origin_member *m = &t->origin->members[i];
		const struct json_node *x = json_node_get(old, m->key);
		const struct json_node *y = json_node_get(new, m->key);
		struct traced part = traced_part(t, m->origin);

		/* It has an origin already, which stays the same object. */
		if (x && y)
			r = retrace(d, x, y, &part);
	}
	return r;
}

/* --- pairs ---------------------------------------------------------------------------------- */

static int diff_member(struct diff *d, struct str key, const struct json_node *old,
		       const struct json_node *new, struct traced *t)
{
	struct json_origin *before = json_origin_member(t->origin, key);
	struct traced part = traced_part(t, before);
	size_t length = d->path.len;
	int r;

	push_key(d, key);
	r = diff_nodes(d, old, new, &part);
	d->path.len = length;
	return r ? r : trace_member(d, t, key, before, part.origin);
}

/* `whole` tells of the elements without looking inside. */
static int diff_element(struct diff *d, size_t index, const struct json_node *old,
			const struct json_node *new, bool whole, struct traced *t)
{
	size_t length = d->path.len;
	int r;

	buf_printf(&d->path, "/%zu", index);
	if (whole) {
		r = emit(d, old->value, new->value);
		if (r == 0)
			r = trace_fresh(d, t);
	} else {
		r = diff_nodes(d, old, new, t);
	}
	d->path.len = length;
	return r;
}

/* An old element that went. */
static int diff_gone(struct diff *d, size_t index, const struct json_node *old)
{
	struct traced none = { 0 };

	return diff_element(d, index, old, NULL, false, &none);
}

/* --- objects and arrays --------------------------------------------------------------------- */

static int diff_objects(struct diff *d, const struct json_node *old,
			const struct json_node *new, struct traced *t)
{
	uint32_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < old->n || j < new->n)) {
		int order = 0;

		if (i < old->n && j < new->n)
			order = str_cmp(old->kids[i].key, new->kids[j].key);
		else
			order = i < old->n ? -1 : 1;
		if (order < 0)
			r = diff_member(d, old->kids[i].key, &old->kids[i], NULL, t);
		else
			r = diff_member(d, new->kids[j].key,
					order == 0 ? &old->kids[i] : NULL, &new->kids[j],
					t);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static bool is_array(const struct json_node *node)
{
	return node->value->type == JV_ARRAY;
}

/* Two arrays, their alignment, and the origins of the old one's elements. */
struct arrays {
	const struct json_node *old, *new;
	uint32_t *partner_old, *partner_new;
	const struct traced *origins;
};

static struct traced origin_of_old(const struct arrays *p, uint32_t i)
{
	return traced_part(p->origins, json_origin_item(p->origins->origin, i));
}

/*
 * What is to be said at index i of the new array: of the new element there, with its partner or,
 * when both are without one, with the old element at i; then of that one, if it went. Whether it
 * must be numbered on behind the end (since something was said at i) is returned in *ret_shift.
 */
static int diff_index(struct diff *d, uint32_t i, const struct arrays *p,
		      struct traced *ret_t, bool *ret_shift)
{
	bool gone = i < p->old->n && p->partner_old[i] == JSON_NO_PARTNER;
	const struct json_node *was = gone ? &p->old->kids[i] : NULL;
	const struct json_node *is = &p->new->kids[i];
	uint32_t from = p->partner_new[i];
	size_t before = d->n;
	int r;

	*ret_shift = false;
	if (from == JSON_NO_PARTNER) {
		bool inside = was && is_array(was) && is_array(is);

		*ret_t = origin_of_old(p, i);
		return diff_element(d, i, was, is, was && !inside, ret_t);
	}
	*ret_t = origin_of_old(p, from);
	r = diff_element(d, i, &p->old->kids[from], is, false, ret_t);
	if (r < 0 || !gone)
		return r;
	*ret_shift = d->n > before;
	return *ret_shift ? 0 : diff_gone(d, i, was);
}

static int diff_arrays(struct diff *d, const struct json_node *old,
		       const struct json_node *new, struct traced *t)
{
	struct arrays p = { .old = old, .new = new, .origins = t };
	uint32_t *shifted = arena_alloc(&d->scratch, new->n * sizeof(uint32_t) + 1);
	struct traced_items list = { 0 };
	size_t beyond = MAX(old->n, new->n);
	uint32_t n = 0;
	bool shift;
	int r;

	p.partner_old = arena_alloc(&d->scratch, old->n * sizeof(uint32_t) + 1);
	p.partner_new = arena_alloc(&d->scratch, new->n * sizeof(uint32_t) + 1);
	if (!p.partner_old || !p.partner_new || !shifted)
		return -ENOMEM;
	r = json_align(&d->scratch, old, new, p.partner_old, p.partner_new);
	for (uint32_t i = 0; r == 0 && i < new->n; i++) {
		struct traced part;

		r = diff_index(d, i, &p, &part, &shift);
		if (shift)
			shifted[n++] = i;
		if (r == 0 && d->trace)
			r = trace_item(d, &list, new->n, i, part.origin);
	}
	for (uint32_t i = new->n; r == 0 && i < old->n; i++)
		if (p.partner_old[i] == JSON_NO_PARTNER)
			r = diff_gone(d, i, &old->kids[i]);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = diff_gone(d, beyond + i, &old->kids[shifted[i]]);
	return r || !d->trace ? r : trace_items(d, t, &list, new->n);
}

/* Two objects or two arrays that differ. */
static int diff_inside(struct diff *d, const struct json_node *old,
		       const struct json_node *new, struct traced *t)
{
	int r;

	if (is_array(old))
		r = diff_arrays(d, old, new, t);
	else
		r = diff_objects(d, old, new, t);
	/* What is left when the last part went was made by that. */
	return r == 0 && new->n == 0 ? trace_fresh(d, t) : r;
}

static int diff_nodes(struct diff *d, const struct json_node *old,
		      const struct json_node *new, struct traced *t)
{
	int r;

	if (old && new) {
		if (json_node_same(old, new))
			return d->trace ? retrace(d, old, new, t) : 0;
		if (old->value->type == new->value->type &&
		    (old->value->type == JV_OBJECT || is_array(old)))
			return diff_inside(d, old, new, t);
	}
	r = emit(d, old ? old->value : NULL, new ? new->value : NULL);
	return r || !new ? r : trace_fresh(d, t);
}

static int diff_values(struct diff *d, const struct jv *before, const struct jv *after,
		       struct traced *t)
{
	struct json_node old, new;
	int r = 0;

	if (before)
		r = json_node_make(&d->scratch, before, &old);
	if (r == 0 && after)
		r = json_node_make(&d->scratch, after, &new);
	if (r < 0 || (!before && !after))
		return r;
	return diff_nodes(d, before ? &old : NULL, after ? &new : NULL, t);
}

int json_diff_trace(struct arena *a, const struct jv *before, const struct jv *after,
		    const struct json_trace *trace, struct json_origin **origin,
		    struct json_diff *ret)
{
	_cleanup_(diff_deinit) struct diff d = { .arena = a, .trace = trace };
	struct traced t = { 0 };
	struct json_diff_entry *entries = NULL;
	int r;

	if (trace)
		t = (struct traced){ *origin, *origin ? (*origin)->mark : 0 };
	r = diff_values(&d, before, after, &t);
	if (r < 0)
		return r;
	if (d.n > 0) {
		entries = arena_alloc(a, d.entries.len);
		if (!entries)
			return -ENOMEM;
		memcpy(entries, d.entries.data, d.entries.len);
	}
	if (trace)
		*origin = t.origin;
	*ret = (struct json_diff){ entries, d.n };
	return 0;
}

int json_diff(struct arena *a, const struct jv *before, const struct jv *after,
	      struct json_diff *ret)
{
	return json_diff_trace(a, before, after, NULL, NULL, ret);
}
