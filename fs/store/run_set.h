/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Runs: rows of a table that each hold many of what belongs to one resource, end to end, and are
 * found by the place of their first. What they hold is up to who packs it: see run.h, edge.h.
 */

#include "statement.h"
#include "util/buf.h"

#define RUN_BYTES \
	1200u /* of a run, so many are enough, however few it holds: pages are not for more */

/* A run: its bytes are so many of all. */
struct run_head {
	int64_t first;
	size_t start, len;
};

/* Of one resource, in order. */
struct run_set {
	struct buf bytes;
	struct buf heads; /* struct run_head */
};

void run_set_deinit(struct run_set *set);
void run_set_reset(struct run_set *set);
static inline const struct run_head *run_set_heads(const struct run_set *set,
						   size_t *ret_n)
{
	*ret_n = set->heads.len / sizeof(struct run_head);
	return (const struct run_head *)set->heads.data;
}
static inline struct str run_set_bytes(const struct run_set *set,
				       const struct run_head *head)
{
	return (struct str){ set->bytes.data + head->start, head->len };
}
/* Begins one, behind the others; what is put into set->bytes from then on is its own. */
int run_set_begin(struct run_set *set, int64_t first) _must_check_;
/* Its length is known. */
void run_set_end(struct run_set *set);
/* One as it is. */
int run_set_add(struct run_set *set, int64_t first, struct str bytes) _must_check_;

/* What takes out, adds and replaces a run of a table: by its resource and first, and its bytes. */
struct run_sql {
	enum statement delete, insert, update;
};
/* Makes the runs of a resource from those that are there; what is the same stays. */
int run_set_write(struct store *s, const struct run_sql *sql, int64_t resource,
		  const struct run_set *is, const struct run_set *to_be) _must_check_;
