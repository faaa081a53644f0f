/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * auto_unmount: a process of its own that takes the mount away when the one that serves it has
 * died without doing so, however it died.
 */

#include "util/fault.h"

/*
 * Forks the guard; *ret_fd is the serving process's end of the socket to it, which must live as long
 * as the mount. No thread may be running. 0 or negative errno with the fault.
 */
int guard_start(const char *mountpoint, int *ret_fd, struct fault *f) _must_check_;
/* The mount is gone: the guard ends. For _cleanup_; -1 is fine. */
void guard_endp(int *fd);
