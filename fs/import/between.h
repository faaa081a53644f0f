/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Stories while a feed is still read. A backfill takes hours, and who looks meanwhile wants to see
 * more than states: so the stories are made in slices, short enough that what comes in is not
 * kept waiting, and rare enough that all of it does not take longer.
 */

#include "derive.h"
#include "import/import.h"

struct between {
	const struct import_options *options;
	struct store *store;
	struct fault *fault;
	unsigned workers;
	bool due; /* something may be left to do */
	struct derive_state state;
	struct lost files; /* of alarms, that cannot be made */
	int64_t busy_ms;   /* no slice before, while there is something to read ... */
	int64_t idle_ms;   /* ... and while there is nothing */
};

void between_begin(struct between *b);
void between_deinit(struct between *b);
/* Something came in. */
void between_renew(struct between *b);
/* Is it time for a slice? `idle`: there is nothing else to do. */
bool between_is_due(const struct between *b, bool idle);
/*
 * Makes one, no transaction being under way. When all stories are made, some of what waits for
 * activity/ is merged, and when nothing else is to be done, the files of alarms and metrics and the
 * persons behind sessions are brought up to date, too.
 */
int between_slice(struct between *b, bool idle) _must_check_;
/* The last one: all of it; or, in a hurry, what can be done in some seconds. -EBADMSG: all was done but
   the stories, and files of alarms, that need a row which is damaged. */
int between_end(struct between *b, bool hurry,
		void (*progress)(void *, uint64_t, uint64_t), void *ctx) _must_check_;
