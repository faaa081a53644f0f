/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Relationships in both directions. Deriving a resource puts those that its states name; which
 * resource each of them means is found here, and found anew whenever a resource comes to have,
 * or loses, an id, a name or an ARN that relationships use. The sums of lengths that files are
 * sized by change in the same transactions.
 */

#include "model/relation.h"
#include "store/store.h"

/* A relationship as deriving makes it, with the lengths of its lines (render/relation.h). */
struct store_edge {
	struct relation relation;
	uint32_t out_len, in_len; /* before the path */
	uint32_t at_len;          /* before the mark */
};

/* What store_put_story() is given of relationships. */
struct store_relations {
	const struct store_edge *edges; /* in the order of relation_cmp() */
	size_t n_edges;
	struct str source_name; /* the resource's newest name; may be empty */
	const struct str
		*names; /* every id, name and ARN it had; repetitions do not matter */
	size_t n_names;
};

/* One line of a resource's file. The path is below resources/. */
struct store_edge_line {
	bool out;
	struct relation relation; /* type, id, name: of the other end */
	int64_t resource;         /* the other end; 0: dangling */
	struct str path; /* of its directory, from the root of the tree; empty: dangling */
};
/* All lines in the file's order: by since, relation, type, id; then out before in, name, path. */
int store_edges(struct store *s, int64_t resource, struct arena *a,
		struct store_edge_line **ret, size_t *ret_n) _must_check_;

/*
 * The relationships of a region (its folder row) that stood at a moment, ordered by the source's
 * type and id, then as in its own file. The key is 0 at first, then where the last page ended.
 */
struct store_edge_key {
	int64_t folder, resource, seq;
};
struct store_edge_at {
	struct str type, id; /* of the source */
	struct relation relation;
	bool known; /* the target is a resource of this history */
};
/* Some of them, at most n; *ret_n == 0: the end. */
int store_edges_at(struct store *s, int64_t region, int64_t time_ms,
		   struct store_edge_key *key, struct arena *a, struct store_edge_at *ret,
		   size_t n, size_t *ret_n) _must_check_;
/* The bytes of all their lines. */
int store_edges_at_len(struct store *s, int64_t region, int64_t time_ms,
		       uint64_t *ret) _must_check_;
