# SPDX-License-Identifier: Apache-2.0
"""status/: the ledger, the refusals and the churn, against a reckoning over the files themselves."""
import collections
import gzip
import json
import pathlib
import subprocess
import sys

from support import (ACCOUNT, REFUSED, REGION, Case, alarm, event, history_file, item, trail_file)

DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo_history"


def rows(text):
    head, *lines = [line.split("\t") for line in text.split("\n")[:-1]]
    return [dict(zip(head, line, strict=True)) for line in lines]


def items_of(folder):
    """Every distinct item of the delivered files: one for account, region, type, id, time, state."""
    found = {}
    for path in folder.rglob("*.json.gz"):
        data = json.loads(gzip.decompress(path.read_bytes()))
        if not isinstance(data, dict):
            continue
        for i in data.get("configurationItems") or (
                [data["configurationItem"]] if data.get("configurationItem") else []):
            key = (i["awsAccountId"], i["awsRegion"], i["resourceType"], i["resourceId"],
                   i["configurationItemCaptureTime"], str(i["configurationStateId"]))
            found[key] = i
    return found


class Ledger(Case):
    def test_imports(self):
        self.write("in/1.json", history_file([item(), item("sg-2")]))
        self.write("in/2.json.gz", trail_file([event(1), event(2), event(2)]))
        self.write("in/3.json", alarm())
        self.write("in/4\tx.json", b"")
        self.write("in/5.json", trail_file([event(n, eventTime="never") for n in range(10, 25)]))
        self.import_("in", status=REFUSED)
        table = {r["source"].rpartition("/")[2]: r for r in rows(self.cat("status/imports.tsv"))}
        counts = ("items", "events", "transitions", "duplicates", "notices", "refused")
        self.assertEqual({name: [int(r[c]) for c in counts] for name, r in table.items()}, {
            "1.json": [2, 0, 0, 0, 0, 0], "2.json.gz": [0, 2, 0, 1, 0, 0],
            "3.json": [0, 0, 1, 0, 0, 0], "4\\u0009x.json": [0, 0, 0, 0, 1, 0],
            "5.json": [0, 0, 0, 0, 0, 15]})
        for name in ("1.json", "2.json.gz"):
            self.assertEqual(int(table[name]["bytes"]), (self.folder / "in" / name).stat().st_size)
            self.assertRegex(table[name]["finished"], r"^2\d{3}-.*Z$")
        # Again with one file changed: its line, and no other.
        self.write("in/1.json", history_file([item(), item("sg-3")]))
        self.import_("in")
        again = {r["source"].rpartition("/")[2]: r for r in rows(self.cat("status/imports.tsv"))}
        self.assertEqual({n for n in table if table[n] != again[n]}, {"1.json"})
        self.assertEqual([again["1.json"][c] for c in counts], ["3", "0", "0", "1", "0", "0"])
        self.assert_sizes()

    def assert_sizes(self):
        """What a listing says is what is read."""
        for line in self.run_program("ls", "-lR", self.history, "status")[0].splitlines():
            kind, size, _, path = line.split(None, 3)
            if kind == "-":
                data = subprocess.run([self.program(), "cat", str(self.history), path],
                                      capture_output=True, check=True).stdout
                self.assertEqual(len(data), int(size), path)

    def program(self):
        import os
        return os.environ["DRIFTFS"]

    def test_refused(self):
        self.write("a/b c.json", b'{"Records":[{"eventTime":"x"},5]}')
        self.write("note$(x).txt", b"hello\x1b[2J")
        self.import_(".", status=REFUSED)
        table = rows(self.cat("status/refused.tsv"))
        self.assertEqual([r["source"].rpartition("/")[2] for r in table].count("b c.json"), 2)
        self.assertEqual(sorted(r["file"] for r in table), sorted(
            name.rpartition("/")[2] for name in self.ls("status/refused")))
        for r in table:
            kept = subprocess.run([self.program(), "cat", str(self.history),
                                   "status/refused/" + r["file"]],
                                  capture_output=True, check=True).stdout
            data = (self.folder / r["source"]).read_bytes()
            at = int(r["offset"])
            self.assertEqual(kept, data[at:at + int(r["length"])])
            self.assertEqual(int(r["kept"]), len(kept))
            self.assertRegex(r["file"], r"^\d{6}-[A-Za-z0-9_.]+\+\d+$")
        self.assert_sizes()
        # When the file is sound, its refusals go.
        self.write("a/b c.json", trail_file([event(1)]))
        self.write("note$(x).txt", trail_file([event(2)]))
        self.import_(".")
        self.assertEqual(rows(self.cat("status/refused.tsv")), [])
        self.assertEqual(self.ls("status/refused"), [])

    def test_churn(self):
        delivered = self.folder / "in"
        subprocess.run([sys.executable, DEMO, "--out", delivered, "--items", "500", "--events",
                        "1500", "--months", "0.6"], check=True)
        self.import_("in")
        items = items_of(delivered)
        types = collections.Counter(key[:3] for key in items)
        resources = collections.Counter(key[:4] for key in items)
        table = rows(self.cat("status/churn.tsv"))
        key = ("accountId", "awsRegion", "resourceType", "resourceId")
        got = {r["what"]: {} for r in table}
        for r in table:
            self.assertEqual(r["share"], f"{100 * int(r['items']) / len(items):.2f}%")
            name = tuple(r[k] for k in key)
            got[r["what"]][name if r["what"] == "resource" else name[:3]] = int(r["items"])
        self.assertEqual(got, {"type": dict(types), "resource": dict(resources)})
        for what in got:
            order = [(-int(r["items"]), *(r[k] for k in key)) for r in table if r["what"] == what]
            self.assertEqual(order, sorted(order))
        self.assert_sizes()

    def test_churn_shows_the_busiest(self):
        self.write("1.json", history_file(
            [item(f"sg-{n:03}") for n in range(150)] +
            [item("sg-149", time=f"2024-05-02T10:00:{n:02}.000Z") for n in range(9)]))
        self.import_("1.json")
        table = rows(self.cat("status/churn.tsv"))
        self.assertEqual([r["items"] for r in table[:3]], ["159", "10", "1"])
        self.assertEqual(table[0]["resources"], "150")
        self.assertEqual([r["resourceId"] for r in table],
                         ["", "sg-149"] + [f"sg-{n:03}" for n in range(99)])
        self.assertEqual({(r["accountId"], r["awsRegion"]) for r in table}, {(ACCOUNT, REGION)})
