/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What libfuse and fusermount3 write to standard error while a mount is made, taken in so that
 * it can be told as the reason.
 */

#include <stddef.h>

struct capture {
	int saved; /* the real standard error, or -1 */
	int file;
};

/* Where it cannot be had, standard error stays what it is. */
void capture_begin(struct capture *c);
/* Standard error is itself again; ret gets the last line written, "" when there is none. */
void capture_end(struct capture *c, char *ret, size_t size);
