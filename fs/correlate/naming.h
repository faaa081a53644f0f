/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How an event names a resource: where, by what, and whether as its object. */

#include "model/change.h"
#include "words.h"

struct naming {
	uint32_t evidence; /* REQUEST_ID, REQUEST_NAME, RESPONSE_ID, RESOURCES, OWNED_ID */
	bool request_typed, request_generic, request_other; /* the keys it stands under */
	bool response; /* in the response and not in the request */
	bool unique;   /* by a name that is unique in itself: an ARN, a generated id */
	bool noun_key_other; /* the request has a key of the call's noun that names another thing */
};

/* `before` is the state ahead of the event (for owned ids), or NULL. */
void naming_of(const struct event *e, const struct call_words *call,
	       const struct item *item, const struct type_words *type,
	       const struct jv *before, struct naming *ret);
