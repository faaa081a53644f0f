/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two clean-up functions that every part uses. Each takes the address of the local, as
 * the cleanup attribute hands it over, and copes with a local that was never filled.
 */
#include "util/macro.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void freep(void *pointer_to_pointer)
{
	void *pointer;

	/* Copied, not cast: the local is some other type's pointer. */
	memcpy(&pointer, pointer_to_pointer, sizeof(pointer));
	free(pointer);
}

void closep(int *fd)
{
	int saved = errno;

	/* EINTR included, Linux has released the descriptor: never close it again. */
	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}
