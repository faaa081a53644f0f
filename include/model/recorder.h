/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A configuration recorder and its delivery channel as AWS Config describes them
 * (DescribeConfigurationRecorders, DescribeConfigurationRecorderStatus, DescribeDeliveryChannels,
 * DescribeDeliveryChannelStatus), in one object made of the four answers:
 *
 *	{"accountId": ..., "awsRegion": ..., "askedTime": ..., "configurationRecorder": {...},
 *	 "configurationRecorderStatus": {...}, "deliveryChannel": {...}, "deliveryChannelStatus": {...}}
 *
 * What it does not record is not in the history, and nothing else in it would tell.
 */

#include "model/coverage.h"
#include "util/arena.h"
#include "util/json.h"

struct recorder {
	struct str account, region, name;
	int64_t asked_ms;
	bool recording;
	int64_t started_ms, stopped_ms; /* last; -1: never, or not told */
	int64_t failing_ms;             /* since when; -1: it does not, or not told */
	struct str failure;             /* its error's code; empty: it does not fail */
	struct str delivery_failure;    /* likewise the channel's */
	const struct jv *value;         /* the object; borrowed */
};

enum {
	_RECORDER_E_SUCCESS,
	RECORDER_E_NOT, /* account, region, time, name or the settings are missing: the fault says */
};
int recorder_from_jv(const struct jv *v, struct recorder *ret,
		     struct fault *f) _must_check_;
/* Is that type recorded once a day only? */
bool recorder_is_daily(const struct recorder *r, struct str type) _pure_;
/* Appends what tells one state of it from another: not the times of deliveries that went well. */
void recorder_essence(struct buf *out, const struct recorder *r);

/* A state of it, with the span for which it was described so. */
struct recorder_seen {
	struct recorder recorder;
	int64_t seen_ms, last_ms; /* first and last */
};
/*
 * As coverage_make(), with what the descriptions say besides: stops and starts that no call in
 * `controls` tells of, that a recorder without items is stopped, that it fails, which types it
 * leaves out or records daily. seen: in order of account, region, name, time. 0 or -ENOMEM.
 */
int recorder_coverage(struct arena *a, const struct coverage_day *days, size_t n_days,
		      const struct coverage_control *controls, size_t n_controls,
		      const struct recorder_seen *seen, size_t n_seen, struct buf *spans,
		      struct buf *gaps) _must_check_;
