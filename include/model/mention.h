/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How events and resources find each other: both sides give tokens, 64-bit hashes of the
 * strings by which a resource can be named, and where two tokens meet there is a candidate -
 * never yet a cause. An event's tokens are the string leaves of its request, response,
 * resources and service details, and the last segment of those that are ARNs, URLs or paths;
 * a resource's are its id, name and ARN, their last segments, and the ids its states hold of
 * things that are no resources of their own (associations, attachments).
 */

#include "model/alarm.h"
#include "model/event.h"
#include "model/item.h"
#include "util/arena.h"

struct mention_set {
	uint64_t *tokens; /* in the arena; sorted, no duplicates */
	size_t n;
};

/* Puts tokens that came in any order into order, and keeps each once. */
void mention_set_sort(struct mention_set *set);
/* At which place; -1: it has none. */
ptrdiff_t mention_set_find(const struct mention_set *set, uint64_t token) _pure_;
bool mention_set_has(const struct mention_set *set, uint64_t token) _pure_;

#define MENTION_MAX_EVENT \
	512 /* tokens of one event; a larger one keeps the first found */

/* The token of one name: used by both sides, and for access keys and session ARNs. */
uint64_t mention_token(struct str name) _pure_;
/*
 * Where a name counts. "orders" may be used in every account, and in one by each service; what looks
 * made up ("app-20240501-1") is looked for in calls of all services of an account; an ARN and a
 * generated id (i-0123456789abcdef0) need neither. Tokens have it exclusive or with the name: 0
 * for no account, whose names are met by none but with that scope, too.
 */
struct mention_scope {
	uint64_t account, service;
};
uint64_t mention_account(struct str account) _pure_;
/* The service of calls on resources of that type. */
uint64_t mention_service(struct str type);
/* `any_service`: leave services out, to measure what they are worth as evidence; on both sides. */
struct mention_scope mention_scope(const struct item *item, bool any_service);
uint64_t mention_token_of(struct mention_scope scope, struct str name) _pure_;
int mention_of_event(struct arena *a, const struct event *e, bool any_service,
		     struct mention_set *ret) _must_check_;
/* The body is canonical. */
int mention_of_item(struct arena *a, const struct item *item, const struct jv *body,
		    bool any_service, struct mention_set *ret) _must_check_;
/* Of these, those that do not follow from its account, region, type, id, name and ARN. */
int mention_of_body(struct arena *a, const struct item *item, const struct jv *body,
		    bool any_service, struct mention_set *ret) _must_check_;
/* The n-th type of resource that a dimension of that name may be of; NULL: there is no other. */
const char *mention_dimension_type(struct str dimension, size_t n) _pure_;
/* What a dimension of that name says of the item; empty: nothing is known. A part of the item. */
struct str mention_dimension_value(struct str dimension, const struct item *item) _pure_;
/*
 * The tokens of what an alarm watches, by the dimensions of its metrics, and of the alarm itself.
 * A name stands for a resource of the dimension's type in the alarm's account and region only; an
 * ARN and an id that nothing else has (i-0123456789abcdef0) for themselves.
 */
int mention_of_alarm(struct arena *a, const struct alarm *alarm,
		     struct mention_set *ret) _must_check_;
