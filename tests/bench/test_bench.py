#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench at its smallest: all rows are there, filled or with a reason, and the JSON is valid.

usage: test_bench.py DRIFTFS_BUILD

Nothing here looks at a time. Data is made twice, to see that equal arguments give equal bytes.
"""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import compare  # noqa: E402
import data  # noqa: E402
import run as bench_run  # noqa: E402
from rows import scale  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else None
SIZE = "0.002"


def digest(folder):
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


class Data(unittest.TestCase):
    def test_equal_bytes(self):
        for kind in ("tree", "names"):
            with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
                self.assertEqual(digest(data.build(kind, 0.001, one)),
                                 digest(data.build(kind, 0.001, two)), kind)

    def test_more_are_others(self):
        with tempfile.TemporaryDirectory() as cache:
            there = {p.name for p in data.build("scale", 0.002, cache).glob("part-*/AWSLogs/*")}
            new = {p.name for p in data.build("more", 0.002, cache).glob("AWSLogs/*")}
        self.assertEqual((len(there), len(new)), (2, 1))
        self.assertFalse(there & new)

    def test_made_once(self):
        with tempfile.TemporaryDirectory() as cache:
            folder = data.build("names", 0.001, cache)
            mark = next(p for p in folder.rglob("*") if p.is_file())
            before = mark.stat().st_mtime_ns
            self.assertEqual(data.build("names", 0.001, cache), folder)
            self.assertEqual(mark.stat().st_mtime_ns, before)


class Run(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name) / "results.json"
        cls.done = subprocess.run(
            [sys.executable, HERE / "run.py", "--build", BUILD, "--cache", cls.folder.name, "--size",
             SIZE, "--runs", "1", "--clients", "3", "--seconds", "1", "--no-yardsticks", "--quiet",
             "--json", cls.path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_every_row(self):
        told = json.loads(self.path.read_text())
        expected = [row.name for module in bench_run.TABLES.values() for row in module.ROWS]
        self.assertEqual([row["name"] for row in told["rows"]], expected)
        self.assertEqual(len(set(expected)), len(expected))
        fuse = pathlib.Path("/dev/fuse").exists()
        for row in told["rows"]:
            if row["failed"].startswith("skipped"):
                continue
            if row["failed"]:
                self.assertFalse(fuse, f"{row['name']}: {row['failed']}\n{self.done.stderr}")
            elif row["yardstick"] not in ("DuckDB", "jq"):
                self.assertIsNotNone(row["measure"], row["name"])
                self.assertTrue(row["values"]["driftfs"], row["name"])

    def test_tables(self):
        for module in bench_run.TABLES.values():
            self.assertIn(module.TITLE, self.done.stdout)

    def test_machine(self):
        facts = json.loads(self.path.read_text())["machine"]
        for name in ("cores", "kernel", "load", "driftfs", "commit", "binary"):
            self.assertTrue(facts[name], name)

    def test_compare_with_itself(self):
        done = subprocess.run([sys.executable, HERE / "compare.py", self.path, self.path],
                              stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("0 better, 0 worse, 0 failed", done.stdout)


class Compare(unittest.TestCase):
    @staticmethod
    def row(measure, spread, better="less"):
        return {"measure": measure, "spread": spread, "better": better}

    def test_verdicts(self):
        row = self.row
        self.assertEqual(compare.verdict(row(2, (1, 3)), row(2.5, (2, 4))), "")
        self.assertEqual(compare.verdict(row(2, (1, 3)), row(5, (4, 6))), "worse")
        self.assertEqual(compare.verdict(row(5, (4, 6)), row(2, (1, 3))), "better")
        self.assertEqual(compare.verdict(row(2, (1, 3), "more"), row(5, (4, 6), "more")), "better")
        self.assertEqual(compare.verdict(row(100, None), row(105, None)), "")
        self.assertEqual(compare.verdict(row(100, None), row(120, None)), "worse")
        self.assertEqual(compare.verdict(row(2, (1, 3)), row(None, None)), "failed")


class Scale(unittest.TestCase):
    def test_reached(self):
        samples = [(4, 100), (8, 300), (12, 300)]
        self.assertEqual(scale.reached(samples, 50), 2)
        self.assertEqual(scale.reached(samples, 200), 6)
        self.assertEqual(scale.reached(samples, 300), 8)
        with self.assertRaises(RuntimeError):
            scale.reached(samples, 301)


class Names(unittest.TestCase):
    def test_choice(self):
        self.assertEqual(list(bench_run.chosen(["space"])), ["space"])
        self.assertEqual(list(bench_run.chosen(["find-*"])["reading"]), ["find-again", "find-fresh"])
        with self.assertRaises(SystemExit):
            bench_run.chosen(["no-such-row"])


if __name__ == "__main__":
    unittest.main()
