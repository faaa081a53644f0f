/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The members of a configuration item that have a shape of their own: configuration and
 * supplementary configuration, which the API puts into strings; relationships, whose label has
 * two names; tags, which a query gives as a list.
 */

#include "item_member.h"

#include <errno.h>

#define DEPTH 2 /* the body is the first level */

static int opened(struct item_draft *d, enum item_slot slot, const struct jv *v)
{
	int r = parse_open(d->parser, v, DEPTH, &d->made[slot]);

	return r > 0 ? item_draft_refuse(d, slot, "nested too deeply") : r;
}

/* Is configuration a string, or, where a guise left it out, does it write as the API does? */
static bool uses_strings(const struct item_draft *d)
{
	if (d->given[SLOT_CONFIGURATION])
		return d->given[SLOT_CONFIGURATION]->type == JV_STRING;
	return str_is(d->spelled[SLOT_ACCOUNT], "accountId") ||
	       str_is(d->spelled[SLOT_VERSION], "version");
}

/* A string of the API's: JSON of any type in it, "null" of a deleted resource. */
static int make_from_string(struct item_draft *d, const struct jv *v)
{
	struct str text = parse_trim(jv_str(v));
	struct fault f;
	struct jv held;
	int r;

	d->made[SLOT_CONFIGURATION] = jv_null;
	if (text.n == 0)
		return 0;
	r = jv_parse(&d->parser->arena, text, &held, &f);
	if (r < 0)
		return r;
	if (r == 0)
		return opened(d, SLOT_CONFIGURATION, &held);
	if (text.p[0] == '{' || text.p[0] == '[')
		return item_draft_refuse(d, SLOT_CONFIGURATION, "not JSON: %s", f.reason);
	return opened(d, SLOT_CONFIGURATION, v);
}

int item_make_configuration(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_CONFIGURATION];

	d->strings = uses_strings(d);
	d->made[SLOT_CONFIGURATION] = jv_null;
	if (!v)
		return 0;
	if (v->type == JV_STRING)
		return make_from_string(d, v);
	if (v->type != JV_OBJECT && v->type != JV_ARRAY)
		return item_draft_refuse(d, SLOT_CONFIGURATION,
					 "neither object nor string");
	return opened(d, SLOT_CONFIGURATION, v);
}

/* The API makes a string of every value, of a string that holds JSON, too. */
static int open_values(struct item_draft *d, const struct jv *v, struct jv *ret)
{
	struct jv_member *members =
		arena_alloc(&d->parser->arena, v->len * sizeof(*members));
	int r;

	if (!members)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->len; i++) {
		members[i] = v->members[i];
		if (members[i].value.type != JV_STRING)
			continue;
		if (!parse_open_text(d->parser, jv_str(&v->members[i].value),
				     &members[i].value, &r)) {
			if (r < 0)
				return r;
			members[i].value = v->members[i].value;
		}
	}
	*ret = jv_make_object(members, v->len);
	return 0;
}

int item_make_supplementary(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_SUPPLEMENTARY];
	struct jv held, values;
	int r = 0;

	d->made[SLOT_SUPPLEMENTARY] = jv_null;
	if (jv_is(v, JV_STRING) && parse_open_text(d->parser, jv_str(v), &held, &r))
		v = &held;
	if (r < 0)
		return r;
	if (!v || v->type == JV_NULL)
		return 0;
	if (v->type != JV_OBJECT)
		return item_draft_refuse(d, SLOT_SUPPLEMENTARY, "not an object");
	if (d->strings) {
		r = open_values(d, v, &values);
		if (r != 0)
			return r;
		v = &values;
	}
	return opened(d, SLOT_SUPPLEMENTARY, v);
}

static const struct str relation_names[] = { STR("name"), STR("resourceId"),
					     STR("resourceName"), STR("resourceType") };
#define RELATION_TYPE 3u

/* Newer types end their labels with a space. */
static int make_relation(struct item_draft *d, const struct jv *v, struct jv *ret)
{
	size_t known = ARRAY_SIZE(relation_names), n = known;
	struct jv_member *members;

	if (v->type != JV_OBJECT)
		return item_draft_refuse(d, SLOT_RELATIONSHIPS,
					 "an element is not an object");
	members = arena_alloc(&d->parser->arena, (known + v->len) * sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (size_t i = 0; i < known; i++)
		members[i] =
			(struct jv_member){ jv_make_string(relation_names[i]), jv_null };
	for (uint32_t i = 0; i < v->len; i++) {
		const struct jv_member *m = &v->members[i];
		struct str key = jv_str(&m->key);
		size_t at = 0;

		if (m->value.type == JV_NULL)
			continue;
		if (str_is(key, "relationshipName"))
			key = relation_names[0];
		while (at < known && !str_eq(key, relation_names[at]))
			at++;
		if (at == known)
			at = n++;
		members[at] = (struct jv_member){ jv_make_string(key), m->value };
	}
	if (members[0].value.type == JV_STRING)
		members[0].value = jv_make_string(parse_trim(jv_str(&members[0].value)));
	if (members[RELATION_TYPE].value.type == JV_STRING)
		members[RELATION_TYPE].value = jv_make_string(
			item_type_today(jv_str(&members[RELATION_TYPE].value)));
	*ret = jv_make_object(members, n);
	return 0;
}

int item_make_relationships(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_RELATIONSHIPS];
	struct jv *items;

	d->made[SLOT_RELATIONSHIPS] = jv_null;
	if (!v)
		return 0;
	if (v->type != JV_ARRAY)
		return item_draft_refuse(d, SLOT_RELATIONSHIPS, "not an array");
	items = arena_alloc(&d->parser->arena, v->len * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->len; i++) {
		int r = make_relation(d, &v->items[i], &items[i]);

		if (r != 0)
			return r;
	}
	d->made[SLOT_RELATIONSHIPS] = jv_make_array(items, v->len);
	return 0;
}

int item_make_tags(struct item_draft *d)
{
	const struct jv *v = d->given[SLOT_TAGS];
	struct jv_member *members;

	d->made[SLOT_TAGS] = v ? *v : jv_null;
	if (!v || v->type == JV_OBJECT)
		return 0;
	if (v->type != JV_ARRAY)
		return item_draft_refuse(d, SLOT_TAGS, "neither object nor array");
	members = arena_alloc(&d->parser->arena, v->len * sizeof(*members));
	if (!members)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->len; i++) {
		const struct jv *key = parse_either(&v->items[i], "key", "Key");
		const struct jv *value = parse_either(&v->items[i], "value", "Value");

		if (!jv_is(key, JV_STRING))
			return item_draft_refuse(d, SLOT_TAGS, "an element has no key");
		members[i] = (struct jv_member){ *key, value ? *value : jv_null };
	}
	d->made[SLOT_TAGS] = jv_make_object(members, v->len);
	return 0;
}
