# SPDX-License-Identifier: Apache-2.0
"""Whatever comes first, the history is the same: file by file, byte by byte."""
import json
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import unittest

from support import (DONE, FAILED, REFUSED, SOURCES, Case, driftfs, dump, event, history_file, item,
                     trail_file)

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("DRIFTFS_DATA") or ROOT.parent / "shared" / "data")
# What a history tells apart from how it came about: facts and what is derived of them.
TOLD = ("folder", "resource", "state", "event", "mention", "actor", "session", "alarm",
        "alarm_mention", "transition", "tally", "trail", "timeline", "timeline_hour", "timeline_day",
        "value", "value_day", "activity", "person", "units", "shown", "view", "entry", "cause", "label",
        "alias", "alias_set", "name", "bearer", "edge", "edge_token", "dirty", "spread")

LESS = item(configuration={"a": 1})
MORE = item(configuration={"a": 2})
STATE = "/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1/2024-05-01T101500.123Z.json"
REASON = ("another content of AWS::EC2::SecurityGroup sg-1 at 2024-05-01T10:15:00.123Z "
          "is in the history")


class Contradictions(Case):
    def setUp(self):
        super().setUp()
        self.write("less.json", history_file([LESS]))
        self.write("more.json", history_file([MORE]))

    def take_in(self, *names):
        """One import a file, each into the same fresh history."""
        self.history.unlink(missing_ok=True)
        for name, status in names:
            self.import_(name, status=status)

    def assert_less_refused(self):
        (source, _, field, reason), = self.refusals()
        self.assertEqual((source, field, reason), ("less.json", "configuration", REASON))
        self.assertIn('"a": 2', self.cat(STATE))
        self.assert_totals(items=1, resources=1, refused=1)

    def test_the_same_one_is_refused_in_any_order(self):
        histories = []
        for first, second in (("less.json", "more.json"), ("more.json", "less.json")):
            self.take_in((first, DONE), (second, REFUSED))
            self.assert_less_refused()
            histories.append(dump(self.history))
        for facts in histories:
            # Of what gives way later than it was read the place in its file is not known any more.
            facts["refusal"] = [row[:1] + row[2:] for row in facts["refusal"]]
        self.assertEqual(*histories)

    def test_it_is_named_where_it_came_from(self):
        self.import_("less.json")
        line, err = self.import_("more.json", status=REFUSED)
        self.assertEqual(line, "nothing new, 1 refused")
        self.assertEqual(err, f"driftfs: {self.folder}/less.json: configuration: {REASON}\n")
        self.take_in(("more.json", DONE))
        line, err = self.import_("less.json", status=REFUSED)
        self.assertEqual(line, "nothing new, 1 refused")
        self.assertRegex(err, f"^driftfs: less.json:[0-9]+: configuration: {REASON}\n$")

    def test_its_bytes_are_kept(self):
        hashes = set()
        for first, second in (("less.json", "more.json"), ("more.json", "less.json")):
            self.take_in((first, DONE), (second, REFUSED))
            with sqlite3.connect(self.history) as db:
                kept = db.execute("SELECT length, bytes_len, hash FROM refusal").fetchall()
            db.close()
            hashes.update(row[2] for row in kept)
            text = (self.folder / "less.json").read_bytes()
            raw = text[text.index(b"[{") + 1:-2]
            self.assertEqual([row[:2] for row in kept], [(len(raw), len(raw))])
        self.assertEqual(len(hashes), 1)

    def test_once_when_imported_again(self):
        for first, second in (("less.json", "more.json"), ("more.json", "less.json")):
            self.take_in((first, DONE), (second, REFUSED))
            for name, status in (("less.json", REFUSED), ("more.json", DONE)) * 2:
                self.assertIn("1 file unchanged", self.import_(name)[0])
                os.utime(self.folder / name, ns=(1, 1 + os.stat(self.folder / name).st_mtime_ns))
                self.import_(name, status=status)
                self.assert_less_refused()

    def test_both_in_one_file(self):
        for items in ([LESS, MORE], [MORE, LESS], [LESS, MORE, LESS]):
            self.history.unlink(missing_ok=True)
            self.write("both.json", history_file(items))
            self.import_("both.json", status=REFUSED)
            self.assertEqual({r[3] for r in self.refusals()}, {REASON})
            self.assertIn('"a": 2', self.cat(STATE))
            self.assert_totals(items=1)

    def test_copies_far_apart_in_one_import(self):
        """Byte for byte, with so much between that one is written before the next is read."""
        orders = (((LESS, LESS, MORE, LESS, MORE), ["0", "3"]), ((MORE, LESS, LESS, MORE), ["1", "2"]),
                  ((LESS, MORE, MORE, LESS), ["0", "3"]))
        for order, refused in orders:
            self.history.unlink(missing_ok=True)
            shutil.rmtree(self.folder / "all", ignore_errors=True)
            for n, one in enumerate(order):
                self.write(f"all/{n}/0", history_file([one]))
                for k in range(1, 150):
                    self.write(f"all/{n}/{k}", history_file([item(f"sg-{n}-{k}")]))
            line, _ = self.import_("all", status=REFUSED)
            known = len(order) - 1 - len(refused)
            self.assertIn(f"{known} already known" if known else " files, 2 refused", line)
            sources = self.query(f"""SELECT s.name FROM refusal JOIN {SOURCES} s ON s.id = source
                                     ORDER BY 1""")
            self.assertEqual([name.split("/")[-2] for name, in sources], refused)
            self.assertIn('"a": 2', self.cat(STATE))
            self.assert_totals(items=1 + len(order) * 149, refused=2)

    def test_a_poorer_guise_is_no_contradiction(self):
        poor = {k: v for k, v in LESS.items() if k not in ("awsAccountId", "relationships")}
        poor.update(accountId=LESS["awsAccountId"], configuration='{"a":1}', relationships=[])
        self.write("poor.json", {"configurationItems": [poor]})
        for first, second in (("poor.json", "more.json"), ("more.json", "poor.json")):
            self.take_in((first, DONE), (second, DONE))
            self.assertIn('"a": 2', self.cat(STATE))
            self.assert_totals(items=1, refused=0)

    def test_the_same_content_is_simply_known(self):
        self.write("again.json", history_file([dict(MORE, configurationItemVersion="1.2")]))
        for first, second in (("again.json", "more.json"), ("more.json", "again.json")):
            self.take_in((first, DONE), (second, DONE))
            self.assert_totals(items=1, refused=0)


def from_api(one):
    """The item as GetResourceConfigHistory answers it, but for what is null."""
    names = {"awsAccountId": "accountId", "ARN": "arn", "configurationItemVersion": "version",
             "configurationStateMd5Hash": "configurationItemMD5Hash"}
    told = {names.get(key, key): value for key, value in one.items() if value is not None}
    told["configuration"] = json.dumps(one["configuration"])
    told["configurationStateId"] = str(one["configurationStateId"])
    return told


class Retold(Case):
    """A copy that says the same in a better guise leaves what a story found for its state."""

    def test_a_deletion_keeps_its_name(self):
        alive = item(resourceName="web")
        dead = item(time="2024-05-01T11:15:00.123Z", configurationStateId=1714562100123,
                    configuration=None, configurationItemStatus="ResourceDeleted")
        self.write("api.json", {"configurationItems": [from_api(alive), from_api(dead)]})
        self.write("file.json", history_file([dead]))
        for order in (("api", "file"), ("file", "api")):
            self.history.unlink(missing_ok=True)
            for name in order:
                self.import_(f"{name}.json")
            state = json.loads(self.cat(STATE.replace("T101500", "T111500")))
            self.assertEqual(state["resourceName"], "web")
            self.assert_totals(items=2, refused=0)

    def test_a_repetition_stays_unlisted(self):
        folder = "/resources/123456789012/global/AWS/IAM/Role/AROA1/"
        roles = [item("AROA1", f"2024-05-01T10:15:0{second}.000Z", "AWS::IAM::Role",
                      configurationStateId=1714558500000 + second, awsRegion=region)
                 for second, region in ((1, "us-east-1"), (2, "eu-west-1"))]
        self.import_(self.write("api.json", {"configurationItems": [*map(from_api, roles)]}))
        listed = self.ls(folder)
        self.assertEqual([name for name in listed if name.endswith("Z.json")],
                         ["2024-05-01T101501.000Z.json"])
        self.import_(self.write("file.json", history_file(roles)))
        self.assertEqual(self.ls(folder), listed)


class Oversized(Case):
    """Of an item that is too large there may be no more than a summary, which tells no change."""

    FOLDER = "/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1/"
    UNKNOWN = "no details of this state, or of the one before it, were imported"

    def part(self, hour, a):
        return item(time=f"2024-05-01T{hour}:15:00.123Z", configurationStateId=1714558500123 + int(hour),
                    resourceName="web", availabilityZone="z", configuration={"a": a}, tags={"t": "1"},
                    supplementaryConfiguration={}, relationships=[])

    def summary(self, hour):
        told = {key: value for key, value in self.part(hour, 0).items() if key not in (
            "configuration", "tags", "supplementaryConfiguration", "relationships")}
        told |= {"changeType": "UPDATE", "configurationStateId": 0, "resourceName": None,
                 "availabilityZone": None}
        return self.write(f"{hour}.json", {
            "configurationItemSummary": told, "recordVersion": "1.0",
            "s3DeliverySummary": {"s3BucketLocation": "b/k", "errorCode": "AccessDenied"},
            "notificationCreationTime": "2024-05-01T23:00:00.000Z",
            "messageType": "OversizedConfigurationItemChangeDeliveryFailed"})

    def changes(self):
        lines = self.cat(self.FOLDER + "changes.jsonl").splitlines()
        return [(e["snapshot"][11:13], e["previous"] and e["previous"][11:13], e["changedProperties"],
                 [c["eventID"] for c in e["causes"]], e["reason"]) for e in map(json.loads, lines)]

    def test_between_two_states(self):
        call = event(time="2024-05-01T11:14:00Z")
        parts = [self.write("first.json", history_file([self.part(10, 1)])), self.summary(11),
                 self.write("last.json", history_file([self.part(12, 2)])),
                 self.write("trail.json", trail_file([call]))]
        seen = []
        for order in ((0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)):
            self.history.unlink(missing_ok=True)
            for n in order:
                self.import_(parts[n])
            _, summary, last = self.changes()
            self.assertEqual(summary[:4], ("11", "10", {}, [call["eventID"]]))
            self.assertEqual(last[:2], ("12", "10"))
            self.assertEqual(last[2], {"/configuration/a": {
                "changeType": "UPDATE", "previousValue": 1, "updatedValue": 2}})
            since = {row.split("\t")[0]: row.split("\t")[2][11:13]
                     for row in self.cat(self.FOLDER + "blame").splitlines()[1:]}
            self.assertEqual([since[key] for key in ("/configuration/a", "/resourceName", "/tags/t")],
                             ["12", "10", "10"])
            seen.append({name: self.cat(self.FOLDER + name) for name in ("changes", "blame")})
        self.assertEqual(seen[1:], seen[:1] * 2)

    def test_first(self):
        """Neither is told as a change of all that is there, nor as nothing."""
        trail = [event(n, time=f"2024-05-01T{hour}:00:00Z", requestParameters={"groupId": "sg-9"})
                 for n, hour in enumerate(("09", "23"))]
        unrecorded = self.part(10, 0) | dict.fromkeys(
            ("configuration", "tags", "supplementaryConfiguration", "relationships"))
        unrecorded["configurationItemStatus"] = "ResourceNotRecorded"
        for first in (self.summary(10), self.write("not.json", history_file([unrecorded]))):
            self.history.unlink(missing_ok=True)
            self.import_(first, self.write("trail.json", trail_file(trail)),
                         self.write("last.json", history_file([self.part(12, 2)])))
            (_, last) = self.changes()
            self.assertEqual(last[:4], ("12", "10", {}, []))
            self.assertIn(self.UNKNOWN, last[4])
            self.assertNotIn("summary", last[4])


class Everywhere(Case):
    """IAM is recorded in many regions: one resource, and one state for each content."""

    FOLDER = "/resources/123456789012/global/AWS/IAM/Role/AROA1/"

    def role(self, region, second, **more):
        return item("AROA1", f"2024-05-01T10:15:{second:02}.000Z", "AWS::IAM::Role",
                    configurationStateId=1714558500000 + second * 1000, awsRegion=region,
                    resourceName="worker", ARN="arn:aws:iam::123456789012:role/worker", **more)

    def states(self):
        return [name for name in self.ls(self.FOLDER) if name.endswith("000Z.json")]

    def test_one_capture_in_two_regions_is_one_state(self):
        self.write("east.json", history_file([self.role("us-east-1", 1)]))
        self.write("west.json", history_file([self.role("eu-west-1", 1)]))
        self.write("none.json", history_file([self.role("global", 1)]))
        histories = []
        for names in (("east", "west", "none"), ("none", "west", "east")):
            self.history.unlink(missing_ok=True)
            for name in names:
                self.import_(f"{name}.json")
            self.assertEqual(self.ls("/resources/123456789012"), ["global"])
            self.assertEqual(self.states(), ["2024-05-01T101501.000Z.json"])
            path = self.FOLDER + self.states()[0]
            self.assertIn('"awsRegion": "global"', self.cat(path))
            self.assert_totals(items=1, refused=0)
            histories.append((self.cat(path), self.cat("--raw", path),
                              self.cat(self.FOLDER + "changes")))
        self.assertEqual(*histories)
        # As received: of copies otherwise equal, always the same one.
        self.assertRegex(histories[0][1], '"awsRegion": "us-east-1"')

    def test_each_regions_own_capture_shows_a_content_once(self):
        files = [("us-east-1", 1, {"path": "/"}), ("eu-west-1", 2, {"path": "/"}),
                 ("us-east-1", 11, {"path": "/b/"}), ("eu-west-1", 12, {"path": "/b/"})]
        for region, second, content in files:
            self.write(f"in/{region}-{second}.json",
                       history_file([self.role(region, second, configuration=content)]))
        self.import_("in")
        self.assertEqual(self.states(), ["2024-05-01T101501.000Z.json",
                                         "2024-05-01T101511.000Z.json"])

    def test_a_repetition_is_found_by_its_own_time(self):
        """A path that was noted leads to the state, also once an older record moved that."""
        late = self.FOLDER + "2024-05-01T101502.000Z.json"
        self.import_(self.write("west.json", history_file([
            self.role("eu-west-1", 2), self.role("eu-west-1", 12, configuration={"path": "/b/"})])))
        self.assertEqual(self.states()[0], "2024-05-01T101502.000Z.json")
        self.import_(self.write("east.json", history_file([
            self.role("us-east-1", 1), self.role("us-east-1", 11, configuration={"path": "/b/"})])))
        self.assertEqual(self.states(), ["2024-05-01T101501.000Z.json",
                                         "2024-05-01T101511.000Z.json"])
        first, second = (json.loads(self.cat(path)) for path in (
            self.FOLDER + "2024-05-01T101501.000Z.json", late))
        self.assertEqual(second["configurationItemCaptureTime"], "2024-05-01T10:15:02.000Z")
        self.assertEqual(second["configuration"], first["configuration"])
        self.assertIn('"/b/"', self.cat(self.FOLDER + "2024-05-01T10:15:12Z.json"))
        self.run_program("cat", self.history, self.FOLDER + "2024-05-01T101503.000Z.json",
                         status=FAILED)

    def test_a_repetition_that_is_none_any_more_dates_its_folders(self):
        """The newest state is hidden by one before it, and shown again by one between them."""
        files = [self.write(f"{second}.json", history_file([self.role(
            "us-east-1", second, configuration={"path": path}, resourceCreationTime=created)]))
            for second, path, created in ((2, "/", None), (50, "/b/", None), (10, "/b/", None),
                                          (20, "/b/", "2024-05-01T10:15:01.000Z"))]
        self.import_(*files)
        whole = dump(self.history)
        self.history.unlink()
        for file in files:
            self.import_(file)
        self.assertIn("2024-05-01T101550.000Z.json", self.states())
        parts = dump(self.history)
        for table in TOLD:
            self.assertEqual(parts[table], whole[table], table)

    def test_newest_states_hidden_at_once_date_its_names(self):
        """One that came before and one that comes now repeat what comes in between."""
        files = [self.write(f"{second}.json", history_file([self.role(
            "us-east-1", second, configuration={"path": path}, tags={"k": "v"})]))
            for second, path in ((2, "/"), (50, "/b/"), (10, "/b/"), (55, "/b/"))]
        self.import_(*files)
        whole = dump(self.history)
        self.history.unlink()
        self.import_(*files[:2])
        self.import_(*files[2:])
        self.assertNotIn("2024-05-01T101550.000Z.json", self.states())
        parts = dump(self.history)
        for table in TOLD:
            self.assertEqual(parts[table], whole[table], table)

    def test_its_events_are_found(self):
        self.write("role.json", history_file([
            self.role("eu-west-1", 1, configuration={"roleName": "worker", "path": "/"}),
            self.role("eu-west-1", 50, configuration={"roleName": "worker", "description": "d"})]))
        self.write("trail.json", trail_file([event(
            1, "UpdateRole", "2024-05-01T10:15:40Z", eventSource="iam.amazonaws.com",
            requestParameters={"roleName": "worker", "description": "d"}, responseElements={})]))
        self.import_("role.json", "trail.json")
        self.assertIn("UpdateRole", self.cat(self.FOLDER + "changes"))


class Makers(Case):
    """Of three accounts more resources each than one maker takes at once, in no order."""

    def files(self):
        items, calls = [], []
        for n in range(3 * 140):
            account, rid = f"{n * 7 % 3 + 1:012}", f"sg-{n:017x}"
            items += [item(rid, f"2024-05-01T1{hour}:15:00.000Z", awsAccountId=account,
                           tags={"team": f"t{n % 5}"}, configuration={
                               "groupId": rid, "ipPermissions": [
                                   {"ipProtocol": "tcp", "fromPort": hour, "toPort": hour}]})
                      for hour in (0, 1)]
            calls.append(event(n + 1, time="2024-05-01T11:14:00Z", recipientAccountId=account,
                               requestParameters={"groupId": rid}))
        return self.write("items.json", history_file(items)), self.write("calls.json",
                                                                         trail_file(calls))

    def test_any_number(self):
        files, facts = self.files(), {}
        for jobs, heaps in ("1", [files]), ("8", [files]), ("3", [files[1:], files[:1]]):
            self.history = self.folder / f"{jobs}.db"
            for heap in heaps:
                self.import_(*heap, options=["-q", "-j", jobs])
            facts[jobs] = dump(self.history)
        self.assertEqual(len(facts["1"]["cause"]), 3 * 140)
        for table in TOLD:
            self.assertEqual(facts["8"][table], facts["1"][table], table)
            self.assertEqual(facts["3"][table], facts["1"][table], table)


TRAILS_AT_ONCE = 6 # of the many small files of a trail


class Orders(Case):
    """All at once, file by file from the last to the first, and in shuffled heaps."""

    def output(self, *args):
        done = subprocess.run([driftfs(), *map(str, args)], capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (DONE, b""))
        return done.stdout

    def tree(self, history):
        """Of every path the kind, size and time; of files the bytes; of states those received.

        All but README: its example is a resource of those that came first.
        """
        listing = self.output("ls", "-lR", history, "/resources").decode().splitlines()
        rows = [line.split(None, 3) for line in listing]
        files = [(row[3], int(row[1])) for row in rows if row[0] == "-"]
        data = self.output("cat", history, *(path for path, _ in files))
        tree, at = {"the listing": listing}, 0
        for path, size in files:
            tree[path] = data[at:at + size]
            at += size
        self.assertEqual(at, len(data))
        states = [path for path, _ in files if path.endswith(".json")]
        tree["as received"] = self.output("cat", "--raw", history, *states)
        return tree

    def assert_same(self, expected, history):
        tree = self.tree(history)
        self.assertEqual(tree["the listing"], expected["the listing"])
        self.assertEqual([path for path in expected if tree[path] != expected[path]], [])

    def import_heaps(self, history, heaps):
        self.history = self.folder / history
        for heap in heaps:
            self.import_(*heap, options=["-q"])
        return self.history

    def check_orders(self, folders, at_least):
        """Equal trees of equal facts, whatever the order."""
        files = sorted(path for folder in folders for path in folder.rglob("*.json*"))
        self.assertGreater(len(files), at_least)
        whole = self.import_heaps("whole.db", [folders])
        expected, facts = self.tree(whole), dump(whole)
        self.assertGreater(len(expected), at_least)

        ones, rest = [], files[::-1]
        while rest:
            n = TRAILS_AT_ONCE if "CloudTrail" in rest[0].name else 1
            ones.append(rest[:n])
            rest = rest[n:]
        chance = random.Random(2024)
        chance.shuffle(files)
        heaps = []
        while files:
            n = chance.randint(1, 16)
            heaps.append(files[:n])
            files = files[n:]
        for name, order in ("ones.db", ones), ("heaps.db", heaps):
            with self.subTest(name):
                history = self.import_heaps(name, order)
                self.assert_same(expected, history)
                again = dump(history)
                for table in TOLD:
                    self.assertEqual(again[table], facts[table], table)

    def test_demo(self):
        subprocess.run([sys.executable, ROOT / "scripts" / "demo_history", "--out",
                        self.folder / "in", "--items", "30", "--events", "120", "--months", "1"],
                       check=True, stdout=subprocess.DEVNULL)
        self.check_orders([self.folder / "in"], 200)

    @unittest.skipUnless((DATA / "reconstructed-invictus").is_dir(),
                         "no data at DRIFTFS_DATA or beside the source")
    def test_invictus(self):
        self.check_orders([DATA / "reconstructed-invictus" / "AWSLogs",
                           DATA / "cloudtrail-invictus" / "CloudTrail"], 70)
