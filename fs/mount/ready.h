/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Directories whose files are made before their reader comes to them, in the order in which it is
 * expected to. All of it under its owner's lock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many at most, or bytes of their files: a cache has to keep them until they are read. */
#define READY       32u
#define READY_BYTES ((size_t)8 << 20)

struct ready_dir {
	uint64_t dir;
	size_t bytes; /* 0: its files are just being made, or were there */
};
struct ready {
	struct ready_dir dirs[READY];
	unsigned n;
	size_t bytes;
	uint64_t last; /* directory behind which the next one is expected; 0: none is */
};

/* Has the last one still to be followed by others? */
bool ready_wants(const struct ready *r);
/*
 * Takes the directory found behind the last one, for the caller to make its files; 0: there is none.
 * false: there is none, or meanwhile the reader is elsewhere or somebody else has taken it.
 */
bool ready_take(struct ready *r, uint64_t last, uint64_t next);
/* So many bytes are made of one that was taken; the reader may be past it by now. */
void ready_made(struct ready *r, uint64_t dir, size_t bytes);
/* The reader is at this directory: those expected before it were passed over. */
void ready_advance(struct ready *r, uint64_t dir);
/* There is no reader. */
void ready_forget(struct ready *r);
