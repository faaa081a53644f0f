# SPDX-License-Identifier: Apache-2.0
"""config://: what no delivery holds, resumed by time cursors."""
import calendar
import json
import random
import subprocess
import time

from api_support import Apis, BUCKET, DAY, FOLDER, SG
from fake_apis import FakeConfig
from fake_aws import every, on, status
from support import ACCOUNT, FAILED, REGION, check_intact, item


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

    def test_more_in_an_answer_than_was_asked_for(self):
        """AWS promises no more than 100; who stands in for it may not."""
        for n in range(250):
            self.config.put(SG, f"a{n}", self.now - 9 * DAY, None, "ResourceDeleted")
        for n in range(5):
            self.config.put(SG, f"b{n}", self.now - 100, {"n": n})
        self.config.page_size, self.config.generous = 1000, True
        since = time.strftime("%Y-%m-%d", time.gmtime(self.now - 2 * DAY))
        self.sync(self.SOURCE, options=["--since", since])
        self.assertEqual(self.states(), 5)

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
                "resourceTypes": ["AWS::IAM::User", "AWS::EC2::VPC"]},
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
             ("recorder narrowed", told, "what changed of AWS::EC2::VPC"),
             ("recorder narrowed", told, "what changed of AWS::IAM::User")])
        self.assertEqual([g[1] for g in self.gaps() if g[0] == "recorder fails"],
                         [self.now - 1000])
        # one is recorded again, and all else goes on
        excluded = self.config.recorder["recordingGroup"]["exclusionByResourceTypes"]
        excluded["resourceTypes"] = ["AWS::EC2::VPC"]
        self.sync(self.SOURCE)
        ends = {g[4]: g[2] for g in self.gaps() if g[0] == "recorder narrowed"}
        self.assertIsNone(ends["what changed of AWS::EC2::VPC"])
        self.assertAlmostEqual(ends["what changed of AWS::IAM::User"], time.time(), delta=60)

    def test_a_recorder_that_records_few_types(self):
        self.config.recorder = {"recordingGroup": {"allSupported": False,
                                                   "resourceTypes": [SG, BUCKET]}}
        self.sync(self.SOURCE)
        self.assertEqual([(g[0], g[4]) for g in self.gaps()],
                         [("recorder narrowed", f"what changed of AWS::IAM::{t}")
                          for t in ("Group", "Policy", "Role", "User")] +
                         [("recorder narrowed", f"what changed of all types but {SG} and {BUCKET}")])

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
                           ("GetDiscoveredResourceCounts", b'{"resourceCounts": {"a": 1}}'),
                           ("ListDiscoveredResources", b"\xff\xfe"),
                           ("DescribeConfigurationRecorders", b"{" * 3000)):
            handler = FakeConfig.__call__
            self.aws.handlers["config"] = lambda aws, rq, name=name, body=body: \
                body if rq.operation == name else handler(self.config, aws, rq)
            out, err = self.sync(self.SOURCE, status=FAILED)
            self.assertEqual(len(err), 1, err)
            self.assertTrue(err[0].startswith(f"driftfs: {self.SOURCE}: "), err)
            self.assertIn("; check ", err[0])
