/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Arenas in a ring: for what is looked at in a row and can be made again when it is asked for
 * later. What is put into one lives until so many others have been filled after it; who keeps a
 * pointer keeps the arena's number beside it, and asks whether that is still there.
 */

#include <stdint.h>

#include "util/arena.h"

#define ARENA_RING_SIZE  8
#define ARENA_RING_LEAST 4 /* so many always stay, however much is in them */
#define ARENA_RING_FULL  ((size_t)1 << 20)  /* one with so much is left for the next */
#define ARENA_RING_BYTES ((size_t)16 << 20) /* when there is more, fewer are kept */

struct arena_ring {
	struct arena arenas[ARENA_RING_SIZE];
	uint32_t newest; /* number of the arena in use; 0: none yet */
	uint32_t oldest; /* ... and of the first that is there */
};

void arena_ring_deinit(struct arena_ring *r);
/* Forgets all that is in it; keeps the memory of one arena at most. */
void arena_ring_reset(struct arena_ring *r);
/*
 * The arena for the next thing, whose number is then `newest`. At least the ARENA_RING_LEAST - 1
 * things before it stay.
 */
struct arena *arena_ring_next(struct arena_ring *r);
/* Is that arena still there? 0 never is. */
static inline bool arena_ring_has(const struct arena_ring *r, uint32_t number)
{
	return number && number >= r->oldest && number <= r->newest;
}
