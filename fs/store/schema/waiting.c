/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of `gathered`, which an import that was killed has left, in a form in which each posting has a
 * time. In the one before it those of a unit, two of one event and of different times, could not be told:
 * what they stood for is made anew of the units.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

#define LEFT "EXISTS(SELECT 1 FROM gathered WHERE list = 6)"

static const char waiting[] =
"DELETE FROM unit_token WHERE " LEFT ";\n"
"INSERT INTO unit_token " SCHEMA_POSTINGS("token", "time_ms", "unit",
	"SELECT arn_token >> 16 & 281474976710655 AS token, first_ms AS time_ms, value AS unit FROM unit "
	"WHERE " LEFT " UNION ALL SELECT ~key_token >> 16 & 281474976710655, 0, value FROM unit "
	"WHERE key_token NOT NULL AND " LEFT, "128") ";\n"
"DELETE FROM gathered WHERE list = 6;\n"
"UPDATE gathered SET postings = gathered_again(postings);\n";

/* clang-format on */

const char *const schema_waiting[] = { waiting, NULL };
