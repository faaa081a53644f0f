/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A view is one kind of node: how it is named, listed and read. To add one: a file with its
 * operations, a kind in node.h, a line in the tables of views.c, and, for one at the top of the
 * tree, a line in the table of view_root.c.
 */

#include "model/item.h"
#include "store/read.h"
#include "tree/tree.h"

#include "node.h"
#include "request.h"
#include "stream.h"

/* Operations a kind does not have are NULL. All return 0, TREE_E_... or negative errno. */
struct view {
	int (*getattr)(struct request *q, uint64_t node, struct tree_attr *ret);
	/* directories */
	int (*lookup)(struct request *q, uint64_t node, struct str name,
		      struct tree_attr *ret);
	int (*readdir)(struct request *q, uint64_t node, uint64_t cookie,
		       const struct tree_lister *lister);
	/* Are there more than n names, as near as can be told cheaply? NULL: they are counted. */
	int (*has_more)(struct request *q, uint64_t node, size_t n, bool *ret);
	/* Besides the node itself; NULL: nothing. */
	int (*affected)(struct request *q, uint64_t node, bool (*visit)(void *, uint64_t),
			void *ctx);
	/* links */
	int (*readlink)(struct request *q, uint64_t node, struct buf *out);
	/* files: either as a whole, kept in the cache, or piece by piece (stream.h) */
	const struct stream *stream;
	int (*render)(struct request *q, uint64_t node, struct buf *out);
	/* Another node with just this content, which is read and kept as that one's; NULL: none. */
	int (*same_as)(struct request *q, uint64_t node, uint64_t *ret);
	/* A number that is the same as long as the content is; NULL: it may change any time. */
	int (*stamp)(struct request *q, uint64_t node, uint64_t *ret);
	/*
	 * Of a fixed node: how many regular files it stands for - itself, or all beneath it that
	 * no other fixed node stands for - from stored sums, exact. NULL: none. status states
	 * the sum over all fixed nodes, and a test compares that with find.
	 */
	int (*files)(struct request *q, uint64_t node, uint64_t *ret);
};

extern const struct view view_root, view_readme;
extern const struct view view_folder;
extern const struct view view_resource, view_latest;
extern const struct view view_changes; /* in both forms */
extern const struct view view_blame, view_relationships, view_at_relationships;
extern const struct view view_state;
extern const struct view view_metrics, view_metric;
extern const struct view view_at, view_at_readme;
extern const struct view view_at_folder, view_at_state, view_inventory;
extern const struct view view_alarms, view_alarm, view_transition;
extern const struct view view_status, view_churn;
extern const struct view view_coverage; /* coverage.tsv and gaps.tsv */
extern const struct view view_sources;
extern const struct view view_ledger; /* imports.tsv and refused.tsv */
extern const struct view view_refused, view_refusal;
extern const struct view view_by,
	view_key; /* by-id, by-name, by-arn; what is shared there */
extern const struct view view_by_tag, view_tag_key;
extern const struct view view_name_link; /* to a resource, of any of the ways */
extern const struct view view_stem, view_alias;
extern const struct view view_timeline; /* and its years */
extern const struct view view_month, view_day;
extern const struct view view_activity, view_activity_kind, view_activity_value;

/* NULL for a number that is no node's. */
const struct view *view_of(uint64_t node);

/* What getattr says; of what is always there, but has nothing in it yet: as new as the history. */
int view_attr(struct request *q, uint64_t node, struct tree_attr *ret);

/* --- shared by the views ------------------------------------------------------------------ */

/* What store functions return, as the tree says it. */
int view_error(int store_result);
/* The newest item or event; with neither, when the last import ended. 0: never. */
int view_newest(struct request *q, int64_t *ret_ms);
/* Rows of the first page of a listing; each further one is twice as long, up to the second. */
#define VIEW_PAGE_FIRST 64
#define VIEW_PAGE_MAX   512

struct tree_attr view_folder_attr(const struct store_folder *f);
struct tree_attr view_resource_attr(const struct store_resource *r);
struct tree_attr view_state_attr(const struct store_state *st);
struct tree_attr view_changes_attr(enum node_kind kind, const struct store_resource *r);
/* A call's line, in the timeline or in activity. */
int view_event_line(struct request *q, int64_t event, bool text, struct arena *a,
		    struct buf *out);
/* A change's line: in the timeline (event 0), or behind the event that caused it. */
int view_change_line(struct request *q, int64_t state, int64_t event, bool text,
		     struct arena *a, struct buf *out);
struct tree_attr view_blame_attr(const struct store_resource *r);
struct tree_attr view_relationships_attr(const struct store_resource *r);
/* Of the directory metrics/; TREE_E_NOT_FOUND: there is none. */
int view_metrics_attr(struct request *q, const struct store_resource *resource,
		      struct tree_attr *ret);
/* The stamp of whatever is made of a resource's derived rows. */
int view_resource_stamp(struct request *q, uint64_t node, uint64_t *ret);
int view_state_get(struct request *q, int64_t row, struct store_state *ret);
/* The regular files in the directories of all resources. */
int view_resource_files(struct request *q, uint64_t *ret);
int view_resource_get(struct request *q, uint64_t node, struct store_resource *ret);
