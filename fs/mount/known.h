/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The directories the kernel knows: a hash table from node to the number of times it was told
 * and the stamp it had at first. It grows with the kernel's own cache of inodes, of which each
 * takes some 30 times the memory, and shrinks with it. Not locked.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct known {
	uint64_t node;    /* 0: free */
	uint64_t stamp;   /* what the kernel holds may be as old as this */
	uint64_t parent;  /* 0: not known */
	uint32_t lookups; /* UINT32_MAX: not counted any more, it stays */
	bool renumbered;  /* users see other inode numbers than the nodes */
	bool covers; /* its stamp differs, too, once that of a directory in it does */
	bool listed; /* its listing was asked for */
	bool bare;   /* ... and gave names without attributes */
};

struct known_table {
	struct known *slots;
	size_t n, cap; /* cap: a power of two, or 0 */
};

void known_deinit(struct known_table *t);
/* Counts one more; the stamp is kept from the first time. false: out of memory. */
bool known_add(struct known_table *t, uint64_t node, uint64_t stamp);
void known_forget(struct known_table *t, uint64_t node, uint64_t lookups);
/* NULL when it is not known; until the table changes. */
struct known *known_find(const struct known_table *t, uint64_t node);
