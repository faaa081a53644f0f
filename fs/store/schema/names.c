/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other ways to a resource: its id, name, ARN and tags.
 *
 * There are more names than resources, so their text is kept once and short: what many names begin
 * with is a stem of its own, and ids stay where they are, with an index. A name is found, and
 * listed, by a hash of the file name it is shown as, which takes 3 bytes of an index where the
 * text would take all of itself again.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char names[] =
"CREATE TABLE stem(\n"
"	-- What names begin with, up to a separator; and the keys of tags.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- enum store_name_kind of what begins so; 0: a tag's key\n"
"	text TEXT NOT NULL,            -- with the separator; a tag's key as it is\n"
"	n INTEGER NOT NULL,            -- names and longer stems that need it; values of a tag\n"
"	newest_ms INTEGER NOT NULL,    -- of a tag's key: newest capture time of its resources\n"
"	UNIQUE(kind, text)\n"
") STRICT;\n"
"CREATE INDEX stem_of_tag ON stem(kind) WHERE kind = 0;\n"
"CREATE TABLE name(\n"
"	-- Every resourceName, ARN and value of a tag that a resource ever had.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	space INTEGER NOT NULL,        -- -1: resourceName, -2: ARN, else the tag's key (stem)\n"
"	hash INTEGER NOT NULL,         -- 23 bits of the file name's\n"
"	stem INTEGER NOT NULL,         -- what it begins with; 0: nothing\n"
"	tail TEXT NOT NULL,            -- the rest\n"
"	n INTEGER NOT NULL,            -- resources that have it\n"
"	newest_ms INTEGER NOT NULL     -- newest capture time of theirs\n"
") STRICT;\n"
"CREATE INDEX name_by_hash ON name(space, hash);\n"
"CREATE TABLE bearer(\n"
"	-- Which resources have a name.\n"
"	name INTEGER NOT NULL REFERENCES name,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	PRIMARY KEY(name, resource)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX bearer_by_resource ON bearer(resource);\n"
"CREATE INDEX resource_by_rid ON resource(rid);\n"
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* Bearers in posting lists, but for a name's only one, which stands with it. */
static const char bearers[] =
"CREATE TABLE bearer_packed(\n"
"	-- Which resources have a name, of names that several have.\n"
"	name INTEGER NOT NULL REFERENCES name, -- of the first one\n"
"	resource INTEGER NOT NULL REFERENCES resource, -- the first one\n"
"	one INTEGER NOT NULL,          -- 1\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(name, resource, one)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO bearer_packed " SCHEMA_POSTINGS("name", "resource", "one",
	"SELECT b.name, b.resource, 1 AS one FROM name n CROSS JOIN bearer b ON b.name = n.id "
	"WHERE n.n > 1", "128") ";\n"
"CREATE TABLE name_packed(\n"
"	-- Every resourceName, ARN and value of a tag that a resource ever had.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	space INTEGER NOT NULL,        -- -1: resourceName, -2: ARN, else the tag's key (stem)\n"
"	hash INTEGER NOT NULL,         -- 23 bits of the file name's\n"
"	stem INTEGER NOT NULL,         -- what it begins with; 0: nothing\n"
"	tail TEXT,                     -- the rest; NULL: as the resource's id\n"
"	n INTEGER NOT NULL,            -- resources that have it\n"
"	newest_ms INTEGER NOT NULL,    -- newest capture time of theirs\n"
"	resource INTEGER NOT NULL REFERENCES resource -- the first of them\n"
") STRICT;\n"
"INSERT INTO name_packed SELECT n.id, n.space, n.hash, n.stem,\n"
"nullif(n.tail, (SELECT rid FROM resource WHERE id = n.first)), n.n, n.newest_ms, n.first FROM (\n"
"SELECT *, coalesce((SELECT b.resource FROM bearer b WHERE b.name = m.id ORDER BY b.resource\n"
"LIMIT 1), 0) AS first FROM name m) n ORDER BY n.id;\n"
SCHEMA_REPLACE("bearer")
SCHEMA_REPLACE("name")
"CREATE INDEX name_by_hash ON name(space, hash);\n";

/* clang-format on */

const char *const schema_names[] = { names, NULL };
const char *const schema_bearers[] = { bearers, NULL };
