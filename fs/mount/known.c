/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Open addressing with linear probing; a removal moves later entries of the run forward, so
 * there are no tombstones. At most three quarters full, at least an eighth.
 */

#include "known.h"

#include <stdlib.h>

#define MIN_CAP 64

static size_t home(const struct known_table *t, uint64_t node)
{
	uint64_t h = node * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ h >> 32) & (t->cap - 1);
}

void known_deinit(struct known_table *t)
{
	free(t->slots);
	*t = (struct known_table){ 0 };
}

/* The slot of the node, or the free one where it would be. */
static size_t seek(const struct known_table *t, uint64_t node)
{
	size_t i = home(t, node);

	while (t->slots[i].node && t->slots[i].node != node)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static bool resize(struct known_table *t, size_t cap)
{
	struct known_table bigger = { .n = t->n, .cap = cap };

	bigger.slots = calloc(cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].node)
			bigger.slots[seek(&bigger, t->slots[i].node)] = t->slots[i];
	free(t->slots);
	*t = bigger;
	return true;
}

struct known *known_find(const struct known_table *t, uint64_t node)
{
	size_t i;

	if (t->cap == 0)
		return NULL;
	i = seek(t, node);
	return t->slots[i].node ? &t->slots[i] : NULL;
}

bool known_add(struct known_table *t, uint64_t node, uint64_t stamp)
{
	struct known *known = known_find(t, node);

	if (known) {
		known->lookups += known->lookups < UINT32_MAX;
		return true;
	}
	if (t->n + 1 > t->cap / 4 * 3 && !resize(t, t->cap ? 2 * t->cap : MIN_CAP))
		return false;
	t->slots[seek(t, node)] =
		(struct known){ .node = node, .lookups = 1, .stamp = stamp };
	t->n++;
	return true;
}

static void remove_slot(struct known_table *t, size_t hole)
{
	size_t mask = t->cap - 1;

	for (size_t i = (hole + 1) & mask; t->slots[i].node; i = (i + 1) & mask) {
		/* May it move to the hole? Only if that is not before its home. */
		if (((i - home(t, t->slots[i].node)) & mask) < ((i - hole) & mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole] = (struct known){ 0 };
	t->n--;
}

void known_forget(struct known_table *t, uint64_t node, uint64_t lookups)
{
	struct known *known = known_find(t, node);

	if (!known)
		return;
	if (known->lookups == UINT32_MAX)
		return;
	if (known->lookups > lookups) {
		known->lookups -= (uint32_t)lookups;
		return;
	}
	remove_slot(t, (size_t)(known - t->slots));
	if (t->cap > MIN_CAP && t->n < t->cap / 8)
		(void)resize(t, t->cap / 2); /* it would only have saved memory */
}
