/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A CloudTrail record, as a view into its JSON: nothing is copied, missing members are empty.
 * Source: AWS CloudTrail user guide, "CloudTrail record contents" (versions 1.0 to 1.11).
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/json.h"
#include "util/str.h"

struct event {
	const struct jv *record; /* the whole record */
	struct str id;      /* eventID; for a record without one see event_identity() */
	int64_t time_ms;    /* eventTime: completed, second precision */
	struct str source;  /* ec2.amazonaws.com */
	struct str name;    /* RunInstances */
	struct str account; /* recipientAccountId, else userIdentity.accountId */
	struct str region;
	struct str address; /* sourceIPAddress */
	struct str user_agent;
	struct str error_code; /* empty: it succeeded */
	struct str error_message;
	struct str access_key;      /* userIdentity.accessKeyId */
	const struct jv *identity;  /* userIdentity, or NULL */
	const struct jv *request;   /* requestParameters, or NULL when absent or null */
	const struct jv *response;  /* responseElements, likewise */
	const struct jv *resources; /* resources[], likewise */
	const struct jv *service_details; /* serviceEventDetails, likewise */
	bool read_only; /* readOnly, or where that is missing what the verb says */
	bool failed;    /* has an errorCode or errorMessage */
};

enum {
	_EVENT_E_SUCCESS,
	EVENT_E_NOT_EVENT, /* lacks eventTime, eventSource or eventName, or one is of a wrong type:
			      the fault names the field */
};

/* 0, EVENT_E_NOT_EVENT. A record with an unusable eventTime is EVENT_E_NOT_EVENT, too. */
int event_from_jv(const struct jv *record, struct event *ret,
		  struct fault *f) _must_check_;

/* The same of its text, which is copied into the arena; -ENOMEM. What is no JSON is no event. */
int event_from_text(struct arena *a, struct str text, struct event *ret) _must_check_;

/* "Describe", "Get", "List", "Head", "Lookup", "Search" ...: reads by their verb. */
bool event_verb_is_read(struct str event_name) _pure_;

/*
 * Who acted, as the tail of an ARN: "user/alice", "assumed-role/Admin/session", "root",
 * "federated-user/x", for a service its DNS name, for another account its id, "unknown".
 * Taken from the record alone (type by type as CloudTrail's userIdentity reference says).
 */
struct str event_principal(const struct event *e, struct arena *a);
/* Is this a session of a role whose person may be found through an AssumeRole event? */
bool event_is_role_session(const struct event *e) _pure_;
/* STS: AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetSessionToken, GetFederationToken */
bool event_issues_session(const struct event *e) _pure_;
/* responseElements.credentials.accessKeyId / responseElements.assumedRoleUser.arn; empty when absent */
struct str event_issued_key(const struct event *e) _pure_;
struct str event_issued_arn(const struct event *e) _pure_;

/*
 * What the history knows the event by: eventID where it is a GUID; else (missing, redacted,
 * made up) "eventID#" and 16 hex digits of the record's hash, so that no record is lost.
 * In the arena.
 */
struct str event_identity(const struct event *e, struct arena *a);
