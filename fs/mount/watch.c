/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The watcher. A thread looks some times a second whether someone has committed to the history;
 * if so, each directory the kernel knows whose stamp has changed is taken back: its listing,
 * and whatever in it may have changed with it (the growing files, the link, and states, of
 * which a deletion may have inherited a name). Attributes and pages are then asked for anew.
 * Most of what is known has not changed, and is not even asked for its stamp: what covers it has
 * the stamp it had.
 *
 * A request that began before the commit may answer after the kernel was told, and the kernel
 * would keep that old answer. So the same is done twice more, by when such a request has long
 * been answered; only then is the new stamp taken for known. Until then a directory is among the
 * news, with the stamp it was taken back for: commits that go on changing others do not take it
 * back again.
 */

#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <fuse_lowlevel.h>

#include "ahead.h"
#include "known.h"
#include "nodeid.h"

#define TICK_MS      200
#define STOP_SECONDS 2

/* Ticks after a change was noticed when it is taken back once more. */
#define AGE_AGAIN 1
#define AGE_LAST  5

/* In place of a stamp: it cannot be asked for. No stamp, which counts or is a time, comes so far. */
#define STAMP_NONE UINT64_MAX

/* So many files looked up in bare listings tell of somebody who goes through them. */
#define BARE_LOOKUPS 64u

struct watch {
	struct tree *tree;
	struct ahead *ahead;
	const struct mount_options *options;
	const char *told; /* what was said of the history's file last */
	struct fuse_session *session;
	pthread_t thread;
	bool running;
	int stop_fd; /* readable once the thread is to end */
	int bare_fd; /* ... once bare listings are to be taken back */
	pthread_mutex_t lock;
	struct known_table known; /* under lock */
	unsigned bare_lookups;    /* under lock */
	/* Of the thread alone: what has changed; for lookups they have the tick it was noticed in. */
	struct known_table news;
	uint32_t tick;
	bool behind; /* there was no memory to see what has changed */
};

static void watch_freep(struct watch **w)
{
	*w = watch_free(*w);
}

int watch_new(struct tree *t, struct ahead *ahead, const struct mount_options *options,
	      struct watch **ret)
{
	_cleanup_(watch_freep) struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->tree = t;
	w->ahead = ahead;
	w->options = options;
	w->stop_fd = w->bare_fd = -1;
	if (pthread_mutex_init(&w->lock, NULL) != 0) {
		free(take_ptr(w));
		return -ENOMEM;
	}
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (w->stop_fd < 0)
		return -errno;
	w->bare_fd = eventfd(0, EFD_CLOEXEC);
	if (w->bare_fd < 0)
		return -errno;
	/* The root is known from the start and never forgotten. */
	if (!known_add(&w->known, TREE_ROOT, 0))
		return -ENOMEM;
	*ret = take_ptr(w);
	return 0;
}

struct watch *watch_free(struct watch *w)
{
	if (!w)
		return NULL;
	closep(&w->stop_fd);
	closep(&w->bare_fd);
	known_deinit(&w->known);
	known_deinit(&w->news);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

bool watch_add(struct watch *w, const struct tree_attr *attr)
{
	struct known *known;
	bool added;

	if (attr->type != TREE_DIR)
		return true;
	pthread_mutex_lock(&w->lock);
	added = known_add(&w->known, attr->node, attr->stamp);
	if (added) {
		known = known_find(&w->known, attr->node);
		known->parent = attr->parent;
		known->renumbered = attr->ino != 0;
		known->covers = attr->covers;
	}
	pthread_mutex_unlock(&w->lock);
	return added;
}

uint64_t watch_parent(struct watch *w, uint64_t dir)
{
	const struct known *known;
	uint64_t parent = 0;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, dir);
	if (known && !known->renumbered)
		parent = known->parent;
	pthread_mutex_unlock(&w->lock);
	return parent;
}

void watch_forget(struct watch *w, uint64_t node, uint64_t n)
{
	if (node == TREE_ROOT)
		return;
	pthread_mutex_lock(&w->lock);
	known_forget(&w->known, node, n);
	pthread_mutex_unlock(&w->lock);
}

bool watch_is_below_listed(struct watch *w, uint64_t dir)
{
	const struct known *known;
	bool ret;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, dir);
	if (known)
		known = known_find(&w->known, known->parent);
	ret = known && known->listed;
	pthread_mutex_unlock(&w->lock);
	return ret;
}

void watch_listed(struct watch *w, uint64_t dir, bool bare)
{
	struct known *known;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, dir);
	if (known) {
		known->listed = true;
		known->bare = bare;
	}
	pthread_mutex_unlock(&w->lock);
}

void watch_looked_up(struct watch *w, uint64_t dir)
{
	const uint64_t one = 1;
	const struct known *known;
	bool enough = false;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, dir);
	if (known && known->bare)
		enough = ++w->bare_lookups == BARE_LOOKUPS;
	pthread_mutex_unlock(&w->lock);
	/* It cannot fail; and only speed would be lost. */
	if (enough && write(w->bare_fd, &one, sizeof(one)) < 0)
		return;
}

/* --- the thread --------------------------------------------------------------------------- */

/* Is it time to end? Waits up to so many milliseconds for that. */
static bool is_stopped(const struct watch *w, int ms)
{
	struct pollfd fd = { .fd = w->stop_fd, .events = POLLIN };

	return poll(&fd, 1, ms) > 0;
}

/* Takes one node back; the kernel may not know it, which is as good. */
static bool take_back(void *ctx, uint64_t node)
{
	const struct watch *w = ctx;

	(void)fuse_lowlevel_notify_inval_inode(w->session, nodeid(node), 0, 0);
	return true;
}

static bool gather(void *ctx, uint64_t node)
{
	buf_put(ctx, &node, sizeof(node));
	return true;
}

/*
 * The nodes are gathered first: telling the kernel may wait for pages that are just being read,
 * which must not keep a view of the history open.
 */
static void take_back_all(struct watch *w, uint64_t dir)
{
	_cleanup_(buf_deinit) struct buf nodes = BUF_INIT;
	int r = tree_affected(w->tree, dir, gather, &nodes);

	if (r || buf_error(&nodes) < 0)
		take_back(w, dir); /* at least itself, whatever went wrong */
	for (size_t at = 0; at + sizeof(uint64_t) <= nodes.len; at += sizeof(uint64_t)) {
		uint64_t node;

		memcpy(&node, nodes.data + at, sizeof(node));
		take_back(w, node);
	}
}

/* Takes the directory back if it was not yet for this stamp. */
static void note(struct watch *w, uint64_t dir, uint64_t stamp)
{
	struct known *news = known_find(&w->news, dir);

	if (news && news->stamp == stamp)
		return;
	if (!news && known_add(&w->news, dir, stamp))
		news = known_find(&w->news, dir);
	/* Out of memory: it stays as it was known, to be noticed in the next survey. */
	if (news) {
		news->stamp = stamp;
		news->lookups = w->tick;
	}
	take_back_all(w, dir);
}

/* What is known, as it was when the survey began: the kernel's requests must not wait for it. */
struct survey {
	struct watch *w;
	struct known_table known;
	/* By slot. */
	bool *done, *same;
};

static void survey_deinit(struct survey *v)
{
	known_deinit(&v->known);
	free(v->done);
	free(v->same);
}

static bool survey_begin(struct watch *w, struct survey *ret)
{
	size_t cap;

	*ret = (struct survey){ .w = w };
	pthread_mutex_lock(&w->lock);
	cap = w->known.cap;
	ret->known.slots = calloc(cap, sizeof(struct known));
	if (ret->known.slots) {
		memcpy(ret->known.slots, w->known.slots, cap * sizeof(struct known));
		ret->known.n = w->known.n;
		ret->known.cap = cap;
	}
	pthread_mutex_unlock(&w->lock);
	ret->done = calloc(cap, sizeof(bool));
	ret->same = calloc(cap, sizeof(bool));
	return ret->known.slots && ret->done && ret->same;
}

/* Has what is in the slot the stamp it was known with? If not, it is noted. */
static bool is_same(struct survey *v, size_t slot)
{
	const struct known *known = &v->known.slots[slot];
	const struct known *above;
	struct tree_attr attr;
	uint64_t stamp;

	if (v->done[slot])
		return v->same[slot];
	v->done[slot] = true; /* first, lest parents in a circle be followed for ever */
	above = known->parent ? known_find(&v->known, known->parent) : NULL;
	if (above && above->covers && is_same(v, (size_t)(above - v->known.slots))) {
		v->same[slot] = true;
		return true;
	}
	stamp = tree_getattr(v->w->tree, known->node, &attr) == 0 ? attr.stamp
								  : STAMP_NONE;
	v->same[slot] = stamp == known->stamp;
	if (!v->same[slot])
		note(v->w, known->node, stamp);
	return v->same[slot];
}

/* Notes all that has changed. */
static void survey(struct watch *w)
{
	_cleanup_(survey_deinit) struct survey v = { 0 };

	w->behind = !survey_begin(w, &v);
	for (size_t i = 0; i < v.known.cap && !is_stopped(w, 0); i++)
		if (v.known.slots[i].node)
			(void)is_same(&v, i);
}

/* --- news --------------------------------------------------------------------------------- */

static uint32_t age_of(const struct watch *w, const struct known *news)
{
	return w->tick - news->lookups;
}

static bool is_due(const struct watch *w, const struct known *news)
{
	return news->node &&
	       (age_of(w, news) == AGE_AGAIN || age_of(w, news) >= AGE_LAST);
}

static bool any_due(const struct watch *w)
{
	for (size_t i = 0; i < w->news.cap; i++)
		if (is_due(w, &w->news.slots[i]))
			return true;
	return false;
}

/* From now on the kernel's answers are as new as that. */
static void settle(struct watch *w, const struct known *news)
{
	struct known *known;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, news->node);
	if (known)
		known->stamp = news->stamp;
	pthread_mutex_unlock(&w->lock);
	known_forget(&w->news, news->node, news->lookups);
}

/* Takes back once more what is due, and settles what was noted long enough ago. */
static void go_on(struct watch *w)
{
	_cleanup_(buf_deinit) struct buf due = BUF_INIT;

	for (size_t i = 0; i < w->news.cap; i++)
		if (is_due(w, &w->news.slots[i]))
			buf_put(&due, &w->news.slots[i], sizeof(struct known));
	for (size_t at = 0; at + sizeof(struct known) <= due.len && !is_stopped(w, 0);
	     at += sizeof(struct known)) {
		struct known news;

		memcpy(&news, due.data + at, sizeof(news));
		take_back_all(w, news.node);
		if (age_of(w, &news) >= AGE_LAST)
			settle(w, &news);
	}
}

/* Who lists those directories again gets attributes, and what he reads can be read ahead. */
static void take_back_bare(struct watch *w)
{
	_cleanup_(buf_deinit) struct buf nodes = BUF_INIT;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->known.cap; i++) {
		if (w->known.slots[i].bare)
			gather(&nodes, w->known.slots[i].node);
		w->known.slots[i].bare = false;
	}
	w->bare_lookups = 0;
	pthread_mutex_unlock(&w->lock);
	for (size_t at = 0; at + sizeof(uint64_t) <= nodes.len && !is_stopped(w, 0);
	     at += sizeof(uint64_t)) {
		uint64_t node;

		memcpy(&node, nodes.data + at, sizeof(node));
		take_back(w, node);
	}
}

/* Waits for the next tick; true: it is time to end. */
static bool wait_tick(struct watch *w)
{
	struct pollfd fds[] = { { .fd = w->stop_fd, .events = POLLIN },
				{ .fd = w->bare_fd, .events = POLLIN } };
	uint64_t n;

	if (poll(fds, ARRAY_SIZE(fds), TICK_MS) <= 0)
		return false;
	if (fds[0].revents)
		return true;
	if (read(w->bare_fd, &n, sizeof(n)) == sizeof(n))
		take_back_bare(w);
	return is_stopped(w, TICK_MS);
}

/* Once for each thing that there is to say; nothing when the file is back in its place. */
static void notice(struct watch *w)
{
	const char *moved = tree_moved(w->tree);

	if (moved && moved != w->told && w->options->notice)
		w->options->notice(w->options, moved);
	w->told = moved;
}

static void *watch_thread(void *arg)
{
	struct watch *w = arg;

	for (; !wait_tick(w); w->tick++) {
		bool changed = false;

		/* A history that cannot be read says so to whoever reads; here it is tried again. */
		if (tree_poll(w->tree, &changed) == 0 && changed) {
			ahead_changed(w->ahead);
			notice(w);
		}
		/* Before what is due is settled: something may have become known meanwhile. */
		if (changed || w->behind || any_due(w))
			survey(w);
		go_on(w);
	}
	return NULL;
}

int watch_start(struct watch *w, struct fuse_session *session)
{
	sigset_t all, before;
	int r;

	w->session = session;
	/* Signals are for the session's own thread. */
	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r != 0)
		return -r;
	r = pthread_create(&w->thread, NULL, watch_thread, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = r == 0;
	return -r;
}

bool watch_stop(struct watch *w)
{
	const uint64_t one = 1;
	struct timespec until;

	if (!w->running)
		return true;
	if (write(w->stop_fd, &one, sizeof(one)) < 0)
		return false;
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	if (pthread_timedjoin_np(w->thread, NULL, &until) != 0)
		return false;
	w->running = false;
	return true;
}
