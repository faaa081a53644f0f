/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What differs between two JSON values, as RFC 6901 pointers. Objects are compared member by
 * member. Arrays are aligned by content: equal elements pair wherever they stand (a mere
 * re-ordering is no difference), left-over objects pair by an identifying member they share
 * (Id, Arn, Key, Name ...) and are compared inside; the rest is DELETE and CREATE of whole
 * elements, and one UPDATE where both fall on the same index. A CREATE's and an UPDATE's
 * pointer has the index in the new array, a DELETE's that in the old one; where that index
 * holds another element that changed inside, the DELETE is numbered behind both arrays' ends.
 */

#include "util/json.h"
#include "util/json_origin.h"

enum json_diff_kind {
	JSON_DIFF_CREATE, /* previous is NULL */
	JSON_DIFF_UPDATE,
	JSON_DIFF_DELETE, /* updated is NULL */
};

struct json_diff_entry {
	struct str pointer; /* "" for the whole value; in the arena */
	enum json_diff_kind kind;
	const struct jv *previous; /* borrowed from the trees compared */
	const struct jv *updated;
};

struct json_diff {
	struct json_diff_entry
		*entries; /* in the arena; document order; pointers are unique */
	size_t n;
};

/* 0 or -ENOMEM. `before` / `after` NULL means absent (one CREATE or DELETE of ""). */
int json_diff(struct arena *a, const struct jv *before, const struct jv *after,
	      struct json_diff *ret) _must_check_;

/* A value followed over a row of changes. */
struct json_trace {
	struct arena *arena; /* of the origins */
	uint32_t mark;       /* of the change at hand */
};
/*
 * The same, and carries *origin (of `before`) over to `after`: what the difference names comes
 * from the change at hand, the rest from where it came before. NULL stands for a whole that has
 * the origin of what it is in; what is within it is then likewise.
 */
int json_diff_trace(struct arena *a, const struct jv *before, const struct jv *after,
		    const struct json_trace *trace, struct json_origin **origin,
		    struct json_diff *ret) _must_check_;
