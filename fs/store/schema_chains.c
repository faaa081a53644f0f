/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States in less room still: each packed against one before it, without what its row says, and
 * found by the row that lists it. Bodies that are there stay as they are.
 */
#include <stddef.h>

#include "schema.h"

/* clang-format off */

static const char states[] =
"CREATE TABLE state_packed(\n"
"	-- One configuration item: a resource as it was recorded at one moment.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,   -- configurationItemCaptureTime\n"
"	state_id ANY NOT NULL,         -- configurationStateId: its number less capture_ms, or text\n"
"	guise INTEGER NOT NULL,        -- enum item_guise: how much the kept copy tells\n"
"	status INTEGER NOT NULL,       -- enum item_status\n"
"	source INTEGER NOT NULL,       -- the source the kept copy came in\n"
"	content_hash INTEGER NOT NULL, -- 47 bits, of the body without capture metadata\n"
"	base INTEGER,                  -- state whose body is this body's prefix; NULL: packed alone\n"
"	dictionary INTEGER,            -- of a body packed alone; NULL: none used\n"
"	shape INTEGER,                 -- the body in this shape is raw's prefix; NULL: the body is\n"
"	body_len INTEGER NOT NULL,     -- bytes of the body\n"
"	raw_len INTEGER NOT NULL,      -- bytes as received\n"
"	body BLOB NOT NULL,            -- zstd of the canonical compact JSON, trimmed as trim.c has it\n"
"	raw BLOB                       -- zstd of the bytes as received; NULL: they are the prefix\n"
") STRICT;\n"
"INSERT INTO state_packed SELECT id, resource, capture_ms, CASE typeof(state_id)\n"
"WHEN 'integer' THEN state_id - capture_ms ELSE state_id END, guise, status, source,\n"
"content_hash & 140737488355327, base, dictionary, shape, body_len, raw_len, body, raw\n"
"FROM state ORDER BY id;\n"
"CREATE TABLE unlisted(\n"
"	-- States that are not in shown: told by another of their moment.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,\n"
"	state INTEGER NOT NULL REFERENCES state,\n"
"	PRIMARY KEY(resource, capture_ms, state)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO unlisted SELECT resource, capture_ms, id FROM state s WHERE NOT EXISTS(\n"
"SELECT 1 FROM shown n WHERE n.resource = s.resource AND n.capture_ms = s.capture_ms\n"
"AND n.state = s.id);\n"
SCHEMA_REPLACE("state");

/* A chain that is there goes on at its first: no state is nearer to more of what comes. */
static const char resources[] =
"CREATE TABLE resource_packed(\n"
"	-- One row for each account, region, type and resource id.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	folder INTEGER NOT NULL REFERENCES folder,\n"
"	rid TEXT NOT NULL,             -- resourceId as AWS gives it\n"
"	fname TEXT NOT NULL,           -- escaped and unique in the folder, as listed\n"
"	last INTEGER NOT NULL,         -- state put last, which the next is packed against; 0: none\n"
"	chain INTEGER NOT NULL,        -- states packed against each other, that one included\n"
"	UNIQUE(folder, fname),\n"
"	UNIQUE(folder, rid)\n"
") STRICT;\n"
"INSERT INTO resource_packed SELECT id, folder, rid, fname, keyframe, deltas + 1 FROM resource\n"
"ORDER BY id;\n"
SCHEMA_REPLACE("resource")
"CREATE INDEX resource_by_folder ON resource(folder);\n"
"CREATE INDEX resource_by_rid ON resource(rid);\n";

/* clang-format on */

const char *const schema_chains[] = { states, resources, NULL };
