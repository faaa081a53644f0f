#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the causes that driftfs finds against what the demo generator knows.

usage: score.py DRIFTFS GENERATOR [--seeds 1,2,3] [--lags short,real,long,daily] [--min 0.97]
                [--min-others 0.95] [--misses N] [--items N] [--without EVIDENCE]

For each seed and lag a history is generated and imported, every changes.jsonl is read through
`driftfs cat`, and the causes of each change are compared with the truth:

  precision = causes found that are true / causes found
  recall    = true causes found / true causes

A cause is an event that modified the resource (DESIGN, section 5). Where an effect shows again
later ("late"), or where something else was modified and shows here only through a relationship,
a count of free addresses or an evaluation ("related"), finding the event or not is neither right
nor wrong for these figures; the second pair of figures counts related ones like any other.
What stands beside the changes is scored, too: attempts and activity (calls that have the resource
as their object and show in no change), for resources that are in the history at all. A call of
which the truth says that its record does not name the resource, or that it changed another one and
may show here, is neither right nor wrong.
Exits 1 when any of the four figures of any run is below --min, or any of those of attempts and
activity below --min-others. With --without the import does not
look at that piece of evidence ("each": one after the other, all that changes.jsonl can name).
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile


def truth_of(path):
    changes, others = {}, {"attempt": set(), "activity": set(), "neither": set()}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if "captureTime" in row:
            if "copyOf" in row:
                continue
            key = (row["account"], row["region"], row["type"], row["id"], row["captureTime"])
            changes[key] = row
            may = row.get("relatedCauses", []) + row.get("late", [])
            others["neither"].update((event, key[:4])
                                     for event in may + (row["causes"] if "related" in row else []))
        for kind in ("attempt", "activity"):
            if kind in row:
                others["neither" if "unnamed" in row else kind].add(
                    (row[kind], tuple(row["resource"])))
    return changes, others


def paths_of(driftfs, history):
    out = subprocess.run([driftfs, "ls", "-R", history, "resources"], check=True,
                         capture_output=True).stdout.decode()
    return [line for line in out.splitlines() if line.endswith("/changes.jsonl")]


def found_in(driftfs, history):
    paths = paths_of(driftfs, history)
    for start in range(0, len(paths), 200):
        out = subprocess.run([driftfs, "cat", history, *paths[start:start + 200]], check=True,
                             capture_output=True).stdout
        for line in out.splitlines():
            yield json.loads(line)


class Score:
    def __init__(self):
        self.right = self.wrong = self.missed = 0
        self.related_right = self.related_missed = 0
        self.by_type = collections.Counter()
        self.examples = []

    def add(self, key, truth, found):
        must = set(truth["causes"])
        may = must | set(truth.get("relatedCauses", [])) | set(truth.get("late", []))
        if truth.get("related"):
            self.related_right += len(found & must)
            self.related_missed += len(must - found)
            must = set()
        self.right += len(found & must)
        self.wrong += len(found - may)
        self.missed += len(must - found)
        for event in found - may:
            self.by_type["wrong " + key[2]] += 1
            self.examples.append(("wrong", key, event))
        for event in must - found:
            self.by_type["missed " + key[2]] += 1
            self.examples.append(("missed", key, event))

    def precision(self):
        return self.right / max(1, self.right + self.wrong)

    def recall(self):
        return self.right / max(1, self.right + self.missed)

    def with_related(self):
        right = self.right + self.related_right
        return (right / max(1, right + self.wrong),
                right / max(1, right + self.missed + self.related_missed))


def run(args, seed, lag):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        truth_file = folder / "truth.jsonl"
        subprocess.run([args.generator, "--out", folder / "data", "--seed", str(seed), "--lag", lag,
                        "--items", str(args.items), "--truth", truth_file], check=True,
                       stdout=subprocess.DEVNULL)
        history = folder / "history.db"
        without = [f"--without-evidence={args.without}"] if args.without else []
        subprocess.run([args.driftfs, "import", "--quiet", *without, history, folder / "data"], check=True,
                       stdout=subprocess.DEVNULL)
        truth, others = truth_of(truth_file)
        score, seen = Score(), set()
        kinds, known = collections.Counter(), set()
        standing = {"attempt": set(), "activity": set()}
        for row in found_in(args.driftfs, history):
            resource = tuple(row[name] for name in ("accountId", "awsRegion", "resourceType",
                                                    "resourceId"))
            known.add(resource)
            if row["kind"] != "change":
                if row["kind"] in standing:
                    standing[row["kind"]].add((row["eventID"], resource))
                continue
            key = (*resource, row["time"])
            if key not in truth:
                kinds["change not in the truth"] += 1
                continue
            seen.add(key)
            score.add(key, truth[key], {c["eventID"] for c in row["causes"]})
        for key in truth.keys() - seen:
            score.add(key, truth[key], set())
            kinds["state not found"] += 1
        beside = {}
        for kind, found in standing.items():
            true = {one for one in others[kind] if one[1] in known}
            found -= others["neither"]
            beside[kind] = (len(found & true), len(found - true), len(true - found))
        return score, kinds, beside


EVIDENCE = ("request-id", "request-name", "response-id", "resources", "owned-id", "parent",
            "relation", "service", "noun", "verb", "value")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driftfs")
    parser.add_argument("generator")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--lags", default="short,real,long")
    parser.add_argument("--items", type=int, default=3000)
    parser.add_argument("--min", type=float, default=0.97)
    parser.add_argument("--min-others", type=float, default=0.95)
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--without")
    args = parser.parse_args()
    bad = 0
    for args.without in EVIDENCE if args.without == "each" else [args.without]:
        if args.without:
            print(f"without {args.without}:")
        bad += score_all(args)
    return 1 if bad else 0


def score_all(args):
    bad = 0
    for lag in args.lags.split(","):
        for seed in args.seeds.split(","):
            score, kinds, beside = run(args, int(seed), lag)
            print(f"lag {lag:5} seed {seed:>3}: precision {score.precision():.4f} "
                  f"recall {score.recall():.4f} of {score.right + score.missed} causes"
                  "; with related ones {:.4f}, {:.4f}".format(*score.with_related()), flush=True)
            for kind, (right, wrong, missed) in beside.items():
                precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
                print(f"    {kind}: precision {precision:.4f} recall {recall:.4f} of "
                      f"{right + missed}", flush=True)
                if min(precision, recall) < args.min_others and not args.without:
                    bad += 1
            if args.misses:
                print("   ", dict(sorted(kinds.items())))
                print("   ", score.by_type.most_common(20))
                for example in score.examples[:args.misses]:
                    print("   ", *example)
            bad += min(score.precision(), score.recall(), *score.with_related()) < args.min
    return bad


if __name__ == "__main__":
    sys.exit(main())
