/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Attributes as words, and the few helpers every file needs. A function that can fail is
 * _must_check_; an owned local has a _cleanup_ and starts NULL (or zeroed).
 */

#include <stddef.h>

#define _must_check_        __attribute__((__warn_unused_result__))
#define _nonnull_           __attribute__((__nonnull__))
#define _printf_(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define _cleanup_(fn)       __attribute__((__cleanup__(fn)))
#define _unused_            __attribute__((__unused__))
#define _may_alias_         __attribute__((__may_alias__))
#define _pure_              __attribute__((__pure__))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

/* Hand over an owned pointer: the value is returned, the local becomes NULL. */
#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

/* Free a malloc'ed pointer at the end of its scope: _cleanup_(freep) char *text = NULL; */
void freep(void *pointer_to_pointer);
/* Close a file descriptor (>= 0) at the end of its scope, errno kept. */
void closep(int *fd);
