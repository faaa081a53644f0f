/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A CloudWatch alarm's transition from one state to another, from whichever source: an
 * EventBridge "CloudWatch Alarm State Change", an SNS alarm payload, a DescribeAlarmHistory
 * item. And an alarm's definition, which says what it watches. Strings are borrowed.
 */

#include <stdint.h>

#include "util/json.h"
#include "util/str.h"

struct alarm_dimension {
	struct str name;
	struct str value;
};

/*
 * One alarm, as far as the source tells. A composite alarm has no dimensions but children: alarms
 * of its account and region, and watches what these watch.
 */
struct alarm {
	struct str account; /* empty where the source has none (DescribeAlarmHistory) */
	struct str region;
	struct str name;
	struct str arn;
	struct str namespace;
	struct str metric;
	const struct alarm_dimension *dimensions; /* of all its metrics, together */
	size_t n_dimensions;
	const struct str *children; /* names; each once */
	size_t n_children;
};

struct transition {
	struct alarm alarm;
	int64_t time_ms;
	struct str state;          /* ALARM, OK, INSUFFICIENT_DATA */
	struct str previous_state; /* empty when unknown */
	struct str reason;
	struct str raw; /* as received */
};
