/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States and sources in less room. Shapes: in which order the items of a type come with their
 * members, so that what was received is made from the body and needs no bytes of its own; states
 * put before stay as they are. State ids are numbers where they can be, and in no index; the names
 * of sources are cut in parts.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char shapes[] =
"CREATE TABLE shape(\n"
"	-- Orders of members, as util/json_shape.h has them; the newest of a kind is tried.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- hash of what comes so: type, guise\n"
"	n INTEGER NOT NULL,            -- which of its kind: 1, 2 ...\n"
"	len INTEGER NOT NULL,          -- bytes of the text\n"
"	text BLOB NOT NULL             -- zstd of it\n"
") STRICT;\n"
"CREATE INDEX shape_by_kind ON shape(kind);\n"
"ALTER TABLE state ADD COLUMN shape INTEGER"
" /* raw is against the body in this shape, NULL: the same; of NULL see raw */;\n";

static const char states[] =
"CREATE TABLE state_packed(\n"
"	-- One configuration item: a resource as it was recorded at one moment.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,   -- configurationItemCaptureTime\n"
"	state_id ANY NOT NULL,         -- configurationStateId: its number, or text; '' when absent\n"
"	guise INTEGER NOT NULL,        -- enum item_guise: how much the kept copy tells\n"
"	status INTEGER NOT NULL,       -- enum item_status\n"
"	source INTEGER NOT NULL,       -- the source the kept copy came in\n"
"	content_hash INTEGER NOT NULL, -- of the body without capture metadata\n"
"	base INTEGER,                  -- state whose body is this body's prefix; NULL: a keyframe\n"
"	dictionary INTEGER,            -- of a keyframe's body; NULL: none used\n"
"	shape INTEGER,                 -- the body in this shape is raw's prefix; NULL: the body is\n"
"	body_len INTEGER NOT NULL,     -- bytes of the body\n"
"	raw_len INTEGER NOT NULL,      -- bytes as received\n"
"	body BLOB NOT NULL,            -- zstd of the canonical compact JSON\n"
"	raw BLOB                       -- zstd of the bytes as received; NULL: they are the prefix\n"
") STRICT;\n"
"INSERT INTO state_packed SELECT id, resource, capture_ms, CASE\n"
"WHEN length(state_id) BETWEEN 1 AND 18 AND state_id = CAST(CAST(state_id AS INTEGER) AS TEXT)\n"
"THEN CAST(state_id AS INTEGER) ELSE state_id END, guise, status, source, content_hash, base,\n"
"dictionary, shape, body_len, raw_len, body, raw FROM state ORDER BY id;\n"
SCHEMA_REPLACE("state")
"CREATE INDEX state_by_moment ON state(resource, capture_ms);\n";

static const char sources[] =
"CREATE TABLE source_part(\n"
"	-- What names of sources begin with: folders, and what files in them begin with.\n"
"	id INTEGER PRIMARY KEY,\n"
"	text TEXT NOT NULL UNIQUE\n"
") STRICT;\n"
"CREATE TABLE source_packed(\n"
"	-- The ledger: every source object ever imported.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	key INTEGER NOT NULL,          -- hash of its name: absolute path or URL\n"
"	folder INTEGER NOT NULL REFERENCES source_part,\n"
"	stem INTEGER NOT NULL REFERENCES source_part,\n"
"	tail TEXT NOT NULL,            -- the rest of the name\n"
"	size INTEGER NOT NULL,         -- bytes as stored at the source\n"
"	version INTEGER NOT NULL,      -- file: mtime in ns; object: hash of its ETag\n"
"	finished INTEGER NOT NULL,     -- 1: everything in it is in the history\n"
"	finished_ms INTEGER,           -- when it was finished last\n"
"	items INTEGER NOT NULL DEFAULT 0,       -- states it brought that were new\n"
"	events INTEGER NOT NULL DEFAULT 0,      -- events it brought that were new\n"
"	transitions INTEGER NOT NULL DEFAULT 0, -- alarm transitions it brought that were new\n"
"	duplicates INTEGER NOT NULL DEFAULT 0,  -- records known already\n"
"	notices INTEGER NOT NULL DEFAULT 0,     -- records recognised, with nothing to keep\n"
"	refused INTEGER NOT NULL DEFAULT 0,     -- records turned down\n"
"	all_events INTEGER NOT NULL DEFAULT 1,  -- 0: its read-only calls are not in the history\n"
"	skipped INTEGER NOT NULL DEFAULT 0      -- read-only calls it held that were not taken in\n"
") STRICT;\n"
"INSERT INTO source_part(text) SELECT source_folder(name) FROM source UNION\n"
"SELECT source_stem(name) FROM source;\n"
"INSERT INTO source_packed SELECT s.id, source_key(s.name), f.id, t.id, source_tail(s.name),\n"
"s.size, s.version, s.finished, s.finished_ms, s.items, s.events, s.transitions, s.duplicates,\n"
"s.notices, s.refused, s.all_events, s.skipped FROM source s\n"
"CROSS JOIN source_part f ON f.text = source_folder(s.name)\n"
"CROSS JOIN source_part t ON t.text = source_stem(s.name) ORDER BY s.id;\n"
SCHEMA_REPLACE("source")
"CREATE INDEX source_by_key ON source(key);\n"
"CREATE INDEX source_by_finish ON source(finished_ms);\n";

/* clang-format on */

const char *const schema_shapes[] = { shapes, NULL };
const char *const schema_narrowed[] = { states, sources, NULL };
