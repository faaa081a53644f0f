/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Takes requests from the kernel and has them answered, by several threads, until the mount is gone
 * or a signal has ended the session.
 */

#include <fuse_lowlevel.h>

#include "util/macro.h"

/* threads: at least 1. 0, or negative errno. */
int loop_run(struct fuse_session *session, unsigned threads) _must_check_;
