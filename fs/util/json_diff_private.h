/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values prepared for comparing: hashed, members sorted, elements ordered by hash. Equal here
 * means equal but for the order of array elements, at any depth.
 */

#include "util/json.h"

#define JSON_NO_PARTNER UINT32_MAX

struct json_node {
	const struct jv *value;
	uint64_t hash;  /* equal values have equal hashes */
	struct str key; /* of a member */
	struct json_node
		*kids; /* an array's elements; an object's members by key, each once */
	uint32_t n;
	uint32_t *by_hash; /* an array's indexes, by hash and then by index */
};

/* Everything lives in the arena. 0 or -ENOMEM. */
int json_node_make(struct arena *a, const struct jv *v,
		   struct json_node *ret) _must_check_;
bool json_node_same(const struct json_node *a, const struct json_node *b) _pure_;
/* The member, or NULL. */
const struct json_node *json_node_get(const struct json_node *object,
				      struct str key) _pure_;

/*
 * Finds for each element of two arrays the one of the other that it is to be compared with:
 * partner_a[i] is an index in b or JSON_NO_PARTNER, and the other way round.
 */
int json_align(struct arena *a, const struct json_node *old, const struct json_node *new,
	       uint32_t *partner_old, uint32_t *partner_new) _must_check_;
