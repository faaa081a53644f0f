/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The callbacks. Each resolves nothing (the kernel's number tells the node), asks the tree, and
 * replies once. There is no state per open file: where the kernel allows it, open and opendir
 * are answered once with ENOSYS and never asked again, and pages and listings stay
 * cached until the watcher takes them back.
 */

#include "serve.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/clock.h"

#include "listing.h"
#include "nodeid.h"
#include "reply.h"

static struct serving *serving_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

static void want(struct fuse_conn_info *conn, unsigned capability)
{
	if (conn->capable & capability)
		conn->want |= capability;
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	struct serving *s = userdata;

	want(conn, FUSE_CAP_READDIRPLUS);
	want(conn, FUSE_CAP_PARALLEL_DIROPS);
	want(conn, FUSE_CAP_CACHE_SYMLINKS);
	want(conn, FUSE_CAP_AUTO_INVAL_DATA);
	want(conn, FUSE_CAP_ASYNC_READ);
	/* Which names go with attributes is told in listing.c, not by a guess of the kernel's. */
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	s->no_open = conn->capable & FUSE_CAP_NO_OPEN_SUPPORT;
	s->no_opendir = conn->capable & FUSE_CAP_NO_OPENDIR_SUPPORT;
	if (*s->ready_fd >= 0) {
		ssize_t n = write(*s->ready_fd, "", 1);

		(void)n; /* nobody is waiting any more, then */
		closep(s->ready_fd);
		*s->ready_fd = -1;
	}
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct serving *s = serving_of(req);
	struct tree_attr attr;
	uint64_t dir = nodeid(parent);
	int r = tree_lookup(s->tree, dir, str_of(name), &attr);

	if (r == 0) {
		bool of_large = wants_entry(&s->wants, dir);

		if (attr.type == TREE_DIR)
			wants_met(&s->wants, attr.node, tree_twin(attr.node), clock_ms());
		else
			wants_looked_up(&s->wants, dir);
		if (attr.type != TREE_DIR || of_large)
			watch_looked_up(s->watch, dir);
		reply_entry(req, s, &attr);
	} else if (r == TREE_E_NOT_FOUND) {
		reply_no_entry(req);
	} else {
		reply_error(req, r);
	}
}

static void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t nlookup)
{
	watch_forget(serving_of(req)->watch, nodeid(ino), nlookup);
	fuse_reply_none(req);
}

static void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < n; i++)
		watch_forget(serving_of(req)->watch, nodeid(forgets[i].ino),
			     forgets[i].nlookup);
	fuse_reply_none(req);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct serving *s = serving_of(req);
	struct tree_attr attr;
	int r = tree_getattr(s->tree, nodeid(ino), &attr);

	(void)fi;
	if (r)
		reply_error(req, r);
	else
		reply_attr(req, s, &attr);
}

static void op_readlink(fuse_req_t req, fuse_ino_t ino)
{
	_cleanup_(buf_deinit) struct buf target = BUF_INIT;
	int r = tree_readlink(serving_of(req)->tree, nodeid(ino), &target);

	buf_put_char(&target, '\0');
	if (r == 0)
		r = buf_error(&target);
	if (r)
		reply_error(req, r);
	else
		fuse_reply_readlink(req, target.data);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if ((fi->flags & O_ACCMODE) != O_RDONLY) {
		fuse_reply_err(req, EROFS);
		return;
	}
	if (serving_of(req)->no_open) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	(void)ino;
	if (serving_of(req)->no_opendir) {
		fuse_reply_err(req, ENOSYS);
		return;
	}
	fi->keep_cache = 1;
	fi->cache_readdir = 1;
	fuse_reply_open(req, fi);
}

/* A file that is too long to be held as a whole. */
static void read_streamed(fuse_req_t req, uint64_t node, size_t size, uint64_t offset)
{
	_cleanup_(freep) char *data = NULL;
	size_t n = 0;
	int r;

	size = MIN(size, REPLY_MAX);
	data = malloc(size);
	r = data ? tree_read(serving_of(req)->tree, node, offset, size, data, &n)
		 : -ENOMEM;
	if (r)
		reply_error(req, r);
	else
		fuse_reply_buf(req, data, n);
}

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct serving *s = serving_of(req);
	const struct tree_content *content;
	uint64_t node = nodeid(ino);
	size_t n;
	int r;

	(void)fi;
	if (offset < 0) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	r = tree_content_along(s->tree, ahead_reading(s->ahead, node), node, &content);
	if (r == TREE_E_STREAMED) {
		read_streamed(req, node, size, (uint64_t)offset);
		return;
	}
	if (r) {
		reply_error(req, r);
		return;
	}
	if ((uint64_t)offset >= content->len) {
		fuse_reply_buf(req, NULL, 0);
	} else {
		n = MIN(size, content->len - (size_t)offset);
		fuse_reply_buf(req, content->data + offset, n);
	}
	tree_content_put(s->tree, content);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)fi;
	listing_reply(req, serving_of(req), nodeid(ino), size, offset, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			   struct fuse_file_info *fi)
{
	(void)fi;
	listing_reply(req, serving_of(req), nodeid(ino), size, offset, true);
}

static void op_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct tree_totals totals;
	struct serving *s = serving_of(req);
	int r = tree_totals(s->tree, &totals);
	struct statvfs st;

	(void)ino;
	wants_walk(&s->wants, clock_ms());
	if (r) {
		reply_error(req, r);
		return;
	}
	st = (struct statvfs){
		.f_bsize = 4096,
		.f_frsize = 4096,
		.f_blocks = (totals.bytes + 4095) / 4096,
		.f_files = totals.files,
		.f_namemax = 255,
		.f_flag = ST_RDONLY | ST_NOSUID,
	};
	fuse_reply_statfs(req, &st);
}

const struct fuse_lowlevel_ops mount_ops = {
	.init = op_init,
	.lookup = op_lookup,
	.forget = op_forget,
	.forget_multi = op_forget_multi,
	.getattr = op_getattr,
	.readlink = op_readlink,
	.open = op_open,
	.opendir = op_opendir,
	.read = op_read,
	.readdir = op_readdir,
	.readdirplus = op_readdirplus,
	.statfs = op_statfs,
};
