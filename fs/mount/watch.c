/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The watcher. A thread looks some times a second whether someone has committed to the history;
 * if so, each directory the kernel knows whose stamp has changed is taken back: its listing,
 * and whatever in it may have changed with it (the growing files, the link, and states, of
 * which a deletion may have inherited a name). Attributes and pages are then asked for anew.
 *
 * A request that began before the commit may answer after the kernel was told, and the kernel
 * would keep that old answer. So the same is done twice more, by when such a request has long
 * been answered; only then is the new stamp taken for known.
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

#define TICK_MS      200
#define STOP_SECONDS 2

/* Ticks after a change in which the caches are gone through: bit 0 is the one that noticed it. */
#define PASSES    ((1u << 0) | (1u << 1) | (1u << 5))
#define LAST_PASS 5

struct watch {
	struct tree *tree;
	struct ahead *ahead;
	const struct mount_options *options;
	const char *told; /* what was said of the history's file last */
	struct fuse_session *session;
	pthread_t thread;
	bool running;
	int stop_fd; /* readable once the thread is to end */
	pthread_mutex_t lock;
	struct known_table known; /* under lock */
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
	w->stop_fd = -1;
	if (pthread_mutex_init(&w->lock, NULL) != 0) {
		free(take_ptr(w));
		return -ENOMEM;
	}
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (w->stop_fd < 0)
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
	known_deinit(&w->known);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return NULL;
}

bool watch_add(struct watch *w, const struct tree_attr *attr)
{
	bool added;

	if (attr->type != TREE_DIR)
		return true;
	pthread_mutex_lock(&w->lock);
	added = known_add(&w->known, attr->node, attr->stamp);
	if (added)
		known_find(&w->known, attr->node)->parent = attr->ino ? 0 : attr->parent;
	pthread_mutex_unlock(&w->lock);
	return added;
}

uint64_t watch_parent(struct watch *w, uint64_t dir)
{
	const struct known *known;
	uint64_t parent = 0;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, dir);
	if (known)
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

	(void)fuse_lowlevel_notify_inval_inode(w->session, node, 0, 0);
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

static void settle(struct watch *w, uint64_t node, uint64_t stamp)
{
	struct known *known;

	pthread_mutex_lock(&w->lock);
	known = known_find(&w->known, node);
	if (known)
		known->stamp = stamp;
	pthread_mutex_unlock(&w->lock);
}

static void check(struct watch *w, const struct known *known, bool last)
{
	struct tree_attr attr;
	int r = tree_getattr(w->tree, known->node, &attr);

	if (r == 0 && attr.stamp == known->stamp)
		return;
	take_back_all(w, known->node);
	if (r == 0 && last)
		settle(w, known->node, attr.stamp);
}

/* A copy of what is known, since the kernel's requests must not wait for all of it. */
static void copy_known(struct watch *w, struct buf *ret)
{
	pthread_mutex_lock(&w->lock);
	(void)buf_reserve(ret, w->known.n * sizeof(struct known));
	for (size_t i = 0; i < w->known.cap; i++)
		if (w->known.slots[i].node)
			buf_put(ret, &w->known.slots[i], sizeof(struct known));
	pthread_mutex_unlock(&w->lock);
}

static void pass(struct watch *w, bool last)
{
	_cleanup_(buf_deinit) struct buf all = BUF_INIT;

	copy_known(w, &all);
	for (size_t at = 0; at + sizeof(struct known) <= all.len;
	     at += sizeof(struct known)) {
		struct known known;

		if (is_stopped(w, 0))
			return;
		memcpy(&known, all.data + at, sizeof(known));
		check(w, &known, last);
	}
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
	unsigned tick = LAST_PASS + 1;

	while (!is_stopped(w, TICK_MS)) {
		bool changed;

		if (tick <= LAST_PASS)
			tick++;
		/* A history that cannot be read says so to whoever reads; here it is tried again. */
		if (tree_poll(w->tree, &changed) == 0 && changed) {
			ahead_changed(w->ahead);
			notice(w);
			tick = 0;
		}
		if (tick <= LAST_PASS && (PASSES & 1u << tick))
			pass(w, tick == LAST_PASS);
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
