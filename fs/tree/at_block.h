/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the inventories have of a block of resources: made for all of them at once, since reading
 * the states is what costs, and kept compressed. The files of a moment, its accounts and its
 * regions are made of the same blocks, and mostly those of the next moment, too.
 */

#include "at_roster.h"

#define AT_BLOCKS_BYTES ((size_t)48 << 20)

/*
 * Appends the block's pieces in the form to out; those of a snapshot each behind a comma and a newline.
 * f: the folder whose roster it is of.
 */
int at_block_put(struct request *q, const struct store_at_folder *f,
		 const struct at_roster *roster, size_t block, enum at_form form,
		 struct buf *out) _must_check_;
