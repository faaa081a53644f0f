# SPDX-License-Identifier: Apache-2.0
"""What the cases of config://, cloudtrail:// and cloudwatch:// share."""
import signal
import sqlite3
import subprocess
import time

from fake_apis import FakeAlarms, FakeConfig, FakeTrail
from support import ACCOUNT, REGION, driftfs, dump, event
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
