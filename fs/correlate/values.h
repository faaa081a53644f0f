/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values: what a request set against what a change shows. Leaves become pairs of hashes, of the
 * value with its member name and of the value alone.
 */

#include "model/change.h"
#include "model/event.h"
#include "util/arena.h"

struct value_leaf {
	uint64_t pair;  /* of member name (case folded) and value */
	uint64_t value; /* of the value, 0 when it is too common to tell anything */
	uint64_t any;   /* of the value, whatever it tells; 0 for a switch */
	uint32_t entry; /* of the difference it stands in */
	bool gone;      /* stood before and stands no more */
};

struct value_set {
	struct value_leaf *leaves;
	size_t n;
	/* What a state or a change has, to be looked up: hashes at places that follow from them, 0 where
	   there is none. An event, which is gone through only, has none. */
	uint64_t *pairs, *values; /* of as many places, a power of two */
	size_t mask;
};
/* Where a hash stands in such places, or would. */
static inline uint64_t *value_place(uint64_t *table, size_t mask, uint64_t hash)
{
	size_t i = hash & mask;

	while (table[i] && table[i] != hash)
		i = (i + 1) & mask;
	return &table[i];
}

/* What the difference adds or takes away; for a CREATE the leaves of the new state. */
int values_of_change(struct arena *a, const struct change *c,
		     struct value_set *ret) _must_check_;
/* All leaves of a state's configuration, supplementary configuration, tags. */
int values_of_state(struct arena *a, const struct jv *body,
		    struct value_set *ret) _must_check_;
/* What an event sets: its request's and response's leaves, JSON inside strings opened; the names of
   the resource itself left out. */
int values_of_event(struct arena *a, const struct event *e, const struct item *item,
		    struct value_set *ret) _must_check_;

/* The request's leaves alone: what was asked for. */
int values_of_request(struct arena *a, const struct event *e, const struct item *item,
		      struct value_set *ret) _must_check_;

/* Of a part of a state, to be gone through. */
int values_of_part(struct arena *a, const struct jv *v,
		   struct value_set *ret) _must_check_;

/* --- value_leaf.c -------------------------------------------------------------------------- */

/* What is told by a member and its value, besides where it stands. false: nothing. */
bool value_leaf_of(const struct item *own, struct str key, struct str value,
		   struct value_leaf *ret);
/* A tag tells by key and value together, be the value empty or the resource's own name; both are text. */
struct value_leaf value_leaf_of_tag(const struct item *own, struct str key,
				    struct str value);

/* --- values_shared.c ----------------------------------------------------------------------- */

/* How many of the event's leaves the set has, by name and value or by a telling value alone; the
   latter count in *ret_strong, too. Marks in explained[], when that is given, the entries of the difference,
   two each: what came and what went. */
size_t values_shared(const struct value_set *event, const struct value_set *set,
		     size_t *ret_strong, bool *explained);

/* Of the event's leaves, how many the change brought, and how many it took away. */
struct value_sides {
	size_t come, gone;
};
struct value_sides values_sides(const struct value_set *event,
				const struct value_set *change);
/* Did one of them come under whatever name? */
bool values_came(const struct value_set *asked, const struct value_set *change);
