/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of values, credentials of units and the persons behind them in posting lists, where each had
 * a row of a table and one of an index.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* The name's text is in its row alone. */
static const char names[] =
"CREATE TABLE value_name(\n"
"	-- Values by the hash of their kind and name, of which 32 bits are here: their rows tell.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them, of the first value\n"
"	hash INTEGER NOT NULL,         -- the others, of the first value\n"
"	value INTEGER NOT NULL REFERENCES value, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, value)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO value_name " SCHEMA_POSTINGS("part", "hash", "value",
	"SELECT value_hash(kind, name) >> 56 & 255 AS part, "
	"value_hash(kind, name) >> 32 & 16777215 AS hash, id AS value FROM value", "128") ";\n"
"CREATE TABLE value_packed(\n"
"	-- The values of activity/: principals, addresses and so on.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- enum store_value_kind\n"
"	name TEXT NOT NULL,            -- escaped, as listed without its suffix\n"
"	text_len INTEGER NOT NULL,     -- bytes of its .log\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of its .jsonl\n"
"	newest_ms INTEGER NOT NULL,    -- newest event in it\n"
"	changed INTEGER NOT NULL       -- the counter 'told' when it last changed\n"
") STRICT;\n"
"INSERT INTO value_packed SELECT id, kind, name, text_len, jsonl_len, newest_ms, changed\n"
"FROM value ORDER BY id;\n"
SCHEMA_REPLACE("value")
"CREATE INDEX value_by_kind ON value(kind, id);\n"
"CREATE INDEX value_by_change ON value(kind, changed);\n";

static const char units[] =
"CREATE TABLE unit_token(\n"
"	-- Units by the tokens of their sessions' ARNs, and of their keys: see person.c.\n"
"	token INTEGER NOT NULL,        -- the upper 48 bits, of the first one; of a key all turned\n"
"	time_ms INTEGER NOT NULL,      -- first event of the first one; of a key 0\n"
"	unit INTEGER NOT NULL REFERENCES unit, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(token, time_ms, unit)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO unit_token " SCHEMA_POSTINGS("token", "time_ms", "unit",
	"SELECT arn_token >> 16 & 281474976710655 AS token, first_ms AS time_ms, value AS unit FROM unit "
	"UNION ALL SELECT ~key_token >> 16 & 281474976710655, 0, value FROM unit "
	"WHERE key_token NOT NULL", "128") ";\n"
"DROP INDEX unit_by_key;\n"
"DROP INDEX unit_by_arn;\n";

static const char persons[] =
"CREATE TABLE person_packed(\n"
"	-- Whose files hold a unit's events besides the session's own: all who stand behind it.\n"
"	person INTEGER NOT NULL REFERENCES value, -- of the first one\n"
"	time_ms INTEGER NOT NULL,      -- 0\n"
"	unit INTEGER NOT NULL REFERENCES unit, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(person, time_ms, unit)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO person_packed " SCHEMA_POSTINGS("person", "time_ms", "unit",
	"SELECT person, 0 AS time_ms, unit FROM person", "128") ";\n"
"CREATE TABLE person_behind(\n"
"	-- The same by the units.\n"
"	unit INTEGER NOT NULL REFERENCES unit, -- of the first one\n"
"	time_ms INTEGER NOT NULL,      -- 0\n"
"	person INTEGER NOT NULL REFERENCES value, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(unit, time_ms, person)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO person_behind " SCHEMA_POSTINGS("unit", "time_ms", "person",
	"SELECT unit, 0 AS time_ms, person FROM person", "128") ";\n"
SCHEMA_REPLACE("person");

/* clang-format on */

const char *const schema_values[] = { names, units, persons, NULL };
