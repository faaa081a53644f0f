/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Connections and labels. A connection serves one request at a time; there are as many as
 * there were ever requests at once.
 *
 * A commit by another process shows as a new generation, which SQLite counts per connection, so
 * the tree has a label of its own that grows whenever any connection sees a generation it did
 * not see before, but for commits that another one saw first: those the history counts. Content
 * is kept with the label its request began under: while the label stays, no one has seen a later
 * commit, and the content is as good as new. The order matters: the label is read before the view
 * of the history is taken. A commit between the two that somebody else notices first leaves the
 * request without a label: it neither takes nor leaves content of another view than its own.
 *
 * A view costs more than most requests ask in it: so where someone polls, it is held until the next
 * commit is noticed, and between two such moments a client sees sizes and bytes of one history. One
 * that nobody uses for a while is let go, for the log of the history to be taken back.
 *
 * Views never go back: whoever first sees a commit begins a new epoch before it answers, and a view
 * of an earlier epoch is taken anew. So a name that one request has listed, the next one finds.
 */

#include "request.h"

#include <errno.h>
#include <stdlib.h>

#include "view.h"

static void connection_freep(struct connection **c)
{
	*c = connection_free(*c);
}

int connection_new(const char *path, struct connection **ret, struct fault *f)
{
	_cleanup_(connection_freep) struct connection *c = calloc(1, sizeof(*c));
	int r;

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	if (!c)
		return -ENOMEM;
	r = store_open(path, STORE_READ, false, &c->store, f);
	if (r)
		return r;
	c->seen = UINT64_MAX; /* it has seen nothing */
	*ret = take_ptr(c);
	return 0;
}

struct connection *connection_free(struct connection *c)
{
	if (!c)
		return NULL;
	c->store = store_close(c->store);
	c->codec = zcodec_free(c->codec);
	arena_deinit(&c->arena);
	free(c);
	return NULL;
}

uint64_t tree_label(struct tree *t)
{
	uint64_t label;

	pthread_mutex_lock(&t->lock);
	label = t->label;
	pthread_mutex_unlock(&t->lock);
	return label;
}

static struct connection *take_idle(struct tree *t, uint64_t *ret_epoch)
{
	struct connection *c;

	pthread_mutex_lock(&t->lock);
	c = t->idle;
	if (c)
		t->idle = c->next;
	*ret_epoch = t->epoch;
	pthread_mutex_unlock(&t->lock);
	return c;
}

static void release(struct connection *c)
{
	if (c->held)
		store_read_end(c->store);
	c->held = false;
}

void connections_rest(struct tree *t)
{
	pthread_mutex_lock(&t->lock);
	for (struct connection *c = t->idle; c; c = c->next) {
		if (!c->used)
			release(c);
		c->used = false;
	}
	pthread_mutex_unlock(&t->lock);
}

/* With the view of the request, if that is worth being held; else it is ended. */
static void give_back(struct tree *t, struct connection *c, uint64_t label)
{
	arena_reset(&c->arena);
	/* An epoch of 0: nobody polls, who would tell when it is old. */
	c->held = c->epoch > 0 && label != 0 && store_read_is_sound(c->store);
	c->label = label;
	c->used = true;
	if (!c->held)
		store_read_end(c->store);
	pthread_mutex_lock(&t->lock);
	c->next = t->idle;
	t->idle = c;
	pthread_cond_signal(&t->returned);
	pthread_mutex_unlock(&t->lock);
}

/* One more of the file that was opened first; STORE_E_MISSING: that is not there any more. */
static int connection_more(struct tree *t, struct connection **ret)
{
	_cleanup_(connection_freep) struct connection *c = NULL;
	int r = connection_new(t->path, &c, NULL);

	if (r == 0 && !store_is_same(c->store, t->poller->store))
		r = STORE_E_MISSING;
	if (r)
		return r;
	store_blocks_use(c->store, t->events);
	pthread_mutex_lock(&t->lock);
	t->connections++;
	pthread_mutex_unlock(&t->lock);
	*ret = take_ptr(c);
	return 0;
}

/* There cannot be more: waits until one of those there are is given back. */
static int wait_idle(struct tree *t, struct connection **ret, uint64_t *ret_epoch)
{
	int r = 0;

	pthread_mutex_lock(&t->lock);
	while (!t->idle && t->connections > 0)
		pthread_cond_wait(&t->returned, &t->lock);
	*ret = t->idle;
	*ret_epoch = t->epoch;
	if (t->idle)
		t->idle = t->idle->next;
	else
		r = -EIO;
	pthread_mutex_unlock(&t->lock);
	return r;
}

static void drop(struct tree *t, struct connection *c)
{
	connection_free(c);
	pthread_mutex_lock(&t->lock);
	t->connections--;
	pthread_cond_broadcast(&t->returned);
	pthread_mutex_unlock(&t->lock);
}

/*
 * A connection; a new one opens the file, and one idle over a commit looks at it again. What has
 * taken the history's place is never mixed with it: then those that are open have to do.
 */
static int connection_take(struct tree *t, struct connection **ret)
{
	struct connection *c;
	uint64_t epoch, generation;
	bool fresh;
	int r = 0;

	c = take_idle(t, &epoch);
	fresh = !c;
	if (!c)
		r = connection_more(t, &c);
	if (r == STORE_E_MISSING) {
		r = wait_idle(t, &c, &epoch);
		fresh = false;
	}
	if (r)
		return view_error(r);
	if (!fresh && c->epoch != epoch) {
		release(c);
		r = view_error(store_generation(c->store, &generation));
	}
	if (r) {
		drop(t, c);
		return r;
	}
	c->epoch = epoch;
	*ret = c;
	return 0;
}

/* With the tree's lock. A view that is of the latest epoch yet stays good in the one it begins. */
static void begin_epoch(struct tree *t, struct connection *c)
{
	bool latest = c->epoch == t->epoch;

	if (t->epoch == 0)
		return; /* nobody polls, so nothing is held */
	t->epoch++;
	if (latest)
		c->epoch = t->epoch;
}

/* With the tree's lock: there is a commit in view that the label does not know. */
static void begin_label(struct request *q)
{
	struct tree *t = q->tree;

	/* Had it grown already, then perhaps for a later commit than the one in view. */
	q->label = t->label == q->label ? q->label + 1 : 0;
	t->label++;
	begin_epoch(t, q->connection);
}

int connection_look(struct connection *c, struct connection_news *ret)
{
	uint64_t generation, commits = 0;
	int r = view_error(store_generation(c->store, &generation));

	*ret = (struct connection_news){ 0 };
	if (r || generation == c->seen)
		return r;
	r = view_error(store_commits(c->store, &commits));
	if (r)
		return r;
	ret->any = true;
	/* Another generation of as many: changed by who does not count. */
	ret->commits = c->seen != UINT64_MAX && commits == c->commits ? 0 : commits;
	c->seen = generation;
	c->commits = commits;
	return 0;
}

bool tree_knows(const struct tree *t, const struct connection_news *news)
{
	return news->commits && news->commits == t->commits;
}

void request_note(struct request *q, const struct connection_news *news)
{
	struct tree *t = q->tree;

	pthread_mutex_lock(&t->lock);
	if (!tree_knows(t, news))
		begin_label(q);
	else if (t->label != q->label)
		/* Known by a later label: what this one has may be of the commit before. */
		q->label = 0;
	t->commits = news->commits;
	pthread_mutex_unlock(&t->lock);
}

/* The view is taken; has it a commit that the tree's label does not know? */
static int note_generation(struct request *q)
{
	struct connection_news news;
	int r = connection_look(q->connection, &news);

	if (!r && news.any)
		request_note(q, &news);
	return r;
}

int request_begin(struct tree *t, struct request *ret)
{
	_cleanup_(request_end) struct request q = { .tree = t };
	int r = connection_take(t, &q.connection);

	if (r)
		return r;
	q.store = q.connection->store;
	q.arena = &q.connection->arena;
	if (q.connection->held) {
		q.label = q.connection->label;
	} else {
		q.label = tree_label(t);
		q.connection->linked = -1;
		r = store_read_begin(q.store);
		r = r ? view_error(r) : note_generation(&q);
		if (r)
			q.label = 0;
	}
	if (r)
		return r;
	*ret = q;
	q.connection = NULL;
	return 0;
}

void request_end(struct request *q)
{
	if (!q->connection)
		return;
	give_back(q->tree, q->connection, q->label);
	q->connection = NULL;
}
