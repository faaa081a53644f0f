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

static struct str tail(struct str s)
{
	ptrdiff_t at = MAX(MAX(str_rchr(s, '/'), str_rchr(s, ':')), str_rchr(s, '|'));

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

static struct str arn_of(const struct item *item)
{
	if (!item->arn.n && str_starts(item->id, "arn:"))
		return item->id;
	return item->arn;
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
		if (str_starts(leaf, "arn:") &&
		    arn_of(item).n) /* whole: its own or another's */
			return compare_arns(leaf, arn_of(item));
		if (str_eq(last, item->id))
			return looks_generated(item->id) ? HIT_UNIQUE : HIT_ID;
		if (item->name.n && str_eq(last, item->name))
			return HIT_NAME;
	}
	if (str_chr(item->id, '/') >= 0 || str_chr(item->id, ':') >= 0 ||
	    str_chr(item->id, '|') >= 0)
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

/* Names another resource of the type: by its id, or by its name where names are ids. */
static void note_other(struct search *s, struct str key, struct str text, unsigned depth)
{
	bool other = s->by_id ? same_kind(s->item->id, tail(text))
			      : text.n && !str_eq(tail(text), tail(s->item->id));

	if (!other || words_match_key(key, s->type) != SUBJECT_TYPE)
		return;
	s->ret->foreign_id |= s->by_id;
	if (s->in_request)
		s->other_depth = MIN(s->other_depth, depth);
}

/* The ARN of another of its kind that ends as its own does: a service of that name in another cluster. */
static bool is_namesake(const struct search *s, struct str key, struct str text)
{
	struct str last = tail(text);

	return str_starts(text, "arn:") && last.n >= 2 &&
	       str_eq(last, tail(arn_of(s->item))) &&
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
		s->ret->own_id |= s->by_id && str_eq(tail(text), s->item->id);
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

/* Its id or the resource part of its ARN: "service/prod/api", "k8s|vpc-cni". */
static struct str path_of(const struct item *item)
{
	bool is_arn = arn_of(item).n > 0;
	struct str path = is_arn ? arn_of(item) : item->id;

	if (str_chr(item->id, '|') >= 0)
		return item->id;
	for (int colons = 0; is_arn && colons < 5;
	     colons++) /* before its resource part */
		path = str_from(path, (size_t)(str_chr(path, ':') + 1));
	return path;
}

/* Cuts off the first part; false when the last is all that is left. */
static bool next_part(struct str *path, struct str *ret)
{
	for (size_t i = 0; i < path->n; i++)
		if (strchr("/:|", path->p[i])) {
			*ret = (struct str){ path->p, i };
			*path = str_from(*path, i + 1);
			return true;
		}
	return false;
}

/* The state's value by a member that speaks of the same ("cluster", "ClusterName"). */
static struct str value_by_subject(const struct jv *configuration, const char *subject)
{
	char other[WORD_SIZE];

	for (uint32_t i = 0; jv_is(configuration, JV_OBJECT) && i < configuration->len;
	     i++) {
		const struct jv *value = &configuration->members[i].value;

		if (value->type != JV_STRING)
			continue;
		words_subject(jv_str(&configuration->members[i].key), other);
		if (!strcmp(other, subject))
			return tail(jv_str(value));
	}
	return STR_NULL;
}

/*
 * What of its path the request should say under this key: the part behind one of that kind
 * ("restapis/a1b2c3/..."), or the one that its state has under such a key.
 */
static struct str parent_by_key(const struct search *s, const struct jv *state,
				struct str key)
{
	struct str path = path_of(s->item), part, kind = STR_NULL, value;
	char subject[WORD_SIZE], other[WORD_SIZE];

	words_subject(key, subject);
	if (!*subject || words_match_key(key, s->type) != SUBJECT_OTHER)
		return STR_NULL;
	value = value_by_subject(jv_get(state, "configuration"), subject);
	while (next_part(&path, &part)) {
		words_subject(kind, other);
		if (part.n &&
		    (!strcmp(other, subject) || (value.n && str_eq(part, value))))
			return part;
		kind = part;
	}
	return STR_NULL;
}

/* Named by its last part alone: does the request say that what it is in is another one? */
static bool is_elsewhere(const struct search *s, const struct event *e,
			 const struct jv *state)
{
	struct str path = path_of(s->item), part;

	for (uint32_t i = 0; jv_is(e->request, JV_OBJECT) && i < e->request->len; i++) {
		struct str text = jv_str(&e->request->members[i].value);
		struct str parent;

		if (e->request->members[i].value.type != JV_STRING || !text.n)
			continue;
		parent = parent_by_key(s, state, jv_str(&e->request->members[i].key));
		if (parent.n && !str_eq_nocase(tail(text), parent))
			return true;
	}
	if (str_chr(s->item->id, '|') < 0)
		return false;
	while (next_part(&path, &part))
		if (!jv_holds(e->request, part) && !jv_holds(e->response, part))
			return true;
	return false;
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
		     (ret->other || is_elsewhere(&s, e, state));
}
