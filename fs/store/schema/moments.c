/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What listings and inventories of a past moment need: how long each state's part of an inventory
 * is, so that a stat sums up instead of rendering, and for each folder from when on there is
 * anything in it and whether anything has changed. The rows of an older history are filled when
 * its stories are made anew, so all of them are to be.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char columns[] =
"ALTER TABLE shown ADD COLUMN csv_len\n"
"	/* bytes of its line in inventory.csv; NULL: its story is not made yet */ INTEGER;\n"
"ALTER TABLE shown ADD COLUMN jsonl_len\n"
"	/* bytes of its line in inventory.jsonl; NULL as above */ INTEGER;\n"
"ALTER TABLE shown ADD COLUMN item_len\n"
"	/* bytes of the item in snapshot.json; NULL as above */ INTEGER;\n"
"ALTER TABLE folder ADD COLUMN first_ms\n"
"	/* no state beneath it is older */ INTEGER NOT NULL DEFAULT 0;\n"
"ALTER TABLE folder ADD COLUMN changed\n"
"	/* grows whenever a listing row beneath it does */ INTEGER NOT NULL DEFAULT 0;\n";

static const char renew[] =
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* clang-format on */

const char *const schema_moments[] = { columns, renew, NULL };
