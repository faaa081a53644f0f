/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The lists of what a resource is called, in its row of alias_set; see called.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/macro.h"
#include "util/str.h"

struct store;

/* For qsort(): of int64_t. */
int called_order(const void *a, const void *b) _pure_;
/* Puts int64_t in order, each once. 0 or -ENOMEM: it had not taken all. */
int called_unique(struct buf *numbers) _must_check_;
/* Each appends; ids are above 0 and ascend. */
void called_names_put(struct buf *out, const int64_t *ids, size_t n);
bool called_names_take(struct str in, struct buf *ret) _must_check_;
void called_tokens_put(struct buf *out, const int64_t *tokens, size_t n);
bool called_tokens_take(struct str in, struct buf *ret) _must_check_;

/* Ids of a resource's names, in order; none where nothing is known of it. STORE_E_DAMAGED. */
int called_names(struct store *s, int64_t resource, struct buf *ret) _must_check_;
int called_names_replace(struct store *s, int64_t resource, const int64_t *ids,
			 size_t n) _must_check_;
/* Tokens of its references, in order. */
int called_tokens(struct store *s, int64_t resource, struct buf *ret) _must_check_;
int called_tokens_replace(struct store *s, int64_t resource, const int64_t *tokens,
			  size_t n) _must_check_;
