/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sync remembers: how far it has read, and how its sources are.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char sync[] =
"CREATE TABLE cursor(\n"
"	-- How far a source without objects was read; written with what it stands for.\n"
"	name TEXT PRIMARY KEY,         -- the source's URL, and what of it\n"
"	value INTEGER NOT NULL         -- mostly a time in ms: all before it is in the history\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE health(\n"
"	-- How each source was when it was looked at last.\n"
"	source TEXT PRIMARY KEY,       -- URL\n"
"	tried_ms INTEGER NOT NULL,     -- when this was written\n"
"	success_ms INTEGER NOT NULL,   -- the last good answer; 0: never\n"
"	newest_ms INTEGER NOT NULL,    -- the newest of what it brought was made then; 0: not known\n"
"	failures INTEGER NOT NULL,     -- in a row\n"
"	errors INTEGER NOT NULL,       -- of all time\n"
"	reason TEXT NOT NULL           -- of the last failure; '': it is well\n"
") STRICT, WITHOUT ROWID;\n";

/* clang-format on */

const char *const schema_sync[] = { sync, NULL };
