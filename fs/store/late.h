/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Postings of activity that came in late and wait to be merged into its list: see late.c. Readers take
 * a value's places from both lists, POSTING_ACTIVITY and POSTING_LATE; none is in both.
 */

#include <stdbool.h>
#include <stddef.h>

#include "posting.h"
#include "util/macro.h"

struct late {
	size_t few;    /* of a settle: not worth waiting */
	size_t dense;  /* postings to a row that is written: none is to wait */
	size_t many;   /* that may wait */
	size_t hasty;  /* rows of the large list, in haste, about */
	bool waits;    /* what is late from now on */
	int64_t begun; /* rows that the connection had written as the settle began */
};

void late_init(struct late *l);
/* A settle begins that has so many that are late: are they to wait? */
bool late_begin(struct store *s, size_t n_late);
/* Some that are to wait, in order. Inside a transaction, as what follows. */
int late_put(struct store *s, const struct posting *rows, size_t n) _must_check_;
/* The settle has put all of its postings: merges what waits if there is much, or looks whether those that
   are late are to wait from the next settle on. */
int late_settle(struct store *s, size_t n, size_t n_late) _must_check_;
/* Does any wait? */
int late_any(struct store *s, bool *ret) _must_check_;
/* Merges all that wait, in haste the first of them, in a transaction of its own. *ret_done: there were some,
   and none waits any more; *ret_more: some are left. */
int late_sweep(struct store *s, bool in_haste, bool *ret_done,
	       bool *ret_more) _must_check_;
