# SPDX-License-Identifier: Apache-2.0
"""cloudtrail:// and cloudwatch://, and all APIs of a region: resumed by time cursors."""
import calendar
import json
import time

from api_support import Apis, DAY, SG
from fake_apis import FakeAlarms
from fake_aws import FakeAws, every, on, redirect, status
from support import ACCOUNT, FAILED, REFUSED, REGION, driftfs, dump, event, history_file, item


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

    def test_around_changes_that_this_run_brings(self):
        """In one run: the metrics come after what the other sources brought."""
        self.config.put(self.INSTANCE, "i-1", self.now - 7200, {"n": 1})
        options = ["--metric", "AWS/EC2 CPUUtilization InstanceId"]
        out, err = self.sync(self.SOURCE, "config://us-east-1", options=options)
        self.assertEqual(err, [])
        self.assertEqual({(q[1], q[2]) for q in self.alarms.queries},
                         {("CPUUtilization", (("InstanceId", "i-1"),))})
        self.assertGreater(len(self.points("CPUUtilization")), 100)
        self.assertEqual(self.aws.count("DescribeAlarmHistory"), 4, "rounds without need")
        self.history.unlink()
        self.aws.fault = on("GetDiscoveredResourceCounts", status(403, "AccessDenied", "no"))
        self.sync(self.SOURCE, "config://us-east-1", options=options, status=FAILED)

    def test_periods_that_are_not_kept(self):
        """By the minute only for 15 days: what is older is had by what is."""
        self.put_instance(ago=20 * DAY)
        self.put_instance(ago=7200)
        self.alarms.put("old", self.now - 20 * DAY, "OK", "ALARM")
        self.alarms.alarms[0] |= {"Period": 420}
        self.assertEqual(self.sync(self.SOURCE, options=[
            "--metric", "AWS/EC2 CPUUtilization InstanceId Sum 660"])[1], [])
        self.assertEqual({(q[1], q[4]) for q in self.alarms.queries},
                         {("NetworkIn", 600), ("CPUUtilization", 900), ("CPUUtilization", 660)})

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
        """It says what is not allowed, and to whom, however long that name is."""
        self.config.put(SG, "sg-1", self.now - 100, {"n": 1})
        self.aws.fault = on("LookupEvents", status(400, "AccessDeniedException", (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{'x' * 60}/{'s' * 60} is not authorized "
            "to perform: cloudtrail:LookupEvents because no identity-based policy allows it")))
        out, err = self.sync(options=["--region", REGION], status=FAILED)
        self.assertEqual(len([line for line in err if "cloudtrail://" in line]), 1, err)
        self.assertRegex("\n".join(err), f"{ACCOUNT}:assumed-role/x{{57}}\\.\\.\\. is not authorized to "
                         "perform: cloudtrail:LookupEvents because.* \\(HTTP 400\\); its policy must "
                         "allow this: see --print-policy")
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
