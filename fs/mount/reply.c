/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Answers to the kernel, and for how long it may keep them. The watcher (watch.c) takes back
 * what an import has changed, within a fraction of a second, so what grows may be kept, too;
 * its time-out only bounds how long an answer could stay wrong that escaped the watcher. With
 * one of a second, the second run of ls -lR asks for every directory and growing file anew,
 * and takes half as long again. A name that is not there is known to nobody who could take it
 * back, so that is forgotten soon.
 */

#include "reply.h"

#include <errno.h>

#include "nodeid.h"

#define TIMEOUT_FINAL    (365.0 * 24 * 3600)
#define TIMEOUT_GROWING  60.0
#define TIMEOUT_NEGATIVE 0.5
#define TIMEOUT_FLEETING 0.5 /* of the name only: the node stays what it is */

int reply_errno(int result)
{
	switch (result) {
	case TREE_E_NOT_FOUND:
		return ENOENT;
	case TREE_E_TOO_LONG:
		return ENAMETOOLONG;
	case TREE_E_NOT_DIR:
		return ENOTDIR;
	case TREE_E_IS_DIR:
		return EISDIR;
	case TREE_E_NOT_LINK:
	case TREE_E_BAD_COOKIE:
		return EINVAL;
	default:
		return result < 0 ? -result : EIO;
	}
}

void reply_error(fuse_req_t req, int result)
{
	fuse_reply_err(req, reply_errno(result));
}

struct stat reply_stat(const struct serving *s, const struct tree_attr *attr)
{
	struct timespec time = { .tv_sec = attr->mtime_ms / 1000,
				 .tv_nsec = attr->mtime_ms % 1000 * 1000000 };
	struct stat st = {
		.st_ino = attr->ino ? attr->ino : attr->node,
		.st_nlink = 1,
		.st_uid = s->uid,
		.st_gid = s->gid,
		.st_size = (off_t)attr->size,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)((attr->size + 511) / 512),
		.st_atim = time,
		.st_mtim = time,
		.st_ctim = time,
	};

	switch (attr->type) {
	case TREE_DIR:
		/* Who may read a directory may search it: 0400 goes with 0100. */
		st.st_mode = S_IFDIR | s->readable | s->readable >> 2;
		break;
	case TREE_FILE:
		st.st_mode = S_IFREG | s->readable;
		break;
	case TREE_LINK:
		st.st_mode = S_IFLNK | 0777;
		break;
	}
	return st;
}

struct fuse_entry_param reply_entry_param(const struct serving *s,
					  const struct tree_attr *attr)
{
	double timeout = attr->growing ? TIMEOUT_GROWING : TIMEOUT_FINAL;

	return (struct fuse_entry_param){
		.ino = nodeid(attr->node),
		.attr = reply_stat(s, attr),
		.attr_timeout = timeout,
		.entry_timeout = attr->fleeting ? TIMEOUT_FLEETING : timeout,
	};
}

void reply_entry(fuse_req_t req, struct serving *s, const struct tree_attr *attr)
{
	struct fuse_entry_param entry = reply_entry_param(s, attr);

	/* Known before it is told: an import between the two must find it. */
	if (!watch_add(s->watch, attr)) {
		reply_error(req, -ENOMEM);
		return;
	}
	if (fuse_reply_entry(req, &entry) < 0)
		watch_forget(s->watch, attr->node, 1);
}

void reply_attr(fuse_req_t req, const struct serving *s, const struct tree_attr *attr)
{
	struct stat st = reply_stat(s, attr);

	fuse_reply_attr(req, &st, attr->growing ? TIMEOUT_GROWING : TIMEOUT_FINAL);
}

void reply_no_entry(fuse_req_t req)
{
	const struct fuse_entry_param nothing = { .entry_timeout = TIMEOUT_NEGATIVE };

	fuse_reply_entry(req, &nothing);
}
