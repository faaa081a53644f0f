# SPDX-License-Identifier: Apache-2.0
"""--follow: what is new shows soon, and a source that fails for a while is not given up."""
import contextlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

from fake_aws import STALL, on, status
from support import (ACCOUNT, DONE, REFUSED, REGION, driftfs, event, item, history_file, postings, text_of,
                     trail_file)
from sync_support import SyncCase, config_key, small

FOLDER = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


class Follow(SyncCase):
    def today(self):
        t = time.gmtime()
        return f"{t.tm_year}/{t.tm_mon}/{t.tm_mday}"

    def cat(self, path):
        done = subprocess.run([driftfs(), "cat", self.history, path], capture_output=True,
                              check=False)
        return done.stdout.decode() if done.returncode == 0 else ""

    def follow(self):
        return self.running("s3://logs/", options=["--follow", "--interval", 1])

    def end(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        self.assert_no_secret(out + err, "the output")
        self.assertEqual(process.returncode, 0, err)
        return out.decode(), err.decode()

    def test_a_new_object_shows(self):
        self.aws.bucket("logs").put(config_key(1), small(1))
        with self.follow() as process:
            self.wait_for(lambda: self.cat(f"{FOLDER}/sg-1/latest.json"))
            new = text_of(history_file([item("sg-new", "2024-06-01T10:00:00.000Z",
                                             configuration={"mark": "seen"})]))
            self.aws.bucket("logs").put(config_key(2, day=self.today()), new)
            started = time.monotonic()
            self.wait_for(lambda: "seen" in self.cat(f"{FOLDER}/sg-new/latest.json"))
            print(f"visible after {time.monotonic() - started:.2f} s")
            # A state may show one commit before what is told of it.
            self.wait_for(lambda: "CREATE" in self.cat(f"{FOLDER}/sg-new/changes"))
            out, err = self.end(process)
        self.assertEqual(err, "")
        self.assertTrue(out.startswith("2 items of 2 resources in 2 files"), out)

    def test_stories_show_before_the_backfill_is_over(self):
        """Also to who does not follow; and what is left to be told is told by the next run."""
        bucket = self.aws.bucket("logs")
        for n in range(400):
            bucket.put(config_key(n), small(n))
        self.aws.fault = lambda rq: STALL if rq.raw_path.endswith("/00399.json") else None
        with self.running("s3://logs/") as process:
            self.wait_for(lambda: self.cat(f"{FOLDER}/sg-198/changes").count("CREATE") == 1)
            self.wait_for(lambda: "UPDATE" in self.cat(f"{FOLDER}/sg-198/changes"))
            # Its last success is not that of a round.
            self.assertRegex(self.cat("status/sources.tsv"), r"\ns3://logs/\t20\d\d-")
            self.assertIsNone(process.poll())
            self.end(process)
        self.aws.fault = None
        self.sync("s3://logs/")
        self.assertIn("UPDATE", self.cat(f"{FOLDER}/sg-199/changes"))

    def test_no_core_is_left(self):
        self.aws.bucket("logs").put(config_key(1), small(1))
        with self.follow() as process:
            self.wait_for(lambda: self.aws.log)
            limits = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            process.send_signal(signal.SIGQUIT)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, -signal.SIGQUIT)
        self.assertEqual([p.name for p in self.folder.glob("core*")], [])

    def test_later_rounds_look_at_new_days_only(self):
        bucket = self.aws.bucket("logs")
        for n in range(20):
            bucket.put(config_key(n, day=f"2023/{1 + n % 12}/{1 + n}"), small(n))
        bucket.put(config_key(99, day=self.today()), small(99))
        with self.follow() as process:
            self.wait_for(lambda: self.aws.count("ListObjectsV2") > 12)
            self.end(process)
        listed = [rq.query["prefix"] for what, rq in self.aws.log if what == "ListObjectsV2"]
        self.assertFalse([p for p in listed if "/2023/" in p], listed)
        self.assertEqual(self.aws.count("GetObject"), 21)

    def test_a_source_that_comes_back(self):
        """It is told of once, asked again, and no failure once it is well."""
        self.aws.fault = on("ListObjectsV2", status(403, "AccessDenied"), times=2)
        self.aws.bucket("logs").put(config_key(1, day=self.today()), small(1))
        with self.follow() as process:
            self.wait_for(lambda: self.cat(f"{FOLDER}/sg-1/latest.json"))
            process.terminate()
            _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual(err.count(b"s3://logs/: "), 1, err)

    @unittest.skipUnless(os.geteuid() == 0, "the memory of one without dumps is root's to read")
    def test_what_was_renewed_is_wiped(self):
        """Of a secret that is not used any more nothing is left, in no buffer of anybody's."""
        arn = "arn:aws:iam::123456789012:role/Reader"
        self.aws.bucket("logs").put(config_key(1, day=self.today()), small(1))
        self.aws.roles[arn] = {}
        for options in (["--role-arn", arn], []):
            if not options:
                self.env |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": self.aws.url + "/container",
                             "AWS_CONTAINER_AUTHORIZATION_TOKEN": self.aws.container_token}
                del self.env["AWS_ACCESS_KEY_ID"]
            known = set(self.aws.identities)
            with self.running("s3://logs/", options=["--follow", "--interval", 1, *options]) as p:
                [old] = self.wait_for(lambda: set(self.aws.identities) - known)
                self.aws.identities[old].expires = 0
                [new] = self.wait_for(lambda: set(self.aws.identities) - known - {old})
                lists = self.aws.count("ListObjectsV2")
                self.wait_for(lambda: self.aws.count("ListObjectsV2") > lists + 1)
                self.assertTrue(self.aws.identities[new].secret.encode() in self.memory(p.pid))
                self.assertFalse(self.aws.identities[old].secret.encode() in self.memory(p.pid))
                self.end(p)

    @staticmethod
    def memory(pid):
        """All that it can write to, but for what a sanitizer keeps books in."""
        found = []
        with open(f"/proc/{pid}/mem", "rb") as memory:
            for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
                low, high = (int(x, 16) for x in line.split()[0].split("-"))
                if "rw" in line.split()[1] and high - low < 1 << 30:
                    try:
                        memory.seek(low)
                        found.append(memory.read(high - low))
                    except OSError:
                        pass
        return b"".join(found)

    def test_what_was_left_is_merged(self):
        """Late places that one before has left, by one who has nothing to read."""
        self.import_(self.write("trail.json", trail_file([event(n) for n in range(40)])),
                     options=["--events=all"])
        expected = self.query("SELECT * FROM activity")
        files = [f"activity/event-name/{name}" for name in self.ls("activity/event-name")]
        contents = [self.cat(name) for name in files]
        self.assertIn("AuthorizeSecurityGroupIngress", "".join(contents))
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            db.execute("INSERT INTO activity_late SELECT * FROM activity")
            db.execute("DELETE FROM activity")
            db.execute("INSERT OR REPLACE INTO counter(name, n) VALUES('late', ?)",
                       [len(list(postings(db, "activity_late")))])
        self.aws.bucket("logs")
        with self.follow() as process:
            self.wait_for(lambda: not self.query("SELECT * FROM activity_late"))
            self.end(process)
        self.assertEqual(self.query("SELECT * FROM activity"), expected)
        self.assertEqual(self.query("SELECT n FROM counter WHERE name = 'late'"), [(0,)])
        self.assertEqual([self.cat(name) for name in files], contents)

    def test_an_old_object_that_could_not_be_had(self):
        """Later rounds look at new days only, but not before all of the old ones are there."""
        for n in range(8):
            self.aws.bucket("logs").put(config_key(n, day=f"2023/{n + 1}/1"), small(n))
        self.aws.fault = lambda rq: status(500, "InternalError") if \
            rq.operation == "GetObject" and rq.path.endswith("/00003.json") else None
        with self.follow() as process:
            self.wait_for(lambda: "some objects could not be had" in self.cat("status/sources.tsv"))
            self.assertEqual(self.cat(f"{FOLDER}/sg-3/latest.json"), "")
            self.aws.fault = None
            self.wait_for(lambda: self.cat(f"{FOLDER}/sg-3/latest.json"))
            self.wait_for(lambda: "could not be" not in self.cat("status/sources.tsv"))
            process.terminate()
            out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, DONE, err)
        self.assertIn(b" refused\n", out)
        self.assertEqual(err.count(b"/00003.json: "), 1, err)

    def test_status_says_what_stands_at_the_end(self):
        """3 while an object is refused, 0 once it was taken in by the same run."""
        for mended in (False, True):
            self.history.unlink(missing_ok=True)
            bucket = self.aws.bucket("logs")
            bucket.put(config_key(1, day=self.today()), small(1), denied=True)
            bucket.put(config_key(2, day=self.today()), small(2))
            with self.follow() as process:
                self.wait_for(lambda: "must allow" in self.cat("status/refused.tsv"))
                if mended:
                    bucket.put(config_key(1, day=self.today()), small(1))
                    self.wait_for(lambda: self.cat(f"{FOLDER}/sg-1/latest.json"))
                process.terminate()
                _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, DONE if mended else REFUSED, err)

    def test_credentials_are_renewed_before_they_run_out(self):
        """And when they have run out all the same."""
        self.aws.bucket("logs").put(config_key(1, day=self.today()), small(1))
        self.aws.roles["arn:aws:iam::123456789012:role/Reader"] = {"lifetime": 302}
        role = ["--role-arn", "arn:aws:iam::123456789012:role/Reader"]
        with self.running("s3://logs/", options=["--follow", "--interval", 1, *role]) as process:
            self.wait_for(lambda: self.aws.count("AssumeRole") > 1)
            for identity in list(self.aws.identities.values())[1:]:
                identity.expires = 0
            before = self.aws.count("AssumeRole")
            self.wait_for(lambda: self.aws.count("AssumeRole") > before)
            lists = self.aws.count("ListObjectsV2")
            self.wait_for(lambda: self.aws.count("ListObjectsV2") > lists + 4)
            self.end(process)
