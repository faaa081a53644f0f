/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table of one place for each mark: the next one that falls there takes it. Its memory is taken
 * from the system as places are used.
 */
#include "seen.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define SLOTS ((size_t)1 << 18) /* four megabytes, where as many are seen */

struct seen {
	struct fingerprint_key key;
	pthread_mutex_t lock;
	uint64_t epoch;                  /* goes into what a place holds */
	struct fingerprint slots[SLOTS]; /* all zero: free */
};

int seen_new(struct seen **ret)
{
	struct seen *s = calloc(1, sizeof(*s));
	int r = s ? fingerprint_key_new(&s->key) : -ENOMEM;

	if (r) {
		free(s);
		return r;
	}
	pthread_mutex_init(&s->lock, NULL);
	*ret = s;
	return 0;
}

struct seen *seen_free(struct seen *s)
{
	if (s)
		pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

struct fingerprint seen_mark(const struct seen *s, struct str container, struct str text)
{
	struct fingerprint mark = fingerprint_of(&s->key, text);
	struct fingerprint in = fingerprint_of(&s->key, container);

	return (struct fingerprint){ mark.low ^ in.low, mark.high ^ in.high };
}

static struct fingerprint *slot_of(struct seen *s, struct fingerprint mark)
{
	return &s->slots[mark.low & (SLOTS - 1)];
}

/* What its place holds if it was seen since the last time that all were forgotten. */
static struct fingerprint now(const struct seen *s, struct fingerprint mark)
{
	return (struct fingerprint){ mark.low, mark.high + s->epoch };
}

bool seen_has(struct seen *s, struct fingerprint mark)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has = fingerprint_eq(*slot_of(s, mark), now(s, mark));
	pthread_mutex_unlock(&s->lock);
	return has;
}

void seen_put(struct seen *s, struct fingerprint mark)
{
	pthread_mutex_lock(&s->lock);
	*slot_of(s, mark) = now(s, mark);
	pthread_mutex_unlock(&s->lock);
}

void seen_forget(struct seen *s)
{
	pthread_mutex_lock(&s->lock);
	s->epoch++;
	pthread_mutex_unlock(&s->lock);
}
