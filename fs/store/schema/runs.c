/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing rows of a resource's states, some dozens a row: a state is much like the one before it, and
 * what a row of its own tells besides is more than what differs.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* Moments, not rows, are counted: those of one are never apart. */
static const char runs[] =
"CREATE TABLE shown_run(\n"
"	-- The states of a resource as files; statements read them as the table shown.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	first_ms INTEGER NOT NULL,     -- capture time of the first of them\n"
"	states BLOB NOT NULL,          -- up to the next row's, as run_row.c has them\n"
"	PRIMARY KEY(resource, first_ms)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO shown_run SELECT resource, min(capture_ms), run_states(capture_ms, twin, state, size,\n"
"status, hidden, name, arn, told)\n"
"FROM (SELECT *, (dense_rank() OVER (PARTITION BY resource ORDER BY capture_ms) - 1) / 32 AS run\n"
"FROM shown) GROUP BY resource, run;\n"
"DROP TABLE shown;\n";

/* clang-format on */

const char *const schema_runs[] = { runs, NULL };
