# SPDX-License-Identifier: Apache-2.0
"""alarms/: every transition a file, with what happened in the hour before it."""
import contextlib
import datetime
import json
import sqlite3

from support import ACCOUNT, FAILED, REGION, Case, alarm, event, history_file, item, trail_file

OPEN = f"alarms/{ACCOUNT}/{REGION}/open-1/2024-05-01T102000.000Z"
HOUR = datetime.timedelta(hours=1)


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Alarms(Case):
    def parts(self):
        return [
            history_file([item(time="2024-05-01T09:00:00.000Z"),
                          item(time="2024-05-01T10:15:00.123Z", configuration={"n": 2}),
                          item(time="2024-05-01T10:18:00.000Z", configuration={"n": 3}),
                          item(time="2024-05-01T10:30:00.000Z", configuration={"n": 4}),
                          item("sg-2", time="2024-05-01T10:16:00.000Z")]),
            trail_file([event(1), event(2, time="2024-05-01T10:19:00Z", errorCode="AccessDenied"),
                        event(3, time="2024-05-01T08:19:00Z", errorCode="AccessDenied")]),
            alarm(1),
            alarm(1, state="OK", time="2024-05-01T13:00:00Z"),
        ]

    def take_in(self, name, order, together):
        self.history = self.folder / name
        names = []
        for number in order:
            names.append(self.write(f"{name}-{number}.json", self.parts()[number]))
            if not together:
                self.import_(names.pop())
        if names:
            self.import_(*names)

    def files(self):
        return {line.split(None, 3)[3]: int(line.split(None, 3)[1]) for line in
                self.run_program("ls", "-lR", self.history, "alarms")[0].splitlines()
                if line.startswith("-")}

    def test_the_hour_before(self):
        self.take_in("h.db", range(4), True)
        self.assertEqual(list(self.files()), [
            OPEN, f"alarms/{ACCOUNT}/{REGION}/open-1/2024-05-01T130000.000Z"])
        text = self.cat(OPEN)
        self.assertEqual(text.splitlines()[0], "2024-05-01T10:20:00.000Z ALARM open-1: OK -> ALARM")
        self.assertIn("\nmetric     NetworkIn\n", text)
        group = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup/sg-1"
        self.assertIn(f"\nresource   AWS::EC2::SecurityGroup sg-1 {group}\n", text)
        # Against the story itself.
        story = [json.loads(line) for line in self.cat(f"{group}/changes.jsonl").splitlines()]
        want = []
        for e in story:
            before = moment("2024-05-01T10:20:00Z") - moment(e["time"])
            if e["kind"] in ("change", "attempt") and datetime.timedelta(0) <= before <= HOUR:
                by = (e.get("causes") or [{}])[0] if e["kind"] == "change" else e
                want.append([e["time"], e.get("changeType", "ATTEMPT"), ACCOUNT, REGION,
                             "AWS::EC2::SecurityGroup", "sg-1", by.get("principal", ""),
                             by.get("sourceIPAddress", ""),
                             by.get("eventName", "") + (" AccessDenied" if "errorCode" in e else ""),
                             group + ("/" + e["snapshot"] if "snapshot" in e else "")])
        got = [line.split("\t") for line in text.splitlines() if "\t" in line]
        self.assertEqual(got, want[::-1])
        self.assertEqual(len(got), 3)
        for path, size in self.files().items():
            self.assertEqual(len(self.cat(path).encode()), size)
        self.assertIn("no change and no attempt", self.cat(list(self.files())[1]))

    def test_any_order(self):
        seen = []
        for name, order, together in (("1.db", range(4), True), ("2.db", range(4), False),
                                      ("3.db", (3, 2, 1, 0), False), ("4.db", (1, 3, 0, 2), False)):
            self.take_in(name, order, together)
            seen.append({path: self.cat(path) for path in self.files()})
        for other in seen[1:]:
            self.assertEqual(other, seen[0])

    def related_parts(self):
        """Machines with the watched group: i-1 until later, i-2 until ten, i-3 without a change then."""
        def machine(rid, time, *groups, **more):
            return item(rid, time=f"2024-05-01T{time}:00.000Z", type_="AWS::EC2::Instance",
                        relationships=[{"resourceId": g, "resourceName": None, "name": "Is associated with SecurityGroup",
                                        "resourceType": "AWS::EC2::SecurityGroup"} for g in groups], **more)
        other = event(9, name="StopInstances", time="2024-05-01T10:10:00Z", errorCode="AccessDenied",
                      requestParameters={"instancesSet": {"items": [{"instanceId": "i-1"}]}})
        return [history_file([item(time="2024-05-01T08:00:00.000Z")]),
                history_file([machine("i-1", "08:30", "sg-1"), machine("i-3", "08:31", "sg-1")]),
                history_file([machine("i-1", "10:05", "sg-1", configuration={"n": 2})]),
                history_file([machine("i-1", "11:00", configuration={"n": 3})]),
                history_file([machine("i-2", "08:30", "sg-1")]),
                history_file([machine("i-2", "10:01", configuration={"n": 2})]),
                trail_file([other]), alarm(1), alarm(1, state="OK", time="2024-05-01T11:30:00Z")]

    def test_related_in_any_order(self):
        parts = self.related_parts()
        all_ = list(range(len(parts)))
        seen = []
        for number, order in enumerate(([all_], [[n] for n in all_], [[n] for n in all_[::-1]],
                                        [[7], [4, 2], [0], [5], [8, 1], [6], [3]],
                                        [[0, 1, 7], [3], [2, 8], [6], [4], [5]])):
            self.history = self.folder / f"r{number}.db"
            for heap in order:
                self.import_(*[self.write(f"r{number}-{n}.json", parts[n]) for n in heap])
            files = self.files()
            seen.append({path: self.cat(path) for path in files})
            for path, size in files.items():
                self.assertEqual(len(seen[-1][path].encode()), size)
        for other in seen[1:]:
            self.assertEqual(other, seen[0])
        rises, falls = [seen[0][path] for path in sorted(seen[0])]
        base = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/Instance/"
        self.assertEqual([line.split()[2] for line in rises.splitlines() if line.startswith("related ")],
                         ["i-1", "i-3"])
        self.assertIn(f"\nrelated    AWS::EC2::Instance i-1 {base}i-1\n", rises)
        lines = [line.split("\t") for line in rises.splitlines() if "\t" in line]
        self.assertEqual([(row[1], row[5], row[8]) for row in lines],
                         [("ATTEMPT", "i-1", "StopInstances AccessDenied"), ("UPDATE", "i-1", "")])
        self.assertEqual([line.split()[2] for line in falls.splitlines() if line.startswith("related ")],
                         ["i-3"])
        self.assertIn("no change and no attempt", falls)
        self.assertRegex(rises, r"\ndimension  \w+=sg-1\n")

    def test_composite(self):
        """A composite alarm stands where its children watch, whichever of them is known first."""
        def composite(number, rule):
            told = alarm(number, time="2024-05-01T10:21:00Z")
            told["detail"]["configuration"] = {"alarmRule": rule, "actionsSuppressor": ""}
            return told
        parts = [*self.parts(), composite(7, 'ALARM("open-8") OR OK(nobody)'),
                 composite(8, f"ALARM(arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:open-1)")]
        seen = []
        for number, order in enumerate(([0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [4, 2, 0, 5, 1, 3])):
            self.history = self.folder / f"c{number}.db"
            for part in order:
                self.import_(self.write(f"c{number}-{part}.json", parts[part]))
            seen.append({path: self.cat(path) for path in self.files()})
        self.assertEqual(seen[1], seen[0])
        self.assertEqual(seen[2], seen[0])
        group = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup/sg-1"
        names = [e["alarmName"] for e in map(json.loads, self.cat(f"{group}/changes.jsonl").splitlines())
                 if e["kind"] == "alarm"]
        self.assertEqual(sorted(names), ["open-1", "open-1", "open-7", "open-8"])
        text = self.cat(OPEN.replace("open-1", "open-7").replace("102000", "102100"))
        self.assertIn("\nchild      nobody\nchild      open-8\n", text)
        self.assertIn(f"\nresource   AWS::EC2::SecurityGroup sg-1 {group}\n", text)
        self.assertIn("\tUPDATE\t", text)

    def test_names(self):
        self.take_in("h.db", range(4), True)
        for path in (OPEN + ".json", OPEN + "-1", OPEN[:-9] + "x", f"alarms/{ACCOUNT}/{REGION}/none",
                     "alarms/1", OPEN + "/x"):
            self.run_program("cat", self.history, path, status=1)
        self.assertEqual(self.cat(f"alarms/{ACCOUNT}/{REGION}/open-1/2024-05-01T10:20:00Z"),
                         self.cat(OPEN))

    @staticmethod
    def told_without_account(time="2024-05-01T10:25:00.000Z"):
        data = {"version": "1.0", "oldState": {"stateValue": "OK"},
                "newState": {"stateValue": "ALARM", "stateReason": "r"}}
        return {"AlarmHistoryItems": [
            {"AlarmName": "open-1", "AlarmType": "MetricAlarm", "HistoryItemType": "StateUpdate",
             "Timestamp": time, "HistorySummary": "-", "HistoryData": json.dumps(data)}]}

    def told_in(self, account):
        lines = self.cat(f"resources/{account}/{REGION}/AWS/EC2/SecurityGroup/sg-1/changes.jsonl")
        return [e["time"] for e in map(json.loads, lines.splitlines()) if e["kind"] == "alarm"]

    def two_accounts(self):
        other = "210987654321"
        away = json.loads(json.dumps(alarm(1, time="2024-05-01T10:21:00Z")).replace(ACCOUNT, other))
        parts = {"items": history_file([item(), item(awsAccountId=other)]), "here": alarm(1),
                 "none": self.told_without_account(), "there": away}
        return other, {name: self.write(name + ".json", part) for name, part in parts.items()}

    def test_told_without_account(self):
        """Of the one that has the name; of no one when two have it, in whatever order."""
        other, files = self.two_accounts()
        none, here = "2024-05-01T10:25:00.000Z", "2024-05-01T10:20:00.000Z"
        seen = []
        for order in ("items here none there", "items there none here", "none here there items",
                      "there items here none", "here none items there"):
            self.history = self.folder / (order.replace(" ", "-") + ".db")
            for name in order.split():
                self.import_(files[name])
                if order == "items here none there" and name == "none":
                    self.assertEqual(self.told_in(ACCOUNT), [here, none])
            unknown = self.cat("alarms/unknown/unknown/open-1/2024-05-01T102500.000Z")
            self.assertIn("\naccount    not told by the source, and several", unknown)
            self.assertIn("none that is known here", unknown)
            seen.append((self.told_in(ACCOUNT), self.told_in(other),
                         {path: self.cat(path) for path in self.files()}))
        self.assertNotIn(none, seen[0][0] + seen[0][1])
        self.assertIn(here, seen[0][0])
        for more in seen[1:]:
            self.assertEqual(more, seen[0])

    def test_whose_it_is_may_be_said(self):
        other, files = self.two_accounts()
        self.import_(files["items"], files["here"], files["there"])
        self.import_(files["none"], options=["--account", other, "--region", REGION])
        self.assertIn("2024-05-01T10:25:00.000Z", self.told_in(other))
        self.assertIn(f"alarms/{other}/{REGION}/open-1/2024-05-01T102500.000Z", self.files())
        for options in (["--account", other], ["--region", REGION],
                        ["--account", "12", "--region", REGION],
                        ["--account", other, "--region", "US East"]):
            self.run_program("import", *options, self.history, files["none"], status=2)

    def test_twins_and_unknown_places(self):
        rows = [{"AlarmName": "a/b", "AlarmType": "MetricAlarm", "HistoryItemType": "StateUpdate",
                 "Timestamp": "2024-05-01T10:20:00.000Z", "HistorySummary": f"Alarm updated to {s}",
                 "HistoryData": json.dumps({"version": "1.0", "oldState": {"stateValue": "OK"},
                                            "newState": {"stateValue": s, "stateReason": "r"}})}
                for s in ("INSUFFICIENT_DATA", "ALARM")]
        self.write("h.json", {"AlarmHistoryItems": rows})
        self.import_("h.json")
        base = "alarms/unknown/unknown/a%2Fb/2024-05-01T102000.000Z"
        self.assertEqual(list(self.files()), [base, base + "-1"])
        self.assertIn("-> ALARM", self.cat(base))
        self.assertIn("-> INSUFFICIENT_DATA", self.cat(base + "-1"))
        self.assertIn("none that is known here", self.cat(base))

    def crowd(self):
        """Three alarms of a group and its machine, so many transitions that several threads make their files."""
        def at(minutes):
            return (datetime.datetime(2024, 5, 1) + datetime.timedelta(minutes=minutes)).isoformat()
        groups = [item(time=at(30 * n) + ".000Z", configuration={"n": n}) for n in range(20)]
        machines = [item("i-1", time=at(90 * n) + ".500Z", type_="AWS::EC2::Instance",
                         configuration={"n": n}, relationships=[{
                             "resourceId": "sg-1", "resourceName": None,
                             "name": "Is associated with SecurityGroup",
                             "resourceType": "AWS::EC2::SecurityGroup"}] if n % 3 else [])
                    for n in range(6)]
        alarms = [alarm(n % 3, time=at(2 * n) + "Z", state="ALARM" if n % 2 else "OK")
                  for n in range(300)]
        return groups, machines, alarms

    def write_alarms(self, name, alarms):
        return self.write(name, b"\n".join(json.dumps(one).encode() for one in alarms))

    def test_many(self):
        """Alone or by several, at once or piece by piece: the files are the same, and made in one order."""
        groups, machines, alarms = self.crowd()
        all_ = [self.write("groups.json", history_file(groups)),
                self.write("machines.json", history_file(machines)),
                self.write_alarms("alarms.jsonl", alarms)]
        pieces = [self.write_alarms(f"{n}.jsonl", alarms[n:n + 60]) for n in range(0, 300, 60)]
        half = self.write("half.json", history_file(groups[:10] + machines[:3]))
        seen = []
        for name, runs, options in (("1.db", [all_], ["-j4"]), ("2.db", [all_], ["-j1"]),
                                    ("3.db", [[one] for one in all_[:2] + pieces], ["-j2"]),
                                    ("4.db", [all_[2:], all_[1:2], [half], all_[:1]], ["-j4"])):
            self.history = self.folder / name
            for sources in runs:
                self.import_(*sources, options=options)
            text = self.run_program("cat", self.history, *self.files())[0]
            seen.append((self.files(), text, self.query("SELECT * FROM alarm_folder ORDER BY id")))
            self.assertEqual(self.query("SELECT count(*) FROM transition_due"), [(0,)])
        self.assertEqual(len(seen[0][0]), 300)
        self.assertIn("\nrelated    AWS::EC2::Instance i-1 ", seen[0][1])
        for other in seen[1:]:
            self.assertEqual(other[:2], seen[0][:2])
        self.assertEqual(seen[1], seen[0])

    def test_what_stays(self):
        """A state from long before parts the story; files of before what came in are not made again."""
        groups, machines, alarms = self.crowd()
        self.import_(self.write("1.json", history_file(groups[:1] + machines[:1])),
                     self.write_alarms("1.jsonl", alarms))
        made = "SELECT count(*) FROM transition_text WHERE bytes = x'00'"
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            db.execute("UPDATE transition_text SET bytes = x'00'")
        self.import_(self.write("2.json", history_file(groups[15:16])))
        # Of ten hours, those of less than two minutes before it at the earliest.
        kept = self.query(made)[0][0]
        self.assertGreaterEqual(kept, 222)
        self.assertLess(kept, 300)
        text = self.cat(f"alarms/{ACCOUNT}/{REGION}/open-0/2024-05-01T080000.000Z")
        self.assertIn("2024-05-01T07:30:00.000Z\tUPDATE\t", text)

    def test_nothing_is_stale(self):
        """After pieces in any order, with calls that come late, all files made once more are as they were."""
        groups, machines, alarms = self.crowd()
        associated = [{"resourceId": "sg-1", "resourceName": None, "name": "Is associated with ",
                       "resourceType": "AWS::EC2::SecurityGroup"}]
        rules = [item("AWS::EC2::SecurityGroup/sg-1", time=group["configurationItemCaptureTime"],
                      type_="AWS::Config::ResourceCompliance", relationships=associated,
                      configuration={"complianceType": "NON_" * (n % 2) + "COMPLIANT"})
                 for n, group in enumerate(groups[::4])]
        calls = [event(n, time=one["configurationItemCaptureTime"][:14] + f"{n % 60:02}:00Z",
                       **({"errorCode": "AccessDenied"} if n % 3 == 0 else {}))
                 for n, one in enumerate(groups * 3)]
        pieces = [self.write(f"{n}.json", one) for n, one in enumerate((
            history_file(groups[::2]), history_file(groups[1::2]), history_file(machines),
            history_file(rules), trail_file(calls[::2]), trail_file(calls[1::2])))]
        pieces.append(self.write_alarms("alarms.jsonl", alarms))
        nothing = self.write("nothing.json", history_file([]))
        seen = set()
        for name, order in (("1.db", (6, 0, 2, 3, 4, 1, 5)), ("2.db", (5, 3, 1, 6, 4, 0, 2)),
                            ("3.db", (0, 1, 2, 6, 3, 5, 4))):
            self.history = self.folder / name
            for n in order:
                self.import_(pieces[n])
            before = self.run_program("cat", self.history, *self.files())[0]
            with contextlib.closing(sqlite3.connect(self.history)) as db, db:
                db.execute("INSERT INTO transition_due SELECT id FROM transition")
            self.import_(nothing)
            self.assertEqual(self.query("SELECT count(*) FROM transition_due"), [(0,)])
            self.assertEqual(self.run_program("cat", self.history, *self.files())[0], before)
            seen.add(before)
        self.assertEqual(len(seen), 1)
        for words in ("\trelated", "ATTEMPT", "ResourceCompliance"):
            self.assertIn(words.strip(), before)

    def test_damage_amid(self):
        """Of many, all but one that cannot be made are made, however many make them; and that, too,
        the next time, when what was damaged is made anew."""
        groups, machines, _ = self.crowd()
        times = [(datetime.datetime(2024, 5, 1) + datetime.timedelta(seconds=40 * n)).isoformat() + "Z"
                 for n in range(1400)]
        alarms = [alarm(n % 3, time=time, state="ALARM" if n % 2 else "OK")
                  for n, time in enumerate(times)]
        bad = alarm(9, time=times[1200])
        bad["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"] = {
            "GroupId": "sg-9"}
        alarms[1200] = bad
        self.import_(self.write("1.json", history_file(
            groups[:5] + [item("sg-9"), dict(machines[1], resourceId="i-9", relationships=[
                dict(machines[1]["relationships"][0], resourceId="sg-9")])])))
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            self.assertEqual(db.execute("UPDATE edge_run SET edges = x'ff'").rowcount, 1)
        source, whole = self.write_alarms("2.jsonl", alarms), self.history.read_bytes()
        for workers in ("-j1", "-j4", "-j3"):
            self.history.write_bytes(whole)
            _, err = self.run_program("import", workers, self.history, source, status=FAILED)
            self.assertRegex(err, f"making the file of alarm open-9 of {ACCOUNT}, {REGION} at "
                             "2024-05-01T13:20:00.000Z: the list of relationships of "
                             "resource [0-9]+ cannot be decoded")
            self.assertEqual(len(self.files()), 1399)
            self.run_program("import", workers, self.history, source)
            self.assertEqual(len(self.files()), 1400)
            self.assert_totals(listsRemade=1)

    def test_damage(self):
        """A row that cannot be read is named, whoever met it, with how many files need it; what was made
        before is kept."""
        groups, machines, alarms = self.crowd()
        self.import_(self.write("1.json", history_file(groups[:5] + machines)),
                     self.write_alarms("1.jsonl", alarms[:3]))
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            self.assertEqual(db.execute("UPDATE edge_run SET edges = x'ff'").rowcount, 1)
        whole = self.history.read_bytes()
        for new in (alarms[3:4], alarms):
            self.history.write_bytes(whole)
            source = self.write_alarms(f"new-{len(new)}.jsonl", new)
            _, err = self.run_program("import", self.history, source, status=FAILED)
            what = "file of alarm" if len(new) == 1 else "files of 297 transitions of alarms, first"
            self.assertRegex(err, f"making the {what} open-0 of .*: the list of relationships of "
                             "resource [0-9]+ cannot be decoded")
            self.assertEqual(len(self.files()), 3)
            # What it came upon is made anew, and then the files, which tell of what they would have.
            self.run_program("import", self.history, source)
            mended = self.run_program("cat", self.history, *self.files())[0]
            self.history.unlink()
            self.import_("1.json", "1.jsonl", source)
            self.assertEqual(self.run_program("cat", self.history, *self.files())[0], mended)
