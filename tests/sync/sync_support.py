# SPDX-License-Identifier: Apache-2.0
"""What the cases of driftfs sync share: a fake AWS each, an environment with nothing of the
user's own, and the comparison with an import of the same files."""
import contextlib
import os
import subprocess
import time

from fake_aws import ACCOUNT, FakeAws
from support import DONE, Case, driftfs, dump, history_file, item, text_of

BY_SOURCE = ("source", "refusal", "skipped", "notice")


def config_key(n, account=ACCOUNT, region="us-east-1", day="2024/5/1"):
    return f"AWSLogs/{account}/Config/{region}/{day}/ConfigHistory/{n:05}.json"


def minute(n):
    return f"2024-05-{1 + n // 1440:02}T{n // 60 % 24:02}:{n % 60:02}:00.000Z"


def small(n, account=ACCOUNT):
    """A delivery with one item."""
    return text_of(history_file([item(f"sg-{n % 200}", minute(n), awsAccountId=account,
                                      configuration={"n": n})]))


def facts(history):
    """As dump(), with sources named by their keys and without the versions of files."""
    found = dump(history)
    for table in BY_SOURCE:
        rows = [(row[0][row[0].find(b"AWSLogs/"):], *row[1:]) for row in found[table]]
        if table == "source":
            rows = [(name, size, finished) for name, size, _, finished in rows]
        found[table] = sorted(rows, key=repr)
    return found


class SyncCase(Case):
    tls = None

    def setUp(self):
        super().setUp()
        self.aws = self.enterContext(FakeAws(tls=self.tls))
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                    "AWS_EC2_METADATA_DISABLED": "true", **self.aws.environment()}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def tearDown(self):
        for path in self.folder.glob("h.db*"):
            self.assert_no_secret(path.read_bytes(), path.name)

    def assert_no_secret(self, data, where):
        for secret in self.aws.secrets():
            self.assertNotIn(secret.encode(), data, f"a secret in {where}")

    def command(self, *sources, options=(), history=None):
        return [driftfs(), "sync", "--endpoint-url", self.aws.url, *map(str, options),
                str(history or self.history), *sources]

    def sync(self, *sources, status=DONE, options=(), history=None):
        """(its one line on standard output, the lines on standard error)"""
        done = subprocess.run(self.command(*sources, options=options, history=history),
                              capture_output=True, env=self.env, cwd=self.folder, check=False,
                              stdin=subprocess.DEVNULL, timeout=800)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assert_no_secret(done.stdout + done.stderr, "the output")
        self.assertNotIn("Sanitizer", err)
        self.assertEqual(done.returncode, status, out + err)
        lines = [line for line in err.splitlines()
                 if not line.startswith(("reading: ", "finding causes: "))]
        return out.strip(), lines

    @contextlib.contextmanager
    def running(self, *sources, options=(), history=None, **more):
        process = subprocess.Popen(
            self.command(*sources, options=options, history=history), env=self.env,
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **more)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def wait_for(self, what, seconds=60):
        """Until what() is true."""
        until = time.monotonic() + seconds
        while not (found := what()):
            self.assertLess(time.monotonic(), until, "it did not come about")
            time.sleep(0.02)
        return found

    def items(self, history=None):
        return len(dump(history or self.history)["state"])

    def assert_same_as_import(self, folder, status=None):
        other = self.folder / "imported.db"
        self.run_program("import", "-q", other, folder, status=status)
        expected, got = facts(other), facts(self.history)
        for table, rows in expected.items():
            self.assertEqual(len(got[table]), len(rows), table)
            self.assertEqual(got[table], rows, table)
