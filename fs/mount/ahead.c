/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A directory's files are remembered when it is listed (a shelf). Whether listings are followed by
 * reads is told from the reads themselves; so that there are some to tell it once pages are pushed,
 * the first file of every fourth directory is left to be asked for.
 *
 * Storing pages waits for reads of the same pages that are under way: so it is done by a thread
 * that no request needs to be answered. Others make ready what comes next: whoever reads waits
 * for the pages of a directory, and the files of the next ones are made meanwhile.
 *
 * What is stored must not be older than what the watcher took back last: the epoch is looked at
 * before the history is and, under a lock, again before the kernel is told; the watcher, when it has
 * found a commit, waits for that lock before it takes anything back.
 */

#include "ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nodeid.h"
#include "ready.h"

#define STOP_SECONDS 2

#define SHELVES     64u  /* directories listed last */
#define SHELF_FILES 128u /* of a directory with more the first are remembered */
#define QUEUE       16u  /* directories to be pushed */
#define MAKERS      2u

/* Directories in a row that were read; pushing begins at the second value. */
#define HOT_MAX  4u
#define HOT_PUSH 2u
/* One in so many directories shows whether they are still read. */
#define PROBE_EACH 4u

struct shelf {
	uint64_t dir; /* 0: none */
	unsigned reads;
	off_t end;      /* where its listing ends; 0: not known */
	uint64_t epoch; /* ... if it is still this one */
	unsigned n;
	uint64_t files[SHELF_FILES];
};

struct job {
	uint64_t dir;
	fuse_req_t req; /* answered, with nothing, when it is done; NULL: nobody waits */
	unsigned n;
	uint64_t files[SHELF_FILES];
};

struct ahead {
	struct tree *tree;
	struct fuse_session *session;
	pthread_t pusher, makers[MAKERS];
	bool pusher_runs, maker_runs[MAKERS];
	pthread_mutex_t pushing; /* taken before lock, if both are */
	pthread_mutex_t lock;
	pthread_cond_t wanted; /* a push */
	pthread_cond_t room;   /* to make something ready */
	/* Under lock: */
	bool stop;
	struct shelf shelves[SHELVES];
	unsigned newest;
	unsigned hot;
	unsigned listed; /* since the last probe */
	uint64_t probe;  /* directory that tells whether they are read; 0: none */
	struct job queue[QUEUE];
	unsigned first, n_jobs;
	struct ready ready;
};

int ahead_new(struct tree *t, struct ahead **ret)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->tree = t;
	/* These cannot fail on Linux, without attributes. */
	(void)pthread_mutex_init(&a->pushing, NULL);
	(void)pthread_mutex_init(&a->lock, NULL);
	(void)pthread_cond_init(&a->wanted, NULL);
	(void)pthread_cond_init(&a->room, NULL);
	*ret = a;
	return 0;
}

struct ahead *ahead_free(struct ahead *a)
{
	if (!a)
		return NULL;
	pthread_cond_destroy(&a->room);
	pthread_cond_destroy(&a->wanted);
	pthread_mutex_destroy(&a->lock);
	pthread_mutex_destroy(&a->pushing);
	free(a);
	return NULL;
}

/* --- what is asked for --------------------------------------------------------------------- */

/* The newest first: whoever reads has mostly just listed. */
static struct shelf *shelf_of(struct ahead *a, uint64_t dir)
{
	for (unsigned i = 0; i < SHELVES; i++) {
		struct shelf *s = &a->shelves[(a->newest - i) % SHELVES];

		if (s->dir == dir)
			return s;
	}
	return NULL;
}

static struct shelf *shelf_with(struct ahead *a, uint64_t file, unsigned *ret_at)
{
	for (unsigned i = 0; i < SHELVES; i++) {
		struct shelf *s = &a->shelves[(a->newest - i) % SHELVES];

		for (unsigned k = 0; k < s->n; k++) {
			if (s->files[k] != file)
				continue;
			*ret_at = k;
			return s;
		}
	}
	return NULL;
}

/* The files of the shelf from the given one on. false: there is too much to do. */
static bool push(struct ahead *a, const struct shelf *s, unsigned from, fuse_req_t req)
{
	struct job *job;

	if (from >= s->n || a->n_jobs == QUEUE || a->stop)
		return false;
	job = &a->queue[(a->first + a->n_jobs++) % QUEUE];
	job->dir = s->dir;
	job->req = req;
	job->n = s->n - from;
	memcpy(job->files, s->files + from, job->n * sizeof(job->files[0]));
	pthread_cond_signal(&a->wanted);
	return true;
}

void ahead_told(struct ahead *a, uint64_t dir, const uint64_t *files, size_t n, off_t end,
		uint64_t epoch)
{
	struct shelf *s;

	pthread_mutex_lock(&a->lock);
	s = &a->shelves[a->newest % SHELVES];
	if (s->dir != dir) {
		s = shelf_of(a, dir);
		if (!s)
			s = &a->shelves[++a->newest % SHELVES];
		s->dir = dir;
		s->n = s->reads = 0;
	}
	n = MIN(n, (size_t)(SHELF_FILES - s->n));
	memcpy(s->files + s->n, files, n * sizeof(files[0]));
	s->n += (unsigned)n;
	s->end = end;
	s->epoch = epoch;
	pthread_mutex_unlock(&a->lock);
}

bool ahead_is_end(struct ahead *a, uint64_t dir, off_t offset, uint64_t epoch)
{
	const struct shelf *s;
	bool is_end;

	if (offset == 0)
		return false;
	pthread_mutex_lock(&a->lock);
	s = shelf_of(a, dir);
	is_end = s && s->end == offset && s->epoch == epoch;
	pthread_mutex_unlock(&a->lock);
	return is_end;
}

bool ahead_listed(struct ahead *a, uint64_t dir, fuse_req_t req)
{
	const struct shelf *s, *probe;
	bool taken = false;

	pthread_mutex_lock(&a->lock);
	s = shelf_of(a, dir);
	if (s && s->n > 0) {
		bool is_probe = ++a->listed >= PROBE_EACH || a->hot < HOT_PUSH;

		probe = a->probe && a->probe != dir ? shelf_of(a, a->probe) : NULL;
		if (probe && probe->reads == 0) {
			a->hot = 0; /* listed, but not read */
			ready_forget(&a->ready);
		}
		if (is_probe) {
			a->listed = 0;
			a->probe = dir;
		}
		if (a->hot >= HOT_PUSH) {
			taken = push(a, s, is_probe ? 1 : 0, req);
			ready_advance(&a->ready, dir);
			pthread_cond_broadcast(&a->room);
		}
	}
	pthread_mutex_unlock(&a->lock);
	return taken;
}

uint64_t ahead_reading(struct ahead *a, uint64_t file)
{
	struct shelf *s;
	uint64_t dir = 0;
	unsigned at;

	pthread_mutex_lock(&a->lock);
	s = shelf_with(a, file, &at);
	if (s) {
		if (s->reads++ == 0)
			a->hot = MIN(a->hot + 1, HOT_MAX);
		/* One read may be anybody's; with the second, someone goes through them. */
		if (s->reads == 2 && a->hot < HOT_PUSH)
			(void)push(a, s, at + 1, NULL);
		if (s->reads > 1 || a->hot >= HOT_PUSH)
			dir = s->dir;
	}
	pthread_mutex_unlock(&a->lock);
	return dir;
}

void ahead_changed(struct ahead *a)
{
	pthread_mutex_lock(&a->pushing);
	pthread_mutex_unlock(&a->pushing);
}

/* --- the threads --------------------------------------------------------------------------- */

static bool is_stopped(struct ahead *a)
{
	bool stop;

	pthread_mutex_lock(&a->lock);
	stop = a->stop;
	pthread_mutex_unlock(&a->lock);
	return stop;
}

/* Into the page cache, unless the history was found changed since the epoch was looked at. */
static void store(struct ahead *a, uint64_t file, uint64_t epoch,
		  const struct tree_content *content)
{
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(content->len);

	bytes.buf[0].mem = (void *)(uintptr_t)content->data;
	pthread_mutex_lock(&a->pushing);
	/* It is only a help: what the kernel does not know (any more), it does not want. */
	if (content->len > 0 && tree_epoch(a->tree) == epoch)
		(void)fuse_lowlevel_notify_store(a->session, nodeid(file), 0, &bytes,
						 (enum fuse_buf_copy_flags)0);
	pthread_mutex_unlock(&a->pushing);
}

static void run(struct ahead *a, const struct job *job)
{
	for (unsigned i = 0; i < job->n && !is_stopped(a); i++) {
		uint64_t epoch = tree_epoch(a->tree);
		const struct tree_content *content;

		if (tree_content_along(a->tree, job->dir, job->files[i], &content) != 0)
			continue; /* whoever reads it is told why */
		store(a, job->files[i], epoch, content);
		tree_content_put(a->tree, content);
	}
	if (job->req)
		fuse_reply_buf(job->req, NULL, 0);
}

/* Makes one more directory ready. */
static void prepare(struct ahead *a, uint64_t last)
{
	uint64_t next = 0;
	size_t bytes;
	bool mine;
	int r = tree_next(a->tree, last, &next);

	pthread_mutex_lock(&a->lock);
	mine = ready_take(&a->ready, last, r ? 0 : next);
	pthread_mutex_unlock(&a->lock);
	if (!mine)
		return;
	r = tree_prepare(a->tree, next, &bytes);
	(void)r; /* who reads it is told why it cannot be */
	pthread_mutex_lock(&a->lock);
	ready_made(&a->ready, next, bytes);
	pthread_mutex_unlock(&a->lock);
}

/* Pushes. Whoever waits for an answer gets one, also at the end. */
static void *push_thread(void *arg)
{
	struct ahead *a = arg;
	struct job job;

	pthread_mutex_lock(&a->lock);
	while (!a->stop || a->n_jobs > 0) {
		if (a->n_jobs == 0) {
			pthread_cond_wait(&a->wanted, &a->lock);
			continue;
		}
		job = a->queue[a->first];
		a->first = (a->first + 1) % QUEUE;
		a->n_jobs--;
		pthread_mutex_unlock(&a->lock);
		run(a, &job);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

static void *make_thread(void *arg)
{
	struct ahead *a = arg;
	uint64_t last;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		if (!ready_wants(&a->ready)) {
			pthread_cond_wait(&a->room, &a->lock);
			continue;
		}
		last = a->ready.last;
		pthread_mutex_unlock(&a->lock);
		prepare(a, last);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

int ahead_start(struct ahead *a, struct fuse_session *session)
{
	sigset_t all, before;
	int r;

	a->session = session;
	/* Signals are for the session's own thread. */
	sigfillset(&all);
	r = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (r != 0)
		return -r;
	r = pthread_create(&a->pusher, NULL, push_thread, a);
	a->pusher_runs = r == 0;
	for (unsigned i = 0; r == 0 && i < MAKERS; i++) {
		r = pthread_create(&a->makers[i], NULL, make_thread, a);
		a->maker_runs[i] = r == 0;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -r;
}

static void join(pthread_t thread, const struct timespec *until, bool *runs)
{
	if (*runs && pthread_timedjoin_np(thread, NULL, until) == 0)
		*runs = false;
}

bool ahead_stop(struct ahead *a)
{
	struct timespec until;
	bool stopped = true;

	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->wanted);
	pthread_cond_broadcast(&a->room);
	pthread_mutex_unlock(&a->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STOP_SECONDS;
	join(a->pusher, &until, &a->pusher_runs);
	for (unsigned i = 0; i < MAKERS; i++) {
		join(a->makers[i], &until, &a->maker_runs[i]);
		stopped = stopped && !a->maker_runs[i];
	}
	return stopped && !a->pusher_runs;
}
