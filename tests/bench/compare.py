#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares two results of tests/bench/run.py: compare.py [--all] BEFORE.json AFTER.json

Prints for each row of both the figure before and after and their ratio, and marks what moved beyond
the spread: better or worse, where the runs of one lie all beyond those of the other. Ratios to a
yardstick are compared as such, so that a machine that was slower in one of them does not tell.
Without --all, rows that did not move are counted only. Exit status 1 if one got worse or failed.
"""

import argparse
import json
import pathlib
import sys


def rows_of(path):
    told = json.loads(path.read_text())
    return told, {row["name"]: row for row in told["rows"]}


def bounds(row):
    """The least and the most of the figure; a single one is its own spread."""
    return row["spread"] or (row["measure"], row["measure"])


def verdict(before, after):
    """better, worse, or "" for within the spread."""
    if before["measure"] is None or after["measure"] is None:
        return "failed" if after["measure"] is None and before["measure"] is not None else ""
    (low, high), (new_low, new_high) = bounds(before), bounds(after)
    down, up = new_high < low, new_low > high
    single = not before["spread"] or not after["spread"] or low == high and new_low == new_high
    if single and before["measure"]:  # one run each: a tenth may be chance
        down, up = (after["measure"] < 0.9 * before["measure"],
                    after["measure"] > 1.1 * before["measure"])
    if not down and not up:
        return ""
    return "better" if down == (after["better"] == "less") else "worse"


def text(value):
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="print what did not move, too")
    args = parser.parse_args()
    (old, before), (new, after) = rows_of(args.before), rows_of(args.after)
    for name in ("cores", "processor", "kernel", "memoryMiB"):
        if old["machine"].get(name) != new["machine"].get(name):
            print(f"not the same machine: {name} {old['machine'].get(name)}, "
                  f"then {new['machine'].get(name)}")
    for name in ("size", "runs"):
        if old[name] != new[name]:
            print(f"not the same {name}: {old[name]}, then {new[name]}")
    print(f"{'':54} {'before':>10} {'after':>10} {'ratio':>7}  moved   reached")
    counts = {}
    for name in (n for n in after if n in before):
        one, two = before[name], after[name]
        moved = verdict(one, two)
        counts[moved] = counts.get(moved, 0) + 1
        if not moved and not args.all:
            continue
        ratio = two["measure"] / one["measure"] if one["measure"] and two["measure"] else None
        reached = two["reached"] if one["reached"] == two["reached"] else (
            f"{one['reached'] or '-'} -> {two['reached'] or '-'}")
        print(f"{two['title'].strip()[:54]:54} {text(one['measure']):>10} "
              f"{text(two['measure']):>10} {text(ratio):>7}  {moved:7} {reached}")
    lone = set(before) ^ set(after)
    print(f"{counts.get('better', 0)} better, {counts.get('worse', 0)} worse, "
          f"{counts.get('failed', 0)} failed, {counts.get('', 0)} within the spread"
          + (f"; in one only: {', '.join(sorted(lone))}" if lone else ""))
    return 1 if counts.get("worse") or counts.get("failed") else 0


if __name__ == "__main__":
    sys.exit(main())
