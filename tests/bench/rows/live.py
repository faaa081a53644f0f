# SPDX-License-Identifier: Apache-2.0
"""Live: reading while an import runs at full speed, and a hundred readers at once."""

import json
import multiprocessing
import os
import random
import shutil
import statistics
import subprocess
import threading
import time

from core import Row, attempt, judge, judge_ratio, run
from rows.reading import COMMANDS, timed

TITLE = "Live: while an import runs, and with many clients"
ROWS = [
    Row("grep-import", "grep -r, second time, while an import runs", "times", 1.5,
        yardstick="no import"),
    Row("grep-import-fresh", "grep -r, fresh mount, while an import runs", "times", 1.5,
        yardstick="no import"),
    Row("import-grep", "  ... the import's time meanwhile", "times", yardstick="no reader"),
    Row("visible", "a new state visible, after its commit, at worst", "s", 1.0, 0.3),
    Row("consistent", "states seen half or wrong during the import", "states", 0),
    Row("clients-errors", "errors of a hundred clients", "errors", 0),
    Row("clients-slowest", "  ... the slowest client's share of the mean", "times", 0.5, 0.8,
        less=False),
    Row("clients-rate", "  ... operations a second, all together", "ops/s", less=False),
    Row("clients-memory", "  ... the daemon's memory, last tenth of the time against the second",
        "times", 1.1, 1.0),
    Row("clients-descriptors", "  ... descriptors gained", "files", 0),
]


class Import:
    """An import into the mounted history, in the background, with what is not in it yet."""

    def __init__(self, bench, history, folder):
        self.command = [str(c) for c in (bench.driftfs, "import", "-q", "--events=all", history,
                                         folder)]

    def __enter__(self):
        self.start, self.seconds = time.perf_counter(), None
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        return self

    def running(self):
        if self.process.poll() is not None and self.seconds is None:
            self.seconds = time.perf_counter() - self.start
        return self.seconds is None

    def __exit__(self, *_):
        self.process.wait()
        self.running()


def measure_grep(bench, rows):
    """grep alone and beside an import into the very history it reads, turn about."""
    base, more = bench.history("tree"), bench.data("import")
    for n in bench.runs():
        history = bench.new("live")
        shutil.copy(base, history)
        for system in ("no import", "driftfs"):
            with bench.mount(history) as mount:
                # What the import brings is elsewhere: both read the same files.
                place = mount.place / "resources/111122223333/us-east-1/AWS/EC2"
                with (Import(bench, history, more) if system == "driftfs" else Nothing()) as other:
                    first = timed(COMMANDS["grep"], place)
                    second = timed(COMMANDS["grep"], place)
                    if not other.running():
                        raise RuntimeError("the import ended before grep: it is too small")
                for name, seconds in (("grep-import-fresh", first), ("grep-import", second)):
                    if name in rows:
                        rows[name].add(system, seconds)
        bench.log(f"grep beside an import: turn {n + 1} of {bench.options.runs}")
        if "import-grep" in rows:
            rows["import-grep"].add("driftfs", other.seconds)
            shutil.copy(base, bench.new("live"))
            rows["import-grep"].add("no reader", run(
                bench.driftfs, "import", "-q", "--events=all", history, more).seconds)
    for row in rows.values():
        judge_ratio(row)
    bench.new("live")


class Nothing:
    """Where there is no import: always running."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @staticmethod
    def running():
        return True


def entries(bench, history, path):
    """What a fresh look into the history itself lists: the oracle of what is committed."""
    out = subprocess.run([str(bench.driftfs), "ls", str(history), path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout.decode()
    return set(out.splitlines())


def check_states(place, wrong, done):
    """Goes through what appears: a state is as long as it says, and whole."""
    seen = set()
    while not done.is_set():
        for folder, _, names in os.walk(place):
            for name in names:
                path = os.path.join(folder, name)
                if path in seen or not name.endswith("Z.json") or done.is_set():
                    continue
                seen.add(path)
                try:
                    size = os.lstat(path).st_size
                    with open(path, "rb") as file:
                        text = file.read()
                    if len(text) != size or not text.endswith(b"}\n"):
                        wrong.append(f"{path}: {len(text)} of {size} bytes")
                    json.loads(text)
                except (OSError, ValueError) as why:
                    wrong.append(f"{path}: {why}")
        time.sleep(0.05)
    wrong.append(len(seen))


def measure_visible(bench, rows):
    """Directories appear in the mount how long after the history has them? Asked all the time."""
    history, more = bench.new("live"), bench.data("import")
    shutil.copy(bench.history("tree"), history)
    # accounts.. types: what the demo has and the tree has not is new
    watched = [f"resources/111122223333/us-east-1/AWS/{t}" for t in
               ("EC2/SecurityGroup", "EC2/Volume", "EC2/Subnet", "IAM/Role", "SQS/Queue")]
    watched += ["resources", "resources/111122223333/us-east-1/AWS"]
    lags, due, wrong, done = [], {}, [], threading.Event()
    with bench.mount(history) as mount:
        known = {path: entries(bench, history, path) for path in watched}
        checker = threading.Thread(target=check_states, args=(mount.place / "resources", wrong, done))
        checker.start()
        with Import(bench, history, more) as other:
            after = 0
            while after < 3:
                after += not other.running()
                for path in watched:
                    for name in entries(bench, history, path) - known[path]:
                        known[path].add(name)
                        due[path, name] = time.perf_counter()
                    try:
                        shown = set(os.listdir(mount.place / path))
                    except FileNotFoundError:
                        shown = set()
                    now = time.perf_counter()
                    for key in [k for k in due if k[0] == path and k[1] in shown]:
                        lags.append(now - due.pop(key))
                if due and max(time.perf_counter() - t for t in due.values()) > 30:
                    break
                after = 0 if due else after
        done.set()
        checker.join()
        lags += [time.perf_counter() - t for t in due.values()]
    if not lags:
        raise RuntimeError("nothing new appeared")
    count = wrong.pop()
    if "visible" in rows:
        rows["visible"].values = {"driftfs": lags}
        rows["visible"].measure = max(lags)
        rows["visible"].note = f"{len(lags)} new names, median {statistics.median(lags):.3f} s"
    if "consistent" in rows:
        rows["consistent"].values = {"driftfs": [len(wrong)]}
        rows["consistent"].note = f"{count:,} states read; {'; '.join(wrong[:3])}".strip("; ")
        judge(rows["consistent"])
    bench.new("live")


# --- a hundred clients ---

def operate(place, chance, resources):
    """One thing a user does."""
    path = place / chance.choice(resources)
    pick = chance.random()
    if pick < 0.3:
        os.listdir(path)
    elif pick < 0.7:
        name = chance.choice([n for n in os.listdir(path) if n.endswith("Z.json")])
        json.loads((path / name).read_bytes())
    elif pick < 0.9:
        (path / chance.choice(("changes", "changes.jsonl", "blame"))).read_bytes()
    else:
        os.listdir(path.parent)


def client(place, number, resources, end, results):
    chance, count, errors, slowest = random.Random(number), 0, [], 0.0
    while time.monotonic() < end:
        start = time.perf_counter()
        try:
            operate(place, chance, resources)
        except (OSError, ValueError, IndexError) as why:
            errors.append(str(why))
        slowest = max(slowest, time.perf_counter() - start)
        count += 1
    results.put((count, errors[:3], len(errors), slowest))


def measure_clients(bench, rows):
    history, seconds = bench.history("tree"), bench.options.seconds
    names = run(bench.driftfs, "ls", "-R", history, "resources").out.decode().splitlines()
    resources = [os.path.dirname(n) for n in names if n.endswith("/changes")]
    with bench.mount(history) as mount:
        results = multiprocessing.Queue()
        end = time.monotonic() + seconds
        crowd = [multiprocessing.Process(target=client, args=(mount.place, n, resources, end, results))
                 for n in range(bench.options.clients)]
        for one in crowd:
            one.start()
        memory, files = [], []
        while time.monotonic() < end:
            time.sleep(max(0.05, min(seconds / 100, 1)))
            memory.append(mount.memory("VmRSS"))
            files.append(mount.descriptors())
        told = [results.get(timeout=60) for _ in crowd]
        for one in crowd:
            one.join()
        peak = mount.memory()
    counts, tenth = [t[0] for t in told], max(1, len(memory) // 10)
    errors = [e for t in told for e in t[1]]
    # The first tenth opens what it needs; from the second on nothing should come to it.
    first, last = max(memory[tenth:2 * tenth] or memory), max(memory[-tenth:])
    gained = max(files[-tenth:]) - max(files[tenth:2 * tenth] or files)
    for name, value, note in (
            ("clients-errors", sum(t[2] for t in told), "; ".join(errors[:3])),
            ("clients-slowest", min(counts) / statistics.mean(counts),
             f"longest wait {max(t[3] for t in told):.2f} s"),
            ("clients-rate", sum(counts) / seconds, f"{len(crowd)} clients, {seconds} s"),
            ("clients-memory", last / first, f"{first:.0f} to {last:.0f} MiB, peak {peak:.0f}"),
            ("clients-descriptors", gained, "")):
        if name in rows:
            rows[name].values, rows[name].note = {"driftfs": [value]}, note
            judge(rows[name])


def measure(bench, rows):
    for names, what in ((("grep-import", "grep-import-fresh", "import-grep"), measure_grep),
                        (("visible", "consistent"), measure_visible),
                        (tuple(r.name for r in ROWS if r.name.startswith("clients")),
                         measure_clients)):
        some = {n: rows[n] for n in names if n in rows}
        if some:
            with attempt(list(some.values()), bench.log):
                what(bench, some)
