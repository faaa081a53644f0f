/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the timeline in rows of several. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* What is of one millisecond stays in one row. */
static const char lines[] =
"CREATE TABLE timeline_packed(\n"
"	-- The lines of timeline/ in their order, which is that of what happened, not of arrival: each\n"
"	-- row has those up to the next one's first.\n"
"	first_ms INTEGER PRIMARY KEY,  -- of the first line\n"
"	lines BLOB NOT NULL            -- as timeline_row.c has them\n"
") STRICT;\n"
"INSERT INTO timeline_packed SELECT min(time_ms),\n"
"timeline_lines(time_ms, kind, rank, twin, ref, text_len, jsonl_len) FROM (\n"
"SELECT *, min(n) OVER (PARTITION BY time_ms) / 64 AS part FROM (\n"
"SELECT *, row_number() OVER (ORDER BY time_ms, kind, rank, twin, ref) - 1 AS n FROM timeline))\n"
"GROUP BY part;\n"
"DROP TABLE timeline;\n"
"ALTER TABLE timeline_packed RENAME TO timeline;\n";

/* Lines of one millisecond may be in several rows: the place is finer than the time. */
static const char places[] =
"CREATE TABLE timeline_packed(\n"
"	-- The lines of timeline/ in their order, which is that of what happened, not of arrival: each\n"
"	-- row has those up to the next one's place.\n"
"	first INTEGER PRIMARY KEY,     -- place of the first line: milliseconds and 20 bits, see\n"
"	                               -- timeline_row.c\n"
"	lines BLOB NOT NULL            -- as timeline_row.c has them\n"
") STRICT;\n"
"INSERT INTO timeline_packed SELECT first_ms << 20, lines FROM timeline ORDER BY first_ms;\n"
"DROP TABLE timeline;\n"
"ALTER TABLE timeline_packed RENAME TO timeline;\n";

/* The lines of a row in columns, and a rank only where it is needed. */
static const char columns[] =
"UPDATE timeline SET lines = timeline_packed(first, coalesce((SELECT n.first FROM timeline n\n"
"WHERE n.first > timeline.first ORDER BY n.first LIMIT 1), 9223372036854775807), lines);\n";

/* clang-format on */

const char *const schema_timeline[] = { lines, NULL };
const char *const schema_places[] = { places, NULL };
const char *const schema_columns[] = { columns, NULL };
