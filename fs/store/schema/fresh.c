/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a new history is made of: its schema as it is now, in one piece, since to make each table as
 * it was first and to alter it forty times takes the fifth part of a second. The ladder makes the
 * same (test_migrate.c), so who adds a rung changes this, too.
 *
 * SQLite keeps the text of each CREATE with its comments, so `.schema` of a history explains itself.
 */
#include "schema.h"

#include <stddef.h>

/* Of rows nothing but the first commit, from which readers count. */
static const char first_commit[] = "INSERT INTO counter(name, n) VALUES('commit', 1);";

static const char *const rows[] = { first_commit, NULL };

static const char *const *const fresh[] = { schema_fresh_ledger,
					    schema_fresh_facts,
					    schema_fresh_story,
					    schema_fresh_views,
					    rows,
					    NULL };

const char *const *const *schema_fresh(void)
{
	return fresh;
}
