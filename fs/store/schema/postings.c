/* SPDX-License-Identifier: Apache-2.0 */
/* Posting lists with postings of several keys in a row, and with a part of each token. */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

#define ROWS(table, key, time, event, each, most) \
"INSERT INTO " table "_packed " SCHEMA_POSTINGS(key, time, event, each, most) ";\n" \
SCHEMA_REPLACE(table)

/* Of the rows that there are. */
#define OF_LISTS(table, key, place, time, event) \
"SELECT " key ", j.value ->> 0 AS " time ", j.value ->> 1 AS " event "\n" \
"FROM " table " o CROSS JOIN json_each(posting_list(o." place ", o." event ", o.places)) j"

/* The upper 48 bits, of a number without a sign. */
#define OF_TOKEN "o.token >> 16 & 281474976710655 AS token"

#define BY_TOKEN(table, what) \
"CREATE TABLE " table "_packed(\n" \
what \
"	token INTEGER NOT NULL,        -- the upper 48 bits, of the first one\n" \
"	time_ms INTEGER NOT NULL,      -- of the first event\n" \
"	event INTEGER NOT NULL,        -- the first one\n" \
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n" \
"	PRIMARY KEY(token, time_ms, event)\n" \
") STRICT, WITHOUT ROWID;\n"

static const char mentions[] =
BY_TOKEN("mention", "	-- Which events name a thing: the token is the hash of one of its names.\n")
ROWS("mention", "token", "time_ms", "event",
     OF_LISTS("mention", OF_TOKEN, "time_ms", "time_ms", "event"), "128");

static const char actors[] =
BY_TOKEN("actor", "	-- Which events were made with a credential: token of the access key or session ARN.\n")
ROWS("actor", "token", "time_ms", "event",
     OF_LISTS("actor", OF_TOKEN, "time_ms", "time_ms", "event"), "128");

static const char sessions[] =
BY_TOKEN("session", "	-- Which events issued a credential: token of the access key or session ARN.\n")
ROWS("session", "token", "time_ms", "event",
     "SELECT " OF_TOKEN ", time_ms, event FROM session o", "128");

static const char places[] =
"CREATE TABLE activity_packed(\n"
"	-- Which events have a value. Those of one millisecond stand in its file by their keys.\n"
"	value INTEGER NOT NULL REFERENCES value, -- of the first one\n"
"	time_ms INTEGER NOT NULL,      -- of the first event\n"
"	event INTEGER NOT NULL,        -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(value, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
ROWS("activity", "value", "time_ms", "event",
     OF_LISTS("activity", "o.value", "time_ms", "time_ms", "event"), "256");

static const char keys[] =
"CREATE TABLE event_key_packed(\n"
"	-- Events by the hash of their identity, of which 32 bits are here: the records tell.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them, of the first event\n"
"	hash INTEGER NOT NULL,         -- the others, of the first event\n"
"	event INTEGER NOT NULL,        -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, event)\n"
") STRICT, WITHOUT ROWID;\n"
ROWS("event_key", "part", "hash", "event",
     OF_LISTS("event_key", "o.part", "hash", "hash", "event"), "128");

static const char aliases[] =
"CREATE TABLE alias_packed(\n"
"	-- Resources by the tokens of their names, of which 32 bits are here: alias_set tells.\n"
"	part INTEGER NOT NULL,         -- the upper 8 of them, of the first resource\n"
"	hash INTEGER NOT NULL,         -- the others, of the first resource\n"
"	resource INTEGER NOT NULL REFERENCES resource, -- the first one\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(part, hash, resource)\n"
") STRICT, WITHOUT ROWID;\n"
ROWS("alias", "part", "hash", "resource",
     OF_LISTS("alias", "o.part", "hash", "hash", "resource"), "128");

/* clang-format on */

const char *const schema_postings[] = { mentions, actors,  sessions, places,
					keys,     aliases, NULL };
