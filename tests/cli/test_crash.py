# SPDX-License-Identifier: Apache-2.0
"""Killed at any instant and run again, an import ends in the history it would have made at once."""
import random
import subprocess
import time

from support import (REFUSED, Case, alarm, check_intact, driftfs, dump, event, history_file, item,
                     sanitized, trail_file)

HISTORIES = 4
KILLS = 12 # of each


def role_session(n):
    """Who has acted in a role, each in a session of its own."""
    return {"type": "AssumedRole", "accountId": "123456789012", "accessKeyId": f"ASIA{n:016}",
            "arn": f"arn:aws:sts::123456789012:assumed-role/Admin/u{n}",
            "principalId": f"AROAEXAMPLE:u{n}"}


def minute(n):
    return f"2024-05-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}"


class Crash(Case):
    def setUp(self):
        super().setUp()
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        self.random = random.Random(seed)
        scale = 1 if sanitized() else 4
        for f in range(12 * scale):
            n = f * 200
            self.write(f"in/{f:03}-trail.json.gz", trail_file(
                [event(n + k, time=minute(n + k) + ":00Z",
                       requestParameters={"groupId": f"sg-{k % 50}", "n": k},
                       **({"userIdentity": role_session(n + k)} if k % 3 else {}))
                 for k in range(200)] + [event(n, userAgent="another content")]))
            self.write(f"in/{f:03}-items.json", history_file(
                [item(f"sg-{k}", time=minute(n + k) + ":30.000Z",
                      configuration={"groupId": f"sg-{k}", "n": n + k}) for k in range(50)]))
            self.write(f"in/{f:03}-alarm.json", alarm(f % 3, time=minute(n) + ":40Z"))
        self.write("in/zz-broken.json.gz", b'{"Records":[{"a":1},,]')
        self.write("in/zz-empty", b"")

    def test_killed_again_and_again(self):
        started = time.monotonic()
        self.import_("in", status=REFUSED)
        whole = time.monotonic() - started
        expected = dump(self.history)
        self.assertGreater(len(expected["cause"]), 0)
        self.assertGreater(len(expected["transition"]), 0)
        self.assertEqual(expected["dirty"], [])
        killed = 0
        for n in range(HISTORIES):
            history, fresh = self.folder / f"{n}.db", True
            for k in range(KILLS):
                started = time.monotonic()
                if self.kill_one(history, self.random.uniform(0, whole)):
                    killed, fresh = killed + 1, False
                    continue
                # Done: nothing is left of it to be killed in. The first import may have been slow.
                if fresh:
                    whole = min(whole, time.monotonic() - started)
                self.check_whole(history, expected)
                history, fresh = self.folder / f"{n}-{k}.db", True
            self.check_whole(history, expected)
        self.assertGreater(killed, 2 * HISTORIES, "hardly any was killed under way")

    def check_whole(self, history, expected):
        """It is as if it had been imported at once, when what is left of it has been."""
        done = subprocess.run([driftfs(), "import", str(history), "in"], cwd=self.folder,
                              capture_output=True, check=False, timeout=600)
        self.assertIn(done.returncode, (0, REFUSED), done.stderr)
        self.assertEqual(check_intact(history), "ok")
        got = dump(history)
        for table, rows in expected.items():
            self.assertEqual(got[table], rows, f"{table} of {history} after a kill")

    def kill_one(self, history, after):
        """Was it killed before it was done?"""
        with subprocess.Popen([driftfs(), "import", str(history), "in"], cwd=self.folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
            try:
                p.wait(after)
                return False
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                return True
