/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the rest of the store puts for coverage.
 */

#include "statement.h"
#include "store/coverage.h"

struct event;

/* The function that statements gather days with. A code of SQLite's. */
int coverage_functions(sqlite3 *db) _must_check_;
/* The days of such a statement, in order of account, source, region, day; STORE_E_DAMAGED: they are not. */
int coverage_days(struct store *s, enum statement id, const struct sql_arg *args,
		  size_t n, struct arena *a, struct coverage_day **ret,
		  size_t *ret_n) _must_check_;

/* A record of that day, or with n 0 a sign that the source was running; gathered by the writer. */
int coverage_day_add(struct store *s, enum coverage_source source, struct str account,
		     struct str region, int64_t time_ms, int64_t n,
		     int64_t writes) _must_check_;
/* Of a new event: its day, and whether it stops or starts a source. */
int coverage_event(struct store *s, const struct event *e, int64_t id) _must_check_;
/* Finds the gaps of trails that something came of anew; what changed in them is dirty. */
int coverage_spread(struct store *s) _must_check_;
/* Of one account: its trail's days, its controls. For coverage_make(). */
int coverage_trail(struct store *s, struct str account, struct arena *a,
		   struct coverage_day **days, size_t *n_days,
		   struct coverage_control **controls, size_t *n_controls) _must_check_;
/* Writes the days gathered. */
int coverage_settle(struct store *s) _must_check_;
