# SPDX-License-Identifier: Apache-2.0
"""What status says of a history."""
import json

from support import (ACCOUNT, FAILED, REFUSED, REGION, USAGE, Case, alarm, event, history_file, item,
                     trail_file)


class Status(Case):
    def setUp(self):
        super().setUp()
        self.write("in/1.json", history_file([
            item("sg-1", time="2024-05-01T10:00:00.000Z"),
            item("sg-1", time="2024-05-03T10:00:00.000Z", configuration={"n": 1}),
            item("b", type_="AWS::S3::Bucket", awsAccountId="210987654321")]))
        self.write("in/2.json", trail_file([event(1), event(2, time="2024-05-02T00:00:00Z")]))
        self.write("in/3.json", alarm())
        self.write("in/4.json", b"")
        self.write("in/5.json", trail_file([event(n, eventTime="never") for n in range(10, 25)]))
        self.import_("in", status=REFUSED)

    def test_for_people(self):
        out, err = self.run_program("status", self.history)
        self.assertEqual(err, "")
        lines = out.splitlines()
        self.assertTrue(all(line == line.rstrip() for line in lines))
        fields = [line.split() for line in lines]
        self.assertIn(["resources", "2"], fields)
        self.assertIn(["items", "3", "2024-05-01T10:00:00.000Z", "to",
                       "2024-05-03T10:00:00.000Z"], fields)
        self.assertIn(["events", "2", "2024-05-01T10:14:00.000Z", "to",
                       "2024-05-02T00:00:00.000Z"], fields)
        self.assertIn(["item", ACCOUNT, REGION, "AWS::EC2::SecurityGroup", "2", "1",
                       "2024-05-01T10:00:00.000Z", "2024-05-03T10:00:00.000Z"], fields)
        # The columns of the table begin at one place each.
        head = next(line for line in lines if line.startswith("what"))
        rows = lines[lines.index(head) + 1:lines.index("gaps")]
        for row in filter(None, rows):
            for column in ("account", "region", "first", "last"):
                at = head.index(column)
                self.assertEqual(row[at - 1], " ", row)
                self.assertNotEqual(row[at], " ", row)
        self.assertIn("... --refused lists all", lines)

    def test_for_programs(self):
        status = self.status()
        self.assertEqual(
            {k: status[k] for k in ("resources", "items", "states", "events", "transitions",
                                    "sources", "notices", "refused")},
            {"resources": 2, "items": 3, "states": 3, "events": 2, "transitions": 1,
             "sources": 5, "notices": 1, "refused": 15})
        self.assertEqual(status["itemFirst"], "2024-05-01T10:00:00.000Z")
        self.assertGreater(status["bytes"], 4096)
        bucket, = [t for t in status["tallies"] if t["type"] == "AWS::S3::Bucket"]
        self.assertEqual(bucket, {
            "what": "item", "account": "210987654321", "region": REGION,
            "type": "AWS::S3::Bucket", "count": 1, "resources": 1,
            "first": "2024-05-01T10:15:00.123Z", "last": "2024-05-01T10:15:00.123Z"})
        self.assertEqual(len(status["refusals"]), 10)

    def test_all_refusals(self):
        lines = self.run_program("status", "--refused", self.history)[0].splitlines()
        self.assertEqual(len(lines), 15)
        for line in lines:
            self.assertRegex(line, r"^/.*/in/5\.json:\d+: eventTime: not a time \([\d,]+ bytes\)$")
        self.assertEqual(len(self.status("--refused")["refusals"]), 15)

    def test_what_is_no_history(self):
        self.assertIn("driftfs: none.db: ",
                      self.run_program("status", "none.db", status=FAILED)[1])
        self.write("text", b"a text")
        err = self.run_program("status", "text", status=FAILED)[1]
        self.assertIn("not a driftfs history", err)
        self.assertEqual((self.folder / "text").read_bytes(), b"a text")
        for args in ([], ["a", "b"], ["--what", "a"]):
            self.run_program("status", *args, status=USAGE)

    def test_an_empty_history(self):
        self.history = self.folder / "empty.db"
        self.write("nothing", b"")
        self.import_("nothing")
        status = self.status()
        self.assertEqual((status["items"], status["itemFirst"], status["tallies"]), (0, None, []))
        self.run_program("status", self.history)

    def test_what_is_empty_is_as_new_as_the_history(self):
        def times(path):
            return {line.split()[3]: line.split()[2]
                    for line in self.run_program("ls", "-l", self.history, path)[0].splitlines()}

        for name, document, newest in (
                ("items", history_file([item("sg-1")]), "2024-05-01T10:15:00.123Z"),
                ("events", trail_file([event(1)]), "2024-05-01T10:14:00.000Z"),
                ("nothing", b"", None)):
            self.history = self.folder / f"{name}.db"
            self.write(name, document)
            self.import_(name)
            top = times("/")
            for path, time in (top | times("activity") | times("at")).items():
                if path != "status":
                    self.assertEqual(time, newest or top["status"], (name, path))

    def test_data_cannot_drive_a_terminal(self):
        evil = "AWS::\u001b]0;evil\u0007::X"
        self.write("evil.json", history_file([item("x", type_=evil, awsRegion="us\u001b[2J")]))
        self.import_("evil.json")
        out = self.run_program("status", self.history)[0]
        self.assertNotIn("\u001b", out)
        self.assertNotIn("\u0007", out)
        self.assertIn(evil, [t["type"] for t in self.status()["tallies"]])
        json.dumps(self.status())
