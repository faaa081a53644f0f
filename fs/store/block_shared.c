/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked blocks that several connections keep together. Those who make stories at one time are
 * mostly at one account's, so a block that one has unpacked is what another wants next; what is
 * committed of a block does not change but for lengths of lines, which are not read here. A block is
 * not given up while somebody reads a record of it. The phrases it is coded with are those of the
 * connection that unpacked it, which therefore stays open as long as any reads.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "private.h"
#include "store/derive.h"

struct shared_block {
	struct block block;
	unsigned readers;
};

struct store_blocks {
	pthread_mutex_t lock;
	struct shared_block *all;
	struct kept_place *places; /* of each */
	size_t n;
	size_t room; /* bytes of all */
	uint64_t clock;
};

int store_blocks_new(unsigned connections, struct store_blocks **ret)
{
	struct store_blocks *b = calloc(1, sizeof(*b));
	size_t n = (size_t)connections * BLOCKS_KEPT_WORKER;

	if (!b)
		return -ENOMEM;
	pthread_mutex_init(&b->lock, NULL);
	b->all = calloc(n, sizeof(b->all[0]));
	b->places = calloc(n, sizeof(b->places[0]));
	b->n = n;
	if (!b->all || !b->places) {
		store_blocks_free(b);
		return -ENOMEM;
	}
	*ret = b;
	return 0;
}

struct store_blocks *store_blocks_free(struct store_blocks *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; b->all && i < b->n; i++)
		block_deinit(&b->all[i].block);
	pthread_mutex_destroy(&b->lock);
	free(b->all);
	free(b->places);
	free(b);
	return NULL;
}

void store_blocks_use(struct store *s, struct store_blocks *blocks)
{
	s->bodies.shared_blocks = blocks;
}

static size_t room_of(const struct block *b)
{
	return b->bytes.cap + b->ids.cap;
}

/* --- under the lock ------------------------------------------------------------------------ */

static struct shared_block *find(struct store_blocks *b, int64_t event)
{
	for (size_t i = 0; i < b->n; i++)
		if ((uint64_t)event - (uint64_t)b->places[i].first < b->places[i].n) {
			b->places[i].used = ++b->clock;
			return &b->all[i];
		}
	return NULL;
}

/* The place of the one asked for longest ago that nobody reads; n: there is none. One that is free
   comes first, or is left out. */
static size_t oldest_place(const struct store_blocks *b, bool free_too)
{
	size_t oldest = b->n;

	for (size_t i = 0; i < b->n; i++)
		if (!b->all[i].readers && (free_too || b->places[i].n) &&
		    (oldest == b->n || b->places[i].used < b->places[oldest].used))
			oldest = i;
	return oldest;
}

static void empty(struct store_blocks *b, size_t i)
{
	b->room -= room_of(&b->all[i].block);
	block_deinit(&b->all[i].block);
	b->places[i] = (struct kept_place){ 0 };
}

/* Takes the block's memory over, and gives back that of the one whose place it takes. */
static struct shared_block *put(struct store_blocks *b, struct block *coming)
{
	struct block gone;
	size_t i;

	while (b->room + room_of(coming) > b->n * BLOCK_KEPT_ROOM &&
	       (i = oldest_place(b, false)) < b->n)
		empty(b, i);
	i = oldest_place(b, true);
	if (i == b->n)
		return NULL;
	gone = b->all[i].block;
	b->all[i].block = *coming;
	b->room += room_of(coming) - room_of(&gone);
	b->places[i] = (struct kept_place){ coming->first, coming->n, ++b->clock };
	*coming = gone;
	return &b->all[i];
}

/* ------------------------------------------------------------------------------------------- */

static struct shared_block *take(struct store_blocks *b, int64_t event,
				 struct block *coming)
{
	struct shared_block *one;

	pthread_mutex_lock(&b->lock);
	one = find(b, event);
	if (!one && coming)
		one = put(b, coming);
	if (one)
		one->readers++;
	pthread_mutex_unlock(&b->lock);
	return one;
}

static void give_back(struct store_blocks *b, struct shared_block *one)
{
	pthread_mutex_lock(&b->lock);
	one->readers--;
	pthread_mutex_unlock(&b->lock);
}

static int record(struct store *s, const struct block *b, int64_t event, struct buf *out)
{
	unsigned i;
	int r;

	if (!block_has(b, event, &i))
		return STORE_E_NOT_FOUND;
	r = block_record(b, i, out);
	return r == -EBADMSG ? body_damaged(s, "event", event) : r;
}

int shared_record(struct store *s, int64_t event, struct buf *out)
{
	struct store_blocks *b = s->bodies.shared_blocks;
	struct block *spare = &s->bodies.blocks.spare;
	struct shared_block *one = take(b, event, NULL);
	int r = 0;

	if (!one) {
		r = block_read(s, event, spare);
		if (!r)
			one = take(b, event, spare);
	}
	if (r)
		return r;
	r = record(s, one ? &one->block : spare, event, out);
	if (one)
		give_back(b, one);
	return r;
}
