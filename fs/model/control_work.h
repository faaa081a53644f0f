/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Filling what a call or a description sets of a source: what control.c, control_recorder.c and
 * recorder_gaps.c share.
 */

#include "model/coverage.h"
#include "util/json.h"

/* It is said, and leaves nothing out so far; there is room to leave out `most`. 0 or -ENOMEM. */
int setting_say(struct coverage_setting *s, struct arena *a, size_t most) _must_check_;
/* It leaves that out. 0 or -ENOMEM. */
int setting_leave_out(struct coverage_setting *s, struct arena *a,
		      struct str unknown) _must_check_;
/* ... "WHATOF". */
int setting_leave_out_of(struct coverage_setting *s, struct arena *a, const char *what,
			 struct str of) _must_check_;

/*
 * What a recorder's settings (AWS Config's ConfigurationRecorder) leave out. Not an object: nothing
 * is said. 0 or -ENOMEM.
 */
int control_read_recorder(const struct jv *recorder, struct arena *a,
			  struct coverage_control *c) _must_check_;
