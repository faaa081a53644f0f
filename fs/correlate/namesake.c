/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namesakes: every cluster may have a service "api", every API a stage "prod".
 *
 * A call that names such a thing by the last part alone says beside it in what it is. Whether that is
 * another one is told by the parts of the id or the ARN, and by what the state says under such a key.
 */
#include "naming.h"

struct str naming_tail(struct str s)
{
	ptrdiff_t at = MAX(MAX(str_rchr(s, '/'), str_rchr(s, ':')), str_rchr(s, '|'));

	return at >= 0 ? str_from(s, (size_t)at + 1) : s;
}

struct str naming_arn(const struct item *item)
{
	if (!item->arn.n && str_starts(item->id, "arn:"))
		return item->id;
	return item->arn;
}

/* What is before the last place where it says the name; all, where it nowhere does. */
static struct str before_name(struct str path, struct str name)
{
	for (size_t i = path.n; name.n && i >= name.n; i--)
		if (!memcmp(path.p + i - name.n, name.p, name.n))
			return (struct str){ path.p, i - name.n };
	return path;
}

/*
 * What says in what it is: its id ("k8s|vpc-cni"), or the resource part of its ARN as far as its name
 * ("service/prod/"), since a name may have such parts of its own ("/ecs/role/x"). An IAM path is none:
 * names are unique whatever it is.
 */
static struct str path_of(const struct item *item)
{
	struct str path = naming_arn(item);

	if (str_chr(item->id, '|') >= 0)
		return item->id;
	if (str_starts(item->type, "AWS::IAM::"))
		return STR_NULL;
	if (!path.n)
		return before_name(item->id, item->name);
	for (int colons = 0; colons < 5; colons++) /* before its resource part */
		path = str_from(path, (size_t)(str_chr(path, ':') + 1));
	return before_name(path, item->name);
}

/* Cuts off the first part; false when the last is all that is left. */
static bool next_part(const struct item *item, struct str *path, struct str *ret)
{
	const char *ends = str_chr(item->id, '|') >= 0 ? "|" : "/:";

	for (size_t i = 0; i < path->n; i++)
		if (strchr(ends, path->p[i])) {
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
			return naming_tail(jv_str(value));
	}
	return STR_NULL;
}

/*
 * What of its path the request should say under this key: the part behind one of that kind
 * ("restapis/a1b2c3/..."), or the one that its state has under such a key.
 */
static struct str parent_by_key(const struct item *item, const struct type_words *type,
				const struct jv *state, struct str key)
{
	struct str path = path_of(item), part, kind = STR_NULL, value;
	char subject[WORD_SIZE], other[WORD_SIZE];

	words_subject(key, subject);
	if (!*subject || words_match_key(key, type) != SUBJECT_OTHER)
		return STR_NULL;
	value = value_by_subject(jv_get(state, "configuration"), subject);
	while (next_part(item, &path, &part)) {
		words_subject(kind, other);
		if (part.n &&
		    (!strcmp(other, subject) || (value.n && str_eq(part, value))))
			return part;
		kind = part;
	}
	return STR_NULL;
}

bool naming_is_elsewhere(const struct item *item, const struct type_words *type,
			 const struct event *e, const struct jv *state)
{
	struct str path = path_of(item), part;

	for (uint32_t i = 0; jv_is(e->request, JV_OBJECT) && i < e->request->len; i++) {
		struct str text = jv_str(&e->request->members[i].value);
		struct str parent;

		if (e->request->members[i].value.type != JV_STRING || !text.n)
			continue;
		parent = parent_by_key(item, type, state,
				       jv_str(&e->request->members[i].key));
		if (parent.n && !str_eq_nocase(naming_tail(text), parent))
			return true;
	}
	if (str_chr(item->id, '|') < 0)
		return false;
	while (next_part(item, &path, &part))
		if (!jv_holds(e->request, part) && !jv_holds(e->response, part))
			return true;
	return false;
}
