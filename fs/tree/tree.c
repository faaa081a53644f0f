/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tree's face: each call is one request, handed to the view its node belongs to. What all
 * names have in common is settled here, before the history is asked: no name of ours begins
 * with a dot, so whatever desktops and indexers probe for is answered from memory.
 */

#include "tree/tree.h"

#include <errno.h>
#include <stdlib.h>

#include "model/name.h"

#include "at_block.h"
#include "view.h"

static void tree_freep(struct tree **t)
{
	*t = tree_close(*t);
}

static int tree_new(const char *path, struct tree **ret)
{
	struct tree *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->label = 1;
	if (pthread_mutex_init(&t->lock, NULL) != 0) {
		free(t);
		return -ENOMEM;
	}
	(void)pthread_cond_init(&t->returned, NULL); /* cannot fail on Linux */
	if (stream_marks_init(&t->marks) < 0 || moments_init(&t->moments) < 0 ||
	    at_sums_init(&t->sums) < 0 || cache_init(&t->cache, CACHE_BYTES) < 0 ||
	    cache_init(&t->rosters, AT_ROSTERS_BYTES) < 0 ||
	    cache_init(&t->blocks, AT_BLOCKS_BYTES) < 0 ||
	    store_blocks_new(EVENT_BLOCKS, EVENT_BLOCKS_BYTES, &t->events) < 0) {
		pthread_mutex_destroy(&t->lock);
		free(t);
		return -ENOMEM;
	}
	*ret = t;
	t->path = str_dup(str_of(path));
	return t->path ? 0 : -ENOMEM;
}

int tree_open(const char *path, struct tree **ret, struct fault *f)
{
	_cleanup_(tree_freep) struct tree *t = NULL;
	int r;

	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	r = tree_new(path, &t);
	if (r < 0)
		return r;
	r = connection_new(path, &t->poller, f);
	if (r)
		return r < 0 ? r : TREE_E_NOT_HISTORY;
	*ret = take_ptr(t);
	return 0;
}

struct tree *tree_close(struct tree *t)
{
	if (!t)
		return NULL;
	while (t->idle) {
		struct connection *c = t->idle;

		t->idle = c->next;
		connection_free(c);
	}
	t->poller = connection_free(t->poller);
	t->events = store_blocks_free(t->events);
	cache_deinit(&t->cache);
	cache_deinit(&t->rosters);
	cache_deinit(&t->blocks);
	stream_marks_deinit(&t->marks);
	moments_deinit(&t->moments);
	at_sums_deinit(&t->sums);
	pthread_cond_destroy(&t->returned);
	pthread_mutex_destroy(&t->lock);
	free(t->path);
	free(t);
	return NULL;
}

int tree_lookup(struct tree *t, uint64_t parent, struct str name, struct tree_attr *ret)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(parent);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (!view->lookup)
		return TREE_E_NOT_DIR;
	if (name.n > NAME_MAX_BYTES)
		return TREE_E_TOO_LONG;
	if (name.n == 0 || name.p[0] == '.')
		return TREE_E_NOT_FOUND;
	r = request_begin(t, &q);
	return r ? r : view->lookup(&q, parent, name, ret);
}

int tree_getattr(struct tree *t, uint64_t node, struct tree_attr *ret)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(node);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	r = request_begin(t, &q);
	return r ? r : view_attr(&q, node, ret);
}

int tree_readlink(struct tree *t, uint64_t node, struct buf *out)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(node);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (!view->readlink)
		return TREE_E_NOT_LINK;
	r = request_begin(t, &q);
	if (r == 0)
		r = view->readlink(&q, node, out);
	return r ? r : buf_error(out);
}

int tree_readdir(struct tree *t, uint64_t node, uint64_t cookie,
		 const struct tree_lister *lister)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(node);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (!view->readdir)
		return TREE_E_NOT_DIR;
	r = request_begin(t, &q);
	return r ? r : view->readdir(&q, node, cookie, lister);
}

struct count {
	size_t n, max;
};

static bool count_entry(void *ctx, const struct tree_entry *e)
{
	struct count *count = ctx;

	(void)e;
	return ++count->n <= count->max;
}

uint64_t tree_twin(uint64_t node)
{
	return node_kind(node) == NODE_AT_FOLDER ? (uint64_t)node_at_row(node) : 0;
}

/* So many names in the order of their rows are read in the time of one name's attributes. */
#define ATTR_COST_BY_NAME 4u

unsigned tree_attr_cost(uint64_t node)
{
	return node == NODE_FIXED_BY_NAME ? ATTR_COST_BY_NAME : 1;
}

int tree_has_more(struct tree *t, uint64_t node, size_t n, bool *ret)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(node);
	struct count count = { .max = n };
	const struct tree_lister lister = { .entry = count_entry,
					    .ctx = &count,
					    .names = true };
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (!view->readdir)
		return TREE_E_NOT_DIR;
	r = request_begin(t, &q);
	if (r)
		return r;
	if (view->has_more)
		return view->has_more(&q, node, n, ret);
	r = view->readdir(&q, node, 0, &lister);
	*ret = count.n > n;
	return r;
}

int tree_raw(struct tree *t, uint64_t node, struct buf *out)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(node);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (view != &view_state && view != &view_at_state)
		return TREE_E_NOT_STATE;
	r = request_begin(t, &q);
	if (r == 0 && view->same_as)
		r = view->same_as(&q, node, &node);
	if (r == 0)
		r = view_error(store_state_raw(q.store, node_row(node), out));
	return r ? r : buf_error(out);
}

int tree_affected(struct tree *t, uint64_t dir, bool (*visit)(void *ctx, uint64_t node),
		  void *ctx)
{
	_cleanup_(request_end) struct request q = { 0 };
	const struct view *view = view_of(dir);
	int r;

	if (!view)
		return TREE_E_NOT_FOUND;
	if (!visit(ctx, dir) || !view->affected)
		return 0;
	r = request_begin(t, &q);
	return r ? r : view->affected(&q, dir, visit, ctx);
}

int tree_poll(struct tree *t, bool *ret_changed)
{
	enum store_place place = store_place(t->poller->store);
	struct connection_news news;
	int r = connection_look(t->poller, &news);

	connections_rest(t);
	if (r) {
		/* Whatever is wrong with it, requests see that, too. */
		pthread_mutex_lock(&t->lock);
		t->epoch++;
		pthread_mutex_unlock(&t->lock);
		return r;
	}
	/* The README says it, too. */
	*ret_changed = news.any || place != t->place;
	if (!*ret_changed)
		return 0;
	pthread_mutex_lock(&t->lock);
	/* What a request saw before has its label already. */
	if (place != t->place || !tree_knows(t, &news))
		t->label++;
	if (news.any)
		t->commits = news.commits;
	t->place = place;
	t->epoch++;
	pthread_mutex_unlock(&t->lock);
	return 0;
}

uint64_t tree_epoch(struct tree *t)
{
	uint64_t epoch;

	pthread_mutex_lock(&t->lock);
	epoch = t->epoch;
	pthread_mutex_unlock(&t->lock);
	return epoch;
}

const char *tree_moved(struct tree *t)
{
	enum store_place place;

	pthread_mutex_lock(&t->lock);
	place = t->place;
	pthread_mutex_unlock(&t->lock);
	switch (place) {
	case STORE_PLACE_REPLACED:
		return "another file has taken its place; the one that was mounted is served "
		       "on until it is unmounted";
	case STORE_PLACE_REMOVED:
		return "it was removed or renamed; what was mounted is served on until it is "
		       "unmounted";
	default:
		return NULL;
	}
}

/* All files: each fixed node knows of those it stands for. */
static int count_files(struct request *q, uint64_t *ret)
{
	*ret = 0;
	for (uint64_t node = 1; node < NODE_FIXED_COUNT; node++) {
		const struct view *view = view_of(node);
		uint64_t n = 0;
		int r;

		if (!view || !view->files)
			continue;
		r = view->files(q, node, &n);
		if (r)
			return r;
		*ret += n;
	}
	return 0;
}

int tree_totals(struct tree *t, struct tree_totals *ret)
{
	_cleanup_(request_end) struct request q = { 0 };
	struct tree_totals sum = { 0 };
	struct store_totals totals;
	int r = request_begin(t, &q);

	if (r == 0)
		r = view_error(store_totals(q.store, &totals));
	if (r == 0)
		r = count_files(&q, &sum.files);
	if (r)
		return r;
	sum.bytes = totals.bytes;
	*ret = sum;
	return 0;
}
