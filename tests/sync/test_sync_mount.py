# SPDX-License-Identifier: Apache-2.0
"""driftfs mount --sync: both in one process. Nothing that fails in sync ends the mount."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from fake_aws import on, status
from fake_sqs import FakeSqs
from support import ACCOUNT, FAILED, REGION, check_intact, driftfs
from sync_support import SyncCase, config_key, small
from test_sync_sqs import change

FOLDER = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


@unittest.skipUnless(os.access("/dev/fuse", os.R_OK | os.W_OK), "no /dev/fuse")
class Mount(SyncCase):
    def setUp(self):
        super().setUp()
        self.point = self.folder / "m"
        self.point.mkdir()
        self.env["AWS_ENDPOINT_URL"] = self.aws.url

    def unmount(self):
        tool = ["umount"] if os.geteuid() == 0 else ["fusermount3", "-u"]
        return subprocess.run([*tool, self.point], capture_output=True, check=False).returncode

    def config(self, *sources, more=""):
        path = self.folder / "driftfs.ini"
        path.write_text(f"endpoint-url = {self.aws.url}\ninterval = 1\n{more}" +
                        "".join(f"source = {s}\n" for s in sources))
        return path

    @contextlib.contextmanager
    def mounted(self, *words, options=()):
        process = subprocess.Popen([driftfs(), "mount", "-f", "--sync", *options, self.history,
                                    self.point, *words], env=self.env, cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.wait_for(lambda: os.path.ismount(self.point) or process.poll() is not None)
            if process.poll() is not None:
                self.fail(f"it did not mount: {process.communicate()[1].decode()}")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()
            # Not asked for first: one whose program was killed does not look mounted.
            self.unmount()

    def read(self, path):
        try:
            return (self.point / path).read_text()
        except OSError:
            return ""

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assert_no_secret(out + err, "the output")
        self.assertEqual(process.returncode, 0, err)
        self.assertFalse(os.path.ismount(self.point))
        self.assertEqual(check_intact(self.history), "ok")
        return err.decode()

    def test_what_comes_shows(self):
        """From a bucket and a queue, into a history that was not there."""
        for n in range(50):
            self.aws.bucket("logs").put(config_key(n), small(n))
        queue = self.aws.handlers["sqs"] = FakeSqs()
        queue.queue("q")
        with self.mounted(options=["--config", self.config("s3://logs/", f"sqs://{ACCOUNT}/q")]) as p:
            self.wait_for(lambda: "CREATE" in self.read(f"{FOLDER}/sg-49/changes"))
            started = time.monotonic()
            queue.queue("q").send(change())
            self.wait_for(lambda: not queue.queue("q").messages)
            self.wait_for(lambda: len(self.read("status/imports.tsv").splitlines()) > 51)
            print(f"visible after {time.monotonic() - started:.2f} s")
            self.assertEqual(self.end(p), "")

    def test_reload(self):
        for name in ("one", "two"):
            self.aws.bucket(name).put(config_key(1), small(1 if name == "one" else 2))
        path = self.config("s3://one/")
        with self.mounted(options=["--config", path]) as process:
            self.wait_for(lambda: "s3://one/" in self.read("status/sources.tsv"))
            self.config("nonsense")
            process.send_signal(signal.SIGHUP)  # told, and it goes on as it was
            count = self.aws.count("ListObjectsV2")
            self.wait_for(lambda: self.aws.count("ListObjectsV2") > count + 2)
            self.config("s3://two/")
            process.send_signal(signal.SIGHUP)
            self.wait_for(lambda: "s3://two/" in self.read("status/sources.tsv"))
            err = self.end(process)
        self.assertIn("driftfs.ini:3: ", err)

    def test_as_fstab_has_it(self):
        """Without a subcommand, all of it in one option; the same through mount(8)'s helper."""
        self.aws.bucket("logs").put(config_key(1), small(1))
        config = self.config("s3://logs/")
        for program in ([driftfs()], ["mount.fuse3"]):
            if program[0] == "mount.fuse3":
                if os.geteuid() != 0 or not shutil.which("mount.fuse3"):
                    continue
                self.env["PATH"] = f"{pathlib.Path(driftfs()).parent}:{self.env['PATH']}"
                program += ["-t", "fuse.driftfs"]
            history = self.folder / f"h.db-{len(program)}"
            done = subprocess.run([program[0], history, self.point, "-o",
                                   f"rw,nofail,sync_config={config}", *program[1:]], env=self.env,
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
            try:
                self.wait_for(lambda: self.read(f"{FOLDER}/sg-1/latest.json"))
            finally:
                self.assertEqual(self.unmount(), 0)
            self.run_program("import", "-q", history, config, status=3)
        for words in (["-o", "sync_config="], ["-o", "sync_config=a", "--sync", "--config", "b"]):
            done = subprocess.run([driftfs(), "mount", *words, self.history, self.point],
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)

    def test_what_fails_is_told_and_the_mount_goes_on(self):
        self.aws.fault = on("ListObjectsV2", status(403, "AccessDenied"))
        with self.mounted(options=["--config", self.config("s3://logs/")]) as process:
            self.wait_for(lambda: "AccessDenied" in self.read("status/sources.tsv"))
            self.aws.fault = None
            self.aws.bucket("logs").put(config_key(1), small(1))
            self.wait_for(lambda: self.read(f"{FOLDER}/sg-1/latest.json"))
            err = self.end(process)
        self.assertEqual(err.count("s3://logs/: "), 1, err)

    def test_it_cannot_even_begin(self):
        """No such profile: in status, and on standard error once a try."""
        with self.mounted(options=["--config", self.config("s3://logs/", more="profile = gone\n")]) as p:
            self.wait_for(lambda: "no profile gone" in self.read("status/sources.tsv"))
            self.assertIn("s3://logs/", self.read("status/sources.tsv"))
            self.aws.bucket("logs").put(config_key(1), small(1))
            self.config("s3://logs/")
            p.send_signal(signal.SIGHUP)
            self.wait_for(lambda: self.read(f"{FOLDER}/sg-1/latest.json"))
            self.wait_for(lambda: "gone" not in self.read("status/sources.tsv"))
            self.end(p)

    def test_in_the_background(self):
        """It returns when the mount answers; unmounted, it ends, and the history is free again."""
        self.aws.bucket("logs").put(config_key(1), small(1))
        os.symlink(self.config("s3://logs/"), self.folder / "short.ini")
        done = subprocess.run([driftfs(), "mount", "--sync", "--config", "short.ini", "h.db", "m"],
                              env=self.env, cwd=self.folder, capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        try:
            self.wait_for(lambda: self.read(f"{FOLDER}/sg-1/latest.json"))
            busy = subprocess.run([driftfs(), "import", "--no-wait", "h.db", "short.ini"],
                                  cwd=self.folder, capture_output=True, check=False)
            self.assertIn(b"another import is writing", busy.stderr)
        finally:
            self.assertEqual(self.unmount(), 0)
        self.run_program("import", "-q", self.history, self.folder / "driftfs.ini", status=3)

    def test_words(self):
        for words, code, reason in (
                (["--config", "x.ini", "h.db", "m"], 2, "is for --sync"),
                (["h.db", "m", "s3://logs/"], 2, "too many words"),
                (["--sync", "h.db", "m", "ftp://x"], FAILED, "is no source"),
                (["--sync", "--config", "none.ini", "h.db", "m"], FAILED, "none.ini"),
                (["--sync", "h.db", "none", "s3://logs/"], FAILED, "none")):
            done = subprocess.run([driftfs(), "mount", *words], env=self.env, cwd=self.folder,
                                  capture_output=True, check=False, timeout=60)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(reason, done.stderr.decode())
        self.assertFalse(os.path.ismount(self.point))
        self.assertTrue(pathlib.Path(self.history).exists(), "made for the last of them")

    def test_killed_and_mounted_again(self):
        for n in range(300):
            self.aws.bucket("logs").put(config_key(n), small(n))
        path = self.config("s3://logs/")
        with self.mounted(options=["--config", path]) as process:
            self.wait_for(lambda: self.aws.count("GetObject") > 20)
            process.kill()
        with self.mounted(options=["--config", path]) as process:
            self.wait_for(lambda: self.read(f"{FOLDER}/sg-199/changes"))
            self.end(process)
        self.assertEqual(self.items(), 300)
