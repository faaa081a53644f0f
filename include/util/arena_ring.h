/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Arenas in a ring: for what is looked at in a row and can be made again when it is asked for
 * later. Who keeps a pointer keeps the arena's number beside it, and asks by that whether it is
 * still there. What is asked for, new or old, stays until ARENA_RING_HELD more were asked for.
 */

#include <stdint.h>

#include "util/arena.h"

#define ARENA_RING_SIZE  8 /* so many are kept */
#define ARENA_RING_HELD  6
#define ARENA_RING_SLOTS 16 /* the oldest, held, and what comes before it may go */
#define ARENA_RING_FULL  ((size_t)1 << 20) /* one with so much is left for the next */
#define ARENA_RING_BYTES \
	((size_t)16 << 20) /* when there is more, only those held are kept */

_Static_assert(ARENA_RING_SLOTS >= ARENA_RING_SIZE + ARENA_RING_HELD - 1,
	       "they would meet");

struct arena_ring {
	struct arena arenas[ARENA_RING_SLOTS];
	uint32_t newest;                /* number of the arena in use; 0: none yet */
	uint32_t oldest;                /* ... and of the first that is there */
	uint32_t held[ARENA_RING_HELD]; /* of what was asked for last, in turn; 0: nothing */
	unsigned turn;
};

void arena_ring_deinit(struct arena_ring *r);
/* Forgets all that is in it; keeps the memory of one arena at most. */
void arena_ring_reset(struct arena_ring *r);
/* The arena for the next thing, whose number is then `newest`. */
struct arena *arena_ring_next(struct arena_ring *r);
/*
 * Is what was put there still there? Then it is held like what is put now; else it is to be made
 * again. 0 is never there.
 */
bool arena_ring_hold(struct arena_ring *r, uint32_t number);
