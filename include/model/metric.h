/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Points of one metric of CloudWatch's: of its dimensions, by one statistic over one period. And
 * a public key of CloudTrail's. Strings are borrowed.
 */

#include "model/alarm.h"

struct metric_point {
	int64_t time_ms;
	struct str value; /* digits, as they came */
};

struct metric_data {
	struct str account, region;
	struct str namespace, metric;
	struct str statistic; /* Average, p99 ... */
	int64_t period_s;
	const struct alarm_dimension *dimensions;
	size_t n_dimensions;
	const struct metric_point *points;
	size_t n_points;
};

/* What digests of that time are signed with. */
struct public_key {
	struct str fingerprint; /* 32 hex digits, lower case, as digests name it */
	struct str der;
	int64_t from_ms, to_ms;
};
