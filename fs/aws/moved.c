/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list, for there are few. Messages may name buckets without end: it has a limit, at which it
 * begins anew.
 */
#include "moved.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST 256u

struct place {
	char *bucket;
	char region[MOVED_REGION_SIZE];
};

struct moved {
	pthread_mutex_t lock;
	struct place all[MOST];
	size_t n;
};

struct moved *moved_new(void)
{
	struct moved *m = calloc(1, sizeof(*m));

	if (m && pthread_mutex_init(&m->lock, NULL)) {
		free(m);
		return NULL;
	}
	return m;
}

static void forget(struct moved *m)
{
	while (m->n)
		free(m->all[--m->n].bucket);
}

struct moved *moved_free(struct moved *m)
{
	if (!m)
		return NULL;
	forget(m);
	pthread_mutex_destroy(&m->lock);
	free(m);
	return NULL;
}

/* Under the lock. */
static struct place *find(struct moved *m, struct str bucket)
{
	for (size_t i = 0; i < m->n; i++)
		if (str_is(bucket, m->all[i].bucket))
			return &m->all[i];
	return NULL;
}

bool moved_find(struct moved *m, struct str bucket, char ret[MOVED_REGION_SIZE])
{
	const struct place *p;

	if (!m)
		return false;
	pthread_mutex_lock(&m->lock);
	p = find(m, bucket);
	if (p)
		memcpy(ret, p->region, MOVED_REGION_SIZE);
	pthread_mutex_unlock(&m->lock);
	return p;
}

void moved_note(struct moved *m, struct str bucket, const char *region)
{
	struct place *p;

	pthread_mutex_lock(&m->lock);
	p = find(m, bucket);
	if (!p) {
		if (m->n == MOST)
			forget(m);
		m->all[m->n].bucket = str_dup(bucket);
		if (m->all[m->n].bucket)
			p = &m->all[m->n++];
	}
	if (p)
		(void)snprintf(p->region, sizeof(p->region), "%s", region);
	pthread_mutex_unlock(&m->lock);
}
