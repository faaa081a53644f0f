/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The pipeline, and beside it another for documents that somebody waits to see: what is under way
 * in the first, hundreds of megabytes perhaps, does not keep them. Within a lane all stays in
 * order. All calls are the writer's.
 */

#include "pipeline.h"

struct lanes;

/* 0 or negative errno. The second lane has a worker of its own, from when it is first used. */
int lanes_new(const struct pipeline_ops *ops, unsigned workers,
	      struct lanes **ret) _must_check_;
struct lanes *lanes_free(struct lanes *l); /* returns NULL */

/* As the functions of pipeline.h that are named like them; a file's `hurried` tells its lane. */
bool lanes_has_room(const struct lanes *l, bool hurried);
bool lanes_are_empty(const struct lanes *l);
int lanes_add(struct lanes *l,
	      struct import_file *file) _must_check_; /* or negative errno */
int lanes_take(struct lanes *l, unsigned timeout_ms,
	       struct pipeline_taken *ret) _must_check_;
void lanes_give_back(struct lanes *l, const struct pipeline_taken *taken);
uint64_t lanes_read_bytes(const struct lanes *l);
