/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's hash map: linear probing over a table at most two thirds full, no deletion of
 * single nodes - the writer's caches only ever grow and are then dropped as a whole.
 */
#include "map.h"

#include <errno.h>
#include <stdlib.h>

#define MAP_MIN_CAP 64

struct map_node *map_get(const struct map *m, uint64_t hash, struct str key)
{
	if (!m->n)
		return NULL;
	for (size_t i = hash & (m->cap - 1); m->slots[i]; i = (i + 1) & (m->cap - 1))
		if (m->slots[i]->hash == hash && str_eq(m->slots[i]->key, key))
			return m->slots[i];
	return NULL;
}

static void place(struct map *m, struct map_node *node)
{
	size_t i = node->hash & (m->cap - 1);

	while (m->slots[i])
		i = (i + 1) & (m->cap - 1);
	m->slots[i] = node;
}

static int grow(struct map *m)
{
	struct map bigger = { .cap = MAX(m->cap * 2, (size_t)MAP_MIN_CAP), .n = m->n };

	bigger.slots = calloc(bigger.cap, sizeof(struct map_node *));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i])
			place(&bigger, m->slots[i]);
	free(m->slots);
	*m = bigger;
	return 0;
}

int map_add(struct map *m, struct map_node *node)
{
	int r = m->n + 1 > m->cap / 3 * 2 ? grow(m) : 0;

	if (r)
		return r;
	place(m, node);
	m->n++;
	return 0;
}

void map_clear(struct map *m)
{
	if (m->n)
		memset(m->slots, 0, m->cap * sizeof(struct map_node *));
	m->n = 0;
}

void map_deinit(struct map *m)
{
	free(m->slots);
	*m = MAP_INIT;
}
