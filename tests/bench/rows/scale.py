# SPDX-License-Identifier: Apache-2.0
"""Scale: ten million events and one million items of a thousand accounts, as they come over time."""

import json
import os
import shutil
import statistics
import subprocess
import time

import data
from core import Row, Skip, attempt, held, judge, judge_ratio, run, unmount

TITLE = "Scale: 10,000,000 events and 1,000,000 items of 1,000 accounts"
VIEWS = {}  # name: (title, what(view)); filled below
ROWS = [
    Row("steady-one", "one import: the last tenth's rate against the first's", "times", 0.8, 0.95,
        less=False, yardstick="first tenth"),
    Row("memory-one", "memory of it at peak", "MiB", 300, 150),
    Row("steady", "ten imports in order of time: last against first", "times", 0.8, 0.95,
        less=False, yardstick="first tenth"),
    Row("steady-new", "new accounts: rate into all of it against into nothing",
        "times", 0.8, 0.95, less=False, yardstick="into nothing"),
    Row("scale-memory", "memory of the ten imports at peak", "MiB", 300, 150),
    Row("scale-size", "bytes of the history for an event or item", "bytes"),
    Row("ready", "mount ready", "ms", 50, 10),
    Row("at-length", "ls at a moment: the whole history against its first tenth", "times", 1.5, 1.1,
        yardstick="first tenth"),
]
LIMIT = 500  # ms, of any view
SAMPLE_SECONDS = 4  # a look at ten million events takes a fifth of one


def view(name, title):
    def keep(what):
        VIEWS[name] = what
        ROWS.append(Row("view-" + name, title, "ms", LIMIT))
        return what
    return keep


class Views:
    """Paths of every kind in a mounted history, found as a user would: by listing."""

    def __init__(self, place):
        self.place, self.account = place, sorted(os.listdir(place / "resources"))[-1]
        self.region = "us-east-1"
        self.type = place / "resources" / self.account / self.region / "AWS/EC2/SecurityGroup"
        self.resource = self.type / sorted(os.listdir(self.type))[0]
        # The day most happened on, and the moment of its noon.
        self.day = max((place / "timeline").glob("*/*/*.log"), key=lambda p: p.stat().st_size)
        self.then = place / f"at/{'-'.join((*self.day.parts[-3:-1], self.day.stem))}T12:00Z"

    def first(self, *below):
        """The first entry of a directory, README left aside."""
        place = self.place.joinpath(*below)
        return place / sorted(n for n in os.listdir(place) if n != "README")[0]


def listed(path):
    """Names only, as ls -f has them; the number of them."""
    with os.scandir(path) as entries:
        return sum(1 for _ in entries)


def read(path):
    with open(path, "rb") as file:
        return sum(len(part) for part in iter(lambda: file.read(1 << 20), b""))


def head(path):
    with open(path, "rb", buffering=4096) as file:
        return len(file.readline())


def tail(path):
    with open(path, "rb", buffering=0) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4096))
        return len(file.read(4096))


def sized(path):
    return os.stat(path).st_size


def simple(name, title, what, path):
    view(name, title)(lambda v: (what, path(v)))


def day(v, suffix):
    return v.day.with_suffix(suffix)


def value(kind):
    """The value of a kind with the largest file."""
    def found(v):
        place = v.place / "activity" / kind
        with os.scandir(place) as entries:
            return max((e for e in entries if e.name.endswith(".log")),
                       key=lambda e: e.stat().st_size).path
    return found


def below(*parts):
    return lambda v: v.place.joinpath(*parts)


simple("resources", "ls resources: the accounts", listed, below("resources"))
simple("type", "ls a type", listed, lambda v: v.type)
simple("resource", "ls a resource", listed, lambda v: v.resource)
for _name in ("changes", "changes.jsonl", "relationships.tsv", "blame"):
    simple(_name, f"cat {_name}", read, lambda v, n=_name: v.resource / n)
simple("at", "ls at/T: the accounts", listed, lambda v: v.then)
simple("at-now", "ls at/now", listed, below("at/now"))
simple("at-type", "ls a type at/T", listed,
       lambda v: v.then / v.account / v.region / "AWS/EC2/SecurityGroup")
simple("at-state", "cat a state at/T", read, lambda v: v.first(
    v.then / v.account / v.region / "AWS/EC2/SecurityGroup"))
for _name in ("inventory.csv", "inventory.jsonl", "snapshot.json"):
    simple(f"at-{_name}-stat", f"stat at/T/{_name}, the whole estate", sized,
           lambda v, n=_name: v.then / n)
simple("at-inventory-head", "first line of at/T/inventory.csv", head,
       lambda v: v.then / "inventory.csv")
simple("at-region-inventory", "cat a region's inventory.csv", read,
       lambda v: v.then / v.account / v.region / "inventory.csv")
simple("at-relations-stat", "stat a region's relationships.tsv at/T", sized,
       lambda v: v.then / v.account / v.region / "relationships.tsv")
for _name in ("by-id", "by-name", "by-arn"):
    simple(_name, f"ls {_name}, per 100,000 entries", listed, below(_name))
simple("by-id-link", "readlink of one in by-id", os.readlink,
       lambda v: v.place / "by-id" / v.resource.name)
simple("by-id-none", "stat of a name that is not in by-id", os.path.lexists,
       below("by-id/i-0fffffffffffffff1"))
simple("by-tag", "ls by-tag", listed, below("by-tag"))
simple("by-tag-key", "ls the values of a tag", listed, lambda v: v.first("by-tag"))
simple("timeline", "ls a month of the timeline", listed, lambda v: v.day.parent)
simple("timeline-stat", "stat a day's log", sized, lambda v: day(v, ".log"))
simple("timeline-head", "first line of a day's log", head, lambda v: day(v, ".log"))
simple("timeline-tail", "last lines of a day's log", tail, lambda v: day(v, ".log"))
simple("timeline-jsonl", "first line of a day's jsonl", head, lambda v: day(v, ".jsonl"))
for _name in ("principal", "address", "access-key", "event-name", "error"):
    simple(f"{_name}", f"ls activity/{_name}, per 100,000 entries", listed, below("activity", _name))
    simple(f"{_name}-head", f"first line of the largest of activity/{_name}", head, value(_name))
    simple(f"{_name}-tail", f"last lines of the largest of activity/{_name}", tail, value(_name))
simple("alarms", "ls alarms", listed, below("alarms"))
simple("alarm", "cat a transition", read, lambda v: v.first(v.first(v.first(v.first("alarms")))))
simple("status-ls", "ls -l status", lambda p: [e.stat() for e in os.scandir(p)], below("status"))
for _name in ("coverage.tsv", "gaps.tsv", "churn.tsv", "imports.tsv"):
    simple(f"status-{_name}", f"cat status/{_name}", read, below("status", _name))


def make(bench):
    """The history and, beside it, how long each part took; the first part's history, too."""
    folder = bench.data("scale")

    def fill(path):
        parts = []
        for n in range(data.SCALE_PARTS):
            done = run(bench.driftfs, "import", "-q", "--events=all", path, folder / f"part-{n:02}")
            status = bench.status(path)
            parts.append({"seconds": done.seconds, "memory": done.memory,
                          "events": status["events"], "items": status["items"]})
            bench.log(f"part {n + 1} of {data.SCALE_PARTS}: {done.seconds:.1f} s, "
                      f"{status['events']:,} events, {status['items']:,} items")
            if n == 0:
                shutil.copy(path, f"{path}-first")
        path.with_name(path.name + "-parts").write_text(json.dumps(parts))

    history = bench.kept(f"scale-{bench.options.size:g}", fill)
    parts = json.loads(history.with_name(history.name + "-parts").read_text())
    return history, history.with_name(history.name + "-first"), parts


def measure_parts(history, parts, rows):
    rates, before = [], 0
    for part in parts:
        rates.append((part["events"] + part["items"] - before) / part["seconds"])
        before = part["events"] + part["items"]
    if "steady" in rows:
        row = rows["steady"]
        row.values = {"driftfs": [rates[-1]], "first tenth": [rates[0]]}
        row.note = "records/s by tenth: " + ", ".join(f"{r:,.0f}" for r in rates)
        judge_ratio(row)
    if "scale-memory" in rows:
        rows["scale-memory"].values = {"driftfs": [max(p["memory"] for p in parts)]}
        judge(rows["scale-memory"])
    if "scale-size" in rows:
        rows["scale-size"].values = {"driftfs": [history.stat().st_size / before]}
        rows["scale-size"].note = (f"{history.stat().st_size:,} bytes, {parts[-1]['events']:,} "
                                   f"events, {parts[-1]['items']:,} items")
        judge(rows["scale-size"])


def reached(samples, records):
    """When so many were in, between the samples that it lies between."""
    before = (0, 0)
    for seconds, count in samples:
        if count >= records:
            return before[0] + (seconds - before[0]) * (records - before[1]) / (count - before[1])
        before = (seconds, count)
    raise RuntimeError(f"{records:,} records were never there")


def take_all(bench, path):
    """One import of all parts; (seconds, records in the history) now and then, and at its end; the
    most memory it was seen to hold (MiB)."""
    parts = [bench.data("scale") / f"part-{n:02}" for n in range(data.SCALE_PARTS)]
    samples, memory, start = [], 0, time.perf_counter()
    with subprocess.Popen([bench.driftfs, "import", "-q", "--events=all", path, *parts],
                          stdout=subprocess.DEVNULL) as child:
        while True:
            try:
                child.wait(SAMPLE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                memory = max(memory, held(child.pid, "VmHWM"))
                status = bench.status(path)
                samples.append((time.perf_counter() - start, status["events"] + status["items"]))
    if child.returncode:
        raise RuntimeError(f"the import of all parts: exit {child.returncode}")
    if not samples:
        raise Skip(f"over in less than {SAMPLE_SECONDS} s")
    status = bench.status(path)
    samples.append((time.perf_counter() - start, status["events"] + status["items"]))
    return samples, memory


def measure_one(bench, rows):
    """Stories are made once all is read, of all time: a tenth of that time is each tenth's."""
    samples, memory = take_all(bench, bench.new("one"))
    bench.new("one")
    if "memory-one" in rows:
        rows["memory-one"].values = {"driftfs": [memory]}
        judge(rows["memory-one"])
    if "steady-one" not in rows:
        return
    ended, records = samples[-1]
    read = reached(samples, records)
    stories = (ended - read) / 10
    first = reached(samples, records / 10)
    last = read - reached(samples, records * 9 / 10)
    row = rows["steady-one"]
    row.values = {"driftfs": [records / 10 / (last + stories)],
                  "first tenth": [records / 10 / (first + stories)]}
    row.note = (f"{ended:.0f} s; read in {read:.0f} s, of which the first tenth {first:.1f} and the "
                f"last {last:.1f}")
    judge_ratio(row)


def measure_new(bench, history, row):
    """The same deliveries, so that nothing but what is there already differs."""
    folder, rates = bench.data("more"), []
    for _ in list(bench.runs())[:3]:
        for system, first in (("into nothing", None), ("driftfs", history)):
            path = bench.new("more")
            if first:
                shutil.copy(first, path)
            os.sync()
            done = run(bench.driftfs, "import", "-q", "--events=all", path, folder)
            counted = bench.status(path)
            if not first:
                records = counted["events"] + counted["items"]
            row.add(system, records / done.seconds)
            rates.append(f"{done.seconds:.1f}")
            bench.new("more")
    row.note = f"{records:,} records; seconds by turns: {', '.join(rates)}"
    judge_ratio(row)


def measure_ready(bench, history, row):
    bench.place.mkdir(exist_ok=True)
    for _ in bench.runs():
        row.add("driftfs", run(bench.driftfs, "mount", history, bench.place).seconds * 1000)
        unmount(bench.place)
    judge(row)


def measure_length(bench, history, first, row):
    """The same moment, of the first tenth, in both histories."""
    for _ in bench.runs():
        for system, one in (("first tenth", first), ("driftfs", history)):
            with bench.mount(one) as mount:
                account = sorted(os.listdir(mount.place / "resources"))[0]
                place = mount.place / f"at/2024-03-08T12:00Z/{account}/us-east-1"
                start = time.perf_counter()
                names = [n for _, _, files in os.walk(place) for n in files]
                row.add(system, time.perf_counter() - start)
    row.note = f"{len(names):,} files of an account"
    judge_ratio(row)


def measure_view(bench, history, name, row):
    counted = None
    for _ in bench.runs():
        with bench.mount(history) as mount:
            what, path = VIEWS[name](Views(mount.place))
        with bench.mount(history) as mount:  # anew: nothing of the way there is known
            start = time.perf_counter()
            counted = what(path)
            row.add("driftfs", (time.perf_counter() - start) * 1000)
            row.memory = max(getattr(row, "memory", 0), mount.memory())
    judge(row)
    if isinstance(counted, int) and not isinstance(counted, bool):
        unit = "entries" if what is listed else "bytes"
        row.note = f"{counted:,} {unit}, daemon {row.memory:.0f} MiB"
        if "per 100,000" in row.title and counted > 1000:
            row.measure = statistics.median(row.values["driftfs"]) * 100000 / counted
            row.spread = None


def measure(bench, rows):
    one = {name: row for name, row in rows.items() if name in ("steady-one", "memory-one")}
    rows = {name: row for name, row in rows.items() if name not in one}
    if one:
        with attempt(list(one.values()), bench.log):
            measure_one(bench, one)
    if not rows:
        return
    with attempt(list(rows.values()), bench.log):
        history, first, parts = make(bench)
        measure_parts(history, parts, rows)
        if "steady-new" in rows:
            with attempt(rows["steady-new"], bench.log):
                measure_new(bench, history, rows["steady-new"])
        if "ready" in rows:
            with attempt(rows["ready"], bench.log):
                measure_ready(bench, history, rows["ready"])
        if "at-length" in rows:
            with attempt(rows["at-length"], bench.log):
                measure_length(bench, history, first, rows["at-length"])
        for name in VIEWS:
            if "view-" + name in rows:
                with attempt(rows["view-" + name], bench.log):
                    measure_view(bench, history, name, rows["view-" + name])
