/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Relationships of a resource to others, as its states name them: what, to which type, by id or
 * by name, and from when to when.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/json.h"

#define RELATION_OPEN INT64_C(-1) /* until_ms of one that still stands */

struct relation {
	struct str what;     /* "Is contained in Vpc", as AWS has it */
	struct str type;     /* of the target */
	struct str id, name; /* of the target; one of them may be empty */
	int64_t since_ms;    /* capture time of the first state with it */
	int64_t until_ms;    /* ... of the first without it, or of the deletion */
};

/* Does what is from then to then stand at a moment? */
static inline bool relation_stands_at(int64_t since_ms, int64_t until_ms, int64_t time_ms)
{
	return since_ms <= time_ms && (until_ms == RELATION_OPEN || until_ms > time_ms);
}

/* By since, what, type, id, name. */
int relation_cmp(const struct relation *a, const struct relation *b) _pure_;
/* The id, or the name where there is none: what the target is to be found by. */
static inline struct str relation_reference(const struct relation *r)
{
	return r->id.n ? r->id : r->name;
}

/* A state, as far as its relationships go. */
struct relation_state {
	int64_t time_ms;
	bool deleted;
	const struct jv *body; /* canonical */
};
/*
 * Follows a resource over its states, in their order. A state whose guise tells of no relationships
 * (null) leaves them as they were. Zero at first, but for the arena, which the strings are copied
 * into. 0 or -ENOMEM.
 */
struct relation_follower {
	struct arena *arena;
	struct buf done;  /* struct relation, ended */
	struct buf open;  /* likewise, sorted by target */
	struct buf named; /* scratch */
};
void relation_follower_deinit(struct relation_follower *f);
int relation_follow(struct relation_follower *f,
		    const struct relation_state *state) _must_check_;
/* All of them in the order of relation_cmp(); the list is in the arena. */
int relation_list(struct relation_follower *f, struct relation **ret,
		  size_t *ret_n) _must_check_;

/* What stands for the path of a target that the history does not know. */
#define RELATION_DANGLING "- dangling"
/* What `at/` says of a target: is it known, or not. */
#define RELATION_KNOWN_MARK    "known"
#define RELATION_DANGLING_MARK "dangling"
