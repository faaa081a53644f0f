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

/* clang-format on */

const char *const schema_blocks[] = { blocks, NULL };
