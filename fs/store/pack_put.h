/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The writer's part of packs; see pack_put.c. */

#include "statement.h"
#include "store/derive.h"
#include "stored.h"

/* The states of the pack that has this one, if any, are alone again. */
int pack_dissolve(struct store *s, int64_t state) _must_check_;
/* Another copy of the state tells the same body, and this besides; *ret: it is in a pack, where that is told
   now. */
int pack_retell(struct store *s, int64_t state, const struct packed_state *copy,
		bool *ret) _must_check_;
/* Puts the row of a state that is alone; its body as it was packed. `put`: Q_STATE_INSERT, or
   Q_STATE_PUT_BACK where there may be one. */
int loose_put(struct store *s, enum statement put, int64_t id,
	      const struct packed_state *state, int64_t dictionary,
	      struct str body) _must_check_;
/* What is told of an item besides its body; texts are the item's and the writer's. put_alone.c. */
int state_describe(struct store *s, const struct item *item, int64_t source_id,
		   struct packed_state *ret) _must_check_;
/* Puts the item's row, as it is described. */
int state_put_alone(struct store *s, enum statement put, int64_t id,
		    const struct packed_state *state,
		    const struct item *item) _must_check_;
/* Puts the packs that were made with a story; what they were made of must be as it was. */
int packs_put(struct store *s, const struct store_story *story) _must_check_;
