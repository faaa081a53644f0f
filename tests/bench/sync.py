# SPDX-License-Identifier: Apache-2.0
"""driftfs sync from a server on the loopback against driftfs import of the same objects from disk.

The server is tests/sync/fake_aws.py, in processes of its own; it checks every signature, and its
work is done by the same processors: what it took of them is measured, and told apart.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import core
from data import ROOT

sys.path.insert(0, str(ROOT / "tests/sync"))
from fake_aws import FakeAws  # noqa: E402


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


def compare(driftfs, work, objects, runs, processes=2):
    """{"sync": seconds, "import": seconds}, turn about, each into a new history; and under
    "server" the processor time of the other side of each sync."""
    folder, history = work / f"objects-{objects}", work / "sync"
    generate(folder, objects)
    server = subprocess.Popen([sys.executable, ROOT / "tests/sync/fake_aws.py", folder,
                               "--processes", str(processes)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip()
        env = {"PATH": os.environ["PATH"], "HOME": str(work), "AWS_REGION": "us-east-1",
               "AWS_ACCESS_KEY_ID": FakeAws.KEY, "AWS_SECRET_ACCESS_KEY": FakeAws.SECRET}
        commands = {"import": [driftfs, "import", "-q", history, folder],
                    "sync": [driftfs, "sync", "-q", "--endpoint-url", url, history, "s3://logs/"]}
        seconds = {name: [] for name in (*commands, "server")}
        for _ in range(runs):
            for name, command in commands.items():
                for old in work.glob("sync*"):
                    core.remove(old)
                before = processor_seconds(server.pid)
                seconds[name].append(core.run(*command, env=env).seconds)
                if name == "sync":
                    seconds["server"].append(processor_seconds(server.pid) - before)
        return seconds
    finally:
        server.stdin.close()
        server.wait()
        for old in work.glob("sync*"):
            core.remove(old)
        shutil.rmtree(folder)
