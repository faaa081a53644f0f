/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline and of activity/: by day, and by each value of an event; and which calls
 * were left out of them.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char skipping[] =
"ALTER TABLE source ADD COLUMN all_events INTEGER NOT NULL DEFAULT 1"
" /* 0: its read-only calls are not in the history */;\n"
"ALTER TABLE source ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0"
" /* read-only calls it held that were not taken in */;\n"
"CREATE TABLE skipped_call(\n"
"	-- Read-only calls that were not taken in, by what was called.\n"
"	id INTEGER PRIMARY KEY,\n"
"	service TEXT NOT NULL,         -- eventSource\n"
"	name TEXT NOT NULL,            -- eventName\n"
"	n INTEGER NOT NULL,            -- in all sources\n"
"	UNIQUE(service, name)\n"
") STRICT;\n"
"CREATE TABLE skipped(\n"
"	-- The same by source, so that one that is read again counts anew.\n"
"	source INTEGER NOT NULL REFERENCES source,\n"
"	call INTEGER NOT NULL REFERENCES skipped_call,\n"
"	n INTEGER NOT NULL,\n"
"	PRIMARY KEY(source, call)\n"
") STRICT, WITHOUT ROWID;\n";

/* clang-format on */

const char *const schema_activity[] = { skipping, NULL };
