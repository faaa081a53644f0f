# SPDX-License-Identifier: Apache-2.0
"""Importing: against DuckDB and jq over the same files, and against itself."""

import json
import pathlib
import re
import shutil

from core import Row, Skip, attempt, judge, judge_ratio, remove, run

TITLE = "Importing the demo's 200,000 records and 50,000 items: rates, and times another's"
ROWS = [
    Row("trail-duckdb", "CloudTrail to a history, against DuckDB", "times", 2, 4, less=False,
        yardstick="DuckDB"),
    Row("trail-jq", "  ... against jq -c '.Records[]'", "times", less=False, yardstick="jq"),
    Row("trail", "  ... a second", "events/s", less=False),
    Row("trail-write", "  ... a second, read-only calls left out (the default)", "events/s",
        less=False),
    Row("config", "Config items, causes included: new states", "items/s", 20000, 50000,
        less=False),
    Row("config-delivered", "  ... as delivered: those known already, too", "items/s",
        less=False),
    Row("config-jansson", "  ... as delivered, against jansson's parse, one core", "times",
        0.36, 0.91, less=False, yardstick="jansson"),  # 20,000 and 50,000 of 55,000 items/s
    Row("config-alone", "  ... into a history without events: new states", "items/s", less=False),
    Row("both", "all of it, new", "s"),
    Row("again", "the same input again: times as fast", "times", 20, 100, less=False,
        yardstick="first time"),
    Row("memory", "memory at peak, all of it", "MiB", 300, 150),
]
HERE = pathlib.Path(__file__).resolve().parents[1]


def parts(bench):
    folder = bench.data("import")
    return (sorted(folder.glob("AWSLogs/*/CloudTrail")), sorted(folder.glob("AWSLogs/*/Config")))


def duckdb(bench):
    """A folder where node finds DuckDB, put there by npm the first time."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise Skip("no npm here to bring @duckdb/node-api")
    place = bench.cache / "duckdb"
    if not (place / "node_modules/@duckdb/node-api").exists():
        bench.log("npm install @duckdb/node-api")
        place.mkdir(exist_ok=True)
        run("npm", "install", "--no-audit", "--no-fund", "--prefix", place, "@duckdb/node-api")
    shutil.copy(HERE / "duckdb.mjs", place / "duckdb.mjs")
    return place / "duckdb.mjs"


def take(bench, name, *what):
    """One import into a new history."""
    return run(bench.driftfs, "import", "-q", bench.new(name), *what)


def measure_trail(bench, rows):
    trail, _ = parts(bench)
    files = "\0".join(str(p) for d in trail for p in sorted(d.rglob("*.json.gz")))
    listing = bench.work / "files"
    listing.write_text(files)
    script = None
    if "trail-duckdb" in rows and bench.options.yardsticks:
        with attempt(rows["trail-duckdb"], bench.log):
            script = duckdb(bench)
    ours, default, duck, jq = [], [], [], []
    for n in bench.runs():
        ours.append(take(bench, "trail", "--events=all", *trail).seconds)
        count = bench.status(bench.work / "trail")["events"]
        if script:
            out = json.loads(run("node", script, bench.new("duck"), *trail).out)
            if out["records"] != count:
                raise RuntimeError(f"DuckDB has {out['records']} records, driftfs {count}")
            duck.append(out["records"] / out["seconds"])
        if "trail-jq" in rows and shutil.which("jq") and bench.options.yardsticks:
            with listing.open() as names:
                jq.append(count / run("sh", "-c", "xargs -0 zcat | jq -c '.Records[]' >/dev/null",
                                      stdin=names).seconds)
        if "trail-write" in rows:
            default.append(count / take(bench, "trail", *trail).seconds)
        bench.log(f"CloudTrail: turn {n + 1} of {bench.options.runs}")
    for name, values in (("trail", {}), ("trail-duckdb", {"DuckDB": duck}), ("trail-jq", {"jq": jq})):
        if name in rows:
            rows[name].values = {"driftfs": [count / s for s in ours],
                                 **{k: v for k, v in values.items() if v}}
            rows[name].note = f"{count:,} events"
            (judge_ratio if rows[name].yardstick else judge)(rows[name])
    if "trail-write" in rows:
        rows["trail-write"].values = {"driftfs": default}
        judge(rows["trail-write"])


def delivered(ended, new):
    """Items that an import met, going by what it says: the new ones, and copies of them."""
    known = re.search(r"([\d,]+) already known", ended.out.decode())
    return new + (int(known[1].replace(",", "")) if known else 0)


def parse_alone(bench, names):
    """Items a second of jansson over the same files, which another thread could read for it."""
    program = bench.options.build / "tests/bench/bench_jansson"
    if not program.exists():
        raise Skip(f"no {program.name} in the build (it comes with the tests)")
    with names.open() as files:
        out = json.loads(run(program, stdin=files).out)
    return out["items"] / out["seconds"]


def measure_config(bench, rows):
    """
    The items come into a history that has the events, as they do in life. A state stands in its
    history file and in each snapshot: the rate to reach is that of new states, which alone have
    differences and causes; a parser's rate compares with that of all that is delivered. Processors
    differ by more than a factor of two in both, so the two are also set against each other.
    """
    trail, config = parts(bench)
    names = bench.work / "files"
    names.write_text("".join(f"{p}\n" for d in config for p in sorted(d.rglob("*.json.gz"))))
    base = bench.new("base")
    run(bench.driftfs, "import", "-q", base, *trail)
    for _ in bench.runs():
        if {"config", "config-delivered", "config-jansson"} & rows.keys():
            history = bench.new("config")
            shutil.copy(base, history)
            ended = run(bench.driftfs, "import", "-q", history, *config)
            count = bench.status(history)["items"]
            counts = {"config": count, "config-delivered": delivered(ended, count)}
            counts["config-jansson"] = counts["config-delivered"]
            for name in counts.keys() & rows.keys():
                rows[name].add("driftfs", counts[name] / ended.seconds)
                rows[name].note = f"{counts[name]:,} items"
        if "config-jansson" in rows:
            with attempt(rows["config-jansson"], bench.log):
                rows["config-jansson"].add("jansson", parse_alone(bench, names))
        if "config-alone" in rows:
            seconds = take(bench, "config", *config).seconds
            count = bench.status(bench.work / "config")["items"]
            rows["config-alone"].add("driftfs", count / seconds)
            rows["config-alone"].note = f"{count:,} items"
    for name in ("config", "config-delivered", "config-jansson", "config-alone"):
        if name in rows and not rows[name].failed:
            (judge_ratio if rows[name].yardstick else judge)(rows[name])
    remove(base)


def measure_both(bench, rows):
    trail, config = parts(bench)
    first, second, memory = [], [], []
    for _ in bench.runs():
        new = take(bench, "both", *trail, *config)
        first.append(new.seconds)
        memory.append(new.memory)
        second.append(run(bench.driftfs, "import", "-q", bench.work / "both", *trail,
                          *config).seconds)
    for name, values in (("both", {"driftfs": first}), ("memory", {"driftfs": memory}),
                         ("again", {"driftfs": [1 / s for s in second],
                                    "first time": [1 / s for s in first]})):
        if name in rows:
            rows[name].values = values
            (judge_ratio if name == "again" else judge)(rows[name])


def measure(bench, rows):
    for names, what in ((("trail", "trail-duckdb", "trail-jq", "trail-write"), measure_trail),
                        (("config", "config-delivered", "config-jansson", "config-alone"),
                         measure_config),
                        (("both", "again", "memory"), measure_both)):
        some = {n: rows[n] for n in names if n in rows}
        if some:
            with attempt(list(some.values()), bench.log):
                what(bench, some)
    for name in ("trail", "duck", "config", "both", "base"):
        bench.new(name)
