/* SPDX-License-Identifier: Apache-2.0 */
/* What a resource is called stands in lists in one row, where two indexes had a row for each. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char lists[] =
"CREATE TABLE alias_set_packed(\n"
"	-- What a resource is called, as lists: what a new story is compared with.\n"
"	resource INTEGER PRIMARY KEY REFERENCES resource,\n"
"	tokens BLOB,                   -- of alias: 64 bits each, least byte first; NULL: none yet\n"
"	own INTEGER,                   -- first of tokens those that states tell, so many; NULL: all,\n"
"	                               -- in one order\n"
"	given INTEGER,                 -- then so many ids that calls were given; then neighbours\n"
"	                               -- that it lost\n"
"	names BLOB,                    -- of bearer, as called.c has them; NULL: none yet\n"
"	refs BLOB                      -- of reference, likewise\n"
") STRICT;\n"
"INSERT INTO alias_set_packed SELECT id, (SELECT tokens FROM alias_set a WHERE a.resource = r.id),\n"
"(SELECT own FROM alias_set a WHERE a.resource = r.id),\n"
"(SELECT given FROM alias_set a WHERE a.resource = r.id),\n"
"(SELECT names_list(name) FROM bearer b WHERE b.resource = r.id),\n"
"(SELECT tokens_list(token) FROM reference k WHERE k.resource = r.id) FROM resource r\n"
"WHERE EXISTS(SELECT 1 FROM alias_set a WHERE a.resource = r.id)\n"
"OR EXISTS(SELECT 1 FROM bearer b WHERE b.resource = r.id)\n"
"OR EXISTS(SELECT 1 FROM reference k WHERE k.resource = r.id) ORDER BY id;\n"
"DROP TABLE alias_set;\n"
"ALTER TABLE alias_set_packed RENAME TO alias_set;\n"
"DROP INDEX bearer_by_resource;\n"
"DROP INDEX reference_by_resource;\n";

/* clang-format on */

const char *const schema_called[] = { lists, NULL };
