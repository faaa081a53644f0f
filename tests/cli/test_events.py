# SPDX-License-Identifier: Apache-2.0
"""Which CloudTrail records are taken in: --events=write, the default, and --events=all."""
from support import Case, USAGE, event, trail_file


def read(number, name="DescribeInstances", **more):
    return event(number, name, readOnly=True, requestParameters=None, **more)


def assume(number):
    return event(number, "AssumeRole", readOnly=True, eventSource="sts.amazonaws.com",
                 responseElements={"credentials": {"accessKeyId": "ASIAEXAMPLEEXAMPLE00"}})


class Events(Case):
    def setUp(self):
        super().setUp()
        self.write("mixed.json", trail_file([
            event(1), read(2), read(3), read(4, "ListBuckets", eventSource="s3.amazonaws.com"),
            assume(5), read(6, errorCode="AccessDenied"), event(7, errorCode="AccessDenied"),
            read(8, time="2024-05-03T00:00:00Z")]))
        self.write("writes.json", trail_file([event(9)]))

    def skipped(self):
        return sorted((c["eventSource"], c["eventName"], c["count"])
                      for c in self.status()["skippedCalls"])

    def test_reads_are_skipped_and_counted(self):
        line, _ = self.import_("mixed.json", "writes.json")
        self.assertEqual(line, "5 events in 2 files, 4 read-only calls skipped, 0 refused")
        self.assert_totals(events=5, skipped=4, notices=0)
        self.assertEqual(self.skipped(), [("ec2.amazonaws.com", "DescribeInstances", 3),
                                          ("s3.amazonaws.com", "ListBuckets", 1)])
        out, _ = self.run_program("status", "--skipped", self.history)
        self.assertEqual(sorted(" ".join(row.split()) for row in out.splitlines()),
                         ["1 s3.amazonaws.com ListBuckets",
                          "3 ec2.amazonaws.com DescribeInstances"])
        self.assertEqual(self.import_("mixed.json", "writes.json")[0],
                         "nothing new, 2 files unchanged, 0 refused")

    def test_all_takes_in_what_was_skipped(self):
        self.import_("mixed.json", "writes.json")
        line, _ = self.import_("mixed.json", "writes.json", options=["--events=all"])
        self.assertEqual(line, "4 events in 1 file, 4 already known, 1 file unchanged, 0 refused")
        self.assert_totals(events=9, skipped=0)
        self.assertEqual(self.skipped(), [])
        # What is done with all is done without.
        for more in ((), ("--events=write",), ("--events=all",)):
            self.assertEqual(self.import_("mixed.json", "writes.json", options=more)[0],
                             "nothing new, 2 files unchanged, 0 refused")

    def test_a_file_that_grew_counts_anew(self):
        self.import_("mixed.json")
        self.write("mixed.json", trail_file([read(n) for n in range(10, 17)]))
        self.import_("mixed.json")
        self.assert_totals(events=4, skipped=7)
        self.assertEqual(self.skipped(), [("ec2.amazonaws.com", "DescribeInstances", 7)])

    def test_the_trail_reaches_to_what_was_skipped(self):
        """Else a change would be said to lie outside of it, as long as reads are skipped."""
        self.import_("mixed.json")
        rows = self.query("SELECT first_ms, last_ms FROM trail")
        self.assertEqual(rows, [(1714558440000, 1714694400000)])

    def test_wrong_usage(self):
        self.run_program("import", "--events=reads", self.history, "mixed.json", status=USAGE)

    def test_all_at_once(self):
        self.import_("mixed.json", options=["--events=all"])
        self.assert_totals(events=8, skipped=0)
