/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Files that may be too long to be held: made of pieces in an order of their own (lines, items),
 * and read piece by piece in flat memory. Their size comes from sums that the history keeps.
 */

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

struct request;

/* Where a piece stands in the order of its file; what the parts mean is the view's own. All 0 is
   the file's start. */
struct stream_key {
	int64_t part[4];
};

struct stream {
	/*
	 * Finds a place at or before the offset that can be read on from, the nearer the better: the
	 * key of a piece (or of the end) and the offset it begins at. Without rendering pieces. NULL:
	 * the start is near enough.
	 */
	int (*seek)(struct request *q, uint64_t node, uint64_t offset,
		    struct stream_key *ret_key, uint64_t *ret_offset);
	/* A mark further back than so many bytes is worth less than a seek; 0: as is usual. */
	uint64_t near;
	/*
	 * Appends some of the pieces from the key on, at least one and about `want` bytes, and moves
	 * the key behind them. Nothing appended: the file's end.
	 */
	int (*next)(struct request *q, uint64_t node, size_t want, struct stream_key *key,
		    struct buf *out);
};

/* Copies up to size bytes from offset on; less only at the end. 0, TREE_E_..., negative errno. */
int stream_read(struct request *q, uint64_t node, uint64_t offset, size_t size, char *ret,
		size_t *ret_n) _must_check_;

/*
 * Where recent reads ended, so that whoever reads on does not seek. Under a lock of its own; the
 * oldest mark gives way.
 */
#define STREAM_MARKS 64

struct stream_mark {
	uint64_t node, label, offset;
	struct stream_key key;
};

struct stream_marks {
	pthread_mutex_t lock;
	struct stream_mark marks[STREAM_MARKS]; /* a ring */
	unsigned next;
};

int stream_marks_init(struct stream_marks *m) _must_check_; /* 0 or -ENOMEM */
void stream_marks_deinit(struct stream_marks *m);
