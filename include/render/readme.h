/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one page that explains the mount to whoever finds it.
 */

#include "util/buf.h"
#include "util/str.h"

/* What the page says of the history. Times are -1 where there is nothing. */
struct render_readme {
	uint64_t resources, states, events, transitions;
	int64_t item_first_ms, item_last_ms;
	int64_t event_first_ms, event_last_ms;
	const char *moved; /* that the history's file is not where it was, or NULL */
	/* For the sessions: path of a resource's directory, or empty; its name in by-id/, and the
	   time of its newest state. */
	struct str example, example_id;
	int64_t example_ms;
};

void render_readme(struct buf *out, const struct render_readme *r);
