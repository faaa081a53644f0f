#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures driftfs against what people use, row by row, and says what is reached.

  run.py [--build DIR] [--rows NAME[,NAME]] [--size S] [--runs N] [--json FILE] ...

Each row is measured together with its yardstick in one run, turn about, in a fresh mount each time
where reading is concerned; a ratio is one of medians. Data is made by tests/bench/data.py and kept,
like histories of this very build. A row that fails, or cannot be measured here, says so and stops
no other. No figure is a pass or a fail: the exit status is 0 unless a row failed (1).

The build should be an optimised one (meson setup --buildtype=release) and the machine quiet. As
root, a tmpfs and an in-kernel squashfs are mounted; else /dev/shm serves, and squashfs is left out.
Compare two results with tests/bench/compare.py.
"""

import argparse
import fnmatch
import json
import pathlib
import sys
import time

import core
import data
from rows import importing, live, moments, reading, scale, space, syncing

TABLES = {"reading": reading, "import": importing, "sync": syncing, "space": space,
          "moments": moments, "scale": scale, "live": live}


def chosen(patterns):
    """{table: {name: row}}; patterns are names of tables or rows, with * for any."""
    out, used = {}, set()
    for table, module in TABLES.items():
        for row in module.ROWS:
            row.group = table
            for pattern in patterns or ["*"]:
                if pattern == table or fnmatch.fnmatch(row.name, pattern):
                    out.setdefault(table, {})[row.name] = row
                    used.add(pattern)
    missing = set(patterns) - used
    if missing:
        raise SystemExit(f"no row is named {', '.join(sorted(missing))}; --list shows them")
    return out


def figure(value, unit):
    if value is None:
        return ""
    if unit in ("events/s", "items/s", "ops/s", "bytes") or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def spread(values, unit):
    """Median and, of several, from least to most."""
    if not values:
        return ""
    middle = figure(sorted(values)[len(values) // 2] if len(values) % 2 else core.statistics.median(
        values), unit)
    if len(values) == 1:
        return middle
    return f"{middle} ({figure(min(values), unit)}-{figure(max(values), unit)})"


def print_table(title, rows, size):
    print(f"\n{title}")
    print(f"{'':54} {'figure':>9} {'must':>7} {'aim':>7}  reached  measured")
    for row in rows:
        unit = "" if row.unit == "times" else row.unit
        if row.failed:
            print(f"{row.title[:54]:54} {'-':>9} {figure(row.must, row.unit):>7} "
                  f"{figure(row.aim, row.unit):>7}  {row.failed}")
            continue
        raw = unit if unit else ""
        systems = ", ".join(f"{system} {spread(values, raw)}" for system, values in
                            row.values.items()) if row.yardstick or len(
                                row.values.get("driftfs", ())) > 1 else ""
        told = "; ".join(part for part in (systems, row.note) if part)
        print(f"{row.title[:54]:54} {figure(row.measure, row.unit):>9} "
              f"{figure(row.must, row.unit):>7} {figure(row.aim, row.unit):>7}  "
              f"{row.verdict(size):7}  {unit + ': ' if unit else ''}{told}")
    sys.stdout.flush()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=data.ROOT / "build-release",
                        help="meson's folder (build-release)")
    parser.add_argument("--cache", type=pathlib.Path, default=data.ROOT / "build-bench",
                        help="where data and histories are kept (build-bench)")
    parser.add_argument("--rows", default="", metavar="LIST",
                        help="tables or rows, separated by commas, * for any part (all)")
    parser.add_argument("--list", action="store_true", help="print the names of all rows")
    parser.add_argument("--size", type=float, default=1.0, help="factor on the data (1)")
    parser.add_argument("--runs", type=int, default=5, help="runs to take medians of (5)")
    parser.add_argument("--clients", type=int, default=100, help="clients at once (100)")
    parser.add_argument("--seconds", type=int, default=600, help="how long they read (600)")
    parser.add_argument("--no-yardsticks", action="store_true",
                        help="without squashfs, DuckDB, jq and git")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the results there")
    parser.add_argument("--quiet", action="store_true", help="say nothing on the way")
    return parser.parse_args()


def main():
    args = arguments()
    tables = chosen([p for p in args.rows.split(",") if p])
    if args.list:
        for table, rows in tables.items():
            for name, row in rows.items():
                print(f"{table:8} {name:20} {row.title.strip()}")
        return 0
    start = time.monotonic()

    def log(text):
        if not args.quiet:
            print(f"[{time.monotonic() - start:6.0f} s] {text}", file=sys.stderr, flush=True)

    options = core.Options(args.build, args.cache, args.size, args.runs, args.clients, args.seconds,
                           not args.no_yardsticks)
    bench = core.Bench(options, log)
    facts = core.machine(bench)
    print(f"{facts['driftfs']} ({facts['commit']}), {facts['cores']} cores, {facts['processor']}, "
          f"kernel {facts['kernel']}, load {facts['load'][0]:.1f}; size {args.size:g}, medians of "
          f"{args.runs}")
    done = []
    for table, rows in tables.items():
        TABLES[table].measure(bench, rows)
        print_table(TABLES[table].TITLE, rows.values(), args.size)
        done += rows.values()
        if args.json:
            facts["loadAfter"] = core.os.getloadavg()
            args.json.write_text(json.dumps(
                {"machine": facts, "size": args.size, "runs": args.runs, "clients": args.clients,
                 "seconds": args.seconds, "rows": [row.as_json(args.size) for row in done]},
                indent=1) + "\n")
    return 1 if any(row.failed.startswith("failed") for row in done) else 0


if __name__ == "__main__":
    sys.exit(main())
