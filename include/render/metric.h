/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * metrics/NAME.tsv of a resource: a header line, then a line a point: time, value, statistic,
 * period in seconds, dimensions as Name=Value with commas between, by name. In names and values
 * of dimensions % , = and control bytes are %XX.
 */

#include "model/metric.h"
#include "util/arena.h"
#include "util/buf.h"

extern const struct str render_metric_header;
/* What stands in a line behind its value; the same for all points of a series. 0 or -ENOMEM. */
int render_metric_tail(struct buf *out, struct arena *scratch,
		       const struct metric_data *m) _must_check_;
void render_metric_line(struct buf *out, int64_t time_ms, struct str value,
			struct str tail);
/* Bytes of a line besides its value. */
size_t render_metric_fixed(struct str tail) _pure_;
/* The file's name without its suffix: "AWS%2FEC2~CPUUtilization". */
void render_metric_name(struct buf *out, struct str namespace, struct str metric);
#define RENDER_METRIC_SUFFIX ".tsv"
