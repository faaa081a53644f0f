/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a line of timeline/ or activity/ tells of an event beside its own members: who made it and
 * what it was made on. All of it follows from the record alone.
 */

#include "model/event.h"

struct event_told {
	struct str principal; /* event_principal() */
	struct str role;      /* "role/Admin", of a session of it; empty: none */
	struct str session;   /* ARN of a role's session; empty: made in none */
	uint32_t text_len,
		jsonl_len; /* of its line (render/line.h); filled by who renders it */
};

/* In the arena. 0 or -ENOMEM. */
int event_tell(const struct event *e, struct arena *a,
	       struct event_told *ret) _must_check_;

/*
 * What the call was made on: the first of resources[], else the member of the request that is
 * named as the call is (groupId of AuthorizeSecurityGroupIngress), else likewise of the response.
 * Slices of the record; empty where there is none. The type only where CloudTrail gives it.
 */
void event_object(const struct event *e, struct str *ret_type, struct str *ret_id);
