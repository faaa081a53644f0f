/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call sets, held against what a change shows: how much of it is there, on which side, and
 * which entries of the difference it explains.
 */
#include "values.h"

static void explain(const struct value_set *set, const struct value_leaf *leaf,
		    bool *explained)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->leaves[i].pair == leaf->pair ||
		    (leaf->value && set->leaves[i].value == leaf->value))
			explained[set->leaves[i].entry * 2 + set->leaves[i].gone] = true;
}

size_t values_shared(const struct value_set *event, const struct value_set *set,
		     size_t *ret_strong, bool *explained)
{
	size_t n = 0, strong = 0;

	for (size_t i = 0; set->n && i < event->n; i++) {
		const struct value_leaf *leaf = &event->leaves[i];
		bool pair = *value_place(set->pairs, set->mask, leaf->pair);
		bool value =
			leaf->value && *value_place(set->values, set->mask, leaf->value);

		if (!pair && !value)
			continue;
		n++;
		strong += value;
		if (explained)
			explain(set, leaf, explained);
	}
	*ret_strong = strong;
	return n;
}

struct value_sides values_sides(const struct value_set *event,
				const struct value_set *change)
{
	struct value_sides ret = { 0 };

	for (size_t i = 0; i < event->n; i++) {
		const struct value_leaf *leaf = &event->leaves[i];
		bool come = false, gone = false;

		for (size_t k = 0; k < change->n; k++) {
			const struct value_leaf *shown = &change->leaves[k];
			bool same = shown->pair == leaf->pair ||
				    (leaf->value && shown->value == leaf->value);

			come |= same && !shown->gone;
			gone |= same && shown->gone;
		}
		ret.come += come;
		ret.gone += gone;
	}
	return ret;
}

bool values_came(const struct value_set *asked, const struct value_set *change)
{
	for (size_t i = 0; i < asked->n; i++)
		for (size_t k = 0; asked->leaves[i].any && k < change->n; k++)
			if (!change->leaves[k].gone &&
			    change->leaves[k].any == asked->leaves[i].any)
				return true;
	return false;
}
