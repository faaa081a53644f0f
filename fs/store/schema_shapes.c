/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes: in which order the items of a type come with their members, so that what was received
 * is made from the body and needs no bytes of its own. States put before stay as they are.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char shapes[] =
"CREATE TABLE shape(\n"
"	-- Orders of members, as util/json_shape.h has them; the newest of a kind is tried.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- hash of what comes so: type, guise\n"
"	n INTEGER NOT NULL,            -- which of its kind: 1, 2 ...\n"
"	len INTEGER NOT NULL,          -- bytes of the text\n"
"	text BLOB NOT NULL             -- zstd of it\n"
") STRICT;\n"
"CREATE INDEX shape_by_kind ON shape(kind);\n"
"ALTER TABLE state ADD COLUMN shape INTEGER"
" /* raw is against the body in this shape, NULL: the same; of NULL see raw */;\n";

/* clang-format on */

const char *const schema_shapes[] = { shapes, NULL };
