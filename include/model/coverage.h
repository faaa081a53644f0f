/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Coverage: for which spans the history knows what happened. It is reckoned by UTC days from what
 * came in, so that it follows from the facts alone, in whatever order they came:
 *
 * - A day is covered for an account, region and source on which it has a record of it, or a sign
 *   that it was running (a digest, a call that was not taken in, a notice of a delivery).
 * - A silent day of a trail is quiet when the account's trail has something of another region;
 *   else it is a gap. Regions see no calls for days, accounts do not.
 * - Silent days of a recorder are quiet, since it tells of changes only; but they are a gap when it
 *   was stopped, when the account's trail has nothing of that day either, or when more than
 *   COVERAGE_QUIET_MAX of them follow each other, unless the trail shows that nobody changed
 *   anything there.
 * - A call that stops a trail or a recorder makes a gap only where silence follows: an account may
 *   have several trails, and what keeps coming shows that it is not blind. The gap lasts to the
 *   next record (of a trail: of the account; of a region, too, where that alone fell silent for a
 *   day) or to the call that starts it again, whichever is first. Without such a call less than
 *   a day of silence is none; with it, for a trail, an hour of the clock without a record must lie
 *   between.
 * - Alarms change when they do: of them there are spans, but no gaps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/str.h"

#define COVERAGE_QUIET_MAX 14
#define COVERAGE_DAY_MS    INT64_C(86400000)

enum coverage_source { /* stored: append, never renumber */
		       COVERAGE_CONFIG = 1,
		       COVERAGE_TRAIL = 2,
		       COVERAGE_ALARM = 3,
};
const char *coverage_source_name(
	enum coverage_source s); /* "config", "cloudtrail", "cloudwatch" */

/* A sign that a source was running in that time, whether or not there was anything to tell. */
struct coverage_sign {
	struct str account, region;
	enum coverage_source source;
	int64_t from_ms, to_ms; /* the latter not in it */
};

struct coverage_day {
	struct str account, region;
	enum coverage_source source;
	int64_t day; /* since 1970 */
	uint64_t n, writes;
	int64_t first_ms; /* the first record or sign of it */
	uint32_t hours;   /* bit h: something is of its hour h */
};

/* A call that stopped or started a recorder or a trail. */
struct coverage_control {
	struct str account, region;
	enum coverage_source source;
	int64_t time_ms;
	bool starts;
	struct str call, principal, event_id;
};

struct coverage_span {
	struct str account, region;
	enum coverage_source source;
	int64_t first_day, last_day;
	uint64_t days, quiet, records; /* days covered, days quiet in between */
};

enum coverage_gap_kind {
	COVERAGE_RECORDER_STOPPED,
	COVERAGE_TRAIL_STOPPED,
	COVERAGE_NO_DELIVERY,
	COVERAGE_NO_TRAIL,
	/* As AWS Config describes its recorder: model/recorder.h. */
	COVERAGE_RECORDER_FAILS,
	COVERAGE_DELIVERY_FAILS,
	COVERAGE_TYPE_EXCLUDED,
	COVERAGE_RECORDED_DAILY,
};
const char *coverage_gap_name(enum coverage_gap_kind k); /* "recorder stopped" ... */

struct coverage_gap {
	struct str account, region; /* region "*": all of the account's */
	enum coverage_source source;
	enum coverage_gap_kind kind;
	int64_t from_ms, to_ms; /* to_ms -1: it has no end */
	const struct coverage_control
		*stop; /* who stopped it, or told; NULL: nobody known */
	struct str
		unknown; /* what is not known, in words; empty: all that the source tells of */
};

/* In order of account, source, region, time, kind. */
void coverage_sort_gaps(struct buf *gaps);
/* One sentence on a gap that a call made; nothing of another gap. */
void coverage_gap_why(struct buf *out, const struct coverage_gap *g);

/* Does that call stop (0) or start (1) one? -1: neither. */
int coverage_control_of(struct str event_source, struct str event_name,
			enum coverage_source *ret);

/*
 * days: in order of account, source, region, day. controls: any order; they are sorted. Appends
 * spans and gaps to the buffers, in order of account, source, region, time. 0 or -ENOMEM.
 */
int coverage_make(struct arena *a, const struct coverage_day *days, size_t n_days,
		  struct coverage_control *controls, size_t n_controls, struct buf *spans,
		  struct buf *gaps) _must_check_;
