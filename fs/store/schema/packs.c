/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States of one resource in rows of several, and ids that tell the resource and follow on each other
 * there. Whatever names a state is given its new id: here, and where it stands in bytes, as well as
 * the bodies, by migrate_state.c, between the two scripts.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char states[] =
"CREATE TABLE state_packed(\n"
"	-- A configuration item: a resource as it was recorded at one moment. It stands here until it\n"
"	-- goes into a pack, and some time longer: what is in state_pack counts.\n"
"	seq INTEGER PRIMARY KEY,       -- order of putting among those that are here\n"
"	id INTEGER NOT NULL,           -- resource, and in the lower 20 bits the state's number among\n"
"	                               -- those put of that, from 1 on\n"
"	capture_ms INTEGER NOT NULL,   -- configurationItemCaptureTime\n"
"	state_id ANY NOT NULL,         -- configurationStateId: its number less capture_ms, or text\n"
"	source INTEGER NOT NULL,       -- the source the kept copy came in\n"
"	kind INTEGER NOT NULL,         -- bits 0-2: enum item_guise, how much the kept copy tells;\n"
"	                               -- 3-5: enum item_status; 6-: shape, the body in it is raw's\n"
"	                               -- prefix; 0: the body is\n"
"	dictionary INTEGER NOT NULL,   -- of the body; 0: none used\n"
"	body_len INTEGER NOT NULL,     -- bytes of the body\n"
"	body BLOB NOT NULL,            -- zstd of the canonical compact JSON, trimmed as trim.c has it\n"
"	raw BLOB                       -- bytes as received: how many (util/varint.h), and zstd of\n"
"	                               -- them; NULL: they are the prefix\n"
") STRICT;\n"
"CREATE UNIQUE INDEX state_by_id ON state_packed(id);\n"
"CREATE TABLE state_pack(\n"
"	-- States of a resource whose ids follow on each other.\n"
"	id INTEGER PRIMARY KEY,        -- of the first one\n"
"	dictionary INTEGER NOT NULL,   -- of their bodies; 0: none used\n"
"	bytes BLOB NOT NULL            -- as pack.c has them\n"
") STRICT;\n"
"CREATE TABLE arrival(\n"
"	-- States in the order they came in, once somebody has asked for that: metrics are.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	state INTEGER NOT NULL REFERENCES state\n"
") STRICT;\n"
"CREATE TEMP TABLE renumbered(old INTEGER PRIMARY KEY, new INTEGER NOT NULL,\n"
"CONSTRAINT \"a resource may have 1048575 states\" CHECK(new & 1048575));\n"
"INSERT INTO renumbered SELECT id, (resource << 20) + row_number() OVER (\n"
"PARTITION BY resource ORDER BY id) FROM state;\n"
"CREATE INDEX temp.renumbered_new ON renumbered(new);\n";

/* What was asked for by an old id goes on behind it. */
static const char references[] =
"DROP TABLE state;\n"
"ALTER TABLE state_packed RENAME TO state;\n"
"ALTER TABLE resource DROP COLUMN chain;\n"
"ALTER TABLE resource DROP COLUMN last;\n"
"ALTER TABLE resource ADD COLUMN last INTEGER NOT NULL DEFAULT 0"
" /* number of the state put last */;\n"
"UPDATE resource SET last = coalesce((SELECT max(new) & 1048575 FROM renumbered\n"
"WHERE new BETWEEN resource.id << 20 AND (resource.id << 20) + 1048575), 0);\n"
"UPDATE resource_view SET latest = coalesce((SELECT new FROM renumbered WHERE old = latest), 0)\n"
"WHERE latest <> 0;\n"
"UPDATE unlisted SET state = (SELECT new FROM renumbered WHERE old = state)\n"
"WHERE state IN (SELECT old FROM renumbered);\n"
"INSERT INTO arrival(id, state) SELECT old, new FROM renumbered\n"
"WHERE EXISTS(SELECT 1 FROM cursor WHERE name LIKE '%?metrics') ORDER BY old;\n"
"INSERT OR REPLACE INTO counter(name, n) SELECT 'arrival', 0 FROM arrival LIMIT 1;\n"
"DELETE FROM sqlite_sequence WHERE name = 'state';\n"
"DROP TABLE renumbered;\n";

/* clang-format on */

const char *const schema_packs[] = { states, NULL };
const char *const schema_packs_end[] = { references, NULL };
