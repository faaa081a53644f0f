# SPDX-License-Identifier: Apache-2.0
"""driftfs sync from a server on the loopback against driftfs import of the same objects from disk.

The server is tests/bench/s3.py, a process of its own. Its work is done by the same processors: what
it took of them is measured, and told apart.
"""

import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import core
from data import ROOT

ENVIRONMENT = {"PATH": os.environ["PATH"], "AWS_REGION": "us-east-1",
               "AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}


def generate(folder, objects):
    """Deliveries of a demo, so many at most; how many there are."""
    if not folder.exists():
        core.run(sys.executable, ROOT / "scripts/demo_history", "--out", folder, "--items",
                 objects * 9 // 20, "--events", objects * 3)
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    for path in paths[objects:]:
        path.unlink()
    return min(len(paths), objects)


def processor_seconds(pid):
    """Of a process and its children, so far."""
    family = [pid, *map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    ticks = 0
    for one in family:
        fields = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Server:
    """One of a folder, or of so many objects that are made as they are asked for."""

    def __init__(self, *what):
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests/bench/s3.py", *map(str, what)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def seconds(self):
        return processor_seconds(self.process.pid)

    def send(self, message):
        """Into its queue."""
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def served(self):
        """How many answers it has given."""
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take(driftfs, work, server, history):
    """One sync of the server's bucket; and the processor time that the other side took."""
    before = server.seconds()
    ended = core.run(driftfs, "sync", "-q", "--endpoint-url", server.url, history, "s3://logs/",
                     env={**ENVIRONMENT, "HOME": str(work)})
    return ended, server.seconds() - before


def compare(driftfs, work, objects, runs):
    """(how many objects there really are, {"sync": [seconds], "import": [seconds]}), turn about,
    each into a new history; and under "server" the processor time of the other side of each sync."""
    folder, history = work / f"objects-{objects}", work / "sync"
    there = generate(folder, objects)
    seconds = {name: [] for name in ("sync", "import", "server")}
    try:
        with contextlib.closing(Server(folder)) as server:
            for _ in range(runs):
                clear(work)
                seconds["import"].append(
                    core.run(driftfs, "import", "-q", history, folder).seconds)
                clear(work)
                ended, other = take(driftfs, work, server, history)
                seconds["sync"].append(ended.seconds)
                seconds["server"].append(other)
        return there, seconds
    finally:
        clear(work)
        shutil.rmtree(folder)


def clear(work):
    for old in work.glob("sync*"):
        core.remove(old)


# --- from a queue's message to what the mount shows ----------------------------------------------

ACCOUNT, REGION, TYPE = "123456789012", "us-east-1", "AWS::EC2::SecurityGroup"


def change(resource, when):
    """As AWS Config tells of a new state."""
    return {"messageType": "ConfigurationItemChangeNotification", "recordVersion": "1.3",
            "configurationItemDiff": None, "notificationCreationTime": f"{when:%FT%T.000Z}",
            "configurationItem": {
                "configurationItemVersion": "1.3", "awsAccountId": ACCOUNT, "awsRegion": REGION,
                "configurationItemCaptureTime": f"{when:%FT%T.000Z}", "configurationStateId": 1,
                "configurationItemStatus": "OK", "resourceType": TYPE, "resourceId": resource,
                "resourceCreationTime": f"{when:%FT%T.000Z}", "tags": {}, "relatedEvents": [],
                "relationships": [], "configuration": {"groupId": resource},
                "supplementaryConfiguration": {}, "configurationStateMd5Hash": ""}}


class Follower:
    """driftfs sync --follow of a bucket and a queue, and a mount of its history."""

    def __init__(self, bench, server, *sources):
        self.server, history = server, bench.new("follow")
        self.process = subprocess.Popen(
            [bench.driftfs, "sync", "-q", "--follow", "--endpoint-url", server.url, history,
             *sources], env={**ENVIRONMENT, "HOME": str(bench.work)}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        self.mount = None
        try:
            self.wait_for(lambda: subprocess.run([bench.driftfs, "ls", history], check=False,
                                                 capture_output=True).returncode == 0)
            self.mount = bench.mount(history).__enter__()
        except BaseException:
            self.close()
            raise

    def wait_for(self, what, seconds=60):
        end = time.monotonic() + seconds
        while not what():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("it did not come about")
            time.sleep(0.002)

    def seconds_of(self, resource):
        """Until the state that a message brings is listed and can be read. Not asked for by its
        name: that there is none may be remembered for a while."""
        when = datetime.datetime.now(datetime.timezone.utc)
        folder = self.mount.place / "resources" / ACCOUNT / REGION / TYPE.replace("::", "/")
        start = time.perf_counter()
        self.server.send(change(resource, when))
        self.wait_for(lambda: folder.exists() and resource in os.listdir(folder))
        (folder / resource / f"{when:%FT%H%M%S.000Z}.json").read_bytes()
        return time.perf_counter() - start

    def close(self):
        if self.mount:
            self.mount.__exit__()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(60)
