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

#include "nodeid.h"
#include "reply.h"

/* More than any kernel asks for in one go. */
#define MAX_REPLY (8u << 20)

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
	/* Always with attributes: they come from the same row as the name. */
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

		if (attr.type != TREE_DIR)
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

	size = MIN(size, MAX_REPLY);
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

/* --- listing ------------------------------------------------------------------------------ */

/* The kernel's offsets: 0 and 1 lead to "." and "..", the tree's cookies follow. */
#define OFFSET_TREE 2

struct listing {
	fuse_req_t req;
	struct serving *s;
	char *data;
	size_t size, len;
	bool plus;                /* with attributes */
	bool begin;               /* of the directory */
	bool names;               /* of a large one, and nobody wants attributes */
	enum wants_files without; /* attributes */
	bool left_out;            /* ... and there was such a file */
	bool full;
	off_t end; /* behind the last name that is in */
	bool complete;
	/* Files that the kernel is told of, as far as they fit. */
	uint64_t files[64];
	size_t n_files;
};

/* Adds one name; false when it does not fit any more. */
static bool add_name(struct listing *l, const char *name,
		     const struct fuse_entry_param *entry, off_t next)
{
	char *at = l->data + l->len;
	size_t left = l->size - l->len;
	size_t n =
		l->plus ? fuse_add_direntry_plus(l->req, at, left, name, entry, next)
			: fuse_add_direntry(l->req, at, left, name, &entry->attr, next);

	if (n > left) {
		l->full = true;
		return false;
	}
	l->len += n;
	return true;
}

/* "." and ".." carry no lookup: an inode of 0 tells the kernel to look no further. */
static bool add_dot(struct listing *l, const char *name, uint64_t ino, off_t next)
{
	const struct fuse_entry_param entry = {
		.attr = { .st_ino = ino, .st_mode = S_IFDIR },
	};

	return add_name(l, name, &entry, next);
}

/* Is the name enough? Who lists directories goes into them. */
static bool is_bare(const struct listing *l, const struct tree_attr *attr)
{
	if (l->names || attr->type == TREE_DIR)
		return l->names;
	return l->without == WANTS_NONE || (l->without == WANTS_TRY && !l->left_out);
}

static bool add_entry(void *ctx, const struct tree_entry *e)
{
	struct listing *l = ctx;
	struct fuse_entry_param entry = reply_entry_param(l->s, e->attr);
	bool bare = l->plus && is_bare(l, e->attr);
	char name[256];

	if (e->name.n >= sizeof(name)) /* the store makes none such */
		return true;
	memcpy(name, e->name.p, e->name.n);
	name[e->name.n] = '\0';
	/* With no inode the kernel takes the name alone, and asks when it wants more. */
	if (bare || e->attr->unsized || (l->plus && !watch_add(l->s->watch, e->attr)))
		entry = (struct fuse_entry_param){ .attr = entry.attr };
	if (add_name(l, name, &entry, (off_t)e->next + OFFSET_TREE)) {
		l->end = (off_t)e->next + OFFSET_TREE;
		l->left_out |= bare && !l->names && !e->attr->unsized;
		if (l->plus && entry.ino && e->attr->type == TREE_FILE &&
		    l->n_files < ARRAY_SIZE(l->files))
			l->files[l->n_files++] = e->attr->node;
		return true;
	}
	if (l->plus && entry.ino)
		watch_forget(l->s->watch, e->attr->node, 1);
	return false;
}

/* The inode numbers that users see of a directory and of the one above. */
static int dot_inodes(struct listing *l, uint64_t node, uint64_t *ret_dot,
		      uint64_t *ret_dotdot)
{
	struct tree_attr dir, parent;
	int r;

	*ret_dot = node;
	*ret_dotdot = watch_parent(l->s->watch, node);
	if (*ret_dotdot)
		return 0;
	r = tree_getattr(l->s->tree, node, &dir);
	if (r)
		return r;
	if (dir.type != TREE_DIR)
		return TREE_E_NOT_DIR;
	parent = (struct tree_attr){ .node = dir.parent };
	/* Only below at/ are they not the nodes. */
	if (dir.ino)
		r = tree_getattr(l->s->tree, dir.parent, &parent);
	*ret_dot = dir.ino ? dir.ino : dir.node;
	*ret_dotdot = parent.ino ? parent.ino : parent.node;
	return r;
}

static int add_dots(struct listing *l, uint64_t node, off_t *offset)
{
	uint64_t dot, dotdot;
	int r;

	if (*offset >= OFFSET_TREE)
		return 0;
	r = dot_inodes(l, node, &dot, &dotdot);
	if (r)
		return r;
	if (*offset == 0 && add_dot(l, ".", dot, 1))
		*offset = 1;
	if (*offset == 1 && add_dot(l, "..", dotdot, OFFSET_TREE))
		*offset = OFFSET_TREE;
	return 0;
}

static int fill(struct listing *l, uint64_t node, off_t offset)
{
	const struct tree_lister lister = { .entry = add_entry,
					    .ctx = l,
					    .names = !l->plus || l->names };
	int r = add_dots(l, node, &offset);

	if (r || l->full)
		return r;
	l->end = offset;
	r = tree_readdir(l->s->tree, node, (uint64_t)offset - OFFSET_TREE, &lister);
	l->complete = r == 0 && !l->full;
	return r;
}

/*
 * How a listing that nobody walks through is to go on behind its first reply. What fails here fails
 * again then, and is told.
 */
static void plan_rest(const struct listing *l, uint64_t node)
{
	bool large = false;

	if (tree_has_more(l->s->tree, node, WANTS_LARGE_NAMES, &large) == 0 && large)
		wants_large(&l->s->wants, node);
}

/* With nothing more to list, the kernel has taken in what it was told before. */
static void reply_list(fuse_req_t req, const struct listing *l, uint64_t dir,
		       uint64_t epoch)
{
	struct ahead *ahead = l->s->ahead;

	if (l->begin)
		watch_listed(l->s->watch, dir, l->left_out && l->without == WANTS_NONE);
	else if (l->names && l->complete)
		watch_listed(l->s->watch, dir, true);
	if (l->left_out)
		wants_left_out(&l->s->wants, dir, l->without == WANTS_TRY);
	if (l->len > 0)
		ahead_told(ahead, dir, l->files, l->n_files, l->complete ? l->end : 0,
			   epoch);
	if (l->len > 0 || !ahead_listed(ahead, dir, req))
		fuse_reply_buf(req, l->data, l->len);
}

static void list(fuse_req_t req, uint64_t node, size_t size, off_t offset, bool plus)
{
	_cleanup_(freep) char *data = NULL;
	struct listing l = { .req = req,
			     .s = serving_of(req),
			     .size = MIN(size, MAX_REPLY),
			     .plus = plus,
			     .begin = offset == 0 };
	uint64_t epoch = tree_epoch(l.s->tree);
	bool may_be_bare = false;
	int r;

	if (offset < 0) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	if (ahead_is_end(l.s->ahead, node, offset, epoch)) {
		reply_list(req, &l, node, epoch);
		return;
	}
	if (plus && l.begin) {
		l.without = wants_next(&l.s->wants);
		may_be_bare =
			wants_begun(&l.s->wants, node,
				    watch_is_below_listed(l.s->watch, node), clock_ms());
	} else if (plus) {
		l.names = wants_names(&l.s->wants, node);
	}
	l.data = data = malloc(l.size);
	r = data ? fill(&l, node, offset) : -ENOMEM;
	if (may_be_bare && l.full)
		plan_rest(&l, node);
	/* What is in the buffer counts as handed out: an error can wait for the next call. */
	if (r && l.len == 0)
		reply_error(req, r);
	else if (l.full && l.len == 0)
		fuse_reply_err(req, EINVAL); /* a buffer too small for one name */
	else
		reply_list(req, &l, node, epoch);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	(void)fi;
	list(req, nodeid(ino), size, offset, false);
}

static void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
			   struct fuse_file_info *fi)
{
	(void)fi;
	list(req, nodeid(ino), size, offset, true);
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
