# SPDX-License-Identifier: Apache-2.0
"""sqs://: what messages hold and what they point at is taken in; one is deleted only when that
is committed, and none is ever lost."""
import json
import random
import signal
import sqlite3
import subprocess
import time
import urllib.parse

from fake_aws import ACCOUNT, on, raw, status
from fake_sqs import FakeSqs
from support import FAILED, REGION, REFUSED, check_intact, driftfs, dump, history_file, item, \
    text_of
from sync_support import SyncCase, config_key, small

QUEUE = f"sqs://{ACCOUNT}/config"
FOLDER = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:config"


def change(rid="sg-1", time_="2024-05-01T10:15:00.123Z", **more):
    return {"configurationItemDiff": None, "configurationItem": item(rid, time_, **more),
            "notificationCreationTime": "2024-05-01T10:16:00.000Z",
            "messageType": "ConfigurationItemChangeNotification", "recordVersion": "1.3"}


def sns(message):
    return {"Type": "Notification", "MessageId": "1", "TopicArn": TOPIC, "Subject": "x",
            "Message": json.dumps(message), "Timestamp": "2024-05-01T10:16:00.000Z"}


def bridge(source, type_, detail):
    return {"version": "0", "id": "1", "detail-type": type_, "source": source,
            "account": ACCOUNT, "time": "2024-05-01T10:16:00Z", "region": REGION,
            "resources": [], "detail": detail}


def s3_event(bucket, *keys, name="ObjectCreated:Put"):
    return {"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": name,
                         "s3": {"bucket": {"name": bucket}, "object": {
                             "key": urllib.parse.quote_plus(key), "size": 1, "eTag": "0"}}}
                        for key in keys]}


class Queue(SyncCase):
    def setUp(self):
        super().setUp()
        self.sqs = self.aws.handlers["sqs"] = FakeSqs()
        self.queue = self.sqs.queue("config")

    def cat_all(self, path):
        done = subprocess.run([driftfs(), "cat", self.history, path], capture_output=True,
                              check=False)
        return done.stdout.decode() if done.returncode == 0 else ""

    def resources(self, history=None):
        return sorted(row[3].decode() for row in dump(history or self.history)["resource"])

    def sources(self, finished=False):
        return [row[0].decode() for row in dump(self.history)["source"] if row[3] or not finished]

    def drained(self):
        return not self.queue.messages

    def follow(self, *more, options=()):
        return self.running(QUEUE, *more, options=["--follow", "--interval", 1, *options])

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return out.decode(), err.decode()


class Content(Queue):
    def test_every_envelope(self):
        for n, wrap in enumerate((lambda m: m, sns,
                                  lambda m: bridge("aws.config", "Config Configuration Item Change", m),
                                  lambda m: sns(bridge("aws.config", "Config Configuration Item Change",
                                                       m)))):
            self.queue.send(wrap(change(f"sg-{n}")))
        out, err = self.sync(QUEUE)
        self.assertEqual(err, [])
        self.assertEqual(self.resources(), ["sg-0", "sg-1", "sg-2", "sg-3"])
        self.assertTrue(self.drained())
        self.assertEqual(len(self.queue.deleted), 4)

    def test_the_ledger_has_one_row(self):
        for n in range(120):
            self.queue.send(sns(change(f"sg-{n}")))
        self.sync(QUEUE)
        self.sync(QUEUE)
        self.assertEqual(self.sources(), [QUEUE])
        [row] = dump(self.history)["source"]
        self.assertEqual(row[3], 1, "not finished")
        self.assertEqual(len(self.resources()), 120)
        imports = self.cat_all("status/imports.tsv").splitlines()
        self.assertEqual(len(imports), 2, imports)

    def test_redelivered(self):
        self.queue.visibility = 0  # nothing is ever hidden
        for n in range(30):
            self.queue.send(sns(change(f"sg-{n}")))
        self.sync(QUEUE)
        self.assertTrue(self.drained())
        self.assertEqual(len(self.resources()), 30)
        self.assertEqual(len(dump(self.history)["state"]), 30)

    def test_what_is_refused_is_kept(self):
        for n in range(3):
            self.queue.send(f"no JSON at all {n}")
            self.queue.send(sns(change(f"sg-{n}")))
        self.queue.send('{"configurationItem": {"resourceId": 7}}')
        self.sync(QUEUE, status=REFUSED)
        self.sync(QUEUE)
        self.assertTrue(self.drained())
        self.assertEqual(len(self.resources()), 3)
        self.assertEqual(len(dump(self.history)["refusal"]), 4, "an earlier one was forgotten")

    def test_the_test_event_is_nothing(self):
        self.queue.send({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"})
        self.queue.send(sns({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}))
        self.queue.send(s3_event("logs", "a", name="ObjectRemoved:Delete"))
        out, err = self.sync(QUEUE)
        self.assertEqual(err, [])
        self.assertTrue(self.drained())


class Pointers(Queue):
    def test_objects_are_fetched(self):
        logs = self.aws.bucket("logs")
        keys = [f"AWSLogs/a b+c/AWS::EC2::X é {n}.json" for n in range(8)]
        for n, key in enumerate(keys):
            logs.put(key, small(n))
        self.queue.send(s3_event("logs", keys[0], keys[1]))
        self.queue.send(sns(s3_event("logs", keys[2])))
        self.queue.send(bridge("aws.s3", "Object Created",
                               {"bucket": {"name": "logs"}, "object": {"key": keys[3]}}))
        self.queue.send(sns({"messageType": "ConfigurationHistoryDeliveryCompleted",
                             "s3Bucket": "logs", "s3ObjectKey": keys[4],
                             "recordVersion": "1.1"}))
        self.queue.send(bridge("aws.config", "Config Configuration History Delivery Status",
                               {"messageType": "ConfigurationHistoryDeliveryCompleted",
                                "s3Bucket": "logs", "s3ObjectKey": keys[5]}))
        self.queue.send(sns({"s3Bucket": "logs", "s3ObjectKey": [keys[6]]}))
        self.queue.send(sns({"messageType": "OversizedConfigurationItemChangeNotification",
                             "configurationItemSummary": {}, "recordVersion": "1.0",
                             "s3DeliverySummary": {"s3BucketLocation": f"logs/{keys[7]}",
                                                   "errorCode": None}}))
        out, err = self.sync(QUEUE)
        self.assertEqual(err, [])
        self.assertTrue(self.drained())
        self.assertEqual(sorted(self.sources()), sorted(f"s3://logs/{k}" for k in keys))
        gets = self.aws.count("GetObject")
        self.sync("s3://logs/")  # the ledger knows them as a listing does
        self.assertEqual(self.aws.count("GetObject"), gets)

    def test_a_bucket_elsewhere(self):
        """It is looked for once, not for each message."""
        far = self.aws.bucket("far", "eu-west-1")
        for n in range(100):
            far.put(f"k{n}", small(n))
            self.queue.send(s3_event("far", f"k{n}"))
        self.sync(QUEUE)
        self.assertEqual(len(self.sources()), 100)
        wrong = sum(rq.service == "s3" and rq.region != "eu-west-1" for _, rq in self.aws.log)
        self.assertLessEqual(wrong, 4, "each of its threads, at most")

    def test_who_asks_pays(self):
        self.aws.bucket("logs").put("k", small(1))
        self.queue.send(s3_event("logs", "k"))
        self.sync(QUEUE, options=["--request-payer"])
        asked = [rq.headers.get("x-amz-request-payer") for _, rq in self.aws.log
                 if rq.service == "s3"]
        self.assertEqual(asked, ["requester"] * 2)

    def test_one_that_cannot_be_had(self):
        self.aws.bucket("logs").put("here", small(1))
        self.queue.send(s3_event("logs", "here", "gone"))
        self.queue.send(change("sg-other"))
        out, err = self.sync(QUEUE, status=REFUSED)
        self.assertIn("s3://logs/gone", "\n".join(err))
        self.assertEqual(self.queue.deleted, ["m-2"], "lost, or kept though it was taken in")
        self.aws.bucket("logs").put("gone", small(2))
        self.queue.show_all()
        self.sync(QUEUE)
        self.assertTrue(self.drained())
        self.assertEqual(sorted(self.sources()), ["s3://logs/gone", "s3://logs/here", QUEUE])


class Follow(Queue):
    def test_seconds_from_message_to_state(self):
        times = []
        with self.follow() as process:
            self.wait_for(lambda: self.aws.count("ReceiveMessage"))
            for n in range(5):
                started = time.monotonic()
                self.queue.send(sns(change("sg-new", f"2024-05-0{n + 1}T10:00:00.000Z",
                                           configuration={"mark": f"seen {n}"})))
                self.wait_for(lambda: f"seen {n}" in self.cat_all(f"{FOLDER}/sg-new/latest.json"))
                times.append(time.monotonic() - started)
            self.wait_for(self.drained)
            self.end(process)
        print("visible after", " ".join(f"{t:.2f}" for t in times), "s")
        self.assertLess(sorted(times)[len(times) // 2], 2)

    def test_a_backfill_keeps_no_message(self):
        """It is in the history while one big object still is on its way there."""
        states = [item(f"sg-{n % 1000}", f"2024-04-{1 + n // 1000:02}T10:00:00.000Z",
                       configuration={"n": n}) for n in range(20000)]
        self.aws.bucket("logs").put("big.json", text_of(history_file(states)))
        with self.running("s3://logs/", QUEUE, options=["--follow"]):
            self.wait_for(lambda: self.aws.count("GetObject"))
            self.queue.send(change("sg-new"))
            self.wait_for(self.drained)
            self.assertIn("sg-new", self.resources())
            self.assertNotIn("s3://logs/big.json", self.sources(finished=True))

    def test_it_ends_soon(self):
        with self.follow() as process:
            self.wait_for(lambda: self.aws.count("ReceiveMessage"))
            started = time.monotonic()
            self.end(process)
        self.assertLess(time.monotonic() - started, 10)

    def test_waiting_is_no_stall(self):
        with self.running(QUEUE, options=["--follow", "--timeout", 4]) as process:
            self.wait_for(lambda: self.aws.count("ReceiveMessage") > 12)
            process.send_signal(signal.SIGTERM)
            err = process.communicate(timeout=60)[1]
        self.assertEqual((process.returncode, err), (0, b""))
        asked = {json.loads(rq.body)["WaitTimeSeconds"] for what, rq in self.aws.log
                 if what == "ReceiveMessage"}
        self.assertEqual(asked, {2})

    def test_a_bad_source_does_not_stop_the_others(self):
        self.aws.bucket("logs").put(config_key(1), small(1))
        with self.running(QUEUE, "s3://logs/", "s3://not-there/", f"sqs://{ACCOUNT}/nowhere",
                          options=["--follow", "--interval", 1]) as process:
            self.wait_for(lambda: self.cat_all(f"{FOLDER}/sg-1/latest.json"))
            self.queue.send(change("sg-new"))
            self.wait_for(lambda: self.cat_all(f"{FOLDER}/sg-new/latest.json"))
            self.wait_for(lambda: self.aws.count("GetQueueUrl") >= 3)
            self.sqs.queue("nowhere").send(change("sg-late"))
            self.wait_for(lambda: self.cat_all(f"{FOLDER}/sg-late/latest.json"))
            process.send_signal(signal.SIGTERM)
            err = process.communicate(timeout=60)[1]
        told = [line for line in err.decode().splitlines() if "not-there" in line]
        self.assertEqual(len(told), 1, err)
        self.assertEqual(process.returncode, FAILED)

    def test_health(self):
        with self.running(QUEUE, "s3://not-there/",
                          options=["--follow", "--interval", 1]) as process:
            self.queue.send(change("sg-1"))
            self.wait_for(lambda: self.drained())
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        rows = {row[0].decode(): row for row in self.health()}
        self.assertEqual(set(rows), {QUEUE, "s3://not-there/"})
        self.assertEqual(rows[QUEUE][4:], (0, 0, b""))
        self.assertAlmostEqual(rows[QUEUE][2] / 1000, time.time(), delta=60)
        self.assertGreaterEqual(rows["s3://not-there/"][5], 1)
        self.assertIn(b"NoSuchBucket", rows["s3://not-there/"][6])
        table = [line.split("\t") for line in self.cat_all("status/sources.tsv").splitlines()]
        self.assertEqual([row[0] for row in table], ["source", "s3://not-there/", QUEUE])
        self.assertEqual([len(row) for row in table], [8, 8, 8])
        self.assertEqual((table[1][2], table[1][4]), ("", ""), "it never was well")
        self.assertIn("NoSuchBucket", table[1][7])
        self.assertEqual(table[2][5:], ["0", "0", ""])
        text = self.run_program("status", self.history)[0]
        self.assertIn(f"\nsources\n  s3://not-there/: last success never; failed ", text)
        self.assertIn(f"  {QUEUE}: last success 20", text)

    def health(self):
        db = sqlite3.connect(f"file:{self.history}?mode=ro", uri=True)
        db.text_factory = bytes
        try:
            return db.execute("SELECT * FROM health ORDER BY source").fetchall()
        finally:
            db.close()


class Trouble(Queue):
    def test_no_such_queue(self):
        out, err = self.sync(f"sqs://{ACCOUNT}/nowhere", status=FAILED)
        self.assertIn(f"sqs://{ACCOUNT}/nowhere", "\n".join(err))
        self.assertEqual(self.aws.count("GetQueueUrl"), 1, "each of its threads asked")
        self.assertIn("; check the name and the region", err[0])
        self.aws.fault = on("GetQueueUrl", raw(b"{}"))
        out, err = self.sync(QUEUE, status=FAILED)
        self.assertEqual(len(err), 1, err)
        self.assertIn("names no queue; check --endpoint-url", err[0])

    def test_not_allowed_to_delete(self):
        self.aws.fault = on("DeleteMessageBatch", status(403, "AccessDenied", "no"))
        self.queue.send(change("sg-1"))
        out, err = self.sync(QUEUE, status=FAILED)
        self.assertIn(QUEUE, "\n".join(err))
        self.assertEqual(self.resources(), ["sg-1"])
        self.assertFalse(self.drained())
        # Each round begins well: it is told of once all the same, and stands at the end.
        self.queue.visibility = 0
        self.queue.show_all()
        with self.follow() as process:
            self.wait_for(lambda: self.aws.count("DeleteMessageBatch") > 3)
            process.terminate()
            err = process.communicate(timeout=60)[1]
        self.assertEqual((process.returncode, err.count(b"AccessDenied")), (FAILED, 1), err)

    def test_broken_answers(self):
        for body in (b"", b"[]", b'{"Messages": 7}', b'{"Messages": [{}]}', b"{" * 100000):
            fake = FakeSqs()
            fake.ReceiveMessage = None
            self.aws.handlers["sqs"] = lambda aws, rq, body=body: \
                FakeSqs.__call__(self.sqs, aws, rq) if rq.operation == "GetQueueUrl" else body
            with self.running(QUEUE) as process:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    self.assertIn(b"Messages", body)  # such messages never end
                    process.terminate()
                err = process.communicate(timeout=60)[1]
            self.assertNotIn(b"Sanitizer", err)

    def test_wrong_words(self):
        for url in ("sqs://", "sqs://1/q", "sqs://123456789012/", "sqs://123456789012/a/b"):
            out, err = self.sync(url, status=FAILED)
            self.assertIn("is no source", err[0])


class Killed(Queue):
    def test_killed_at_any_instant(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        dice = random.Random(seed)
        logs = self.aws.bucket("logs")
        for n in range(400):
            if n % 4:
                self.queue.send(sns(change(f"sg-{n}")))
            else:
                logs.put(f"k{n}", text_of(history_file([item(f"sg-{n}")])))
                self.queue.send(s3_event("logs", f"k{n}"))
        killed = 0
        for _ in range(12):
            with self.follow() as process:
                try:
                    process.wait(dice.uniform(0.05, 1.5))
                except subprocess.TimeoutExpired:
                    killed += 1
            self.queue.show_all()
        # Some may have been handed to one who was waiting for them when it was killed, for as long
        # as the server takes it to be there.
        for _ in range(6):
            self.sync(QUEUE)
            self.queue.show_all()
            if self.drained():
                break
        self.assertTrue(self.drained())
        self.assertEqual(check_intact(self.history), "ok")
        self.assertEqual(self.resources(), sorted(f"sg-{n}" for n in range(400)))
        self.assertEqual(len(dump(self.history)["state"]), 400)
        self.assertGreater(killed, 6)
