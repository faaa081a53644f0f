/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A bump allocator: many small objects with one lifetime. Memory is zeroed only where
 * arena_zalloc says so; nothing is freed singly. An arena belongs to one thread at a time.
 */

#include <stddef.h>

#include "util/str.h"

struct arena_block;

struct arena {
	struct arena_block *block; /* newest block, linked to the older ones */
	char *next;
	char *end;
	char *newest; /* allocation, where it is not one with a block of its own */
};

#define ARENA_INIT ((struct arena){ 0 })

void arena_deinit(struct arena *a);
void arena_wipe(struct arena *a); /* likewise, wiped: there may be a secret in it */
/* Free all but the newest block and start over: every pointer handed out becomes invalid. */
void arena_reset(struct arena *a);
/* 16-byte aligned; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size) _must_check_;
void *arena_zalloc(struct arena *a, size_t size) _must_check_;
/* Of the newest allocation, only the first `used` bytes are wanted any more; of another: nothing. */
void arena_trim(struct arena *a, const void *p, size_t used);
/* Bytes that it has of the system's; and of these, how many are taken, or left behind. */
size_t arena_size(const struct arena *a);
size_t arena_used(const struct arena *a);
/* A copy of s living in the arena, NUL-terminated behind its n bytes; p is NULL when out of memory. */
struct str arena_str(struct arena *a, struct str s);
