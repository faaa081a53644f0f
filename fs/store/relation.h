/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Putting relationships; see relation.c. */

#include <stdbool.h>
#include <stdint.h>

#include "store/relation.h"

/* Replaces what the resource is called and what it names; corrects all sums of lengths. `fresh`:
   there is nothing to replace. */
int relation_put(struct store *s, int64_t resource,
		 const struct store_relations *relations, bool fresh) _must_check_;
/* Has a story of the resource been put? Each leaves what it is called. */
int relation_known(struct store *s, int64_t resource, bool *ret) _must_check_;
/* Writes the sums gathered meanwhile. */
int relation_settle(struct store *s) _must_check_;
/* The resource's file name has grown by so many bytes: so have the lines with its path. */
int relation_renamed(struct store *s, int64_t resource, int64_t by) _must_check_;

/* The token of what a relationship calls a resource. 0 or -ENOMEM; scratch is overwritten. */
int relation_token(struct buf *scratch, struct str account, struct str type,
		   struct str text, int64_t *ret) _must_check_;
