/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events packed together: their records in blocks, what they are found by in posting lists, and
 * their identities by hash, the record itself being the proof. What an older history has is put
 * into the new tables with functions of migrate_function.c.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char events[] =
"CREATE TABLE event_block(\n"
"	-- The records of events with ids that follow on each other, end to end.\n"
"	id INTEGER PRIMARY KEY,        -- the first event\n"
"	dictionary INTEGER,            -- of the body; NULL: none used\n"
"	len INTEGER NOT NULL,          -- bytes of the records\n"
"	lengths BLOB NOT NULL,         -- of each record but the last, seven bits a byte, least first\n"
"	body BLOB NOT NULL             -- zstd of the records as received\n"
") STRICT;\n"
"INSERT INTO event_block SELECT id, dictionary, body_len, x'', body FROM event ORDER BY id;\n"
"CREATE TABLE event_packed(\n"
"	-- One CloudTrail record; the record itself is in event_block.\n"
"	id INTEGER PRIMARY KEY,        -- given out by the counter 'event row', never again\n"
"	key INTEGER NOT NULL,          -- hash of its identity\n"
"	time_ms INTEGER NOT NULL,      -- eventTime\n"
"	flags INTEGER NOT NULL,        -- 1 reads only, 2 failed, 4 issued a session, 8 has mentions\n"
"	source INTEGER NOT NULL,       -- the source it came in first\n"
"	text_len INTEGER NOT NULL,     -- bytes of its line in a .log; 0: nothing is told of it yet\n"
"	jsonl_len INTEGER NOT NULL     -- bytes of its line in a .jsonl\n"
") STRICT;\n"
"INSERT INTO event_packed SELECT id, event_key(identity), time_ms, flags, source, text_len,\n"
"jsonl_len FROM event ORDER BY id;\n"
"DROP TABLE event;\n"
"ALTER TABLE event_packed RENAME TO event;\n"
"CREATE TABLE event_key(\n"
"	-- Events by the hash of their identity. Two may have one hash: the records tell.\n"
"	key INTEGER NOT NULL,\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	PRIMARY KEY(key, event)\n"
") STRICT, WITHOUT ROWID;\n"
"INSERT INTO event_key SELECT key, id FROM event ORDER BY key, id;\n";

#define COPY(table, key, time) \
"INSERT INTO " table "_packed SELECT " key ", min(ms), posting_first(ms, event),\n" \
"posting_places(ms, event) FROM (SELECT " key ", " time " AS ms, event, (row_number() OVER (\n" \
"PARTITION BY " key " ORDER BY " time ", event) - 1) / 256 AS part FROM " table ")\n" \
"GROUP BY " key ", part;\n" \
"DROP TABLE " table ";\n" \
"ALTER TABLE " table "_packed RENAME TO " table ";\n"

static const char mentions[] =
"CREATE TABLE mention_packed(\n"
"	-- Which events name a thing: the token is the hash of one of its names.\n"
"	token INTEGER NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the first event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(token, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
COPY("mention", "token", "time_ms");

static const char actors[] =
"CREATE TABLE actor_packed(\n"
"	-- Which events were made with a credential: token of the access key or session ARN.\n"
"	token INTEGER NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the first event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(token, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
COPY("actor", "token", "time_ms");

/* Of the order within a second the milliseconds are the upper bits. */
static const char places[] =
"CREATE TABLE activity_packed(\n"
"	-- Which events have a value. Those of one millisecond stand in its file by their keys.\n"
"	value INTEGER NOT NULL REFERENCES value,\n"
"	time_ms INTEGER NOT NULL,      -- of the first event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	places BLOB NOT NULL,          -- those behind it, as posting.c has them\n"
"	PRIMARY KEY(value, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
COPY("activity", "value", "second * 1000 + (rank >> 53)");

/* Filled by what is imported from now on: of older events their record tells. */
static const char opening[] =
"CREATE TABLE opening(\n"
"	-- Who opened a session, by the event: so its record need not be read again for that.\n"
"	event INTEGER PRIMARY KEY REFERENCES event,\n"
"	opener INTEGER NOT NULL,       -- value: who; 0: a service, or nobody\n"
"	opener_role INTEGER NOT NULL,  -- value: that one's role; 0: none\n"
"	parent INTEGER NOT NULL        -- the unit it was done in; 0: none\n"
") STRICT;\n";

/* clang-format on */

const char *const schema_openings[] = { opening, NULL };
const char *const schema_packed[] = { events, mentions, actors, places, NULL };
