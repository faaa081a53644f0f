# SPDX-License-Identifier: Apache-2.0
"""What every row of the bench is made with: the build, histories kept by what they were made from,
fresh mounts, times and memory of children, and the table of results."""

import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

import data


class Skip(Exception):
    """A row cannot be measured here; the text says why."""


@dataclasses.dataclass
class Row:
    """One line of a table: what is measured, and what it has to reach.

    `measure` is the number that is judged, of the unit `unit`: for "times" a ratio to `yardstick`
    (a system in `values`), made from medians. `less` tells which way is better.
    """
    name: str
    title: str
    unit: str
    must: float | None = None
    aim: float | None = None
    less: bool = True
    yardstick: str = ""
    full_size: bool = False  # the limits hold for full size only
    group: str = ""
    values: dict = dataclasses.field(default_factory=dict)
    measure: float | None = None
    spread: tuple | None = None
    note: str = ""
    failed: str = ""

    def add(self, system, value):
        self.values.setdefault(system, []).append(value)

    def median(self, system):
        return statistics.median(self.values[system]) if self.values.get(system) else None

    def verdict(self, size):
        """aim, must (yes where there is no aim), no; or "" where nothing is asked at this size."""
        if self.measure is None or self.must is None or (self.full_size and size < 1):
            return ""
        good = (lambda limit: self.measure <= limit) if self.less else (
            lambda limit: self.measure >= limit)
        if self.aim is not None and good(self.aim):
            return "aim"
        if not good(self.must):
            return "no"
        return "yes" if self.aim is None else "must"

    def as_json(self, size):
        return {"name": self.name, "group": self.group, "title": self.title, "unit": self.unit,
                "better": "less" if self.less else "more", "yardstick": self.yardstick,
                "values": self.values, "medians": {s: self.median(s) for s in self.values},
                "measure": self.measure, "spread": self.spread, "must": self.must, "aim": self.aim,
                "reached": self.verdict(size), "note": self.note, "failed": self.failed}


@dataclasses.dataclass
class Options:
    build: pathlib.Path
    cache: pathlib.Path
    size: float = 1.0
    runs: int = 5
    clients: int = 100
    seconds: int = 600
    yardsticks: bool = True


@dataclasses.dataclass
class Ended:
    """A child that ended: seconds, the most memory it held (MiB), and what it wrote."""
    seconds: float
    memory: float
    out: bytes


# A child's ru_maxrss begins with what its parent held when it started it: so a small one does.
STARTER = """import os, sys, time
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
told = "%d %f %d" % (os.waitstatus_to_exitcode(status), time.perf_counter() - start,
                     usage.ru_maxrss)
os.write(int(sys.argv[1]), told.encode())
"""


def run(*command, check=(0, 3), env=None, stdin=None):
    """Runs a child to its end, and tells its seconds and its memory; not above some MiB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
            tempfile.TemporaryFile() as tell:
        subprocess.run([sys.executable, "-I", "-S", "-c", STARTER, str(tell.fileno()),
                        *(str(c) for c in command)], stdout=out, stderr=err, env=env, stdin=stdin,
                       pass_fds=[tell.fileno()], check=False)
        for file in (out, err, tell):
            file.seek(0)
        told = tell.read().split()
        if not told or int(told[0]) not in check:
            raise RuntimeError(f"{' '.join(map(str, command))[:200]}: exit "
                               f"{told[0].decode() if told else 'unknown'}: "
                               f"{err.read().decode(errors='replace')[-300:].strip()}")
        return Ended(float(told[1]), int(told[2]) / 1024, out.read())


def unmount(place):
    command = ["umount", place] if os.geteuid() == 0 else ["fusermount3", "-u", place]
    subprocess.run(command, check=True)


def held(pid, what):
    """MiB of a process: VmHWM, the most it ever held, or VmRSS, now."""
    with open(f"/proc/{pid}/status", encoding="ascii") as lines:
        return next((int(line.split()[1]) for line in lines if line.startswith(what)), 0) / 1024


class Mount:
    """A history, mounted anew: nothing of it is known to the kernel."""

    def __init__(self, driftfs, history, place):
        self.command, self.place = [driftfs, "mount", "-f", history, place], pathlib.Path(place)

    def __enter__(self):
        self.place.mkdir(parents=True, exist_ok=True)
        # In a session of its own, as it is in the background: what one has of the processors is shared
        # out by sessions, where the kernel groups by them.
        self.process = subprocess.Popen([str(c) for c in self.command], start_new_session=True)
        end = time.monotonic() + 60
        while not os.path.ismount(self.place):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError("the mount did not come up")
            time.sleep(0.002)
        return self

    def __exit__(self, *_):
        unmount(self.place)
        self.process.wait(60)

    def memory(self, what="VmHWM"):
        return held(self.process.pid, what)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class Bench:
    """The context of a run."""

    def __init__(self, options, log):
        self.options, self.log = options, log
        self.driftfs = options.build.resolve() / "fs/cli/driftfs"
        if not self.driftfs.exists():
            raise SystemExit(f"{self.driftfs} is not there: build first (meson, buildtype release)")
        self.key = hashlib.sha256(self.driftfs.read_bytes()).hexdigest()[:12]
        self.cache = options.cache.resolve()
        self.work = self.cache / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.place = self.work / "mount"

    def data(self, kind, size=None):
        size = self.options.size if size is None else size
        self.log(f"data: {kind} x {size:g}")
        return data.build(kind, size, self.cache / "data")

    def kept(self, name, make):
        """A file of this build, made once; those of other builds go."""
        path = self.work / f"{name}-{self.key}"
        if not path.exists():
            for old in self.work.glob(f"{name}-*"):
                remove(old)
            self.log(f"making {name}")
            making = self.work / f"making-{name}"
            for old in self.work.glob(f"making-{name}*"):
                remove(old)
            make(making)
            for part in sorted(self.work.glob(f"making-{name}-*")):  # a log left beside it
                os.replace(part, str(path) + part.name[len(making.name):])
            os.replace(making, path)
        return path

    def history(self, kind, size=None, *options):
        """The history of one kind of deliveries, as this build imports it."""
        folder = self.data(kind, size)
        name = f"history-{folder.name}" + "".join(options)
        return self.kept(name, lambda path: run(self.driftfs, "import", "-q", "--events=all",
                                                *options, path, folder))

    def new(self, name):
        """A path in the work folder where nothing is."""
        for old in [self.work / name, *self.work.glob(name + "-*")]:
            remove(old)
        return self.work / name

    def mount(self, history, place=None):
        return Mount(self.driftfs, history, place or self.place)

    def status(self, history):
        return json.loads(run(self.driftfs, "status", "--json", history).out)

    def runs(self):
        return range(self.options.runs)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.exists() or path.is_symlink():
        path.unlink()


@contextlib.contextmanager
def attempt(rows, log):
    """A failed row does not stop the others."""
    rows = rows if isinstance(rows, list) else [rows]
    try:
        yield
    except Skip as why:
        for row in rows:
            row.failed = f"skipped: {why}"
    except Exception as why:  # pylint: disable=broad-except
        log("".join(traceback.format_exception(why)[-2:]).strip())
        for row in rows:
            row.failed = f"failed: {why}"


def judge_ratio(row, ours="driftfs"):
    """Ours over the yardstick where less is better, the other way round where it is rates."""
    theirs = row.median(row.yardstick)
    if row.median(ours) is None or not theirs:
        return
    row.measure = row.median(ours) / theirs
    row.spread = (min(row.values[ours]) / theirs, max(row.values[ours]) / theirs)


def judge(row, ours="driftfs"):
    """The figure itself, its median."""
    if row.median(ours) is not None:
        row.measure = row.median(ours)
        row.spread = (min(row.values[ours]), max(row.values[ours]))


def machine(bench):
    """What a reader wants to know before comparing."""
    def first(*command):
        try:
            out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 check=False, text=True).stdout
            return out.splitlines()[0] if out else ""
        except OSError:
            return ""

    memory = next(line.split()[1] for line in open("/proc/meminfo", encoding="ascii"))
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="ascii")
             if line.startswith("model name")]
    commit = subprocess.run(["git", "-C", str(data.ROOT), "rev-parse", "--short", "HEAD"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True)
    return {"cores": os.cpu_count(), "processor": model[0] if model else platform.machine(),
            "memoryMiB": int(memory) // 1024, "kernel": platform.release(),
            "load": os.getloadavg(), "driftfs": first(str(bench.driftfs), "--version"),
            "commit": commit.stdout.strip(), "binary": bench.key,
            "libfuse": first("fusermount3", "--version"), "sqlite": sqlite3.sqlite_version,
            "python": platform.python_version(), "jq": first("jq", "--version"),
            "git": first("git", "--version"), "mksquashfs": first("mksquashfs", "-version")}
