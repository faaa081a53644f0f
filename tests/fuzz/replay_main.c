/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, so that a corpus and the findings kept in it are an ordinary
 * test with any compiler. Arguments are files or directories (one level, hidden files apart);
 * a target that finds something aborts, and the name printed last is the input's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(int fd, struct buf *b)
{
	for (;;) {
		ssize_t n;

		if (!buf_reserve(b, 65536))
			return -ENOMEM;
		n = read(fd, b->data + b->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		b->len += (size_t)n;
	}
}

static int replay_file(const char *path)
{
	_cleanup_(buf_deinit) struct buf b = BUF_INIT;
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_(freep) uint8_t *data = NULL;
	int r = fd < 0 ? -errno : read_all(fd, &b);

	if (r)
		return r;
	/* A copy of just its size: the sanitizer then sees a read past the end. */
	data = malloc(b.len + !b.len);
	if (!data)
		return -ENOMEM;
	memcpy(data, b.data, b.len);
	printf("%s: %zu bytes\n", path, b.len);
	fflush(stdout);
	return LLVMFuzzerTestOneInput(data, b.len) == 0 ? 0 : -EBADMSG;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int replay_directory(const char *path, unsigned *count)
{
	_cleanup_(closedirp) DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		char file[PATH_MAX];
		int r;

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(file, sizeof(file), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(file))
			return -ENAMETOOLONG;
		r = replay_file(file);
		if (r)
			return r;
		(*count)++;
	}
	return 0;
}

static int replay(const char *path, unsigned *count)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return replay_directory(path, count);
	(*count)++;
	return replay_file(path);
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++) {
		int r = replay(argv[i], &count);

		if (r) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-r));
			return 1;
		}
	}
	/* An empty corpus would pass without having tested anything. */
	printf("%u inputs\n", count);
	return count == 0;
}
