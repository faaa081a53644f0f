/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change stands with the state it came with, in the bytes that tell of that: one row less for
 * each state, and none of the columns that both had.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* The changes of entry, each with the state of the one before it; and how they are told. */
#define CHANGES \
"WITH change AS (SELECT *, lag(ref, 1, 0) OVER (PARTITION BY resource ORDER BY time_ms, seq)\n" \
"AS before FROM entry WHERE kind = 0)\n"
#define TOLD(csv_len, jsonl_len, item_len) \
"told_bytes(" csv_len ", " jsonl_len ", " item_len ", c.change_type, c.reason, c.text_len,\n" \
"c.jsonl_len, c.line_len, c.line_jsonl_len, c.seq, c.previous, c.before, c.why)\n"
#define OF_CHANGE(row) \
"LEFT JOIN change c ON c.resource = " row ".resource AND c.time_ms = " row ".capture_ms\n" \
"AND c.ref = " row ".state"

static const char listed[] =
"CREATE TABLE shown_packed(\n"
"	-- The states of a resource as files.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,\n"
"	twin INTEGER NOT NULL,         -- number among the states of one millisecond\n"
"	state INTEGER NOT NULL REFERENCES state,\n"
"	size INTEGER NOT NULL,         -- bytes of the file\n"
"	status INTEGER NOT NULL,       -- enum item_status\n"
"	hidden INTEGER NOT NULL,       -- 1: a global item's repetition of the state before it\n"
"	name TEXT,                     -- a deletion's inherited resourceName, else NULL\n"
"	arn TEXT,                      -- a deletion's inherited ARN, else NULL\n"
"	told BLOB,                     -- its change, and its length in a moment's files, as told.c\n"
"	                               -- has them; NULL: its story is not made yet\n"
"	PRIMARY KEY(resource, capture_ms, twin)\n"
") STRICT, WITHOUT ROWID;\n"
CHANGES
"INSERT INTO shown_packed SELECT n.resource, n.capture_ms, n.twin, n.state, n.size, n.status,\n"
"n.hidden, n.name, n.arn, " TOLD("n.csv_len", "n.jsonl_len", "n.item_len")
"FROM shown n " OF_CHANGE("n") ";\n"
"DROP TABLE shown;\n"
"ALTER TABLE shown_packed RENAME TO shown;\n"
"CREATE TABLE unlisted_packed(\n"
"	-- States that are not in shown: told by another of their moment.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,\n"
"	state INTEGER NOT NULL REFERENCES state,\n"
"	told BLOB,                     -- its change, until the next story is put\n"
"	PRIMARY KEY(resource, capture_ms, state)\n"
") STRICT, WITHOUT ROWID;\n"
CHANGES
"INSERT INTO unlisted_packed SELECT n.resource, n.capture_ms, n.state, " TOLD("NULL", "0", "0")
"FROM unlisted n " OF_CHANGE("n") ";\n"
"DROP TABLE unlisted;\n"
"ALTER TABLE unlisted_packed RENAME TO unlisted;\n";

static const char entries[] =
"CREATE TABLE entry_packed(\n"
"	-- The story of a resource besides its changes: attempts, activity, alarms in order of time.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	time_ms INTEGER NOT NULL,\n"
"	seq INTEGER NOT NULL,          -- order within one millisecond, the changes counted\n"
"	kind INTEGER NOT NULL,         -- enum store_entry_kind\n"
"	ref INTEGER NOT NULL,          -- event or transition, by kind\n"
"	text_len INTEGER NOT NULL,     -- bytes of its block in `changes`\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of its line in `changes.jsonl`\n"
"	PRIMARY KEY(resource, time_ms, seq)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO entry_packed SELECT resource, time_ms, seq, kind, ref, text_len, jsonl_len\n"
"FROM entry WHERE kind <> 0;\n"
"DROP TABLE entry;\n"
"ALTER TABLE entry_packed RENAME TO entry;\n"
"CREATE INDEX entry_by_event ON entry(ref) WHERE kind IN (1, 2);\n"
"CREATE INDEX entry_of_transition ON entry(resource, ref) WHERE kind = 3;\n"
"CREATE INDEX entry_by_transition ON entry(ref) WHERE kind = 3;\n";

/* clang-format on */

const char *const schema_told[] = { listed, entries, NULL };
