/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tokens of a resource's state: what it is called, in all forms, and what its body holds that
 * calls may name instead. Things it hangs on are marked, so that it finds the calls that made or
 * removed them, and no others.
 */
#include "mention_gather.h"

#define ITEM_MAX 4096

/* Ids that only this resource's state holds: rtbassoc-..., eni-attach-..., eipassoc-.... */
static bool key_is_owned(struct str key)
{
	return str_ends(key, "ssociationId") || str_ends(key, "ttachmentId") ||
	       str_ends(key, "AliasName") || str_is(key, "publicIp") ||
	       str_is(key, "allocationId");
}

/* What it hangs on: removed with an instance, made with a network. */
static bool key_is_holder(struct str key)
{
	return str_is(key, "instanceId") || str_is(key, "vpcId") ||
	       str_is(key, "natGatewayId") || str_is(key, "networkInterfaceId");
}

/* A marked token, as add_made() makes them. */
static void add_marked(struct gather *g, struct str name)
{
	struct mention_scope scope = g->scope;

	g->scope.service = 0;
	g->mark = MARK_MADE;
	gather_add(g, name);
	g->mark = "";
	g->scope = scope;
}

/* "Interface for NAT Gateway nat-...": all that ties the interface to its gateway. */
static void add_last_word(struct gather *g, struct str text)
{
	ptrdiff_t at = str_rchr(text, ' ');

	if (at >= 0 && str_starts(str_from(text, (size_t)at + 1), "nat-"))
		add_marked(g, str_from(text, (size_t)at + 1));
}

static void add_inner_ids(struct gather *g, const struct jv *v)
{
	if (!v || g->n >= g->max)
		return;
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			add_inner_ids(g, &v->items[i]);
	if (v->type != JV_OBJECT)
		return;
	for (uint32_t i = 0; i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);
		const struct jv *value = &v->members[i].value;

		if (value->type != JV_STRING) {
			add_inner_ids(g, value);
		} else if (str_is(key, "description")) {
			add_last_word(g, jv_str(value));
		} else if (key_is_owned(key)) {
			gather_add(g, jv_str(value));
		} else if (key_is_holder(key)) {
			/* An instance's calls reach its interfaces and volumes, too. */
			if (str_is(key, "instanceId"))
				gather_add(g, jv_str(value));
			add_marked(g, jv_str(value));
		}
	}
}

/* A neighbour that comes or goes shows in this resource's relationships. */
static void add_relations(struct gather *g, const struct jv *relationships)
{
	if (!jv_is(relationships, JV_ARRAY))
		return;
	for (uint32_t i = 0; i < relationships->len; i++) {
		add_marked(g, jv_get_text(&relationships->items[i], "resourceId"));
		add_marked(g, jv_get_text(&relationships->items[i], "resourceName"));
	}
}

static int gather_item(struct arena *a, const struct item *item, const struct jv *body,
		       bool any_service, bool called, struct mention_set *ret)
{
	struct gather g;
	int r = gather_init(&g, a, ITEM_MAX);

	if (r < 0)
		return r;
	g.scope = mention_scope(item, any_service);
	if (called) {
		gather_add_forms(&g, item->id);
		gather_add_forms(&g, item->name);
		gather_add_forms(&g, item->arn);
	}
	add_inner_ids(&g, jv_get(body, "configuration"));
	add_relations(&g, jv_get(body, "relationships"));
	if (called)
		mention_add_watched(&g, item);
	gather_finish(&g, ret);
	return 0;
}

int mention_of_item(struct arena *a, const struct item *item, const struct jv *body,
		    bool any_service, struct mention_set *ret)
{
	return gather_item(a, item, body, any_service, true, ret);
}

int mention_of_body(struct arena *a, const struct item *item, const struct jv *body,
		    bool any_service, struct mention_set *ret)
{
	return gather_item(a, item, body, any_service, false, ret);
}
