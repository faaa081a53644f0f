# SPDX-License-Identifier: Apache-2.0
"""Ended at any instant, by force or kindly, and run again: nothing is lost, nothing twice."""
import random
import signal
import subprocess
import time

from fake_aws import CUT, STALL, every, status
from support import check_intact
from sync_support import SyncCase, config_key, facts, small

OBJECTS, HISTORIES, KILLS = 1500, 3, 8


class Killed(SyncCase):
    def setUp(self):
        super().setUp()
        bucket = self.aws.bucket("logs")
        for n in range(OBJECTS):
            bucket.put(config_key(n), small(n))

    def expected(self):
        started = time.monotonic()
        self.sync("s3://logs/")
        return facts(self.history), time.monotonic() - started

    def test_by_force(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        dice = random.Random(seed)
        expected, whole = self.expected()
        self.aws.fault = every(17, status(500, "InternalError"), CUT)
        killed = 0
        for h in range(HISTORIES):
            history = self.folder / f"{h}.db"
            for _ in range(KILLS):
                # So many requests that the last of them ends about when all objects are in, then
                # some instant: of fetching, of writing, or of what comes after both.
                requests = self.aws.count("GetObject") + dice.randrange(2 * OBJECTS // KILLS)
                with self.running("s3://logs/", history=history) as process:
                    self.wait_for(lambda: process.poll() is not None
                                  or self.aws.count("GetObject") >= requests)
                    try:
                        process.wait(dice.uniform(0, whole / KILLS))
                    except subprocess.TimeoutExpired:
                        killed += 1
            self.sync("s3://logs/", history=history)
            self.assertEqual(check_intact(history), "ok")
            self.assertEqual(facts(history), expected)
        self.assertGreater(killed, HISTORIES, "hardly any was killed under way")

    def stop(self, number):
        """Stopped while objects come in: it ends by itself, soon, with what it has."""
        with self.running("s3://logs/") as process:
            self.wait_for(lambda: self.aws.count("GetObject") > 50)
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, err), (0, b""), out)
        self.assertIn(b"0 refused", out)
        self.assertEqual(check_intact(self.history), "ok")

    def test_kindly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.stop(number)
            self.aws.log.clear()
        self.sync("s3://logs/")
        self.assertEqual(self.items(), OBJECTS)

    def test_kindly_while_nothing_comes(self):
        """A stalled request does not keep it from ending."""
        self.aws.fault = every(1, STALL)
        with self.running("s3://logs/") as process:
            self.wait_for(lambda: self.aws.log)
            started = time.monotonic()
            process.terminate()
            out, err = process.communicate(timeout=60)
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual((process.returncode, err), (0, b""), out)
