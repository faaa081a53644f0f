/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For which spans the history knows what happened, and what came in.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

/* imports.tsv and refused.tsv, which may have a line for each of a million objects. */
static const char lines[] =
"CREATE TABLE line(\n"
"	-- Lines of the ledger's tables whose length is known: these are shown.\n"
"	file INTEGER NOT NULL,         -- enum store_lines\n"
"	id INTEGER NOT NULL,           -- of the source or refusal\n"
"	len INTEGER NOT NULL,          -- bytes, newline included\n"
"	PRIMARY KEY(file, id)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE line_due(\n"
"	-- Lines to be measured before the transaction ends: new or changed.\n"
"	file INTEGER NOT NULL,         -- enum store_lines\n"
"	id INTEGER NOT NULL,           -- of the source or refusal\n"
"	PRIMARY KEY(file, id)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE line_page(\n"
"	-- Sums of lengths, kept by triggers.\n"
"	file INTEGER NOT NULL,         -- enum store_lines\n"
"	page INTEGER NOT NULL,         -- id / 1024\n"
"	bytes INTEGER NOT NULL,        -- of the page's lines\n"
"	PRIMARY KEY(file, page)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TRIGGER line_comes AFTER INSERT ON line BEGIN\n"
"	INSERT INTO line_page(file, page, bytes) VALUES(new.file, new.id >> 10, new.len)\n"
"	ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;\n"
"END;\n"
"CREATE TRIGGER line_goes AFTER DELETE ON line BEGIN\n"
"	UPDATE line_page SET bytes = bytes - old.len\n"
"	WHERE file = old.file AND page = old.id >> 10;\n"
"END;\n"
"INSERT INTO line_due SELECT 1, id FROM source UNION ALL SELECT 2, id FROM refusal;\n"
"CREATE INDEX source_by_finish ON source(finished_ms);\n";

static const char churn[] =
"CREATE TABLE churn(\n"
"	-- How many items each resource has: what the recorder is paid for.\n"
"	resource INTEGER PRIMARY KEY REFERENCES resource,\n"
"	folder INTEGER NOT NULL,       -- the resource's\n"
"	rid TEXT NOT NULL,             -- the resource's, to order equals by\n"
"	items INTEGER NOT NULL\n"
") STRICT;\n"
"CREATE INDEX churn_by_items ON churn(folder, items DESC, rid);\n"
"CREATE INDEX folder_by_leaf ON folder(account, region, type) WHERE type IS NOT NULL;\n"
"INSERT INTO churn SELECT r.id, r.folder, r.rid, count(*) FROM resource r\n"
"JOIN state s ON s.resource = r.id GROUP BY r.id;\n";

static const char coverage[] =
"CREATE TABLE day_coverage(\n"
"	-- A UTC day for which a source of an account and region has anything.\n"
"	account TEXT NOT NULL,\n"
"	source INTEGER NOT NULL,       -- enum coverage_source\n"
"	region TEXT NOT NULL,\n"
"	day INTEGER NOT NULL,          -- days since 1970\n"
"	n INTEGER NOT NULL,            -- items, events, transitions; 0: it was running, no more\n"
"	writes INTEGER NOT NULL,       -- of events: those that succeeded and do not only read\n"
"	first_ms INTEGER NOT NULL,     -- the first record or sign of it\n"
"	hours INTEGER NOT NULL,        -- bit h: something is of the day's hour h\n"
"	PRIMARY KEY(account, source, region, day)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE control(\n"
"	-- Calls that stop or start a recorder or a trail, or set what it takes in.\n"
"	event INTEGER PRIMARY KEY REFERENCES event,\n"
"	account TEXT NOT NULL,\n"
"	source INTEGER NOT NULL,       -- enum coverage_source\n"
"	region TEXT NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the event\n"
"	starts INTEGER NOT NULL        -- enum coverage_act\n"
") STRICT;\n"
"INSERT INTO day_coverage SELECT f.account, 1, f.region, s.capture_ms / 86400000, count(*), 0,\n"
"min(s.capture_ms), sum(DISTINCT 1 << (s.capture_ms / 3600000 % 24))\n"
"FROM state s JOIN resource r ON r.id = s.resource JOIN folder f ON f.id = r.folder\n"
"GROUP BY 1, 3, 4;\n"
"INSERT INTO day_coverage SELECT a.account, 3, a.region, t.time_ms / 86400000, count(*), 0,\n"
"min(t.time_ms), sum(DISTINCT 1 << (t.time_ms / 3600000 % 24))\n"
"FROM transition t JOIN alarm a ON a.id = t.alarm GROUP BY 1, 3, 4;\n";

static const char trail_gaps[] =
"CREATE TABLE trail_gap(\n"
"	-- Gaps in trails that have more before: where changes have no cause for want of events.\n"
"	account TEXT NOT NULL,\n"
"	region TEXT NOT NULL,          -- '*': the whole account\n"
"	from_ms INTEGER NOT NULL,\n"
"	to_ms INTEGER NOT NULL,        -- not in it; the largest: it has no end\n"
"	why TEXT NOT NULL,             -- who stopped it, '' when nobody is known\n"
"	PRIMARY KEY(account, region, from_ms)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE trail_due(\n"
"	-- Accounts whose gaps are to be found anew.\n"
"	account TEXT PRIMARY KEY\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX control_by_account ON control(account);\n"
"ALTER TABLE entry ADD COLUMN why TEXT NOT NULL DEFAULT ''"
" /* more than the reason: who stopped the trail */;\n"
"INSERT INTO trail_due SELECT account FROM trail;\n";

static const char alarms[] =
"CREATE TABLE alarm_folder(\n"
"	-- The directories of alarms/: accounts and regions.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	parent INTEGER NOT NULL,       -- folder above; 0: an account\n"
"	name TEXT NOT NULL,            -- escaped, as listed\n"
"	newest_ms INTEGER NOT NULL,    -- newest transition beneath it\n"
"	UNIQUE(parent, name)\n"
") STRICT;\n"
"CREATE INDEX alarm_folder_by_parent ON alarm_folder(parent);\n"
"CREATE TABLE alarm_place(\n"
"	-- Where an alarm with transitions is listed.\n"
"	alarm INTEGER PRIMARY KEY REFERENCES alarm,\n"
"	folder INTEGER NOT NULL REFERENCES alarm_folder,\n"
"	name TEXT NOT NULL,            -- escaped, as listed\n"
"	newest_ms INTEGER NOT NULL,    -- newest transition\n"
"	UNIQUE(folder, name)\n"
") STRICT;\n"
"CREATE INDEX alarm_place_by_folder ON alarm_place(folder);\n"
"CREATE TABLE transition_text(\n"
"	-- A transition's file, as it followed from the stories when they were made.\n"
"	transition INTEGER PRIMARY KEY REFERENCES transition,\n"
"	len INTEGER NOT NULL,          -- bytes of the file\n"
"	bytes BLOB NOT NULL            -- zstd of the file\n"
") STRICT;\n"
"CREATE TABLE transition_due(\n"
"	-- Transitions whose file is to be made anew: what it tells of has changed.\n"
"	transition INTEGER PRIMARY KEY REFERENCES transition\n"
") STRICT;\n"
"CREATE TABLE transition_related(\n"
"	-- Whose changes a transition's file tells of because they are related to what it watches.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	transition INTEGER NOT NULL REFERENCES transition,\n"
"	PRIMARY KEY(resource, transition)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX transition_related_by_transition ON transition_related(transition);\n"
"CREATE TABLE alarm_dimension(\n"
"	-- What an alarm's metrics are of, as far as any source tells.\n"
"	alarm INTEGER NOT NULL REFERENCES alarm,\n"
"	name TEXT NOT NULL,            -- InstanceId\n"
"	value TEXT NOT NULL,\n"
"	PRIMARY KEY(alarm, name, value)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX entry_of_transition ON entry(resource, ref) WHERE kind = 3;\n"
"CREATE INDEX entry_by_transition ON entry(ref) WHERE kind = 3;\n"
"INSERT INTO transition_due SELECT id FROM transition;\n";

static const char last_of_day[] =
"ALTER TABLE day_coverage ADD COLUMN last_ms INTEGER NOT NULL DEFAULT 0"
" /* the last record or sign of the day; 0: not known */;\n";

/* clang-format on */

/* clang-format off */
static const char composites[] =
"CREATE TABLE alarm_child(\n"
"	-- The alarms that a composite one's rule rests on.\n"
"	alarm INTEGER NOT NULL REFERENCES alarm,\n"
"	child TEXT NOT NULL,           -- name, in the same account and region\n"
"	PRIMARY KEY(alarm, child)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX alarm_child_by_name ON alarm_child(child);\n";
/* clang-format on */

const char *const schema_composites[] = { composites, NULL };
const char *const schema_day_end[] = { last_of_day, NULL };
const char *const schema_coverage[] = { lines, churn, coverage, trail_gaps, alarms, NULL };
