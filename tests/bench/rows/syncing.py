# SPDX-License-Identifier: Apache-2.0
"""Straight from AWS: sync from a server on the loopback, against an import from disk."""

import statistics

import sync
from core import Row, attempt, judge_ratio

TITLE = "Sync from a server on the loopback: times an import's time of the same objects from disk"
ROWS = [
    Row("objects", "sync of 10,000 objects", "times", 1.3, 1.0, yardstick="import"),
    Row("objects-small", "  ... of 2,500", "times", 1.3, 1.0, yardstick="import"),
]
OBJECTS = {"objects": 10000, "objects-small": 2500}


def measure_ratio(bench, row):
    objects = max(20, round(OBJECTS[row.name] * bench.options.size))
    values = sync.compare(bench.driftfs, bench.work, objects, bench.options.runs)
    row.values = {"driftfs": values["sync"], "import": values["import"]}
    server = statistics.median(values["server"])
    row.note = f"{objects:,} objects; the server took {server:.2f} s of the same processors"
    judge_ratio(row)


def measure(bench, rows):
    for name in OBJECTS:
        if name in rows:
            with attempt(rows[name], bench.log):
                measure_ratio(bench, rows[name])
