#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times driftfs sync from a server on the loopback against driftfs import of the same objects from
disk, in one run, turn about.

usage: sync.py [--build DIR] [--objects N] [--runs N] [--processes N] [--data DIR]

The server is tests/sync/fake_aws.py, in processes of its own; it checks every signature, and its
work is done by the same processors. Prints medians and the most memory each needed. No figure is a
pass or a fail. The build should be an optimised one (--buildtype=release).
"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/sync"))
from fake_aws import FakeAws  # noqa: E402


def generate(folder, objects):
    """Deliveries of a demo, cut or grown to about so many objects."""
    if not folder.exists():
        subprocess.run([ROOT / "scripts/demo_history", "--out", folder, "--items",
                        str(objects * 9 // 20), "--events", str(objects * 3)], check=True,
                       stdout=subprocess.DEVNULL)
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for path in files[objects:]:
        path.unlink()
    return len(files[:objects])


def run(command, history, env):
    """(seconds, peak memory in MiB) of one run into a new history."""
    for old in history.parent.glob(history.name + "*"):
        old.unlink()
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"{command[1]} failed with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description="times sync against import")
    parser.add_argument("--build", default=ROOT / "build", type=pathlib.Path)
    parser.add_argument("--objects", default=10000, type=int)
    parser.add_argument("--runs", default=3, type=int)
    parser.add_argument("--processes", default=2, type=int)
    parser.add_argument("--data", default="/tmp/driftfs-bench", type=pathlib.Path)
    args = parser.parse_args()
    args.data.mkdir(parents=True, exist_ok=True)
    folder = args.data / f"objects-{args.objects}"
    n = generate(folder, args.objects)
    driftfs, history = args.build / "fs/cli/driftfs", args.data / "sync.db"
    server = subprocess.Popen([sys.executable, ROOT / "tests/sync/fake_aws.py", folder,
                               "--processes", str(args.processes)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().strip()
    env = {"PATH": os.environ["PATH"], "HOME": str(args.data), "AWS_REGION": "us-east-1",
           "AWS_ACCESS_KEY_ID": FakeAws.KEY, "AWS_SECRET_ACCESS_KEY": FakeAws.SECRET}
    commands = {"import": [driftfs, "import", "-q", history, folder],
                "sync": [driftfs, "sync", "-q", "--endpoint-url", url, history, "s3://logs/"]}
    seconds, memory = {name: [] for name in commands}, {name: 0 for name in commands}
    for _ in range(args.runs):
        for name, command in commands.items():
            s, m = run(command, history, env)
            seconds[name].append(s)
            memory[name] = max(memory[name], m)
    server.stdin.close()
    server.wait()
    shutil.rmtree(history, ignore_errors=True)
    for name, all_ in seconds.items():
        print(f"{name:8} of {n:,} objects {statistics.median(all_):8.3f} s  ({min(all_):.3f} to "
              f"{max(all_):.3f}), at most {memory[name]:.0f} MiB")
    ratio = statistics.median(seconds["sync"]) / statistics.median(seconds["import"])
    print(f"sync took {ratio:.2f} times as long; {resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} s "
          "of processor time in all")


if __name__ == "__main__":
    main()
