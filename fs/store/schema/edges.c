/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relationships of a source some dozens a row, and who names whom as a posting list: what an edge's own
 * row had besides its ids and times follows from the texts, or stands there once.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char edges[] =
"CREATE TABLE edge_run(\n"
"	-- Relationships that a resource's states name, from when to when.\n"
"	source INTEGER NOT NULL REFERENCES resource,\n"
"	first INTEGER NOT NULL,        -- number of the first one: by since, what, type, id\n"
"	edges BLOB NOT NULL,           -- up to the next row's, as edge_row.c has them\n"
"	PRIMARY KEY(source, first)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO edge_run SELECT source, min(seq), edge_rows(seq, relation, e.id, e.name, since_ms,\n"
"until_ms, source_name, target, out_len, in_len, at_len, k.what, k.type, f.type, r.rid)\n"
"FROM edge e JOIN relation k ON k.id = e.relation JOIN resource r ON r.id = e.source\n"
"JOIN folder f ON f.id = r.folder GROUP BY source, seq / 32;\n"
"CREATE TABLE edge_token(\n"
"	-- Sources by the tokens of what they name, of which 24 bits are here: edge_run tells.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them, of the first source\n"
"	hash INTEGER NOT NULL,         -- the others, of the first source\n"
"	source INTEGER NOT NULL REFERENCES resource, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, source)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO edge_token " SCHEMA_POSTINGS("part", "hash", "source",
"SELECT DISTINCT bits >> 16 AS part, bits & 65535 AS hash, source FROM (\n"
"SELECT edge_bits(f.account, k.type, iif(e.id = '', e.name, e.id)) AS bits, source FROM edge e\n"
"JOIN relation k ON k.id = e.relation JOIN resource r ON r.id = e.source\n"
"JOIN folder f ON f.id = r.folder)", "128") ";\n"
"DROP TABLE edge;\n";

/* clang-format on */

const char *const schema_edges[] = { edges, NULL };
