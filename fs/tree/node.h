/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Node numbers. Every thing shown is one thing in the history seen in one way, so its number
 * is that way (the kind, top byte) and its row id: no table, nothing to forget, the same after
 * a remount. Row ids are never reused, so neither are nodes. Values of enum node_kind are
 * seen by users as inode numbers: append, never renumber.
 */

#include <stdint.h>

enum node_kind {
	NODE_FIXED = 0,         /* enum node_fixed stands for the row */
	NODE_FOLDER = 1,        /* account, region or type segment: folder row */
	NODE_RESOURCE = 2,      /* resource row */
	NODE_CHANGES = 3,       /* resource row */
	NODE_CHANGES_JSONL = 4, /* resource row */
	NODE_LATEST = 5,        /* resource row */
	NODE_STATE = 6,         /* state row */
	NODE_KIND_COUNT,
};

enum node_fixed {
	NODE_FIXED_ROOT = 1, /* FUSE wants it so */
	NODE_FIXED_README = 2,
	NODE_FIXED_RESOURCES = 3,
	NODE_FIXED_COUNT,
};

#define NODE_ROW_BITS 56

static inline uint64_t node_make(enum node_kind kind, int64_t row)
{
	return (uint64_t)kind << NODE_ROW_BITS | (uint64_t)row;
}

/* May be no kind at all: the number comes from outside. */
static inline unsigned node_kind(uint64_t node)
{
	return (unsigned)(node >> NODE_ROW_BITS);
}

static inline int64_t node_row(uint64_t node)
{
	return (int64_t)(node & ((UINT64_C(1) << NODE_ROW_BITS) - 1));
}
