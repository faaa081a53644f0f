/* SPDX-License-Identifier: Apache-2.0 */
/* Among the counters: from when to when there are items and events, which is asked all the time, and the
   commits, of which this is the first. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char spans[] =
"-- A first time less than nothing, so that both are raised.\n"
"INSERT INTO counter(name, n) SELECT 'first ' || what, -min(first_ms) FROM tally\n"
"WHERE what IN ('item', 'event') GROUP BY what;\n"
"INSERT INTO counter(name, n) SELECT 'last ' || what, max(last_ms) FROM tally\n"
"WHERE what IN ('item', 'event') GROUP BY what;\n"
"INSERT INTO counter(name, n) VALUES('commit', 1);\n";

/* clang-format on */

const char *const schema_spans[] = { spans, NULL };
