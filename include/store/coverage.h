/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Coverage's facts, see model/coverage.h. There are as many days as the accounts' regions have
 * days, however many records there are of each.
 */

#include "model/coverage.h"
#include "store/store.h"

/* Marks the days of its span; again, and nothing changes. */
int store_put_sign(struct store *s, const struct coverage_sign *sign) _must_check_;

/* The first account at or behind `from`, in the order of text, that has any days or a recorder that was
   described; else STORE_E_NOT_FOUND. */
int store_coverage_account(struct store *s, struct str from, struct arena *a,
			   struct str *ret) _must_check_;
/* Of one account: the days and the calls, as below. What is reckoned of an account depends on these
   alone. */
int store_coverage_of(struct store *s, struct str account, struct arena *a,
		      struct coverage_day **ret_days, size_t *ret_n_days,
		      struct coverage_control **ret_controls,
		      size_t *ret_n_controls) _must_check_;

/* An event_id that was not read; behind an empty one, which a description has (recorder_coverage()). */
#define STORE_COVERAGE_NO_ID "-"
/* The id, name and caller of a call whose record is damaged: of it there is when, where and which act. */
#define STORE_COVERAGE_LOST "?"
/*
 * All days in the order coverage_make() wants; STORE_E_DAMAGED. All calls that stop, start or set a
 * source, in order of account and time, with who made them and what they say. But of a start there is
 * never more than when and where it was, so that its record need not be read: its event_id is its own
 * where another call of the account is of the same moment, as equals are ordered by it, else
 * STORE_COVERAGE_NO_ID. A damaged record is no error: see STORE_COVERAGE_LOST.
 */
int store_coverage_days(struct store *s, struct arena *a, struct coverage_day **ret,
			size_t *ret_n) _must_check_;
int store_coverage_controls(struct store *s, struct arena *a,
			    struct coverage_control **ret, size_t *ret_n) _must_check_;
