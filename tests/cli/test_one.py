# SPDX-License-Identifier: Apache-2.0
"""One resource of very many states and calls: in little memory, and the same in any order."""
import contextlib
import importlib.util
import json
import os
import pathlib
import sqlite3
import subprocess

from support import DONE, FAILED, REFUSED, Case, driftfs, dump, history_file, item, sanitized

MEMORY = 120 << 20
# More than is kept of either at one time: it is read again, and what was read before is gone.
STATES, STATE_BYTES, CALLS = 400, 24000, 2400


def generate(*args):
    path = pathlib.Path(__file__).resolve().parents[1] / "bench" / "one.py"
    spec = importlib.util.spec_from_file_location("one", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.generate(*args)


# So much that of such states but a few are kept while a story is made.
LARGE = {"rules": [{"cidr": f"10.0.{n}.0", "port": n} for n in range(8000)]}


class One(Case):
    def test_large_states_of_one_moment(self):
        """Read for their order first, and again from the first on: it is the oldest by then."""
        twins = [item(configuration=LARGE, configurationStateId=1000 + n, tags={"n": str(n)})
                 for n in range(8)]
        self.write("twins.json", history_file(twins[::-1]))
        self.import_("twins.json")
        changes = [json.loads(line)["changedProperties"] for line in self.cat(
            "/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1/changes.jsonl"
        ).splitlines()]
        self.assertEqual([{key: value["updatedValue"] for key, value in change.items()}
                          for change in changes],
                         [{}] + [{"/tags/n": str(n)} for n in range(1, 8)])

    def test_large_states_that_repeat(self):
        """What was told before all that only repeats it is there when something is new."""
        first, last = ([{"name": "Is attached to", "resourceType": "AWS::IAM::Policy",
                         "resourceId": n}] for n in ("P1", "P2"))
        repeated = [item("AROA1", f"2024-05-01T10:15:{n:02}.000Z", "AWS::IAM::Role",
                         configuration=LARGE, awsRegion="global", resourceName="app",
                         relationships=first, configurationStateId=100 + n) for n in range(20)]
        new = dict(repeated[-1], configurationItemCaptureTime="2024-05-01T10:16:00.000Z",
                   relationships=last, configurationStateId=200)
        self.write("role.json", history_file(repeated + [new]))
        self.import_("role.json")
        changes = [json.loads(line) for line in self.cat(
            "/resources/123456789012/global/AWS/IAM/Role/AROA1/changes.jsonl").splitlines()]
        self.assertEqual([c["changeType"] for c in changes], ["CREATE", "UPDATE"])
        self.assertEqual(list(changes[1]["changedProperties"]), ["/relationships/0/resourceId"])

    def test_in_little_memory(self):
        if sanitized():
            self.skipTest("a sanitizer's own memory would be measured")
        generate(self.folder / "in", 3000, 9000, 3000)
        with subprocess.Popen([driftfs(), "import", "--quiet", "--jobs=2", self.history,
                               self.folder / "in"], stdout=subprocess.DEVNULL) as p:
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
        print(f"{usage.ru_maxrss / 1024:.0f} MiB", flush=True)
        self.assertEqual(p.returncode, DONE)
        # With all of it at hand it took some 450 MiB.
        self.assertLess(usage.ru_maxrss * 1024, MEMORY)

    def test_a_damaged_state(self):
        """Met in the middle of a story: it says whose that is, and what was made before is kept."""
        states = [item("sg-1", f"2024-05-01T10:{n:02}:00.000Z", configuration={"n": n},
                       configurationStateId=n) for n in range(20)]
        self.write("old.json", history_file(states[:-1]))
        self.write("new.json", history_file(states[-1:]))
        self.import_("old.json")
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            packs = db.execute("""UPDATE state_pack
                                  SET bytes = substr(bytes, 1, length(bytes) - 1) WHERE id & 15 = 1
                                  AND id = (SELECT min(id) FROM state_pack)""")
            self.assertEqual(packs.rowcount, 1)
        for _ in range(2):
            _, err = self.run_program("import", self.history, "new.json", status=FAILED)
            self.assertIn("making the story of AWS::EC2::SecurityGroup sg-1 of 123456789012, "
                          "us-east-1: pack of states 1048577 cannot be decoded", err)
        self.assert_totals(items=20)
        self.assertIn("2024-05-01T100000.000Z.json",
                      self.ls("/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1"))

    def test_a_damaged_list_of_states(self):
        """One run of several: what is not in it can be read, and a new state says what is wrong."""
        states = [item("sg-1", f"2024-05-01T{10 + n // 60}:{n % 60:02}:00.000Z",
                       configuration={"n": n}, configurationStateId=n) for n in range(80)]
        self.write("old.json", history_file(states[:-1]))
        self.write("new.json", history_file(states[-1:]))
        self.import_("old.json")
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            runs = db.execute("""UPDATE shown_run SET states = substr(states, 1, length(states) - 1)
                                 WHERE first_ms = (SELECT min(first_ms) FROM shown_run)""")
            self.assertEqual(runs.rowcount, 1)
        folder = "/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup/sg-1/"
        self.assertIn('"n": 78', self.cat(folder + "2024-05-01T111800.000Z.json"))
        _, err = self.run_program("import", self.history, "new.json", status=FAILED)
        self.assertIn("the list of states of resource 1 cannot be decoded", err)
        _, err = self.run_program("ls", self.history, folder, status=FAILED)
        self.assertIn("Input/output error", err)
        self.assert_totals(items=80)

    def test_a_damaged_list_of_states_in_a_folder(self):
        """At a moment the others of the folder are there, and it is named; an import refuses what
        belongs in the list, keeps its bytes, and takes the rest in."""
        one, two = item("sg-1"), item("sg-2")
        later = item("sg-1", "2024-05-01T11:00:00.000Z", configurationStateId=2)
        self.write("old.json", history_file([one, two]))
        self.write("new.json", history_file([later, item("sg-3", later[
            "configurationItemCaptureTime"])]))
        self.import_("old.json")
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            runs = db.execute("UPDATE shown_run SET states = x'ff' WHERE resource = 1")
            self.assertEqual(runs.rowcount, 1)
        out, err = self.import_("new.json", status=REFUSED)
        self.assertRegex(out, "^1 item of 1 resource in 1 file, 1 refused$")
        reason = "the list of states of resource 1 cannot be decoded"
        self.assertIn(reason, err)
        self.assertEqual([(source, field, why) for source, _, field, why in self.refusals()],
                         [("new.json", "", reason)])
        self.assert_totals(items=3, refused=1)
        kept, = self.query("SELECT bytes_len FROM refusal")
        self.assertGreater(kept[0], 100)
        folder = "/at/now/123456789012/us-east-1/AWS/EC2/SecurityGroup"
        self.assertEqual(self.ls(folder), ["sg-1.json", "sg-2.json", "sg-3.json"])
        self.assertIn('"sg-3"', self.cat(folder + "/sg-3.json"))
        _, err = self.run_program("cat", self.history, folder + "/sg-1.json", status=FAILED)
        self.assertIn("sg-1.json: Input/output error", err)

    def test_ls_goes_on_behind_damage(self):
        """What cannot be looked at is told of, and listed as far as it is known, as ls does it."""
        self.write("old.json", history_file([item("sg-1"), item("sg-2"), item(
            "vpc-1", type_="AWS::EC2::VPC")]))
        self.import_("old.json")
        region = "/at/now/123456789012/us-east-1"
        ls = ("ls", "-lR", self.history, region, "/nowhere", "/at/README")
        whole = self.run_program(*ls, status=FAILED)[0].splitlines()
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            db.execute("UPDATE shown_run SET states = x'ff' WHERE resource = 1")
        out, err = self.run_program(*ls, status=FAILED)
        lost = [f"{region}/{name}" for name in (
            "inventory.csv", "inventory.jsonl", "snapshot.json",
            "AWS/EC2/SecurityGroup/sg-1.json")]
        self.assertEqual(sorted(err.splitlines()), sorted(
            [f"driftfs: {path}: Input/output error" for path in lost] +
            ["driftfs: /nowhere: no such file or directory in the history"]))
        expected = [line if line.split(None, 3)[3] not in lost else
                    f"- {'?':>10} {'?':>24} {line.split(None, 3)[3]}" for line in whole]
        self.assertEqual(out.splitlines(), expected)
        self.assertIn("/at/README", expected[-1])
        self.assertTrue(any(line.endswith("VPC/vpc-1.json") for line in expected))
        # Where all else is there, names are not looked at; a folder that cannot be listed is told of.
        self.assertEqual(self.ls(region + "/AWS/EC2/SecurityGroup"), ["sg-1.json", "sg-2.json"])
        folder = "/resources/123456789012/us-east-1/AWS/EC2/SecurityGroup"
        out, err = self.run_program("ls", "-R", self.history, folder, status=FAILED)
        self.assertEqual(err, f"driftfs: {folder}/sg-1: Input/output error\n")
        self.assertIn(f"{folder}/sg-2/changes\n", out)

    def test_a_damaged_list_of_relationships(self):
        """Who reads it is told, and what else the region has is listed; an import that comes to
        need it makes it anew, as it was, and says that it did."""
        self.write("old.json", history_file([item("sg-1", relationships=[
            {"name": "Is contained in Vpc", "resourceType": "AWS::EC2::VPC",
             "resourceId": f"vpc-{n}"} for n in range(40)])] + [
                 item("vpc-2", type_="AWS::EC2::VPC")]))
        self.write("new.json", history_file([item("vpc-1", type_="AWS::EC2::VPC")]))
        self.import_("old.json")
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            self.assertEqual(db.execute("UPDATE edge_run SET edges = x'ff' WHERE first > 0")
                             .rowcount, 1)
        region = "/at/now/123456789012/us-east-1"
        self.assertIn("relationships.tsv", self.ls(region))
        self.assertIn("sg-1", self.cat(region + "/inventory.csv"))
        _, err = self.run_program("cat", self.history, region + "/relationships.tsv",
                                  status=FAILED)
        self.assertIn("Input/output error", err)
        self.assertNotIn("lists remade", self.run_program("status", self.history)[0])
        self.import_("new.json")
        self.assert_totals(items=3, listsRemade=1)
        self.assertRegex(self.run_program("status", self.history)[0], "\nlists remade +1\n")
        damaged = dump(self.history)
        self.history.unlink()
        self.import_("old.json")
        self.import_("new.json")
        whole = dump(self.history)
        damaged["counter"].remove((b"remade", 1))
        for table in whole:
            self.assertEqual(damaged[table], whole[table], table)

    def assert_the_same_in_any_order(self):
        self.import_(self.folder / "in")
        whole = dump(self.history)
        for backwards in (False, True):
            self.history.unlink()
            for file in sorted((self.folder / "in").iterdir(), reverse=backwards):
                self.import_(file)
            parts = dump(self.history)
            for table in ("shown", "view", "entry", "cause", "name", "edge", "timeline",
                          "activity"):
                self.assertEqual(parts[table], whole[table], table)
        return whole

    def test_in_any_order(self):
        generate(self.folder / "in", STATES, STATE_BYTES, CALLS)
        self.assert_the_same_in_any_order()
        causes = self.query("SELECT count(DISTINCT time_ms) FROM cause")[0][0]
        self.assertGreater(causes, STATES // 2)

    def test_calls_between_two_states_in_any_order(self):
        generate(self.folder / "in", 20, 2000, CALLS, "between")
        self.assertTrue(self.assert_the_same_in_any_order()["cause"])

    def test_calls_behind_the_last_state_in_any_order(self):
        generate(self.folder / "in", 20, 2000, CALLS, "behind")
        whole = self.assert_the_same_in_any_order()
        self.assertEqual(whole["cause"], [])
        # Each stands at its own time, an attempt or an activity.
        self.assertEqual(len(whole["entry"]), CALLS)
