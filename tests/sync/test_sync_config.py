# SPDX-License-Identifier: Apache-2.0
"""driftfs.ini, --check, SIGHUP; and that the policy printed allows the calls made, no more."""
import json
import signal
import subprocess
import time

from fake_apis import FakeAlarms, FakeConfig, FakeTrail
from fake_sqs import FakeSqs
from support import ACCOUNT, FAILED, USAGE, driftfs
from sync_support import SyncCase, config_key, small
from test_sync_sqs import change

SERVICES = {"s3": "s3", "sqs": "sqs", "config": "config", "cloudtrail": "cloudtrail",
            "monitoring": "cloudwatch"}
OTHER_NAMES = {"s3:ListObjectsV2": "s3:ListBucket",
               "sqs:DeleteMessageBatch": "sqs:DeleteMessage"}


class Words(SyncCase):
    def write_config(self, text):
        path = self.folder / "driftfs.ini"
        path.write_text(text)
        return path

    def words(self, *words, status=0):
        done = subprocess.run([driftfs(), "sync", *map(str, words)], capture_output=True,
                              env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
                              check=False, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn(b"Sanitizer", done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def sources(self):
        done = subprocess.run([driftfs(), "cat", self.history, "status/imports.tsv"],
                              capture_output=True, check=False)
        return sorted(line.partition("s3://")[2].partition("/")[0]
                      for line in done.stdout.decode().splitlines() if "s3://" in line)


class Config(Words):
    def test_options_and_sources(self):
        self.aws.bucket("logs").put(config_key(1), small(1))
        self.aws.bucket("logs").put(config_key(2, account="210987654321"), small(2))
        path = self.write_config("# a comment\n\n[sync]\nregion = us-east-1\n"
                                 f"endpoint-url = {self.aws.url}\naccounts={ACCOUNT}, 1\n"
                                 "request-payer = yes\nquiet = no\n  source = s3://logs/  \n")
        self.words("--config", path, self.history)
        self.assertEqual(self.items(), 1)
        self.assertEqual(self.aws.log[0][1].headers["x-amz-request-payer"], "requester")
        # what stands behind it counts over it
        self.words("--config", path, "--accounts", "210987654321", self.history)
        self.assertEqual(self.items(), 2)

    def test_what_is_wrong_names_file_and_line(self):
        for line, reason in (("sorce = x", "no such key"), ("source = ftp://x", "is no source"),
                             ("interval = never", "seconds"), ("[aws]", "only section"),
                             ("just words", "KEY = VALUE"), ("follow = maybe", "yes or no"),
                             ("config = x", "command line only"), ("= x", "no such key"),
                             ("since = soon", "takes a time")):
            path = self.write_config(f"[sync]\n\n{line}\n")
            _, err = self.words("--check", "--config", path, status=FAILED)
            self.assertIn(f"{path}:3: ", err)
            self.assertIn(reason, err)
            self.assertEqual(err.count("\n"), 1, err)
        for bad in (self.folder, self.folder / "none"):
            _, err = self.words("--check", "--config", bad, status=FAILED)
            self.assertIn(str(bad), err)
        path = self.folder / "zero.ini"
        path.write_bytes(b"region = \0x\n")
        self.words("--check", "--config", path, status=FAILED)

    def test_check(self):
        path = self.write_config(f"source = s3://logs/\nsource = sqs://{ACCOUNT}/q\n")
        out, _ = self.words("--check", "--config", path)
        self.assertEqual(out, f"s3://logs/\nsqs://{ACCOUNT}/q\n")
        self.assertEqual(self.aws.log, [])
        self.words("--check", "h.db", "s3://", status=FAILED)
        self.words(status=USAGE)

    def test_reload(self):
        for name in ("one", "two"):
            self.aws.bucket(name).put(config_key(1), small(1 if name == "one" else 2))
        head = f"endpoint-url = {self.aws.url}\nfollow = yes\ninterval = 1\nquiet = yes\n"
        path = self.write_config(head + "source = s3://one/\n")
        process = subprocess.Popen([driftfs(), "sync", "--config", str(path), str(self.history)],
                                   env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.wait_for(lambda: self.sources() == ["one"])
            path.write_text(head + "nonsense\n")
            process.send_signal(signal.SIGHUP)  # told, and goes on as it was
            count = self.aws.count("ListObjectsV2")
            self.wait_for(lambda: self.aws.count("ListObjectsV2") > count + 2)
            path.write_text(head + "source = s3://two/\n")
            process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.sources() == ["one", "two"])
            started = time.monotonic()
            process.terminate()
            _, err = process.communicate(timeout=60)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.assertEqual(process.returncode, 0, err)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual(err.count(b"driftfs.ini:5: "), 1, err)


class Policy(Words):
    def policy(self, *words):
        out, _ = self.words("--print-policy", *words)
        policy = json.loads(out)
        self.assertEqual(policy["Version"], "2012-10-17")
        return policy["Statement"]

    def called(self):
        # sts:GetCallerIdentity needs no policy, nor can one deny it.
        names = {f"{SERVICES[rq.service]}:{what}" for what, rq in self.aws.log
                 if rq.service and what != "GetCallerIdentity"}
        return {OTHER_NAMES.get(name, name) for name in names}

    def assert_in_step(self, *sources, options=()):
        self.aws.log.clear()
        with self.running(*sources, options=["--follow", "--interval", 1, *options]) as process:
            allowed = {a for s in self.policy(*sources) for a in s["Action"]}
            self.wait_for(lambda: self.called() >= allowed)
            process.terminate()
            process.communicate(timeout=60)
        self.assertEqual(self.called(), allowed)

    def test_in_step_with_the_calls_made(self):
        now = time.time()
        sqs = self.aws.handlers["sqs"] = FakeSqs()
        config = self.aws.handlers["config"] = FakeConfig()
        self.aws.handlers["cloudtrail"] = FakeTrail()
        alarms = self.aws.handlers["monitoring"] = FakeAlarms()
        config.put("AWS::S3::Bucket", "b", now - 100, {})
        config.rules["AWS::S3::Bucket", "b"] = {"r": ("NON_COMPLIANT", None, now - 50)}
        alarms.put("open", now - 50, "OK", "ALARM")
        sqs.queue("q").send(change())
        self.aws.bucket("logs").put("a/" + config_key(1), small(1))
        for source in ("s3://logs/a/", f"sqs://{ACCOUNT}/q", "config://us-east-1",
                       "config://us-east-1/org", "cloudtrail://us-east-1",
                       "cloudwatch://us-east-1"):
            self.assert_in_step(source)

    def test_resources(self):
        self.assertEqual(
            [(s["Action"], s["Resource"], s.get("Condition")) for s in self.policy("s3://b/p")],
            [(["s3:ListBucket"], "arn:aws:s3:::b", {"StringLike": {"s3:prefix": "p*"}}),
             (["s3:GetObject"], "arn:aws:s3:::b/p*", None)])
        for words, arn in (((f"sqs://{ACCOUNT}/q",), f"arn:aws:sqs:*:{ACCOUNT}:q"),
                           (("--region", "cn-north-1", f"sqs://{ACCOUNT}/q"),
                            f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:q"),
                           ((f"sqs://eu-west-1/{ACCOUNT}/q",),
                            f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")):
            self.assertEqual([s["Resource"] for s in self.policy(*words)], [arn])
        self.assertEqual(len(self.policy()), 3)
        self.words("--print-policy", "s3:///", status=FAILED)
