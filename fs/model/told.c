/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who and what an event is about, for a line of its own. CloudTrail's resources[] says it for the
 * services that fill it; elsewhere the request has a member whose name begins as the call's noun
 * does: userName of CreateUser, bucketName of PutBucketPolicy. Of several the one whose word
 * comes first in the call's name counts: AttachRolePolicy is about the role.
 */

#include "model/told.h"

#include <errno.h>

/* Lists in EC2's manner are this deep: instancesSet.items[].instanceId. */
#define MAX_DEPTH 4

/* --- who ---------------------------------------------------------------------------------- */

/* assumed-role/Admin/alice -> role/Admin */
static struct str role_of(struct str principal, struct arena *a)
{
	static const char session[] = "assumed-role/", role[] = "role/";
	struct str name = str_from(principal, sizeof(session) - 1);
	ptrdiff_t slash = str_rchr(name, '/');
	char *text;

	if (slash >= 0)
		name.n = (size_t)slash;
	text = arena_alloc(a, sizeof(role) + name.n);
	if (!text)
		return STR_NULL;
	memcpy(text, role, sizeof(role) - 1);
	if (name.n)
		memcpy(text + sizeof(role) - 1, name.p, name.n);
	return (struct str){ text, sizeof(role) - 1 + name.n };
}

int event_tell(const struct event *e, struct arena *a, struct event_told *ret)
{
	struct event_told told = { .principal = event_principal(e, a) };

	if (!told.principal.p)
		return -ENOMEM;
	if (str_starts(told.principal, "assumed-role/")) {
		told.role = role_of(told.principal, a);
		if (!told.role.p)
			return -ENOMEM;
	}
	if (event_is_role_session(e))
		told.session = jv_get_text(e->identity, "arn");
	*ret = told;
	return 0;
}

/* --- what --------------------------------------------------------------------------------- */

/* arn:aws:iam::123456789012:role/Admin -> Admin; of S3, whose ARNs have no kind, the whole. */
static struct str arn_name(struct str arn)
{
	bool has_kind = !str_starts(arn, "arn:aws:s3:");
	ptrdiff_t slash, colon;

	for (unsigned colons = 0; colons < 5; colons++) {
		ptrdiff_t at = str_chr(arn, ':');

		if (at < 0)
			return arn;
		arn = str_from(arn, (size_t)at + 1);
	}
	slash = has_kind ? str_chr(arn, '/') : -1;
	colon = has_kind ? str_chr(arn, ':') : -1;
	if (slash < 0 || (colon >= 0 && colon < slash))
		slash = colon;
	return slash < 0 ? arn : str_from(arn, (size_t)slash + 1);
}

static bool from_resources(const struct jv *resources, struct str *ret_type,
			   struct str *ret_id)
{
	if (!jv_is(resources, JV_ARRAY))
		return false;
	for (uint32_t i = 0; i < resources->len; i++) {
		struct str arn = jv_get_text(&resources->items[i], "ARN");

		if (!arn.n)
			arn = jv_get_text(&resources->items[i], "arn");
		if (!arn.n)
			continue;
		*ret_type = jv_get_text(&resources->items[i], "type");
		*ret_id = arn_name(arn);
		return ret_id->n > 0;
	}
	return false;
}

struct search {
	struct str call;
	size_t best; /* where in the call's name the best one's word stands */
	struct str found;
};

/* "groupId" -> "group"; empty for what is no naming member. */
static struct str stem_of(struct str key)
{
	static const char *const ends[] = { "Identifier", "Name", "Arn", "ARN", "Id" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (key.n > strlen(ends[i]) && str_ends(key, ends[i]))
			return (struct str){ key.p, key.n - strlen(ends[i]) };
	return STR_NULL;
}

/* Where the word stands in the call's name, which has it with a capital; SIZE_MAX: nowhere. */
static size_t place_of(struct str call, struct str word)
{
	for (size_t at = 0; word.n && at + word.n <= call.n; at++)
		if (str_eq_nocase((struct str){ call.p + at, word.n }, word))
			return at;
	return SIZE_MAX;
}

static bool passed_over(struct str key)
{
	return str_starts(key, "tag") || str_ends(key, "olicyDocument") ||
	       str_starts(key, "filter");
}

static void search(struct search *s, struct str key, const struct jv *v, unsigned depth)
{
	if (v->type == JV_STRING && v->len > 0) {
		size_t place = place_of(s->call, stem_of(key));

		if (place < s->best) {
			s->best = place;
			s->found = jv_str(v);
		}
		return;
	}
	if (depth == MAX_DEPTH)
		return;
	if (v->type == JV_ARRAY && v->len > 0)
		search(s, key, &v->items[0], depth + 1);
	if (v->type == JV_OBJECT)
		for (uint32_t i = 0; i < v->len; i++)
			if (!passed_over(jv_str(&v->members[i].key)))
				search(s, jv_str(&v->members[i].key),
				       &v->members[i].value, depth + 1);
}

void event_object(const struct event *e, struct str *ret_type, struct str *ret_id)
{
	struct search s = { .call = e->name, .best = SIZE_MAX };

	*ret_type = *ret_id = STR_NULL;
	if (from_resources(e->resources, ret_type, ret_id))
		return;
	if (e->request)
		search(&s, STR_NULL, e->request, 0);
	if (s.best == SIZE_MAX && e->response)
		search(&s, STR_NULL, e->response, 0);
	*ret_id = str_starts(s.found, "arn:") ? arn_name(s.found) : s.found;
}
