// SPDX-License-Identifier: Apache-2.0
// The yardstick of an import: CloudTrail files into a DuckDB file, its JSON read and eight fields
// taken out of every record, each record once. Prints the seconds that took, and the records.
//
//   node duckdb.mjs DATABASE FOLDER...
import { DuckDBInstance } from "@duckdb/node-api";

const [database, ...folders] = process.argv.slice(2);
const files = folders.map((f) => `'${f}/**/*.json.gz'`).join(", ");
const start = process.hrtime.bigint();
const instance = await DuckDBInstance.create(database);
const connection = await instance.connect();
await connection.run(`CREATE TABLE raw AS SELECT unnest(Records) AS r FROM
	read_json([${files}], columns = {Records: 'JSON[]'}, maximum_object_size = 268435456)`);
await connection.run(`CREATE TABLE event AS SELECT DISTINCT ON (eventID) * FROM (SELECT
	r->>'eventID' AS eventID, CAST(r->>'eventTime' AS TIMESTAMP) AS eventTime,
	r->>'eventSource' AS eventSource, r->>'eventName' AS eventName, r->>'awsRegion' AS awsRegion,
	r->>'sourceIPAddress' AS sourceIPAddress, r->>'$.userIdentity.arn' AS principal,
	r->>'recipientAccountId' AS account, r FROM raw)`);
const rows = await connection.runAndReadAll("SELECT count(*) FROM event");
await connection.run("CHECKPOINT");
connection.closeSync();
instance.closeSync();
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
console.log(JSON.stringify({ seconds, records: Number(rows.getRows()[0][0]) }));
