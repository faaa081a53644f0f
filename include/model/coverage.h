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
 *   anything there, or it is of global items and the recorder of some region was running.
 * - A call that stops a trail or a recorder makes a gap only where silence follows: an account may
 *   have several trails, and what keeps coming shows that it is not blind. The gap lasts to the
 *   next record (of a trail: of the account; of a region, too, where that alone fell silent for a
 *   day) or to the call that starts it again, whichever is first. Without such a call less than
 *   a day of silence is none; with it, for a trail, an hour of the clock without a record must lie
 *   between.
 * - A call that sets what a source takes in makes a gap, too:
 *   UpdateTrail: to one region (isMultiRegionTrail false), in each other one that then falls silent
 *   for a day; without global services (includeGlobalServiceEvents false), of these.
 *   PutEventSelectors: without calls that change something (readWriteType ReadOnly or
 *   includeManagementEvents false in every selector; advanced ones alike), when no such call comes
 *   for a whole day; without some services (excludeManagementEventSources), of these.
 *   PutConfigurationRecorder: without some types, or with only some, of what is left out; recording
 *   once a day, of what changed back within it.
 *   It lasts until a later call on the same trail or recorder says otherwise or deletes it, or until
 *   what was left out comes all the same. Another trail may have it: of services that is not seen.
 *   (Sources: the CloudTrail and Config API references.)
 * - The types of IAM are the account's, not a region's: it is enough that one region's recorder has
 *   them, and usual that the others leave them out (includeGlobalResourceTypes false, or by name).
 *   They are a gap of region "global", from when the last recorder that is known to have them leaves
 *   them out until one takes them in; none where they keep coming while another region's recorder,
 *   of whose settings nothing is known, has anything at all.
 * - DeleteDeliveryChannel stops a recorder's deliveries, and is treated as stopping it.
 * - PutDeliveryChannel and UpdateTrail to another bucket than before are a gap where silence of a day
 *   follows, up to the next record: of a recorder, when there were calls that change something in
 *   that silence. Of a trail whose bucket before is not known, when there is a record after it.
 * - Alarms change when they do: of them there are spans, but no gaps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/arena.h"
#include "util/buf.h"
#include "util/str.h"

struct event;

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
	int64_t last_ms;  /* the last one; 0: not known */
	uint32_t hours;   /* bit h: something is of its hour h */
};

enum coverage_act { /* stored: append, never renumber */
		    COVERAGE_STOPS = 0,
		    COVERAGE_STARTS = 1,
		    COVERAGE_SETS = 2, /* what is taken in */
};

/* What a call may set of a trail or a recorder. */
enum coverage_aspect {
	COVERAGE_WRITES,   /* calls that change something */
	COVERAGE_SERVICES, /* all services */
	COVERAGE_REGIONS,  /* all regions */
	COVERAGE_GLOBAL, /* services that are in no region; of a recorder: types of IAM */
	COVERAGE_TYPES,  /* all resource types, but those of COVERAGE_GLOBAL */
	COVERAGE_MOMENTS, /* all that changes in a day */
	COVERAGE_ASPECTS,
};

struct coverage_setting {
	bool said;
	size_t n;            /* so much is left out; 0: nothing */
	struct str *unknown; /* "who changed what of ...", each; an empty one: all of it */
};

/*
 * A call that stopped or started a recorder or a trail, or set what it takes in. Gaps tell of those that
 * stop and set: of a start only place and time are asked for, and its event_id to put equals in order.
 */
struct coverage_control {
	struct str account, region;
	enum coverage_source source;
	int64_t time_ms;
	enum coverage_act act;
	struct str call, principal, event_id;
	struct str
		trail; /* its name, also where the call gave an ARN; empty: a recorder's */
	struct str bucket; /* that it delivers to from now on; empty: not said */
	struct coverage_setting set[COVERAGE_ASPECTS];
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
	/* As AWS Config describes its recorder (model/recorder.h). */
	COVERAGE_RECORDER_FAILS,
	COVERAGE_DELIVERY_FAILS,
	COVERAGE_RECORDED_DAILY,
	COVERAGE_TRAIL_NARROWED,
	COVERAGE_RECORDER_NARROWED,
	COVERAGE_DELIVERY_MOVED,
};
const char *coverage_gap_name(enum coverage_gap_kind k); /* "recorder stopped" ... */

struct coverage_gap {
	struct str account, region; /* region "*": all of the account's */
	enum coverage_source source;
	enum coverage_gap_kind kind;
	int64_t from_ms, to_ms; /* to_ms -1: it has no end */
	const struct coverage_control
		*stop;      /* who stopped, set or told; NULL: nobody known */
	struct str unknown; /* of a part only: what is not known; empty: all */
};

/* In order of account, source, region, time, kind. */
void coverage_sort_gaps(struct buf *gaps);
/* What is not known in it: "what changed", "who changed what", or less. */
struct str coverage_gap_unknown(const struct coverage_gap *g);

/* One sentence on a gap that a call made; nothing of another gap. */
void coverage_gap_why(struct buf *out, const struct coverage_gap *g);

/* Does that call stop, start or set one (enum coverage_act)? -1: neither. */
int coverage_control_of(struct str event_source, struct str event_name,
			enum coverage_source *ret);
/*
 * Which trail it is of, and what it set, from its record. c has source, region and act already;
 * text is in the arena or the record. 0 or -ENOMEM.
 */
int coverage_control_read(const struct event *e, struct arena *a,
			  struct coverage_control *c) _must_check_;

/*
 * days: in order of account, source, region, day. controls: any order; they are sorted. Appends
 * spans and gaps to the buffers, in order of account, source, region, time. 0 or -ENOMEM.
 */
int coverage_make(struct arena *a, const struct coverage_day *days, size_t n_days,
		  struct coverage_control *controls, size_t n_controls, struct buf *spans,
		  struct buf *gaps) _must_check_;
