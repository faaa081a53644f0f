/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that set a list, or tags, to less than was there.
 *
 * SetSubnets and PutBucketTagging name what is to stay, all of which was so before; what they took off
 * they do not name. So where an element went from a list, and the call asks for none that went but for
 * every one that is left, it is what the call left out.
 */
#include "work.h"

#define LEFT_MAX 1000 /* of more elements nobody asks in one call */

/* What the pointer's last part stood in, as it is after the change. */
static const struct jv *holder_of(const struct jv *v, struct str pointer)
{
	ptrdiff_t last = str_rchr(pointer, '/');
	size_t at = 1, end = last > 0 ? (size_t)last : 0;

	while (v && at < end) {
		struct str part = { pointer.p + at, end - at };
		ptrdiff_t slash = str_chr(part, '/');
		size_t n = 0;

		part.n = slash < 0 ? part.n : (size_t)slash;
		at += part.n + 1;
		if (v->type == JV_ARRAY) {
			for (size_t i = 0; i < part.n; i++)
				n = n * 10 + (size_t)(part.p[i] - '0');
			v = n < v->len ? &v->items[n] : NULL;
		} else {
			v = jv_get_str(v, part);
		}
	}
	return v;
}

static bool has(const struct value_set *asked, const struct value_leaf *leaf, bool alone)
{
	for (size_t i = 0; i < asked->n; i++)
		if ((leaf->value && asked->leaves[i].value == leaf->value) ||
		    (alone && asked->leaves[i].pair == leaf->pair))
			return true;
	return false;
}

/* By a value that tells, or by the key and value that are all of it. */
static bool has_element(struct work *w, const struct value_set *asked,
			const struct jv *element)
{
	struct value_set is;
	bool found = false;

	if (values_of_part(w->block, element, &is))
		return false;
	for (size_t i = 0; i < is.n && !found; i++)
		found = has(asked, &is.leaves[i], is.n == 1);
	return found;
}

static bool has_all_of_list(struct work *w, const struct value_set *asked,
			    const struct jv *list)
{
	for (uint32_t i = 0; i < list->len; i++)
		if (!has_element(w, asked, &list->items[i]))
			return false;
	return list->len > 0;
}

/* AWS's own stay whatever is put. */
static bool has_all_tags(const struct value_set *asked, const struct jv *tags)
{
	bool any = false;

	for (uint32_t i = 0; i < tags->len; i++) {
		struct str key = jv_str(&tags->members[i].key);
		struct value_leaf leaf =
			value_leaf_of_tag(NULL, key, jv_str(&tags->members[i].value));

		if (str_starts(key, "aws:"))
			continue;
		if (!has(asked, &leaf, true))
			return false;
		any = true;
	}
	return any;
}

static bool is_left_by(struct work *w, const struct value_set *asked,
		       const struct jv *after, const struct json_diff_entry *d)
{
	const struct jv *holder;

	if (!d->previous || d->updated)
		return false;
	holder = holder_of(after, d->pointer);
	if (!holder || holder->len > LEFT_MAX)
		return false;
	if (holder->type == JV_OBJECT)
		return str_starts(d->pointer, "/tags/") && has_all_tags(asked, holder);
	return holder->type == JV_ARRAY && has_all_of_list(w, asked, holder);
}

bool left_by(struct work *w, const struct candidate *c, const struct value_set *asked,
	     bool mark)
{
	const struct value_set *changed = work_changed(w, c->step);
	const struct change *change = &work_shown(w, c->step)->change;
	struct step *s = work_step(w, c->step);
	bool found = false;

	if (!asked->n || w->error || values_sides(asked, changed).gone)
		return false;
	for (size_t i = 0; i < change->diff.n && (mark || !found); i++) {
		bool is = is_left_by(w, asked, change->after, &change->diff.entries[i]);

		found |= is;
		if (is && mark)
			s->explained[2 * i + 1] = true;
	}
	return found;
}
