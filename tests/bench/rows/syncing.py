# SPDX-License-Identifier: Apache-2.0
"""Straight from AWS: sync from a server on the loopback, against an import from disk; and how long
a queue's message takes to be seen in a mount."""

import contextlib
import random
import statistics
import time

import sync
from core import Row, attempt, judge_ratio

TITLE = "Sync from a server on the loopback: against an import from disk, and seconds to be seen"
ROWS = [
    Row("objects", "sync of 10,000 objects", "times", 1.3, 1.0, yardstick="import"),
    Row("objects-small", "  ... of 2,500", "times", 1.3, 1.0, yardstick="import"),
    Row("message", "a queue's message, until its state shows, at worst", "s", 2.0),
    Row("message-backfill", "  ... beside a backfill in the same process", "s", 2.0),
]
OBJECTS = {"objects": 10000, "objects-small": 2500}
# Objects of so many records; messages sent one after the other.
BACKFILL, RECORDS, MESSAGES = 1000, 1000, 20
QUEUE = f"sqs://{sync.ACCOUNT}/changes"


def measure_ratio(bench, row):
    objects = max(20, round(OBJECTS[row.name] * bench.options.size))
    there, values = sync.compare(bench.driftfs, bench.work, objects, bench.options.runs)
    row.values = {"driftfs": values["sync"], "import": values["import"]}
    server = statistics.median(values["server"])
    row.note = f"{there:,} objects; the server took {server:.2f} s of the same processors"
    judge_ratio(row)


def send_all(follower, row, goes_on):
    """At moments that keep no step with anything; one at least."""
    moments = random.Random(1)
    follower.seconds_of("sg-first")  # the folder is there from now on
    for n in range(MESSAGES):
        seconds = follower.seconds_of(f"sg-{n:017x}")
        if n and not goes_on():
            break
        row.add("driftfs", seconds)
        time.sleep(moments.uniform(0, 1))
    row.measure = max(row.values["driftfs"])
    row.spread = (min(row.values["driftfs"]), row.measure)


def measure_message(bench, row):
    """Alone: there is a bucket, too, and nothing new in it."""
    with contextlib.closing(sync.Server("--made", 100)) as server, \
            contextlib.closing(sync.Follower(bench, server, "s3://logs/", QUEUE)) as follower:
        follower.wait_for(lambda: server.served() > 100)
        send_all(follower, row, lambda: True)


def measure_beside(bench, row):
    objects = max(20, round(BACKFILL * bench.options.size))
    with contextlib.closing(sync.Server("--made", objects, "--records", RECORDS)) as server, \
            contextlib.closing(sync.Follower(bench, server, "s3://logs/", QUEUE)) as follower:
        start, served = time.monotonic(), server.served()
        send_all(follower, row, lambda: server.served() < objects)
        rate = (server.served() - served) / (time.monotonic() - start)
        row.note = (f"{len(row.values['driftfs'])} messages; {objects:,} objects of {RECORDS}, "
                    f"{rate:,.0f} a second meanwhile")


def measure(bench, rows):
    for name, measure_it in (("message", measure_message), ("message-backfill", measure_beside)):
        if name in rows:
            with attempt(rows[name], bench.log):
                measure_it(bench, rows[name])
    for name in OBJECTS:
        if name in rows:
            with attempt(rows[name], bench.log):
                measure_ratio(bench, rows[name])
