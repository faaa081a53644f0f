# SPDX-License-Identifier: Apache-2.0
"""metrics/ of a resource: points of metrics, at the resource that their dimensions mean."""
import calendar
import itertools
import time

from support import ACCOUNT, REGION, REFUSED, Case, history_file, item

HOME = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup/sg-1"
FILE = f"{HOME}/metrics/AWS%2FEC2~Packets.tsv"
AT = calendar.timegm(time.strptime("2024-05-01T10:00:00Z", "%Y-%m-%dT%H:%M:%SZ"))


def metric_data(values, stat="Sum", start=AT, account=ACCOUNT, name="Packets", group="sg-1"):
    """GetMetricData's answer, with what was asked."""
    return {"accountId": account, "awsRegion": REGION, "MetricDataQueries": [
        {"Id": "m0", "MetricStat": {"Stat": stat, "Period": 60, "Metric": {
            "Namespace": "AWS/EC2", "MetricName": name,
            "Dimensions": [{"Name": "GroupId", "Value": group}]}}}],
        "MetricDataResults": [{"Id": "m0", "Label": name, "StatusCode": "Complete",
                               "Timestamps": [start + 60 * n for n in range(len(values))],
                               "Values": values}]}


class Metrics(Case):
    def parts(self):
        return [history_file([item()]), metric_data([1.5, 2, 3]),
                metric_data([7], stat="Maximum", start=AT + 60),
                metric_data([2.25, 4], start=AT + 120)]

    def take_in(self, name, order, together=False):
        self.history = self.folder / name
        files = [self.write(f"{name}-{n}.json", self.parts()[n]) for n in order]
        for one in [files] if together else [[f] for f in files]:
            self.import_(*one)

    def listed(self):
        return {line.split(None, 3)[3]: int(line.split(None, 3)[1]) for line in
                self.run_program("ls", "-lR", self.history, HOME)[0].splitlines()
                if line.startswith("-")}

    def test_what_a_file_says(self):
        self.take_in("h.db", range(4), together=True)
        lines = self.cat(FILE).splitlines()
        self.assertEqual(lines[0], "time\tvalue\tstatistic\tperiod\tdimensions")
        self.assertEqual([line.split("\t") for line in lines[1:]],
                         [[f"2024-05-01T10:0{minute}:00.000Z", value, stat, "60", "GroupId=sg-1"]
                          for minute, value, stat in ((0, "1.5", "Sum"), (1, "7", "Maximum"),
                                                      (1, "2", "Sum"), (2, "2.25", "Sum"),
                                                      (3, "4", "Sum"))])
        for path, size in self.listed().items():
            self.assertEqual(len(self.cat(path).encode()), size, path)
        self.assertEqual(self.status()["metricPoints"], 5)

    def test_whichever_came_first(self):
        """But for a value that was told twice: the later one is what CloudWatch says now."""
        seen = []
        for n, order in enumerate(itertools.permutations(range(3))):
            self.take_in(f"{n}.db", order)
            seen.append((self.cat(FILE), self.listed()))
        for other in seen[1:]:
            self.assertEqual(other, seen[0])

    def test_only_where_it_is_meant(self):
        self.import_(self.write("i.json", history_file([item(), item("sg-2")])),
                     self.write("m.json", metric_data([1], account="210987654321")),
                     self.write("n.json", metric_data([1], name="../x", group="sg-2")))
        names = self.run_program("ls", "-R", self.history, "resources")[0].splitlines()
        self.assertEqual([name.rpartition("/")[2] for name in names if "metrics/" in name],
                         ["AWS%2FEC2~..%2Fx.tsv"])

    def test_what_is_refused(self):
        bad = metric_data([1, 2])
        bad["MetricDataResults"][0]["Values"] = [1]
        _, err = self.import_(self.write("b.json", bad), status=REFUSED)
        self.assertIn("Timestamps", err)
        self.assertEqual(self.refusals()[0][2], "Timestamps")
