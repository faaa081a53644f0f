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
/* Looks again whom relationships mean that call a resource as it is, or was, called, and writes the
   sums gathered meanwhile. */
int relation_settle(struct store *s) _must_check_;
/* The resource's file name has grown by so many bytes: so have the lines with its path. What was
   put before that has been settled. */
int relation_renamed(struct store *s, int64_t resource, int64_t by) _must_check_;

/* The token of what a relationship calls a resource. 0 or -ENOMEM; scratch is overwritten. */
int relation_token(struct buf *scratch, struct str account, struct str type,
		   struct str text, int64_t *ret) _must_check_;

/* --- shared by relation.c and relation_target.c -------------------------------------------- */

/* Of what ends a line of a resource's file: the other end's path and the newline. */
int relation_tail_length(struct store *s, int64_t resource, size_t *ret) _must_check_;
/* The lines of a resource's file are others now; even by nothing. */
int relation_grow(struct store *s, int64_t resource, int64_t by) _must_check_;
/* The resource that a relationship from that region means; 0: none. */
int relation_find_target(struct store *s, int64_t token, struct str reference,
			 struct str from_region, int64_t *ret) _must_check_;
/* Looks again whom those mean whose token is in writer->recalled. */
int relation_resolve(struct store *s) _must_check_;

/* --- those that cannot be read, see relation_lost.c ---------------------------------------- */

/* Of the error of reading a source's in a transaction: where they are damaged its story is to make them
   anew. 0, or another error. */
int relation_lost(struct store *s, int64_t source, int error) _must_check_;
/* The lengths of a resource's file, or of those that are so called, are to be reckoned anew. */
int relation_recount_of(struct store *s, int64_t resource) _must_check_;
int relation_recount_called(struct store *s, int64_t token) _must_check_;
/* Does so; all that was put is settled. */
int relation_recount(struct store *s) _must_check_;
