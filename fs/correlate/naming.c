/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding a resource's names in an event.
 *
 * Every string leaf of the request, the response and resources[] is compared with the names a
 * resource goes by; the member name a hit stands under says what role it plays there. Policies
 * and tags are passed over: an ARN inside a policy, or a tag whose value looks like an id, is no
 * naming.
 */
#include "naming.h"

struct search {
	const struct item *item;
	const struct type_words *type;
	const struct call_words *call;
	const struct jv *before;
	struct naming *ret;
	bool in_request;
	bool hit; /* found in this part */
};

static struct str tail(struct str s)
{
	ptrdiff_t at = MAX(str_rchr(s, '/'), str_rchr(s, ':'));

	return at >= 0 ? str_from(s, (size_t)at + 1) : s;
}

/* Generated ids look like sg-0123456789abcdef0, AROA..., or a GUID: no two things share one. */
static bool looks_generated(struct str id)
{
	size_t digits = 0;

	for (size_t i = 0; i < id.n; i++)
		digits += id.p[i] >= '0' && id.p[i] <= '9';
	return id.n >= 10 && (digits >= 2 || str_starts(id, "A")) &&
	       str_chr(id, ' ') < 0 &&
	       (str_chr(id, '-') >= 0 || (str_starts(id, "A") && id.n >= 16));
}

enum hit { HIT_NONE, HIT_NAME, HIT_ID, HIT_UNIQUE };

static enum hit compare(const struct item *item, struct str leaf)
{
	struct str last = tail(leaf);

	if (leaf.n < 1)
		return HIT_NONE;
	if (item->arn.n && str_eq(leaf, item->arn))
		return HIT_UNIQUE;
	if (str_eq(leaf, item->id))
		return looks_generated(item->id) || str_starts(item->id, "arn:")
			       ? HIT_UNIQUE
			       : HIT_ID;
	if (item->name.n && str_eq_nocase(leaf, item->name))
		return HIT_NAME;
	/* Partial ARNs and URLs; and ids that are ARNs or URLs, named by their last part. */
	if (last.n >= 2 && last.n < leaf.n) {
		if (str_starts(leaf, "arn:") && item->arn.n)
			return HIT_NONE; /* a whole ARN, and it is another one */
		if (str_eq(last, item->id))
			return looks_generated(item->id) ? HIT_UNIQUE : HIT_ID;
		if (item->name.n && str_eq(last, item->name))
			return HIT_NAME;
	}
	if (str_chr(item->id, '/') >= 0 || str_chr(item->id, ':') >= 0)
		if (leaf.n >= 2 && str_eq(leaf, tail(item->id)))
			return HIT_NAME;
	return HIT_NONE;
}

static bool passed_over(struct str key)
{
	return str_eq_nocase(key, STR("tags")) || str_eq_nocase(key, STR("tagSet")) ||
	       str_eq_nocase(key, STR("tagSpecificationSet")) ||
	       str_ends(key, "olicyDocument") ||
	       str_eq_nocase(key, STR("bucketPolicy")) ||
	       str_eq_nocase(key, STR("Statement")) || str_is(key, "policy") ||
	       str_is(key, "environment");
}

/* Does the state hold this id under ...AssociationId, ...AttachmentId or as its public address? */
static bool owns(const struct jv *v, struct str id)
{
	if (!v)
		return false;
	if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			if (owns(&v->items[i], id))
				return true;
	if (v->type != JV_OBJECT)
		return false;
	for (uint32_t i = 0; i < v->len; i++) {
		struct str key = jv_str(&v->members[i].key);
		const struct jv *value = &v->members[i].value;

		if (value->type == JV_STRING) {
			if ((str_ends(key, "ssociationId") ||
			     str_ends(key, "ttachmentId") || str_is(key, "publicIp")) &&
			    str_eq(jv_str(value), id))
				return true;
		} else if (owns(value, id)) {
			return true;
		}
	}
	return false;
}

static void hit_in_request(struct search *s, struct str key, enum hit hit)
{
	struct naming *ret = s->ret;

	ret->evidence |=
		1u << (hit == HIT_NAME ? EVIDENCE_REQUEST_NAME : EVIDENCE_REQUEST_ID);
	switch (words_match_key(key, s->type)) {
	case SUBJECT_TYPE:
		ret->request_typed = true;
		break;
	case SUBJECT_GENERIC:
		ret->request_generic = true;
		break;
	default:
		ret->request_other = true;
	}
}

static void leaf(struct search *s, struct str key, struct str text)
{
	enum hit hit = compare(s->item, text);

	/* "default" under instanceTenancy names no security group. */
	if (hit != HIT_NONE && hit != HIT_UNIQUE &&
	    words_match_key(key, s->type) == SUBJECT_OTHER)
		hit = HIT_NONE;
	if (hit != HIT_NONE) {
		s->hit = true;
		s->ret->unique |= hit == HIT_UNIQUE;
		if (s->in_request)
			hit_in_request(s, key, hit);
	} else if (s->in_request) {
		if (words_key_in_noun(key, s->call))
			s->ret->noun_key_other = true;
		if ((str_ends(key, "ssociationId") || str_ends(key, "ttachmentId") ||
		     str_is(key, "publicIp")) &&
		    owns(jv_get(s->before, "configuration"), text))
			s->ret->evidence |= 1u << EVIDENCE_OWNED_ID;
	}
}

/* Lists in EC2's manner, xxxSet.items[].yyyId, take the innermost telling key. */
static void search(struct search *s, struct str key, const struct jv *v)
{
	if (!v)
		return;
	if (v->type == JV_STRING)
		leaf(s, key, jv_str(v));
	else if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			search(s, key, &v->items[i]);
	else if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (!passed_over(jv_str(&v->members[i].key)))
				search(s, jv_str(&v->members[i].key),
				       &v->members[i].value);
}

void naming_of(const struct event *e, const struct call_words *call,
	       const struct item *item, const struct type_words *type,
	       const struct jv *before, struct naming *ret)
{
	struct search s = { item, type, call, before, ret, true, false };
	bool in_request;

	*ret = (struct naming){ 0 };
	search(&s, STR("name"), e->request);
	search(&s, STR("name"), e->service_details);
	in_request = s.hit;
	s.in_request = s.hit = false;
	search(&s, STR("name"), e->response);
	if (s.hit) {
		ret->evidence |= 1u << EVIDENCE_RESPONSE_ID;
		ret->response = !in_request;
	}
	s.hit = false;
	search(&s, STR("name"), e->resources);
	if (s.hit)
		ret->evidence |= 1u << EVIDENCE_RESOURCES;
}
