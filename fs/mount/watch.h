/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keeps the kernel's caches true. It remembers which directories the kernel knows, and when
 * the history changes takes back what may have changed in them.
 */

#include <stdbool.h>
#include <stdint.h>

#include "mount/mount.h"
#include "tree/tree.h"

struct ahead;
struct fuse_session;
struct watch;

/* 0 or negative errno. */
int watch_new(struct tree *t, struct ahead *ahead, const struct mount_options *options,
	      struct watch **ret) _must_check_;
struct watch *watch_free(struct watch *w); /* returns NULL; stopped before */

/* Watches, in a thread of its own, until watch_stop(). 0 or negative errno. */
int watch_start(struct watch *w, struct fuse_session *session) _must_check_;
/*
 * Ends the thread. Waits for it at most so long as an answering kernel takes; false when it is
 * stuck in one that no longer does, in which case the session must be unmounted, then this
 * called again.
 */
bool watch_stop(struct watch *w);

/* The kernel is being told of a node once more. false: out of memory, do not tell it. */
bool watch_add(struct watch *w, const struct tree_attr *attr);
/*
 * The directory above one that the kernel knows; 0: it does not, or the numbers that users see of the
 * two are not their nodes.
 */
uint64_t watch_parent(struct watch *w, uint64_t dir);
/* Was the directory above this one ever listed while the kernel knew it? */
bool watch_is_below_listed(struct watch *w, uint64_t dir);
/* It keeps the directory's listing: are the files in it without attributes (bare)? */
void watch_listed(struct watch *w, uint64_t dir, bool bare);
/* A file of the directory was looked up by its name: after many, bare listings are taken back. */
void watch_looked_up(struct watch *w, uint64_t dir);
/* The kernel has forgotten n of those times. */
void watch_forget(struct watch *w, uint64_t node, uint64_t n);
