/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makers take runs of the page's items, so that what they keep serves for the next one, and sleep
 * while much is made and not yet taken. Where things are given in order, the maker that has the one
 * that is expected goes on whatever the others have made: nobody waits for one who sleeps.
 */
#include "crew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define READY_BYTES \
	((size_t)12 << 20) /* made and not yet taken; a single bigger one still passes */

struct crew_made *crew_made_free(struct crew_made *made)
{
	if (made)
		arena_deinit(&made->arena);
	free(made);
	return NULL;
}

int crew_made_lose(struct crew_made *made, const struct store *s)
{
	arena_reset(&made->arena);
	made->lost = true;
	made->why = arena_str(&made->arena, str_of(store_message(s)));
	return made->why.p ? 0 : -ENOMEM;
}

/* --- makers -------------------------------------------------------------------------------- */

/* What is given in order is given up to the first that failed, whichever failed first. */
static void fail(struct crew *c, int error, size_t item, const char *why)
{
	size_t until = c->ops->in_order && item != SIZE_MAX ? item : 0;

	pthread_mutex_lock(&c->lock);
	if (!c->error || until < c->until) {
		c->error = error;
		c->failed = item;
		c->until = until;
		(void)snprintf(c->why, sizeof(c->why), "%s", why);
	}
	pthread_cond_broadcast(&c->ready);
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

/* More is made than is taken. */
static bool is_ahead(const struct crew *c)
{
	return c->waiting >= c->ops->ready_max || c->bytes >= READY_BYTES;
}

/* Who waits for room is woken when half is free, not for each thing that is taken. */
static bool is_drained(const struct crew *c)
{
	return c->waiting <= c->ops->ready_max / 2 && c->bytes <= READY_BYTES / 2;
}

static bool may_go_on(const struct crew *c, const struct crew_span *own)
{
	bool has_own = own->next < own->end;

	if (!has_own && c->next == c->n)
		return false;
	return !is_ahead(c) ||
	       (c->ops->in_order && (has_own ? own->next : c->next) == c->expected);
}

/* Is there nothing to make any more? After a failure others make what comes before it. */
static bool is_over(const struct crew *c, const struct crew_span *own)
{
	bool before = own->next < own->end && own->next < c->until;

	return c->stop || (c->error && !before);
}

/* The next item of the page; false when the maker is to end. */
static bool take(struct crew *c, struct crew_span *own, size_t *ret)
{
	bool got = false;

	pthread_mutex_lock(&c->lock);
	while (!is_over(c, own) && !may_go_on(c, own)) {
		c->sleeping++;
		pthread_cond_wait(&c->work, &c->lock);
		c->sleeping--;
	}
	if (!is_over(c, own)) {
		if (own->next == own->end) {
			own->next = c->next;
			own->end = c->next = c->ops->run(c->ops->ctx, c->next, c->n);
		}
		*ret = own->next++;
		own->era = c->era;
		c->under_way++;
		got = true;
	}
	pthread_mutex_unlock(&c->lock);
	return got;
}

/* Where it is to stand among those made. */
static struct crew_made **place_of(struct crew *c, const struct crew_made *m)
{
	struct crew_made **at = c->last;

	if (c->ops->in_order)
		for (at = &c->made; *at && (*at)->item < m->item;)
			at = &(*at)->next;
	return at;
}

static void give(struct crew *c, const struct crew_span *own, struct crew_made *m)
{
	struct crew_made **at;

	m->bytes = arena_size(&m->arena);
	pthread_mutex_lock(&c->lock);
	if (own->era == c->era)
		c->under_way--;
	else
		c->behind--;
	at = place_of(c, m);
	m->next = *at;
	*at = m;
	if (!m->next)
		c->last = &m->next;
	c->waiting++;
	c->bytes += m->bytes;
	pthread_cond_signal(&c->ready);
	pthread_mutex_unlock(&c->lock);
}

static int make_one(struct crew *c, struct store *s, void *memo, size_t item,
		    struct crew_made **ret)
{
	struct crew_made *m = calloc(1, c->ops->size);
	int r;

	if (!m)
		return -ENOMEM;
	m->item = item;
	r = store_read_begin(s);
	if (!r) {
		r = c->ops->make(c->ops->ctx, s, memo, item, m);
		store_read_end(s);
	}
	if (r) {
		crew_made_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

static void *run(void *arg)
{
	struct crew_maker *me = arg;
	struct crew *c = me->crew;
	void *memo = calloc(1, c->ops->memo_size);
	struct crew_span own = { 0 };
	size_t item = SIZE_MAX;
	struct fault f = { 0 };
	int r = memo ? store_open(c->ops->history, STORE_WORKER, false, &me->s, &f)
		     : -ENOMEM;

	if (!r)
		store_blocks_use(me->s, me->blocks);
	while (!r && take(c, &own, &item)) {
		struct crew_made *m = NULL;

		r = make_one(c, me->s, memo, item, &m);
		if (!r)
			give(c, &own, m);
	}
	/* Which row, or what of the file, the connection knows. */
	if (r)
		fail(c, r > 0 ? -EIO : r, item,
		     r == -ENOMEM ? ""
		     : me->s      ? store_message(me->s)
				  : f.reason);
	if (memo)
		c->ops->memo_deinit(memo);
	free(memo);
	return NULL;
}

static int blocks_new(unsigned makers, struct store_blocks **ret)
{
	size_t n = (size_t)makers * CREW_BLOCKS;

	return store_blocks_new(n, n * CREW_BLOCK_ROOM, ret);
}

int crew_start(struct crew *c, const struct crew_ops *ops, unsigned n)
{
	int r = 0;

	*c = (struct crew){ .ops = ops,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .work = PTHREAD_COND_INITIALIZER,
			    .ready = PTHREAD_COND_INITIALIZER,
			    .failed = SIZE_MAX };
	c->last = &c->made;
	n = MAX(MIN(n, CREW_MAKERS), 1u);
	while (!r && c->n_makers < n) {
		struct store_blocks **blocks = &c->blocks[c->n_makers / CREW_TOGETHER];
		struct crew_maker *one = &c->makers[c->n_makers];

		if (c->n_makers % CREW_TOGETHER == 0)
			r = blocks_new(MIN(n - c->n_makers, CREW_TOGETHER), blocks);
		*one = (struct crew_maker){ .crew = c, .blocks = *blocks };
		if (!r && pthread_create(&one->thread, NULL, run, one))
			r = -EAGAIN;
		c->n_makers += !r;
	}
	return r;
}

void crew_end(struct crew *c)
{
	if (!c->ops)
		return;
	pthread_mutex_lock(&c->lock);
	c->stop = true;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->n_makers; i++)
		pthread_join(c->makers[i].thread, NULL);
	for (unsigned i = 0; i < c->n_makers; i++)
		store_close(c->makers[i].s);
	for (size_t i = 0; i < ARRAY_SIZE(c->blocks); i++)
		c->blocks[i] = store_blocks_free(c->blocks[i]);
	c->n_makers = 0;
	while (c->made) {
		struct crew_made *m = c->made;

		c->made = m->next;
		crew_made_free(m);
	}
}

/* --- the writer ---------------------------------------------------------------------------- */

void crew_page(struct crew *c, size_t n)
{
	pthread_mutex_lock(&c->lock);
	c->n = n;
	c->next = c->expected = 0;
	pthread_cond_broadcast(&c->work);
	pthread_mutex_unlock(&c->lock);
}

size_t crew_cut_short(struct crew *c)
{
	size_t n;

	pthread_mutex_lock(&c->lock);
	n = c->n = c->next;
	pthread_mutex_unlock(&c->lock);
	return n;
}

/* Is one there that may be given? */
static bool is_ready(const struct crew *c)
{
	return c->made && (!c->ops->in_order || c->made->item == c->expected);
}

/* Is there none to be given any more? */
static bool is_at_end(const struct crew *c)
{
	return c->error && c->expected >= c->until;
}

struct crew_made *crew_take(struct crew *c)
{
	struct crew_made *m;

	pthread_mutex_lock(&c->lock);
	while (!is_at_end(c) && !is_ready(c))
		pthread_cond_wait(&c->ready, &c->lock);
	m = is_at_end(c) ? NULL : c->made;
	if (m) {
		c->made = m->next;
		if (!c->made)
			c->last = &c->made;
		c->expected++;
		c->waiting--;
		c->bytes -= m->bytes;
		/* Who has the next one may sleep since others are ahead. */
		if (c->sleeping && (is_drained(c) || !is_ready(c)))
			pthread_cond_broadcast(&c->work);
	}
	pthread_mutex_unlock(&c->lock);
	return m;
}

/* Waits until nothing is being made of what was there before the last commit. */
static void wait_for_readers(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->era++;
	c->behind += c->under_way;
	c->under_way = 0;
	while (c->behind && !c->error)
		pthread_cond_wait(&c->ready, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

int crew_commit(struct crew *c, struct store *writer)
{
	int r = store_commit(writer);

	if (r || !store_log_is_long(writer))
		return r;
	wait_for_readers(c);
	return store_log_take(writer);
}
