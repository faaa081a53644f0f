/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacked blocks that several connections keep together. Those who make stories at one time are
 * mostly at one account's, and those who read a mount go through what happened at one time in one
 * estate: so a block that one has unpacked is what another wants next. What is committed of a block
 * does not change but for what is told of its events, which may come later.
 *
 * A block is not given up while somebody reads a record of it. The phrases it is coded with are those
 * of the connection that unpacked it: before they go, what is coded with them does.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "private.h"

struct shared_block {
	struct block block;
	const struct bodies *owner; /* of the phrases */
	unsigned readers;
};

struct store_blocks {
	pthread_mutex_t lock;
	pthread_cond_t read; /* by nobody any more: a block */
	struct shared_block *all;
	struct kept_place *places; /* of each */
	size_t n;
	size_t room, most_room; /* bytes of all */
	uint64_t clock;
};

int store_blocks_new(size_t most, size_t bytes, struct store_blocks **ret)
{
	struct store_blocks *b = calloc(1, sizeof(*b));

	if (!b)
		return -ENOMEM;
	/* These cannot fail on Linux, without attributes. */
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_cond_init(&b->read, NULL);
	b->all = calloc(most, sizeof(b->all[0]));
	b->places = calloc(most, sizeof(b->places[0]));
	b->n = most;
	b->most_room = bytes;
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
	pthread_cond_destroy(&b->read);
	pthread_mutex_destroy(&b->lock);
	free(b->all);
	free(b->places);
	free(b);
	return NULL;
}

void store_blocks_use(struct store *s, struct store_blocks *blocks)
{
	if (!s->writer && !s->immutable)
		s->bodies.shared_blocks = blocks;
}

static size_t room_of(const struct block *b)
{
	return b->bytes.cap + b->ids.cap + sizeof(*b);
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
	if (b->places[i].n)
		b->room -= room_of(&b->all[i].block);
	block_deinit(&b->all[i].block);
	b->all[i].owner = NULL;
	b->places[i] = (struct kept_place){ 0 };
}

/* Takes the block's memory over. NULL: all there are is being read. */
static struct shared_block *put(struct store_blocks *b, const struct bodies *owner,
				struct block *coming)
{
	size_t i;

	while (b->room + room_of(coming) > b->most_room &&
	       (i = oldest_place(b, false)) < b->n)
		empty(b, i);
	i = oldest_place(b, true);
	if (i == b->n)
		return NULL;
	empty(b, i);
	b->all[i].block = *coming;
	b->all[i].owner = owner;
	b->room += room_of(coming);
	b->places[i] = (struct kept_place){ coming->first, coming->n, ++b->clock };
	*coming = (struct block){ 0 };
	return &b->all[i];
}

/* ------------------------------------------------------------------------------------------- */

/* Without the block itself it is only looked for. */
static struct shared_block *take(struct store_blocks *b, int64_t event,
				 const struct bodies *owner, struct block *coming)
{
	struct shared_block *one;

	pthread_mutex_lock(&b->lock);
	one = find(b, event);
	if (!one && coming)
		one = put(b, owner, coming);
	if (one)
		one->readers++;
	pthread_mutex_unlock(&b->lock);
	return one;
}

static void give_back(struct store_blocks *b, struct shared_block *one)
{
	pthread_mutex_lock(&b->lock);
	if (--one->readers == 0)
		pthread_cond_broadcast(&b->read);
	pthread_mutex_unlock(&b->lock);
}

void shared_forget(struct store_blocks *b, const struct bodies *owner)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n; i++) {
		while (b->all[i].owner == owner && b->all[i].readers)
			pthread_cond_wait(&b->read, &b->lock);
		if (b->all[i].owner == owner)
			empty(b, i);
	}
	pthread_mutex_unlock(&b->lock);
}

bool shared_row(struct store_blocks *b, int64_t event, struct block_row *ret)
{
	const struct shared_block *one;

	pthread_mutex_lock(&b->lock);
	one = find(b, event);
	if (one)
		*ret = one->block.rows[event - one->block.first];
	pthread_mutex_unlock(&b->lock);
	return one;
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
	_cleanup_(block_deinit) struct block read = { 0 };
	struct store_blocks *b = s->bodies.shared_blocks;
	struct shared_block *one = take(b, event, &s->bodies, NULL);
	int r = 0;

	if (!one) {
		r = block_read(s, event, &read);
		if (!r)
			one = take(b, event, &s->bodies, &read);
	}
	if (r)
		return r;
	r = record(s, one ? &one->block : &read, event, out);
	if (one)
		give_back(b, one);
	return r;
}
