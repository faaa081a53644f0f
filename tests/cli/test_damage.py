# SPDX-License-Identifier: Apache-2.0
"""Rows that are damaged cost the stories that need them, and no others: these are told, and those are
when the rows are mended."""
import contextlib
import json
import sqlite3

from support import ACCOUNT, FAILED, REFUSED, REGION, Case, alarm, dump, event, history_file, item, trail_file

FOLDER = f"/resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"
MANY = 60


def group(n, minute, **more):
    return item(f"sg-{n:02}", f"2024-05-01T10:{minute:02}:00.000Z",
                configuration={"minute": minute}, configurationStateId=minute, **more)


class Damage(Case):
    def setUp(self):
        super().setUp()
        self.write("old.json", history_file([group(n, m) for n in range(MANY) for m in range(3)]))
        self.write("new.json", history_file([group(n, 3) for n in range(MANY)]))

    def change(self, sql, *args, n=1):
        with contextlib.closing(sqlite3.connect(self.history)) as db, db:
            self.assertEqual(db.execute(sql, args).rowcount, n, sql)

    def damage(self, name, *which):
        """The end of the first pack of these is cut off; returns how to mend them."""
        rows = [self.query(f"""SELECT p.id, p.bytes FROM state_pack p JOIN resource r ON r.id = p.id >> 20
                               WHERE rid = 'sg-{n:02}' ORDER BY p.id LIMIT 1""")[0] for n in which]
        for id_, bytes_ in rows:
            self.change(f"UPDATE {name} SET bytes = ? WHERE id = ?", bytes_[:-1], id_)
        return rows

    def mend(self, name, rows):
        for id_, bytes_ in rows:
            self.change(f"UPDATE {name} SET bytes = ? WHERE id = ?", bytes_, id_)

    def dirty(self):
        return [rid for rid, in self.query("""SELECT rid FROM dirty d JOIN resource r ON r.id = d.resource
                                              ORDER BY rid""")]

    def told(self, n):
        return [json.loads(line)["snapshot"][11:15] for line in
                self.cat(f"{FOLDER}/sg-{n:02}/changes.jsonl").splitlines()]

    def whole(self, *files):
        """What there is where nothing was damaged."""
        damaged, self.history = self.history, self.folder / "whole.db"
        for file in files:
            self.import_(file)
        rows = dump(self.history)
        self.history.unlink()
        self.history = damaged
        return rows

    def test_many(self):
        """However many make stories: the others' are made, and the files of alarms; once all is told."""
        self.import_("old.json")
        self.write("alarm.json", alarm(1))
        rows = self.damage("state_pack", 41, 7, 30)
        before = self.history.read_bytes()
        whole = self.whole("old.json", "new.json", "alarm.json")
        for jobs in ("-j1", "-j2"):
            self.history.write_bytes(before)
            for sources in (("new.json", "alarm.json"), ("new.json",)):
                _, err = self.run_program("import", "-q", jobs, self.history, *sources, status=FAILED)
                self.assertEqual(
                    err, f"driftfs: {self.history}: making the stories of 3 resources, first "
                    f"AWS::EC2::SecurityGroup sg-07 of {ACCOUNT}, {REGION}: pack of states "
                    f"{rows[1][0]} cannot be decoded\n")
                self.assertEqual(self.dirty(), ["sg-07", "sg-30", "sg-41"])
            for n in (0, 6, 8, 29, 31, 40, 42, 59):
                self.assertEqual(self.told(n), ["1000", "1001", "1002", "1003"])
            self.assertEqual(self.query("SELECT count(*) FROM transition_text"), [(1,)])
            self.mend("state_pack", rows[:2])
            _, err = self.run_program("import", jobs, self.history, "new.json", status=FAILED)
            self.assertIn("making the story of AWS::EC2::SecurityGroup sg-30 of", err)
            self.assertEqual(self.dirty(), ["sg-30"])
            self.mend("state_pack", rows[2:])
            self.run_program("import", jobs, self.history, "new.json")
            mended = dump(self.history)
            for table in whole:
                self.assertEqual(mended[table], whole[table], table)

    def test_events(self):
        """Of a block that is damaged, those whose calls are in it are lost."""
        self.write("trail.json", trail_file([event(n, requestParameters={"groupId": f"sg-{n:02}"},
                                                   time="2024-05-01T10:02:30Z") for n in (3, 5)]))
        self.import_("old.json")
        self.import_("trail.json")
        whole = self.whole("old.json", "trail.json", "new.json")
        [(first, body)] = self.query("SELECT id, body FROM event_block")
        self.change("UPDATE event_block SET body = ?", body[:-1])
        _, err = self.run_program("import", self.history, "new.json", status=FAILED)
        self.assertIn("making the stories of 2 resources, first AWS::EC2::SecurityGroup sg-03 of", err)
        self.assertEqual(self.dirty(), ["sg-03", "sg-05"])
        self.change("UPDATE event_block SET body = ? WHERE id = ?", body, first)
        self.import_("new.json")
        mended = dump(self.history)
        for table in whole:
            self.assertEqual(mended[table], whole[table], table)

    def put_machine(self):
        """A machine of group 98 and its alarm 1, and what makes neither tell of it: alarm 2 of group 99."""
        def alarms(number, n):
            for second in range(n):
                one = alarm(number, time=f"2024-05-01T10:{20 + second // 60}:{second % 60:02}Z")
                metric = one["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"]
                metric["dimensions"] = {"GroupId": f"sg-{97 + number}"}
                yield one
        machines = [item("i-1", f"2024-05-01T10:0{n}:00.000Z", "AWS::EC2::Instance", configuration={"n": n},
                         configurationStateId=n, relationships=[{
                             "resourceId": "sg-98", "resourceName": None,
                             "name": "Is associated with SecurityGroup",
                             "resourceType": "AWS::EC2::SecurityGroup"}]) for n in range(4)]
        self.write("machine.json", history_file([group(98, 0), group(99, 0), *machines]))
        for n in (1, 90):
            self.write(f"alarms-{n}.json", b"\n".join(json.dumps(one).encode() for number in (1, 2)
                                                      for one in alarms(number, n)))

    def test_alarms(self):
        """A state that is damaged costs the files of alarms that tell of it, however many make them."""
        self.put_machine()
        self.import_("old.json", "machine.json")
        before = self.history.read_bytes()
        self.write("newer.json", history_file([group(98, 5)]))
        for n in (1, 90):
            self.history.write_bytes(before)
            whole = self.whole("old.json", "machine.json", f"alarms-{n}.json", "newer.json")
            [(id_, bytes_)] = self.query("""SELECT p.id, p.bytes FROM state_pack p
                                            JOIN resource r ON r.id = p.id >> 20 WHERE rid = 'i-1'""")
            self.change("UPDATE state_pack SET bytes = ? WHERE id = ?", bytes_[:-1], id_)
            what = "file of alarm" if n == 1 else f"files of {n} transitions of alarms, first"
            for source in (f"alarms-{n}.json", "newer.json"):
                _, err = self.run_program("import", "-q", self.history, source, status=FAILED)
                self.assertEqual(
                    err, f"driftfs: {self.history}: making the {what} open-1 of {ACCOUNT}, {REGION} at "
                    f"2024-05-01T10:20:00.000Z: pack of states {id_} cannot be decoded\n")
                self.assertEqual(self.query("""SELECT name, count(*) FROM transition_text JOIN transition t
                                               ON t.id = transition JOIN alarm a ON a.id = t.alarm
                                               GROUP BY name"""), [("open-2", n)])
                self.assertEqual(self.dirty(), [])
            self.change("UPDATE state_pack SET bytes = ? WHERE id = ?", bytes_, id_)
            self.import_("machine.json", "newer.json")
            mended = dump(self.history)
            for table in whole:
                self.assertEqual(mended[table], whole[table], table)

    def test_alarms_and_stories(self):
        """Where both are lost, both are told of."""
        self.put_machine()
        self.import_("old.json", "machine.json")
        self.damage("state_pack", 7)
        self.change("""UPDATE state_pack SET bytes = x'ff' WHERE id >> 20 =
                       (SELECT id FROM resource WHERE rid = 'i-1')""")
        _, err = self.run_program("import", self.history, "new.json", "alarms-1.json", status=FAILED)
        self.assertIn("making 1 file of alarms, and the story of AWS::EC2::SecurityGroup sg-07 of ", err)
        self.assertEqual(self.query("SELECT count(*) FROM transition_text"), [(1,)])

    def test_a_call_again(self):
        """A call whose copy is in a damaged block, or gone with it, is refused, with its bytes; the new calls
        beside it are taken in, and those of other blocks are known."""
        def call(n):
            return event(n, requestParameters={"groupId": f"sg-{n:02}"}, time="2024-05-01T10:02:30Z")
        self.import_("old.json")
        for name, calls in (("one", (3, 5)), ("two", (7,)), ("again", (3, 9, 7, 5))):
            self.write(f"{name}.json", trail_file([call(n) for n in calls]))
        self.import_("one.json")
        self.import_("two.json")
        before = self.history.read_bytes()
        (first, body), _ = self.query("SELECT id, body FROM event_block ORDER BY id")
        for change, what in (("UPDATE event_block SET body = x'ff' WHERE id = ?", "block"),
                             ("UPDATE event_block SET rows = x'ff' WHERE id = ?", "block"),
                             ("DELETE FROM event_block WHERE id = ?", "an event of the list of keys")):
            self.history.write_bytes(before)
            self.change(change, first)
            out, err = self.import_("again.json", status=REFUSED)
            self.assertEqual(out, "1 event in 1 file, 1 already known, 2 refused")
            why = [reason for source, _, _, reason in self.refusals() if source == "again.json"]
            self.assertEqual(len(why), 2)
            for reason, event_ in zip(why, (first, first + 1)):
                self.assertEqual(reason, f"{what} {event_ if what != 'block' else first} cannot be decoded")
                self.assertIn(reason, err)
            self.assertEqual(self.query("SELECT count(*), min(bytes_len) > 500 FROM refusal"), [(2, 1)])
            self.assert_totals(events=4, refused=2)
            self.assertIn("AuthorizeSecurityGroupIngress", self.cat(f"{FOLDER}/sg-09/changes"))
            self.assertEqual(self.dirty(), [])
        # As if nothing had been: what was refused is known.
        self.history.write_bytes(before)
        self.change("UPDATE event_block SET body = x'ff' WHERE id = ?", first)
        self.import_("again.json", status=REFUSED)
        self.change("UPDATE event_block SET body = ? WHERE id = ?", body, first)
        self.write("again.json", b" " + (self.folder / "again.json").read_bytes())
        self.assertEqual(self.import_("again.json")[0], "nothing new in 1 file, 4 already known, 0 refused")
        self.assert_totals(events=4, refused=0)

    def test_a_list_of_states(self):
        """Which all of a story stands in: the others of the same calls are told."""
        self.write("span.json", trail_file([event(900 + n, requestParameters={"groupId": "sg-99"},
                                                  time=f"2024-05-01T{n:02}:00:00Z") for n in (9, 12)]))
        self.import_("old.json", "span.json")
        self.change("UPDATE shown_run SET states = x'ff' WHERE resource = "
                    "(SELECT id FROM resource WHERE rid = 'sg-30')")
        self.write("trail.json", trail_file([event(n, requestParameters={"groupId": f"sg-{n:02}"},
                                                   time="2024-05-01T10:01:30Z") for n in range(MANY)]))
        for _ in range(2):
            _, err = self.run_program("import", self.history, "trail.json", status=FAILED)
            self.assertRegex(err, "making the story of AWS::EC2::SecurityGroup sg-30 of .*: .*"
                             "the list of states of resource [0-9]+ cannot be decoded")
            self.assertEqual(self.dirty(), ["sg-30"])
        self.assertIn("alice", self.cat(f"{FOLDER}/sg-29/changes"))
        self.assertIn("alice", self.cat(f"{FOLDER}/sg-31/changes"))

    def test_a_list_of_states_and_a_trail(self):
        """Where the trail of an account is new, or grows by hours, one list costs its resource alone."""
        for name, time in (("far", "2024-05-05T10:00:00Z"), ("later", "2024-05-01T20:00:00Z"),
                           ("before", "2024-05-01T09:30:00Z")):
            self.write(f"{name}.json", trail_file([event(1, requestParameters={"groupId": "sg-99"},
                                                         eventID=name, time=time)]))
        lists = "FROM shown_run WHERE resource = (SELECT id FROM resource WHERE rid = 'sg-30')"
        untold = "no CloudTrail events of this account and time"
        for grown in ("far.json", "later.json"):
            parts = ["old.json", grown, "before.json"]
            whole = self.whole(*parts)
            self.import_(*parts[:2])
            self.assertIn(untold, self.cat(f"{FOLDER}/sg-29/changes"))
            [(states,)] = self.query("SELECT states " + lists)
            self.change("UPDATE shown_run SET states = x'ff' WHERE resource = (SELECT resource " + lists + ")")
            for _ in range(2):
                _, err = self.run_program("import", self.history, "before.json", status=FAILED)
                self.assertRegex(err, "making the story of AWS::EC2::SecurityGroup sg-30 of .*: .*"
                                 "the list of states of resource [0-9]+ cannot be decoded")
                self.assertEqual(self.dirty(), ["sg-30"])
            for n in (0, 29, 31, 59):
                told = self.cat(f"{FOLDER}/sg-{n:02}/changes")
                self.assertEqual(told.count("UPDATE"), 2)
                self.assertNotIn(untold, told)
            self.change("UPDATE shown_run SET states = ? WHERE resource = (SELECT resource " + lists + ")",
                        states)
            self.import_("before.json")
            mended = dump(self.history)
            for table in whole:
                self.assertEqual(mended[table], whole[table], table)
            self.history.unlink()

    def test_delivered_again(self):
        """A state that is damaged takes what comes of it; in a pack, where others are beside it, that is
        refused, and its bytes are kept."""
        self.write("more.json", history_file([group(n, 3) for n in (60, 61, 62)]))
        self.write("again.json", history_file([group(7, 1), group(61, 3), group(8, 4)]))
        self.import_("old.json", "more.json")
        rows = self.damage("state_pack", 7)
        self.change("""UPDATE state SET body_len = -1 WHERE id >> 20 =
                       (SELECT id FROM resource WHERE rid = 'sg-61')""")
        self.write("new.json", history_file([group(n, 5) for n in (7, 61)]))
        _, err = self.run_program("import", self.history, "new.json", status=FAILED)
        self.assertEqual(self.dirty(), ["sg-07", "sg-61"])
        self.assertIn("making the stories of 2 resources, first AWS::EC2::SecurityGroup sg-07", err)
        _, err = self.run_program("import", self.history, "again.json", status=FAILED)
        reason = f"pack of states {rows[0][0]} cannot be decoded"
        self.assertIn(f"again.json:{self.refusals()[0][1]}: {reason}", err)
        self.assertIn("making the story of AWS::EC2::SecurityGroup sg-07", err)
        self.assertEqual([(source, why) for source, _, _, why in self.refusals()],
                         [("again.json", reason)])
        self.assertEqual(self.dirty(), ["sg-07"])
        self.assertEqual(self.told(61), ["1003", "1005"])
        self.assertEqual(self.told(8), ["1000", "1001", "1002", "1004"])
        self.mend("state_pack", rows)
        self.import_("again.json")
        self.assertEqual(self.told(7), ["1000", "1001", "1002", "1005"])
        self.assertEqual(self.dirty(), [])

    def test_what_is_put(self):
        """A row that only who puts stories reads: what was put with it is put again."""
        self.import_("old.json")
        before = self.history.read_bytes()
        whole = self.whole("old.json", "new.json")
        where = "FROM alias_set WHERE resource IN (SELECT id FROM resource WHERE rid IN ('sg-20', 'sg-40'))"
        rows = self.query("SELECT resource, names " + where)
        for jobs in ("-j1", "-j2"):
            self.history.write_bytes(before)
            self.change(f"UPDATE alias_set SET names = x'ff' WHERE resource IN (SELECT resource {where})",
                        n=2)
            for _ in range(2):
                _, err = self.run_program("import", jobs, self.history, "new.json", status=FAILED)
                self.assertIn("making the stories of 2 resources, first AWS::EC2::SecurityGroup sg-20 of "
                              f"{ACCOUNT}, {REGION}: what is told of the names of resource {rows[0][0]} "
                              "cannot be decoded", err)
                self.assertEqual(self.dirty(), ["sg-20", "sg-40"])
            for resource, names in rows:
                self.change("UPDATE alias_set SET names = ? WHERE resource = ?", names, resource)
            self.import_("new.json")
            mended = dump(self.history)
            for table in whole:
                self.assertEqual(mended[table], whole[table], table)

    def test_the_file(self):
        """Where SQLite cannot read its own pages, all ends: no resource is passed over."""
        self.import_("old.json")
        [(page, size)] = self.query("""SELECT rootpage, page_size FROM sqlite_master, pragma_page_size
                                       WHERE name = 'state_pack'""")
        with open(self.history, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        _, err = self.run_program("import", self.history, "new.json", status=FAILED)
        self.assertIn("malformed", err)
        self.assertNotIn("stories of", err)

    def test_a_follower_of_one(self):
        """A compliance item waits for the story of what it is about, but not for ever."""
        self.import_("old.json")
        compliance = item("AWS::EC2::SecurityGroup/sg-07", "2024-05-01T10:05:00.000Z",
                          "AWS::Config::ResourceCompliance", configuration={"complianceType": "COMPLIANT"})
        rows = self.damage("state_pack", 7)
        self.write("newer.json", history_file([group(n, 3) for n in (7, 8)] + [compliance]))
        _, err = self.run_program("import", self.history, "newer.json", status=FAILED)
        self.assertIn("making the story of AWS::EC2::SecurityGroup sg-07 of", err)
        self.assertEqual(self.dirty(), ["sg-07"])
        whole = self.whole("old.json", "newer.json")
        self.mend("state_pack", rows)
        self.import_("newer.json")
        mended = dump(self.history)
        for table in whole:
            self.assertEqual(mended[table], whole[table], table)

    def test_who_stopped_a_trail(self):
        """Of a damaged call that stops it there is when and where: gaps are told, and all stories."""
        def logging(number, name, hour):
            return event(number, name, f"2024-04-28T{hour}:00:00Z", requestParameters={"name": "main"},
                         eventSource="cloudtrail.amazonaws.com")

        def gap():
            [row] = [row for row in self.cat("/status/gaps.tsv").splitlines() if "trail stopped" in row]
            return row.split("\t")[4:8]
        self.write("trail.json", trail_file([logging(1, "StopLogging", "09"), logging(2, "StartLogging", "15")]))
        self.write("more.json", trail_file([event(n, requestParameters={"groupId": f"sg-{n:02}"},
                                                  time="2024-05-01T10:02:30Z") for n in (3, 5)]))
        self.import_("trail.json", "old.json")
        whole = self.whole("trail.json", "old.json", "new.json", "more.json")
        told = gap()
        [(first, body)] = self.query("SELECT id, body FROM event_block")
        self.change("UPDATE event_block SET body = ?", body[:-1])
        self.import_("new.json", "more.json")
        self.assertEqual(self.dirty(), [])
        self.assertEqual(gap(), told[:2] + ["?", "?"])
        self.assertIn("trail stopped", self.run_program("status", self.history)[0])
        self.assertIn("alice", self.cat(f"{FOLDER}/sg-05/changes"))
        self.change("UPDATE event_block SET body = ? WHERE id = ?", body, first)
        self.assertEqual(gap(), told)
        mended = dump(self.history)
        self.assertEqual(mended["cause"], whole["cause"])

    def test_who_opened_a_session(self):
        """Where the calls of a session are damaged, who opened it costs their stories, and no others."""
        key, role = "ASIAEXAMPLEEXAMPLE00", f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/run"
        session = {"type": "AssumedRole", "principalId": "AROAEXAMPLE:run", "arn": role, "accountId": ACCOUNT,
                   "accessKeyId": key, "sessionContext": {"sessionIssuer": {
                       "type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/Deploy", "userName": "Deploy"}}}
        self.write("calls.json", trail_file([event(3, requestParameters={"groupId": "sg-03"},
                                                   time="2024-05-01T10:01:30Z", userIdentity=session)]))
        opened = event(4, "AssumeRole", "2024-05-01T10:00:30Z", eventSource="sts.amazonaws.com",
                       requestParameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/Deploy"},
                       responseElements={"credentials": {"accessKeyId": key}, "assumedRoleUser": {"arn": role}})
        self.write("opened.json", trail_file([opened]))
        self.import_("old.json", "calls.json")
        whole = self.whole("old.json", "calls.json", "opened.json", "new.json")
        [(first, rows)] = self.query("SELECT id, rows FROM event_block")
        self.change("UPDATE event_block SET rows = ? WHERE id = ?", rows[:-1], first)
        for files in (("opened.json",), ("new.json",)):
            _, err = self.run_program("import", self.history, *files, status=FAILED)
            self.assertIn(f"making the story of AWS::EC2::SecurityGroup sg-03 of {ACCOUNT}, {REGION}: block", err)
            self.assertEqual(self.dirty(), ["sg-03"])
        self.assertEqual(self.told(4), ["1000", "1001", "1002", "1003"])
        self.change("UPDATE event_block SET rows = ? WHERE id = ?", rows, first)
        self.import_("new.json")
        mended = dump(self.history)
        for table in ("cause", "shown", "view", "dirty", "spread"):
            self.assertEqual(mended[table], whole[table], table)
