/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history's schema as a ladder of migrations: numbered from 1, never changed once released,
 * only added to. It brings an old history up; a new one is made at once (fresh.c), to the same.
 *
 * Facts are what was imported and cannot be made again; derived tables follow from the facts
 * and may be emptied and filled anew. SQLite keeps the text of each CREATE with its comments,
 * so `.schema` of any history explains itself.
 *
 * Times are milliseconds since 1970 (UTC), hashes and tokens 64-bit XXH3 values kept as signed
 * integers. Rows that may go away (retention) have AUTOINCREMENT ids: an id names one thing for
 * ever, since inode numbers are made of them.
 */
#include "schema.h"

#include "util/macro.h"

/* clang-format off */

static const char first_facts[] =
"CREATE TABLE source(\n"
"	-- The ledger: every source object ever imported.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	name TEXT NOT NULL UNIQUE,     -- absolute path or URL\n"
"	size INTEGER NOT NULL,         -- bytes as stored at the source\n"
"	version INTEGER NOT NULL,      -- file: mtime in ns; object: hash of its ETag\n"
"	finished INTEGER NOT NULL,     -- 1: everything in it is in the history\n"
"	finished_ms INTEGER,           -- when it was finished last\n"
"	items INTEGER NOT NULL DEFAULT 0,       -- states it brought that were new\n"
"	events INTEGER NOT NULL DEFAULT 0,      -- events it brought that were new\n"
"	transitions INTEGER NOT NULL DEFAULT 0, -- alarm transitions it brought that were new\n"
"	duplicates INTEGER NOT NULL DEFAULT 0,  -- records known already\n"
"	notices INTEGER NOT NULL DEFAULT 0,     -- records recognised, with nothing to keep\n"
"	refused INTEGER NOT NULL DEFAULT 0      -- records turned down\n"
") STRICT;\n"
"CREATE TABLE refusal(\n"
"	-- What was turned down, with its bytes.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	source INTEGER NOT NULL REFERENCES source,\n"
"	offset INTEGER NOT NULL,       -- in the decompressed source; -1: unknown\n"
"	field TEXT NOT NULL,           -- the field concerned, '' when none\n"
"	reason TEXT NOT NULL,          -- one line for a person\n"
"	length INTEGER NOT NULL,       -- bytes of the record\n"
"	hash INTEGER NOT NULL,         -- of the bytes kept\n"
"	bytes BLOB NOT NULL,           -- zstd of the record, cut at 1 MiB\n"
"	bytes_len INTEGER NOT NULL,    -- bytes kept, uncompressed\n"
"	UNIQUE(source, offset, reason, hash)\n"
") STRICT;\n"
"CREATE TABLE notice(\n"
"	-- Recognised input with nothing to keep, counted by what it is.\n"
"	source INTEGER NOT NULL REFERENCES source,\n"
"	what TEXT NOT NULL,            -- digest, writability check ...\n"
"	n INTEGER NOT NULL,            -- how many the source held\n"
"	PRIMARY KEY(source, what)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE folder(\n"
"	-- The directories of resources/: account, region, type segment by segment.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	parent INTEGER NOT NULL,       -- folder above; 0: an account\n"
"	name TEXT NOT NULL,            -- escaped, as listed\n"
"	account TEXT NOT NULL,         -- of everything beneath\n"
"	region TEXT,                   -- of everything beneath; NULL: an account's folder\n"
"	type TEXT,                     -- of the resources in it; NULL while it has only folders\n"
"	newest_ms INTEGER NOT NULL,    -- newest capture time beneath it\n"
"	UNIQUE(parent, name)\n"
") STRICT;\n"
"CREATE INDEX folder_by_parent ON folder(parent);\n"
"CREATE TABLE resource(\n"
"	-- One row for each account, region, type and resource id.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	folder INTEGER NOT NULL REFERENCES folder,\n"
"	rid TEXT NOT NULL,             -- resourceId as AWS gives it\n"
"	fname TEXT NOT NULL,           -- escaped and unique in the folder, as listed\n"
"	keyframe INTEGER NOT NULL,     -- newest state stored whole: prefix of the next; 0: none\n"
"	deltas INTEGER NOT NULL,       -- states stored against that keyframe\n"
"	UNIQUE(folder, fname),\n"
"	UNIQUE(folder, rid)\n"
") STRICT;\n"
"CREATE INDEX resource_by_folder ON resource(folder);\n"
"CREATE TABLE state(\n"
"	-- One configuration item: a resource as it was recorded at one moment.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,   -- configurationItemCaptureTime\n"
"	state_id TEXT NOT NULL,        -- configurationStateId, '' when absent\n"
"	guise INTEGER NOT NULL,        -- enum item_guise: how much the kept copy tells\n"
"	status INTEGER NOT NULL,       -- enum item_status\n"
"	source INTEGER NOT NULL,       -- the source the kept copy came in\n"
"	content_hash INTEGER NOT NULL, -- of the body without capture metadata\n"
"	base INTEGER,                  -- state whose body is this body's prefix; NULL: a keyframe\n"
"	dictionary INTEGER,            -- of a keyframe's body; NULL: none used\n"
"	body_len INTEGER NOT NULL,     -- bytes of the body\n"
"	raw_len INTEGER NOT NULL,      -- bytes as received\n"
"	body BLOB NOT NULL,            -- zstd of the canonical compact JSON\n"
"	raw BLOB                       -- zstd of the bytes as received, the body as prefix; NULL: same\n"
") STRICT;\n"
"CREATE UNIQUE INDEX state_by_identity ON state(resource, capture_ms, state_id);\n"
"CREATE TABLE event(\n"
"	-- One CloudTrail record.\n"
"	id INTEGER PRIMARY KEY,        -- given out by the counter 'event row', never again\n"
"	identity ANY NOT NULL UNIQUE,  -- GUID of lower-case digits: its 16 bytes; else text\n"
"	time_ms INTEGER NOT NULL,      -- eventTime\n"
"	flags INTEGER NOT NULL,        -- 1 reads only, 2 failed, 4 issued a session, 8 has mentions\n"
"	source INTEGER NOT NULL,       -- the source it came in first\n"
"	hash INTEGER NOT NULL,         -- of the record as received\n"
"	dictionary INTEGER,            -- of the body; NULL: none used\n"
"	body_len INTEGER NOT NULL,     -- bytes of the record\n"
"	body BLOB NOT NULL             -- zstd of the record as received\n"
") STRICT;\n"
"CREATE TABLE mention(\n"
"	-- Which events name a thing: the token is the hash of one of its names.\n"
"	token INTEGER NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	PRIMARY KEY(token, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE actor(\n"
"	-- Which events were made with a credential: token of the access key or session ARN.\n"
"	token INTEGER NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	PRIMARY KEY(token, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE session(\n"
"	-- Which events issued a credential: token of the access key or session ARN.\n"
"	token INTEGER NOT NULL,\n"
"	time_ms INTEGER NOT NULL,      -- of the event\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	PRIMARY KEY(token, time_ms, event)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE alarm(\n"
"	-- CloudWatch alarms, as far as any source tells.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	name TEXT NOT NULL,\n"
"	account TEXT NOT NULL,         -- '' where the source has none\n"
"	region TEXT NOT NULL,          -- '' where the source has none\n"
"	arn TEXT NOT NULL,\n"
"	namespace TEXT NOT NULL,       -- of the metric\n"
"	metric TEXT NOT NULL,\n"
"	UNIQUE(name, account, region)\n"
") STRICT;\n"
"CREATE TABLE alarm_mention(\n"
"	-- What an alarm watches: tokens of its dimensions, its name and its ARN.\n"
"	token INTEGER NOT NULL,\n"
"	alarm INTEGER NOT NULL REFERENCES alarm,\n"
"	PRIMARY KEY(token, alarm)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX alarm_mention_by_alarm ON alarm_mention(alarm);\n"
"CREATE TABLE transition(\n"
"	-- An alarm's change from one state to another.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	alarm INTEGER NOT NULL REFERENCES alarm,\n"
"	time_ms INTEGER NOT NULL,\n"
"	state TEXT NOT NULL,           -- ALARM, OK, INSUFFICIENT_DATA\n"
"	previous_state TEXT NOT NULL,  -- '' when unknown\n"
"	reason TEXT NOT NULL,\n"
"	source INTEGER NOT NULL,       -- the source it came in first\n"
"	raw_len INTEGER NOT NULL,      -- bytes as received\n"
"	raw BLOB NOT NULL,             -- zstd of the bytes as received\n"
"	UNIQUE(alarm, time_ms, state)\n"
") STRICT;\n"
"CREATE TABLE dictionary(\n"
"	-- zstd dictionaries; the newest of a kind is used for what comes in.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	kind INTEGER NOT NULL,         -- 1: events, 2: states\n"
"	samples INTEGER NOT NULL,      -- bodies there were when it was trained\n"
"	bytes BLOB NOT NULL\n"
") STRICT;\n";

static const char first_sums[] =
"CREATE TABLE counter(\n"
"	-- Row totals, kept with the rows, so that status never counts.\n"
"	name TEXT PRIMARY KEY,         -- enum counter, by name\n"
"	n INTEGER NOT NULL\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE tally(\n"
"	-- Row totals by account and region.\n"
"	what TEXT NOT NULL,            -- item, event, alarm\n"
"	account TEXT NOT NULL,\n"
"	region TEXT NOT NULL,\n"
"	type TEXT NOT NULL,            -- resource type, event source, ''\n"
"	n INTEGER NOT NULL,            -- items, events, transitions\n"
"	resources INTEGER NOT NULL,    -- for items\n"
"	first_ms INTEGER NOT NULL,     -- earliest capture, event or transition\n"
"	last_ms INTEGER NOT NULL,      -- latest\n"
"	PRIMARY KEY(what, account, region, type)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE trail(\n"
"	-- From when to when an account's events are in the history.\n"
"	account TEXT PRIMARY KEY,\n"
"	first_ms INTEGER NOT NULL,\n"
"	last_ms INTEGER NOT NULL,\n"
"	spread_first_ms INTEGER,       -- the span stories were made with; NULL: none yet\n"
"	spread_last_ms INTEGER\n"
") STRICT, WITHOUT ROWID;\n";

static const char first_derived[] =
"CREATE TABLE shown(\n"
"	-- The states of a resource as files.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	capture_ms INTEGER NOT NULL,\n"
"	twin INTEGER NOT NULL,         -- number among the states of one millisecond\n"
"	state INTEGER NOT NULL REFERENCES state,\n"
"	size INTEGER NOT NULL,         -- bytes of the file\n"
"	status INTEGER NOT NULL,       -- enum item_status\n"
"	hidden INTEGER NOT NULL,       -- 1: a global item's repetition of the state before it\n"
"	name TEXT,                     -- a deletion's inherited resourceName, else NULL\n"
"	arn TEXT,                      -- a deletion's inherited ARN, else NULL\n"
"	PRIMARY KEY(resource, capture_ms, twin)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE resource_view(\n"
"	-- What a listing tells of a resource.\n"
"	resource INTEGER PRIMARY KEY REFERENCES resource,\n"
"	first_ms INTEGER NOT NULL,     -- capture time of the first state shown\n"
"	newest_ms INTEGER NOT NULL,    -- ... and of the newest\n"
"	latest INTEGER NOT NULL,       -- the newest state shown; 0: none\n"
"	states INTEGER NOT NULL,       -- number of states shown\n"
"	text_len INTEGER NOT NULL,     -- bytes of `changes`\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of `changes.jsonl`\n"
"	changed_ms INTEGER NOT NULL    -- when any of this or a state's body last changed\n"
") STRICT;\n"
"CREATE TABLE entry(\n"
"	-- The story of a resource: changes, attempts, activity, alarms in order of time.\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	time_ms INTEGER NOT NULL,\n"
"	seq INTEGER NOT NULL,          -- order within one millisecond\n"
"	kind INTEGER NOT NULL,         -- enum store_entry_kind\n"
"	ref INTEGER NOT NULL,          -- state, event or transition, by kind\n"
"	previous INTEGER NOT NULL,     -- a change's state before; 0: none\n"
"	change_type INTEGER NOT NULL,  -- enum change_type\n"
"	reason INTEGER NOT NULL,       -- enum reason: why a change has no cause\n"
"	text_len INTEGER NOT NULL,     -- bytes of its block in `changes`\n"
"	jsonl_len INTEGER NOT NULL,    -- bytes of its line in `changes.jsonl`\n"
"	PRIMARY KEY(resource, time_ms, seq)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX entry_by_event ON entry(ref) WHERE kind IN (1, 2);\n"
"CREATE INDEX entry_without_trail ON entry(time_ms) WHERE reason = 1;\n"
"CREATE TABLE cause(\n"
"	-- The events behind a change.\n"
"	resource INTEGER NOT NULL,     -- resource, time_ms, seq: the entry\n"
"	time_ms INTEGER NOT NULL,\n"
"	seq INTEGER NOT NULL,\n"
"	n INTEGER NOT NULL,            -- order among the change's causes\n"
"	event INTEGER NOT NULL REFERENCES event,\n"
"	evidence INTEGER NOT NULL,     -- bits of enum evidence\n"
"	confidence INTEGER NOT NULL,   -- enum confidence\n"
"	PRIMARY KEY(resource, time_ms, seq, n)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX cause_by_event ON cause(event);\n"
"CREATE TABLE alias(\n"
"	-- The names of a resource, as tokens.\n"
"	token INTEGER NOT NULL,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	PRIMARY KEY(token, resource)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX alias_by_resource ON alias(resource);\n"
"CREATE TABLE dirty(\n"
"	-- Resources whose story is to be made anew.\n"
"	resource INTEGER PRIMARY KEY REFERENCES resource,\n"
"	from_ms INTEGER NOT NULL       -- from the change at or before this time on\n"
") STRICT;\n"
"CREATE TABLE spread(\n"
"	-- Facts that came in since dirt was spread last.\n"
"	id INTEGER PRIMARY KEY,\n"
"	kind INTEGER NOT NULL,         -- 1: tokens of things named, 2: of credentials issued\n"
"	time_ms INTEGER NOT NULL,      -- of the event or transition\n"
"	tokens BLOB NOT NULL           -- 64-bit tokens, least byte first\n"
") STRICT;\n";

static const char *const first[] = { first_facts, first_sums, first_derived, NULL };

/* clang-format on */

static const struct migration ladder[] = {
	{ .version = 1, .sql = first },
	{ .version = 2, .sql = schema_moments },
	{ .version = 3, .sql = schema_relations },
	{ .version = 4, .sql = schema_activity },
	{ .version = 5, .sql = schema_names },
	{ .version = 6, .sql = schema_coverage },
	{ .version = 7, .sql = schema_sync },
	{ .version = 8, .sql = schema_apis },
	{ .version = 9, .sql = schema_packed },
	{ .version = 10, .sql = schema_day_end },
	{ .version = 11, .sql = schema_composites },
	{ .version = 12, .sql = schema_openings },
	{ .version = 13, .sql = schema_shapes },
	{ .version = 14, .sql = schema_narrowed },
	{ .version = 15, .sql = schema_chains },
	{ .version = 16, .sql = schema_hours },
	{ .version = 17, .sql = schema_blocks },
	{ .version = 18, .sql = schema_classes },
	{ .version = 19, .sql = schema_lists },
	{ .version = 20, .sql = schema_news },
	{ .version = 21, .sql = schema_told },
	{ .version = 22, .sql = schema_gathered },
	{ .version = 23, .sql = schema_timeline },
	{ .version = 24, .sql = schema_narrow },
	{ .version = 25, .sql = schema_places },
	{ .version = 26, .sql = schema_phrases },
	{ .version = 27, .sql = schema_states },
	{ .version = 28, .sql = schema_postings },
	{ .version = 29, .sql = schema_called },
	{ .version = 30, .sql = schema_values },
	{ .version = 31, .sql = schema_listed },
	{ .version = 32, .sql = schema_spans },
	{ .version = 33, .sql = schema_runs },
	{ .version = 34, .sql = schema_columns },
	{ .version = 35, .sql = schema_busy },
	{ .version = 36, .sql = schema_bearers },
	{ .version = 37,
	  .sql = schema_packs,
	  .move = migrate_states,
	  .end = schema_packs_end },
	{ .version = 38, .sql = schema_edges },
	{ .version = 39, .sql = schema_anew }, /* calls that make a part are on it */
	{ .version = 40, .sql = schema_labels },
	{ .version = 41, .sql = schema_late },
	{ .version = 42, .sql = schema_waiting },
	{ .version = 43,
	  .sql = schema_anew }, /* other spellings, former names, namesakes */
};

const struct migration *schema_migrations(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(ladder);
	return ladder;
}

int schema_version(void)
{
	return ladder[ARRAY_SIZE(ladder) - 1].version;
}
