# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up under an import: a clear word, and a history that is whole and of use."""
import os
import resource
import signal
import subprocess

from support import DONE, FAILED, Case, check_intact, dump, event, trail_file


class Full(Case):
    def setUp(self):
        super().setUp()
        for n in range(40):
            self.write(f"in/{n:02}.json.gz", trail_file(
                [event(n * 1000 + k, requestParameters={"groupId": os.urandom(300).hex()})
                 for k in range(250)]))

    def mounted(self, size):
        """A small file system of our own, gone with the test."""
        path = self.folder / "small"
        path.mkdir()
        if os.geteuid() != 0:
            self.skipTest("only root can mount a small disk")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path],
                              capture_output=True, check=False)
        if done.returncode:
            self.skipTest(f"no small disk: {done.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)
        return path

    def test_small_disk(self):
        path = self.mounted("2m")
        self.history = path / "h.db"
        out, err = self.import_("in", status=FAILED)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertIn("the disk is full", err)
        self.assertIn(str(self.history), err)
        before = self.status()
        self.assertEqual(check_intact(self.history), "ok")
        # Once there is room, the same import goes on from there.
        subprocess.run(["mount", "-o", "remount,size=200m", path], check=True)
        self.import_("in")
        self.assertGreaterEqual(self.status()["events"], before["events"])
        self.assert_totals(events=10000, sources=40)
        got = dump(self.history)
        self.history = self.folder / "other.db"
        self.import_("in")
        self.assertEqual(got, dump(self.history))

    def test_no_room_at_all(self):
        path = self.mounted("64k")
        (path / "filler").write_bytes(b"x" * (60 << 10))
        self.history = path / "h.db"
        out, err = self.import_("in", status=FAILED)
        self.assertEqual(out, "")
        self.assertIn("full", err)

    def test_limit_of_a_file(self):
        # What a user without a small disk can try: no file may grow beyond 2 MiB,
        # which is more than a new history takes and less than this one.
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

        out, err = self.import_("in", status=FAILED, preexec_fn=limit)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertEqual(check_intact(self.history), "ok")
        self.status()
        self.import_("in", status=DONE)
        self.assert_totals(events=10000, sources=40)
