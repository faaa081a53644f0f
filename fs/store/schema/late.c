/* SPDX-License-Identifier: Apache-2.0 */
/* A second list of what stands in the files of activity/, for what is older than what its value has. A
   history that is brought up begins with none. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char late[] =
"CREATE TABLE activity_late(\n"
"	-- As activity, and not in that: what came in late and waits there to be merged.\n"
"	value INTEGER NOT NULL REFERENCES value, -- of the first one\n"
"	time_ms INTEGER NOT NULL,      -- of the first event\n"
"	event INTEGER NOT NULL,        -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(value, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n";

/* clang-format on */

const char *const schema_late[] = { late, NULL };
