/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A moment as a user names one below at/: a date or a time, seconds since 1970, or so long ago.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

/* What `now` stands for: every state there is, that of a clock which runs ahead included. */
#define MOMENT_NOW INT64_MAX

struct moment {
	int64_t ms;    /* since 1970; MOMENT_NOW */
	bool relative; /* to the present: the same name is another moment later */
};

/*
 *   2024-05-01 20240501              its midnight, UTC
 *   2024-05-01T10:15Z and so on      whatever timestamp_parse() takes: seconds, fraction, offset
 *   2024-05-01T101500.123Z           as states are named
 *   1714558500 1714558500123         seconds (with any fraction) or milliseconds since 1970
 *   now
 *   yesterday                        24 hours ago
 *   -45s -30m -2h -7d -2w            so long ago
 *
 * What counts from the present (now_ms) begins with the minute, -Ns with the second, so that it
 * stays the same for a while. false: not a moment, or one before 1970 or from 2100 on.
 */
bool moment_parse(struct str text, int64_t now_ms, struct moment *ret) _must_check_;
