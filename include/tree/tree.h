/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The namespace of a history: names, attributes and content of what the mount shows, without
 * FUSE and without SQL. A node is a 64-bit number, unique and never reused: its kind in the top
 * byte, the row id below. The root is 1. Inode numbers are the same over remounts: they are the
 * nodes, except below at/, where moments are numbered as they are
 * asked for.
 *
 * A tree may be used by many threads at once. Every call sees the history at one moment: as it
 * was last committed by whoever imports or, while tree_poll() is called, at least as new as that
 * found it last.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/fault.h"
#include "util/str.h"

#define TREE_ROOT UINT64_C(1)

struct tree;

enum tree_type {
	TREE_DIR,
	TREE_FILE,
	TREE_LINK,
};

struct tree_attr {
	uint64_t node;
	uint64_t ino;    /* the inode number users see; 0: the node itself */
	uint64_t parent; /* of a directory; the root is its own. Else 0 */
	enum tree_type type;
	bool growing;  /* may change with any import; otherwise as good as final */
	bool fleeting; /* the name may soon stand for another node (at/-2h, by-name/X) */
	bool covers; /* of a directory: the stamp differs, too, once that of one in it does */
	bool unsized; /* in a listing: tree_getattr() tells size and time, which cost more */
	uint64_t size; /* exact: of the content, of a link's target; 0 for a directory */
	int64_t mtime_ms;
	uint64_t stamp; /* of a directory: differs once it or something in it may have changed */
};

enum {
	_TREE_E_SUCCESS,
	TREE_E_NOT_FOUND, /* no such name, no such node (any more) */
	TREE_E_TOO_LONG,  /* a name no directory can hold */
	TREE_E_NOT_DIR,
	TREE_E_IS_DIR,
	TREE_E_NOT_LINK,
	TREE_E_NOT_STATE, /* tree_raw() of something else than a state */
	TREE_E_STREAMED, /* tree_content_get() of a file that is read by tree_read() only */
	TREE_E_BAD_COOKIE,  /* a readdir cookie that was never given out */
	TREE_E_NOT_HISTORY, /* tree_open(): no history, or none this program can read */
};

/* path: the history file. Every failure fills f. 0, TREE_E_NOT_HISTORY, negative errno. */
int tree_open(const char *path, struct tree **ret, struct fault *f) _must_check_;
struct tree *tree_close(struct tree *t); /* returns NULL; nobody may be using it */

/* Negative errno: -ENOMEM, or -EIO for a history that cannot be read; all of them may. */
int tree_lookup(struct tree *t, uint64_t parent, struct str name,
		struct tree_attr *ret) _must_check_;
int tree_getattr(struct tree *t, uint64_t node, struct tree_attr *ret) _must_check_;
int tree_readlink(struct tree *t, uint64_t node, struct buf *out) _must_check_;

/*
 * Lists the directory from behind `cookie` (0: from the start), "." and ".." left out. A cookie
 * stays good while things are added: what was there is listed once. entry() gets each name with
 * its attributes, and the cookie to go on behind it; when it returns false the listing stops
 * there (what it refused was not listed). It must not call the tree. With `names`, who lists does
 * not ask for sizes and times: any entry may be unsized.
 */
struct tree_entry {
	struct str name;
	const struct tree_attr *attr;
	uint64_t next; /* below 2^63 - 16 */
};
struct tree_lister {
	bool (*entry)(void *ctx, const struct tree_entry *e);
	void *ctx;
	bool names;
};
int tree_readdir(struct tree *t, uint64_t node, uint64_t cookie,
		 const struct tree_lister *lister) _must_check_;

/* What is the same for a directory of a moment at every moment; 0 for what is none. */
uint64_t tree_twin(uint64_t node) _pure_;

/*
 * What the attributes of a name in the directory take to make, in those of a name elsewhere: of most
 * directories 1. A name in by-name is a link to a resource that is anywhere in the history.
 */
unsigned tree_attr_cost(uint64_t node) _pure_;

/* Has the directory more than about n names? Costs no more than listing so many. */
int tree_has_more(struct tree *t, uint64_t node, size_t n, bool *ret) _must_check_;

/*
 * A file's bytes, shared with a cache; they stay as they are until given back. A file that may
 * be too long for that is TREE_E_STREAMED: it can only be read piece by piece.
 */
struct tree_content {
	const char *data;
	size_t len;
};
int tree_content_get(struct tree *t, uint64_t node,
		     const struct tree_content **ret) _must_check_;
/*
 * The same for a reader who goes through the files of `dir`, of which the node is one: they are made
 * together and kept for a while, where that is cheaper. A dir that is none is passed over.
 */
int tree_content_along(struct tree *t, uint64_t dir, uint64_t node,
		       const struct tree_content **ret) _must_check_;
void tree_content_put(struct tree *t,
		      const struct tree_content *content); /* NULL is fine */

/* Copies up to `size` bytes of any file from `offset` on; *ret_n is less only at its end. */
int tree_read(struct tree *t, uint64_t node, uint64_t offset, size_t size, char *ret,
	      size_t *ret_n) _must_check_;
/* Appends a state as it was received. */
int tree_raw(struct tree *t, uint64_t node, struct buf *out) _must_check_;

/*
 * Follows a path from the root: slashes anywhere, "." and ".." as usual. A link is followed
 * unless it is the last part and `follow` is false.
 */
int tree_walk_path(struct tree *t, struct str path, bool follow,
		   struct tree_attr *ret) _must_check_;

/*
 * Has the history changed since the last call (true the first time)? For one thread, called
 * some times a second; cheap. What the caches hold is taken for fresh as of the last call.
 */
int tree_poll(struct tree *t, bool *ret_changed) _must_check_;
/*
 * What tree_poll() found at the history's path last: NULL, or words that say that the file served
 * is not there any more. It is served on: nodes are made of its rows, and mean nothing in another
 * file. Static text; for tree_poll()'s thread.
 */
const char *tree_moved(struct tree *t);
/*
 * Grows with every change that tree_poll() or a request has found, and when it could not look. What
 * was read after this was called is at least as new as the last of them.
 */
uint64_t tree_epoch(struct tree *t);
/*
 * The directory that is listed behind `dir` in the one above. Only of resources; else, and behind the
 * last, TREE_E_NOT_FOUND.
 */
int tree_next(struct tree *t, uint64_t dir, uint64_t *ret_next) _must_check_;
/*
 * Makes the files of the directory ready, as tree_content_along() does; waits for who is just doing
 * so. *ret_bytes: how long those are that it made. Of a resource; else TREE_E_NOT_FOUND.
 */
int tree_prepare(struct tree *t, uint64_t dir, size_t *ret_bytes) _must_check_;
/*
 * The nodes whose attributes or content may have changed when the directory's stamp did, the
 * directory itself among them; directories beneath it are left out, they have stamps of their
 * own. visit() must not call the tree; false stops.
 */
int tree_affected(struct tree *t, uint64_t dir, bool (*visit)(void *ctx, uint64_t node),
		  void *ctx) _must_check_;

struct tree_totals {
	uint64_t bytes; /* of the history */
	uint64_t files; /* regular files the tree lists, exactly; at/ lists no moments */
};
int tree_totals(struct tree *t, struct tree_totals *ret) _must_check_;
