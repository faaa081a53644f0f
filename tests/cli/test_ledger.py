# SPDX-License-Identifier: Apache-2.0
"""status/: the ledger, the refusals and the churn, against a reckoning over the files themselves."""
import collections
import gzip
import json
import pathlib
import subprocess
import sys

from support import (ACCOUNT, REFUSED, REGION, Case, alarm, event, history_file, item, trail_file)

DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_history"


def rows(text):
    head, *lines = [line.split("\t") for line in text.split("\n")[:-1]]
    return [dict(zip(head, line, strict=True)) for line in lines]


def items_of(folder):
    """Every distinct item of the delivered files: one for account, region, type, id, time, state."""
    found = {}
    for path in folder.rglob("*.json.gz"):
        data = json.loads(gzip.decompress(path.read_bytes()))
        if not isinstance(data, dict):
            continue
        for i in data.get("configurationItems") or (
                [data["configurationItem"]] if data.get("configurationItem") else []):
            key = (i["awsAccountId"], i["awsRegion"], i["resourceType"], i["resourceId"],
                   i["configurationItemCaptureTime"], str(i["configurationStateId"]))
            found[key] = i
    return found


class Sized(Case):
    def assert_sizes(self, where="status"):
        """What a listing says is what is read."""
        for line in self.run_program("ls", "-lR", self.history, where)[0].splitlines():
            kind, size, _, path = line.split(None, 3)
            if kind == "-":
                data = subprocess.run([self.program(), "cat", str(self.history), path],
                                      capture_output=True, check=True).stdout
                self.assertEqual(len(data), int(size), path)

    def program(self):
        import os
        return os.environ["DRIFTFS"]

class Ledger(Sized):
    def test_imports(self):
        self.write("in/1.json", history_file([item(), item("sg-2")]))
        self.write("in/2.json.gz", trail_file([event(1), event(2), event(2)]))
        self.write("in/3.json", alarm())
        self.write("in/4\tx.json", b"")
        self.write("in/5.json", trail_file([event(n, eventTime="never") for n in range(10, 25)]))
        self.import_("in", status=REFUSED)
        table = {r["source"].rpartition("/")[2]: r for r in rows(self.cat("status/imports.tsv"))}
        counts = ("items", "events", "transitions", "duplicates", "notices", "refused")
        self.assertEqual({name: [int(r[c]) for c in counts] for name, r in table.items()}, {
            "1.json": [2, 0, 0, 0, 0, 0], "2.json.gz": [0, 2, 0, 1, 0, 0],
            "3.json": [0, 0, 1, 0, 0, 0], "4\\u0009x.json": [0, 0, 0, 0, 1, 0],
            "5.json": [0, 0, 0, 0, 0, 15]})
        for name in ("1.json", "2.json.gz"):
            self.assertEqual(int(table[name]["bytes"]), (self.folder / "in" / name).stat().st_size)
            self.assertRegex(table[name]["finished"], r"^2\d{3}-.*Z$")
        # Again with one file changed: its line, and no other.
        self.write("in/1.json", history_file([item(), item("sg-3")]))
        self.import_("in")
        again = {r["source"].rpartition("/")[2]: r for r in rows(self.cat("status/imports.tsv"))}
        self.assertEqual({n for n in table if table[n] != again[n]}, {"1.json"})
        self.assertEqual([again["1.json"][c] for c in counts], ["3", "0", "0", "1", "0", "0"])
        self.assert_sizes()

    def test_refused(self):
        self.write("a/b c.json", b'{"Records":[{"eventTime":"x"},5]}')
        self.write("note$(x).txt", b"hello\x1b[2J")
        self.import_(".", status=REFUSED)
        table = rows(self.cat("status/refused.tsv"))
        self.assertEqual([r["source"].rpartition("/")[2] for r in table].count("b c.json"), 2)
        self.assertEqual(sorted(r["file"] for r in table), sorted(
            name.rpartition("/")[2] for name in self.ls("status/refused")))
        for r in table:
            kept = subprocess.run([self.program(), "cat", str(self.history),
                                   "status/refused/" + r["file"]],
                                  capture_output=True, check=True).stdout
            data = (self.folder / r["source"]).read_bytes()
            at = int(r["offset"])
            self.assertEqual(kept, data[at:at + int(r["length"])])
            self.assertEqual(int(r["kept"]), len(kept))
            self.assertRegex(r["file"], r"^\d{6}-[A-Za-z0-9_.]+\+\d+$")
        self.assert_sizes()
        # When the file is sound, its refusals go.
        self.write("a/b c.json", trail_file([event(1)]))
        self.write("note$(x).txt", trail_file([event(2)]))
        self.import_(".")
        self.assertEqual(rows(self.cat("status/refused.tsv")), [])
        self.assertEqual(self.ls("status/refused"), [])

    def test_churn(self):
        delivered = self.folder / "in"
        subprocess.run([sys.executable, DEMO, "--out", delivered, "--items", "500", "--events",
                        "1500", "--months", "0.6"], check=True)
        self.import_("in")
        items = items_of(delivered)
        types = collections.Counter(key[:3] for key in items)
        resources = collections.Counter(key[:4] for key in items)
        table = rows(self.cat("status/churn.tsv"))
        key = ("accountId", "awsRegion", "resourceType", "resourceId")
        got = {r["what"]: {} for r in table}
        for r in table:
            self.assertEqual(r["share"], f"{100 * int(r['items']) / len(items):.2f}%")
            name = tuple(r[k] for k in key)
            got[r["what"]][name if r["what"] == "resource" else name[:3]] = int(r["items"])
        self.assertEqual(got, {"type": dict(types), "resource": dict(resources)})
        for what in got:
            order = [(-int(r["items"]), *(r[k] for k in key)) for r in table if r["what"] == what]
            self.assertEqual(order, sorted(order))
        self.assert_sizes()

    def test_churn_shows_the_busiest(self):
        self.write("1.json", history_file(
            [item(f"sg-{n:03}") for n in range(150)] +
            [item("sg-149", time=f"2024-05-02T10:00:{n:02}.000Z") for n in range(9)]))
        self.import_("1.json")
        table = rows(self.cat("status/churn.tsv"))
        self.assertEqual([r["items"] for r in table[:3]], ["159", "10", "1"])
        self.assertEqual(table[0]["resources"], "150")
        self.assertEqual([r["resourceId"] for r in table],
                         ["", "sg-149"] + [f"sg-{n:03}" for n in range(99)] + [""])
        # The others are told of together, so that the lines sum up.
        self.assertEqual([table[-1][k] for k in ("what", "items", "share", "resources", "first")],
                         ["rest", "50", "31.45%", "50", ""])
        self.assertEqual(sum(int(r["items"]) for r in table[1:]), 159)
        self.assertEqual({(r["accountId"], r["awsRegion"]) for r in table}, {(ACCOUNT, REGION)})


class Coverage(Sized):
    def day(self, text):
        return event(int(text[8:10]), name="CreateTags", time=text + "T10:00:00Z")

    def test_days_of_a_generated_history(self):
        delivered = self.folder / "in"
        subprocess.run([sys.executable, DEMO, "--out", delivered, "--items", "500", "--events",
                        "1500", "--months", "0.6"], check=True)
        self.import_("in", options=["--events=all"])
        want = collections.Counter()
        days = collections.defaultdict(set)
        for key in items_of(delivered):
            want[key[0], key[1], "config"] += 1
            days[key[0], key[1], "config"].add(key[4][:10])
        events = {}
        for path in delivered.rglob("*_CloudTrail_*.json.gz"):
            for e in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
                events[e["eventID"]] = e
        for e in events.values():
            days[e["recipientAccountId"], e["awsRegion"], "cloudtrail"].add(e["eventTime"][:10])
            want[e["recipientAccountId"], e["awsRegion"], "cloudtrail"] += 1
        for path in delivered.rglob("*_CloudTrail-Digest_*.json.gz"):
            d = json.loads(gzip.decompress(path.read_bytes()))
            days[d["awsAccountId"], d["digestS3Object"].split("/")[3], "cloudtrail"].add(
                d["digestStartTime"][:10])
        table = [r for r in rows(self.cat("status/coverage.tsv")) if r["source"] != "cloudwatch"]
        got, got_days = collections.Counter(), collections.Counter()
        for r in table:
            key = (r["accountId"], r["awsRegion"], r["source"])
            got[key] += int(r["records"])
            got_days[key] += int(r["days"])
        self.assertEqual(got, want)
        self.assertEqual(got_days, {key: len(found) for key, found in days.items()})

    def test_gaps(self):
        stop = event(77, name="StopConfigurationRecorder", time="2024-05-05T11:30:00Z",
                     eventSource="config.amazonaws.com")
        refused = event(78, name="StopLogging", time="2024-05-06T10:00:00Z",
                        eventSource="cloudtrail.amazonaws.com", errorCode="AccessDenied")
        events = [self.day(f"2024-05-{n:02}") for n in range(1, 13) if n != 10]
        items = [item("sg-1", time=f"2024-05-{n:02}T11:00:00.000Z")
                 for n in (1, 2, 3, 4, 5, 8, 9, 11, 12)]
        first, second = self.folder / "1.db", self.folder / "2.db"
        for history, order in ((first, 1), (second, -1)):
            self.history = history
            for number, part in enumerate([[stop, *events[:5]], [refused, *events[5:]]][::order]):
                self.write(f"{number}{order}.json", trail_file(part))
                self.write(f"{number}{order}i.json", history_file(items[number::2]))
                self.import_(f"{number}{order}.json", f"{number}{order}i.json")
        tables = [self.run_program("cat", history, "status/gaps.tsv", "status/coverage.tsv")[0]
                  for history in (first, second)]
        self.assertEqual(*tables)
        told = self.run_program("status", self.history)[0]
        self.assertIn(f"\n  {ACCOUNT} {REGION} config: recorder stopped from 2024-05-05T11:30:00.000Z to "
                      "2024-05-08T11:00:00.000Z: StopConfigurationRecorder by user/alice\n", told)
        got = [(r["awsRegion"], r["source"], r["kind"], r["from"], r["to"], r["call"],
                r["principal"], r["eventID"]) for r in rows(self.cat("status/gaps.tsv"))]
        self.assertEqual(got, [
            (REGION, "config", "recorder stopped", "2024-05-05T11:30:00.000Z",
             "2024-05-08T11:00:00.000Z", "StopConfigurationRecorder", "user/alice", stop["eventID"]),
            (REGION, "config", "no delivery", "2024-05-10T00:00:00.000Z",
             "2024-05-11T00:00:00.000Z", "", "", ""),
            ("*", "cloudtrail", "no delivery", "2024-05-10T00:00:00.000Z",
             "2024-05-11T00:00:00.000Z", "", "", "")])

    def test_gaps_of_settings(self):
        """Types of IAM that no region's recorder has, daily recording, deliveries that moved."""
        def put(n, day, name, request, region=REGION):
            service = "cloudtrail" if "Trail" in name else "config"
            return event(500 + n, name=name, time=f"2024-05-{day:02}T11:00:00Z", awsRegion=region,
                         eventSource=f"{service}.amazonaws.com", requestParameters=request)

        def recorder(group, **rest):
            return {"configurationRecorder": {"name": "default", "recordingGroup": group, **rest}}
        every, no_iam = ({"allSupported": True, "includeGlobalResourceTypes": v} for v in (True, False))
        other = "eu-west-1"
        calls = [
            put(1, 2, "PutConfigurationRecorder", recorder(every)),
            put(2, 2, "PutConfigurationRecorder", recorder(no_iam), other),
            put(3, 4, "PutConfigurationRecorder", recorder(no_iam)),
            put(4, 5, "PutConfigurationRecorder", recorder(every, recordingMode={
                "recordingFrequency": "DAILY"}), other),
            put(5, 6, "PutDeliveryChannel", {"deliveryChannel": {"s3BucketName": "a"}}),
            put(6, 7, "PutDeliveryChannel", {"deliveryChannel": {"s3BucketName": "b"}}),
            put(7, 11, "UpdateTrail", {"name": "t", "s3BucketName": "c"})]
        self.write("1.json", trail_file(
            [self.day(f"2024-05-{n:02}") for n in (*range(1, 12), 14, 15)] + calls))
        self.write("2.json", history_file(
            [item("sg-1", time=f"2024-05-{n:02}T11:00:00.000Z") for n in (1, 3, 5, 7, 10, 11, 15)] +
            [item("sg-2", time=f"2024-05-{n:02}T11:00:00.000Z", awsRegion=other) for n in (1, 9)]))
        self.import_("1.json", "2.json")
        got = [(r["awsRegion"], r["kind"], r["from"][8:13], r["to"][8:13], r["eventID"], r["unknown"])
               for r in rows(self.cat("status/gaps.tsv"))]
        ids = [c["eventID"] for c in calls]
        self.assertEqual(got, [
            (other, "recorded daily", "05T11", "", ids[3], "what changed back within a day"),
            *[("global", "recorder narrowed", "04T11", "05T11", ids[2], f"what changed of AWS::IAM::{t}")
              for t in ("Group", "Policy", "Role", "User")],
            (REGION, "delivery moved", "07T11", "10T11", ids[5], "what changed"),
            (REGION, "no delivery", "12T00", "14T00", "", "what changed"),
            ("*", "delivery moved", "11T11", "14T10", ids[6], "who changed what")])
        self.assert_sizes("status")

    def test_reasons_rest_on_coverage(self):
        """A change while the trail was stopped says so, and by whom, whatever came first."""
        def at(n, hour, **rest):
            return event(1000 + 100 * n + hour, name="ListThings", time=f"2024-05-{n:02}T{hour:02}:00:00Z",
                         **rest)
        session = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Ops/x",
                   "accessKeyId": "ASIAOPS", "sessionContext": {}}
        stop = at(5, 10) | {"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com",
                            "userIdentity": session}
        opened = at(5, 9) | {
            "eventName": "AssumeRole", "eventSource": "sts.amazonaws.com",
            "responseElements": {"credentials": {"accessKeyId": "ASIAOPS"}, "assumedRoleUser": {
                "arn": session["arn"]}}}
        back = at(8, 7) | {"eventName": "StartLogging", "eventSource": "cloudtrail.amazonaws.com"}
        parts = [history_file([item(time="2024-05-01T09:00:00.000Z"),
                               item(time="2024-05-06T09:00:00.000Z", configuration={"n": 2}),
                               item(time="2024-05-08T12:00:00.000Z", configuration={"n": 3}),
                               item(time="2024-05-10T09:00:00.000Z", configuration={"n": 4})]),
                 trail_file([at(1, 8), at(2, 8), at(3, 8), at(4, 8)]), trail_file([stop]),
                 trail_file([opened]), trail_file([back, at(9, 8), at(11, 8), at(12, 8)])]
        path = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup/sg-1/"
        seen = []
        for number, order in enumerate(([[0, 1, 2, 3, 4]], [[0], [1], [2], [3], [4]],
                                        [[4], [3], [2], [1], [0]], [[2], [4], [0], [1], [3]])):
            self.history = self.folder / f"r{number}.db"
            for heap in order:
                names = [self.write(f"r{number}-{n}.json", parts[n]) for n in heap]
                self.import_(*names)
            seen.append({name: self.cat(path + name) for name in
                         ("changes", "changes.jsonl", "blame")} |
                        {"day": self.cat("timeline/2024/05/06.jsonl")})
            self.assert_sizes("resources")
        for other in seen[1:]:
            self.assertEqual(other, seen[0])
        story = [json.loads(line) for line in seen[0]["changes.jsonl"].splitlines()]
        reasons = [e["reason"] for e in story if e["kind"] == "change"]
        self.assertIn("no trail: logging was stopped 2024-05-05T10:00:00.000Z by user/alice "
                      "(StopLogging)", reasons[1])
        self.assertIn("none of them fits", reasons[2])
        self.assertIn("no CloudTrail events of this account and time", reasons[3])
        self.assertIn(reasons[1], seen[0]["changes"])
        self.assertIn(reasons[1], seen[0]["day"])
