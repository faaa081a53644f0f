/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events in less room: what was a row each stands with the records in their block, and the ids of
 * the records beside them. Records that are there stay as they are.
 */
#include <stddef.h>

#include "schema.h"

/* clang-format off */

static const char blocks[] =
"CREATE TABLE event_block_packed(\n"
"	-- CloudTrail records with ids that follow on each other. Where a column is an event, it is\n"
"	-- such an id, given out by the counter 'event row' and never again.\n"
"	id INTEGER PRIMARY KEY,        -- the first event\n"
"	dictionary INTEGER,            -- of the body; NULL: none used\n"
"	rows BLOB NOT NULL,            -- what is told of each, as block_row.c has it\n"
"	ids BLOB NOT NULL,             -- GUIDs that are taken out of the records, 16 bytes each\n"
"	body BLOB NOT NULL             -- zstd of the records, end to end\n"
") STRICT;\n"
"INSERT INTO event_block_packed SELECT b.id, b.dictionary, event_rows(e.id - b.id, e.key, e.flags,\n"
"e.source, e.text_len, e.jsonl_len, b.lengths, b.len), x'', b.body FROM event_block b\n"
"CROSS JOIN event e ON e.id >= b.id AND e.id < coalesce((SELECT n.id FROM event_block n\n"
"WHERE n.id > b.id ORDER BY n.id LIMIT 1), 9223372036854775807) GROUP BY b.id;\n"
"DROP TABLE event_block;\n"
"DROP TABLE event;\n"
"ALTER TABLE event_block_packed RENAME TO event_block;\n";

/* 32 bits of a hash in rows of a hundred: see posting_of_hash(). */
#define PART(hash) "(" hash " >> 56 & 255)"
#define REST(hash) "(" hash " >> 32 & 16777215)"
#define LIST(table, of, id) \
"INSERT INTO " table "_packed SELECT part, min(rest), posting_first(rest, id),\n" \
"posting_places(rest, id) FROM (SELECT " PART(of) " AS part, " REST(of) " AS rest, " id " AS id,\n" \
"(row_number() OVER (PARTITION BY " PART(of) " ORDER BY " REST(of) ", " id ") - 1) / 128 AS n\n" \
"FROM " table ") GROUP BY part, n;\n" \
"DROP TABLE " table ";\n" \
"ALTER TABLE " table "_packed RENAME TO " table ";\n"

static const char keys[] =
"CREATE TABLE event_key_packed(\n"
"	-- Events by the hash of their identity, of which 32 bits are here: the records tell.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them\n"
"	hash INTEGER NOT NULL,         -- the others, of the first event\n"
"	event INTEGER NOT NULL,\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, event)\n"
") STRICT, WITHOUT ROWID;\n"
LIST("event_key", "key", "event");

static const char aliases[] =
"CREATE TABLE alias_packed(\n"
"	-- Resources by the tokens of their names, of which 32 bits are here: alias_set tells.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them\n"
"	hash INTEGER NOT NULL,         -- the others, of the first resource\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, resource)\n"
") STRICT, WITHOUT ROWID;\n"
LIST("alias", "token", "resource");

static const char gathered[] =
"CREATE TABLE gathered(\n"
"	-- Postings of events that are not in their lists yet.\n"
"	id INTEGER PRIMARY KEY,\n"
"	list INTEGER NOT NULL,         -- 0: mention, 1: actor, 3: event_key, 5: session, 6: unit_token\n"
"	postings BLOB NOT NULL         -- as waiting.c has them\n"
") STRICT;\n";

/* clang-format on */

/* What the records that are packed with a dictionary are coded with: util/phrase.h; NULL: they are text. */
static const char phrases[] = "ALTER TABLE dictionary ADD COLUMN phrases BLOB;\n";

const char *const schema_blocks[] = { blocks, NULL };
const char *const schema_gathered[] = { gathered, NULL };
const char *const schema_phrases[] = { phrases, NULL };
const char *const schema_lists[] = { keys, aliases, NULL };
