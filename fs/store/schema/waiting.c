/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of `gathered`, which an import that was killed has left, in a form in which each posting has a
 * time. In the one before it those of a unit, two of one event and of different times, could not be told,
 * and some went into their list at wrong times: so that is made anew of the units, and all persons behind
 * them are looked for once more.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char waiting[] =
"DELETE FROM unit_token;\n"
"INSERT INTO unit_token " SCHEMA_POSTINGS("token", "time_ms", "unit",
	"SELECT arn_token >> 16 & 281474976710655 AS token, first_ms AS time_ms, value AS unit FROM unit "
	"UNION ALL SELECT ~key_token >> 16 & 281474976710655, 0, value FROM unit "
	"WHERE key_token NOT NULL", "128") ";\n"
"INSERT INTO unit_dirty SELECT value FROM unit WHERE true ON CONFLICT DO NOTHING;\n"
"DELETE FROM gathered WHERE list = 6;\n"
"UPDATE gathered SET postings = gathered_again(postings);\n";

/* clang-format on */

const char *const schema_waiting[] = { waiting, NULL };
