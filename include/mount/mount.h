/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Serving a history as a filesystem.
 */

#include <stdbool.h>

#include "util/buf.h"
#include "util/fault.h"

struct mount_options {
	const char *history;    /* path of the history file */
	const char *mountpoint; /* an existing directory */
	bool foreground; /* serve in this process, without going into the background */
	bool helper;     /* mount(8) calls, which adds words of its own to the options */
	/* Set by mount_options_add(): */
	bool allow_other;  /* other users may read, too */
	bool auto_unmount; /* also when it is killed */
	bool nonempty;     /* mount over a directory with something in it */
	char *sync_config; /* of sync_config=FILE: what to follow meanwhile; NULL: nothing */
	/* Something its user should know, while it is served; from another thread. May be NULL. */
	void (*notice)(const struct mount_options *o, const char *text);
	/*
	 * Of something else that this process does as long as it serves: begun when the mount is
	 * there, after any fork, and ended when it is gone, whatever ended it. A negative errno
	 * undoes the mount. May be NULL, both.
	 */
	int (*begin)(void *ctx);
	void (*end)(void *ctx);
	void *ctx;
	struct buf fuse; /* options handed on to FUSE, each with a comma before it */
};

enum {
	_MOUNT_E_SUCCESS,
	MOUNT_E_OPTION, /* an option that is not known, or cannot be had */
	MOUNT_E_FAILED, /* the mount could not be made, or not be served */
};

/*
 * Takes in a list as -o has it. What mount(8) and fstab add for themselves (auto, user,
 * x-systemd..., defaults) is passed over. A history is read-only: rw is refused to a person, and
 * passed over for a helper, since mount(8) says it when nobody has.
 * sync_config=FILE is only kept: the caller follows, with begin and end.
 * 0, MOUNT_E_OPTION (the fault names the option), -ENOMEM.
 */
int mount_options_add(struct mount_options *o, const char *list,
		      struct fault *f) _must_check_;
void mount_options_deinit(struct mount_options *o);

/*
 * Mounts and serves until it is unmounted or SIGTERM, SIGINT or SIGHUP comes. In the background:
 * forks, and returns in the caller's process once the mount answers, or with the reason why it
 * does not; in the other process it returns when serving has ended. Every failure fills f; its
 * field is "history", "mountpoint" or "" for what it is about. No thread may be running.
 * 0, MOUNT_E_FAILED, negative errno.
 */
int mount_run(const struct mount_options *o, struct fault *f) _must_check_;
