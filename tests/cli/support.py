# SPDX-License-Identifier: Apache-2.0
"""What the cases share: a folder and a history of their own, made-up records, a dump."""
import collections
import contextlib
import gzip
import itertools
import json
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import unittest
import uuid

ACCOUNT = "123456789012"
REGION = "us-east-1"
DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3
HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden" / "parse"


def driftfs():
    return os.environ["DRIFTFS"]


def sanitized():
    """Was the program built with a sanitizer? Such a one is slow and needs much memory."""
    program = pathlib.Path(driftfs()).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


def item(rid="sg-1", time="2024-05-01T10:15:00.123Z", type_="AWS::EC2::SecurityGroup", **more):
    """A configuration item as S3 files have it."""
    base = {
        "relatedEvents": [], "relationships": [], "configuration": {"groupId": rid},
        "supplementaryConfiguration": {}, "tags": {}, "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": time, "configurationStateId": 1714558500123,
        "awsAccountId": ACCOUNT, "configurationItemStatus": "OK", "resourceType": type_,
        "resourceId": rid, "resourceName": None, "ARN": f"arn:aws:ec2:{REGION}:{ACCOUNT}:x/{rid}",
        "awsRegion": REGION, "availabilityZone": None, "configurationStateMd5Hash": "",
        "resourceCreationTime": None,
    }
    base.update(more)
    return base


def event(number=1, name="AuthorizeSecurityGroupIngress", time="2024-05-01T10:14:00Z", **more):
    """A CloudTrail record; the number makes its eventID."""
    base = {
        "eventVersion": "1.08", "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "accountId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:user/alice", "userName": "alice",
            "accessKeyId": "AKIAEXAMPLEEXAMPLE00"},
        "eventTime": time, "eventSource": "ec2.amazonaws.com", "eventName": name,
        "awsRegion": REGION, "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15.0",
        "requestParameters": {"groupId": "sg-1"}, "responseElements": {"_return": True},
        "requestID": str(uuid.UUID(int=number + (1 << 100))),
        "eventID": str(uuid.UUID(int=number)), "readOnly": False,
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT,
    }
    base.update(more)
    return base


def alarm(number=0, state="ALARM", time="2024-05-01T10:20:00Z"):
    """An alarm's transition as EventBridge delivers it."""
    return {
        "version": "0", "id": str(uuid.UUID(int=number)), "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change", "account": ACCOUNT, "time": time,
        "region": REGION,
        "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:open-{number}"],
        "detail": {
            "alarmName": f"open-{number}",
            "state": {"value": state, "reason": "Threshold crossed",
                      "timestamp": time[:-1] + ".000+0000"},
            "previousState": {"value": "OK", "reason": "", "timestamp": time[:-1] + ".000+0000"},
            "configuration": {"metrics": [{
                "id": "m1", "returnData": True, "metricStat": {
                    "metric": {"namespace": "AWS/EC2", "name": "NetworkIn",
                               "dimensions": {"GroupId": "sg-1"}},
                    "period": 60, "stat": "Sum"}}]},
        },
    }


def history_file(items):
    return {"fileVersion": "1.0", "configurationItems": items}


def trail_file(events):
    return {"Records": events}


def text_of(document):
    return document if isinstance(document, bytes) else json.dumps(document).encode()


class Case(unittest.TestCase):
    """A test in a folder of its own, with the history `h.db` in it."""

    maxDiff = 2000

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="driftfs-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.history = self.folder / "h.db"

    def write(self, name, document, packed=None):
        """A file in the test's folder; packed by its name, or as said."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text_of(document)
        if packed if packed is not None else name.endswith(".gz"):
            data = gzip.compress(data)
        path.write_bytes(data)
        return path

    def run_program(self, *args, status=DONE, **more):
        more.setdefault("timeout", 300)
        more.setdefault("cwd", self.folder)
        if "input" not in more and "stdin" not in more:
            more["stdin"] = subprocess.DEVNULL
        done = subprocess.run([driftfs(), *map(str, args)], capture_output=True, **more)
        out = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status, f"{args}: {out[0]}{out[1]}")
        self.assertNotIn("Sanitizer", out[1])
        return out

    def import_(self, *sources, status=DONE, options=(), **more):
        """The one line on standard output, and standard error."""
        out, err = self.run_program("import", *options, self.history, *sources, status=status,
                                    **more)
        if status in (DONE, REFUSED):
            self.assertEqual(out.count("\n"), 1, out)
        return out.strip(), err

    def status(self, *options):
        return json.loads(self.run_program("status", "--json", *options, self.history)[0])

    def refusals(self):
        return [(r["source"].rpartition("/")[2], r["offset"], r["field"], r["reason"])
                for r in self.status("--refused")["refusals"]]

    def assert_totals(self, **expected):
        status = self.status()
        self.assertEqual({name: status[name] for name in expected}, expected)

    def query(self, sql):
        with contextlib.closing(sqlite3.connect(self.history)) as db:
            return db.execute(sql).fetchall()

    def ls(self, path, status=DONE):
        return self.run_program("ls", self.history, path, status=status)[0].split("\n")[:-1]

    def cat(self, *args):
        return self.run_program("cat", self.history, *args)[0]

    def blames(self):
        """Of all files `blame` the size as ls has it and the bytes, by path."""
        rows = [line.split(None, 3) for line in
                self.run_program("ls", "-lR", self.history, "/resources")[0].splitlines()]
        return {path: (int(size), self.cat(path).encode()) for kind, size, _, path in rows
                if kind == "-" and path.endswith("/blame")}


# Sources with their names in one.
SOURCES = """(SELECT s.id, f.text || t.text || s.tail AS name, size, version, finished FROM source s
              JOIN source_part f ON f.id = s.folder JOIN source_part t ON t.id = s.stem)"""

# What of each table makes a fact, with rows named by what they are instead of by their ids.
FACTS = {
    "source": f"SELECT name, size, version, finished FROM {SOURCES}",
    "refusal": f"""SELECT s.name, offset, field, reason, length, hash, bytes_len
                  FROM refusal r JOIN {SOURCES} s ON s.id = r.source""",
    "skipped": f"""SELECT s.name, service, c.name, k.n, c.n FROM skipped k
                  JOIN {SOURCES} s ON s.id = k.source JOIN skipped_call c ON c.id = k.call""",
    "notice": f"SELECT s.name, what, n FROM notice n JOIN {SOURCES} s ON s.id = n.source",
    "folder": """SELECT name, account, region, type, newest_ms, first_ms FROM folder""",
    "resource": """SELECT f.account, f.region, f.type, rid, coalesce(fname, rid)
                   FROM resource r JOIN folder f ON f.id = r.folder""",
    "state": """SELECT rid, capture_ms, state_id, kind & 63, body_len
                FROM state s JOIN resource r ON r.id = s.resource""",
    "event": "SELECT key, flags, text_len, jsonl_len FROM event",
    "alarm": "SELECT name, account, region, arn, namespace, metric FROM alarm",
    "alarm_mention": """SELECT token, name FROM alarm_mention m JOIN alarm a ON a.id = m.alarm""",
    "transition": """SELECT name, time_ms, state, previous_state, reason, raw_len
                     FROM transition t JOIN alarm a ON a.id = t.alarm""",
    "counter": """SELECT name, n FROM counter
                  WHERE name NOT IN ('told', 'last finish', 'commit', 'unswept')""",
    "tally": "SELECT * FROM tally",
    "trail": "SELECT account, first_ms, last_ms FROM trail",
    "timeline_hour": "SELECT * FROM timeline_hour WHERE text_len > 0",
    "timeline_day": "SELECT * FROM timeline_day",
    "value": "SELECT kind, name, text_len, jsonl_len, newest_ms FROM value WHERE text_len > 0",
    "value_day": """SELECT kind, name, day, d.text_len, d.jsonl_len FROM value_day d
                    JOIN value v ON v.id = d.value WHERE d.text_len > 0""",
    "unit": """SELECT u.kind, u.name, key_token, arn_token, first_ms, p.name, r.name, o.name,
                      q.name, v.name FROM unit JOIN value u ON u.id = unit.value
               JOIN value p ON p.id = principal LEFT JOIN value r ON r.id = role
               LEFT JOIN value o ON o.id = opener LEFT JOIN value q ON q.id = opener_role
               LEFT JOIN value v ON v.id = parent""",
    "units": "SELECT 1 FROM unit_dirty UNION ALL SELECT 1 FROM session_news",
    "shown": """SELECT rid, capture_ms, twin, size, status, hidden, name, arn, told(told)
                FROM shown s JOIN resource r ON r.id = s.resource""",
    "unlisted": """SELECT rid, capture_ms, told(told)
                   FROM unlisted u JOIN resource r ON r.id = u.resource""",
    "view": """SELECT rid, first_ms, newest_ms, states, text_len, jsonl_len, blame_len, rel_len
               FROM resource_view v JOIN resource r ON r.id = v.resource""",
    "entry": """SELECT rid, time_ms, seq, kind, text_len, jsonl_len
                FROM entry e JOIN resource r ON r.id = e.resource""",
    "cause": """SELECT rid, c.time_ms, seq, n, key, evidence, label & 3 FROM cause c
                JOIN resource r ON r.id = c.resource JOIN event e ON e.id = c.event""",
    "label": """SELECT rid, c.time_ms, seq, n, label >> 2 FROM cause c
                JOIN resource r ON r.id = c.resource""",
    "alias_set": """SELECT rid, tokens, own, given FROM alias_set a
                    JOIN resource r ON r.id = a.resource""",
    "stem": "SELECT kind, text, n, newest_ms FROM stem",
    # Whether a tail is told by the first resource depends on the order they came in.
    "name": """SELECT k.text, n.space < 0, n.hash, s.text, coalesce(n.tail, f.rid), n.n, n.newest_ms
               FROM name n LEFT JOIN stem s ON s.id = n.stem LEFT JOIN stem k ON k.id = n.space
               LEFT JOIN resource f ON f.id = n.resource""",
    "bearer": """SELECT n.hash, coalesce(n.tail, f.rid), r.rid FROM temp.bears b
                 JOIN name n ON n.id = b.name JOIN resource f ON f.id = n.resource
                 JOIN resource r ON r.id = b.resource""",
    "edge": """SELECT r.rid, seq, k.what, k.type, e.id, name, since_ms, until_ms, source_name,
                      t.rid, out_len, in_len, at_len
               FROM edge e JOIN relation k ON k.id = e.relation
               JOIN resource r ON r.id = e.source
               LEFT JOIN resource t ON t.id = e.target""",
    "reference": "SELECT token, rid FROM reference k JOIN resource r ON r.id = k.resource",
    "dirty": "SELECT rid, from_ms FROM dirty d JOIN resource r ON r.id = d.resource",
    "line_due": "SELECT * FROM line_due",
    "churn": "SELECT rid, items FROM resource",
    "day_coverage": "SELECT * FROM day_coverage",
    "control": """SELECT key, account, c.source, region, c.time_ms, starts FROM control c
                  JOIN event e ON e.id = c.event""",
    "transition_text": """SELECT name, time_ms, state, len FROM transition_text x
                          JOIN transition t ON t.id = x.transition JOIN alarm a ON a.id = t.alarm""",
    "transition_due": "SELECT * FROM transition_due",
    "spread": "SELECT kind, time_ms, tokens FROM spread",
    "gathered": "SELECT list, postings FROM gathered",
}


# Rows with several events each: key, time and event of the first, the others by difference.
POSTINGS = {
    "mention": "SELECT token, time_ms, event, places FROM mention",
    "actor": "SELECT token, time_ms, event, places FROM actor",
    "session": "SELECT token, time_ms, event, places FROM session",
    "activity": "SELECT value, time_ms, event, places FROM activity",
    "activity_late": "SELECT value, time_ms, event, places FROM activity_late",
    "event_key": "SELECT part, hash, event, places FROM event_key",
    "alias": "SELECT part, hash, resource, places FROM alias",
    "bearer": "SELECT name, resource, one, places FROM bearer",
    "value_name": "SELECT part, hash, value, places FROM value_name",
    "edge_token": "SELECT part, hash, source, places FROM edge_token",
    "unit_token": "SELECT token, time_ms, unit, places FROM unit_token",
    "person": "SELECT person, time_ms, unit, places FROM person",
    "person_behind": "SELECT unit, time_ms, person, places FROM person_behind",
}


def numbers(places):
    number = shift = 0
    for byte in places:
        number |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0


class Bytes:
    """Bytes of a row that are taken from the front."""

    def __init__(self, whole):
        self.whole, self.at = whole, 0

    def __bool__(self):
        return self.at < len(self.whole)

    def number(self):
        start = self.at
        while self.whole[self.at] >= 0x80:
            self.at += 1
        self.at += 1
        return next(numbers(self.whole[start:self.at]))

    def signed(self):
        return signed(self.number())

    def byte(self):
        self.at += 1
        return self.whole[self.at - 1]

    def text(self, n):
        self.at += n
        return self.whole[self.at - n:self.at]


TOLD = ("csv_len", "jsonl_len", "item_len", "change_type", "reason", "text_len", "changes_jsonl_len",
        "line_len", "line_jsonl_len", "seq", "previous", "why")


def told(told_bytes):
    """What is told of a state, by the names of TOLD; see fs/store/told.c."""
    values = dict.fromkeys(TOLD)
    if not told_bytes:
        return values
    behind = Bytes(told_bytes)
    flags = behind.byte()
    if flags & 64:
        values.update((name, behind.number()) for name in TOLD[:3])
    if flags & 3 < 3:
        values.update(change_type=flags & 3, reason=flags >> 2 & 7)
        values.update((name, behind.number()) for name in TOLD[5:9])
        values.update(seq=0, why="")
        if flags & 32:
            values.update(seq=behind.number(), previous=(behind.number() or None))
            values.update(why=behind.text(len(told_bytes) - behind.at).decode())
            if values["previous"]:
                values["previous"] -= 1
    assert not behind
    return values


def timeline_lines(first_ms, lines):
    """(time_ms, kind, rank, twin, ref, text_len, jsonl_len) each, rank None where there is none;
    see fs/store/timeline_code.c."""
    head, bit = Bytes(lines), 0

    def bits(width):
        nonlocal bit
        bit += width
        return whole >> (bit - width) & (1 << width) - 1

    count, has, time_width = head.number(), head.byte(), head.byte()
    twin_width = head.byte() if has & 16 else 0
    kinds = [kind for kind in range(3) if has & 1 << kind]
    numbered = has >> 5 & 1  # a change's state: its resource, and a column of numbers behind that
    columns = {kind: [(head.number(), head.byte()) for _ in range(3 + (numbered and kind == 1))]
               for kind in kinds}
    whole = int.from_bytes(lines[head.at:], "little")
    for _ in range(count):
        first_ms += bits(time_width)
        kind = bits(2) if len(kinds) > 1 else kinds[0]
        rank = None
        if kind != 1:
            rank = bits(64)
        elif has & 8 and bits(1):
            rank = bits(40) << 23
        twin = bits(twin_width) if has & 16 and bits(1) else 0
        split = numbered and kind == 1
        ref, *row, text, jsonl = ((signed(least) if i in (0, 2 + split) else least) + bits(width)
                                  for i, (least, width) in enumerate(columns[kind]))
        ref = ref << 20 | row[0] if split else ref
        yield first_ms, kind, rank, twin, ref, text, jsonl + 2 * text
    assert (bit + 7) // 8 == len(lines) - head.at


def timeline(db):
    for row in db.execute("SELECT first >> 20, lines FROM timeline ORDER BY first"):
        yield from timeline_lines(*row)


def varint(number):
    out = b""
    while number >= 0x80:
        out, number = out + bytes([number & 0x7f | 0x80]), number >> 7
    return out + bytes([number])


def signed(number):
    return ~(number >> 1) if number & 1 else number >> 1


def spans_of_run(time_ms, states):
    """(capture_ms, twin, state, size, status, hidden, name, arn, told) of each state of a run, the
    last as one row had it before there were runs, and where its number is, and that of the state
    before where that is told; see fs/store/run_row.c."""
    run, state, size, twin, lengths = Bytes(states), 0, 0, None, [0] * 7

    while run:
        flags = run.byte()
        odd = run.byte() if flags & 128 else 0
        step = run.number() if twin is not None else 0
        twin = twin + 1 if twin is not None and not step else 0
        time_ms += step
        start = run.at
        state += run.signed()
        spans = [(start, run.at)]
        grown = run.signed()
        size += grown
        has_change, measured = flags & 3 < 3, flags & 64
        first, end = 0 if measured else 3, 7 if has_change else 3
        before, told_bytes = list(lengths), bytes([flags & 127])
        differs = run.byte() if first < end else 0
        for i in range(first, end):
            lengths[i] += grown if i == 2 else lengths[3] - before[3] if i == 4 else 0
            lengths[i] += run.signed() if differs >> i & 1 else 0
            told_bytes += varint(lengths[i])
        if flags & 32:
            told_bytes += varint(run.number())
            start = run.at
            told_bytes += varint(run.number())
            spans.append((start, run.at))
            told_bytes += run.text(run.number())
        twin = run.number() if odd & 64 else twin
        name = run.text(run.number()).decode() if odd & 16 else None
        arn = run.text(run.number()).decode() if odd & 32 else None
        yield (time_ms, twin, state, size, odd & 7, odd >> 3 & 1, name, arn,
               told_bytes if first < end else None), spans


def states_of_run(time_ms, states):
    for row, _ in spans_of_run(time_ms, states):
        yield row


def run_renumbered(time_ms, states, ids):
    """A run whose states have other ids."""
    out, done, last = b"", 0, 0
    for (_, _, state, *_), (place, *before) in spans_of_run(time_ms, states):
        step, last = ids[state] - last, ids[state]
        out += states[done:place[0]] + varint(step << 1 if step >= 0 else ~(step << 1))
        done = place[1]
        for start, end in before:
            previous = next(numbers(states[start:end]))
            out += states[done:start] + varint(ids[previous - 1] + 1 if previous > 1 else previous)
            done = end
    return out + states[done:]


def shown(db):
    """Each row that lists a state, with its resource."""
    for resource, first_ms, states in db.execute("SELECT * FROM shown_run ORDER BY 1, 2"):
        for row in states_of_run(first_ms, states):
            yield resource, *row


def shown_table(db):
    db.execute("CREATE TEMP TABLE shown(resource, capture_ms, twin, state, size, status, hidden, name, "
               "arn, told)")
    db.executemany("INSERT INTO shown VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", shown(db))


def states_of_pack(first, pack):
    """(id, capture_ms, state_id, source, kind, body_len, raw) of each; see fs/store/pack.c."""
    head, states, last = Bytes(pack), [], [0] * 6

    def step(i, by=None):
        last[i] += signed(head.number() if by is None else by)
        return last[i]

    for i in range(head.number()):
        capture_ms, source = step(0), step(1)
        kind = head.number()
        has_raw, kind = kind & 1, step(2, kind >> 1)
        state_id = head.number()
        if state_id:
            state_id = step(3, state_id - 1) + capture_ms
        else:
            state_id = head.text(head.number()).decode()
        body_len = step(4) + step(5)
        raw = head.number() if has_raw else None
        states.append([first + i, capture_ms, state_id, source, kind, body_len, raw])
    at = len(pack) - sum(state[-1] or 0 for state in states)
    for state in states:
        if state[-1] is not None:
            state[-1], at = pack[at:at + state[-1]], at + state[-1]
    return states


def states(db):
    """All of them, by id: those in packs, and those that are still alone."""
    alone = db.execute("""SELECT id, capture_ms, CASE typeof(state_id) WHEN 'integer' THEN
        state_id + capture_ms ELSE CAST(state_id AS TEXT) END, source, kind, body_len, raw FROM state""")
    found = {state[0]: [state[0], state[1], state[2].decode() if isinstance(state[2], bytes)
                        else state[2], *state[3:]] for state in alone}
    for first, pack in db.execute("SELECT id, bytes FROM state_pack"):
        found.update((state[0], state) for state in states_of_pack(first, pack))
    return [found[row] for row in sorted(found)]


def state_table(db):
    """All of them, in the place of the history's table."""
    rows = states(db)
    db.execute("CREATE TEMP TABLE state(id INTEGER PRIMARY KEY, resource, capture_ms, state_id, source, "
               "kind, body_len, raw)")
    db.executemany("INSERT INTO state VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                   ((row, row >> 20, *rest) for row, *rest in rows))


def edges_of_run(edges, last):
    """[relation, id, name, since_ms, until_ms, source_name, target, how much its lines are more] of
    each relationship of a run; `last`: of the one before, its source_name; see fs/store/edge_row.c."""
    run, relation, since_ms, last_id, stem = Bytes(edges), 0, 0, b"", b""

    while run:
        flags = run.byte()
        since_ms += run.signed() if flags & 1 else 0
        relation = run.number() if flags & 2 else relation
        until_ms = since_ms + run.signed() if flags & 4 else 0
        if flags & 8:
            digits = run.number()
            stem = run.text(run.number()) if digits & 1 else stem
            last_id = stem + run.text((digits + 2) // 4).hex()[:digits >> 1].encode()
        else:
            last_id = last_id[:run.number()] + run.text(run.number())
            found = re.search(rb"[0-9a-f]{8,}$", last_id)
            stem = last_id[:found.start()] if found else stem
        target = run.number() if flags & 16 else None
        name = run.text(run.number()) if flags & 32 else b""
        last = run.text(run.number()) if flags & 64 else last
        more = [run.signed() if flags & 128 else 0 for _ in range(3)]
        yield relation, last_id, name, since_ms, until_ms, last, target, more


def edges(db):
    """Each relationship as it was a row of its own, without its token."""
    def text(value):
        return value if isinstance(value, bytes) else value.encode()

    def fields(*texts):
        return sum(max(len(text), 1) + 1 for text in texts)

    kinds = {row: (text(what), text(type_))
             for row, what, type_ in db.execute("SELECT id, what, type FROM relation")}
    seq = last = None
    for source, rid, own, first, run in db.execute("""
            SELECT source, rid, type, first, edges FROM edge_run JOIN resource r ON r.id = source
            JOIN folder f ON f.id = r.folder ORDER BY source, first"""):
        seq, last = (seq, last) if first else (0, b"")
        assert seq == first
        for relation, id_, name, since_ms, until_ms, last, target, more in edges_of_run(run, last):
            what, type_ = kinds[relation]
            to, times = fields(type_, id_, name), 25 + (25 if until_ms else 2)
            lengths = (fields(what, b"out") + to + times,
                       fields(what, b"in", text(own), text(rid), last) + times,
                       fields(text(own), text(rid), what) + to + 25)
            yield (source, seq, relation, id_.decode(), name.decode(), since_ms, until_ms,
                   last.decode(), 0, target, *map(sum, zip(lengths, more)))
            seq += 1


def edge_table(db):
    db.execute("CREATE TEMP TABLE edge(source, seq, relation, id, name, since_ms, until_ms, "
               "source_name, token, target, out_len, in_len, at_len)")
    db.executemany(f"INSERT INTO edge VALUES({', '.join('?' * 13)})", edges(db))


class Event:
    """What the rows of a block tell of one; eventID: its 16 bytes, None when they are not apart."""

    def __init__(self, row, bits, source, eventID, text_len, jsonl_len):
        self.row, self.bits, self.source, self.eventID = row, bits, source, eventID
        self.text_len, self.jsonl_len = text_len, jsonl_len
        self.told = b""  # all that, as the block's rows have it


def events_of_block(row, rows, ids):
    """Each event of a block; see fs/store/block_row.c."""
    head, source = Bytes(rows), 0

    while head:
        head.number()  # the length of its record
        start, bits = head.at, head.byte()
        if bits & 64:
            source += head.signed()
        if not bits & 16:
            head.text(8)  # its key
        one = Event(row, bits & ~64, source, ids[:16] if bits & 16 else None, head.number(), head.number())
        one.told = rows[start:head.at]
        yield one
        ids = ids[16 * ((bits >> 4 & 1) + (bits >> 5 & 1)):]
        row += 1
    assert not ids


def events(db):
    for block in db.execute("SELECT id, rows, ids FROM event_block ORDER BY id"):
        yield from events_of_block(*block)


def event_table(db):
    """A row each: what other tables' events stand for."""
    keys = {event: part << 24 | rest for part, rest, event in postings(db, "event_key")}
    db.execute("CREATE TEMP TABLE event(id INTEGER PRIMARY KEY, key, flags, text_len, jsonl_len)")
    db.executemany("INSERT INTO event VALUES(?, ?, ?, ?, ?)",
                   ((e.row, keys.pop(e.row), e.bits & 15, e.text_len, e.jsonl_len)
                    for e in events(db)))
    assert not keys, "keys of events that are not there"


def postings(db, table):
    """(key, time, event) of each of a list; see fs/store/posting.c."""
    for key, time_ms, one, places in db.execute(POSTINGS[table]):
        yield key, time_ms, one
        differences = numbers(places)
        for code in differences:
            if code & 3 == 3:
                key += code >> 2
                code = next(differences)
                time_ms += signed(code >> 1) * (1 if code & 1 else 1000)
            else:
                time_ms += code >> 2 if code & 1 else (code >> 1) * 1000
            one += signed(next(differences))
            yield key, time_ms, one


def check_units(db):
    """A unit is found by its session's ARN from its first event on, and by its key, of no time."""
    first = {}
    for token, time_ms, unit in postings(db, "unit_token"):
        first[token, unit] = min(time_ms, first.get((token, unit), time_ms))
    wanted = {}
    for unit, key, arn, first_ms in db.execute("SELECT value, key_token, arn_token, first_ms FROM unit"):
        wanted[arn >> 16 & (1 << 48) - 1, unit] = first_ms
        if key is not None:
            wanted[~key >> 16 & (1 << 48) - 1, unit] = 0
    assert first == wanted


def bearers(db):
    """(name, resource) of each name and who has it; see fs/store/bearer.c."""
    listed = [(name, resource) for name, resource, _ in postings(db, "bearer")]
    first, counts = {}, collections.Counter(name for name, _ in listed)
    for name, resource in listed:
        first.setdefault(name, resource)
    for name, n, resource in db.execute("SELECT id, n, resource FROM name").fetchall():
        assert counts.pop(name, 1) == n, "bearers of a name"
        assert first.setdefault(name, resource) == resource, "the first bearer of a name"
        if n == 1:
            listed.append((name, resource))
    assert not counts, "bearers of a name that is not there"
    return listed


def bearer_table(db):
    db.execute("CREATE TEMP TABLE bears(name, resource)")
    db.executemany("INSERT INTO bears VALUES(?, ?)", bearers(db))


def paired(db, table, column):
    """What each resource has in a table: {(resource, table): [...]}."""
    pairs = {}
    for resource, value in db.execute(f"SELECT resource, {column} FROM {table} ORDER BY 1, 2"):
        pairs.setdefault((resource, table), []).append(value)
    return pairs


def called(db):
    """The same by the resource's own lists; see fs/store/called.c."""
    lists = {}
    for resource, names, refs in db.execute("SELECT resource, names, refs FROM alias_set"):
        lists[resource, "bears"] = list(itertools.accumulate(numbers(names or b"")))
        lists[resource, "reference"] = [one for one, in struct.iter_unpack("<q", refs or b"")]
    return {whose: values for whose, values in lists.items() if values}


def dump(history):
    """Everything in a history but row ids and how bodies are packed: {table: sorted rows}."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as db:
        db.text_factory = bytes
        # The state before is a row id.
        db.create_function("told", 1, lambda b: repr(told(b) | {"previous": None}))
        event_table(db)
        shown_table(db)
        bearer_table(db)
        edge_table(db)
        state_table(db)
        facts = {table: sorted(db.execute(sql).fetchall(), key=repr)
                 for table, sql in FACTS.items()}
        keys = dict(db.execute("SELECT id, key FROM event"))
        names = dict(db.execute("SELECT id, rid FROM resource"))
        values = {row[0]: row[1:] for row in db.execute("SELECT id, kind, name FROM value")}
        facts["alias"] = sorted((*of, names[one]) for *of, one in postings(db, "alias"))
        # Ranks are where they are needed; what is behind each line tells the order, too.
        states = {row: names[one] for row, one in db.execute("SELECT id, resource FROM state")}
        behind = [keys, states, {}]
        facts["timeline"] = [(*line[:2], line[3], behind[line[1]].get(line[4]), *line[5:])
                             for line in timeline(db)]
        assert called(db) == {**paired(db, "bears", "name"), **paired(db, "reference", "token")}
        # Each source once with all that it names.
        sources = [source for *_, source in postings(db, "edge_token")]
        assert sorted(sources) == [row[0] for row in db.execute("""
            SELECT source FROM edge JOIN relation k ON k.id = relation
            GROUP BY source, k.type, iif(length(edge.id), edge.id, name) ORDER BY source""")]
        facts["edge_token"] = sorted((*of, names[one]) for *of, one in postings(db, "edge_token"))
        for table in ("mention", "actor", "session"):
            facts[table] = sorted((*of, keys[one]) for *of, one in postings(db, table))
        facts["value_name"] = sorted((*of, values[one]) for *of, one in postings(db, "value_name"))
        check_units(db)
        # A unit may be found by the time of what came in before its first event, too.
        facts["unit_token"] = sorted({(token, values[unit])
                                      for token, _, unit in postings(db, "unit_token")})
        facts["person"] = sorted((values[person], values[unit])
                                 for person, _, unit in postings(db, "person"))
        facts["person_behind"] = sorted((values[unit], values[person])
                                        for unit, _, person in postings(db, "person_behind"))
        facts["activity"] = sorted((values[value], time_ms, keys[one])
                                   for value, time_ms, one in postings(db, "activity"))
        # Nothing waits once an import is through.
        facts["activity_late"] = list(postings(db, "activity_late"))
        assert not facts["activity_late"]
    db.close()
    return facts


def check_intact(history):
    """SQLite's own opinion of the file; "ok" when it is sound."""
    db = sqlite3.connect(f"file:{history}?mode=ro", uri=True)
    try:
        return db.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        db.close()
