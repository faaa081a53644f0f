/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer lock: one import at a time. It is a flock() on a descriptor of the history file
 * itself, so that no second file lies about, and it goes with its process however that ends.
 *
 * Beware: closing any descriptor of a file drops the process's POSIX locks on it, SQLite's
 * among them. So this one is opened before SQLite opens the file and closed after it has
 * closed it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "private.h"

/* Open for writing, made when missing. Owner-only: configurations hold secrets. */
static int open_file(const char *path, int *ret_fd, struct fault *f)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0) {
		int e = errno;

		fault_set(f, FAULT_NO_OFFSET, "", "cannot be opened for writing: %s",
			  strerror(e));
		return -e;
	}
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode)) {
		fault_set(f, FAULT_NO_OFFSET, "", "is no regular file");
		return STORE_E_NOT_HISTORY;
	}
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int lock_file(int fd, bool wait, struct fault *f)
{
	if (!flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK) {
		fault_set(f, FAULT_NO_OFFSET, "", "another import is writing to it");
		return STORE_E_BUSY;
	}
	int e = errno;

	fault_set(f, FAULT_NO_OFFSET, "", "cannot be locked: %s", strerror(e));
	return -e;
}

/* Is the file at the path still the one that was locked? It may have been replaced meanwhile. */
static bool still_there(const char *path, int fd)
{
	struct stat at_path, locked;

	return !stat(path, &at_path) && !fstat(fd, &locked) &&
	       at_path.st_dev == locked.st_dev && at_path.st_ino == locked.st_ino;
}

int lock_take(const char *path, bool wait, int *ret_fd, struct fault *f)
{
	for (;;) {
		_cleanup_(closep) int fd = -1;
		int r = open_file(path, &fd, f);

		if (!r)
			r = lock_file(fd, wait, f);
		if (r)
			return r;
		if (still_there(path, fd)) {
			*ret_fd = fd;
			fd = -1;
			return 0;
		}
	}
}
