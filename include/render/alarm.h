/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A transition's file in alarms/: the transition, then what changed and what was tried in the
 * hour before it on what the alarm watches, and on what was related to that then.
 */

#include "model/story.h"
#include "util/buf.h"

struct render_alarm {
	int64_t time_ms;
	struct str name, account, region, arn, namespace, metric;
	struct str state, previous_state, reason;
	bool ambiguous; /* whose it is is not told, and several may be meant */
	const struct alarm_dimension *dimensions;
	size_t n_dimensions;
	const struct str *children; /* of a composite alarm: names */
	size_t n_children;
};
/* The transition itself; then come its resources, a heading, and lines. */
void render_alarm(struct buf *out, const struct render_alarm *t);
/* related: to one that the alarm watches. */
void render_alarm_resource(struct buf *out, bool related, struct str type, struct str id,
			   struct str path);
void render_alarm_no_resource(struct buf *out);
void render_alarm_heading(struct buf *out, bool any);
/* A change or an attempt; path: of the resource's directory. */
void render_alarm_line(struct buf *out, const struct story_entry *e, struct str path);
