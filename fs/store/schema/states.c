/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The columns of a state in less room. What is small stands in one number, what a body is packed
 * with in one column; the content's hash follows from the body, and the length of what was received
 * is needed only where that has bytes of its own.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* Of a base nobody asks how far it is: its id is a number as any other. */
static const char states[] =
"CREATE TABLE state_packed(\n"
"	-- One configuration item: a resource as it was recorded at one moment.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,   -- configurationItemCaptureTime\n"
"	state_id ANY NOT NULL,         -- configurationStateId: its number less capture_ms, or text\n"
"	source INTEGER NOT NULL,       -- the source the kept copy came in\n"
"	kind INTEGER NOT NULL,         -- bits 0-2: enum item_guise, how much the kept copy tells;\n"
"	                               -- 3-5: enum item_status; 6-: shape, the body in it is raw's\n"
"	                               -- prefix; 0: the body is\n"
"	base INTEGER NOT NULL,         -- state whose body is this body's prefix; 0: packed alone;\n"
"	                               -- below: alone, with the dictionary of that number\n"
"	body_len INTEGER NOT NULL,     -- bytes of the body\n"
"	body BLOB NOT NULL,            -- zstd of the canonical compact JSON, trimmed as trim.c has it\n"
"	raw BLOB                       -- bytes as received: how many (util/varint.h), and zstd of\n"
"	                               -- them; NULL: they are the prefix\n"
") STRICT;\n"
"INSERT INTO state_packed SELECT id, resource, capture_ms, state_id, source,\n"
"(guise & 7) | ((status & 7) << 3) | (coalesce(shape, 0) << 6), coalesce(base, -dictionary, 0),\n"
"body_len, body, measured(raw_len, raw) FROM state ORDER BY id;\n"
SCHEMA_REPLACE("state");

/* clang-format on */

const char *const schema_states[] = { states, NULL };
