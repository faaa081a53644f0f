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
	NODE_BLAME = 7,         /* resource row */
	NODE_RELATIONSHIPS = 8, /* resource row */
	NODE_METRICS = 9,       /* resource row */
	NODE_METRIC = 10,       /* row of the file in it */

	/* One moment of the estate: the row is in two parts, see node_make_at(). */
	NODE_AT_FOLDER = 16,        /* folder row; 0: all of the moment */
	NODE_AT_STATE = 17,         /* resource row: its newest state then */
	NODE_AT_CSV = 18,           /* folder row or 0: inventory.csv */
	NODE_AT_JSONL = 19,         /* folder row or 0: inventory.jsonl */
	NODE_AT_SNAPSHOT = 20,      /* folder row or 0: snapshot.json */
	NODE_AT_RELATIONSHIPS = 21, /* a region's folder row: relationships.tsv */

	NODE_YEAR = 32,           /* of the timeline: its number */
	NODE_MONTH = 33,          /* year * 12 + month - 1 */
	NODE_DAY_LOG = 34,        /* days since 1970 */
	NODE_DAY_JSONL = 35,      /* days since 1970 */
	NODE_ACTIVITY_LOG = 36,   /* row of the value */
	NODE_ACTIVITY_JSONL = 37, /* row of the value */

	NODE_KEY =
		48, /* a name that several resources share, by-tag/KEY/VALUE: name row */
	NODE_LINK =
		49, /* beneath a name that is shared: name and resource row, as a pair */
	NODE_TAG_KEY = 50, /* by-tag/KEY: stem row */

	NODE_ALARM_FOLDER = 56, /* account or region of alarms/, its row */
	NODE_ALARM = 57,        /* alarm row */
	NODE_TRANSITION = 58,   /* transition row */
	NODE_REFUSAL = 59,      /* refusal row */

	/* The rest of by-id and so on. Two rows in one number: see node_pair(). */
	NODE_NAME_LINK =
		72, /* by-name/NAME, by-arn/ARN of one resource: name and resource row */
	NODE_TAG_LINK = 73, /* beneath by-tag/KEY/VALUE: name and resource row */
	NODE_ID_KEY = 74, /* by-id/ID that several resources share: the first one's row */
	NODE_ID_LINK = 75,   /* by-id/ID of one resource: its row */
	NODE_ID_MEMBER = 76, /* beneath a NODE_ID_KEY: resource row */
	NODE_STEM = 77,      /* a directory on the way to a name with slashes: stem row */
	NODE_ALIAS = 78, /* the name's end beneath it: depth of the stem and name row */
	NODE_ID_ALIAS =
		79, /* ... of an id: depth of the stem and its first resource's row */
	NODE_KIND_COUNT,
};

enum node_fixed {
	NODE_FIXED_ROOT = 1, /* FUSE wants it so */
	NODE_FIXED_README = 2,
	NODE_FIXED_RESOURCES = 3,
	NODE_FIXED_AT = 4,
	NODE_FIXED_AT_README = 5,
	NODE_FIXED_BY_ID = 6,
	NODE_FIXED_BY_NAME = 7,
	NODE_FIXED_BY_ARN = 8,
	NODE_FIXED_BY_TAG = 9,
	NODE_FIXED_TIMELINE = 10,
	NODE_FIXED_ACTIVITY = 11,
	NODE_FIXED_PRINCIPAL = 12, /* the directories of activity/ */
	NODE_FIXED_ADDRESS = 13,
	NODE_FIXED_ACCESS_KEY = 14,
	NODE_FIXED_EVENT_NAME = 15,
	NODE_FIXED_ERROR = 16,
	NODE_FIXED_ALARMS = 17,
	NODE_FIXED_STATUS = 18,
	NODE_FIXED_COVERAGE = 19, /* the files of status/ */
	NODE_FIXED_GAPS = 20,
	NODE_FIXED_CHURN = 21,
	NODE_FIXED_IMPORTS = 22,
	NODE_FIXED_REFUSED = 23,  /* and its directory */
	NODE_FIXED_REFUSALS = 24, /* refused.tsv */
	NODE_FIXED_SOURCES = 25,
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

/*
 * Nodes of a moment: which moment, as the tree numbers them while it is open, above the row.
 * These numbers are good until the tree is closed; what users see as inode numbers of such nodes
 * is tree_attr.ino, which depends on nothing but the moment and the row.
 */
#define NODE_MOMENT_BITS 20
#define NODE_AT_ROW_BITS (NODE_ROW_BITS - NODE_MOMENT_BITS)

static inline uint64_t node_make_at(enum node_kind kind, unsigned moment, int64_t row)
{
	return node_make(kind,
			 (int64_t)((uint64_t)moment << NODE_AT_ROW_BITS | (uint64_t)row));
}

static inline unsigned node_moment(uint64_t node)
{
	return (unsigned)((uint64_t)node_row(node) >> NODE_AT_ROW_BITS);
}

static inline int64_t node_at_row(uint64_t node)
{
	return node_row(node) & ((INT64_C(1) << NODE_AT_ROW_BITS) - 1);
}

/* Two rows in one: 268 million of each. -1 where a row is beyond that. */
#define NODE_PAIR_BITS 28

static inline int64_t node_pair(int64_t first, int64_t second)
{
	if (first >> NODE_PAIR_BITS || second >> NODE_PAIR_BITS)
		return -1;
	return first << NODE_PAIR_BITS | second;
}

static inline int64_t node_pair_first(uint64_t node)
{
	return node_row(node) >> NODE_PAIR_BITS;
}

static inline int64_t node_pair_second(uint64_t node)
{
	return node_row(node) & ((INT64_C(1) << NODE_PAIR_BITS) - 1);
}

/* A row, and how deep a directory lies. */
#define NODE_DEPTH_SHIFT 50

static inline uint64_t node_make_deep(enum node_kind kind, unsigned depth, int64_t row)
{
	return node_make(kind, (int64_t)depth << NODE_DEPTH_SHIFT | row);
}

static inline unsigned node_depth(uint64_t node)
{
	return (unsigned)(node_row(node) >> NODE_DEPTH_SHIFT);
}

static inline int64_t node_deep_row(uint64_t node)
{
	return node_row(node) & ((INT64_C(1) << NODE_DEPTH_SHIFT) - 1);
}
