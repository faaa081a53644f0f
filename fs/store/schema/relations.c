/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which resource is related to which, from when to when, and how long the files are that say so
 * and that say who set what (blame).
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char tables[] =
"CREATE TABLE edge(\n"
"	-- A relationship that a resource's states name, from when to when.\n"
"	source INTEGER NOT NULL REFERENCES resource,\n"
"	seq INTEGER NOT NULL,          -- order among the source's: by since, what, type, id\n"
"	what TEXT NOT NULL,            -- as AWS has it: Is contained in Vpc\n"
"	type TEXT NOT NULL,            -- of the target\n"
"	id TEXT NOT NULL,              -- of the target, '' where only its name is told\n"
"	name TEXT NOT NULL,            -- of the target, '' where it is not told\n"
"	since_ms INTEGER NOT NULL,     -- capture time of the first state with it\n"
"	until_ms INTEGER NOT NULL,     -- ... of the first without it; the largest: still\n"
"	source_name TEXT NOT NULL,     -- the source's own newest name, '' when it has none\n"
"	token INTEGER NOT NULL,        -- of the target, as in reference\n"
"	target INTEGER,                -- the resource meant; NULL: none that is known\n"
"	out_len INTEGER NOT NULL,      -- bytes of its line in the source's file before the path\n"
"	in_len INTEGER NOT NULL,       -- ... in the target's file\n"
"	at_len INTEGER NOT NULL,       -- ... in a moment's file, before the mark\n"
"	PRIMARY KEY(source, seq)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX edge_by_token ON edge(token);\n"
"CREATE INDEX edge_by_target ON edge(target) WHERE target IS NOT NULL;\n"
"CREATE TABLE reference(\n"
"	-- What relationships may call a resource: its id, every name and ARN it had.\n"
"	token INTEGER NOT NULL,        -- hash of account, type and the text\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	PRIMARY KEY(token, resource)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX reference_by_resource ON reference(resource);\n"
"ALTER TABLE resource_view ADD COLUMN blame_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of `blame` */;\n"
"ALTER TABLE resource_view ADD COLUMN rel_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of `relationships.tsv` but for its header */;\n"
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* clang-format on */

const char *const schema_relations[] = { tables, NULL };
