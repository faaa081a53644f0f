/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring: numbers grow and are never used again, not even by a ring that was reset, so that an
 * old number cannot mean a new arena.
 */
#include "util/arena_ring.h"

#include <string.h>

static struct arena *arena_of(struct arena_ring *r, uint32_t number)
{
	return &r->arenas[number % ARENA_RING_SLOTS];
}

void arena_ring_deinit(struct arena_ring *r)
{
	for (size_t i = 0; i < ARENA_RING_SLOTS; i++)
		arena_deinit(&r->arenas[i]);
	memset(r->held, 0, sizeof(r->held));
	r->oldest = r->newest + 1;
}

void arena_ring_reset(struct arena_ring *r)
{
	struct arena kept;

	if (!r->newest)
		return;
	kept = *arena_of(r, r->newest);
	*arena_of(r, r->newest) = ARENA_INIT;
	arena_ring_deinit(r);
	arena_reset(&kept);
	if (arena_size(&kept) > ARENA_RING_FULL)
		arena_deinit(&kept);
	r->newest++;
	*arena_of(r, r->newest) = kept;
}

static size_t bytes_of(struct arena_ring *r)
{
	size_t bytes = 0;

	for (size_t i = 0; i < ARENA_RING_SLOTS; i++)
		bytes += arena_size(&r->arenas[i]);
	return bytes;
}

static void hold(struct arena_ring *r, uint32_t number)
{
	r->held[r->turn++ % ARENA_RING_HELD] = number;
}

/* The oldest that may not go. */
static uint32_t first_held(const struct arena_ring *r)
{
	uint32_t first = r->newest;

	for (size_t i = 0; i < ARENA_RING_HELD; i++)
		if (r->held[i])
			first = MIN(first, r->held[i]);
	return first;
}

struct arena *arena_ring_next(struct arena_ring *r)
{
	uint32_t held;

	if (r->newest && arena_used(arena_of(r, r->newest)) < ARENA_RING_FULL) {
		hold(r, r->newest);
		return arena_of(r, r->newest);
	}
	r->newest++;
	if (!r->oldest)
		r->oldest = r->newest;
	hold(r, r->newest);
	held = first_held(r);
	while (r->oldest < held && (r->newest - r->oldest >= ARENA_RING_SIZE ||
				    bytes_of(r) > ARENA_RING_BYTES))
		arena_deinit(arena_of(r, r->oldest++));
	return arena_of(r, r->newest);
}

bool arena_ring_hold(struct arena_ring *r, uint32_t number)
{
	/* One that is there only since it is held would stay for ever, and the ring would close. */
	if (!number || number < r->oldest || number > r->newest ||
	    r->newest - number >= ARENA_RING_SIZE)
		return false;
	hold(r, number);
	return true;
}
