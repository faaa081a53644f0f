# SPDX-License-Identifier: Apache-2.0
"""timeline/ and activity/ against an independent reckoning over the files that were imported."""
import collections
import contextlib
import gzip
import json
import pathlib
import random
import sqlite3
import subprocess
import sys

from support import Case, alarm, driftfs, dump, event, history_file, item, trail_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
KINDS = ("access-key", "address", "error", "event-name", "principal")
OPENERS = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "GetFederationToken",
           "GetSessionToken", "AssumeRoot")


def escaped(text):
    """model/name.h, as far as what the generator makes needs it."""
    out = "".join(f"%{ord(c):02X}" if c in "/%" or ord(c) < 32 else c for c in text)
    return "%2E" + out[1:] if out.startswith(".") else out


def principal(record):
    identity = record["userIdentity"]
    kind, arn = identity.get("type"), identity.get("arn") or ""
    if kind == "Root":
        return "root"
    if kind == "AWSService":
        return identity["invokedBy"]
    if kind == "AWSAccount":
        return identity["accountId"]
    if arn:
        return arn.split(":", 5)[5]
    names = {"SAMLUser": "saml-user", "WebIdentityUser": "web-identity-user"}
    if identity.get("userName"):
        return f"{names.get(kind, 'user')}/{identity['userName']}"
    return None  # asserted not to occur


def is_kept(record, level):
    return (level == "all" or not record["readOnly"] or "errorCode" in record
            or record["eventName"] in OPENERS)


class Oracle:
    """What the raw files hold: events by value, persons, lines by day."""

    def __init__(self, folder, level):
        self.events, self.alarms = {}, set()
        for path in folder.rglob("*.json*"):
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            for line in text.splitlines() if b"Records" not in text[:200] else [text]:
                self.take(json.loads(line))
        self.events = {k: e for k, e in self.events.items() if is_kept(e, level)}
        self.openers = {}
        for record in self.events.values():
            answer = (record.get("responseElements") or {}).get("credentials")
            if record["eventName"] in OPENERS and answer:
                self.openers[answer["accessKeyId"]] = record

    def take(self, document):
        for record in document.get("Records", []) if isinstance(document, dict) else []:
            if isinstance(record, dict) and "eventID" in record and "eventName" in record:
                self.events[record["eventID"]] = record

    def persons(self, record, depth=0):
        """Everybody behind the call, and it itself."""
        who = principal(record)
        found = {who}
        if not who.startswith("assumed-role/"):
            return found
        found.add("role/" + who.split("/")[1])
        opener = self.openers.get(record["userIdentity"].get("accessKeyId"))
        if opener and depth < 8 and opener["userIdentity"].get("type") != "AWSService":
            found |= self.persons(opener, depth + 1)
        return found

    def values(self):
        ret = collections.defaultdict(set)
        for number, record in self.events.items():
            keys = [("principal", who) for who in self.persons(record)]
            keys += [("address", record.get("sourceIPAddress")),
                     ("access-key", record["userIdentity"].get("accessKeyId")),
                     ("event-name", record["eventName"]), ("error", record.get("errorCode"))]
            for kind, value in keys:
                if value:
                    ret[kind, escaped(value)].add(number)
        return ret

    def attempts(self):
        return {number for number, record in self.events.items()
                if "errorCode" in record and not record["readOnly"]}


class Told(Case):
    def listing(self, path):
        out, _ = self.run_program("ls", "-lR", self.history, path)
        rows = [line.split(None, 3) for line in out.splitlines()]
        return {name: int(size) for kind, size, _, name in rows if kind == "-"}

    def contents(self, paths):
        """Of all files at once, cut by the sizes that were listed."""
        ret, names = {}, list(paths)
        for at in range(0, len(names), 200):
            some = names[at:at + 200]
            done = subprocess.run([driftfs(), "cat", str(self.history), *some],
                                  capture_output=True, check=True)
            data = done.stdout
            for name in some:
                ret[name], data = data[:paths[name]], data[paths[name]:]
            self.assertEqual(data, b"", "sizes are exact")
        return ret


class Generated(Told):
    def generate(self, *args):
        out = self.folder / "in"
        subprocess.run([sys.executable, str(ROOT / "scripts/demo_history"), "--out", str(out),
                        *map(str, args)], check=True, stdout=subprocess.DEVNULL)
        return out

    def lines(self, tree):
        """Of each .jsonl below it, its objects; each has as many lines as its .log."""
        ret = {}
        contents = self.contents(self.listing(tree))
        for name, data in contents.items():
            self.assertTrue(data.endswith(b"\n"), name)
            if name.endswith(".jsonl"):
                ret[name[len(tree) + 1:-6]] = [json.loads(x) for x in data.splitlines()]
                other = contents[name[:-6] + ".log"]
                self.assertEqual(other.count(b"\n"), data.count(b"\n"), name)
                times = [x.split(b"\t")[0].decode() for x in other.splitlines()]
                self.assertEqual(times, [x["time"] for x in ret[name[len(tree) + 1:-6]]])
                self.assertTrue(all(x.count(b"\t") == 9 for x in other.splitlines()))
        return ret

    def stories(self):
        """The changes and their causes as `changes.jsonl` of all resources tell them."""
        names = {n: s for n, s in self.listing("resources").items() if n.endswith(".jsonl")}
        for name, data in self.contents(names).items():
            folder = name.rpartition("/")[0]
            for line in map(json.loads, data.splitlines()):
                if line["kind"] == "change":
                    yield f"{folder}/{line['snapshot']}", line

    def check(self, folder, level):
        oracle = Oracle(folder, level)
        self.assertEqual(self.status()["events"], len(oracle.events))
        wanted, found = oracle.values(), {}
        changes = list(self.stories())
        caused = collections.defaultdict(set)
        for path, line in changes:
            for cause in line["causes"]:
                caused[cause["eventID"]].add((path, cause["principal"], cause["confidence"]))
        for name, lines in self.lines("activity").items():
            kind, _, value = name.partition("/")
            numbers = [x["eventID"] for x in lines if x["kind"] == "event"]
            self.assertEqual(len(numbers), len(set(numbers)), name)
            found[kind, value] = set(numbers)
            behind = collections.defaultdict(set)
            last = None
            for line in lines:
                if line["kind"] == "event":
                    last = line["eventID"]
                else:
                    self.assertEqual(line["eventID"], last, "right behind its event")
                    behind[last].add((line["path"], line["principal"], line["confidence"]))
            self.assertEqual({n: behind[n] for n in numbers}, {n: caused[n] for n in numbers})
            times = [x["time"] for x in lines if x["kind"] == "event"]
            self.assertEqual(times, sorted(times))
        self.assertEqual(set(found), set(wanted))
        for key, numbers in wanted.items():
            self.assertEqual(found[key], numbers, key)
        self.check_timeline(oracle, changes)

    def check_timeline(self, oracle, changes):
        wanted = collections.Counter()
        for path, line in changes:
            wanted[line["time"][:10], "change"] += 1
        for number in oracle.attempts():
            wanted[oracle.events[number]["eventTime"][:10], "event"] += 1
        found, seen = collections.Counter(), {}
        for name, lines in self.lines("timeline").items():
            day = name.replace("/", "-")
            times = [x["time"] for x in lines]
            self.assertEqual(times, sorted(times))
            self.assertTrue(all(t.startswith(day) for t in times))
            found.update((day, x["kind"]) for x in lines)
            seen.update({x["path"]: x for x in lines if x["kind"] == "change"})
        alarms = sum(n for (_, kind), n in found.items() if kind == "alarm")
        self.assertEqual(alarms, self.query("""SELECT count(DISTINCT a.name || t.time_ms || t.state)
            FROM transition t JOIN alarm a ON a.id = t.alarm""")[0][0])
        self.assertEqual({k: n for k, n in found.items() if k[1] != "alarm"}, dict(wanted))
        for path, line in changes:
            cause = line["causes"][0] if line["causes"] else {}
            got = seen[path]
            for key in ("eventID", "eventName", "principal", "sourceIPAddress", "confidence"):
                self.assertEqual(got[key], cause.get(key), (path, key))
            self.assertEqual(got["changeType"], line["changeType"])

    def test_write_and_all(self):
        folder = self.generate("--items", 400, "--events", 2500, "--months", 1)
        self.import_(folder)
        self.check(folder, "write")
        self.import_(folder, options=["--events=all"])
        self.check(folder, "all")
        total = int(self.status()["files"])
        self.assertEqual(total, len(self.listing("/")))

    def test_any_order_tells_the_same(self):
        """In one import, and in some dozens in any order: openers after what they opened."""
        folder = self.generate("--items", 200, "--events", 1500, "--months", 1)
        self.import_(folder)
        trees = ("timeline", "activity")
        wanted = [self.contents(self.listing(tree)) for tree in trees]
        files = sorted(str(p) for p in folder.rglob("*") if p.is_file())
        random.Random(3).shuffle(files)
        self.history.unlink()
        for at in range(0, len(files), -(-len(files) // 12)):
            self.import_(*files[at:at + -(-len(files) // 12)])
        for tree, want in zip(trees, wanted):
            got = self.contents(self.listing(tree))
            self.assertEqual(sorted(got), sorted(want))
            for name, data in want.items():
                self.assertEqual(got[name].decode(), data.decode(), name)


def session(number, key, role="Admin", name="alice", kind="DeleteVolume", **more):
    return event(number, kind, userIdentity={
        "type": "AssumedRole", "accountId": "123456789012", "accessKeyId": key,
        "arn": f"arn:aws:sts::123456789012:assumed-role/{role}/{name}",
        "principalId": f"AROAEXAMPLE:{name}"}, **more)


def opens(number, record, key, role="Admin", name="alice"):
    record.update(eventName="AssumeRole", eventSource="sts.amazonaws.com", readOnly=True,
                  requestParameters={"roleArn": f"arn:aws:iam::123456789012:role/{role}"},
                  responseElements={"credentials": {"accessKeyId": key}, "assumedRoleUser": {
                      "arn": f"arn:aws:sts::123456789012:assumed-role/{role}/{name}"}})
    return record


class Late(Told):
    """Events come in account by account: those of values that all accounts share are late."""

    EACH = 400

    def account(self, n):
        """Of a month, between those of the other accounts; every tenth is in a session that was opened."""
        account, records = f"{n:012}", []
        for i in range(self.EACH):
            number, minute = n * self.EACH + i, i * 36 + n % 2
            when = f"2024-05-{minute // 1440 + 1:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
            more = {"time": when, "recipientAccountId": account, "readOnly": i % 2 == 0}
            if i % 20 == 0:
                records.append(opens(number, event(number, **more), f"ASIA{n:04}{i // 20:08}"))
            elif i % 10 == 5:
                records.append(session(number, f"ASIA{n:04}{i // 20:08}", **more))
            else:
                records.append(event(number, f"Call{i % 3}", **more))
        self.write(f"in/AWSLogs/{account}/trail.json", trail_file(records))
        return self.folder / "in" / "AWSLogs" / account

    def let_wait(self):
        """Some of what is there, as an import leaves it that is cut off."""
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            some = "(value, time_ms, event) IN (SELECT value, time_ms, event FROM (SELECT *, \
                row_number() OVER (ORDER BY value, time_ms, event) AS n FROM activity) WHERE n % 3 = 1)"
            db.execute(f"INSERT INTO activity_late SELECT * FROM activity WHERE {some}")
            self.assertGreater(db.execute(f"DELETE FROM activity WHERE {some}").rowcount, 2)

    def assert_told(self, facts, contents):
        self.assertEqual(self.query("SELECT * FROM activity_late"), [])
        again = dump(self.history)
        for table in "activity", "value", "value_day", "person":
            self.assertEqual(again[table], facts[table], table)
        self.assertEqual(self.contents(self.listing("activity")), contents)

    def test_account_by_account(self):
        folders = [self.account(n) for n in range(1, 4)]
        self.import_(self.folder / "in", options=["--events=all"])
        facts, contents = dump(self.history), self.contents(self.listing("activity"))
        self.assertGreater(len(contents), 100)
        for order in folders, folders[::-1]:
            self.history.unlink()
            for folder in order:
                self.import_(folder, options=["--events=all"])
                if folder != order[-1]:
                    self.let_wait()
            self.assert_told(facts, contents)

    def test_while_it_waits(self):
        """It is read all the same, and the next import merges it."""
        for n in 1, 2:
            self.import_(self.account(n), options=["--events=all"])
        facts, contents = dump(self.history), self.contents(self.listing("activity"))
        self.let_wait()
        self.assertEqual(self.contents(self.listing("activity")), contents)
        (self.folder / "empty").mkdir()
        self.import_("empty")
        self.assert_told(facts, contents)


class Persons(Case):
    def events_of(self, value):
        out = self.cat(f"activity/principal/{value}.jsonl")
        return [int(json.loads(x)["eventID"].replace("-", ""), 16) for x in out.splitlines()]

    def test_chain_in_any_order(self):
        """bob takes on Jump, in it Admin: what Admin does is in the files of all of them."""
        parts = [opens(1, event(1, time="2024-05-01T10:00:00Z"), "ASIAJUMP", "Jump", "b"),
                 opens(2, session(2, "ASIAJUMP", "Jump", "b", time="2024-05-01T10:01:00Z"),
                       "ASIAADMIN"),
                 session(3, "ASIAADMIN", time="2024-05-01T10:02:00Z"),
                 session(4, "ASIAADMIN", time="2024-05-01T10:03:00Z")]
        for n, part in enumerate(parts):
            self.write(f"{n}.json", trail_file([part]))
        for order in ("0123", "3210", "2031", "1302"):
            self.history.unlink(missing_ok=True)
            for n in order:
                self.import_(f"{n}.json")
            self.assertEqual(self.events_of("user%2Falice"), [1, 2, 3, 4], order)
            self.assertEqual(self.events_of("role%2FJump"), [2, 3, 4], order)
            self.assertEqual(self.events_of("assumed-role%2FJump%2Fb"), [2, 3, 4], order)
            self.assertEqual(self.events_of("role%2FAdmin"), [3, 4], order)
            self.assertEqual(self.events_of("assumed-role%2FAdmin%2Falice"), [3, 4], order)

    def test_calls_without_a_key(self):
        """Known by the session's ARN alone, of which there are several, one after the other."""
        def keyless(number, when):
            record = session(number, "", kind="ConsoleLogin", time=when)
            del record["userIdentity"]["accessKeyId"]
            return record

        mallory = {"type": "IAMUser", "accountId": "123456789012", "userName": "mallory",
                   "arn": "arn:aws:iam::123456789012:user/mallory"}
        parts = [opens(1, event(1, time="2024-05-01T10:00:00Z"), "ASIAONE"),
                 keyless(2, "2024-05-01T10:01:00Z"),
                 opens(3, event(3, time="2024-05-01T11:00:00Z", userIdentity=mallory), "ASIATWO"),
                 keyless(4, "2024-05-01T11:01:00Z")]
        for n, part in enumerate(parts):
            self.write(f"{n}.json", trail_file([part]))
        for order in ("0123", "1302", "3120"):
            self.history.unlink(missing_ok=True)
            for n in order:
                self.import_(f"{n}.json")
            self.assertEqual(self.events_of("user%2Falice"), [1, 2], order)
            self.assertEqual(self.events_of("user%2Fmallory"), [3, 4], order)
            self.assertEqual(self.events_of("role%2FAdmin"), [2, 4], order)

    def test_openers_of_many_come_later(self):
        """Of sessions known by their ARNs alone, as each key was issued again."""
        n, every = 2400, 40
        def when(number):
            return f"2024-05-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:30Z"

        self.write("act.json", trail_file([
            session(i, f"ASIA{i:016}", name=f"u{i}", time=when(i)) for i in range(1, n)]))
        self.import_("act.json")
        self.write("open.json", trail_file([
            opens(n + i, event(n + i, time=when(i - 1)), f"ASIB{i:016}", name=f"u{i}")
            for i in range(every, n, every)]))
        self.import_("open.json")
        opened = range(every, n, every)
        self.assertEqual(sorted(self.events_of("user%2Falice")),
                         sorted([*opened, *(n + i for i in opened)]))

    def test_a_session_that_opens_itself(self):
        self.write("a.json", trail_file([
            opens(1, session(1, "ASIALOOP"), "ASIALOOP"),
            opens(2, session(2, "ASIAA"), "ASIAB"), opens(3, session(3, "ASIAB"), "ASIAA"),
            event(4, userIdentity={"type": "IAMUser", "userName": "alice",
                                   "accessKeyId": "ASIAA"})]))
        self.import_("a.json")
        self.assertEqual(sorted(self.events_of("assumed-role%2FAdmin%2Falice")), [1, 2, 3])

    def test_a_late_opener_corrects_what_was_told(self):
        """The change's line names the person; so its length, and every sum, is another then."""
        self.write("items.json", history_file([
            item(), item(time="2024-05-01T10:20:00.000Z", configuration={"open": True})]))
        self.write("act.json", trail_file([session(2, "ASIAONE", time="2024-05-01T10:18:00Z",
                                                   kind="AuthorizeSecurityGroupIngress")]))
        self.write("open.json", trail_file([opens(1, event(1, time="2024-05-01T10:17:00Z"),
                                                  "ASIAONE")]))
        self.import_("items.json", "act.json")
        day = "timeline/2024/05/01.log"
        self.assertIn("\tassumed-role/Admin/alice\t", self.cat(day))
        self.import_("open.json")
        self.assertIn("\tuser/alice\t", self.cat(day))
        self.assertNotIn("\tassumed-role/", self.cat(day))
        text = self.cat("activity/principal/user%2Falice.log")
        self.assertEqual([x.split("\t")[1] for x in text.splitlines()],
                         ["AssumeRole", "AuthorizeSecurityGroupIngress", "UPDATE"])
        out, _ = self.run_program("ls", "-lR", self.history, "/")
        for kind, size, _, name in (x.split(None, 3) for x in out.splitlines()):
            if kind == "-":
                self.assertEqual(len(self.cat(name).encode()), int(size), name)


class Names(Case):
    def test_values_that_are_no_names(self):
        long = "x" * 300
        self.write("a.json", trail_file([
            event(1, sourceIPAddress="../../etc"), event(2, sourceIPAddress=".hidden"),
            event(3, sourceIPAddress="a\tb\x1b[2J"), event(4, sourceIPAddress=long),
            event(5, sourceIPAddress=long + "y"), event(6, sourceIPAddress="x.log")]))
        self.import_("a.json")
        names = [n for n in self.ls("activity/address") if n.endswith(".log")]
        self.assertEqual(len(names), 6)
        self.assertTrue(all(len(n.encode()) <= 255 for n in names))
        for name in ("%2E.%2F..%2Fetc.log", "%2Ehidden.log", "a%09b%1B[2J.log", "x.log.log"):
            self.assertIn(name, names)
        self.assertIn("a\\u0009b\\u001b[2J", self.cat("activity/address/a%09b%1B[2J.log"))

    def test_alarms_and_days(self):
        self.write("alarm.json", alarm(time="2024-05-01T23:59:59Z"))
        self.write("trail.json", trail_file([
            event(1, time="2024-05-02T00:00:00Z", errorCode="AccessDenied"),
            event(2, time="2024-06-02T00:00:00Z"),
            event(3, "DescribeInstances", time="2024-07-02T00:00:00Z", readOnly=True,
                  errorCode="AccessDenied")]))
        self.import_("alarm.json", "trail.json")
        self.assertEqual(self.ls("timeline"), ["2024"])
        self.assertEqual(self.ls("timeline/2024"), ["05"])
        self.assertEqual(self.ls("timeline/2024/05"),
                         ["01.jsonl", "01.log", "02.jsonl", "02.log"])
        self.assertEqual(self.cat("timeline/2024/05/01.log").split("\t")[1:6],
                         ["ALARM", "123456789012", "us-east-1", "AWS::CloudWatch::Alarm",
                          "open-0"])
        self.assertEqual(self.cat("timeline/2024/05/02.log"), "\t".join([
            "2024-05-02T00:00:00.000Z", "AuthorizeSecurityGroupIngress", "123456789012",
            "us-east-1", "-", "sg-1", "user/alice", "198.51.100.7", "AccessDenied", "-\n"]))
        self.assertEqual(len(self.cat("activity/error/AccessDenied.log").splitlines()), 2)
        for path in ("timeline/2024/06", "timeline/2024/06/02.log", "timeline/2023",
                     "timeline/2024/13", "timeline/2024/05/32.log", "timeline/2024/05/1.log",
                     "activity/principal/user%2Fbob.log", "activity/nothing"):
            self.ls(path, status=1)

    def test_the_first_and_the_last_day(self):
        times = ("1970-01-01T00:00:00.000Z", "2099-12-31T23:59:59.999Z")
        self.import_(self.write("items.json", history_file([item(time=time) for time in times])))
        for time in times:
            for ending in ("log", "jsonl"):
                path = f"timeline/{time[:4]}/{time[5:7]}/{time[8:10]}.{ending}"
                self.assertIn(time, self.cat(path))
        self.assertEqual(self.ls("timeline/1970/01"), ["01.jsonl", "01.log"])
