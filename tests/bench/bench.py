#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times driftfs against the tools people use, over the same files, in one run.

usage: bench.py [--build DIR] [--items N] [--events N] [--runs N] [--data DIR] [--json FILE]

Generates a history's deliveries once (kept in --data), then takes medians of --runs of:

  import of the CloudTrail files into a new history     against  jq -c '.Records[]' over them
  import of the Config files into a new history
  the same input again
  mount ready, and cat of a cold state (a fresh mount for each run)

No figure is a pass or a fail. The build should be an optimised one (--buildtype=release).
"""
import argparse
import json
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def timed(command, **kwargs):
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **kwargs)
    if done.returncode not in (0, 3):
        sys.exit(f"{command[0]} failed with {done.returncode}")
    return time.perf_counter() - start, done.stdout


class Bench:
    def __init__(self, args):
        self.args = args
        self.driftfs = str(pathlib.Path(args.build) / "fs/cli/driftfs")
        self.data = pathlib.Path(args.data)
        self.work = self.data / "work"
        self.results = {}

    def generate(self):
        mark = self.data / f"deliveries-{self.args.items}-{self.args.events}"
        if not mark.exists():
            shutil.rmtree(mark, ignore_errors=True)
            subprocess.run([ROOT / "scripts/demo_history", "--out", mark, "--items",
                            str(self.args.items), "--events", str(self.args.events)], check=True,
                           stdout=subprocess.DEVNULL)
        self.trail = [str(p) for p in sorted(mark.glob("AWSLogs/*/CloudTrail"))]
        self.config = [str(p) for p in sorted(mark.glob("AWSLogs/*/Config"))]
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def report(self, name, seconds, count=0):
        middle = statistics.median(seconds)
        self.results[name] = {"seconds": seconds, "median": middle, "count": count}
        rate = f"{count / middle:12,.0f}/s" if count else " " * 14
        print(f"{name:44} {middle:9.4f} s  ({min(seconds):.4f} to {max(seconds):.4f}) {rate}",
              flush=True)
        return middle

    def fresh(self, name):
        history = self.work / f"{name}.db"
        for path in self.work.glob(f"{name}.db*"):
            path.unlink()
        return str(history)

    def count(self, history, what):
        status = json.loads(timed([self.driftfs, "status", "--json", history])[1])
        return status[what]

    def imports(self):
        seconds, jq = [], []
        files = [str(p) for d in self.trail for p in pathlib.Path(d).rglob("*.json.gz")]
        listing = self.work / "files"
        listing.write_text("\0".join(files))
        for _ in range(self.args.runs):
            history = self.fresh("trail")
            seconds.append(timed([self.driftfs, "import", "-q", "--events=all", history,
                                  *self.trail])[0])
            with listing.open() as names:
                jq.append(timed(["sh", "-c", "xargs -0 zcat | jq -c '.Records[]' >/dev/null"],
                                stdin=names)[0])
        events = self.count(history, "events")
        ours = self.report("import of CloudTrail events", seconds, events)
        theirs = self.report("  jq -c '.Records[]' over the same files", jq, events)
        print(f"  {theirs / ours:.1f} times as fast as jq")
        seconds = []
        for _ in range(self.args.runs):
            history = self.fresh("write")
            seconds.append(timed([self.driftfs, "import", "-q", history, *self.trail])[0])
        self.report("  the same without read-only calls", seconds, events)
        seconds = []
        for _ in range(self.args.runs):
            history = self.fresh("config")
            seconds.append(timed([self.driftfs, "import", "-q", history, *self.config])[0])
        self.report("import of Config items", seconds, self.count(history, "items"))
        seconds = []
        for _ in range(self.args.runs):
            history = self.fresh("both")
            seconds.append(timed([self.driftfs, "import", "-q", history, *self.trail,
                                  *self.config])[0])
        first = self.report("import of both, with causes", seconds)
        again = [timed([self.driftfs, "import", "-q", history, *self.trail, *self.config])[0]
                 for _ in range(self.args.runs)]
        second = self.report("  the same input again", again)
        print(f"  {first / second:.0f} times as fast as the first time")
        self.history = history

    def paths(self):
        out = timed([self.driftfs, "ls", "-R", self.history, "resources"])[1].decode()
        return [p for p in out.splitlines() if p.endswith("Z.json")]

    def mount(self):
        paths, ready, cold = self.paths(), [], []
        mountpoint = self.work / "mount"
        mountpoint.mkdir()
        chance = random.Random(1)
        for _ in range(self.args.runs):
            ready.append(timed([self.driftfs, "mount", self.history, str(mountpoint)])[0])
            try:
                for path in chance.sample(paths, min(200, len(paths))):
                    target = mountpoint / path
                    target.parent.stat()  # the way there; the state itself is cold
                    start = time.perf_counter()
                    target.read_bytes()
                    cold.append(time.perf_counter() - start)
            finally:
                subprocess.run(["fusermount3", "-u", str(mountpoint)], check=True)
        self.report("mount ready", ready)
        self.report("open, read and close of a cold state", cold)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build"))
    parser.add_argument("--items", type=int, default=50000)
    parser.add_argument("--events", type=int, default=200000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--data", default=str(ROOT / "build-bench"))
    parser.add_argument("--json")
    args = parser.parse_args()
    bench = Bench(args)
    bench.generate()
    bench.imports()
    if pathlib.Path("/dev/fuse").exists():
        bench.mount()
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=1) + "\n")


if __name__ == "__main__":
    main()
