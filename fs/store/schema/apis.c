/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only the APIs tell: how recorders are set, the keys that digests are signed with, and
 * points of metrics around changes.
 */
#include "schema.h"

#include <stddef.h>

/* clang-format off */

static const char told[] =
"CREATE TABLE recorder(\n"
"	-- A configuration recorder as AWS Config described it: a row whenever that had changed.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	account TEXT NOT NULL,\n"
"	region TEXT NOT NULL,\n"
"	name TEXT NOT NULL,\n"
"	seen_ms INTEGER NOT NULL,      -- when it was described so first\n"
"	last_ms INTEGER NOT NULL,      -- ... and last\n"
"	hash INTEGER NOT NULL,         -- of what matters of it\n"
"	body TEXT NOT NULL,            -- JSON: recorder, channel and the status of both, the last\n"
"	UNIQUE(account, region, name, seen_ms)\n"
") STRICT;\n"
"CREATE TABLE public_key(\n"
"	-- Keys of CloudTrail's that digests are verified with.\n"
"	fingerprint TEXT PRIMARY KEY,  -- as digests name it\n"
"	der BLOB NOT NULL,             -- PKCS #1, or SubjectPublicKeyInfo\n"
"	from_ms INTEGER NOT NULL,      -- valid for digests of this time\n"
"	to_ms INTEGER NOT NULL,\n"
"	source INTEGER NOT NULL        -- the source it came in first\n"
") STRICT, WITHOUT ROWID;\n";

static const char metrics[] =
"CREATE TABLE series(\n"
"	-- A metric with its dimensions, a statistic and a period: points belong to it.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	account TEXT NOT NULL,\n"
"	region TEXT NOT NULL,\n"
"	namespace TEXT NOT NULL,\n"
"	metric TEXT NOT NULL,\n"
"	tail TEXT NOT NULL,            -- its lines behind the value: statistic, period, dimensions\n"
"	points INTEGER NOT NULL,       -- how many there are\n"
"	value_bytes INTEGER NOT NULL,  -- ... and how long their values are together\n"
"	newest_ms INTEGER NOT NULL,    -- of its points\n"
"	UNIQUE(account, region, namespace, metric, tail)\n"
") STRICT;\n"
"CREATE TABLE point(\n"
"	-- What a metric was at a time: of the period that begins then.\n"
"	series INTEGER NOT NULL REFERENCES series,\n"
"	time_ms INTEGER NOT NULL,\n"
"	value TEXT NOT NULL,           -- the number as it came\n"
"	PRIMARY KEY(series, time_ms)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE series_mention(\n"
"	-- What a metric is of: tokens of its dimensions.\n"
"	series INTEGER NOT NULL REFERENCES series,\n"
"	token INTEGER NOT NULL,\n"
"	PRIMARY KEY(series, token)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE TABLE series_due(\n"
"	-- Series with new points, or that stand at no resource yet.\n"
"	series INTEGER PRIMARY KEY REFERENCES series\n"
") STRICT;\n"
"CREATE TABLE metric_file(\n"
"	-- metrics/NAME.tsv of a resource: all series of one metric.\n"
"	id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
"	resource INTEGER NOT NULL REFERENCES resource,\n"
"	namespace TEXT NOT NULL,\n"
"	metric TEXT NOT NULL,\n"
"	name TEXT NOT NULL,            -- escaped, as listed, without the suffix\n"
"	bytes INTEGER NOT NULL,        -- of its lines, without the header\n"
"	newest_ms INTEGER NOT NULL,    -- of its points\n"
"	UNIQUE(resource, name)\n"
") STRICT;\n"
"CREATE TABLE metric_series(\n"
"	-- Which series stand in which file.\n"
"	file INTEGER NOT NULL REFERENCES metric_file,\n"
"	series INTEGER NOT NULL REFERENCES series,\n"
"	PRIMARY KEY(file, series)\n"
") STRICT, WITHOUT ROWID;\n"
"CREATE INDEX metric_file_of ON metric_file(resource);\n";

/* clang-format on */

const char *const schema_apis[] = { told, metrics, NULL };
