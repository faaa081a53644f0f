/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Answers to the kernel. The one place where outcomes become errno, and attributes what stat
 * shows.
 */

#include "serve.h"

/* Bytes, more than any kernel asks for in one go. */
#define REPLY_MAX (8u << 20)

/* Outcome of a tree function (not 0) as an errno, positive. */
int reply_errno(int result);
void reply_error(fuse_req_t req, int result);

struct stat reply_stat(const struct serving *s, const struct tree_attr *attr);
/* Attributes as an entry the kernel may keep. */
struct fuse_entry_param reply_entry_param(const struct serving *s,
					  const struct tree_attr *attr);
/* Counts the entry as known to the kernel and answers with it. */
void reply_entry(fuse_req_t req, struct serving *s, const struct tree_attr *attr);
void reply_attr(fuse_req_t req, const struct serving *s, const struct tree_attr *attr);
/* "There is nothing of that name", to be remembered for a moment. */
void reply_no_entry(fuse_req_t req);
