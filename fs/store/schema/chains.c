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

static const char relations[] =
"CREATE TABLE relation(\n"
"	-- What relationships are, and to what type: some hundreds.\n"
"	id INTEGER PRIMARY KEY,\n"
"	what TEXT NOT NULL,            -- as AWS has it: Is contained in Vpc\n"
"	type TEXT NOT NULL,            -- of the target\n"
"	UNIQUE(what, type)\n"
") STRICT;\n"
"INSERT INTO relation(what, type) SELECT DISTINCT what, type FROM edge;\n"
"CREATE TABLE edge_packed(\n"
"	-- A relationship that a resource's states name, from when to when.\n"
"	source INTEGER NOT NULL REFERENCES resource,\n"
"	seq INTEGER NOT NULL,          -- order among the source's: by since, what, type, id\n"
"	relation INTEGER NOT NULL REFERENCES relation,\n"
"	id TEXT NOT NULL,              -- of the target, '' where only its name is told\n"
"	name TEXT NOT NULL,            -- of the target, '' where it is not told\n"
"	since_ms INTEGER NOT NULL,     -- capture time of the first state with it\n"
"	until_ms INTEGER NOT NULL,     -- ... of the first without it; 0: still\n"
"	source_name TEXT NOT NULL,     -- the source's own newest name, '' when it has none\n"
"	token INTEGER NOT NULL,        -- of the target, as in reference\n"
"	target INTEGER,                -- the resource meant; NULL: none that is known\n"
"	out_len INTEGER NOT NULL,      -- bytes of its line in the source's file before the path\n"
"	in_len INTEGER NOT NULL,       -- ... in the target's file\n"
"	at_len INTEGER NOT NULL,       -- ... in a moment's file, before the mark\n"
"	PRIMARY KEY(source, seq)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO edge_packed SELECT e.source, e.seq, k.id, e.id, e.name, e.since_ms,\n"
"CASE e.until_ms WHEN 9223372036854775807 THEN 0 ELSE e.until_ms END, e.source_name, e.token,\n"
"e.target, e.out_len, e.in_len, e.at_len FROM edge e\n"
"JOIN relation k ON k.what = e.what AND k.type = e.type;\n"
"DROP TABLE edge;\n"
"ALTER TABLE edge_packed RENAME TO edge;\n"
"CREATE INDEX edge_by_token ON edge(token);\n"
"CREATE INDEX edge_by_target ON edge(target) WHERE target IS NOT NULL;\n";

static const char times[] =
"DROP INDEX entry_without_trail;\n"
"CREATE TABLE timeline_hour(\n"
"	-- Sums of the lines of an hour, for reading from the middle.\n"
"	hour INTEGER PRIMARY KEY,      -- since 1970\n"
"	text_len INTEGER NOT NULL,\n"
"	jsonl_len INTEGER NOT NULL\n"
") STRICT;\n"
"INSERT INTO timeline_hour SELECT minute / 60, sum(text_len), sum(jsonl_len)\n"
"FROM timeline_minute GROUP BY 1;\n"
"DROP TABLE timeline_minute;\n";

/* The sets are filled when the stories are made anew. */
static const char aliases[] =
"DROP INDEX alias_by_resource;\n"
"DELETE FROM alias;\n"
"CREATE TABLE alias_set(\n"
"	-- The rows of alias by resource: what a new story is compared with.\n"
"	resource INTEGER PRIMARY KEY REFERENCES resource,\n"
"	tokens BLOB NOT NULL           -- 64-bit tokens, least byte first\n"
") STRICT;\n"
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* Which are which is told when the stories are made anew. */
static const char classes[] =
"ALTER TABLE alias_set ADD COLUMN own INTEGER"
" /* first of tokens those that states tell, so many; NULL: all, in one order */;\n"
"ALTER TABLE alias_set ADD COLUMN given INTEGER"
" /* then so many ids that calls were given; then neighbours that it lost */;\n"
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* clang-format on */

const char *const schema_chains[] = { states, resources, NULL };
const char *const schema_hours[] = { relations, times, aliases, NULL };
const char *const schema_classes[] = { classes, NULL };
