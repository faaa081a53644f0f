/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The content cache: a hash table with chains, and a list by last use. An entry is counted:
 * one for the table, one for each holder; it lives on for its holders after it was dropped.
 * The newest entry stays whatever its size, or a file beyond the limit would be rendered whole
 * for every piece of it that is read.
 */

#include "cache.h"

#include <errno.h>
#include <stdlib.h>

int cache_init(struct cache *c, size_t limit)
{
	*c = (struct cache){ .limit = limit };
	if (pthread_mutex_init(&c->lock, NULL) != 0)
		return -ENOMEM;
	if (pthread_cond_init(&c->made, NULL) != 0) {
		pthread_mutex_destroy(&c->lock);
		return -ENOMEM;
	}
	return 0;
}

static struct cache_entry **bucket(struct cache *c, uint64_t node)
{
	/* Multiplicative hashing: row ids are consecutive, kinds sit in the top bits. */
	return &c->buckets[node * UINT64_C(0x9e3779b97f4a7c15) >> 50];
}

static void unref(struct cache_entry *e)
{
	if (--e->refs > 0)
		return;
	free((char *)(uintptr_t)e->content.data);
	free(e);
}

static void list_remove(struct cache *c, struct cache_entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
	e->newer = e->older = NULL;
}

static void list_add(struct cache *c, struct cache_entry *e)
{
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop(struct cache *c, struct cache_entry *e)
{
	struct cache_entry **at = bucket(c, e->node);

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	list_remove(c, e);
	c->bytes -= e->content.len + sizeof(*e);
	unref(e);
}

void cache_deinit(struct cache *c)
{
	while (c->oldest)
		drop(c, c->oldest);
	pthread_cond_destroy(&c->made);
	pthread_mutex_destroy(&c->lock);
}

static struct cache_entry *find(struct cache *c, uint64_t node)
{
	struct cache_entry *e = *bucket(c, node);

	while (e && e->node != node)
		e = e->chain;
	return e;
}

struct cache_entry *cache_hold(struct cache *c, uint64_t node, uint64_t *ret_label)
{
	struct cache_entry *e;

	pthread_mutex_lock(&c->lock);
	e = find(c, node);
	if (e) {
		e->refs++;
		*ret_label = e->label;
		list_remove(c, e);
		list_add(c, e);
	}
	pthread_mutex_unlock(&c->lock);
	return e;
}

void cache_release(struct cache *c, struct cache_entry *e)
{
	if (!e)
		return;
	pthread_mutex_lock(&c->lock);
	unref(e);
	pthread_mutex_unlock(&c->lock);
}

void cache_relabel(struct cache *c, struct cache_entry *e, uint64_t label)
{
	pthread_mutex_lock(&c->lock);
	/* A request that began earlier must not take the label back. */
	if (label > e->label)
		e->label = label;
	pthread_mutex_unlock(&c->lock);
}

static bool is_made(const struct cache *c, uint64_t node)
{
	for (const struct cache_making *m = c->making; m; m = m->next)
		if (m->node == node)
			return true;
	return false;
}

/* Under the lock. */
static bool claim(struct cache *c, uint64_t node, struct cache_making *making)
{
	if (is_made(c, node))
		return false;
	*making = (struct cache_making){ .node = node, .next = c->making };
	c->making = making;
	return true;
}

bool cache_try_begin(struct cache *c, uint64_t node, struct cache_making *making)
{
	bool mine;

	pthread_mutex_lock(&c->lock);
	mine = claim(c, node, making);
	pthread_mutex_unlock(&c->lock);
	return mine;
}

bool cache_begin(struct cache *c, uint64_t node, struct cache_making *making)
{
	bool mine;

	pthread_mutex_lock(&c->lock);
	mine = claim(c, node, making);
	while (!mine && is_made(c, node))
		pthread_cond_wait(&c->made, &c->lock);
	pthread_mutex_unlock(&c->lock);
	return mine;
}

void cache_end(struct cache *c, struct cache_making *making)
{
	struct cache_making **at = &c->making;

	pthread_mutex_lock(&c->lock);
	while (*at != making)
		at = &(*at)->next;
	*at = making->next;
	pthread_cond_broadcast(&c->made);
	pthread_mutex_unlock(&c->lock);
}

struct cache_entry *cache_put(struct cache *c, uint64_t node, uint64_t label,
			      uint64_t stamp, struct buf *content)
{
	struct cache_entry *e = calloc(1, sizeof(*e));
	struct cache_entry *old;

	if (!e)
		return NULL;
	*e = (struct cache_entry){ .content = { content->data, content->len },
				   .node = node,
				   .label = label,
				   .stamp = stamp,
				   .refs = 2 };
	*content = BUF_INIT;
	pthread_mutex_lock(&c->lock);
	old = find(c, node);
	if (old)
		drop(c, old);
	e->chain = *bucket(c, node);
	*bucket(c, node) = e;
	list_add(c, e);
	c->bytes += e->content.len + sizeof(*e);
	while (c->bytes > c->limit && c->oldest != c->newest)
		drop(c, c->oldest);
	pthread_mutex_unlock(&c->lock);
	return e;
}
