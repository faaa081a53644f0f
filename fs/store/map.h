/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A hash map from byte strings to nodes that live elsewhere (an arena). What is kept embeds
 * struct map_node as its first member; the map holds pointers and owns only its table. A hash
 * narrows the search, the whole key decides.
 */

#include <stddef.h>
#include <stdint.h>

#include "util/macro.h"
#include "util/str.h"

struct map_node {
	uint64_t hash;
	struct str key; /* lives as long as the node */
};

struct map {
	struct map_node **slots; /* open addressing, a power of two; NULL while empty */
	size_t n, cap;
};

#define MAP_INIT ((struct map){ 0 })

/* NULL when there is none. hash is str_hash(key). */
struct map_node *map_get(const struct map *m, uint64_t hash, struct str key) _pure_;
/* Adds a node whose key is not in the map. 0 or -ENOMEM. */
int map_add(struct map *m, struct map_node *node) _must_check_;
/* The node in slot i < cap, or NULL: for walking. */
static inline struct map_node *map_at(const struct map *m, size_t i)
{
	return m->slots[i];
}
void map_clear(struct map *m); /* keeps the table */
void map_deinit(struct map *m);
