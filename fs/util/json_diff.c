/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Differences of two JSON values: the walk over both trees and the pointers. Which elements of
 * two arrays belong together is json_align's to say; this file says it so that a reader is not
 * misled. Pointers of pairs have the index in the new array. A DELETE has the old one; where the
 * new array has something at that index which itself is told of, that would read as if it were
 * about the same element, so the two become one UPDATE when the new one has no partner, and the
 * DELETE is numbered on behind both arrays' ends when it has.
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
};

static int diff_nodes(struct diff *d, const struct json_node *old,
		      const struct json_node *new);

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

static int diff_member(struct diff *d, struct str key, const struct json_node *old,
		       const struct json_node *new)
{
	size_t length = d->path.len;
	int r;

	push_key(d, key);
	r = diff_nodes(d, old, new);
	d->path.len = length;
	return r;
}

/* `whole` tells of the elements without looking inside. */
static int diff_element(struct diff *d, size_t index, const struct json_node *old,
			const struct json_node *new, bool whole)
{
	size_t length = d->path.len;
	int r;

	buf_printf(&d->path, "/%zu", index);
	r = whole ? emit(d, old->value, new->value) : diff_nodes(d, old, new);
	d->path.len = length;
	return r;
}

/* --- objects and arrays --------------------------------------------------------------------- */

static int diff_objects(struct diff *d, const struct json_node *old,
			const struct json_node *new)
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
			r = diff_member(d, old->kids[i].key, &old->kids[i], NULL);
		else
			r = diff_member(d, new->kids[j].key,
					order == 0 ? &old->kids[i] : NULL, &new->kids[j]);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}

static bool is_array(const struct json_node *node)
{
	return node->value->type == JV_ARRAY;
}

/*
 * What is to be said at index i of the new array: of the new element there, with its partner or,
 * when both are without one, with the old element at i; then of that one, if it went. Whether it
 * must be numbered on behind the end (since something was said at i) is returned in *ret_shift.
 */
static int diff_index(struct diff *d, uint32_t i, const struct json_node *old,
		      const struct json_node *new, const uint32_t *partner_old,
		      const uint32_t *partner_new, bool *ret_shift)
{
	bool gone = i < old->n && partner_old[i] == JSON_NO_PARTNER;
	const struct json_node *was = gone ? &old->kids[i] : NULL;
	const struct json_node *is = &new->kids[i];
	size_t before = d->n;
	int r;

	*ret_shift = false;
	if (partner_new[i] == JSON_NO_PARTNER) {
		bool inside = was && is_array(was) && is_array(is);

		return diff_element(d, i, was, is, was && !inside);
	}
	r = diff_element(d, i, &old->kids[partner_new[i]], is, false);
	if (r < 0 || !gone)
		return r;
	*ret_shift = d->n > before;
	return *ret_shift ? 0 : diff_element(d, i, was, NULL, false);
}

static int diff_arrays(struct diff *d, const struct json_node *old,
		       const struct json_node *new)
{
	uint32_t *partner_old = arena_alloc(&d->scratch, old->n * sizeof(uint32_t) + 1);
	uint32_t *partner_new = arena_alloc(&d->scratch, new->n * sizeof(uint32_t) + 1);
	uint32_t *shifted = arena_alloc(&d->scratch, new->n * sizeof(uint32_t) + 1);
	size_t beyond = MAX(old->n, new->n);
	uint32_t n = 0;
	bool shift;
	int r;

	if (!partner_old || !partner_new || !shifted)
		return -ENOMEM;
	r = json_align(&d->scratch, old, new, partner_old, partner_new);
	for (uint32_t i = 0; r == 0 && i < new->n; i++) {
		r = diff_index(d, i, old, new, partner_old, partner_new, &shift);
		if (shift)
			shifted[n++] = i;
	}
	for (uint32_t i = new->n; r == 0 && i < old->n; i++)
		if (partner_old[i] == JSON_NO_PARTNER)
			r = diff_element(d, i, &old->kids[i], NULL, false);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = diff_element(d, beyond + i, &old->kids[shifted[i]], NULL, false);
	return r;
}

static int diff_nodes(struct diff *d, const struct json_node *old,
		      const struct json_node *new)
{
	if (!old || !new)
		return emit(d, old ? old->value : NULL, new ? new->value : NULL);
	if (json_node_same(old, new))
		return 0;
	if (old->value->type == JV_OBJECT && new->value->type == JV_OBJECT)
		return diff_objects(d, old, new);
	if (is_array(old) && is_array(new))
		return diff_arrays(d, old, new);
	return emit(d, old->value, new->value);
}

static int diff_values(struct diff *d, const struct jv *before, const struct jv *after)
{
	struct json_node old, new;
	int r = 0;

	if (before)
		r = json_node_make(&d->scratch, before, &old);
	if (r == 0 && after)
		r = json_node_make(&d->scratch, after, &new);
	if (r < 0 || (!before && !after))
		return r;
	return diff_nodes(d, before ? &old : NULL, after ? &new : NULL);
}

int json_diff(struct arena *a, const struct jv *before, const struct jv *after,
	      struct json_diff *ret)
{
	_cleanup_(diff_deinit) struct diff d = { .arena = a };
	struct json_diff_entry *entries = NULL;
	int r = diff_values(&d, before, after);

	if (r < 0)
		return r;
	if (d.n > 0) {
		entries = arena_alloc(a, d.entries.len);
		if (!entries)
			return -ENOMEM;
		memcpy(entries, d.entries.data, d.entries.len);
	}
	*ret = (struct json_diff){ entries, d.n };
	return 0;
}
