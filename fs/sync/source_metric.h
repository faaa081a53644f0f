/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Points of metrics, of a round of cloudwatch://REGION: what is wanted is gathered (an alarm's
 * metrics around its transitions, a resource's around its changes), then fetched.
 */

#include "api_source.h"

#define METRIC_AROUND_MS API_HOUR_MS /* before and after */

struct metric_wanted {
	int64_t time_ms;
	struct str metric; /* JSON: Namespace, MetricName, Dimensions */
	struct str statistic;
	unsigned period_s;
};

struct metric_walk {
	struct api_source *s;
	struct aws_handle *h;
	struct arena a;
	struct buf wanted; /* struct metric_wanted */
	char account[AWS_ACCOUNT_SIZE];
};

int metrics_read(struct api_source *s, struct aws_handle *h,
		 struct fault *f) _must_check_;
/* Adds what alarms measure around their transitions since then. */
int metrics_of_alarms(struct metric_walk *w, int64_t from_ms,
		      struct fault *f) _must_check_;
