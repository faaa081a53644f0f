/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls that take something off, whatever their name. What they are to remove they have a member for,
 * or they set a list, or tags, to less than was there.
 *
 * SetSubnets and PutBucketTagging name what is to stay, all of which was so before; what they took off
 * they do not name. So where an element went from a list, and the call asks for none that went but for
 * every one that is left, it is what the call left out.
 */
#include "util/json_pointer.h"

#include "work.h"

#define LEFT_MAX 1000 /* of more elements nobody asks in one call */

/* --- what is to be removed ----------------------------------------------------------------- */

/* Its members are called as the user likes: an environment may have a removeAfter. */
static bool is_users(struct str key)
{
	static const char *const maps[] = { "variables", "tags", "labels", "metadata",
					    "parameters" };

	for (size_t i = 0; i < ARRAY_SIZE(maps); i++)
		if (str_eq_nocase(key, str_of(maps[i])))
			return true;
	return false;
}

static void add_removal(struct work *w, const struct candidate *c, const struct jv *v,
			struct removals *ret)
{
	struct value_set named;
	int r = values_of_part(w->block, v, &named);

	if (r && !w->error)
		w->error = r;
	if (r || !named.n)
		return;
	ret->any = true;
	ret->gone |= values_sides(&named, work_changed(w, c->step)).gone > 0;
}

static void find_removals(struct work *w, const struct candidate *c, const struct jv *v,
			  struct removals *ret)
{
	if (v && v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			find_removals(w, c, &v->items[i], ret);
	if (!v || v->type != JV_OBJECT)
		return;
	for (uint32_t i = 0; i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);

		if (str_starts(key, "Remove") || str_starts(key, "remove"))
			add_removal(w, c, &v->members[i].value, ret);
		else if (!is_users(key))
			find_removals(w, c, &v->members[i].value, ret);
	}
}

struct removals removals_of(struct work *w, const struct candidate *c)
{
	struct removals ret = { 0 };

	find_removals(w, c, work_event_of(w, c)->request, &ret);
	return ret;
}

/* --- what is left out ---------------------------------------------------------------------- */

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

/* What something went from, and whether all of it is asked for: told once, though much went. */
struct rest {
	const struct jv *holder; /* NULL: none was looked at yet */
	bool asked;
};

static bool is_asked(struct work *w, const struct value_set *asked,
		     const struct jv *holder, bool are_tags)
{
	if (holder->len > LEFT_MAX)
		return false;
	if (holder->type == JV_OBJECT)
		return are_tags && has_all_tags(asked, holder);
	return holder->type == JV_ARRAY && has_all_of_list(w, asked, holder);
}

static bool is_left_by(struct work *w, const struct value_set *asked,
		       const struct jv *after, const struct json_diff_entry *d,
		       struct rest *rest)
{
	const struct jv *holder;
	int r;

	if (!d->previous || d->updated)
		return false;
	r = json_pointer_holder(w->block, after, d->pointer, &holder);
	if (r && !w->error)
		w->error = r;
	if (r || !holder)
		return false;
	if (holder != rest->holder)
		*rest = (struct rest){ holder,
				       is_asked(w, asked, holder,
						str_starts(d->pointer, "/tags/")) };
	return rest->asked;
}

bool left_by(struct work *w, const struct candidate *c, const struct value_set *asked,
	     bool mark)
{
	const struct value_set *changed = work_changed(w, c->step);
	const struct change *change = &work_shown(w, c->step)->change;
	struct step *s = work_step(w, c->step);
	struct rest rest = { 0 };
	bool found = false;

	if (!asked->n || w->error || values_sides(asked, changed).gone)
		return false;
	for (size_t i = 0; i < change->diff.n && (mark || !found); i++) {
		bool is = is_left_by(w, asked, change->after, &change->diff.entries[i],
				     &rest);

		found |= is;
		if (is && mark)
			s->explained[2 * i + 1] = true;
	}
	return found;
}
