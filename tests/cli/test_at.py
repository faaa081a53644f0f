# SPDX-License-Identifier: Apache-2.0
"""The estate at a moment against an independent reckoning: a plain scan of the files imported."""
import csv
import datetime
import gzip
import io
import json
import pathlib
import random
import re
import subprocess
import sys
import unittest
import urllib.parse

from support import Case, history_file, item

ROOT = pathlib.Path(__file__).resolve().parents[2]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
METADATA = {"configurationItemCaptureTime", "configurationItemDeliveryTime",
            "configurationItemVersion", "configurationStateId", "configurationStateMd5Hash",
            "recordingFrequency", "relatedEvents"}
DELETED = {"ResourceDeleted", "ResourceDeletedNotRecorded"}
COLUMNS = ["accountId", "awsRegion", "resourceType", "resourceId", "resourceName", "ARN",
           "captureTime", "status", "createdTime", "tags"]


# --- the oracle ------------------------------------------------------------------------------

def millis(text):
    return round((datetime.datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH)
                 / datetime.timedelta(milliseconds=1))


def iso(ms):
    moment = EPOCH + datetime.timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z"


def items_of(folder):
    """Every configuration item in whatever file of the folder."""
    for path in sorted(pathlib.Path(folder).rglob("*.gz")):
        try:
            document = json.loads(gzip.decompress(path.read_bytes()))
        except ValueError:
            continue
        if isinstance(document, dict):
            yield from document.get("configurationItems") or []
            if isinstance(document.get("configurationItem"), dict):
                yield document["configurationItem"]


def escaped(rid):
    name = "".join(f"%{ord(c):02X}" if c in "/%" or c < " " or c == "\x7f" else c for c in rid)
    return "%2E" + name[1:] if name.startswith(".") else name


def opened(value):
    """Strings that hold JSON, URL-encoded or not, once or twice, stand for what they hold."""
    if isinstance(value, dict):
        return {key: opened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [opened(inner) for inner in value]
    if isinstance(value, str):
        for text in (value, urllib.parse.unquote(value)):
            try:
                inner = json.loads(text)
            except ValueError:
                continue
            if isinstance(inner, (dict, list)) or (isinstance(inner, str) and inner[:1] in "{["):
                return opened(inner)
    return value


def content(found):
    return {key: value for key, value in opened(found).items()
            if key not in METADATA and value is not None}


class Oracle:
    """What existed when: {path below a moment: states in order}."""

    def __init__(self, folder):
        self.states = {}
        known = {}
        for found in items_of(folder):
            # IAM is recorded in every region, and stands in one.
            iam = found["resourceType"].startswith("AWS::IAM::")
            region = "global" if iam else found["awsRegion"]
            path = "/".join([found["awsAccountId"], region, *found["resourceType"].split("::"),
                             escaped(found["resourceId"]) + ".json"])
            when = millis(found["configurationItemCaptureTime"])
            known.setdefault(path, {})[when, int(found["configurationStateId"])] = found
        for path, states in known.items():
            kept = []
            for (when, _), found in sorted(states.items(), key=lambda pair: pair[0]):
                repeats = kept and "/global/" in path and content(kept[-1][1]) == content(found)
                if not repeats:
                    kept.append((when, found))
            self.states[path] = kept

    def times(self):
        return sorted({when for states in self.states.values() for when, _ in states})

    def reborn(self):
        """Of each resource that was deleted and there again: the end, and the new beginning."""
        for states in self.states.values():
            for (end, one), (again, other) in zip(states, states[1:]):
                if (one["configurationItemStatus"] in DELETED
                        and other["configurationItemStatus"] not in DELETED):
                    yield end, again

    def at(self, moment):
        found = {}
        for path, states in self.states.items():
            newest = [state for state in states if state[0] <= moment][-1:]
            if newest and newest[0][1]["configurationItemStatus"] not in DELETED:
                found[path] = newest[0]
        return found


# --- the cases -------------------------------------------------------------------------------

class Moments(Case):
    def generate(self, *options):
        """A generated history, imported; the oracle over its files."""
        folder = self.folder / "generated"
        subprocess.run([sys.executable, ROOT / "scripts" / "demo_history", "--out", folder,
                        *options], check=True, stdout=subprocess.DEVNULL)
        self.import_(folder)
        return Oracle(folder)

    def listed(self, moment):
        """{path: capture time} of the resources at a moment."""
        out, _ = self.run_program("ls", "-lR", self.history, f"at/{moment}")
        lines = [line.split(" ", 1) for line in out.splitlines() if line.startswith("-")]
        entries = [re.match(r" *(\d+) (\S+) at/[^/]+/(.*)", rest).groups() for _, rest in lines]
        return {path: millis(when) for _, when, path in entries
                if not re.search(r"(^|/)(inventory\.csv|inventory\.jsonl|snapshot\.json|relationships\.tsv)$",
                                 path)}

    def check(self, oracle, moment):
        name = iso(moment)
        want = oracle.at(moment)
        self.assertEqual(self.listed(name), {path: when for path, (when, _) in want.items()}, name)
        snapshot, table = self.cat(f"at/{name}/snapshot.json",
                                   f"at/{name}/inventory.csv").split("\n]}\n")
        snapshot = json.loads(snapshot + "]}")["configurationItems"]
        self.assertEqual(sorted(row[:4] + row[6:7] for row in csv.reader(io.StringIO(table))),
                         sorted([COLUMNS[:4] + COLUMNS[6:7]] + [
                             [i["awsAccountId"], i["awsRegion"], i["resourceType"],
                              i["resourceId"], i["configurationItemCaptureTime"]]
                             for i in snapshot]), name)
        got = {(i["awsAccountId"], i["resourceType"], i["resourceId"], i["awsRegion"]): i
               for i in snapshot}
        self.assertEqual((len(snapshot), len(got)), (len(want), len(want)), name)
        for path, (_, found) in want.items():
            region = path.split("/")[1]
            mine = got[found["awsAccountId"], found["resourceType"], found["resourceId"], region]
            for key in ("configuration", "tags", "configurationItemStatus", "resourceName", "ARN"):
                self.assertEqual(mine.get(key), opened(found.get(key)), f"{name} {path} {key}")

    def moments(self, oracle, number, seed):
        """Anywhere in the history, on a state's own millisecond, and just before one."""
        times, pick = oracle.times(), random.Random(seed)
        for i in range(number):
            on = pick.choice(times)
            yield (pick.randint(times[0] - 1000, times[-1] + 1000), on, on - 1)[i % 3]

    def test_generated_history(self):
        oracle = self.generate("--months", "1", "--items", "1500", "--seed", "11")
        self.assertGreater(len(oracle.states), 100)
        self.assertGreater(len({path.split("/")[1] for path in oracle.states}), 2, "regions")
        for moment in self.moments(oracle, 30, 1):
            self.check(oracle, moment)
        reborn = list(oracle.reborn())
        self.assertTrue(reborn, "resources that were deleted and are there again")
        for moment in (reborn[0][0], sum(reborn[0]) // 2, reborn[0][1]):
            self.check(oracle, moment)
        self.assertEqual(self.listed("now"),
                         {path: when for path, (when, _) in oracle.at(1 << 60).items()})

    def test_generated_history_of_many_lives(self):
        oracle = self.generate("--months", "2", "--items", "1000", "--seed", "12", "--lag", "daily",
                               "--accounts", "3")
        self.assertEqual(len({path.split("/")[0] for path in oracle.states}), 3, "accounts")
        for moment in self.moments(oracle, 20, 2):
            self.check(oracle, moment)

    def test_snapshot_comes_back(self):
        """A moment's snapshot, imported elsewhere, is the same estate byte for byte."""
        oracle = self.generate("--months", "1", "--items", "800", "--seed", "13")
        moment = iso(oracle.times()[len(oracle.times()) // 2])
        paths = sorted(self.listed(moment))
        before = self.cat(*(f"at/{moment}/{path}" for path in paths))
        self.write("snapshot.json", self.cat(f"at/{moment}/snapshot.json").encode())
        self.history = self.folder / "other.db"
        self.import_("snapshot.json")
        self.assertEqual(sorted(self.listed("now")), paths)
        self.assertEqual(self.cat(*(f"at/now/{path}" for path in paths)), before)
        # Its own snapshot is the same, and brings nothing new.
        again = self.cat(f"at/{moment}/snapshot.json").encode()
        self.assertEqual(again, (self.folder / "snapshot.json").read_bytes())
        self.assertIn("nothing new", self.import_(self.write("again.json", again))[0])

    def test_inventories(self):
        self.import_(self.write("a.json", history_file([
            item("sg-1", tags={"a": 'b,"c"', "d": "e\nf"}, resourceName="x, y"),
            item("b", "2024-05-01T11:00:00.000Z", "AWS::S3::Bucket", awsRegion="eu-west-1",
                 resourceCreationTime="2024-04-01T00:00:00.000Z"),
            item("sg-1", "2024-05-02T00:00:00.000Z", configurationItemStatus="ResourceDeleted",
                 configuration=None)])))
        for folder, ids in (("at/2024-05-01T12:00Z", ["b", "sg-1"]), ("at/2024-05-03", ["b"]),
                            ("at/2024-05-01T12:00Z/123456789012/us-east-1", ["sg-1"]),
                            ("at/2024-05-01", [])):
            rows = list(csv.reader(io.StringIO(self.cat(f"{folder}/inventory.csv"))))
            self.assertEqual(rows[0], COLUMNS)
            self.assertEqual([row[3] for row in rows[1:]], ids)
            objects = [json.loads(line)
                       for line in self.cat(f"{folder}/inventory.jsonl").splitlines()]
            for row, found in zip(rows[1:], objects, strict=True):
                self.assertEqual(list(found), COLUMNS)
                self.assertEqual(row[:9], [found[name] or "" for name in COLUMNS[:9]])
                self.assertEqual(json.loads(row[9] or "{}"), found["tags"])
            items = json.loads(self.cat(f"{folder}/snapshot.json"))["configurationItems"]
            self.assertEqual([i["resourceId"] for i in items], ids)

    def test_the_id_of_a_snapshot_follows_from_what_is_in_it(self):
        """The same estate has the same snapshot: `diff -r` of two moments tells of changes alone."""
        self.import_(self.write("a.json", history_file([
            item("sg-1"), item("sg-2", awsRegion="eu-west-1"),
            item("sg-1", "2024-05-02T00:00:00.000Z", configuration={"a": 1}),
            item("sg-1", "2024-05-03T00:00:00.000Z", configurationItemStatus="ResourceDeleted",
                 configuration=None)])))
        moments = ["2024-05-01T12:00Z", "2024-05-01T23:59:59Z", "2024-05-02", "2024-05-03", "now"]
        account = "123456789012"

        def snapshots(folder):
            texts = [self.cat(f"at/{moment}/{folder}snapshot.json") for moment in moments]
            ids = [json.loads(text)["configSnapshotId"] for text in texts]
            for one, other in zip(texts, texts[1:]):
                self.assertEqual(one == other, one.splitlines()[0] == other.splitlines()[0])
            return ids
        for folder in ("", f"{account}/"):
            before, same, changed, deleted, now = snapshots(folder)
            self.assertEqual([before, deleted], [same, now], folder)
            self.assertEqual(len({before, changed, deleted}), 3, folder)
        self.assertEqual(len(set(snapshots(f"{account}/eu-west-1/"))), 1)
        # Another folder's is another snapshot, even of the same items.
        self.assertEqual(len({json.loads(self.cat(f"at/now/{folder}snapshot.json"))
                              ["configSnapshotId"]
                              for folder in ("", f"{account}/", f"{account}/eu-west-1/")}), 3)

    def test_order_does_not_matter(self):
        """The same inventories whichever file came first."""
        one = self.write("one.json", history_file([item("b"), item("c", type_="A::B::C")]))
        two = self.write("two.json", history_file([item("a"), item("d", type_="A::A::A")]))
        names = [f"at/now/{name}" for name in ("inventory.csv", "inventory.jsonl", "snapshot.json")]
        self.import_(one, two)
        first = self.cat(*names)
        self.history = self.folder / "other.db"
        self.import_(two, one)
        self.assertEqual(self.cat(*names), first)


if __name__ == "__main__":
    unittest.main()
