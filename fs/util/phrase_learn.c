/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which phrases are worth a code: those that spare the most bytes in the samples, each counted
 * with what it takes in the table; the commonest have the shortest codes.
 */
#include <errno.h>
#include <stdlib.h>

#include "phrase_private.h"
#include "util/macro.h"
#include "util/phrase.h"
#include "util/varint.h"

#define TABLE_MAX ((size_t)64 << 10)
#define CODE      2u                      /* bytes, most of them */
#define FOUND_MAX (((size_t)1 << 18) - 1) /* different ones; records have some thousand */

struct found {
	uint64_t hash;
	struct str phrase;
	size_t n; /* in the samples; 0: the slot is empty */
};

/* Open addressing, at most half full; what is new when there are too many is left out. */
struct found_set {
	struct found *slots;
	size_t size, used;
};

static void set_deinit(struct found_set *set)
{
	free(set->slots);
}

static struct found *set_at(const struct found_set *set, uint64_t hash, struct str phrase)
{
	size_t at = hash & (set->size - 1);

	while (set->slots[at].n &&
	       (set->slots[at].hash != hash || !str_eq(set->slots[at].phrase, phrase)))
		at = (at + 1) & (set->size - 1);
	return &set->slots[at];
}

static int set_grow(struct found_set *set)
{
	struct found_set grown = { .size = set->size ? 2 * set->size : 1024,
				   .used = set->used };

	if (2 * set->used < set->size)
		return 0;
	grown.slots = calloc(grown.size, sizeof(grown.slots[0]));
	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i].n)
			*set_at(&grown, set->slots[i].hash, set->slots[i].phrase) =
				set->slots[i];
	set_deinit(set);
	*set = grown;
	return 0;
}

static int set_count(struct found_set *set, struct str phrase)
{
	uint64_t hash = str_hash(phrase);
	struct found *f;
	int r = set_grow(set);

	if (r)
		return r;
	f = set_at(set, hash, phrase);
	if (!f->n) {
		if (set->used == FOUND_MAX)
			return 0;
		*f = (struct found){ hash, phrase, 0 };
		set->used++;
	}
	f->n++;
	return 0;
}

static int count_sample(struct found_set *set, struct str sample)
{
	struct phrase_scan scan = { .text = sample };
	struct str phrase, value;
	int r = 0;

	while (!r && phrase_next(&scan, &phrase, &value))
		if (phrase.n >= PHRASE_MIN && phrase.n <= PHRASE_MAX)
			r = set_count(set, phrase);
	return r;
}

static size_t gain(const struct found *f)
{
	size_t spared = f->n * (f->phrase.n - CODE), cost = f->phrase.n + 2;

	return spared > cost ? spared - cost : 0;
}

static int by_bytes(const struct found *a, const struct found *b)
{
	return str_cmp(a->phrase, b->phrase);
}

static int by_gain(const void *a, const void *b)
{
	size_t x = gain(a), y = gain(b);

	return x != y ? (x < y ? 1 : -1) : by_bytes(a, b);
}

static int by_count(const void *a, const void *b)
{
	size_t x = ((const struct found *)a)->n, y = ((const struct found *)b)->n;

	return x != y ? (x < y ? 1 : -1) : by_bytes(a, b);
}

/* The best of them first, as many as there is room for. */
static size_t choose(struct found *found, size_t n)
{
	size_t bytes = 0, chosen = 0;

	qsort(found, n, sizeof(found[0]), by_gain);
	while (chosen < n && chosen < PHRASES_MAX && gain(&found[chosen])) {
		bytes += found[chosen].phrase.n + 2;
		if (bytes > TABLE_MAX)
			break;
		chosen++;
	}
	qsort(found, chosen, sizeof(found[0]), by_count);
	return chosen;
}

int phrases_learn(struct str samples, const size_t *lengths, size_t n, struct buf *ret)
{
	_cleanup_(set_deinit) struct found_set set = { 0 };
	size_t at = 0, n_found = 0;
	int r = 0;

	for (size_t i = 0; i < n && !r; at += lengths[i++])
		r = count_sample(&set, (struct str){ samples.p + at, lengths[i] });
	if (r)
		return r;
	for (size_t i = 0; i < set.size; i++)
		if (set.slots[i].n)
			set.slots[n_found++] = set.slots[i];
	if (n_found)
		n_found = choose(set.slots, n_found);
	for (size_t i = 0; i < n_found; i++) {
		varint_put(ret, set.slots[i].phrase.n);
		buf_put_str(ret, set.slots[i].phrase);
	}
	return buf_error(ret);
}
