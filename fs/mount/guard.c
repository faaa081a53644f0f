/* SPDX-License-Identifier: Apache-2.0 */

/*
 * libfuse has an auto_unmount of its own, by fusermount3. It asks stat(2) whether the mount is
 * dead, and the kernel answers from attributes that it was told to keep: the dead mount looks
 * alive, and stays. The guard asks statfs(2), which nobody answers for a server that is gone.
 *
 * The end of the socket between them tells of the server's death; a byte in it, of an orderly
 * end.
 */

#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/* The kernel may take a while to notice, too. */
#define TRIES    200
#define PAUSE_NS 50000000L

/* Nobody serves it any more. ECONNABORTED: the question itself came while it died. */
static bool is_dead(const char *mountpoint)
{
	struct statfs st;

	return statfs(mountpoint, &st) < 0 &&
	       (errno == ENOTCONN || errno == ECONNABORTED);
}

static void unmount(const char *mountpoint)
{
	char *const words[] = { (char[]){ "fusermount3" },
				(char[]){ "-u" },
				(char[]){ "-z" },
				(char[]){ "-q" },
				(char[]){ "--" },
				(char *)(uintptr_t)mountpoint,
				NULL };
	pid_t child;

	if (umount2(mountpoint, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return;
	if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) == 0)
		(void)waitpid(child, NULL, 0);
}

static void clear(const char *mountpoint)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	for (int i = 0; i < TRIES; i++) {
		if (is_dead(mountpoint)) {
			unmount(mountpoint);
			if (!is_dead(mountpoint))
				return;
		}
		(void)nanosleep(&pause, NULL);
	}
}

/* Nothing of the server's is kept: neither its terminal nor its files. */
static void let_go(int keep)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)prctl(PR_SET_NAME, "driftfs-guard");
	(void)setsid();
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)chdir("/");
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fd != keep)
			(void)dup2(null, fd);
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		if (fd != keep)
			(void)close(fd);
}

static void watch_over(int fd, const char *mountpoint)
{
	char byte;
	ssize_t n;

	let_go(fd);
	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		clear(mountpoint);
}

int guard_start(const char *mountpoint, int *ret_fd, struct fault *f)
{
	int ends[2];
	pid_t child;

	/* Not a pipe: whose other end is gone, sends a signal. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
		int r = -errno;

		fault_set(f, FAULT_NO_OFFSET, "", "socketpair: %s", strerror(-r));
		return r;
	}
	child = fork();
	if (child == 0) {
		(void)close(ends[1]);
		/* Once more, so that it is nobody's child to wait for. */
		if (fork() == 0)
			watch_over(ends[0], mountpoint);
		_exit(0);
	}
	(void)close(ends[0]);
	if (child < 0) {
		int r = -errno;

		fault_set(f, FAULT_NO_OFFSET, "", "fork: %s", strerror(-r));
		(void)close(ends[1]);
		return r;
	}
	(void)waitpid(child, NULL, 0);
	*ret_fd = ends[1];
	return 0;
}

void guard_endp(int *fd)
{
	if (*fd < 0)
		return;
	/* A guard that is gone is none that is needed. */
	(void)send(*fd, "", 1, MSG_NOSIGNAL);
	closep(fd);
}
