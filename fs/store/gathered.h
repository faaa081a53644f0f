/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Postings of events that wait for their lists (mention, actor, session, unit_token, event_key), over many
 * commits; see gathered.c. Only the writing connection knows them: whoever reads those lists by it
 * calls gathered_reading() first, and workers of their own connections read behind
 * store_spread_dirt(), which leaves none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key_filter.h"
#include "keys.h"
#include "posting.h"
#include "util/macro.h"
#include "waiting.h"

struct gathered {
	struct waiting mentions, actors, sessions, units;
	struct keys keys;
	struct token_rows fresh_keys; /* not in the table yet */
	struct key_filter filter;     /* of those in their list */
	bool read;                    /* the table was, so that all it has is here, too */
	bool kept;                    /* it has rows */
	size_t few;  /* postings of a commit that are not worth waiting ... */
	size_t many; /* ... and how many may wait */
};

void gathered_init(struct gathered *g);
void gathered_deinit(struct gathered *g);
/* After a rollback: what counts is what the table has. */
void gathered_forget(struct gathered *g);
/* Takes up what a program that was killed has left. Once writer.next_event is known. */
int gathered_begin(struct store *s) _must_check_;
/* Before a commit: what is new goes into its list, or into the table where much is under way. */
int gathered_commit(struct store *s) _must_check_;
/* All that is gathered goes into the lists. Inside a transaction. */
int gathered_merge(struct store *s) _must_check_;
/*
 * Before a read of the lists: as above, inside a transaction or not, but then not inside a view
 * (store_read_begin()) either; nothing for readers.
 */
int gathered_reading(struct store *s) _must_check_;

/*
 * Of an event that came in: what it names, with which credential it was made, which it issued; and
 * of a unit, whose id stands for the event: which credential it is of.
 */
int gathered_add(struct store *s, enum posting_list list, uint64_t token, int64_t time_ms,
		 int64_t event) _must_check_;
/* ... and by which key it is known. */
int gathered_add_key(struct store *s, uint64_t key, int64_t event) _must_check_;
