/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring: numbers grow and are never used again, not even by a ring that was reset, so that an
 * old number cannot mean a new arena.
 */
#include "util/arena_ring.h"

static struct arena *arena_of(struct arena_ring *r, uint32_t number)
{
	return &r->arenas[number % ARENA_RING_SIZE];
}

void arena_ring_deinit(struct arena_ring *r)
{
	for (size_t i = 0; i < ARENA_RING_SIZE; i++)
		arena_deinit(&r->arenas[i]);
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

	for (size_t i = 0; i < ARENA_RING_SIZE; i++)
		bytes += arena_size(&r->arenas[i]);
	return bytes;
}

struct arena *arena_ring_next(struct arena_ring *r)
{
	struct arena *newest = arena_of(r, r->newest);

	if (r->newest && arena_used(newest) < ARENA_RING_FULL)
		return newest;
	r->newest++;
	if (!r->oldest)
		r->oldest = r->newest;
	while (r->newest - r->oldest >= ARENA_RING_SIZE ||
	       (r->newest - r->oldest >= ARENA_RING_LEAST &&
		bytes_of(r) > ARENA_RING_BYTES))
		arena_deinit(arena_of(r, r->oldest++));
	return arena_of(r, r->newest);
}
