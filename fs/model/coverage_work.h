/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One account's days and calls while its spans and gaps are reckoned: what coverage.c,
 * coverage_gap.c and coverage_narrow.c share.
 */

#include "model/coverage.h"

#define HOUR_MS   INT64_C(3600000)
#define SETTLE_MS (INT64_C(15) * 60000) /* so long a call that stops a source may take */

struct days {
	const struct coverage_day *at;
	size_t n;
};

struct work {
	struct str account;
	struct days trail, config, alarms;
	const struct coverage_control *controls; /* of the account, by time */
	size_t n_controls;
	int64_t *trail_days; /* of any region, sorted, each once */
	size_t n_trail;
	struct buf *spans, *gaps;
};

/* The first record in or after that hour. first_ms -1: none. */
struct record {
	int64_t hour;     /* since 1970 */
	int64_t first_ms; /* the first known one: not before it, in its hour */
};
/* region: empty for all of them. What else is known to be later than from_ms counts, too. */
struct record next_record(const struct days *of, struct str region, int64_t from_ms);

/* Has the account's trail anything of that day? */
bool trail_has(const struct work *w, int64_t day);
void add_gap(struct work *w, const struct coverage_gap *gap);
void add_days_gap(struct work *w, enum coverage_source source, struct str region,
		  enum coverage_gap_kind kind, int64_t first, int64_t last);
/* Is that whole day within a gap where it was stopped? */
bool is_stopped(const struct work *w, enum coverage_source source, struct str region,
		int64_t day);

/* Gaps of what was stopped. `of`: the source's days in that region; of the trail: all. */
void add_stops(struct work *w, enum coverage_source source, struct str region,
	       const struct days *of);
/* Runs of silent days that the account's trail lacks, too. *ret: there are some. */
void add_lacking(struct work *w, enum coverage_source source, struct str region,
		 int64_t first, int64_t last, bool *ret);
/* Do these silent days break a span? Adds the gap then. */
bool breaks_span(struct work *w, enum coverage_source source, struct str region,
		 int64_t first, int64_t last);
/* Gaps of what was set to take in less. After the others: these have something in them. */
void add_narrowed(struct work *w);
