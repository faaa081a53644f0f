/* SPDX-License-Identifier: Apache-2.0 */
/* What was kept twice: how many items a resource has, when a source was finished last. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char resources[] =
"ALTER TABLE resource ADD COLUMN items INTEGER NOT NULL DEFAULT 0"
" /* that came in: what the recorder is paid for */;\n"
"UPDATE resource SET items = coalesce((SELECT items FROM churn c WHERE c.resource = resource.id), 0);\n"
"DROP TABLE churn;\n"
"CREATE INDEX resource_by_items ON resource(folder, items DESC, rid);\n"
"INSERT OR REPLACE INTO counter(name, n) SELECT 'last finish', max(finished_ms) FROM source\n"
"WHERE finished_ms > 0 HAVING count(*);\n"
"DROP INDEX source_by_finish;\n";

/* Of the token the index has half: the row tells. */
static const char edges[] =
"DROP INDEX edge_by_token;\n"
"CREATE INDEX edge_by_token ON edge(token >> 32);\n";

/* Above CHURN_FEW: most have fewer, and each item of a resource moves its row of the index. */
static const char busy[] =
"DROP INDEX resource_by_items;\n"
"CREATE INDEX resource_by_items ON resource(folder, items DESC, rid) WHERE items > 16;\n";

/* clang-format on */

const char *const schema_narrow[] = { resources, edges, NULL };
const char *const schema_busy[] = { busy, NULL };
