# SPDX-License-Identifier: Apache-2.0
"""The estate at a moment: 100,000 instances of one region with 20 states each."""

import datetime
import shutil
import subprocess
import time

import estate
from core import Row, attempt, judge, judge_ratio, run

TITLE = "The estate at a moment, 100,000 resources of 20 states, fresh mount each"
ROWS = [
    Row("at-ls", "ls of a type at a moment", "s", 0.5, full_size=True),
    Row("at-ls-now", "ls of a type at now", "s", 0.5, full_size=True),
    Row("at-stat", "stat of a region's inventories", "s", 0.5, full_size=True),
    Row("at-diff-first", "the first line of diff -r of two moments", "s", 1.0, full_size=True),
    Row("at-diff-type", "diff -r of a type at two moments", "times", 2, yardstick="plain copies"),
    Row("at-diff", "diff -r of all, inventories too", "times", 2, yardstick="plain copies"),
    Row("at-memory", "the daemon's memory: the rows above, cp, tar, a day, status", "MiB", 200),
]
STATES = 20


def timed(*command):
    start = time.perf_counter()
    out = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, check=False).stdout
    return time.perf_counter() - start, out


def first_line(*command):
    start = time.perf_counter()
    with subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        took = time.perf_counter() - start
        process.kill()
    return took


class Moments:
    def __init__(self, bench):
        self.bench, self.history, self.memory = bench, bench.history("estate"), 0
        day = estate.START + datetime.timedelta(days=STATES // 2)
        self.moments = [f"at/{estate.iso(day + datetime.timedelta(minutes=m))}" for m in (720, 735)]
        self.region = f"{estate.ACCOUNT}/{estate.REGION}"
        self.type = f"{self.region}/AWS/EC2/Instance"

    def turn(self, row, what):
        """One measurement in a mount of its own; what() takes the mount's place."""
        with self.bench.mount(self.history) as mount:
            row.add("driftfs", what(mount.place))
            self.memory = max(self.memory, mount.memory())

    def ls(self, row, moment):
        def what(place):
            took, out = timed("ls", place / moment / self.type)
            row.note = f"{len(out.split()):,} resources"
            return took
        self.turn(row, what)

    def diff(self, row, part):
        copies = [self.bench.work / f"copy-{i}" for i in range(2)]
        try:
            for _ in self.bench.runs():
                with self.bench.mount(self.history) as mount:
                    ours, lines = timed("diff", "-r", *(mount.place / m / part for m in self.moments))
                    if not copies[0].exists():
                        for moment, copy in zip(self.moments, copies):
                            run("cp", "-a", mount.place / moment / part, copy)
                        timed("diff", "-r", *copies)
                    self.memory = max(self.memory, mount.memory())
                plain, other = timed("diff", "-r", *copies)
                if lines.count(b"\n") != other.count(b"\n"):
                    raise RuntimeError("not the same as of the copies")
                row.add("driftfs", ours)
                row.add("plain copies", plain)
            row.note = f"{lines.count(10):,} lines"
            judge_ratio(row)
        finally:
            for copy in copies:
                shutil.rmtree(copy, ignore_errors=True)


    def read_all(self):
        """A moment is copied and put into a tar; a day and the tables of status are read."""
        copy = self.bench.work / "copy"
        moment, day = self.moments[0], self.moments[0][3:13].replace("-", "/")
        for line in (f"cp -a '{moment}' '{copy}'", f"tar cf - '{moment}' | cat >/dev/null",
                     f"cat timeline/{day}.*", "cat status/*.tsv"):
            try:
                with self.bench.mount(self.history) as mount:
                    subprocess.run(line, shell=True, check=True, cwd=mount.place,
                                   stdout=subprocess.DEVNULL)
                    self.memory = max(self.memory, mount.memory())
            finally:
                shutil.rmtree(copy, ignore_errors=True)


def measure(bench, rows):
    quick = {
        "at-ls": lambda m, row: m.ls(row, m.moments[0]),
        "at-ls-now": lambda m, row: m.ls(row, "at/now"),
        "at-stat": lambda m, row: m.turn(row, lambda place: timed("stat", *(
            place / m.moments[0] / m.region / name for name in
            ("inventory.csv", "inventory.jsonl", "snapshot.json")))[0]),
        "at-diff-first": lambda m, row: m.turn(row, lambda place: first_line(
            "diff", "-r", *(place / moment / m.type for moment in m.moments))),
    }
    with attempt(list(rows.values()), bench.log):
        moments = Moments(bench)
        for name, what in quick.items():
            if name in rows:
                with attempt(rows[name], bench.log):
                    for _ in bench.runs():
                        what(moments, rows[name])
                    judge(rows[name])
        for name, part in (("at-diff-type", moments.type), ("at-diff", "")):
            if name in rows:
                with attempt(rows[name], bench.log):
                    moments.diff(rows[name], part)
        if "at-memory" in rows:
            with attempt(rows["at-memory"], bench.log):
                moments.read_all()
                rows["at-memory"].values = {"driftfs": [moments.memory]}
                judge(rows["at-memory"])
