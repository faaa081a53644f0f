# SPDX-License-Identifier: Apache-2.0
"""config://, cloudtrail:// and cloudwatch://: what no delivery holds, resumed by time cursors."""
import calendar
import json
import random
import signal
import sqlite3
import subprocess
import time

from fake_apis import FakeAlarms, FakeConfig, FakeTrail
from fake_aws import ACCOUNT, FakeAws, every, on, redirect, status
from support import FAILED, REFUSED, REGION, check_intact, driftfs, dump, event, history_file, item
from sync_support import SyncCase

SG, BUCKET = "AWS::EC2::SecurityGroup", "AWS::S3::Bucket"
DAY = 86400
FOLDER = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


class Apis(SyncCase):
    def setUp(self):
        super().setUp()
        self.now = int(time.time())
        self.config = self.aws.handlers["config"] = FakeConfig()
        self.trail = self.aws.handlers["cloudtrail"] = FakeTrail()
        self.alarms = self.aws.handlers["monitoring"] = FakeAlarms()

    def cursors(self):
        db = sqlite3.connect(f"file:{self.history}?mode=ro", uri=True)
        try:
            return dict(db.execute("SELECT name, value FROM cursor"))
        finally:
            db.close()

    def states(self, history=None):
        return len(dump(history or self.history)["state"])

    def events(self):
        return len(dump(self.history)["event"])

    def sources(self):
        return sorted(row[0].decode() for row in dump(self.history)["source"])

    def cat_all(self, path):
        done = subprocess.run([driftfs(), "cat", self.history, path], capture_output=True,
                              check=False)
        return done.stdout.decode() if done.returncode == 0 else ""

    def put_event(self, n, ago):
        when = self.now - ago
        text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
        self.trail.put(event(n, time=text) | {"when": when})

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)


class Config(Apis):
    SOURCE = "config://us-east-1"

    def fill(self, n=6):
        for i in range(n):
            for k in range(3):  # windows between them are empty
                self.config.put(SG, f"sg-{i}", self.now - (40 - 15 * k) * DAY + i, {"n": k})
        self.config.put(BUCKET, "gone", self.now - 9 * DAY, {"n": 0})
        self.config.put(BUCKET, "gone", self.now - 2 * DAY, None, "ResourceDeleted")

    def test_history_of_every_resource(self):
        self.fill()
        self.config.page_size = 4
        self.config.named = [BUCKET]  # all of the type are deleted
        out, err = self.sync(self.SOURCE)
        self.assertEqual(err, [])
        self.assertEqual(self.states(), 6 * 3 + 2)
        self.assertEqual(self.sources(), [self.SOURCE])
        self.assertIn('"n": 2', self.cat_all(f"{FOLDER}/sg-0/latest.json"))
        names = set(self.cursors())
        self.assertEqual({n for n in names if not n.startswith(f"{self.SOURCE}?")},
                         {self.SOURCE, f"{self.SOURCE}/{SG}", f"{self.SOURCE}/{BUCKET}"})
        self.assertNotIn(f"{self.SOURCE}?round", names)

    def test_again_reads_only_what_may_be_new(self):
        self.fill()
        self.sync(self.SOURCE)
        first = self.aws.count("GetResourceConfigHistory")
        self.aws.log.clear()
        self.config.put(SG, "sg-0", self.now - 1, {"n": "new"})
        self.sync(self.SOURCE)
        self.assertEqual(self.states(), 6 * 3 + 1)
        asked = [json.loads(rq.body) for what, rq in self.aws.log
                 if what == "GetResourceConfigHistory"]
        self.assertLess(len(asked), first / 3)
        self.assertTrue(all(a["earlierTime"] > self.now - DAY for a in asked))

    def test_more_is_wanted_than_before(self):
        self.fill(2)
        since = time.strftime("%Y-%m-%d", time.gmtime(self.now - 20 * DAY))
        self.sync(self.SOURCE, options=["--since", since])
        self.assertEqual(self.states(), 2)
        self.sync(self.SOURCE)
        self.assertEqual(self.states(), 2 * 3)

    def test_cut_off_and_gone_on(self):
        self.fill(30)
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        dice = random.Random(seed)
        for _ in range(4):
            with self.running(self.SOURCE) as process:
                try:
                    process.wait(dice.uniform(1, 4))
                except subprocess.TimeoutExpired:
                    pass
        self.sync(self.SOURCE)
        self.assertEqual(self.states(), 30 * 3)
        self.assertEqual(check_intact(self.history), "ok")
        full = [json.loads(rq.body)["resourceId"] for what, rq in self.aws.log
                if what == "GetResourceConfigHistory"
                and "earlierTime" not in json.loads(rq.body)
                and "nextToken" not in json.loads(rq.body)]
        self.assertLess(len(full), 30 + 5 * 30 // 2, "it began anew each time")

    def test_follow_asks_for_what_changed(self):
        self.fill()
        with self.running(self.SOURCE, options=["--follow", "--interval", 1]) as process:
            self.wait_for(lambda: self.cat_all(f"{FOLDER}/sg-5/latest.json"))
            self.wait_for(lambda: self.aws.count("SelectResourceConfig"))
            lists = self.aws.count("ListDiscoveredResources")
            self.config.put(SG, "sg-3", time.time(), {"mark": "seen"})
            self.wait_for(lambda: "seen" in self.cat_all(f"{FOLDER}/sg-3/latest.json"))
            self.end(process)
        self.assertEqual(self.aws.count("ListDiscoveredResources"), lists)

    def gaps(self, history=None):
        """(kind, from, to, call, what is not known), times as epoch seconds or None."""
        def seconds(text):
            return text and calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
        done = self.run_program("cat", history or self.history, "status/gaps.tsv")[0]
        rows = [line.split("\t") for line in done.splitlines()[1:]]
        return [(r[3], seconds(r[4]), seconds(r[5]) or None, r[6], r[9]) for r in rows
                if r[2] == "config"]

    def test_a_recorder_that_does_not_record(self):
        self.config.put(SG, "sg-1", self.now - 9 * DAY, {"n": 1})
        stopped = self.now - 3 * DAY
        self.config.status = {"recording": False, "lastStartTime": self.now - 90 * DAY,
                              "lastStopTime": stopped + 0.25, "lastStatus": "SUCCESS"}
        self.sync(self.SOURCE)
        self.assertEqual(self.gaps(), [("recorder stopped", stopped, None,
                                        "DescribeConfigurationRecorderStatus", "what changed")])
        self.assertIn("config: recorder stopped from ",
                      self.run_program("status", self.history)[0])
        # it was started again: the gap has an end
        self.config.status |= {"recording": True, "lastStartTime": self.now - 60}
        self.sync(self.SOURCE)
        self.assertEqual([g[:3] for g in self.gaps()],
                         [("recorder stopped", stopped, self.now - 60)])

    def test_a_recorder_without_items(self):
        self.config.status = {"recording": False}
        self.sync(self.SOURCE)
        [gap] = self.gaps()
        self.assertEqual((gap[0], gap[2]), ("recorder stopped", None))
        self.assertAlmostEqual(gap[1], self.now, delta=60)

    def test_what_a_recorder_leaves_out(self):
        self.config.put(SG, "sg-1", self.now - DAY, {"n": 1})
        self.config.recorder = {
            "recordingGroup": {"allSupported": False, "exclusionByResourceTypes": {
                "resourceTypes": ["AWS::IAM::User", "AWS::IAM::Role"]},
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}},
            "recordingMode": {"recordingFrequency": "CONTINUOUS", "recordingModeOverrides": [
                {"resourceTypes": [BUCKET], "recordingFrequency": "DAILY"}]}}
        self.config.status |= {"lastStatus": "Failure", "lastErrorCode": "AccessDenied",
                               "lastStatusChangeTime": self.now - 1000}
        self.config.channel_status = {"configStreamDeliveryInfo": {
            "lastStatus": "FAILURE", "lastErrorCode": "NoSuchTopic"}}
        self.sync(self.SOURCE)
        told = "DescribeConfigurationRecorders"
        self.assertEqual(
            sorted((g[0], g[3], g[4]) for g in self.gaps()),
            [("delivery fails", "DescribeDeliveryChannelStatus",
              "what was to be delivered: NoSuchTopic"),
             ("recorded daily", told, f"what changed back within a day in {BUCKET}"),
             ("recorder fails", "DescribeConfigurationRecorderStatus",
              "what changed: AccessDenied"),
             ("type excluded", told, "what changed in AWS::IAM::Role"),
             ("type excluded", told, "what changed in AWS::IAM::User")])
        self.assertEqual([g[1] for g in self.gaps() if g[0] == "recorder fails"],
                         [self.now - 1000])
        # one is recorded again, and all else goes on
        excluded = self.config.recorder["recordingGroup"]["exclusionByResourceTypes"]
        excluded["resourceTypes"] = ["AWS::IAM::Role"]
        self.sync(self.SOURCE)
        ends = {g[4]: g[2] for g in self.gaps() if g[0] == "type excluded"}
        self.assertIsNone(ends["what changed in AWS::IAM::Role"])
        self.assertAlmostEqual(ends["what changed in AWS::IAM::User"], time.time(), delta=60)

    def test_a_recorder_that_records_few_types(self):
        self.config.recorder = {"recordingGroup": {"allSupported": False,
                                                   "resourceTypes": [SG, BUCKET]}}
        self.sync(self.SOURCE)
        self.assertEqual([(g[0], g[4]) for g in self.gaps()],
                         [("type excluded", f"what changed in types other than {SG}, {BUCKET}")])

    def test_quiet_while_it_records(self):
        """That it runs is a sign of its days, though nothing changes."""
        self.sync(self.SOURCE)
        self.assertEqual(self.gaps(), [])
        rows = self.run_program("cat", self.history, "status/coverage.tsv")[0].splitlines()
        self.assertEqual([r.split("\t")[:3] for r in rows[1:]],
                         [[ACCOUNT, REGION, "config"]])

    def compliance(self, rid, type_=BUCKET):
        """The story of what rules say of it."""
        path = f"resources/{ACCOUNT}/{REGION}/AWS/Config/ResourceCompliance/{type_}%2F{rid}"
        lines = self.cat_all(f"{path}/changes.jsonl").splitlines()
        return [json.loads(line) for line in lines], self.cat_all(f"{path}/latest.json")

    def test_compliance(self):
        when = self.now - 5000
        self.config.put(BUCKET, "b", self.now - DAY, {})
        for n in range(5):
            self.config.rules[BUCKET, f"b{n}"] = {"r1": ("COMPLIANT", None, when)}
        self.config.rules[BUCKET, "b"] = {"r2": ("NON_COMPLIANT", "it is public", when + 1),
                                          "r1": ("COMPLIANT", None, when),
                                          "r3": ("COMPLIANT", None, when)}
        self.config.page_size = 2
        self.sync(self.SOURCE)
        story, text = self.compliance("b")
        item = json.loads(text)
        self.assertEqual(item["configuration"], {
            "complianceType": "NON_COMPLIANT", "targetResourceId": "b",
            "targetResourceType": BUCKET, "configRuleList": [
                {"configRuleName": "r1", "complianceType": "COMPLIANT"},
                {"configRuleName": "r2", "complianceType": "NON_COMPLIANT",
                 "annotation": "it is public"},
                {"configRuleName": "r3", "complianceType": "COMPLIANT"}]})
        self.assertEqual(item["supplementaryConfiguration"],
                         {"madeFrom": "GetComplianceDetailsByResource"})
        at = calendar.timegm(time.strptime(story[0]["time"], "%Y-%m-%dT%H:%M:%S.000Z"))
        self.assertEqual((at, story[0]["changeType"]), (when + 1, "CREATE"))
        self.assertEqual([len(self.compliance(f"b{n}")[0]) for n in range(5)], [1] * 5)
        # evaluated anew, with nothing new in it
        self.config.rules[BUCKET, "b"]["r2"] = ("NON_COMPLIANT", "it is public", self.now - 60)
        self.sync(self.SOURCE)
        self.assertEqual(len(self.compliance("b")[0]), 1)
        # mended; and a rule that is taken away
        self.config.rules[BUCKET, "b"]["r2"] = ("COMPLIANT", None, self.now - 30)
        del self.config.rules[BUCKET, "b"]["r3"]
        asked = self.aws.count("GetComplianceDetailsByResource")
        self.sync(self.SOURCE)
        self.assertEqual(self.aws.count("GetComplianceDetailsByResource") - asked, 1)
        story, text = self.compliance("b")
        self.assertEqual([e["changeType"] for e in story], ["CREATE", "UPDATE"])
        self.assertIn("/configuration/complianceType", story[1]["changedProperties"])
        # gone: it is no more, and comes back as one that was not there
        rules = self.config.rules.pop((BUCKET, "b"))
        self.sync(self.SOURCE)
        story, text = self.compliance("b")
        self.assertEqual(story[-1]["changeType"], "DELETE")
        self.assertEqual(len(self.compliance("b0")[0]), 1)
        rules["r1"] = ("COMPLIANT", None, time.time() + 0.5)
        self.config.rules[BUCKET, "b"] = rules
        time.sleep(1)
        self.sync(self.SOURCE)
        self.assertEqual(self.compliance("b")[0][-1]["changeType"], "CREATE")

    def test_compliance_that_aws_records_itself(self):
        self.config.put("AWS::Config::ResourceCompliance", f"{BUCKET}/b", self.now - DAY,
                        {"complianceType": "COMPLIANT"})
        self.config.rules[BUCKET, "b"] = {"r": ("COMPLIANT", None, self.now)}
        self.sync(self.SOURCE)
        self.assertEqual(self.aws.count("DescribeComplianceByResource"), 0)
        self.assertNotIn("madeFrom", self.compliance("b")[1])

    def test_no_recorder(self):
        self.config.recorders = False
        out, err = self.sync(self.SOURCE, status=FAILED)
        self.assertIn("no configuration recorder", "\n".join(err))

    def test_throttled(self):
        self.fill(3)
        self.aws.fault = every(5, status(400, "ThrottlingException", "Rate exceeded"),
                               service="config")
        self.sync(self.SOURCE)
        self.assertEqual(self.states(), 3 * 3)

    def test_an_aggregator(self):
        self.fill(130)
        self.config.unprocessed = 7
        out, err = self.sync(f"{self.SOURCE}/org")
        self.assertEqual(err, [])
        self.assertEqual(self.states(), 130)
        self.assertEqual(self.sources(), [f"{self.SOURCE}/org"])
        self.aws.log.clear()
        self.config.put(SG, "sg-0", time.time(), {"n": "new"})
        self.sync(f"{self.SOURCE}/org")
        self.assertEqual(self.states(), 131)
        [body] = [json.loads(rq.body) for what, rq in self.aws.log
                  if what == "BatchGetAggregateResourceConfig"]
        self.assertEqual([r["ResourceId"] for r in body["ResourceIdentifiers"]], ["sg-0"])

    def test_hostile_answers(self):
        self.fill(1)
        for name, body in (("ListDiscoveredResources", b'{"nextToken": "same"}'),
                           ("GetResourceConfigHistory", b'{"nextToken": "same"}'),
                           ("GetDiscoveredResourceCounts", b"[1]"),
                           ("ListDiscoveredResources", b"\xff\xfe"),
                           ("DescribeConfigurationRecorders", b"{" * 3000)):
            handler = FakeConfig.__call__
            self.aws.handlers["config"] = lambda aws, rq, name=name, body=body: \
                body if rq.operation == name else handler(self.config, aws, rq)
            out, err = self.sync(self.SOURCE, status=FAILED)
            self.assertIn(self.SOURCE, "\n".join(err), name)


class Trail(Apis):
    SOURCE = "cloudtrail://us-east-1"

    def days(self, n):
        return ["--since", time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                         time.gmtime(self.now - n * DAY))]

    def cursors_of_events(self):
        return {name for name in self.cursors() if "?keys" not in name}

    def test_events_of_the_last_days(self):
        for n in range(130):
            self.put_event(n, 60 + n * 600)
        out, err = self.sync(self.SOURCE, options=self.days(5))
        self.assertEqual(err, [])
        self.assertEqual(self.events(), 130)
        self.assertEqual(self.sources(), [self.SOURCE])
        self.assertEqual(self.cursors_of_events(), {self.SOURCE, f"{self.SOURCE}?since"})
        asked = [json.loads(rq.body) for what, rq in self.aws.log if what == "LookupEvents"]
        self.assertGreater(asked[0]["EndTime"], asked[-1]["EndTime"], "not newest first")
        self.aws.log.clear()
        self.put_event(1000, 5)
        self.sync(self.SOURCE, options=self.days(5))
        self.assertEqual(self.events(), 131)
        self.assertEqual(self.aws.count("LookupEvents"), 1)

    def test_not_more_than_two_a_second(self):
        self.trail.page_size = 5
        for n in range(40):
            self.put_event(n, 60 + n)
        started = time.monotonic()
        self.sync(self.SOURCE, options=self.days(1))
        n = self.aws.count("LookupEvents")
        self.assertGreaterEqual(n, 8)
        self.assertGreater(time.monotonic() - started, (n - 1) * 0.5)

    def test_cut_off_and_gone_on(self):
        for n in range(60):
            self.put_event(n, 60 + n * 7200)
        with self.running(self.SOURCE, options=self.days(6)) as process:
            self.wait_for(lambda: f"{self.SOURCE}/from" in (
                self.cursors() if self.cat_all("README") else ()))
        self.assertLess(self.events(), 60)
        low = self.cursors()[f"{self.SOURCE}/from"]
        self.put_event(100, 2)
        self.aws.log.clear()
        self.sync(self.SOURCE, options=self.days(6))
        self.assertEqual(self.events(), 61)
        starts = [json.loads(rq.body)["EndTime"] * 1000 for what, rq in self.aws.log
                  if what == "LookupEvents"]
        self.assertTrue(any(s <= low + 1000 for s in starts))
        self.assertFalse([s for s in starts if low + 7200000 < s < (self.now - 7200) * 1000],
                         "it began anew")
        self.assertEqual(self.cursors_of_events(), {self.SOURCE, f"{self.SOURCE}?since"})

    def keys(self):
        return json.loads(self.run_program("status", "--json", self.history)[0])["publicKeys"]

    def test_public_keys_are_kept(self):
        self.trail.page_size = 2
        for n in range(5):
            self.trail.put_key(n, self.now - (400 - 30 * n) * DAY)
        self.trail.put_key(9, self.now - 4000 * DAY)  # before what is asked for
        self.assertEqual(self.sync(self.SOURCE, options=self.days(395))[1], [])
        self.assertEqual(self.keys(), 5)
        self.assertRegex(self.run_program("status", self.history)[0], r"\npublic keys +5\n")
        self.aws.log.clear()
        self.sync(self.SOURCE, options=self.days(395))
        self.assertEqual(self.aws.count("ListPublicKeys"), 0, "they were asked for just now")
        self.trail.put_key(10, self.now - 800 * DAY)
        self.sync(self.SOURCE)  # more is wanted than was wanted then
        self.assertEqual(self.keys(), 6)

    def test_keys_that_are_none(self):
        self.trail.put_key(1, self.now)
        for name, value in (("Value", "!"), ("Fingerprint", "x" * 32), ("Value", "AAAA"),
                            ("Fingerprint", None)):
            self.history.unlink(missing_ok=True)
            good = self.trail.keys[0]
            self.trail.keys[1:] = [good | {"Fingerprint": "f" * 32} | {name: value}]
            _, err = self.sync(self.SOURCE, options=self.days(1), status=REFUSED)
            self.assertIn(name, err[0])
            self.assertEqual(self.keys(), 1)


class CloudWatch(Apis):
    SOURCE = "cloudwatch://us-east-1"

    def transitions(self):
        return len(dump(self.history)["transition"])

    def test_alarms_and_what_they_did(self):
        self.alarms.page_size = 3
        for n in range(8):
            self.alarms.put(f"open-{n % 4}", self.now - 5000 + n * 10, "OK", "ALARM")
        self.alarms.put("old", self.now - 40 * DAY, "OK", "ALARM")
        out, err = self.sync(self.SOURCE)
        self.assertEqual(err, [])
        self.assertEqual(self.transitions(), 8)
        rows = dump(self.history)["alarm"]
        self.assertIn((b"open-0", ACCOUNT.encode(), REGION.encode()), [r[:3] for r in rows])
        self.alarms.put("open-0", self.now - 1, "ALARM", "OK")
        self.sync(self.SOURCE)
        self.assertEqual(self.transitions(), 9)
        asked = [json.loads(rq.body) for what, rq in self.aws.log
                 if what == "DescribeAlarmHistory"]
        self.assertGreater(asked[-1]["StartDate"], self.now - 3700)


class Metrics(Apis):
    SOURCE = "cloudwatch://us-east-1"
    INSTANCE = "AWS::EC2::Instance"
    HOME = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/Instance/i-1"

    def points(self, metric):
        """[(epoch seconds, value)], as the mount would show them."""
        lines = self.cat_all(f"{self.HOME}/metrics/AWS%2FEC2~{metric}.tsv").splitlines()
        rows = [line.split("\t") for line in lines[1:]]
        return [(calendar.timegm(time.strptime(r[0], "%Y-%m-%dT%H:%M:%S.000Z")), int(r[1]))
                for r in rows]

    def put_instance(self, rid="i-1", ago=7200, account=ACCOUNT):
        when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.now - ago))
        path = self.write(f"{rid}-{ago}-{account}.json", history_file([
            item(rid, when, self.INSTANCE, awsAccountId=account)]))
        self.import_(path)

    def test_around_transitions(self):
        """What the alarm watches, without being asked; again until the hour after is over."""
        self.put_instance()
        self.alarms.put("busy", self.now - 600, "OK", "ALARM")
        self.alarms.put("old", self.now - 3 * DAY, "OK", "ALARM")
        self.assertEqual(self.sync(self.SOURCE)[1], [])
        found = self.points("NetworkIn")
        self.assertEqual(found, [(t, t // 60) for t, _ in found])
        for when in (600, 3 * DAY):
            near = [t for t, _ in found if abs(t - self.now + when) <= 3600]
            self.assertAlmostEqual(len(near), 60 + (min(when, 3600)) // 60, delta=3)
        self.assertEqual({q[:5] for q in self.alarms.queries},
                         {("AWS/EC2", "NetworkIn", (("InstanceId", "i-1"),), "Sum", 60)})
        self.alarms.queries.clear()
        self.sync(self.SOURCE)
        self.assertEqual(len(self.alarms.queries), 1, "the old one was had")

    def test_around_changes(self):
        self.put_instance(ago=7200)
        self.put_instance(ago=20 * DAY)
        self.put_instance("i-2")
        self.put_instance(account="210987654321")
        metrics = ["--metric", "AWS/EC2 CPUUtilization InstanceId=i-1 Maximum 60",
                   "--metric", "AWS/EC2 DiskReads InstanceId,Disk=a"]
        self.assertEqual(self.sync(self.SOURCE, options=metrics)[1], [])
        ages = {(q[1], dict(q[2])["InstanceId"], q[4]) for q in self.alarms.queries}
        self.assertEqual(ages, {("CPUUtilization", "i-1", 60), ("CPUUtilization", "i-1", 300),
                                ("DiskReads", "i-1", 60), ("DiskReads", "i-1", 300),
                                ("DiskReads", "i-2", 60)})
        self.assertEqual({q[2] for q in self.alarms.queries if q[1] == "DiskReads"},
                         {(("InstanceId", i), ("Disk", "a")) for i in ("i-1", "i-2")})
        found = [t for t, _ in self.points("CPUUtilization")]
        self.assertTrue(found and all(abs(t - self.now + 7200) <= 3660
                                      or abs(t - self.now + 20 * DAY) <= 3900 for t in found))
        self.assertGreater(len(found), 120 + 20)
        self.alarms.queries.clear()
        self.put_instance("i-2", ago=10)  # its hour is not over
        for _ in range(2):
            self.sync(self.SOURCE, options=metrics)
            self.assertEqual({dict(q[2])["InstanceId"] for q in self.alarms.queries}, {"i-2"})
            self.alarms.queries.clear()

    def test_pages_and_faults(self):
        self.put_instance()
        self.alarms.page_size = 1
        self.aws.fault = every(3, status(400, "Throttling", "Rate exceeded"),
                               service="monitoring")
        self.sync(self.SOURCE, options=["--metric", "AWS/EC2 A InstanceId",
                                        "--metric", "AWS/EC2 B InstanceId"])
        self.assertGreater(len(self.points("A")), 100)
        self.assertEqual(self.points("A"), self.points("B"))

    def test_hostile_answers(self):
        self.put_instance()
        for body, ends in ((b"{" * 3000, FAILED), (b'{"MetricDataResults": 7}', 0),
                           (b'{"MetricDataResults": [{"Id": "m9"}]}', REFUSED),
                           (b'{"MetricDataResults": [{"Id": "m0", "Timestamps": [1]}]}', REFUSED),
                           (b'{"NextToken": "same"}', FAILED)):
            handler = FakeAlarms.__call__
            self.aws.handlers["monitoring"] = lambda aws, rq, body=body: \
                body if rq.operation == "GetMetricData" else handler(self.alarms, aws, rq)
            self.sync(self.SOURCE, status=ends, options=["--metric", "AWS/EC2 A InstanceId"])
            self.history.unlink()
            self.put_instance()

    def test_words_that_are_no_metrics(self):
        for words, says in (("AWS/EC2", "NAMESPACE METRIC"), ("AWS/EC2 A Nobody", "dimension"),
                            ("AWS/EC2 A InstanceId=", "NAMESPACE"),
                            ("AWS/EC2 A InstanceId,Disk", "NAMESPACE"),
                            ("AWS/EC2 A InstanceId Sum 7", "60"),
                            ("AWS/EC2 A InstanceId Sum 60 x", "more than")):
            path = self.write("driftfs.ini", f"[sync]\nmetric = {words}\n".encode())
            _, err = self.run_program("sync", "--check", "--config", path, status=FAILED)
            self.assertIn(f"{path}:2: ", err)
            self.assertIn(says, err)


class Region(Apis):
    def test_all_three_without_a_source(self):
        self.config.put(SG, "sg-1", self.now - 100, {"n": 1})
        self.put_event(1, 200)
        self.alarms.put("open", self.now - 50, "OK", "ALARM")
        since = time.strftime("%Y-%m-%d", time.gmtime(self.now - DAY))
        out, err = self.sync(options=["--region", REGION, "--since", since])
        self.assertEqual(err, [])
        self.assertEqual(self.sources(), [f"{k}://us-east-1" for k in
                                          ("cloudtrail", "cloudwatch", "config")])

    def test_one_is_denied(self):
        """It says which action is not allowed, however long the name of who asked."""
        self.config.put(SG, "sg-1", self.now - 100, {"n": 1})
        self.aws.fault = on("LookupEvents", status(400, "AccessDeniedException", (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{'x' * 60}/s is not authorized to perform: "
            "cloudtrail:LookupEvents because no identity-based policy allows it")))
        out, err = self.sync(options=["--region", REGION], status=FAILED)
        self.assertEqual(len([line for line in err if "cloudtrail://" in line]), 1, err)
        self.assertIn("not authorized to perform: cloudtrail:LookupEvents", "\n".join(err))
        self.assertEqual(self.states(), 1)

    def test_a_redirect_is_not_followed(self):
        self.config.put(SG, "sg-1", self.now - 100, {"n": 1})
        with FakeAws() as other:
            self.aws.fault = on("LookupEvents", redirect(other.url))
            out, err = self.sync(options=["--region", REGION], status=FAILED)
            self.assertEqual(other.log, [])
        self.assertIn("redirects are not followed", "\n".join(err))
        self.assertEqual(self.states(), 1)

    def test_a_clock_an_hour_off(self):
        """How far it was read is noted in AWS's time: nothing is passed over that comes then."""
        since = ["--since", time.strftime("%Y-%m-%d", time.gmtime(self.now - DAY))]
        for hours in (-1, 1):
            self.history.unlink(missing_ok=True)
            self.aws.clock_offset = 3600 * hours
            self.trail.events.clear()
            self.config.resources.clear()
            for n in range(2):
                at = int(self.aws.now()) - 1
                text = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
                self.trail.put(event(n, time=text) | {"when": at})
                self.config.put(SG, f"sg-{n}", at, {"n": 1})
                self.alarms.put("open", at, "OK", "ALARM" if n else "OK")
                self.assertEqual(self.sync(options=["--region", REGION, *since])[1], [])
                self.assertEqual((self.events(), self.states()), (n + 1, n + 1))
            noted = self.cursors()
            for name in ("cloudtrail", "config", "cloudwatch"):
                self.assertAlmostEqual(noted[f"{name}://{REGION}"] / 1000, self.aws.now(),
                                       delta=120)

    def test_no_region(self):
        del self.env["AWS_REGION"]
        out, err = self.sync(status=FAILED)
        self.assertIn("--region", err[0])
