# SPDX-License-Identifier: Apache-2.0
"""driftfs sync from a server on the loopback against driftfs import of the same objects from disk.

The server is tests/bench/s3.py, a process of its own. Its work is done by the same processors: what
it took of them is measured, and told apart.
"""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

import core
from data import ROOT

ENVIRONMENT = {"PATH": os.environ["PATH"], "AWS_REGION": "us-east-1",
               "AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench"}


def generate(folder, objects):
    """Deliveries of a demo, cut to so many objects."""
    if not folder.exists():
        core.run(sys.executable, ROOT / "scripts/demo_history", "--out", folder, "--items",
                 objects * 9 // 20, "--events", objects * 3)
    for path in sorted(p for p in folder.rglob("*") if p.is_file())[objects:]:
        path.unlink()


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
    """{"sync": [seconds], "import": [seconds]}, turn about, each into a new history; and under
    "server" the processor time of the other side of each sync."""
    folder, history = work / f"objects-{objects}", work / "sync"
    generate(folder, objects)
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
        return seconds
    finally:
        clear(work)
        shutil.rmtree(folder)


def clear(work):
    for old in work.glob("sync*"):
        core.remove(old)
