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

#include <limits.h>

struct search {
	const struct item *item;
	const struct type_words *type;
	const struct call_words *call;
	const struct jv *before;
	struct naming *ret;
	bool in_request;
	bool hit;                        /* found in this part */
	bool by_id;                      /* naming_is_by_id() */
	unsigned own_depth, other_depth; /* of a typed key in the request */
};

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

bool naming_is_by_id(const struct item *item)
{
	return looks_generated(item->id) && !str_starts(item->id, "arn:") &&
	       !str_eq(item->id, item->name);
}

/* Of one kind: sg-... and sg-..., AROA... and AROA.... */
static bool same_kind(struct str a, struct str b)
{
	ptrdiff_t dash = str_chr(a, '-');
	size_t n = dash >= 0 ? (size_t)dash + 1 : 4;

	return a.n > n && b.n > n && looks_generated(b) && !memcmp(a.p, b.p, n);
}

enum hit { HIT_NONE, HIT_NAME, HIT_ID, HIT_UNIQUE };

/*
 * A log group's ARN has ":*" behind it or not; a secret's may be given without the six characters
 * that Secrets Manager puts behind its name.
 */
static enum hit compare_arns(struct str leaf, struct str arn)
{
	if (str_ends(leaf, ":*"))
		leaf.n -= 2;
	if (str_ends(arn, ":*"))
		arn.n -= 2;
	if (str_eq(leaf, arn))
		return HIT_UNIQUE;
	if (arn.n != leaf.n + 7 || arn.p[leaf.n] != '-' ||
	    !memmem(arn.p, arn.n, ":secret:", 8))
		return HIT_NONE;
	return memcmp(leaf.p, arn.p, leaf.n) ? HIT_NONE : HIT_NAME;
}

static enum hit compare(const struct item *item, struct str leaf)
{
	struct str last = naming_tail(leaf);

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
		if (str_starts(leaf, "arn:") &&
		    naming_arn(item).n) /* whole: its own or another's */
			return compare_arns(leaf, naming_arn(item));
		if (str_eq(last, item->id))
			return looks_generated(item->id) ? HIT_UNIQUE : HIT_ID;
		if (item->name.n && str_eq(last, item->name))
			return HIT_NAME;
	}
	if (str_chr(item->id, '/') >= 0 || str_chr(item->id, ':') >= 0 ||
	    str_chr(item->id, '|') >= 0)
		if (leaf.n >= 2 && str_eq(leaf, naming_tail(item->id)))
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

/* Names another resource of the type: by its id, or by its name where names are ids. */
static void note_other(struct search *s, struct str key, struct str text, unsigned depth)
{
	bool other =
		s->by_id ? same_kind(s->item->id, naming_tail(text))
			 : text.n && !str_eq(naming_tail(text), naming_tail(s->item->id));

	if (!other || words_match_key(key, s->type) != SUBJECT_TYPE)
		return;
	s->ret->foreign_id |= s->by_id;
	if (s->in_request)
		s->other_depth = MIN(s->other_depth, depth);
}

/* The ARN of another of its kind that ends as its own does: a service of that name in another cluster. */
static bool is_namesake(const struct search *s, struct str key, struct str text)
{
	struct str last = naming_tail(text);

	return str_starts(text, "arn:") && last.n >= 2 &&
	       str_eq(last, naming_tail(naming_arn(s->item))) &&
	       words_match_key(key, s->type) == SUBJECT_TYPE;
}

static void leaf(struct search *s, struct str key, struct str text, unsigned depth)
{
	enum hit hit = compare(s->item, text);

	if (!text.n)
		return; /* "accelerate": "", S3's manner of naming a sub-resource */
	/* "default" under instanceTenancy names no security group. */
	if (hit != HIT_NONE && hit != HIT_UNIQUE &&
	    words_match_key(key, s->type) == SUBJECT_OTHER)
		hit = HIT_NONE;
	if (hit != HIT_NONE) {
		s->hit = true;
		s->ret->unique |= hit == HIT_UNIQUE;
		s->ret->own_id |= s->by_id && str_eq(naming_tail(text), s->item->id);
		if (s->in_request)
			hit_in_request(s, key, hit);
		if (words_match_key(key, s->type) != SUBJECT_TYPE)
			return;
		if (s->in_request)
			s->own_depth = MIN(s->own_depth, depth);
		else
			s->ret->response_typed = true;
		return;
	}
	note_other(s, key, text, depth);
	s->ret->other |= is_namesake(s, key, text);
	if (s->in_request) {
		s->ret->request_called |= words_match_key(key, s->type) == SUBJECT_TYPE;
		if (words_key_in_noun(key, s->call))
			s->ret->noun_key_other = true;
		if ((str_ends(key, "ssociationId") || str_ends(key, "ttachmentId") ||
		     str_is(key, "publicIp")) &&
		    owns(jv_get(s->before, "configuration"), text))
			s->ret->evidence |= 1u << EVIDENCE_OWNED_ID;
	}
}

/* Auto Scaling's tags each say whose they are. */
static void search_tags(struct search *s, const struct jv *tags, unsigned depth)
{
	for (uint32_t i = 0; jv_is(tags, JV_ARRAY) && i < tags->len; i++) {
		const struct jv *id = jv_get(&tags->items[i], "resourceId");

		if (jv_is(id, JV_STRING))
			leaf(s, STR("resourceId"), jv_str(id), depth + 1);
	}
}

/* Lists in EC2's manner, xxxSet.items[].yyyId, take the innermost telling key. */
static void search(struct search *s, struct str key, const struct jv *v, unsigned depth)
{
	const struct jv *listed = words_listed(v);

	if (!v)
		return;
	if (v->type == JV_STRING)
		leaf(s, key, jv_str(v), depth);
	else if (v->type == JV_ARRAY)
		for (uint32_t i = 0; i < v->len; i++)
			search(s, key, &v->items[i], depth);
	else if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++) {
			struct str name = jv_str(&v->members[i].key);

			if (&v->members[i].value == listed)
				search(s, key, listed, depth);
			else if (!passed_over(name))
				search(s, name, &v->members[i].value, depth + 1);
			else if (str_is(name, "tags"))
				search_tags(s, &v->members[i].value, depth + 1);
		}
}

void naming_of(const struct event *e, const struct call_words *call,
	       const struct item *item, const struct type_words *type,
	       const struct jv *before, const struct jv *state, struct naming *ret)
{
	struct search s = { .item = item,
			    .type = type,
			    .call = call,
			    .before = before,
			    .ret = ret,
			    .in_request = true,
			    .by_id = naming_is_by_id(item),
			    .own_depth = UINT_MAX,
			    .other_depth = UINT_MAX };
	bool in_request;

	*ret = (struct naming){ 0 };
	search(&s, STR("name"), e->request, 0);
	search(&s, STR("name"), e->service_details, 0);
	in_request = s.hit;
	ret->nested = s.other_depth < s.own_depth && s.own_depth != UINT_MAX;
	s.in_request = s.hit = false;
	search(&s, STR("name"), e->response, 0);
	if (s.hit) {
		ret->evidence |= 1u << EVIDENCE_RESPONSE_ID;
		ret->response = !in_request;
	}
	ret->foreign_id &= !ret->own_id;
	s.hit = false;
	search(&s, STR("name"), e->resources, 0);
	if (s.hit)
		ret->evidence |= 1u << EVIDENCE_RESOURCES;
	ret->other = !ret->unique && ret->evidence &&
		     (ret->other || naming_is_elsewhere(item, type, e, state));
}
