/* SPDX-License-Identifier: Apache-2.0 */
/* Most resources are listed under their id as it is: those have no file name of their own. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char resources[] =
"CREATE TABLE resource_packed(\n"
"	-- One row for each account, region, type and resource id.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	folder INTEGER NOT NULL REFERENCES folder,\n"
"	rid TEXT NOT NULL,             -- resourceId as AWS gives it, unique in the folder\n"
"	fname TEXT,                    -- escaped and unique in the folder, as listed; NULL: as rid\n"
"	last INTEGER NOT NULL,         -- state put last, which the next is packed against; 0: none\n"
"	chain INTEGER NOT NULL,        -- states packed against each other, that one included\n"
"	items INTEGER NOT NULL DEFAULT 0 -- that came in: what the recorder is paid for\n"
") STRICT;\n"
"INSERT INTO resource_packed SELECT id, folder, rid, nullif(fname, rid), last, chain, items\n"
"FROM resource ORDER BY id;\n"
SCHEMA_REPLACE("resource")
"CREATE INDEX resource_by_folder ON resource(folder);\n"
"CREATE INDEX resource_in_folder ON resource(folder, rid, fname);\n"
"CREATE UNIQUE INDEX resource_by_fname ON resource(folder, fname) WHERE fname IS NOT NULL;\n"
"CREATE INDEX resource_by_rid ON resource(rid);\n"
"CREATE INDEX resource_by_items ON resource(folder, items DESC, rid);\n";

/* clang-format on */

const char *const schema_listed[] = { resources, NULL };
