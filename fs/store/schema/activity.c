/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the timeline and of activity/: by day, and by each value of an event; and which calls
 * were left out of them. No line is stored, only its place and its length: with the sums of those
 * a file's size is one row, and a place in it is found without making what is before it.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char skipping[] =
"ALTER TABLE source ADD COLUMN all_events INTEGER NOT NULL DEFAULT 1"
" /* 0: its read-only calls are not in the history */;\n"
"ALTER TABLE source ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0"
" /* read-only calls it held that were not taken in */;\n"
"CREATE TABLE skipped_call(\n"
"	-- Read-only calls that were not taken in, by what was called.\n"
"	id INTEGER PRIMARY KEY,\n"
"	service TEXT NOT NULL,         -- eventSource\n"
"	name TEXT NOT NULL,            -- eventName\n"
"	n INTEGER NOT NULL,            -- in all sources\n"
"	UNIQUE(service, name)\n"
") STRICT;\n"
"CREATE TABLE skipped(\n"
"	-- The same by source, so that one that is read again counts anew.\n"
"	source INTEGER NOT NULL REFERENCES source,\n"
"	call INTEGER NOT NULL REFERENCES skipped_call,\n"
"	n INTEGER NOT NULL,\n"
"	PRIMARY KEY(source, call)\n"
") STRICT, WITHOUT ROWID;\n";

static const char lengths[] =
"ALTER TABLE event ADD COLUMN text_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of its line in a .log; 0: nothing is told of it yet */;\n"
"ALTER TABLE event ADD COLUMN jsonl_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of its line in a .jsonl */;\n"
"ALTER TABLE entry ADD COLUMN line_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of a change's line in the timeline's .log; 0: it has none */;\n"
"ALTER TABLE entry ADD COLUMN line_jsonl_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of its line in the timeline's .jsonl */;\n"
"ALTER TABLE cause ADD COLUMN line_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of the change's line behind the event's in a .log of activity/ */;\n"
"ALTER TABLE cause ADD COLUMN line_jsonl_len INTEGER NOT NULL DEFAULT 0"
" /* bytes of it in a .jsonl */;\n";

static const char lines_by_time[] =
"CREATE TABLE timeline(\n"
"	-- The lines of timeline/ in their order, which is that of what happened, not of arrival.\n"
"	time_ms INTEGER NOT NULL,\n"
"	kind INTEGER NOT NULL,         -- enum store_line_kind\n"
"	rank INTEGER NOT NULL,         -- order within a millisecond: hash of what it is about\n"
"	twin INTEGER NOT NULL,         -- number among one resource's changes of that millisecond\n"
"	ref INTEGER NOT NULL,          -- event, state or transition, by kind\n"
"	text_len INTEGER NOT NULL,     -- bytes of the line in .log\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of the line in .jsonl\n"
"	PRIMARY KEY(time_ms, kind, rank, twin, ref)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE timeline_minute(\n"
"	-- Sums of the lines of a minute, for reading from the middle.\n"
"	minute INTEGER PRIMARY KEY,    -- since 1970\n"
"	text_len INTEGER NOT NULL,\n"
"	jsonl_len INTEGER NOT NULL\n"
") STRICT;\n"
"CREATE TABLE timeline_day(\n"
"	-- Sums of the lines of a day: what its files are listed with.\n"
"	day INTEGER PRIMARY KEY,       -- since 1970\n"
"	text_len INTEGER NOT NULL,\n"
"	jsonl_len INTEGER NOT NULL,\n"
"	n INTEGER NOT NULL             -- lines\n"
") STRICT;\n";

static const char lines_by_value[] =
"CREATE TABLE value(\n"
"	-- The values of activity/: principals, addresses and so on.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- enum store_value_kind\n"
"	name TEXT NOT NULL,            -- escaped, as listed without its suffix\n"
"	text_len INTEGER NOT NULL,     -- bytes of its .log\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of its .jsonl\n"
"	newest_ms INTEGER NOT NULL,    -- newest event in it\n"
"	changed INTEGER NOT NULL,      -- the counter 'told' when it last changed\n"
"	UNIQUE(kind, name)\n"
") STRICT;\n"
"CREATE INDEX value_by_kind ON value(kind, id);\n"
"CREATE INDEX value_by_change ON value(kind, changed);\n"
"CREATE TABLE value_day(\n"
"	-- Sums of a value's lines by the day of the event, for reading from the middle.\n"
"	value INTEGER NOT NULL REFERENCES value,\n"
"	day INTEGER NOT NULL,          -- since 1970\n"
"	text_len INTEGER NOT NULL,\n"
"	jsonl_len INTEGER NOT NULL,\n"
"	PRIMARY KEY(value, day)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE activity(\n"
"	-- Which events have a value, in the order of its file.\n"
"	value INTEGER NOT NULL REFERENCES value,\n"
"	second INTEGER NOT NULL,       -- of the event, since 1970\n"
"	rank INTEGER NOT NULL,         -- order within it: milliseconds, then hash of the identity\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	PRIMARY KEY(value, second, rank, event)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE unit(\n"
"	-- Roles' sessions that were acted in, each known by a value that all its events have: its\n"
"	-- access key, or, for a call without one, the session's ARN and the time of the call.\n"
"	value INTEGER PRIMARY KEY REFERENCES value,\n"
"	key_token INTEGER,             -- of the access key; NULL: none\n"
"	arn_token INTEGER NOT NULL,    -- of the session's ARN\n"
"	first_ms INTEGER NOT NULL,     -- its first event\n"
"	principal INTEGER NOT NULL,    -- value: the session itself\n"
"	role INTEGER NOT NULL,         -- value: its role; 0: unknown\n"
"	opener INTEGER NOT NULL,       -- value: who opened it; 0: not known, or nobody\n"
"	opener_role INTEGER NOT NULL,  -- value: that one's role; 0: none\n"
"	parent INTEGER NOT NULL        -- the unit it was opened in; 0: none\n"
") STRICT;\n"
"CREATE INDEX unit_by_key ON unit(key_token) WHERE key_token IS NOT NULL;\n"
"CREATE INDEX unit_by_arn ON unit(arn_token);\n"
"CREATE INDEX unit_by_parent ON unit(parent) WHERE parent > 0;\n"
"CREATE TABLE person(\n"
"	-- Whose files hold a unit's events besides the session's own: all who stand behind it.\n"
"	person INTEGER NOT NULL REFERENCES value,\n"
"	unit INTEGER NOT NULL REFERENCES unit,\n"
"	PRIMARY KEY(person, unit)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX person_by_unit ON person(unit);\n"
"CREATE TABLE unit_dirty(\n"
"	-- Units whose persons are to be found anew.\n"
"	unit INTEGER PRIMARY KEY\n"
") STRICT;\n"
"CREATE TABLE session_news(\n"
"	-- Tokens of credentials that were issued by events not looked at yet.\n"
"	token INTEGER PRIMARY KEY\n"
") STRICT;\n";

/* What a history holds already is told of by the next import. */
static const char catching_up[] =
"INSERT OR REPLACE INTO counter(name, n) SELECT 'untold event', id FROM event"
" ORDER BY id DESC LIMIT 1;\n"
"INSERT OR REPLACE INTO counter(name, n) SELECT 'untold transition', id FROM transition"
" ORDER BY id DESC LIMIT 1;\n"
"INSERT OR REPLACE INTO dirty SELECT id, -9223372036854775808 FROM resource;\n";

/* Of what was not looked at yet it is not known when: it may be as old as it likes. */
static const char news[] =
"ALTER TABLE session_news ADD COLUMN from_ms INTEGER NOT NULL DEFAULT -9223372036854775808"
" /* the first of these events */;\n"
"DROP INDEX unit_by_arn;\n"
"CREATE INDEX unit_by_arn ON unit(arn_token, first_ms);\n";

/* clang-format on */

const char *const schema_news[] = { news, NULL };
const char *const schema_activity[] = { skipping,       lengths,     lines_by_time,
					lines_by_value, catching_up, NULL };
