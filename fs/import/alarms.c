/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of alarms/. Each tells of the hour before a transition on what its alarm watches and
 * on what was related to that then, so it is made anew whenever one of these stories or
 * relationships was; the store says which.
 */
#include "alarms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alarm_file.h"

#define BATCH 1024

static int make(struct store *s, struct alarm_memo *memo, int64_t id)
{
	_cleanup_(arena_deinit) struct arena a = ARENA_INIT;
	struct store_transition_made made;
	int r = alarm_file_make(s, memo, id, &a, &made);

	return r ? r : store_put_transition_text(s, &made);
}

static int settle_batch(struct store *s, struct alarm_memo *memo, bool *ret_more)
{
	int64_t ids[BATCH];
	size_t n;
	int r = store_transitions_due(s, ids, BATCH, &n);

	*ret_more = n == BATCH;
	if (r || !n)
		return r;
	r = store_begin(s, "alarms");
	if (r)
		return r;
	for (size_t i = 0; i < n && !r; i++)
		r = make(s, memo, ids[i]);
	if (!r)
		return store_commit(s);
	store_rollback(s);
	return r;
}

int alarms_settle(struct store *s, struct fault *f)
{
	_cleanup_(alarm_memo_deinit) struct alarm_memo memo = { 0 };
	bool more = true;
	int r = 0;

	while (more && !r)
		r = settle_batch(s, &memo, &more);
	if (r)
		fault_set(f, FAULT_NO_OFFSET, "", "making the files of alarms: %s",
			  *store_message(s) ? store_message(s) : strerror(abs(r)));
	return r;
}
