/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the callbacks of one mount share.
 */

#include <fuse_lowlevel.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tree/tree.h"
#include "util/fault.h"

#include "ahead.h"
#include "wants.h"
#include "watch.h"

struct serving {
	struct tree *tree;
	struct watch *watch;
	struct ahead *ahead;
	struct wants wants;
	uid_t uid; /* of whoever mounts; owns everything shown */
	gid_t gid;
	mode_t readable; /* permission bits for reading; a directory has those for searching, too */
	bool no_open; /* the kernel can do without open and opendir */
	bool no_opendir;
	/* Written to once and closed, when the kernel has said hello; -1: nobody waits. */
	int *ready_fd;
};

extern const struct fuse_lowlevel_ops mount_ops;
