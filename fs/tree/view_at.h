/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Shared by the views below at/. */

#include "store/at.h"

#include "view.h"

/* The moment of a node below at/. */
int at_time(struct request *q, uint64_t node, int64_t *ret) _must_check_;
/*
 * The inode number users see of a folder or inventory: made of the moment, the kind and the row, so the same
 * after a remount, whatever moments were asked for before. The highest bit tells it from nodes.
 */
uint64_t at_inode(uint64_t node, int64_t time_ms);

struct tree_attr at_folder_attr(uint64_t node, int64_t time_ms,
				const struct store_at_folder *f);
struct tree_attr at_state_attr(uint64_t node, const struct store_at_state *st);

/*
 * Files of a moment (level 0), its accounts and its regions. To list them costs nothing: their sizes,
 * which are sums over all that is beneath, are left to who asks for them.
 */
struct at_file {
	struct str name;
	enum node_kind kind;
	unsigned from, to; /* levels that have it */
};
#define AT_FILES 4
extern const struct at_file at_files[AT_FILES];
