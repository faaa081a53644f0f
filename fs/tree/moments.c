/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers of moments: an array of times, and a table that finds a time's number. Nothing is ever
 * taken out, as the kernel may hold a node as long as it likes; 16 bytes for each of a million
 * moments is what that may cost.
 */

#include "moments.h"

#include <errno.h>
#include <stdlib.h>

#include "model/moment.h"
#include "tree/tree.h"

#include "node.h"

#define FIRST_CAP  64
#define NUMBER_MAX ((size_t)1 << NODE_MOMENT_BITS)

static size_t home(int64_t ms, size_t n_slots)
{
	uint64_t h = (uint64_t)ms * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(h ^ h >> 32) & (n_slots - 1);
}

/* The slot of the time, or the free one where it would be. */
static size_t seek(const struct moments *m, int64_t ms)
{
	size_t n_slots = 2 * m->cap;
	size_t i = home(ms, n_slots);

	while (m->slots[i] && m->times[m->slots[i]] != ms)
		i = (i + 1) & (n_slots - 1);
	return i;
}

static int grow(struct moments *m)
{
	size_t cap = m->cap ? 2 * m->cap : FIRST_CAP;
	int64_t *times = reallocarray(m->times, cap, sizeof(*times));
	uint32_t *slots;

	if (!times)
		return -ENOMEM;
	m->times = times;
	slots = calloc(2 * cap, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	free(m->slots);
	m->slots = slots;
	m->cap = cap;
	for (size_t i = MOMENTS_NOW; i < m->n; i++)
		m->slots[seek(m, m->times[i])] = (uint32_t)i;
	return 0;
}

static int add(struct moments *m, int64_t ms)
{
	int r = 0;

	if (m->n == NUMBER_MAX)
		return -ENOSPC;
	if (m->n == m->cap)
		r = grow(m);
	if (r)
		return r;
	m->times[m->n] = ms;
	m->slots[seek(m, ms)] = (uint32_t)m->n;
	m->n++;
	return 0;
}

int moments_init(struct moments *m)
{
	*m = (struct moments){ .n = MOMENTS_NOW };
	if (pthread_mutex_init(&m->lock, NULL) != 0)
		return -ENOMEM;
	if (grow(m) < 0 || add(m, MOMENT_NOW) < 0) {
		moments_deinit(m);
		return -ENOMEM;
	}
	return 0;
}

void moments_deinit(struct moments *m)
{
	free(m->times);
	free(m->slots);
	pthread_mutex_destroy(&m->lock);
}

int moments_number(struct moments *m, int64_t ms, unsigned *ret)
{
	uint32_t number;
	int r = 0;

	pthread_mutex_lock(&m->lock);
	number = m->slots[seek(m, ms)];
	if (!number) {
		number = (uint32_t)m->n;
		r = add(m, ms);
	}
	pthread_mutex_unlock(&m->lock);
	*ret = number;
	return r;
}

int moments_time(struct moments *m, unsigned number, int64_t *ret)
{
	int r = TREE_E_NOT_FOUND;

	pthread_mutex_lock(&m->lock);
	if (number >= MOMENTS_NOW && number < m->n) {
		*ret = m->times[number];
		r = 0;
	}
	pthread_mutex_unlock(&m->lock);
	return r;
}
