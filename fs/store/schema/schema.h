/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The ladder of migrations; see ladder.c. */

#include <sqlite3.h>
#include <stddef.h>

#define SCHEMA_APPLICATION_ID 0x44726654 /* "DrfT", in the header of every history */

struct migration {
	int version;            /* user_version once it is done */
	const char *const *sql; /* scripts, NULL-terminated */
	/* What SQL cannot do, between the scripts and those of the end; NULL: nothing. An errno. */
	int (*move)(sqlite3 *db);
	const char *const *end;
};

/* One subject each, in files of their own. */
extern const char *const schema_moments[];
extern const char *const schema_relations[];
extern const char *const schema_activity[];
extern const char *const schema_names[];
extern const char *const schema_coverage[];
extern const char *const schema_sync[];
extern const char *const schema_apis[];
extern const char *const schema_packed[];
extern const char *const schema_day_end[];
extern const char *const schema_composites[];
extern const char *const schema_openings[];
extern const char *const schema_shapes[];
extern const char *const schema_narrowed[];
extern const char *const schema_chains[];
extern const char *const schema_hours[];
extern const char *const schema_blocks[];
extern const char *const schema_classes[];
extern const char *const schema_lists[];
extern const char *const schema_news[];
extern const char *const schema_told[];
extern const char *const schema_gathered[];
extern const char *const schema_timeline[];
extern const char *const schema_narrow[];
extern const char *const schema_places[];
extern const char *const schema_phrases[];
extern const char *const schema_states[];
extern const char *const schema_postings[];
extern const char *const schema_called[];
extern const char *const schema_values[];
extern const char *const schema_listed[];
extern const char *const schema_spans[];
extern const char *const schema_runs[];
extern const char *const schema_columns[];
extern const char *const schema_busy[];
extern const char *const schema_bearers[];
extern const char *const schema_packs[];
extern const char *const schema_packs_end[];

/* See migrate_state.c. */
int migrate_states(sqlite3 *db);
extern const char *const schema_edges[];
extern const char *const schema_anew[];
extern const char *const schema_labels[];
extern const char *const schema_late[];
extern const char *const schema_waiting[];

/* Puts TABLE_packed in TABLE's place. Ids are not given again: what was given last goes along. */
#define SCHEMA_REPLACE(table)                                            \
	"DELETE FROM sqlite_sequence WHERE name = '" table "_packed';\n" \
	"INSERT INTO sqlite_sequence(name, seq) SELECT '" table          \
	"_packed', seq FROM sqlite_sequence\n"                           \
	"WHERE name = '" table "';\n"                                    \
	"DROP TABLE " table ";\n"                                        \
	"ALTER TABLE " table "_packed RENAME TO " table ";\n"

/* Rows of posting.c, of `most` postings each, of those that `each` selects by these names. */
#define SCHEMA_POSTINGS(key, time, event, each, most)                             \
	"SELECT " key ", " time ", " event ", places FROM (SELECT " key ", " time \
	", " event ",\nposting_row(" key ", " time ", " event                     \
	") AS places, min(n) FROM ("                                              \
	"SELECT *, row_number() OVER (\nORDER BY " key ", " time ", " event       \
	") - 1 AS n FROM (" each ")) GROUP BY n / " most ")"

/* What makes of an empty file what the whole ladder makes: lists of scripts, NULL-terminated. See fresh.c. */
const char *const *const *schema_fresh(void);
extern const char *const schema_fresh_ledger[];
extern const char *const schema_fresh_facts[];
extern const char *const schema_fresh_story[];
extern const char *const schema_fresh_views[];

/* In order; the last one's version is what this program writes. */
const struct migration *schema_migrations(size_t *ret_n);
int schema_version(void);
