#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Deliveries to measure with, in the layout AWS writes them; equal arguments give equal bytes.

  data.py KIND [--size S] [--cache DIR]

Each kind is made once and kept in DIR (build-bench/data beside the sources), in a folder named by
what it was made from; the command prints that folder. KIND is one of

  tree     20,000 resources of 10 states each, 10,000 of them in one directory, and for every state
           the CloudTrail record that caused it: the history that reading is measured on
  estate   100,000 instances of one region with 20 states each, no records: moments are measured
           on it
  names    the same 100,000 with one state each: a directory of as many entries
  import   the demo's accounts (scripts/demo_history) with 50,000 items and 200,000 records, three
           quarters of them read-only calls: what importing is measured on
  scale    1,000 accounts with 10,000 records and 1,000 items each, as ten parts in order of time
           (part-00 to part-09): ten million records, one million items (below a size of 0.02 the
           accounts are smaller instead of fewer)
  more     a tenth as many accounts beyond those of scale, of the same size: what goes into either an
           empty history or that of scale

--size is a factor on these (0.1: a tenth of the resources or accounts); tree, estate, scale and
more take both processors. A history of one of them is made by

  driftfs import --events=all history.db $(tests/bench/data.py tree)
"""

import argparse
import collections
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests/bench"))

import estate as estate_items  # noqa: E402
import shapes  # noqa: E402
from demo import replicate  # noqa: E402
from demo.ids import DAY, HOUR, Rng, basic, basic_minute, iso_ms, iso_s  # noqa: E402
from demo.output import day_padded, day_plain, pack  # noqa: E402

CACHE = ROOT / "build-bench/data"
# Of the bytes: raised with a change of them, so that no old cache is taken for new.
VERSIONS = {"tree": 1, "estate": 1, "names": 1, "import": 2, "scale": 3, "more": 1}
START = 1704067200000  # 2024-01-01
ACCOUNTS = ["111122223333", "444455556666"]
REGIONS = ["us-east-1", "eu-west-1"]


class Files:
    """Items and records of one task, sorted into the files that would have delivered them."""

    def __init__(self, folder, task):
        self.folder, self.task, self.made = folder, task, set()
        self.items, self.records = collections.defaultdict(list), collections.defaultdict(list)

    def item(self, account, region, kind, when, text):
        self.items[account, region, kind, when // DAY].append((when, text))

    def record(self, account, region, when, text):
        self.records[account, region, when // (6 * HOUR)].append(text)

    def put(self, path, head, texts):
        full = self.folder / path
        if full.parent not in self.made:
            full.parent.mkdir(parents=True, exist_ok=True)
            self.made.add(full.parent)
        full.write_bytes(pack((head + ",".join(texts) + "]}").encode(), 6))

    def write(self):
        for (account, region, kind, day), items in self.items.items():
            items.sort()
            self.put(f"AWSLogs/{account}/Config/{region}/{day_plain(day * DAY + DAY)}/ConfigHistory/"
                     f"{account}_Config_{region}_ConfigHistory_{kind}_{basic(items[0][0])}_"
                     f"{basic(items[-1][0])}_{self.task + 1}.json.gz",
                     '{"fileVersion":"1.0","configurationItems":[', [text for _, text in items])
        for (account, region, slot), texts in self.records.items():
            when = (slot + 1) * 6 * HOUR
            self.put(f"AWSLogs/{account}/CloudTrail/{region}/{day_padded(when)}/{account}_CloudTrail_"
                     f"{region}_{basic_minute(when)}_bench{self.task:011d}.json.gz", '{"Records":[',
                     texts)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


# --- tree ---

TREE_STATES, TREE_GAP = 10, 9 * DAY


def tree_plan(size):
    """(shape, first, last, spread): which resources there are, in tasks of about equal work."""
    plan, each = [], max(1, round(1000 * size))
    for shape, thousands, spread in ((shapes.Instance, 10, False), (shapes.Group, 4, True),
                                     (shapes.Role, 2, True), (shapes.Bucket, 2, True),
                                     (shapes.Function, 2, True)):
        plan += [(shape.__name__, n * each, (n + 1) * each, spread) for n in range(thousands)]
    return plan


def tree_task(folder, number, task):
    name, first, last, spread = task
    files = Files(folder, number)
    for n in range(first, last):
        account = ACCOUNTS[n % 2 if spread else 0]
        region = REGIONS[n // 2 % 2 if spread else 0]
        rng = Rng(f"tree/{name}/{n}/times")
        when = START + rng.randrange(TREE_GAP - DAY)
        shape = getattr(shapes, name)("tree", n, account, region, when // 1000 * 1000)
        for k in range(TREE_STATES):
            call = shape.step(k)
            captured = when + rng.randrange(20_000, 900_000)
            item = shape.item(iso_ms(captured), captured)
            if k == 0:
                item["configurationItemStatus"] = "ResourceDiscovered"
            files.item(account, shape.region, shape.type, captured, compact(item))
            trail = "us-east-1" if shape.region == "global" else shape.region
            files.record(account, trail, when, compact(shapes.record(shape, call, iso_s(when), rng)))
            when = START + (k + 1) * TREE_GAP + rng.randrange(TREE_GAP - DAY)
    files.write()


def tree(folder, size):
    run_all(tree_task, folder, tree_plan(size))


# --- estate ---

def estate_task(folder, number, task):
    del number
    estate_items.write(str(folder), *task)


def estate(folder, size):
    """A task a state of all."""
    resources = max(10, round(100000 * size))
    run_all(estate_task, folder, [(resources, k) for k in range(20)])


def names(folder, size):
    run_all(estate_task, folder, [(max(10, round(100000 * size)), 0)])


# --- import ---

def demo(folder, size):
    subprocess.run([sys.executable, ROOT / "scripts/demo_history", "--out", folder, "--items",
                    str(round(50000 * size)), "--events", str(round(200000 * size))], check=True,
                   stdout=subprocess.DEVNULL)


# --- scale ---

SCALE_PARTS, SCALE_RECORDS, SCALE_ITEMS = 10, 10000, 1000


def scale_model(share):
    """Of one account of the demo: its buckets' names; records, items and alarms by part, cut."""
    count_records, count_items = round(SCALE_RECORDS * share), round(SCALE_ITEMS * share)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, ROOT / "scripts/demo_history", "--out", folder, "--accounts",
                        "1", "--items", str(count_items), "--events", str(count_records)],
                       check=True, stdout=subprocess.DEVNULL)
        records, items, alarms = {}, {}, []
        for path in sorted(pathlib.Path(folder).rglob("*.gz")):
            if "/CloudTrail/" in str(path):
                for one in read(path)["Records"]:
                    records[one["eventID"]] = one
            elif "/ConfigHistory/" in str(path):
                for one in read(path)["configurationItems"]:
                    items[compact(one)] = one
            elif "/CloudWatch/" in str(path):
                alarms += gzip.decompress(path.read_bytes()).decode().splitlines()
    records = sorted(records.values(), key=lambda r: (r["eventTime"], r["eventID"]))
    items = sorted(items.items(), key=lambda i: (i[1]["configurationItemCaptureTime"], i[0]))
    records = [compact(one) for one in records[:count_records]]
    items = [text for text, _ in items[:count_items]]
    buckets = replicate.buckets_in([*records, *items], ACCOUNTS)
    pattern = replicate.pattern_of([ACCOUNTS[0]], buckets)
    return buckets, [tuple(pattern.split(between.join(cut(all_, n))) for all_, between in (
        (records, ","), (items, ","), (alarms, "\n"))) for n in range(SCALE_PARTS)]


def read(path):
    with gzip.open(path) as file:
        return json.load(file)


def cut(all_, n):
    return all_[len(all_) * n // SCALE_PARTS:len(all_) * (n + 1) // SCALE_PARTS]


def scale_task(folder, _, task):
    """One account, by its number: three files a part, in the part's folder or all in one."""
    number, into = task
    buckets, parts = shared["model"]
    mapping = replicate.Mapping(number, [ACCOUNTS[0]], buckets)
    account = mapping.map(ACCOUNTS[0])
    for part, (records, items, alarms) in enumerate(parts):
        when = START + (part + 1) * 9 * DAY
        base = folder / into.format(part=part) / f"AWSLogs/{account}"
        for pieces, head, end, below, name in (
                (records, '{"Records":[', "]}", f"CloudTrail/us-east-1/{day_padded(when)}",
                 f"{account}_CloudTrail_us-east-1_{basic_minute(when)}_bench{part:011d}.json.gz"),
                (items, '{"fileVersion":"1.0","configurationItems":[', "]}",
                 f"Config/us-east-1/{day_plain(when)}/ConfigHistory",
                 f"{account}_Config_us-east-1_ConfigHistory_All_{basic(when)}_{part + 1}.json.gz"),
                (alarms, "", "\n", f"CloudWatch/us-east-1/{day_padded(when)}",
                 f"{account}_CloudWatch_us-east-1_AlarmStateChange_{basic(when)}.jsonl.gz")):
            out = list(pieces)
            out[1::2] = [mapping.map(one) for one in pieces[1::2]]
            (base / below).mkdir(parents=True)
            (base / below / name).write_bytes(pack((head + "".join(out) + end).encode(), 1))


def scale_tasks(folder, size, numbers, into):
    shared["model"] = scale_model(min(1, 50 * size))
    run_all(scale_task, folder, [(number, into) for number in numbers])


def scale(folder, size):
    scale_tasks(folder, size, range(max(1, round(1000 * size))), "part-{part:02}")


def more(folder, size):
    accounts = max(1, round(1000 * size))
    scale_tasks(folder, size, range(accounts, accounts + max(1, accounts // 10)), "")


# --- all ---

shared = {}
KINDS = {"tree": tree, "estate": estate, "names": names, "import": demo, "scale": scale,
         "more": more}


def run_all(task, folder, tasks, workers=2):
    """The tasks side by side; each writes files of its own, so their order does not matter."""
    with ProcessPoolExecutor(workers) as pool:  # forked: what is in `shared` is there
        for done in [pool.submit(task, folder, n, one) for n, one in enumerate(tasks)]:
            done.result()


def build(kind, size=1.0, cache=CACHE):
    """The folder of deliveries of a kind, made if it is not there yet."""
    folder = pathlib.Path(cache).resolve() / f"{kind}-{size:g}-v{VERSIONS[kind]}"
    if not folder.exists():
        making = folder.with_name(folder.name + ".making")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        KINDS[kind](making, size)
        os.replace(making, folder)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--size", type=float, default=1.0)
    parser.add_argument("--cache", type=pathlib.Path, default=CACHE)
    args = parser.parse_args()
    print(build(args.kind, args.size, args.cache))


if __name__ == "__main__":
    main()
