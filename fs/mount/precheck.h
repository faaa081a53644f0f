/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What would make a mount fail, found out beforehand and said in words.
 */

#include <limits.h>

#include "mount/mount.h"

struct mount_place {
	char history[PATH_MAX]; /* both resolved and absolute */
	char mountpoint[PATH_MAX];
};

/* 0 or MOUNT_E_FAILED with the fault filled. */
int precheck(const struct mount_options *o, struct mount_place *ret,
	     struct fault *f) _must_check_;
