/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Replies to READDIR and READDIRPLUS. Which names go without attributes, as the protocol allows of
 * any, is told by what clients were seen to want (wants.h). A name without is not counted as
 * looked up, and the kernel asks once somebody looks at it.
 */

#include "listing.h"

#include <errno.h>
#include <stdlib.h>

#include "util/clock.h"

#include "reply.h"

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

/* Chooses which names go without attributes; true: behind this reply all of them may. */
static bool choose(struct listing *l, uint64_t node)
{
	struct serving *s = l->s;
	int64_t now_ms;
	bool compared;

	if (!l->plus)
		return false;
	if (!l->begin) {
		l->names = wants_names(&s->wants, node);
		return false;
	}
	l->without = wants_next(&s->wants);
	now_ms = clock_ms();
	compared = wants_compared(&s->wants, node, tree_twin(node), now_ms);
	return wants_begun(&s->wants, node, watch_is_below_listed(s->watch, node),
			   now_ms) &&
	       !compared;
}

/* All of them do, if there are many. What fails here fails again behind this reply, and is told. */
static void plan_rest(const struct listing *l, uint64_t node)
{
	size_t n = WANTS_LARGE_NAMES / tree_attr_cost(node);
	bool large = false;

	if (tree_has_more(l->s->tree, node, n, &large) == 0 && large)
		wants_large(&l->s->wants, node);
}

/* With nothing more to list, the kernel has taken in what it was told before. */
static void reply_list(const struct listing *l, uint64_t dir, uint64_t epoch)
{
	struct ahead *ahead = l->s->ahead;

	/* Of a large one only at the end: it is not to be taken back from who asks for the rest. */
	if (l->begin)
		watch_listed(l->s->watch, dir, l->left_out && l->without == WANTS_NONE);
	else if (l->names && l->complete)
		watch_listed(l->s->watch, dir, true);
	if (l->left_out)
		wants_left_out(&l->s->wants, dir, l->without == WANTS_TRY);
	if (l->len > 0)
		ahead_told(ahead, dir, l->files, l->n_files, l->complete ? l->end : 0,
			   epoch);
	if (l->len > 0 || !ahead_listed(ahead, dir, l->req))
		fuse_reply_buf(l->req, l->data, l->len);
}

void listing_reply(fuse_req_t req, struct serving *s, uint64_t node, size_t size,
		   off_t offset, bool plus)
{
	_cleanup_(freep) char *data = NULL;
	struct listing l = { .req = req,
			     .s = s,
			     .size = MIN(size, REPLY_MAX),
			     .plus = plus,
			     .begin = offset == 0 };
	uint64_t epoch = tree_epoch(s->tree);
	bool may_be_bare;
	int r;

	if (offset < 0) {
		fuse_reply_err(req, EINVAL);
		return;
	}
	if (ahead_is_end(s->ahead, node, offset, epoch)) {
		reply_list(&l, node, epoch);
		return;
	}
	may_be_bare = choose(&l, node);
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
		reply_list(&l, node, epoch);
}
