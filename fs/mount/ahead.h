/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading ahead. Who searches a tree reads file after file, in the order of the listings, and each
 * read is a trip to this process and back; so the files of a directory being read are put into the
 * kernel's page cache before they are asked for, and those of the next directories are made ready.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fuse_lowlevel.h>

#include "tree/tree.h"

struct ahead;

/* 0 or -ENOMEM. */
int ahead_new(struct tree *t, struct ahead **ret) _must_check_;
struct ahead *ahead_free(struct ahead *a); /* returns NULL; stopped before */
/* In a thread of its own until ahead_stop(). 0 or negative errno. */
int ahead_start(struct ahead *a, struct fuse_session *session) _must_check_;
/* As watch_stop(): false when the thread is stuck in a kernel that does not answer. */
bool ahead_stop(struct ahead *a);

/*
 * The kernel is told of these files of the directory, with attributes, in this order. `end`: the
 * offset at which its listing was found to end in that epoch; 0: there may be more.
 */
void ahead_told(struct ahead *a, uint64_t dir, const uint64_t *files, size_t n, off_t end,
		uint64_t epoch);
/* Is there nothing to list from the offset on, as was found before in the same epoch? */
bool ahead_is_end(struct ahead *a, uint64_t dir, off_t offset, uint64_t epoch);
/*
 * It has the whole listing of the directory and waits to be told that this was all. true: the answer
 * is taken over, and given once the files are in the page cache.
 */
bool ahead_listed(struct ahead *a, uint64_t dir, fuse_req_t req);
/* It asks for bytes of the file: the directory through whose files it goes; 0: none is known. */
uint64_t ahead_reading(struct ahead *a, uint64_t file);

/*
 * The history has changed, and tree_poll() has told the tree: when this returns, nothing that was
 * read before is put into the page cache any more.
 */
void ahead_changed(struct ahead *a);
