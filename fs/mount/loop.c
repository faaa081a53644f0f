/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A client that goes through a tree waits for each answer before it asks again, and this process
 * for each question: two wake-ups a request, each of which may cost more than the answer (32 us on
 * a virtual machine, where it is an interrupt of a processor that sleeps). So whoever has answered
 * looks for the next request for a while before it sleeps. Only one thread does, only while
 * requests come one soon after the other, and not while another is being answered: then somebody
 * else wants the processor. A mount that nobody reads takes none.
 *
 * Whoever sleeps does so in epoll, not in read(): a request would wake it there even while another
 * thread looks. The device is armed for one wake-up at a time; it is armed while a request is being
 * answered, for others to take the next, and not while somebody looks, who arms it again.
 *
 * Better still is that no processor sleeps (awake.h), for then neither side has to be woken. Where
 * that can be had nobody looks.
 */

#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "util/clock.h"

#include "awake.h"

/* So long is looked, from the last answer on. */
#define LOOK_NS 50000
/* A request that comes so long after an answer, or less, goes on with what was begun. */
#define GOES_ON_NS 200000
/* Processors may sleep again so long after the last answer; while the next one is made, so long. */
#define AWAKE_MS      2
#define AWAKE_MOST_MS 100
/* Who cannot have himself woken (no memory, too many watches of the user) gets up by himself. */
#define UNARMED_MS 10

struct loop {
	struct fuse_session *session;
	int epoll_fd;
	int stop_fd; /* readable once the threads are to end */
	bool may_look;
	atomic_uint answering; /* threads */
	atomic_bool looking;   /* a thread */
	atomic_int_fast64_t answered_ns;
	atomic_int error;
	struct awake awake;
};

static void loop_deinit(struct loop *l)
{
	awake_deinit(&l->awake);
	closep(&l->epoll_fd);
	closep(&l->stop_fd);
}

static void stop(struct loop *l)
{
	const uint64_t one = 1;
	ssize_t n = write(l->stop_fd, &one, sizeof(one));

	(void)n; /* cannot fail: nobody counts so far */
}

/* A thread that rests is woken by the next request, once. false: the kernel will not have it. */
static bool arm(struct loop *l)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int device = fuse_session_fd(l->session);

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, device, &event) == 0)
		return true;
	/* EEXIST: another thread was first. */
	return errno == ENOENT &&
	       (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, device, &event) == 0 ||
		errno == EEXIST);
}

/* None is. To leave it there with no events would wake them to find that out. */
static void disarm(struct loop *l)
{
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fuse_session_fd(l->session), NULL);
}

/* --- a thread ----------------------------------------------------------------------------- */

/* The next request, if it comes soon; -EAGAIN: it does not. */
static int look(struct loop *l, struct fuse_buf *buf)
{
	int64_t until = atomic_load(&l->answered_ns) + LOOK_NS;
	int r = -EAGAIN;

	if (atomic_load(&l->answering) > 0 || atomic_exchange(&l->looking, true))
		return r;
	disarm(l);
	while (r == -EAGAIN && clock_ns() < until) {
		/* Whoever is to ask next may be waiting for this very processor. */
		sched_yield();
		r = fuse_session_receive_buf(l->session, buf);
	}
	atomic_store(&l->looking, false);
	return r;
}

static void answer(struct loop *l, const struct fuse_buf *buf)
{
	atomic_fetch_add(&l->answering, 1);
	(void)arm(l); /* or whoever is awake takes it */
	fuse_session_process_buf(l->session, buf);
	atomic_store(&l->answered_ns, clock_ns());
	atomic_fetch_sub(&l->answering, 1);
}

static int64_t since_answer(struct loop *l)
{
	return clock_ns() - atomic_load(&l->answered_ns);
}

/* Nobody asks any more, or has to wait so long that to be woken does not matter. */
static bool may_sleep(struct loop *l)
{
	int64_t ms = atomic_load(&l->answering) == 0 ? AWAKE_MS : AWAKE_MOST_MS;

	return since_answer(l) >= ms * 1000000;
}

/* Returns when there may be something to do. */
static void rest(struct loop *l)
{
	struct epoll_event event;
	bool held = awake_is_held(&l->awake);
	int ms = arm(l) ? -1 : UNARMED_MS;

	if (epoll_wait(l->epoll_fd, &event, 1, held ? AWAKE_MS : ms) == 0 && held &&
	    may_sleep(l))
		awake_release(&l->awake);
}

static void *thread_main(void *arg)
{
	_cleanup_(freep) char *mem = NULL;
	struct loop *l = arg;
	struct fuse_buf buf = { 0 };
	bool goes_on = false, awake = false;

	while (!fuse_session_exited(l->session)) {
		int r = fuse_session_receive_buf(l->session, &buf);

		if (r == -EAGAIN && goes_on && !awake)
			r = look(l, &buf);
		mem = buf.mem;
		if (r == -EAGAIN) {
			goes_on = false;
			rest(l);
		} else if (r > 0) {
			goes_on = l->may_look && since_answer(l) < GOES_ON_NS;
			awake = goes_on && awake_hold(&l->awake);
			answer(l, &buf);
		} else if (r != -EINTR) {
			/* 0: the mount is gone, or the session ended. */
			if (r < 0)
				atomic_store(&l->error, r);
			fuse_session_exit(l->session);
		}
	}
	stop(l);
	return NULL;
}

/* --- all of them -------------------------------------------------------------------------- */

static bool may_look(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

static int loop_init(struct loop *l)
{
	struct epoll_event stop_event = { .events = EPOLLIN };
	struct epoll_event request = { .events = EPOLLIN | EPOLLONESHOT };
	int device = fuse_session_fd(l->session);
	int flags = fcntl(device, F_GETFL);

	awake_open(&l->awake);
	l->may_look = may_look();
	l->stop_fd = eventfd(0, EFD_CLOEXEC);
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->stop_fd < 0 || l->epoll_fd < 0 || flags < 0 ||
	    fcntl(device, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->stop_fd, &stop_event) < 0 ||
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, device, &request) < 0)
		return -errno;
	return 0;
}

/*
 * The threads do not take signals: whoever waits here does, and only while it waits, so that none
 * comes between the look at the session and the wait.
 */
static void await_end(struct loop *l, const sigset_t *signals)
{
	struct pollfd fd = { .fd = l->stop_fd, .events = POLLIN };

	while (!fuse_session_exited(l->session))
		(void)ppoll(&fd, 1, NULL, signals);
	stop(l);
}

int loop_run(struct fuse_session *session, unsigned threads)
{
	_cleanup_(loop_deinit) struct loop l = {
		.session = session, .epoll_fd = -1, .stop_fd = -1, .awake = AWAKE_INIT
	};
	_cleanup_(freep) pthread_t *ids = calloc(threads, sizeof(*ids));
	sigset_t all, before;
	unsigned n = 0;
	int r = ids ? loop_init(&l) : -ENOMEM;

	if (r < 0)
		return r;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	while (r == 0 && n < threads) {
		r = -pthread_create(&ids[n], NULL, thread_main, &l);
		n += r == 0;
	}
	/* Fewer do, too. */
	if (n > 0)
		r = 0;
	else
		fuse_session_exit(session);
	await_end(&l, &before);
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(ids[i], NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r ? r : atomic_load(&l.error);
}
