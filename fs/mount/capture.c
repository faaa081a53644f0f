/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Standard error goes to a file in memory meanwhile. fusermount3 may stay behind as a helper
 * (auto_unmount) and then keeps that file, not the terminal or pipe of whoever mounted.
 */

#include "capture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/macro.h"

void capture_begin(struct capture *c)
{
	c->saved = -1;
	c->file = memfd_create("messages", MFD_CLOEXEC);
	if (c->file < 0)
		return;
	c->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (c->saved >= 0)
		(void)dup2(c->file, STDERR_FILENO);
}

void capture_end(struct capture *c, char *ret, size_t size)
{
	char text[4096];
	char *line;
	ssize_t n = -1;

	ret[0] = '\0';
	if (c->saved >= 0) {
		(void)dup2(c->saved, STDERR_FILENO);
		closep(&c->saved);
	}
	if (c->file >= 0)
		n = pread(c->file, text, sizeof(text) - 1, 0);
	closep(&c->file);
	if (n <= 0)
		return;
	text[n] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	line = strrchr(text, '\n');
	line = line ? line + 1 : text;
	strncat(ret, line, size - 1);
}
