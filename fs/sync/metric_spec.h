/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What to measure: see sync_check_metric(). */

#include <stdbool.h>

#include "util/fault.h"
#include "util/str.h"

struct metric_spec {
	struct str namespace, metric;
	struct str dimension, value; /* value empty: whichever the resource has */
	struct str others;           /* NAME=VALUE,...; may be empty */
	struct str statistic;
	unsigned period_s;
};

/* Borrows the text. 0, SYNC_E_SOURCE. */
int metric_spec_read(const char *text, struct metric_spec *ret,
		     struct fault *f) _must_check_;
/* The next NAME=VALUE of a list; false: there is none, or what is there is none. */
bool metric_spec_next(struct str *list, struct str *ret_name, struct str *ret_value);
