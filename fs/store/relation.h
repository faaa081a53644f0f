/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Putting relationships; see relation.c. */

#include <stdint.h>

#include "store/relation.h"

/* Replaces what the resource is called and what it names; corrects all sums of lengths. */
int relation_put(struct store *s, int64_t resource,
		 const struct store_relations *relations) _must_check_;
/* The resource's file name has grown by so many bytes: so have the lines with its path. */
int relation_renamed(struct store *s, int64_t resource, int64_t by) _must_check_;

/* The token of what a relationship calls a resource. 0 or -ENOMEM; scratch is overwritten. */
int relation_token(struct buf *scratch, struct str account, struct str type,
		   struct str text, int64_t *ret) _must_check_;
