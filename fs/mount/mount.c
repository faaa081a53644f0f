/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Making the mount and serving it. Going into the background comes first: SQLite's connections
 * and threads do not live through a fork, so the child does everything and tells its parent,
 * through a pipe, one zero byte when the kernel has said hello, or the reason why it will not.
 */

#include "mount/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "guard.h"
#include "loop.h"
#include "precheck.h"
#include "serve.h"

/* As many as there are processors, within these: more only take each other's place. */
#define MIN_THREADS 2
#define MAX_THREADS 8
/*
 * What one thread renders another frees, and what it unpacks another reads: of heaps of their own, as
 * threads have them by default, each would keep the holes. A hundred clients made it 90 MB of 197; of
 * two heaps it is 35, and nobody waits longer.
 */
#define HEAPS 2

static void tree_freep(struct tree **t)
{
	*t = tree_close(*t);
}

static void watch_freep(struct watch **w)
{
	*w = watch_free(*w);
}

static void ahead_freep(struct ahead **a)
{
	*a = ahead_free(*a);
}

static void args_deinit(struct fuse_args *args)
{
	fuse_opt_free_args(args);
}

static int out_of_memory(struct fault *f)
{
	fault_set(f, FAULT_NO_OFFSET, "", "out of memory");
	return -ENOMEM;
}

/* --- the session -------------------------------------------------------------------------- */

/* A path as the value of an option: commas and backslashes escaped. */
static void put_escaped(struct buf *out, const char *path)
{
	for (; *path; path++) {
		if (*path == ',' || *path == '\\')
			buf_put_char(out, '\\');
		buf_put_char(out, *path);
	}
}

static int make_args(const struct mount_options *o, const struct mount_place *place,
		     struct fuse_args *args)
{
	_cleanup_(buf_deinit) struct buf list = BUF_INIT;

	/*
	 * Without default_permissions: who may look at all the kernel settles before, whoever may
	 * look may read everything, and nobody may write. To have modes checked at each name of
	 * each path as well makes a second ls -lR an eighth slower.
	 */
	buf_put_text(&list, "ro,nosuid,nodev,noexec,subtype=driftfs,fsname=");
	put_escaped(&list, place->history);
	buf_put_str(&list, buf_str(&o->fuse));
	buf_put_char(&list, '\0');
	if (buf_error(&list) < 0 || fuse_opt_add_arg(args, "driftfs") < 0 ||
	    fuse_opt_add_arg(args, "-o") < 0 || fuse_opt_add_arg(args, list.data) < 0)
		return -ENOMEM;
	return 0;
}

/* Session and mount; what libfuse has to say about a failure is the reason. */
static int session_mount(const struct mount_options *o, const struct mount_place *place,
			 struct serving *s, struct fuse_session **ret, struct fault *f)
{
	_cleanup_(args_deinit) struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	struct fuse_session *session;
	struct capture capture;
	char message[200];
	bool mounted = false;

	if (make_args(o, place, &args) < 0)
		return out_of_memory(f);
	capture_begin(&capture);
	session = fuse_session_new(&args, &mount_ops, sizeof(mount_ops), s);
	if (session)
		mounted = fuse_session_mount(session, place->mountpoint) == 0;
	capture_end(&capture, message, sizeof(message));
	if (mounted) {
		*ret = session;
		return 0;
	}
	if (session)
		fuse_session_destroy(session);
	fault_set(f, FAULT_NO_OFFSET, "mountpoint", "cannot be mounted: %s",
		  message[0] ? message : "the kernel refused without a reason");
	return MOUNT_E_FAILED;
}

static unsigned thread_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < MIN_THREADS ? MIN_THREADS : (unsigned)MIN(n, MAX_THREADS);
}

/* With everything set up. A signal that ends the loop is a normal end. */
static int session_serve(struct fuse_session *session, struct serving *s, struct fault *f)
{
	int r;

	if (fuse_set_signal_handlers(session) != 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "cannot handle signals");
		return MOUNT_E_FAILED;
	}
	r = watch_start(s->watch, session);
	if (r == 0)
		r = ahead_start(s->ahead, session);
	if (r < 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "cannot start a thread: %s",
			  strerror(-r));
	} else {
		r = loop_run(session, thread_count());
		if (r < 0)
			fault_set(f, FAULT_NO_OFFSET, "", "serving ended: %s",
				  strerror(-r));
	}
	fuse_remove_signal_handlers(session);
	return r < 0 ? MOUNT_E_FAILED : 0;
}

static int serve(const struct mount_options *o, const struct mount_place *place,
		 int *ready_fd, struct fault *f)
{
	_cleanup_(tree_freep) struct tree *tree = NULL;
	_cleanup_(ahead_freep) struct ahead *ahead = NULL;
	_cleanup_(watch_freep) struct watch *watch = NULL;
	_cleanup_(guard_endp) int guard = -1;
	struct fuse_session *session = NULL;
	struct serving s = { .uid = geteuid(),
			     .gid = getegid(),
			     .readable = o->allow_other ? 0444 : 0400,
			     .wants = WANTS_INIT,
			     .ready_fd = ready_fd };
	int r = o->auto_unmount ? guard_start(place->mountpoint, &guard, f) : 0;

	if (r)
		return r;
	(void)mallopt(M_ARENA_MAX, HEAPS);
	r = tree_open(place->history, &tree, f);
	if (r) {
		const struct fault why = *f;

		fault_set(f, FAULT_NO_OFFSET, "history", "%s", why.reason);
		return MOUNT_E_FAILED;
	}
	r = ahead_new(tree, &ahead);
	if (r == 0)
		r = watch_new(tree, ahead, o, &watch);
	if (r < 0)
		return out_of_memory(f);
	s.tree = tree;
	s.watch = watch;
	s.ahead = ahead;
	r = session_mount(o, place, &s, &session, f);
	if (r)
		return r;
	r = o->begin ? o->begin(o->ctx) : 0;
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "cannot be begun: %s", strerror(-r));
	else
		r = session_serve(session, &s, f);
	/* Who talks to the session must be gone before it is. */
	while (!watch_stop(watch) || !ahead_stop(ahead))
		fuse_session_unmount(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	if (o->end)
		o->end(o->ctx);
	return r;
}

/* --- the background ----------------------------------------------------------------------- */

/* A fault with its field, in one piece: field, a colon, reason. */
static void report(int fd, const struct fault *f)
{
	char text[sizeof(f->field) + sizeof(f->reason)];
	int n = snprintf(text, sizeof(text), "%s:%s", f->field, f->reason);
	ssize_t written = write(fd, text, (size_t)n);

	(void)written; /* the parent is gone: there is no one to tell */
}

/* In the parent: waits for the zero byte or the reason. */
static int await(int fd, pid_t child, struct fault *f)
{
	char text[sizeof(f->field) + sizeof(f->reason) + 1] = { 0 };
	size_t n = 0;
	ssize_t got;
	char *reason;

	while (n < sizeof(text) - 1) {
		got = read(fd, text + n, sizeof(text) - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (text[0] == '\0')
			return 0;
	}
	(void)waitpid(child, NULL, 0);
	reason = strchr(text, ':');
	if (!reason) {
		fault_set(f, FAULT_NO_OFFSET, "", "the serving process died");
		return MOUNT_E_FAILED;
	}
	*reason++ = '\0';
	fault_set(f, FAULT_NO_OFFSET, text, "%s", reason);
	return MOUNT_E_FAILED;
}

/* Leaves the terminal and the folder the user is in. */
static void detach(void)
{
	_cleanup_(closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)chdir("/");
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
}

static int run_in_background(const struct mount_options *o,
			     const struct mount_place *place, struct fault *f)
{
	_cleanup_(closep) int end_read = -1;
	_cleanup_(closep) int end_write = -1;
	int ends[2];
	pid_t child;
	int r;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "pipe: %s", strerror(errno));
		return MOUNT_E_FAILED;
	}
	end_read = ends[0];
	end_write = ends[1];
	child = fork();
	if (child < 0) {
		fault_set(f, FAULT_NO_OFFSET, "", "fork: %s", strerror(errno));
		return MOUNT_E_FAILED;
	}
	if (child > 0) {
		closep(&end_write);
		end_write = -1;
		return await(end_read, child, f);
	}
	detach();
	r = serve(o, place, &end_write, f);
	if (r && end_write >= 0)
		report(end_write, f);
	return r;
}

int mount_run(const struct mount_options *o, struct fault *f)
{
	struct mount_place place;
	int nobody = -1;
	int r = precheck(o, &place, f);

	if (r)
		return r;
	return o->foreground ? serve(o, &place, &nobody, f)
			     : run_in_background(o, &place, f);
}
