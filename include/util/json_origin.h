/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where the parts of a value come from, when it is followed over a row of changes: a mark (the
 * caller's number of a change) for the whole, and others for those parts alone that a later
 * change touched. The tree is as sparse as what changed: what has no origin of its own has that
 * of what it is in. json_diff_trace() carries it over each change, along the same alignment of
 * arrays that the difference tells of, so that an element moved by an insertion keeps its own.
 *
 * Everything lives in one arena, which must outlive the row; the values compared need not.
 */

#include <stdint.h>

#include "util/arena.h"
#include "util/str.h"

struct json_origin_member;

struct json_origin {
	uint32_t mark;
	uint32_t n_items, n_members, max_members;
	struct json_origin **items; /* of an array, by index; NULL: as the array */
	struct json_origin_member
		*members; /* of an object, by key; the others: as the object */
};

struct json_origin_member {
	struct str key;
	struct json_origin *origin;
};

/* NULL when out of memory. */
struct json_origin *json_origin_new(struct arena *a, uint32_t mark) _must_check_;
/* The part's own origin, or NULL: it is that of o. o may be NULL. */
struct json_origin *json_origin_item(const struct json_origin *o, uint32_t index) _pure_;
struct json_origin *json_origin_member(const struct json_origin *o,
				       struct str key) _pure_;
/* The key is copied. 0 or -ENOMEM. */
int json_origin_set_member(struct arena *a, struct json_origin *o, struct str key,
			   struct json_origin *origin) _must_check_;

/* A copy of the whole tree in another arena, for when the first holds much that went. NULL for NULL,
   or when out of memory. */
struct json_origin *json_origin_copy(struct arena *a, const struct json_origin *o);
/* Sets used[mark] of each mark in the tree. */
void json_origin_note_used(const struct json_origin *o, bool *used);
