/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rosters: the states that a folder's own resources have at a moment, by name, so many
 * resources at a time. A roster is made with one seek a resource and kept, so that the sizes of
 * the inventories of a moment, an account and a region, and any place in them, cost that
 * once.
 *
 * A roster is cut into blocks, which begin where the hash of a resource's row says so: what is
 * created or deleted shifts only the blocks it is in. Two moments mostly have the same
 * blocks.
 */

#include "at_sums.h"
#include "cache.h"

/* The inventories; a piece of one is what they have of one resource. */
enum at_form {
	AT_FORM_CSV,
	AT_FORM_JSONL,
	AT_FORM_ITEM, /* of a snapshot, behind a comma and a newline */
	AT_FORMS,
};

struct at_block {
	uint64_t hash;            /* of its states */
	uint64_t start[AT_FORMS]; /* bytes before it, from the roster's start on */
	uint32_t first;           /* state */
};

struct at_roster {
	int64_t next; /* the resource behind which the next roster begins; 0: this is the last */
	struct at_sums sums;
	uint32_t n_states, n_blocks;
	/* Behind it: blocks, and one more for the end; then the states' rows. */
};

#define AT_ROSTERS_BYTES ((size_t)16 << 20)

/* Of the folder's own resources behind the row `after` (0: from the start); held, see kept.h. */
int at_roster_get(struct request *q, const struct store_at_folder *f, int64_t time_ms,
		  int64_t after, struct cache_entry **ret_held,
		  const struct at_roster **ret) _must_check_;

static inline const struct at_block *at_roster_blocks(const struct at_roster *r)
{
	return (const struct at_block *)(r + 1);
}

static inline const int64_t *at_roster_states(const struct at_roster *r)
{
	return (const int64_t *)(at_roster_blocks(r) + r->n_blocks + 1);
}

/* The block that the byte of the form is in; the number of blocks: it is behind them. */
size_t at_roster_find(const struct at_roster *r, enum at_form form, uint64_t offset);
