/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How an event names a resource: where, by what, and whether as its object. */

#include "model/change.h"
#include "words.h"

struct naming {
	uint32_t evidence; /* REQUEST_ID, REQUEST_NAME, RESPONSE_ID, RESOURCES, OWNED_ID */
	bool request_typed, request_generic, request_other; /* the keys it stands under */
	bool request_called; /* the request has a key of its kind that says none of its names */
	bool response;       /* in the response and not in the request */
	bool response_typed; /* the response has it under a key of its own kind */
	bool unique; /* by a name that is unique in itself: an ARN, a generated id */
	bool own_id; /* by an id that no other resource ever has; an ARN may be used again */
	bool foreign_id; /* another resource's such id stands under a key of this type */
	bool other; /* by a name that it shares, and the call says which other one it means */
	bool nested; /* inside of what the request says about another of its kind */
	bool noun_key_other; /* the request has a key of the call's noun that names another thing */
};

/* Ids that are made up by AWS, and not the name: no two resources share one. */
bool naming_is_by_id(const struct item *item);
/* `before` is the state ahead of the event (for owned ids), or NULL; `state` that or the one after. */
void naming_of(const struct event *e, const struct call_words *call,
	       const struct item *item, const struct type_words *type,
	       const struct jv *before, const struct jv *state, struct naming *ret);

/* --- namesake.c ---------------------------------------------------------------------------- */

struct str naming_tail(struct str s);           /* behind the last '/', ':' or '|' */
struct str naming_arn(const struct item *item); /* empty: it is not known */
/* Named by its last part alone: does the request say that what it is in is another one? */
bool naming_is_elsewhere(const struct item *item, const struct type_words *type,
			 const struct event *e, const struct jv *state);
