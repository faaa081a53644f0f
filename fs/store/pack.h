/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * States of one resource whose numbers follow on each other, in one row: what is told of each, and
 * their bodies end to end in one frame. The bytes, and how much goes into a pack: see pack.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"

/*
 * A state's id: the resource's row, and below it the state's number among those put of that
 * resource, from 1 on. Node numbers have 56 bits for it (fs/tree/node.h).
 */
#define STATE_NUMBER_BITS 20
#define STATE_NUMBER_MAX  ((INT64_C(1) << STATE_NUMBER_BITS) - 1)
#define STATE_ID_MAX      ((INT64_C(1) << 56) - 1)

static inline int64_t state_resource(int64_t id)
{
	return id >> STATE_NUMBER_BITS;
}
static inline int64_t state_number(int64_t id)
{
	return id & STATE_NUMBER_MAX;
}
/* The ids that a resource's states may have. */
static inline int64_t state_first(int64_t resource)
{
	return (int64_t)((uint64_t)resource << STATE_NUMBER_BITS) + 1;
}
static inline int64_t state_last(int64_t resource)
{
	return state_first(resource) + STATE_NUMBER_MAX - 1;
}

/* Few enough for one of them to be read: that takes unpacking them all. Larger ones stay alone. */
#define PACK_STATES 10u
#define PACK_BYTES  ((size_t)64 << 10)
/* What is turned down as no pack. */
#define PACK_STATES_MAX 64u
#define PACK_BYTES_MAX  ((size_t)1 << 20)

/* The parts of `kind`; see schema/packs.c. */
#define KIND_GUISE(kind)  ((kind)&7)
#define KIND_STATUS(kind) ((kind) >> 3 & 7)
#define KIND_SHAPE(kind)  ((kind) >> 6)

/* The configurationStateId: mostly a number that is about the time in milliseconds. */
struct state_name {
	bool is_text;
	int64_t number;  /* less the capture time */
	struct str text; /* borrowed */
};
#define STATE_NAME_DIGITS 24
struct state_name state_name_of(struct str id, int64_t capture_ms);
/* As it was told; `digits` may hold it. */
struct str state_name_text(const struct state_name *name, int64_t capture_ms,
			   char digits[STATE_NAME_DIGITS]);

/* What is told of a state besides its body; texts are borrowed. */
struct packed_state {
	int64_t capture_ms, source, kind, body_len;
	struct state_name name;
	size_t stored; /* bytes of the body in the frame: trimmed */
	bool has_raw;
	struct str raw; /* as the column has it */
};

struct pack {
	unsigned n;
	struct packed_state states[PACK_STATES_MAX];
	size_t stored;    /* bytes of all bodies */
	struct str frame; /* borrowed */
};

/* A pack that is being made. What its states borrow is its own. */
struct pack_draft {
	struct pack pack;
	struct buf bodies; /* trimmed, end to end */
	struct arena texts;
};

void pack_draft_deinit(struct pack_draft *d);
/* Of no states. */
void pack_draft_reset(struct pack_draft *d);
/* One more, of fewer than PACK_STATES_MAX; what `bodies` has from `start` on is its body. 0 or -ENOMEM. */
int pack_draft_add(struct pack_draft *d, const struct packed_state *state,
		   size_t start) _must_check_;

/* Appends the pack's bytes, whose frame is given. */
void pack_put(struct buf *out, const struct pack *pack);
/* false: these are not such bytes. */
bool pack_take(struct str bytes, struct pack *ret) _must_check_;
/* How many states it has; 0: these are not such bytes. */
unsigned pack_states(struct str bytes) _pure_;
