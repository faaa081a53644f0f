/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of a security group, compared exactly.
 *
 * AuthorizeSecurityGroup... and RevokeSecurityGroup... name rules; a rule is its protocol, its
 * ports and its source (EC2 API reference, IpPermission). Whether such a rule stands in a state
 * can be looked up, so it need not be guessed from values which rules share with each other.
 */
#include "rules.h"

struct rule {
	const struct jv *permission; /* what has ipProtocol, fromPort and toPort */
	struct str source;           /* a range, a group or a prefix list */
};

struct lookup {
	const struct event *e;
	const struct jv *before, *after; /* lists of permissions */
	bool revokes, any, shown;
};

static bool same_number(const struct jv *a, const struct jv *b)
{
	bool all_a = !a || a->type == JV_NULL || str_is(jv_str(a), "-1");
	bool all_b = !b || b->type == JV_NULL || str_is(jv_str(b), "-1");

	if (all_a || all_b)
		return all_a && all_b;
	return str_eq(jv_str(a), jv_str(b));
}

static bool has_source(const struct jv *v, struct str source)
{
	if (!v)
		return false;
	if (v->type == JV_STRING)
		return str_eq(jv_str(v), source);
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (has_source(&v->items[i], source))
				return true;
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (has_source(&v->members[i].value, source))
				return true;
	return false;
}

static bool stands(const struct jv *permissions, const struct rule *rule)
{
	for (uint32_t i = 0; jv_is(permissions, JV_ARRAY) && i < permissions->len; i++) {
		const struct jv *p = &permissions->items[i];

		if (str_eq(jv_get_text(p, "ipProtocol"),
			   jv_get_text(rule->permission, "ipProtocol")) &&
		    same_number(jv_get(p, "fromPort"),
				jv_get(rule->permission, "fromPort")) &&
		    same_number(jv_get(p, "toPort"),
				jv_get(rule->permission, "toPort")) &&
		    has_source(p, rule->source))
			return true;
	}
	return false;
}

static void look_up(struct lookup *l, const struct jv *permission, struct str source)
{
	struct rule rule = { permission, source };
	bool before, after;

	if (!source.n)
		return;
	before = stands(l->before, &rule);
	after = stands(l->after, &rule);
	l->any = true;
	l->shown |= l->revokes ? before && !after : after && !before;
}

/* EC2's manner of lists: {"items": [...]}. */
static const struct jv *items_of(const struct jv *v, const char *key)
{
	const struct jv *items = jv_get(jv_get(v, key), "items");

	return jv_is(items, JV_ARRAY) ? items : NULL;
}

static void look_up_permission(struct lookup *l, const struct jv *p)
{
	static const struct {
		const char *list, *key;
	} sources[] = {
		{ "ipRanges", "cidrIp" },
		{ "ipv6Ranges", "cidrIpv6" },
		{ "groups", "groupId" },
		{ "prefixListIds", "prefixListId" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		const struct jv *items = items_of(p, sources[i].list);

		for (uint32_t k = 0; items && k < items->len; k++)
			look_up(l, p, jv_get_text(&items->items[k], sources[i].key));
	}
}

bool rules_are_named(struct str event_name)
{
	return str_starts(event_name, "AuthorizeSecurityGroup") ||
	       str_starts(event_name, "RevokeSecurityGroup");
}

enum rules_effect rules_effect(const struct event *e, const struct jv *before,
			       const struct jv *after)
{
	struct lookup l = { .e = e, .revokes = str_starts(e->name, "Revoke") };
	bool egress = str_ends(e->name, "Egress");
	const char *key = egress ? "ipPermissionsEgress" : "ipPermissions";
	const struct jv *list = items_of(e->request, "ipPermissions");

	if (!rules_are_named(e->name))
		return RULES_UNKNOWN;
	l.before = jv_get(jv_get(before, "configuration"), key);
	l.after = jv_get(jv_get(after, "configuration"), key);
	for (uint32_t i = 0; list && i < list->len; i++)
		look_up_permission(&l, &list->items[i]);
	look_up(&l, e->request, jv_get_text(e->request, "cidrIp"));
	if (!l.any || !jv_is(l.after, JV_ARRAY))
		return RULES_UNKNOWN;
	return l.shown ? RULES_SHOWN : RULES_HIDDEN;
}
