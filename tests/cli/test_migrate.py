# SPDX-License-Identifier: Apache-2.0
"""A history of an older schema, with all its rows, is brought up: every view is as it was.

The history is written by the program of today and then taken down the ladder, a rung at a time, to
what the program of that schema would have written.
"""
import contextlib
import gzip
import itertools
import json
import pathlib
import sqlite3
import struct
import subprocess
import sys
import urllib.parse
import uuid

from support import (ACCOUNT, DONE, FAILED, REGION, Case, bearers, driftfs, dump, edges, event,
                     events, events_of_block, history_file, item, numbers, postings, run_renumbered,
                     shown, state_table, states, timeline, timeline_lines, told, trail_file, varint)

ROOT = pathlib.Path(__file__).resolve().parents[2]
ITEMS = b'"configurationItems":'
RECORDS = '"Records":'
LAST_MS = (1 << 63) - 1

STATE_15 = """CREATE TABLE state_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, resource INTEGER NOT NULL REFERENCES resource,
capture_ms INTEGER NOT NULL, state_id ANY NOT NULL, guise INTEGER NOT NULL,
status INTEGER NOT NULL, source INTEGER NOT NULL, content_hash INTEGER NOT NULL, base INTEGER,
dictionary INTEGER, shape INTEGER, body_len INTEGER NOT NULL, raw_len INTEGER NOT NULL,
body BLOB NOT NULL, raw BLOB) STRICT;
INSERT INTO state_old SELECT id, resource, capture_ms, CASE typeof(state_id)
WHEN 'integer' THEN state_id + capture_ms ELSE state_id END, guise, status, source,
content_hash | (id << 47), nullif((SELECT min(id) FROM state f WHERE f.resource = s.resource), id),
NULL, shape, body_len, raw_len, whole_body(id), raw FROM state s ORDER BY id;
DROP TABLE state;
ALTER TABLE state_old RENAME TO state;
CREATE INDEX state_by_moment ON state(resource, capture_ms);
CREATE TABLE resource_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL REFERENCES folder,
rid TEXT NOT NULL, fname TEXT NOT NULL, keyframe INTEGER NOT NULL, deltas INTEGER NOT NULL,
UNIQUE(folder, fname), UNIQUE(folder, rid)) STRICT;
INSERT INTO resource_old SELECT r.id, folder, rid, fname, min(s.id), count(*) - 1
FROM resource r JOIN state s ON s.resource = r.id GROUP BY r.id;
DROP TABLE resource;
ALTER TABLE resource_old RENAME TO resource;
CREATE INDEX resource_by_folder ON resource(folder);
CREATE INDEX resource_by_rid ON resource(rid);
DROP TABLE unlisted;
"""

HOURS_16 = f"""CREATE TABLE edge_old(
source INTEGER NOT NULL REFERENCES resource, seq INTEGER NOT NULL, what TEXT NOT NULL,
type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, since_ms INTEGER NOT NULL,
until_ms INTEGER NOT NULL, source_name TEXT NOT NULL, token INTEGER NOT NULL, target INTEGER,
out_len INTEGER NOT NULL, in_len INTEGER NOT NULL, at_len INTEGER NOT NULL,
PRIMARY KEY(source, seq)) STRICT, WITHOUT ROWID;
INSERT INTO edge_old SELECT e.source, seq, what, type, e.id, name, since_ms,
iif(until_ms, until_ms, {LAST_MS}), source_name, token, target, out_len, in_len, at_len
FROM edge e JOIN relation k ON k.id = e.relation;
DROP TABLE edge;
DROP TABLE relation;
ALTER TABLE edge_old RENAME TO edge;
CREATE INDEX edge_by_token ON edge(token);
CREATE INDEX edge_by_target ON edge(target) WHERE target IS NOT NULL;
CREATE INDEX entry_without_trail ON entry(time_ms) WHERE reason = 1;
CREATE TABLE timeline_minute(
minute INTEGER PRIMARY KEY, text_len INTEGER NOT NULL, jsonl_len INTEGER NOT NULL) STRICT;
INSERT INTO timeline_minute SELECT time_ms / 60000, sum(text_len), sum(jsonl_len) FROM timeline
GROUP BY 1;
DROP TABLE timeline_hour;
CREATE INDEX alias_by_resource ON alias(resource);
DROP TABLE alias_set;
"""

BLOCKS_17 = """CREATE TABLE event(
id INTEGER PRIMARY KEY, key INTEGER NOT NULL, time_ms INTEGER NOT NULL, flags INTEGER NOT NULL,
source INTEGER NOT NULL, text_len INTEGER NOT NULL, jsonl_len INTEGER NOT NULL) STRICT;
INSERT INTO event SELECT event, key, 0, event_column(event, 'bits') & 15,
event_column(event, 'source'), event_column(event, 'text_len'), event_column(event, 'jsonl_len')
FROM event_key;
CREATE TABLE event_block_old(
id INTEGER PRIMARY KEY, dictionary INTEGER, len INTEGER NOT NULL, lengths BLOB NOT NULL,
body BLOB NOT NULL) STRICT;
INSERT INTO event_block_old SELECT id, NULL, block_len(id, rows, ids), block_lengths(id, rows, ids),
block_body(id, rows, ids) FROM event_block;
DROP TABLE event_block;
ALTER TABLE event_block_old RENAME TO event_block;
"""

LISTS_19 = """CREATE TABLE event_key_old(
key INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY(key, event)) STRICT, WITHOUT ROWID;
INSERT INTO event_key_old SELECT hash_in_list(value), id_in_list(value)
FROM json_each(list('event_key'));
DROP TABLE event_key;
ALTER TABLE event_key_old RENAME TO event_key;
CREATE TABLE alias_old(
token INTEGER NOT NULL, resource INTEGER NOT NULL REFERENCES resource,
PRIMARY KEY(token, resource)) STRICT, WITHOUT ROWID;
INSERT INTO alias_old SELECT hash_in_list(value), id_in_list(value)
FROM json_each(list('alias'));
DROP TABLE alias;
ALTER TABLE alias_old RENAME TO alias;
"""

CLASSES_18 = """ALTER TABLE alias_set DROP COLUMN own;
ALTER TABLE alias_set DROP COLUMN given;
"""

NEWS_20 = """ALTER TABLE session_news DROP COLUMN from_ms;
DROP INDEX unit_by_arn;
CREATE INDEX unit_by_arn ON unit(arn_token);
"""

INDEXES_OF_ENTRY = """CREATE INDEX entry_by_event ON entry(ref) WHERE kind IN (1, 2);
CREATE INDEX entry_of_transition ON entry(resource, ref) WHERE kind = 3;
CREATE INDEX entry_by_transition ON entry(ref) WHERE kind = 3;
"""

TOLD_21 = f"""CREATE TABLE entry_old(
resource INTEGER NOT NULL REFERENCES resource, time_ms INTEGER NOT NULL, seq INTEGER NOT NULL,
kind INTEGER NOT NULL, ref INTEGER NOT NULL, previous INTEGER NOT NULL,
change_type INTEGER NOT NULL, reason INTEGER NOT NULL, text_len INTEGER NOT NULL,
jsonl_len INTEGER NOT NULL, line_len INTEGER NOT NULL DEFAULT 0,
line_jsonl_len INTEGER NOT NULL DEFAULT 0, why TEXT NOT NULL DEFAULT '',
PRIMARY KEY(resource, time_ms, seq)) STRICT, WITHOUT ROWID;
INSERT INTO entry_old SELECT resource, capture_ms, told(told, 'seq'), 0, state,
coalesce(told(told, 'previous'),
         lag(state, 1, 0) OVER (PARTITION BY resource ORDER BY capture_ms, twin)),
told(told, 'change_type'), told(told, 'reason'), told(told, 'text_len'),
told(told, 'changes_jsonl_len'), told(told, 'line_len'), told(told, 'line_jsonl_len'),
told(told, 'why') FROM shown WHERE told(told, 'change_type') NOT NULL;
INSERT INTO entry_old SELECT resource, time_ms, seq, kind, ref, 0, 0, 0, text_len, jsonl_len, 0, 0,
'' FROM entry;
DROP TABLE entry;
ALTER TABLE entry_old RENAME TO entry;
{INDEXES_OF_ENTRY}
CREATE TABLE shown_old(
resource INTEGER NOT NULL REFERENCES resource, capture_ms INTEGER NOT NULL, twin INTEGER NOT NULL,
state INTEGER NOT NULL REFERENCES state, size INTEGER NOT NULL, status INTEGER NOT NULL,
hidden INTEGER NOT NULL, name TEXT, arn TEXT, csv_len INTEGER, jsonl_len INTEGER,
item_len INTEGER, PRIMARY KEY(resource, capture_ms, twin)) STRICT, WITHOUT ROWID;
INSERT INTO shown_old SELECT resource, capture_ms, twin, state, size, status, hidden, name, arn,
told(told, 'csv_len'), told(told, 'jsonl_len'), told(told, 'item_len') FROM shown;
DROP TABLE shown;
ALTER TABLE shown_old RENAME TO shown;
ALTER TABLE unlisted DROP COLUMN told;
"""

TIMELINE_23 = """CREATE TABLE timeline_old(
time_ms INTEGER NOT NULL, kind INTEGER NOT NULL, rank INTEGER NOT NULL, twin INTEGER NOT NULL,
ref INTEGER NOT NULL, text_len INTEGER NOT NULL, jsonl_len INTEGER NOT NULL,
PRIMARY KEY(time_ms, kind, rank, twin, ref)) STRICT, WITHOUT ROWID;
INSERT INTO timeline_old SELECT value ->> 0, value ->> 1, coalesce(value ->> 2, 0) | (value ->> 1 = 1),
value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(lines_of_timeline());
DROP TABLE timeline;
ALTER TABLE timeline_old RENAME TO timeline;
"""

NARROW_24 = """DROP INDEX resource_by_items;
CREATE TABLE churn(resource INTEGER PRIMARY KEY REFERENCES resource, folder INTEGER NOT NULL,
rid TEXT NOT NULL, items INTEGER NOT NULL) STRICT;
INSERT INTO churn SELECT id, folder, rid, items FROM resource WHERE items > 0;
CREATE INDEX churn_by_items ON churn(folder, items DESC, rid);
ALTER TABLE resource DROP COLUMN items;
DELETE FROM counter WHERE name = 'last finish';
CREATE INDEX source_by_finish ON source(finished_ms);
DROP INDEX edge_by_token;
CREATE INDEX edge_by_token ON edge(token);
"""

PLACES_25 = """CREATE TABLE timeline_old(
first_ms INTEGER PRIMARY KEY, lines BLOB NOT NULL) STRICT;
INSERT INTO timeline_old SELECT first >> 20, lines FROM timeline;
DROP TABLE timeline;
ALTER TABLE timeline_old RENAME TO timeline;
"""

PHRASES_26 = """UPDATE event_block SET dictionary = NULL, rows = plain_rows(id, rows, ids),
body = plain_body(id, rows, ids);
ALTER TABLE dictionary DROP COLUMN phrases;
"""

STATES_27 = """CREATE TABLE state_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, resource INTEGER NOT NULL REFERENCES resource,
capture_ms INTEGER NOT NULL, state_id ANY NOT NULL, guise INTEGER NOT NULL,
status INTEGER NOT NULL, source INTEGER NOT NULL, content_hash INTEGER NOT NULL, base INTEGER,
dictionary INTEGER, shape INTEGER, body_len INTEGER NOT NULL, raw_len INTEGER NOT NULL,
body BLOB NOT NULL, raw BLOB) STRICT;
INSERT INTO state_old SELECT id, resource, capture_ms, state_id, kind & 7, kind >> 3 & 7, source,
id, iif(base > 0, base, NULL), iif(base < 0, -base, NULL), nullif(kind >> 6, 0), body_len,
coalesce(measured_len(raw), body_len), body, measured_bytes(raw) FROM state ORDER BY id;
DROP TABLE state;
ALTER TABLE state_old RENAME TO state;
"""

# Of 48 bits of a token the 64 that it may have had.
WHOLE_TOKEN = "(value ->> 0) << 16"


def list_before_28(table, key, time, one, whole="value ->> 0"):
    return f"""DROP TABLE {table};
CREATE TABLE {table}(
{key} INTEGER NOT NULL, {time} INTEGER NOT NULL, {one} INTEGER NOT NULL, places BLOB NOT NULL,
PRIMARY KEY({key}, {time}, {one})) STRICT, WITHOUT ROWID;
INSERT INTO {table} SELECT {whole}, value ->> 1, value ->> 2, bytes_of(value ->> 3)
FROM json_each(rows_of('{table}'));
"""


POSTINGS_28 = "".join([
    list_before_28("mention", "token", "time_ms", "event", WHOLE_TOKEN),
    list_before_28("actor", "token", "time_ms", "event", WHOLE_TOKEN),
    list_before_28("activity", "value", "time_ms", "event"),
    list_before_28("event_key", "part", "hash", "event"),
    list_before_28("alias", "part", "hash", "resource")]) + f"""DROP TABLE session;
CREATE TABLE session(
token INTEGER NOT NULL, time_ms INTEGER NOT NULL, event INTEGER NOT NULL,
PRIMARY KEY(token, time_ms, event)) STRICT, WITHOUT ROWID;
INSERT INTO session SELECT {WHOLE_TOKEN}, value ->> 1, value ->> 2
FROM json_each(postings_of('session'));
"""

VALUES_30 = """DROP TABLE value_name;
CREATE TABLE value_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, name TEXT NOT NULL,
text_len INTEGER NOT NULL, jsonl_len INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
changed INTEGER NOT NULL, UNIQUE(kind, name)) STRICT;
INSERT INTO value_old SELECT * FROM value;
DROP TABLE value;
ALTER TABLE value_old RENAME TO value;
CREATE INDEX value_by_kind ON value(kind, id);
CREATE INDEX value_by_change ON value(kind, changed);
DROP TABLE unit_token;
CREATE INDEX unit_by_key ON unit(key_token) WHERE key_token IS NOT NULL;
CREATE INDEX unit_by_arn ON unit(arn_token, first_ms);
DROP TABLE person_behind;
DROP TABLE person;
CREATE TABLE person(
person INTEGER NOT NULL REFERENCES value, unit INTEGER NOT NULL REFERENCES unit,
PRIMARY KEY(person, unit)) STRICT, WITHOUT ROWID;
INSERT INTO person SELECT value ->> 0, value ->> 2 FROM json_each(postings_of('person'));
CREATE INDEX person_by_unit ON person(unit);
"""

CALLED_29 = """CREATE TABLE alias_set_old(
resource INTEGER PRIMARY KEY REFERENCES resource, tokens BLOB NOT NULL, own INTEGER,
given INTEGER) STRICT;
INSERT INTO alias_set_old SELECT resource, tokens, own, given FROM alias_set
WHERE tokens IS NOT NULL;
DROP TABLE alias_set;
ALTER TABLE alias_set_old RENAME TO alias_set;
CREATE INDEX bearer_by_resource ON bearer(resource);
CREATE INDEX reference_by_resource ON reference(resource);
"""

LISTED_31 = """CREATE TABLE resource_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL REFERENCES folder,
rid TEXT NOT NULL, fname TEXT NOT NULL, last INTEGER NOT NULL, chain INTEGER NOT NULL,
items INTEGER NOT NULL DEFAULT 0, UNIQUE(folder, fname), UNIQUE(folder, rid)) STRICT;
INSERT INTO resource_old SELECT id, folder, rid, coalesce(fname, rid), last, chain, items
FROM resource ORDER BY id;
DROP TABLE resource;
ALTER TABLE resource_old RENAME TO resource;
CREATE INDEX resource_by_folder ON resource(folder);
CREATE INDEX resource_by_rid ON resource(rid);
CREATE INDEX resource_by_items ON resource(folder, items DESC, rid);
"""

SPANS_32 = """DELETE FROM counter
WHERE name IN ('first item', 'last item', 'first event', 'last event', 'commit');
"""

RUNS_33 = """CREATE TABLE shown(
resource INTEGER NOT NULL REFERENCES resource, capture_ms INTEGER NOT NULL, twin INTEGER NOT NULL,
state INTEGER NOT NULL REFERENCES state, size INTEGER NOT NULL, status INTEGER NOT NULL,
hidden INTEGER NOT NULL, name TEXT, arn TEXT, told BLOB,
PRIMARY KEY(resource, capture_ms, twin)) STRICT, WITHOUT ROWID;
INSERT INTO shown SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
value ->> 6, value ->> 7, value ->> 8, bytes_of(value ->> 9) FROM json_each(rows_of_runs());
DROP TABLE shown_run;
"""

PACKS_37 = """DROP TABLE state;
CREATE TABLE state(
id INTEGER PRIMARY KEY AUTOINCREMENT, resource INTEGER NOT NULL REFERENCES resource,
capture_ms INTEGER NOT NULL, state_id ANY NOT NULL, source INTEGER NOT NULL, kind INTEGER NOT NULL,
base INTEGER NOT NULL, body_len INTEGER NOT NULL, body BLOB NOT NULL, raw BLOB) STRICT;
INSERT INTO state SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
value ->> 5, value ->> 6, value ->> 7, whole_body(value ->> 0), bytes_of(value ->> 8)
FROM json_each(rows_of_states()) ORDER BY 1;
DROP TABLE state_pack;
DROP TABLE arrival;
ALTER TABLE resource DROP COLUMN last;
ALTER TABLE resource ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
ALTER TABLE resource ADD COLUMN chain INTEGER NOT NULL DEFAULT 0;
UPDATE resource SET (last, chain) = (SELECT max(id), count(*) FROM state s
                                     WHERE s.resource = resource.id);
UPDATE resource_view SET latest = old_id(latest) WHERE latest;
UPDATE unlisted SET state = old_id(state);
UPDATE shown_run SET states = old_run(first_ms, states);
UPDATE timeline SET lines = old_lines(first >> 20, lines);
"""

COLUMNS_34 = "UPDATE timeline SET lines = timeline_in_bytes(first, lines);"
BUSY_35 = """DROP INDEX resource_by_items;
CREATE INDEX resource_by_items ON resource(folder, items DESC, rid);
"""

BEARERS_36 = """CREATE TABLE bearer_old(
name INTEGER NOT NULL REFERENCES name, resource INTEGER NOT NULL REFERENCES resource,
PRIMARY KEY(name, resource)) STRICT, WITHOUT ROWID;
INSERT INTO bearer_old SELECT value ->> 0, value ->> 1 FROM json_each(bearers_of_names());
DROP TABLE bearer;
ALTER TABLE bearer_old RENAME TO bearer;
UPDATE name SET tail = (SELECT rid FROM resource WHERE id = name.resource) WHERE tail IS NULL;
CREATE TABLE name_old(
id INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, hash INTEGER NOT NULL,
stem INTEGER NOT NULL, tail TEXT NOT NULL, n INTEGER NOT NULL, newest_ms INTEGER NOT NULL) STRICT;
INSERT INTO name_old SELECT id, space, hash, stem, tail, n, newest_ms FROM name ORDER BY id;
DROP TABLE name;
ALTER TABLE name_old RENAME TO name;
CREATE INDEX name_by_hash ON name(space, hash);
"""

# Its token is not asked for any more.
EDGES_38 = """CREATE TABLE edge(
source INTEGER NOT NULL REFERENCES resource, seq INTEGER NOT NULL,
relation INTEGER NOT NULL REFERENCES relation, id TEXT NOT NULL, name TEXT NOT NULL,
since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, source_name TEXT NOT NULL,
token INTEGER NOT NULL, target INTEGER, out_len INTEGER NOT NULL, in_len INTEGER NOT NULL,
at_len INTEGER NOT NULL, PRIMARY KEY(source, seq)) STRICT, WITHOUT ROWID;
INSERT INTO edge SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4,
value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
value ->> 12 FROM json_each(rows_of_edges());
CREATE INDEX edge_by_token ON edge(token >> 32);
CREATE INDEX edge_by_target ON edge(target) WHERE target IS NOT NULL;
DROP TABLE edge_run;
DROP TABLE edge_token;
"""

# What takes a history down from a version to the one before it.
LABELS_40 = """ALTER TABLE cause RENAME COLUMN label TO confidence;
UPDATE cause SET confidence = confidence & 3;
"""

DOWN = {43: "", 42: "", 41: "DROP TABLE activity_late;", 40: LABELS_40, 39: "", 38: EDGES_38, 37: PACKS_37, 36: BEARERS_36, 35: BUSY_35, 34: COLUMNS_34, 33: RUNS_33,
        32: SPANS_32, 31: LISTED_31, 30: VALUES_30, 29: CALLED_29, 28: POSTINGS_28,
        27: STATES_27, 26: PHRASES_26, 25: PLACES_25, 24: NARROW_24, 23: TIMELINE_23, 22: "DROP TABLE gathered;", 21: TOLD_21, 20: NEWS_20,
        19: LISTS_19, 18: CLASSES_18, 17: BLOCKS_17, 16: HOURS_16, 15: STATE_15}


def timeline_in_bytes(place, lines):
    """As rows were before schema 34."""
    out, time_ms, ref = b"", place >> 20, 0
    for line in timeline_lines(time_ms, lines):
        step = line[4] - ref
        rank = (line[2] or 0) >> 23
        out += varint(line[0] - time_ms) + bytes([line[1] | (4 if line[3] else 0)])
        out += rank.to_bytes(5, "big") if line[1] == 1 else line[2].to_bytes(8, "big")
        out += varint(line[3]) if line[3] else b""
        out += b"".join(map(varint, (step << 1 if step >= 0 else ~(step << 1), *line[5:])))
        time_ms, ref = line[0], line[4]
    return out


def frame(data):
    """zstd of bytes without its magic: one block, not compressed, of fewer than 128 KB."""
    assert len(data) < 1 << 17
    return (b"\xa0" + struct.pack("<I", len(data)) +
            struct.pack("<I", len(data) << 3 | 1)[:3] + data)


def opened(value):
    """With the JSON that texts hold in their place."""
    if isinstance(value, dict):
        return {key: opened(one) for key, one in value.items()}
    if isinstance(value, list):
        return [opened(one) for one in value]
    if isinstance(value, str) and value[:3] == "%7B":
        value = urllib.parse.unquote(value)
    return opened(json.loads(value)) if isinstance(value, str) and value[:1] == "{" else value


def canonical(one):
    """An item, in the form of S3's files, as the history keeps it."""
    related = [{"resourceName": None, "resourceId": None, **r, "name": r["name"].strip()}
               for r in one["relationships"]]
    if one["resourceType"].startswith("AWS::IAM::"):
        one = dict(one, awsRegion="global")
    one = {"resourceName": None, "ARN": None, "availabilityZone": None,
           "resourceCreationTime": None, **one, "relationships": related}
    return json.dumps(opened(one), sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False).encode()


def rows_of_one_key(postings_in_order):
    """(key, time, event, differences) of rows of 50 at most."""
    row, last = None, (0, 0)
    for key, time_ms, one in postings_in_order:
        if not row or row[0] != key or len(row[3]) == 49:
            if row:
                yield row
            row = (key, time_ms, one, [])
        else:
            time = time_ms - last[0]
            step = one - last[1]
            row[3].append(varint(time << 1 | 1 if time % 1000 else time // 1000 << 1) +
                          varint(step << 1 if step >= 0 else ~(step << 1)))
        last = time_ms, one
    if row:
        yield row


def identity(one):
    return (one["resourceId"], one["configurationItemCaptureTime"],
            str(one["configurationStateId"]))


def states_of(tree):
    return [path for path in tree if path.startswith("/resources/") and path[-6:] == "Z.json"]


def lines_renumbered(first_ms, lines, ids):
    """Lines of the timeline, whose states have other ids, as schema 34 had them."""
    rows = [(kind, time_ms, rank, twin, (ids[ref] if kind == 1 else ref, text, jsonl - 2 * text))
            for time_ms, kind, rank, twin, ref, text, jsonl in timeline_lines(first_ms, lines)]
    times = [row[1] - before for row, before in zip(rows, [first_ms, *(row[1] for row in rows)])]
    kinds = sorted({row[0] for row in rows})
    columns = {kind: [(min(column), (max(column) - min(column)).bit_length())
                      for column in zip(*(row[4] for row in rows if row[0] == kind))]
               for kind in kinds}
    ranked = any(row[0] == 1 and row[2] is not None for row in rows)
    twins = any(row[3] for row in rows)
    time_width, twin_width = max(times).bit_length(), max(row[3] for row in rows).bit_length()
    out = varint(len(rows)) + bytes([sum(1 << kind for kind in kinds) | ranked << 3 | twins << 4,
                                     time_width]) + (bytes([twin_width]) if twins else b"")
    for kind in kinds:
        for i, (least, width) in enumerate(columns[kind]):
            least = least if i == 1 else least << 1 if least >= 0 else ~(least << 1)
            out += varint(least) + bytes([width])
    fields = []
    for time, (kind, _, rank, twin, values) in zip(times, rows):
        fields.append((time, time_width))
        fields += [(kind, 2)] if len(kinds) > 1 else []
        fields += [(rank is not None, 1)] if kind == 1 and ranked else []
        fields += [(rank >> 23, 40) if kind == 1 else (rank, 64)] if rank is not None else []
        fields += [(twin != 0, 1)] if twins else []
        fields += [(twin, twin_width)] if twin else []
        fields += [(value - least, width) for value, (least, width) in zip(values, columns[kind])]
    whole = bit = 0
    for value, width in fields:
        whole, bit = whole | int(value) << bit, bit + width
    return out + whole.to_bytes((bit + 7) // 8, "little")


def without_ids(record, bits):
    """A record as a block has it."""
    for bit, name in ((16, b'"eventID":"'), (32, b'"requestID":"')):
        if bits & bit:
            at = record.index(name) + len(name)
            record = record[:at] + record[at + 36:]
    return record


def waiting_41(rows):
    """Postings that wait, with a time only where the event is another one."""
    def zigzag(number):
        return varint((number << 1 if number >= 0 else ~(number << 1)) & (1 << 64) - 1)

    out, time_ms, one = b"", 0, 0
    for key, *at in rows:
        out += zigzag(at[1] - one)
        if at[1] != one:
            out += zigzag(at[0] - time_ms)
        out, (time_ms, one) = out + (key & (1 << 64) - 1).to_bytes(8, "little"), at
    return out


class Migrate(Case):
    def output(self, *args):
        done = subprocess.run([driftfs(), *map(str, args)], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))
        return done.stdout

    def tree(self, moment):
        """Every path with its size and time, and the bytes of every file."""
        tops = ("/resources", "/timeline", "/activity", "/alarms", "/by-id", "/by-name", "/by-arn",
                "/by-tag", "/status", f"/at/{moment}")
        tree, files, at, rest = {top: [] for top in tops}, [], 0, list(tops)
        for line in self.output("ls", "-lR", self.history, *tops).decode().splitlines():
            kind, size, _, path = line.split(None, 3)
            while not path.startswith(rest[0] + "/"):  # one top behind the other
                rest.pop(0)
            tree[rest[0]].append(line)
            files += [(path, int(size))] if kind == "-" else []
        data = self.output("cat", self.history, *(path for path, _ in files))
        for path, size in files:
            tree[path] = data[at:at + size]
            at += size
        self.assertEqual(at, len(data))
        tree["as received"] = self.output("cat", "--raw", self.history, *states_of(tree))
        self.assertGreater(len(tree["as received"]), 0)
        return tree

    def bodies(self):
        """The canonical text of each state, by its id, from the items as they came."""
        texts, bodies = {}, {}
        for path in sorted((self.folder / "in").rglob("*.json*")):
            data = path.read_bytes()
            data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
            for one in json.loads(data).get("configurationItems", ()) if ITEMS in data else ():
                texts[identity(one)] = canonical(one)
        with contextlib.closing(sqlite3.connect(self.history)) as db:
            state_table(db)
            rows = db.execute("""
                SELECT s.id, rid, strftime('%Y-%m-%dT%H:%M:%S', capture_ms / 1000, 'unixepoch') ||
                printf('.%03dZ', capture_ms % 1000), state_id, body_len
                FROM state s JOIN resource r ON r.id = s.resource""").fetchall()
        for row, rid, time, state_id, size in rows:
            bodies[row] = texts[rid, time, str(state_id)]
            self.assertEqual(len(bodies[row]), size, bodies[row])
        return bodies

    def records(self):
        """The text of each record as it came, by the bytes of its eventID."""
        records, decoder = {}, json.JSONDecoder()
        for path in sorted((self.folder / "in").rglob("*.json*")):
            data = path.read_bytes()
            text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode()
            at = text.find("{", text.find(RECORDS) + 1) if RECORDS in text else -1
            while at >= 0 and text[at] == "{":
                one, end = decoder.raw_decode(text, at)
                records[uuid.UUID(one["eventID"]).bytes] = text[at:end].encode()
                at = end + len(text[end:]) - len(text[end:].lstrip(" ,\n"))
        return records

    def event_functions(self, db, records):
        """What PHRASES_26 and BLOCKS_17 ask for."""
        column = {e.row: e for e in events(db)}

        def each(*block):
            return [records[e.eventID] for e in events_of_block(*block)]

        def plain(*block):
            return [without_ids(records[e.eventID], e.bits) for e in events_of_block(*block)]

        db.create_function("plain_rows", 3, lambda *block: b"".join(
            varint(len(record)) + e.told
            for record, e in zip(plain(*block), events_of_block(*block))))
        db.create_function("plain_body", 3, lambda *block: frame(b"".join(plain(*block))))

        db.create_function("event_column", 2, lambda row, name: getattr(column[row], name))
        db.create_function("block_len", 3, lambda *block: sum(map(len, each(*block))))
        db.create_function("block_lengths", 3, lambda *block: b"".join(
            varint(len(record)) for record in each(*block)[:-1]))
        db.create_function("block_body", 3, lambda *block: frame(b"".join(each(*block))))

    def list_functions(self, db):
        """What LISTS_19 asks for: the 32 bits of a hash that there are, upper ones of 64."""
        def entries(table):
            return json.dumps([f"{(part << 56 | rest << 32) - (part >> 7 << 64)} {one}"
                               for part, rest, one in postings(db, table)])

        lists = {table: entries(table) for table in ("event_key", "alias")}
        db.create_function("list", 1, lambda table: lists[table])
        db.create_function("hash_in_list", 1, lambda text: int(text.split()[0]))
        db.create_function("id_in_list", 1, lambda text: int(text.split()[1]))

    def posting_functions(self, db):
        """What POSTINGS_28 asks for: rows of one key each, as they were."""
        lists = {table: json.dumps([
            (key, time_ms, one, b"".join(differences).hex())
            for key, time_ms, one, differences in rows_of_one_key(postings(db, table))])
            for table in ("mention", "actor", "activity", "event_key", "alias")}
        singly = {table: json.dumps(list(postings(db, table))) for table in ("session", "person")}
        db.create_function("rows_of", 1, lambda table: lists[table])
        db.create_function("postings_of", 1, lambda table: singly[table])
        db.create_function("bytes_of", 1,
                           lambda text: None if text is None else bytes.fromhex(text))

    def state_functions(self, db, bodies):
        """What PACKS_37 asks for: ids as they were given when each came in, of all resources in turn;
        and each of a resource's is packed against the one before it, but each fourth."""
        rows = sorted(states(db), key=lambda state: (state[0] & 0xfffff, state[0]))
        old = {state[0]: i for i, state in enumerate(rows, 1)}
        table = [(old[row], row >> 20, capture_ms,
                  state_id - capture_ms if isinstance(state_id, int) else state_id, source, kind,
                  old[row - 1] if row & 3 and row - 1 in old else 0, body_len, raw and raw.hex())
                 for row, capture_ms, state_id, source, kind, body_len, raw in rows]
        text = json.dumps(table)
        whole = {old[row]: body for row, body in bodies.items()}
        db.create_function("rows_of_states", 0, lambda: text)
        db.create_function("whole_body", 1, lambda row: frame(whole[row]))
        db.create_function("old_id", 1, old.get)
        db.create_function("old_run", 2, lambda *run: run_renumbered(*run, old))
        db.create_function("old_lines", 2, lambda *row: lines_renumbered(*row, old))
        return old

    def rungs(self, bodies, records):
        """From rung to rung downwards: each version that the history is of then, and its bytes."""
        with contextlib.closing(sqlite3.connect(self.history)) as db:
            now, = db.execute("PRAGMA user_version").fetchone()
            self.assertEqual(now, max(DOWN), "a rung without a way down")
            old = self.state_functions(db, bodies)
            self.event_functions(db, records)
            self.list_functions(db)
            self.posting_functions(db)
            pairs = json.dumps(bearers(db))
            db.create_function("bearers_of_names", 0, lambda: pairs)
            db.create_function("timeline_in_bytes", 2, timeline_in_bytes)
            lines = json.dumps([(*line[:4], old[line[4]] if line[1] == 1 else line[4], *line[5:])
                                for line in timeline(db)])
            db.create_function("lines_of_timeline", 0, lambda: lines)
            rows = json.dumps([(*row[:3], old[row[3]], *row[4:], said and said.hex())
                               for *row, said in shown(db)])
            db.create_function("rows_of_runs", 0, lambda: rows)
            related = json.dumps(list(edges(db)))
            db.create_function("rows_of_edges", 0, lambda: related)
            db.create_function("measured_len", 1, lambda b: b and next(numbers(b)))
            db.create_function("measured_bytes", 1,
                               lambda b: b and b[len(varint(next(numbers(b)))):])
            db.create_function("told", 2, lambda told_bytes, name: told(told_bytes)[name])
            for rung in range(now, min(DOWN) - 1, -1):
                db.executescript(f"BEGIN; {DOWN[rung]} PRAGMA user_version = {rung - 1}; COMMIT")
                self.assertEqual(db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0], 0)
                yield rung - 1, self.history.read_bytes()

    def take_down(self, version, bodies, records):
        with contextlib.closing(self.rungs(bodies, records)) as rungs:
            older = next(data for reached, data in rungs if reached == version)
        self.history.write_bytes(older)

    def check(self, moment, least, versions=range(max(DOWN) - 1, min(DOWN) - 2, -1)):
        """Down to each older schema, and up again by an import that brings nothing."""
        expected, facts = self.tree(moment), dump(self.history)
        bodies, records = self.bodies(), self.records()
        self.assertGreaterEqual(len(expected), least)
        now = self.history
        (self.folder / "empty").mkdir()
        self.history = self.folder / "ladder.db"
        self.history.write_bytes(now.read_bytes())
        with contextlib.closing(self.rungs(bodies, records)) as rungs:
            older = dict(itertools.takewhile(lambda one: one[0] >= min(versions), rungs))
        self.history = now
        for version in versions:
            with self.subTest(version=version):
                self.history.write_bytes(older[version])
                err = self.run_program("ls", self.history, "/", status=FAILED)[1]
                self.assertIn("older driftfs: run an import", err)
                self.assertEqual(self.import_("empty")[0], "nothing new, 0 refused")
                self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])
                tree = self.tree(moment)
                self.assertEqual(list(tree), list(expected))
                self.assertEqual([path for path in expected if tree[path] != expected[path]], [])
                again = dump(self.history)
                self.assertEqual([table for table in facts if again[table] != facts[table]], [])

    def test_by_hand(self):
        """Twins, a text for a state id, relationships that end."""
        group = {"name": "Is contained in Vpc", "resourceType": "AWS::EC2::VPC"}
        one, two = ([dict(group, resourceId=f"vpc-{n}")] for n in (1, 2))
        self.write("in/items.json", history_file([
            item(relationships=one), item(configurationStateId="x-1", configuration={"a": 7}),
            item(time="2024-05-02T10:15:00.000Z", relationships=two, resourceName="web"),
            item(time="2024-05-03T10:15:00.000Z", relationships=two, tags={"k": "v"}),
            item("vpc-2", "2024-05-03T10:15:00.000Z", "AWS::EC2::VPC")]))
        self.write("in/copy.json", history_file([item(relationships=one)]))
        trail = trail_file([event(), event(2, time="2024-05-02T10:14:00Z")])
        self.write("in/trail.json", json.dumps(trail, separators=(",", ":")).encode())
        self.import_("in", options=["--events=all"])
        self.check("2024-05-02T12:00:00Z", 20)
        self.import_(self.write("more.json", history_file([
            item(time="2024-05-04T10:15:00.000Z", configuration={"a": 9})])))
        self.assertIn('"a": 9', self.cat("/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/"
                                         "sg-1/latest.json"))

    def test_grown(self):
        """What comes into a history that was brought up finds what it would find in a new one: lines
        that were alone in their millisecond, names of one and of several, resources of 16 items."""
        def many(rid, day, n, **more):
            return [item(rid, f"2024-05-{day:02}T10:{minute:02}:00.000Z",
                         configuration={"a": minute}, **more) for minute in range(n)]

        def here(day, tags):
            return [item(f"sg-{n}", f"2024-05-{day:02}T12:00:00.00{n % 4}Z", tags=tags[n],
                         resourceName=f"sg-{n}", configuration={"a": day},
                         relationships=[{"name": "Is contained in Vpc", "resourceId": f"vpc-{n % 3}",
                                         "resourceType": "AWS::EC2::VPC"}]) for n in tags]

        red, blue = {"color": "red"}, {"color": "blue"}
        busy = [one for n in (15, 16, 17, 18) for one in many(f"busy-{n}", 3, n)]
        self.write("in/items.json", history_file(
            [*here(1, {1: red, 2: red, 3: blue, 4: red}), *busy]))
        self.write("more/items.json", history_file(
            [*here(1, {5: blue, 6: red, 7: red, 8: {}}), *here(2, {1: blue, 2: {}, 3: red, 4: red}),
             *many("busy-16", 4, 1), *many("busy-15", 4, 1)]))
        self.import_("in")
        moment, bodies, records = "2024-05-03T12:00:00Z", self.bodies(), self.records()
        before = self.history.read_bytes()
        self.import_("more")
        expected, facts = self.tree(moment), dump(self.history)
        churn = expected["/status/churn.tsv"].decode().splitlines()
        self.assertEqual([line.split("\t")[6] for line in churn if line.startswith("resource")][:4],
                         ["busy-18", "busy-16", "busy-17", "busy-15"])
        for version in (37, 36, 35, 34, 33, 22):
            with self.subTest(version=version):
                self.history.write_bytes(before)
                self.take_down(version, bodies, records)
                self.import_("more")
                tree = self.tree(moment)
                self.assertEqual(list(tree), list(expected))
                # When it was imported is another time.
                self.assertEqual([path for path in expected if tree[path] != expected[path]],
                                 ["/status", "/status/imports.tsv"])
                again = dump(self.history)
                self.assertEqual([table for table in facts if again[table] != facts[table]], [])

    def test_told_by_other_rules(self):
        """What was told before schema 39 is told anew as a whole, and then gone on with."""
        arn = "arn:aws:lambda:us-east-1:123456789012:function:orders"

        def function(day, size):
            return history_file([item(
                "orders", f"2024-05-{day:02}T10:00:00.000Z", "AWS::Lambda::Function", ARN=arn,
                resourceName="orders", configuration={"functionName": "orders", "memorySize": size})])

        self.write("in/first.json", function(1, 128))
        self.write("in/trail.json", trail_file([
            event(1, "CreateFunctionUrlConfig", "2024-05-01T11:00:00Z", responseElements=None,
                  eventSource="lambda.amazonaws.com",
                  requestParameters={"resourceArn": arn, "memorySize": 512})]))
        self.import_("in")
        changes = f"/resources/{ACCOUNT}/{REGION}/AWS/Lambda/Function/orders/changes.jsonl"
        told = self.cat(changes)
        self.assertIn('"kind":"activity"', told)
        self.take_down(38, self.bodies(), self.records())
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            self.assertEqual(db.execute("DELETE FROM entry").rowcount, 1)  # as it was not told then
        (self.folder / "empty").mkdir()
        self.import_("empty")
        self.assertEqual(self.cat(changes), told)
        self.import_(self.write("later.json", function(20, 512)))
        cause = json.loads(self.cat(changes).splitlines()[-1])["causes"]
        self.assertEqual([one["eventName"] for one in cause], ["CreateFunctionUrlConfig"])

    def test_what_waits(self):
        """What a killed import has left, of a unit two of one event and different times."""
        issues = {"eventName": "AssumeRole", "eventSource": "sts.amazonaws.com", "responseElements": {
            "credentials": {"accessKeyId": "ASIAISSUED"}}}
        self.write("in/trail.json", trail_file([
            event(n, time=f"2024-05-0{1 + n % 9}T10:{n % 60:02}:00Z", userIdentity={
                "type": "AssumedRole", "accountId": "123456789012", "accessKeyId": f"ASIA{n:016}",
                "arn": f"arn:aws:sts::123456789012:assumed-role/Admin/u{n % 30}"},
                  **(issues if n % 3 else {})) for n in range(1, 200)]))
        self.import_("in")
        facts = dump(self.history)
        self.take_down(41, self.bodies(), self.records())
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            for number, table in (0, "mention"), (1, "actor"), (5, "session"), (6, "unit_token"):
                rows = sorted(postings(db, table), key=lambda row: (row[2], -row[0]))
                self.assertGreater(len(rows), 100)
                db.execute(f"DELETE FROM {table}")
                for part in rows[:50], rows[50:]:
                    db.execute("INSERT INTO gathered(list, postings) VALUES(?, ?)",
                               (number, waiting_41((key << 16, *at) for key, *at in part)))
            keys = sorted(((part << 56 | bits << 32, 0, one)
                           for part, bits, one in postings(db, "event_key")), key=lambda row: row[2])
            db.execute("DELETE FROM event_key")
            db.execute("INSERT INTO gathered(list, postings) VALUES(3, ?)", (waiting_41(keys),))
            before = db.execute("SELECT count(*) FROM gathered").fetchone()
        self.assertEqual(before, (9,))
        (self.folder / "empty").mkdir()
        left = self.history.read_bytes()
        self.import_("empty")
        self.assertEqual(self.query("SELECT * FROM gathered"), [])
        again = dump(self.history)
        self.assertEqual([table for table in facts if again[table] != facts[table]], [])
        # One that is damaged is kept, told of, and in nobody's way who reads.
        self.history.write_bytes(left)
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            row, old = db.execute("SELECT max(id), CAST(postings || x'80' AS BLOB) FROM gathered WHERE list = 1").fetchone()
            db.execute("UPDATE gathered SET postings = ? WHERE id = ?", (old, row))
        err = self.import_("empty", status=FAILED)[1]
        self.assertIn(f"row {row} of gathered postings cannot be decoded", err)
        kept, = self.query(f"SELECT postings FROM gathered WHERE id = {row}")
        self.assertTrue(kept[0].endswith(old))
        self.assertIn("activity", self.run_program("ls", self.history, "/")[0])

    def test_units_of_before(self):
        """Units that the program of before had in their list at no time: an opener that came later has
        not found the sessions that are known by their ARN alone."""
        def arn(n):
            return f"arn:aws:sts::123456789012:assumed-role/Admin/u{n}"

        self.write("in/calls.json", trail_file([
            event(n, time=f"2024-05-02T10:{n:02}:00Z", userIdentity={
                "type": "AssumedRole", "accountId": "123456789012", "accessKeyId": f"ASIA{n:016}",
                "arn": arn(n)}) for n in range(1, 60)]))
        self.write("in/openers.json", trail_file([
            event(100 + n, "AssumeRole", f"2024-05-01T10:{n:02}:00Z", eventSource="sts.amazonaws.com",
                  responseElements={"credentials": {"accessKeyId": f"ASIB{n:016}"},
                                    "assumedRoleUser": {"arn": arn(n)}}) for n in range(1, 60)]))
        self.import_("in/calls.json")
        calls = self.history.read_bytes()
        self.import_("in/openers.json")
        facts = dump(self.history)
        self.history.write_bytes(calls)
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            units = sorted({(key, 0, unit, b"") for key, _, unit in postings(db, "unit_token")})
            self.assertEqual(len(units), 2 * 59)
            db.execute("DELETE FROM unit_token")
            db.executemany("INSERT INTO unit_token VALUES(?, ?, ?, ?)", units)
        self.import_("in/openers.json")
        self.assertEqual(self.query("SELECT * FROM person"), [])
        self.take_down(41, self.bodies(), self.records())
        (self.folder / "empty").mkdir()
        self.import_("empty")
        again = dump(self.history)
        self.assertEqual([table for table in facts if again[table] != facts[table]], [])
        self.assertEqual(len(facts["person"]), 59)

    def test_labels(self):
        """How long `blame` is goes by the kept length of a change's cause, and where that is not
        known, by its event."""
        self.write("in/items.json", history_file([
            item(configuration={"a": 1, "b": 1, "c": 1}, resourceName="web"),
            item(time="2024-05-03T10:15:00.000Z", configuration={"a": 2, "b": 2, "c": 1}),
            item(time="2024-05-10T10:15:00.000Z", configuration={"a": 2, "b": 2, "c": 2})]))
        self.write("in/trail.json", trail_file([event(time="2024-05-03T10:14:00Z")]))
        self.import_("in")
        self.assertEqual(len(self.query("SELECT 1 FROM cause")), 1)
        (path, (size, data)), = self.blames().items()
        self.assertEqual(size, len(data))
        called = [line.split("\t")[3:7] for line in data.decode().splitlines()
                  if "AuthorizeSecurityGroupIngress" in line]
        self.assertGreater(len(called), 1)
        length = sum(len(field) + 1 for field in called[0])
        self.assertEqual(self.query("SELECT label >> 2 FROM cause"), [(length,)])
        before, known = self.history.read_bytes(), (self.bodies(), self.records())
        later = self.write("later.json", history_file([
            item(time="2024-06-01T10:15:00.000Z", configuration={"a": 2, "b": 2, "c": 3})]))
        for label, longer, kept in (("label", 0, length), ("label + 40", 10, length + 10),
                                    ("label & 3", 0, 0), ("-1", 0, 0), ("1 << 20", 0, 0),
                                    (None, 0, length)):  # with stories made anew
            with self.subTest(label=label):
                self.history.write_bytes(before)
                if label:
                    with contextlib.closing(sqlite3.connect(self.history)) as db, db:
                        db.execute(f"UPDATE cause SET label = {label}")
                else:
                    self.take_down(39, *known)
                self.import_(later)
                size, data = self.blames()[path]
                text = data.decode()
                lines = text.count("AuthorizeSecurityGroupIngress")
                self.assertIn("/configuration/c\t3\t2024-06-01T", text)
                self.assertGreater(lines, 1)
                self.assertEqual(size, len(data) + longer * lines)
                if label not in ("-1", "1 << 20"):
                    self.assertEqual(self.query("SELECT label >> 2 FROM cause"), [(kept,)])

    def test_more_states_than_ids(self):
        """None gets an id of the next resource's: the history stays as it is, and it is said why."""
        self.import_(self.write("in/items.json", history_file([item(), item("sg-2")])))
        self.take_down(36, self.bodies(), self.records())
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            db.execute("""INSERT INTO state SELECT NULL, resource, capture_ms + value, state_id, source,
                kind, base, body_len, body, raw FROM state, (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL
                SELECT value + 1 FROM n WHERE value < 1048575) SELECT value FROM n) WHERE id = 1""")
        err = self.run_program("import", self.history, self.folder / "in", status=FAILED)[1]
        self.assertIn("a resource may have 1048575 states", err)
        self.assertEqual(self.query("PRAGMA user_version"), [(36,)])
        self.assertEqual(self.query("SELECT count(*) FROM state"), [(1048577,)])

    def import_demo(self, items, n_events, *options):
        subprocess.run([sys.executable, ROOT / "scripts" / "demo_history", "--out",
                        self.folder / "in", "--items", str(items), "--events", str(n_events),
                        "--months", "1"], check=True, stdout=subprocess.DEVNULL)
        self.import_("in", options=options)

    def test_phrases(self):
        """Records in blocks without phrases are read; they have some when more events come."""
        phrases = "SELECT phrases NOT NULL FROM dictionary WHERE kind = 1"
        self.import_demo(20, 450, "-q", "--events=all")
        self.assertEqual(self.query(phrases), [(1,)])
        self.check("2024-03-20T00:00:00Z", 50, versions=[25])
        self.assertEqual(self.query(phrases), [(0,)])
        before = self.tree("2024-03-20T00:00:00Z")
        trail = trail_file([event(5000 + n, time="2024-05-02T10:14:00Z") for n in range(40)])
        self.import_(self.write("more.json", json.dumps(trail).encode()),
                     options=["--events=all"])
        self.assertEqual(self.query(phrases), [(1,)])
        after = self.tree("2024-03-20T00:00:00Z")
        keys = [path for path in before if path.startswith("/activity/access-key/")]
        self.assertGreater(len(keys), 2)
        self.assertEqual([path for path in keys if before[path] != after[path]], [])

    def test_demo(self):
        self.import_demo(60, 200, "-q")
        self.check("2024-03-20T00:00:00Z", 200)
