# SPDX-License-Identifier: Apache-2.0
"""Killed at any instant and run again, an import ends in the history it would have made at once."""
import json
import random
import signal
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

    def interrupt(self, number, lines):
        """An import that waits for the rest of its input, and has committed some of it, is ended."""
        self.history = self.folder / f"{number}.db"
        with subprocess.Popen([driftfs(), "import", self.history, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            p.stdin.write(lines)
            p.stdin.flush()
            for _ in range(600):
                if self.history.exists() and self.run_program(
                        "status", "--json", self.history, status=None)[0].startswith("{") and (
                            self.status()["events"]):
                    break
                time.sleep(0.1)
            p.send_signal(number)
            self.assertEqual(p.communicate(), (b"", b""))
            self.assertEqual(p.returncode, -number)

    def test_interrupted(self):
        """By a signal, as any program: nothing is said, what was committed is there, and the next
        import takes in the rest."""
        lines = [(json.dumps(event(n, time=minute(n) + ":00Z")) + "\n").encode()
                 for n in range(1200)]
        self.import_("-", input=b"".join(lines))
        expected = dump(self.history)
        for number in (signal.SIGINT, signal.SIGTERM):
            self.interrupt(number, b"".join(lines[:1000]))
            committed = self.status()["events"]
            self.assertGreater(committed, 0)
            self.assertLessEqual(committed, 1000)
            self.assertEqual(check_intact(self.history), "ok")
            out, _ = self.import_("-", input=b"".join(lines))
            self.assertRegex(out, f"^{1200 - committed:,} events? .* {committed:,} already known")
            self.assertEqual(dump(self.history), expected)

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
