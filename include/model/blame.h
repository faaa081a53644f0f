/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whom each part of a resource's newest state is owed to. Borrowed from whoever filled it.
 */

#include "model/story.h"

/* One change of the resource, as far as parts of the newest state come from it. */
struct blame_change {
	int64_t time_ms; /* capture time of the state it led to */
	enum reason reason;
	struct str why; /* more than the reason; may be empty */
	const struct story_event *causes;
	size_t n_causes;
	/* To measure, where the causes are not there (NULL): the bytes that a line says of any of them. */
	uint32_t label_len;
};

struct blame {
	const struct jv *body; /* the newest state's */
	bool deleted;
	const struct json_origin *origin; /* of the body; marks are indexes into changes */
	const struct blame_change *changes;
	size_t n_changes;
};
