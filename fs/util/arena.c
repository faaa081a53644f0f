/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bump allocator: blocks that double up to a limit, linked newest first. A request too
 * big for a common block gets a block of its own, linked behind the newest one: the room left
 * there is not lost, and arena_reset() gives the big block back instead of keeping it.
 */
#include "util/arena.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN     16u
#define ARENA_MIN_BLOCK ((size_t)8 << 10)
#define ARENA_MAX_BLOCK ((size_t)1 << 20)

struct arena_block {
	struct arena_block *older;
	size_t size; /* bytes behind this header */
	_Alignas(ARENA_ALIGN) char bytes[];
};

static void free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
}

void arena_deinit(struct arena *a)
{
	free_blocks(a->block);
	*a = ARENA_INIT;
}

void arena_wipe(struct arena *a)
{
	for (struct arena_block *b = a->block; b; b = b->older)
		explicit_bzero(b->bytes, b->size);
	arena_deinit(a);
}

void arena_reset(struct arena *a)
{
	if (!a->block)
		return;
	free_blocks(a->block->older);
	a->block->older = NULL;
	a->newest = NULL;
	a->next = a->block->bytes;
	a->end = a->next + a->block->size;
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX / 2)
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (block)
		block->size = size;
	return block;
}

/* The next common block, at least as big as size (which is aligned and not too big for one). */
static bool add_block(struct arena *a, size_t size)
{
	size_t want =
		a->block ? MIN(a->block->size * 2, ARENA_MAX_BLOCK) : ARENA_MIN_BLOCK;
	struct arena_block *block = block_new(MAX(want, size));

	if (!block)
		return false;
	block->older = a->block;
	a->block = block;
	a->next = block->bytes;
	a->end = block->bytes + block->size;
	return true;
}

static void *alloc_big(struct arena *a, size_t size)
{
	struct arena_block *block = block_new(size);

	if (!block)
		return NULL;
	block->older = a->block->older;
	a->block->older = block;
	return block->bytes;
}

/* What is allocated is a multiple of this, and never nothing. */
static size_t aligned_of(size_t size)
{
	return (MAX(size, (size_t)1) + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t aligned = aligned_of(size);
	char *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	if ((size_t)(a->end - a->next) < aligned) {
		if (aligned > ARENA_MAX_BLOCK / 4) {
			if (!a->block && !add_block(a, ARENA_MIN_BLOCK))
				return NULL;
			return alloc_big(a, aligned);
		}
		if (!add_block(a, aligned))
			return NULL;
	}
	p = a->next;
	a->next += aligned;
	a->newest = p;
	return p;
}

void arena_trim(struct arena *a, const void *p, size_t used)
{
	if (p && p == a->newest)
		a->next = a->newest + aligned_of(used);
}

size_t arena_size(const struct arena *a)
{
	size_t size = 0;

	for (const struct arena_block *b = a->block; b; b = b->older)
		size += b->size;
	return size;
}

size_t arena_used(const struct arena *a)
{
	return arena_size(a) - (size_t)(a->end - a->next);
}

void *arena_zalloc(struct arena *a, size_t size)
{
	void *p = arena_alloc(a, size);

	if (p)
		memset(p, 0, size);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *copy = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;

	if (!copy)
		return STR_NULL;
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct str){ copy, s.n };
}
