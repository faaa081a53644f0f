/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CloudTrail records. One pass over the members fills the view: this is the hot path of the
 * import, and a look-up by name for each of twenty fields would walk the record twenty times.
 * Tolerant of what is partial or of another type, but for the three fields without which a
 * record is no event: time, source and name.
 */

#include "model/event.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "model/timestamp.h"
#include "util/buf.h"

/* The members looked at, as a bit each to tell which were there. */
enum member {
	MEMBER_NONE,
	MEMBER_ADDRESS,
	MEMBER_ERROR_CODE,
	MEMBER_ERROR_MESSAGE,
	MEMBER_ID,
	MEMBER_IDENTITY,
	MEMBER_NAME,
	MEMBER_READ_ONLY,
	MEMBER_RECIPIENT,
	MEMBER_REGION,
	MEMBER_REQUEST,
	MEMBER_RESOURCES,
	MEMBER_RESPONSE,
	MEMBER_SERVICE_DETAILS,
	MEMBER_SOURCE,
	MEMBER_TIME,
	MEMBER_USER_AGENT,
	MEMBER_COUNT,
};

static const struct str member_names[MEMBER_COUNT] = {
	[MEMBER_ADDRESS] = STR("sourceIPAddress"),
	[MEMBER_ERROR_CODE] = STR("errorCode"),
	[MEMBER_ERROR_MESSAGE] = STR("errorMessage"),
	[MEMBER_ID] = STR("eventID"),
	[MEMBER_IDENTITY] = STR("userIdentity"),
	[MEMBER_NAME] = STR("eventName"),
	[MEMBER_READ_ONLY] = STR("readOnly"),
	[MEMBER_RECIPIENT] = STR("recipientAccountId"),
	[MEMBER_REGION] = STR("awsRegion"),
	[MEMBER_REQUEST] = STR("requestParameters"),
	[MEMBER_RESOURCES] = STR("resources"),
	[MEMBER_RESPONSE] = STR("responseElements"),
	[MEMBER_SERVICE_DETAILS] = STR("serviceEventDetails"),
	[MEMBER_SOURCE] = STR("eventSource"),
	[MEMBER_TIME] = STR("eventTime"),
	[MEMBER_USER_AGENT] = STR("userAgent"),
};

static enum member member_of(struct str key)
{
	for (enum member m = MEMBER_NONE + 1; m < MEMBER_COUNT; m++) {
		if (str_eq(key, member_names[m]))
			return m;
	}
	return MEMBER_NONE;
}

/* Of a member that occurs twice the last counts, as with jv_get(). */
static void collect(const struct jv *record, const struct jv *ret[MEMBER_COUNT])
{
	memset(ret, 0, MEMBER_COUNT * sizeof(*ret));
	for (uint32_t i = 0; i < record->len; i++)
		ret[member_of(jv_str(&record->members[i].key))] =
			&record->members[i].value;
}

static struct str text_of(const struct jv *v)
{
	return jv_is(v, JV_STRING) ? jv_str(v) : STR_NULL;
}

static const struct jv *not_null(const struct jv *v)
{
	return jv_is(v, JV_NULL) ? NULL : v;
}

static int require_text(const struct jv *const members[], enum member m, struct str *ret,
			struct fault *f)
{
	const struct jv *v = members[m];

	*ret = text_of(v);
	if (ret->n > 0)
		return 0;
	fault_set(f, v ? v->at : FAULT_NO_OFFSET, member_names[m].p, "%s",
		  !not_null(v)           ? "missing"
		  : v->type == JV_STRING ? "empty"
					 : "not a string");
	return EVENT_E_NOT_EVENT;
}

static int require_time(const struct jv *const members[], int64_t *ret_ms,
			struct fault *f)
{
	const struct jv *v = members[MEMBER_TIME];
	int r = not_null(v) ? timestamp_from_jv(v, ret_ms) : TIMESTAMP_E_FORMAT;

	if (r == 0)
		return 0;
	fault_set(f, v ? v->at : FAULT_NO_OFFSET, "eventTime", "%s",
		  !not_null(v)             ? "missing"
		  : r == TIMESTAMP_E_RANGE ? "before 1970 or after 2099"
					   : "not a time");
	return EVENT_E_NOT_EVENT;
}

/* CloudTrail writes a boolean, LookupEvents a string; without either the verb has to tell. */
static bool is_read_only(const struct jv *v, struct str name)
{
	if (jv_is(v, JV_TRUE) || jv_is(v, JV_FALSE))
		return v->type == JV_TRUE;
	if (str_eq_nocase(text_of(v), STR("true")))
		return true;
	if (str_eq_nocase(text_of(v), STR("false")))
		return false;
	return event_verb_is_read(name);
}

int event_from_jv(const struct jv *record, struct event *ret, struct fault *f)
{
	const struct jv *members[MEMBER_COUNT];
	struct event e = { .record = record };

	if (!jv_is(record, JV_OBJECT)) {
		fault_set(f, record ? record->at : FAULT_NO_OFFSET, "", "not an object");
		return EVENT_E_NOT_EVENT;
	}
	collect(record, members);
	if (require_time(members, &e.time_ms, f) != 0 ||
	    require_text(members, MEMBER_SOURCE, &e.source, f) != 0 ||
	    require_text(members, MEMBER_NAME, &e.name, f) != 0)
		return EVENT_E_NOT_EVENT;

	e.id = text_of(members[MEMBER_ID]);
	e.identity = jv_is(members[MEMBER_IDENTITY], JV_OBJECT) ? members[MEMBER_IDENTITY]
								: NULL;
	e.account = jv_str(members[MEMBER_RECIPIENT]);
	if (e.account.n == 0)
		e.account = jv_str(jv_get(e.identity, "accountId"));
	e.access_key = jv_get_text(e.identity, "accessKeyId");
	e.region = text_of(members[MEMBER_REGION]);
	e.address = text_of(members[MEMBER_ADDRESS]);
	e.user_agent = text_of(members[MEMBER_USER_AGENT]);
	e.error_code = text_of(members[MEMBER_ERROR_CODE]);
	e.error_message = text_of(members[MEMBER_ERROR_MESSAGE]);
	e.request = not_null(members[MEMBER_REQUEST]);
	e.response = not_null(members[MEMBER_RESPONSE]);
	e.resources = not_null(members[MEMBER_RESOURCES]);
	e.service_details = not_null(members[MEMBER_SERVICE_DETAILS]);
	e.read_only = is_read_only(members[MEMBER_READ_ONLY], e.name);
	e.failed = e.error_code.n > 0 || e.error_message.n > 0;
	*ret = e;
	return 0;
}

int event_from_text(struct arena *a, struct str text, struct event *ret)
{
	struct jv *v = arena_alloc(a, sizeof(*v));
	int r;

	text = arena_str(a, text);
	if (!v || !text.p)
		return -ENOMEM;
	r = jv_parse(a, text, v, NULL);
	if (r)
		return r < 0 ? r : EVENT_E_NOT_EVENT;
	return event_from_jv(v, ret, NULL);
}

bool event_verb_is_read(struct str event_name)
{
	static const char *const verbs[] = {
		"Describe",      "Get",      "List",     "Head",       "Lookup",
		"Search",        "BatchGet", "Query",    "Scan",       "Select",
		"BatchDescribe", "Discover", "Filter",   "View",       "Read",
		"Check",         "Estimate", "Simulate", "Preview",    "Download",
		"Validate",      "Verify",   "Detect",   "BatchCheck", "Test",
		"Poll",          "Peek",     "Count",
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		size_t n = strlen(verbs[i]);

		/* The whole first word: "ListBuckets" and "List", but not "Listen". */
		if (str_starts(event_name, verbs[i]) &&
		    (event_name.n == n || event_name.p[n] < 'a' || event_name.p[n] > 'z'))
			return true;
	}
	return false;
}

/* arn:aws:iam::123456789012:user/alice -> user/alice */
static struct str arn_tail(struct str arn)
{
	for (unsigned colons = 0; colons < 5; colons++) {
		ptrdiff_t at = str_chr(arn, ':');

		if (at < 0)
			return STR_NULL;
		arn = str_from(arn, (size_t)at + 1);
	}
	return arn;
}

static struct str joined(struct arena *a, const char *prefix, struct str first,
			 const char *between, struct str second)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;

	buf_put_text(&text, prefix);
	buf_put_str(&text, first);
	buf_put_text(&text, between);
	buf_put_str(&text, second);
	return buf_error(&text) ? STR_NULL : arena_str(a, buf_str(&text));
}

/* The session's name is what follows the role's id in the principal: AROAEXAMPLE:alice. */
static struct str session_without_arn(const struct jv *identity, struct arena *a)
{
	struct str role =
		jv_str(jv_path(identity, "sessionContext.sessionIssuer.userName"));
	struct str principal = jv_get_text(identity, "principalId");
	ptrdiff_t colon = str_chr(principal, ':');
	struct str session =
		colon < 0 ? STR_NULL : str_from(principal, (size_t)colon + 1);

	if (role.n == 0 && session.n == 0)
		return principal;
	return joined(a, "assumed-role/", role.n > 0 ? role : STR("unknown"),
		      session.n > 0 ? "/" : "", session);
}

/* The kinds of user that have a name of their own and, as a rule, no ARN. */
static struct str named_user(const struct jv *identity, struct str type, struct arena *a)
{
	struct str name = jv_get_text(identity, "userName");

	if (str_is(type, "IdentityCenterUser")) {
		struct str id = jv_str(jv_path(identity, "onBehalfOf.userId"));

		return id.n > 0 ? joined(a, "identity-center-user/", id, "", STR_NULL)
				: STR_NULL;
	}
	if (name.n == 0)
		return STR_NULL;
	if (str_is(type, "SAMLUser"))
		return joined(a, "saml-user/", name, "", STR_NULL);
	if (str_is(type, "WebIdentityUser"))
		return joined(a, "web-identity-user/", name, "", STR_NULL);
	if (str_is(type, "Directory"))
		return joined(a, "directory-user/", name, "", STR_NULL);
	return joined(a, "user/", name, "", STR_NULL);
}

struct str event_principal(const struct event *e, struct arena *a)
{
	const struct jv *id = e->identity;
	struct str type = jv_get_text(id, "type");
	struct str tail = arn_tail(jv_get_text(id, "arn"));
	struct str service = jv_get_text(id, "invokedBy");
	struct str account = jv_str(jv_get(id, "accountId"));
	struct str found = STR_NULL;

	if (str_is(type, "Root"))
		return STR("root");
	if (str_is(type, "AWSService") && service.n > 0)
		return service;
	if (str_is(type, "AWSAccount") && account.n > 0)
		return account;
	if (tail.n > 0)
		return tail;
	if (str_is(type, "AssumedRole") || str_is(type, "Role"))
		found = session_without_arn(id, a);
	else if (!str_is(type, "Unknown"))
		found = named_user(id, type, a);
	if (found.n > 0)
		return found;
	/* Events of a service in its own name have no type at all. */
	if (service.n > 0)
		return service;
	return type.n > 0 && account.n > 0 && !str_is(type, "Unknown") ? account
								       : STR("unknown");
}

bool event_is_role_session(const struct event *e)
{
	struct str type = jv_get_text(e->identity, "type");

	return str_is(type, "AssumedRole") ||
	       str_starts(arn_tail(jv_get_text(e->identity, "arn")), "assumed-role/");
}

bool event_issues_session(const struct event *e)
{
	static const char *const names[] = {
		"AssumeRole",         "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity",
		"GetFederationToken", "GetSessionToken",    "AssumeRoot",
	};

	if (!str_is(e->source, "sts.amazonaws.com"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_is(e->name, names[i]))
			return true;
	}
	return false;
}

struct str event_issued_key(const struct event *e)
{
	return jv_get_text(jv_get(e->response, "credentials"), "accessKeyId");
}

struct str event_issued_arn(const struct event *e)
{
	return jv_get_text(jv_get(e->response, "assumedRoleUser"), "arn");
}

/* 8-4-4-4-12 hex digits */
static bool is_guid(struct str id)
{
	if (id.n != 36)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
			   (c >= 'A' && c <= 'F');

		if (dash ? c != '-' : !hex)
			return false;
	}
	return true;
}

struct str event_identity(const struct event *e, struct arena *a)
{
	_cleanup_(buf_deinit) struct buf text = BUF_INIT;
	char digits[20];

	if (is_guid(e->id))
		return arena_str(a, e->id);
	/* Sorted, so that the same record is known again however its members stand. */
	jv_write_sorted(&text, e->record);
	if (buf_error(&text))
		return STR_NULL;
	(void)snprintf(digits, sizeof(digits), "%016" PRIx64, str_hash(buf_str(&text)));
	return joined(a, "", e->id, "#", str_of(digits));
}
