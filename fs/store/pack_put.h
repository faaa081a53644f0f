/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The writer's part of packs; see pack_put.c. */

#include "store/derive.h"

/* The states of the pack that has this one, if any, are alone again. */
int pack_dissolve(struct store *s, int64_t state) _must_check_;
/* Another copy of the state tells the same body, and this besides; *ret: it is in a pack, where that is told
   now. */
struct retold {
	int64_t source, kind;
	struct str raw; /* as the column has it; p NULL: none */
};
int pack_retell(struct store *s, int64_t state, const struct retold *copy,
		bool *ret) _must_check_;
/* Puts the packs that were made with a story; what they were made of must be as it was. */
int packs_put(struct store *s, const struct store_story *story) _must_check_;
