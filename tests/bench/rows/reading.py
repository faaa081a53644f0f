# SPDX-License-Identifier: Apache-2.0
"""Reading: the mount against the same files in memory, and against compressed filesystems."""

import contextlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

from core import Row, Skip, attempt, judge, judge_ratio, run, unmount

COMMANDS = {  # each in the directory to read, through a shell; output is written, and thrown away
    "find": "find . -type f | cat >/dev/null",
    "ls": "ls -lR . | cat >/dev/null",
    "grep": "grep -r no-such-text-anywhere . | cat >/dev/null",
    "tar": "tar cf - . | cat >/dev/null",
}
LIMITS = {"find": ("find -type f", (1.2, 0.8), (7, 5)), "ls": ("ls -lR", (1.1, 0.9), (3, 2)),
          "grep": ("grep -r", (1.5, 1.3), (6, 4)), "tar": ("tar cf -", None, (6, 4))}
TITLE = "Reading, 20,000 resources of 10 states: times the time over the same files in a tmpfs"
ROWS = []
for _name, (_text, _again, _fresh) in LIMITS.items():
    if _again:
        ROWS.append(Row(f"{_name}-again", f"{_text}, second time", "times", *_again,
                        yardstick="tmpfs"))
    ROWS.append(Row(f"{_name}-fresh", f"{_text}, fresh mount", "times", *_fresh, yardstick="tmpfs"))
ROWS += [
    Row("cat-cold", "cat of one cold state", "us", 300, 100),
    Row("cat-cold-first", "cat of one cold state, its directory not looked up yet", "us"),
    Row("ls-100000", "ls -f of 100,000 entries, fresh mount", "s", 0.2, 0.1, full_size=True),
    Row("daemon-memory", "the daemon's memory through all of it", "MiB", 200),
]


class Plain:
    """A directory as it is."""

    def __init__(self, place):
        self.place = place

    @contextlib.contextmanager
    def fresh(self):
        yield self.place


class Ours:
    def __init__(self, bench, history):
        self.bench, self.history, self.memory = bench, history, 0

    @contextlib.contextmanager
    def fresh(self):
        with self.bench.mount(self.history) as mount:
            yield mount.place / "resources"
            self.memory = max(self.memory, mount.memory())


class Kernel:
    """In-kernel squashfs of the tree."""

    def __init__(self, image, place):
        self.image, self.place = image, place

    @contextlib.contextmanager
    def fresh(self):
        self.place.mkdir(exist_ok=True)
        run("mount", "-t", "squashfs", "-o", "loop,ro", self.image, self.place)
        try:
            yield self.place
        finally:
            unmount(self.place)


class Fuse(Kernel):
    """squashfuse_ll of the same image."""

    @contextlib.contextmanager
    def fresh(self):
        self.place.mkdir(exist_ok=True)
        run("squashfuse_ll", self.image, self.place)
        try:
            yield self.place
        finally:
            unmount(self.place)


@contextlib.contextmanager
def memory_tree(bench, history):
    """A copy of resources/ in a tmpfs of its own (root), or in one that is there."""
    place = bench.work / "tmpfs"
    place.mkdir(exist_ok=True)
    if os.geteuid() == 0:
        run("mount", "-t", "tmpfs", "-o", "size=8g,mode=700", "driftfs-bench", place)
    else:
        place = pathlib.Path("/dev/shm/driftfs-bench")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    try:
        bench.log("copying resources/ into a tmpfs")
        with bench.mount(history) as mount:
            run("cp", "-a", mount.place / "resources", place / "resources")
        yield place / "resources"
    finally:
        if os.geteuid() == 0:
            unmount(place)
        else:
            shutil.rmtree(place)


def image(bench, tree):
    if not shutil.which("mksquashfs"):
        raise Skip("no mksquashfs")
    return bench.kept(f"squashfs-{bench.options.size:g}", lambda path: run(
        "mksquashfs", tree, path, "-comp", "zstd", "-no-progress", "-quiet"))


def systems(bench, history, tree):
    out = {"tmpfs": Plain(tree), "driftfs": Ours(bench, history)}
    if bench.options.yardsticks:
        try:
            picture = image(bench, tree)
            if os.geteuid() == 0:
                out["squashfs"] = Kernel(picture, bench.work / "squashfs")
            if shutil.which("squashfuse_ll"):
                out["squashfuse_ll"] = Fuse(picture, bench.work / "squashfuse")
        except (Skip, RuntimeError) as why:
            bench.log(f"no squashfs: {why}")
    return out


def settle():
    """Some hosts take memory back from an idle machine: have it again before the clock runs."""
    subprocess.run([sys.executable, "-I", "-S", "-c", "bytes(1 << 30).count(1)"], check=False)


def timed(command, place):
    env = dict(os.environ, LC_ALL="C")
    start = time.perf_counter()
    subprocess.run(["sh", "-c", command], cwd=place, env=env, check=False,
                   stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def turns(all_, n):
    """Each time another one begins."""
    names = list(all_)
    return names[n % len(names):] + names[:n % len(names)]


def measure_command(bench, name, all_, fresh, again):
    command, plain = COMMANDS[name], []
    for n in bench.runs():
        for system in turns(all_, n):
            if bench.options.size >= 0.1:
                settle()
            with all_[system].fresh() as place:
                first = timed(command, place)
                second = timed(command, place) if again or system == "tmpfs" else None
            if system == "tmpfs":
                plain.append(second)
                continue
            for row, seconds in ((fresh, first), (again, second)):
                if row:
                    row.add(system, seconds)
        bench.log(f"{name}: turn {n + 1} of {bench.options.runs}")
    for row in (fresh, again):
        if row:
            row.values["tmpfs"] = plain
            judge_ratio(row)


def measure_cat(bench, history, rows):
    chance = random.Random(1)
    out = run(bench.driftfs, "ls", "-R", history, "resources").out.decode()
    paths = [p for p in out.splitlines() if p.endswith("Z.json")]
    for _ in bench.runs():
        with bench.mount(history) as mount:
            (mount.place / "resources").stat()
            for path in chance.sample(paths, min(200, len(paths))):
                target = mount.place / path
                before = time.perf_counter()
                target.parent.stat()  # the way there
                start = time.perf_counter()
                target.read_bytes()
                end = time.perf_counter()
                for row, seconds in (("cat-cold", end - start), ("cat-cold-first", end - before)):
                    if row in rows:
                        rows[row].add("driftfs", seconds * 1e6)
    for row in ("cat-cold", "cat-cold-first"):
        if row in rows:
            judge(rows[row])


def measure_names(bench, row):
    history = bench.history("names")
    for _ in bench.runs():
        with bench.mount(history) as mount:
            place = next((mount.place / "resources").glob("*/*/AWS/EC2/Instance"))
        with bench.mount(history) as mount:
            start = time.perf_counter()
            out = run("ls", "-f", place).out
            row.add("driftfs", time.perf_counter() - start)
    row.note = f"{len(out.splitlines()) - 2:,} entries"
    judge(row)


def measure(bench, rows):
    names = [n for n in COMMANDS if f"{n}-fresh" in rows or f"{n}-again" in rows]
    cats = [rows[n] for n in ("cat-cold", "cat-cold-first") if n in rows]
    memory = rows.get("daemon-memory")
    if names or memory:
        with attempt([r for r in rows.values() if r.yardstick] + [memory] * bool(memory), bench.log):
            history = bench.history("tree")
            with memory_tree(bench, history) as tree:
                all_ = systems(bench, history, tree)
                for name in names:
                    fresh, again = rows.get(f"{name}-fresh"), rows.get(f"{name}-again")
                    with attempt([r for r in (fresh, again) if r], bench.log):
                        measure_command(bench, name, all_, fresh, again)
                if memory and names:
                    memory.add("driftfs", all_["driftfs"].memory)
                    judge(memory)
                elif memory:
                    raise Skip("no row that reads was asked for")
    if cats:
        with attempt(cats, bench.log):
            measure_cat(bench, bench.history("tree"), rows)
    if "ls-100000" in rows:
        with attempt(rows["ls-100000"], bench.log):
            measure_names(bench, rows["ls-100000"])
