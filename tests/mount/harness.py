# SPDX-License-Identifier: Apache-2.0
"""What the mount tests share: a history made by importing, mounted in a folder of its own.

A mount is ready when the command that makes it has ended; nothing here sleeps for that. Waiting
for the end of a mount is waiting for the kernel to say that the list of mounts has changed.
"""

import gzip
import json
import os
import select
import shutil
import signal
import subprocess
import time

ACCOUNT = "123456789012"
REGION = "us-east-1"
GROUP = "AWS::EC2::SecurityGroup"
GROUPS = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


def equal(got, want, what):
    check(got == want, f"{what}: got {got!r}, want {want!r}")


def item(rid, when, kind=GROUP, status="OK", name=None, region=REGION, state=None, **configuration):
    """A configuration item as AWS Config writes it to S3."""
    deleted = status == "ResourceDeleted"
    return {
        "relatedEvents": [],
        "relationships": [],
        "configuration": None if deleted else dict({"groupId": rid}, **configuration),
        "supplementaryConfiguration": {},
        "tags": {},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": when,
        "configurationStateId": state or int(when[11:13] + when[14:16] + when[17:19]),
        "awsAccountId": ACCOUNT,
        "configurationItemStatus": status,
        "resourceType": kind,
        "resourceId": rid,
        "resourceName": None if deleted else name,
        "ARN": None if deleted else f"arn:aws:ec2:{region}:{ACCOUNT}:security-group/{name or 'x'}",
        "awsRegion": region,
        "availabilityZone": "Not Applicable",
        "configurationStateMd5Hash": "",
    }


def read(path):
    with open(path, "rb") as file:
        return file.read()


def mounted(path):
    """The types of what is mounted there."""
    wanted = path.replace(" ", "\\040")
    with open("/proc/self/mountinfo", encoding="utf-8") as lines:
        parts = [line.split(" - ") for line in lines]
    return [tail.split()[0] for head, tail in parts if head.split()[4] == wanted]


def wait_mounts(path, want, seconds=10):
    """Until something (want) or nothing (not want) is mounted there."""
    end = time.monotonic() + seconds
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        poll = select.poll()
        poll.register(file, select.POLLERR | select.POLLPRI)
        while bool(mounted(path)) != want:
            left = end - time.monotonic()
            check(left > 0, f"{path} is {'not ' if want else 'still '}mounted after {seconds} s")
            poll.poll(left * 1000)


def wait_end(pid, seconds=10):
    """Until that process (not a child) has ended."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    ended = poll.poll(seconds * 1000)
    os.close(fd)
    check(ended, f"process {pid} has not ended after {seconds} s")


def within(seconds, what, condition):
    """The condition must come true in that time; how long it took."""
    start = time.monotonic()
    while not condition():
        check(time.monotonic() - start < seconds, f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - start


class World:
    """A folder with a history and a mountpoint, and what to do with them."""

    def __init__(self, driftfs, folder):
        self.driftfs = driftfs
        self.folder = folder
        self.history = os.path.join(folder, "history.db")
        self.mountpoint = os.path.join(folder, "mnt")
        self.imports = 0
        # A sanitizer's findings in the background process would be lost with its standard error.
        log = os.path.join(folder, "sanitizer")
        self.env = dict(os.environ)
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            before = self.env.get(name)
            self.env[name] = (before + ":" if before else "") + f"log_path={log}"
        os.mkdir(self.mountpoint)

    def run(self, *args, status=0, **more):
        done = subprocess.run([self.driftfs, *args], env=self.env, capture_output=True,
                              check=False, timeout=120, **more)
        check(done.returncode == status,
              f"driftfs {' '.join(args)[:200]}: status {done.returncode}, want {status}: "
              + done.stderr.decode(errors="replace"))
        return done

    def take_in(self, *items):
        """Imports the items as one delivered file."""
        self.take_file({"fileVersion": "1.0", "configSnapshotId": "s",
                        "configurationItems": list(items)})

    def take_file(self, document, status=0):
        """Imports the document as a file of its own."""
        self.imports += 1
        path = os.path.join(self.folder, f"delivery-{self.imports}.json.gz")
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(json.dumps(document).encode())
        self.run("import", self.history, path, status=status)

    def mount(self, *options):
        self.run("mount", *options, self.history, self.mountpoint)
        check(mounted(self.mountpoint) == ["fuse.driftfs"], "the parent ended before the mount was")

    def unmount(self):
        tool = ["umount"] if os.geteuid() == 0 else ["fusermount3", "-u"]
        pids = self.servers()
        subprocess.run([*tool, self.mountpoint], check=True, timeout=30)
        for pid in pids:
            wait_end(pid)

    def path(self, *parts):
        return os.path.join(self.mountpoint, *parts)

    def guards(self):
        """Those who would unmount this mountpoint."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if (read(f"/proc/{pid}/comm") == b"driftfs-guard\n"
                        and self.mountpoint.encode() in read(f"/proc/{pid}/cmdline")):
                    found.append(int(pid))
            except OSError:
                continue
        return found

    def servers(self):
        """Who serves this mountpoint, but not the guard that may stand beside."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = read(f"/proc/{pid}/cmdline").split(b"\0")
                if read(f"/proc/{pid}/comm") == b"driftfs-guard\n":
                    continue
            except OSError:
                continue
            if os.path.basename(words[0]) == b"driftfs" and self.mountpoint.encode() in words:
                found.append(int(pid))
        return found

    def clear(self):
        """Whatever became of the case, leaves no process and no mount behind."""
        for pid in self.servers():
            try:
                os.kill(pid, signal.SIGKILL)
                wait_end(pid)
            except (ProcessLookupError, Failed):
                pass
        while mounted(self.mountpoint):
            tool = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-uz"]
            if subprocess.run([*tool, self.mountpoint], check=False, timeout=30).returncode:
                break

    def findings(self):
        """What sanitizers wrote."""
        names = [name for name in os.listdir(self.folder) if name.startswith("sanitizer")]
        return "\n".join(read(os.path.join(self.folder, name)).decode() for name in names)

    def walk(self):
        """Every path beneath the mountpoint, relative, with its lstat."""
        found = {}
        for folder, folders, files in os.walk(self.mountpoint, onerror=raise_it):
            for name in folders + files:
                path = os.path.join(folder, name)
                found[os.path.relpath(path, self.mountpoint)] = os.lstat(path)
        return found


def raise_it(error):
    raise error


def has(tool):
    return shutil.which(tool) is not None
