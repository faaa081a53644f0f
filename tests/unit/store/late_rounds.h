/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Events that come in late, for tests of what becomes of their places in activity/: rounds of them, each
 * of which lies between those before, and two histories with the same ones beside each other, in one of
 * which they do not wait.
 */

#include "history.h"
#include "store/activity.h"

#define DAY_MS INT64_C(86400000)
#define T0     (INT64_C(19845) * DAY_MS) /* 2024-05-02 */
#define EACH   120                       /* events of a commit */
#define ROUNDS 4
#define ALL    (EACH * ROUNDS)

#define CALL "AuthorizeSecurityGroupIngress"

/* What waits, for ask(): its rows, and how many postings there are by the history's account. */
#define LATE_ROWS    "SELECT count(*) FROM activity_late"
#define LATE_COUNTED "SELECT coalesce(sum(n), 0) FROM counter WHERE name = 'late'"

/* In a transaction, a new event. Those of odd numbers are alice's, the others bob's. */
void tell_late(struct history *h, int number, int64_t ms);
/* Of a round's events: three days, the first round's are the newest, some of one millisecond with those of
   the rounds before. */
int64_t time_of(int round, int i);
/* A round's events, in a transaction. */
void put_round(struct history *h, int round);
/* From now on so few are put where they belong, and so many are merged. */
void wait_from(struct history *h, size_t few, size_t many);
/* Two rounds; how many of their places wait. */
int64_t put_two_waiting(struct history *h);
/* What waits, in rows of two, so that a slice may end at many places. */
void part_late_rows(struct history *h);

struct store_value value_of(struct history *h, enum store_value_kind kind,
			    const char *name);
/* A value's places, so many in a step. How many there are. */
size_t read_all(struct history *h, int64_t value, size_t step,
		struct store_act ret[ALL + 1]);
/* Another history, in which nothing waits, with the events of so many rounds. */
void other_begin(struct history **ret, int rounds);
/* All files of both histories are the same: whole, in steps, and from each stride's byte on. */
void assert_same(struct history *h, struct history *other, int rounds, unsigned stride);
/* As if none had waited. */
void assert_rounds(struct history *h, int rounds);
