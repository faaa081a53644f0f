# SPDX-License-Identifier: Apache-2.0
"""Every kind of source at once, killed at any request, started again until it ends: the history is
that of a run which nobody disturbed, and no message was deleted before its content was there."""
import contextlib
import os
import random
import signal
import sqlite3
import threading
import time

from api_support import BUCKET, DAY, SG, Apis
from fake_aws import CUT, RESET, every, status
from fake_sqs import FakeSqs
from support import ACCOUNT, DONE, check_intact, dump, event, history_file, item, text_of, trail_file
from sync_support import config_key, small

INSTANCE = "AWS::EC2::Instance"
SOURCES = ("s3://logs/", f"sqs://{ACCOUNT}/config", "config://us-east-1", "config://us-east-1/org",
           "cloudtrail://us-east-1", "cloudwatch://us-east-1")
KILLS_LEAST = 6

# What dump() leaves to others: rows of what only the APIs tell. Times that depend on when it was
# asked are left out.
MORE = {
    "series": """SELECT account, region, namespace, metric, tail, points, value_bytes, newest_ms
                 FROM series""",
    "point": "SELECT metric, tail, time_ms, value FROM point p JOIN series s ON s.id = p.series",
    "metric_file": """SELECT rid, m.name, bytes, m.newest_ms FROM metric_file m
                      JOIN resource r ON r.id = m.resource""",
    "series_due": "SELECT metric FROM series_due d JOIN series s ON s.id = d.series",
    "public_key": "SELECT fingerprint, der, from_ms, to_ms FROM public_key",
    "recorder": "SELECT account, region, name FROM recorder",
    "cursor": "SELECT name FROM cursor",
}


class Careful(FakeSqs):
    """Looks into the history when a message is to be deleted."""

    def __init__(self):
        super().__init__()
        self.history, self.holds, self.early = None, {}, []

    def DeleteMessageBatch(self, aws, rq, asked):
        queue = self.find(asked["QueueUrl"].rpartition("/")[2])
        receipts = {e["ReceiptHandle"] for e in asked["Entries"]}
        with queue.changed:
            dead = [m.id for m in queue.messages.values() if m.receipts & receipts]
        with contextlib.closing(sqlite3.connect(f"file:{self.history}?mode=ro", uri=True)) as db:
            for one in dead:
                if not db.execute("SELECT 1 FROM state s JOIN resource r ON r.id = s.id >> 20 "
                                  "WHERE rid = ?1 UNION ALL SELECT 1 FROM state_pack p "
                                  "JOIN resource r ON r.id = p.id >> 20 WHERE rid = ?1", (self.holds[one],)).fetchone():
                    self.early.append(one)
        return super().DeleteMessageBatch(aws, rq, asked)


class KilledAll(Apis):
    def fill(self):
        """The same each time, but that nobody has seen any of it yet."""
        for bucket in ("logs", "more"):
            self.aws.buckets.pop(bucket, None)
        logs, more = self.aws.bucket("logs"), self.aws.bucket("more")
        today = time.gmtime(self.now)
        day = f"{today.tm_year}/{today.tm_mon}/{today.tm_mday}"
        for n in range(60):
            logs.put(config_key(n, day=day), small(n))
        day = time.strftime("%Y/%m/%d", today)
        for n in range(10):
            logs.put(f"AWSLogs/{ACCOUNT}/CloudTrail/us-east-1/{day}/{n}.json",
                     text_of(trail_file([event(1000 + n, time=f"2024-05-01T10:{n:02}:00Z")])))
        self.sqs = self.aws.handlers["sqs"] = Careful()
        self.queue = self.sqs.queue("config")
        for n in range(60):
            rid = f"sg-m{n}"
            one = item(rid, f"2024-05-02T10:{n:02}:00.000Z")
            if n % 3:
                body = {"configurationItemDiff": None, "configurationItem": one,
                        "messageType": "ConfigurationItemChangeNotification",
                        "recordVersion": "1.3"}
            else:
                more.put(f"k{n}", text_of(history_file([one])))
                body = {"s3Bucket": "more", "s3ObjectKey": f"k{n}"}
            self.sqs.holds[self.queue.send(body).id] = rid

    def fill_apis(self):
        for n in range(5):
            for k in range(2):
                self.config.put(SG, f"sg-api{n}", self.now - (30 - 9 * k) * 3600 + n, {"n": k})
        self.config.put(INSTANCE, "i-1", self.now - 20 * 3600, {"n": 1})
        self.config.put(BUCKET, "gone", self.now - 30 * 3600, {})
        self.config.put(BUCKET, "gone", self.now - 25 * 3600, None, "ResourceDeleted")
        self.config.put(BUCKET, "here", self.now - 25 * 3600, {})
        for n in range(4):
            self.config.rules[BUCKET, f"b{n}"] = {
                "r": ("NON_COMPLIANT" if n % 2 else "COMPLIANT", "why", self.now - 9000 - n)}
        for n in range(30):
            self.put_event(n, 7200 + n * 3600)
        for n in range(3):
            self.trail.put_key(n, self.now - n * DAY)
        for n in range(4):
            self.alarms.put(f"busy-{n % 2}", self.now - (40 - 4 * n) * 3600, "OK", "ALARM")
        self.config.page_size = self.alarms.page_size = 3
        self.trail.page_size = 12

    def options(self):
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now - 2 * DAY))
        return ["-q", "--since", since, "--metric", "AWS/EC2 CPUUtilization InstanceId"]

    def all_facts(self, history):
        found = dump(history)
        # A stream's row tells how much was read, which is more for who had to begin again.
        found["source"] = [row[0] for row in found["source"]]
        # That the recorder ran when it was asked is a sign of that day.
        found["day_coverage"] = [row for row in found["day_coverage"]
                                 if row[3] != self.now // DAY]
        with contextlib.closing(sqlite3.connect(f"file:{history}?mode=ro", uri=True)) as db:
            for table, sql in MORE.items():
                found[table] = sorted(db.execute(sql).fetchall(), key=repr)
        return found

    def disturb(self, history, at):
        """Killed when AWS sees that request; did it end before?"""
        ready, seen = threading.Event(), 0
        faults = every(19, status(500, "InternalError"), CUT, RESET)
        with self.running(*SOURCES, options=self.options(), history=history) as process:
            def fault(rq):
                nonlocal seen
                seen += 1
                if seen == at:
                    ready.wait()
                    os.kill(process.pid, signal.SIGKILL)
                return faults(rq)
            self.aws.fault = fault
            ready.set()
            out, err = process.communicate(timeout=120)
        self.aws.fault = None
        self.assertNotIn(b"Sanitizer", err)
        if process.returncode == -signal.SIGKILL:
            return False
        self.assertEqual(process.returncode, DONE, out + err)
        return True

    def test_killed_at_any_request(self):
        seed = int(os.environ.get("DRIFTFS_SEED") or random.randrange(1 << 32))
        print(f"seed {seed}", flush=True)
        dice = random.Random(seed)
        self.fill_apis()
        self.fill()
        self.sqs.history = self.history
        self.sync(*SOURCES, options=self.options())
        expected = self.all_facts(self.history)
        asked = {name for name, _ in self.aws.log}
        self.assertFalse(self.queue.messages)
        self.assertLessEqual({"GetObject", "DeleteMessageBatch", "GetResourceConfigHistory",
                              "BatchGetAggregateResourceConfig", "LookupEvents", "ListPublicKeys",
                              "GetComplianceDetailsByResource", "GetMetricData",
                              "DescribeConfigurationRecorderStatus"}, asked)
        for kind in ("metric_file", "public_key", "transition", "state", "event", "recorder"):
            self.assertTrue(expected[kind], kind)
        self.fill()
        history, kills = self.folder / "killed.db", 0
        self.sqs.history = history
        # Later and later, so that it comes to an end.
        while not self.disturb(history, dice.randrange(1, 20 + 12 * kills)):
            kills += 1
            self.queue.show_all()
        self.queue.show_all()  # handed to one who was killed while it waited for them
        self.sync(*SOURCES, options=self.options(), history=history)
        self.assertGreaterEqual(kills, KILLS_LEAST)
        self.assertEqual(self.sqs.early, [], "deleted before it was committed")
        self.assertFalse(self.queue.messages)
        self.assertEqual(check_intact(history), "ok")
        got = self.all_facts(history)
        for table, rows in expected.items():
            self.assertEqual(got[table], rows, table)
