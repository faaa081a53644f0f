# SPDX-License-Identifier: Apache-2.0
"""Importing: every guise, every sort of source, again and again, and what is said of it."""
import json
import os
import pathlib
import pty
import subprocess
import time

from support import (ACCOUNT, DONE, FAILED, GOLDEN, REFUSED, REGION, USAGE, Case, alarm, driftfs,
                     dump, event, history_file, item, trail_file)

GROUPS = f"resources/{ACCOUNT}/{REGION}/AWS/EC2/SecurityGroup"


class Aside(Case):
    def test_goes_behind_whoever_reads(self):
        """Each of its threads is ten nicer than who started it."""
        with subprocess.Popen([driftfs(), "import", "-q", self.history, "-"],
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as program:
            tasks, nice = pathlib.Path(f"/proc/{program.pid}/task"), []
            expected = min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
            deadline = time.monotonic() + 60
            # Until it has a thread that reads.
            while (len(nice) < 2 or set(nice) != {expected}) and time.monotonic() < deadline:
                nice = [os.getpriority(os.PRIO_PROCESS, int(t.name)) for t in tasks.iterdir()]
                time.sleep(0.01)
            program.stdin.close()
            self.assertEqual(program.wait(60), DONE)
        self.assertGreater(len(nice), 1)
        self.assertEqual(set(nice), {expected})


class Guises(Case):
    def test_what_is_in_a_file_is_told_from_its_content(self):
        documents = {
            "a.json": history_file([item("sg-1"), item("sg-2")]),
            "b.gz": trail_file([event(1), event(2)]),
            "no-suffix": alarm(),
            "picture.png": event(3),
        }
        for name, document in documents.items():
            self.write("in/" + name, document)
        self.write("in/packed.json", item("sg-3"), packed=True)
        line, err = self.import_("in")
        self.assertEqual(line, "3 events, 3 items of 3 resources, 1 alarm transition in 5 files, "
                               "0 refused")
        self.assertEqual(err, "")

    def test_one_state_in_every_guise_is_one_state(self):
        guises = sorted(p for p in GOLDEN.glob("bucket-*.json"))
        self.assertGreater(len(guises), 10)
        for path in guises:
            with self.subTest(path.name):
                self.import_(path)
        # Schema 1.0, 2014's message and partial answers differ in what they know of it.
        resources = self.status()["resources"]
        self.assertEqual(resources, 1, self.run_program("status", self.history)[0])

    def test_json_lines_concatenated_and_arrays(self):
        lines = [json.dumps(event(n)) for n in range(1, 9)]
        self.write("lines", "\n".join(lines[:2]).encode())
        self.write("run-on", "".join(lines[2:4]).encode())
        self.write("array", f"[{','.join(lines[4:6])}]".encode())
        self.write("spaced", ("\ufeff \r\n" + "\r\n\r\n".join(lines[6:8]) + "\r\n").encode())
        for name in ("lines", "run-on", "array", "spaced"):
            self.assertEqual(self.import_(name)[0], "2 events in 1 file, 0 refused")

    def test_empty_files_and_documents_are_notices(self):
        self.write("ConfigWritabilityCheckFile", b"")
        self.write("blank", b" \n\n")
        self.write("none.json", trail_file([]))
        self.write("empty.gz", b"")
        line, err = self.import_(self.folder)
        self.assertEqual(line, "nothing new in 4 files, 4 notices, 0 refused")
        self.assertEqual(err, "")
        self.assert_totals(notices=4, refused=0, sources=4)

    def test_several_members_of_gzip(self):
        import gzip
        halves = json.dumps(trail_file([event(1), event(2)])).encode()
        self.write("two.gz", gzip.compress(halves[:500]) + gzip.compress(halves[500:]), packed=False)
        self.assertEqual(self.import_("two.gz")[0], "2 events in 1 file, 0 refused")


class Again(Case):
    def setUp(self):
        super().setUp()
        self.write("in/1.json", history_file([item(), item("sg-2")]))
        self.write("in/2.json.gz", trail_file([event(n) for n in range(50)]))
        self.write("in/3.txt", b"a note")
        self.assertEqual(self.import_("in", status=REFUSED)[0],
                         "50 events, 2 items of 2 resources in 2 files, 1 refused")

    def test_nothing_new(self):
        before = dump(self.history)
        line, err = self.import_("in")
        self.assertEqual(line, "nothing new, 3 files unchanged, 0 refused")
        self.assertEqual(err, "")
        self.assertEqual(dump(self.history), before)

    def test_by_another_path_to_it(self):
        os.symlink("in", self.folder / "link")
        self.assertEqual(self.import_("./in/../link/", "in/1.json")[0],
                         "nothing new, 4 files unchanged, 0 refused")

    def test_what_is_unchanged_is_not_opened(self):
        # Its content changes behind its size and time: had it been read, that would show.
        path = self.folder / "in/2.json.gz"
        st = path.stat()
        path.write_bytes(b"x" * st.st_size)
        os.utime(path, ns=(st.st_atime_ns, st.st_mtime_ns))
        self.assertEqual(self.import_("in")[0], "nothing new, 3 files unchanged, 0 refused")

    def test_a_copy_elsewhere(self):
        before = self.status()
        path = self.write("copy.json", trail_file([event(n) for n in range(50)]))
        self.assertEqual(self.import_(path)[0], "nothing new in 1 file, 50 already known, 0 refused")
        self.assert_totals(events=before["events"], sources=before["sources"] + 1)

    def test_a_changed_file(self):
        path = self.write("in/2.json.gz", trail_file([event(n) for n in range(49, 60)]))
        os.utime(path, (1, 1))
        self.assertEqual(self.import_("in")[0],
                         "10 events in 1 file, 1 already known, 2 files unchanged, 0 refused")

    def test_refusals_are_not_counted_twice(self):
        os.utime(self.folder / "in/3.txt", (1, 1))
        self.import_("in", status=REFUSED)
        self.assert_totals(refused=1, sources=3)
        # And go when the file is sound.
        self.write("in/3.txt", event(77))
        self.import_("in")
        self.assert_totals(refused=0, events=51, sources=3)


class Fuller(Case):
    """One item in three guises, each telling more: new only once."""

    def test_an_item_that_is_told_better_is_no_new_one(self):
        whole = item()
        api = {k: v for k, v in whole.items() if k not in ("awsAccountId", "ARN")}
        api.update(accountId=ACCOUNT, arn=whole["ARN"], version="1.3",
                   configurationStateId=str(whole["configurationStateId"]),
                   configurationItemCaptureTime=1714558500.123, configuration='{"groupId":"sg-1"}')
        batch = {k: v for k, v in api.items() if k not in ("tags", "relationships")}
        self.write("1", batch)
        self.write("2", api)
        self.write("3", {"configurationItems": [whole, item("sg-2")]})
        self.assertEqual(self.import_("1")[0], "1 item of 1 resource in 1 file, 0 refused")
        self.assertEqual(self.import_("2")[0], "nothing new in 1 file, 1 already known, 0 refused")
        self.assertEqual(self.import_("3")[0],
                         "1 item of 1 resource in 1 file, 1 already known, 0 refused")

    def test_spellings_of_other_years(self):
        old = item("vol-1", type_="AWS::EC2::VOLUME", configurationItemStatus="Discovered",
                   configurationItemVersion="1.0")
        new = item("vol-1", "2024-05-02T10:15:00.000Z", "AWS::EC2::Volume", configuration=None,
                   configurationItemStatus="Deleted")
        self.write("in/1", old)
        self.write("in/2", new)
        # An oversized notification's id is 0; the API knows better, the file knows more.
        self.write("in/3", {**new, "configurationStateId": 0})
        self.import_("in")
        folder = f"resources/{ACCOUNT}/{REGION}/AWS/EC2"
        self.assertEqual(self.run_program("ls", self.history, folder)[0], "Volume\n")
        names = self.run_program("ls", self.history, folder + "/Volume/vol-1")[0].split()
        self.assertEqual([n for n in names if n[0] == "2"],
                         ["2024-05-01T101500.123Z.json", "2024-05-02T101500.000Z.json"])
        path = f"{folder}/Volume/vol-1/{{}}"
        state = json.loads(self.run_program("cat", self.history, path.format(names[0]))[0])
        self.assertEqual(state["resourceType"], "AWS::EC2::Volume")
        self.assertEqual(state["configurationItemStatus"], "ResourceDiscovered")
        raw = self.run_program("cat", "--raw", self.history, path.format(names[0]))[0]
        self.assertEqual(json.loads(raw), old)
        self.assertIn('"ResourceDeleted"',
                      self.run_program("cat", self.history, path.format("latest.json"))[0])

    def test_folders_are_as_new_as_what_they_show(self):
        role = {"configuration": {"v": 1}, "awsRegion": "global"}
        self.write("in/1", [item("AROA1", time, "AWS::IAM::Role", configurationStateId=n, **role)
                            for n, time in enumerate(("2024-05-01T10:00:00.000Z",
                                                      "2024-05-01T11:00:00.000Z"), 1)])
        self.import_("in")
        lines = self.run_program("ls", "-lR", self.history, "resources")[0]
        self.assertNotIn("11:00:00", lines)
        self.assertIn("10:00:00", lines)
        # A later copy is hidden as well, in an import of its own.
        self.write("in/2", item("AROA1", "2024-05-01T12:00:00.000Z", "AWS::IAM::Role",
                                configurationStateId=3, **role))
        self.import_("in")
        self.assertEqual(self.run_program("ls", "-lR", self.history, "resources")[0], lines)


class Sources(Case):
    def test_standard_input(self):
        data = json.dumps(trail_file([event(1), event(2)])).encode()
        self.assertEqual(self.import_("-", input=data)[0], "2 events in 1 file, 0 refused")
        self.assertEqual(self.import_("-", input=data)[0],
                         "nothing new in 1 file, 2 already known, 0 refused")
        self.assert_totals(sources=1)

    def test_standard_inputs_keep_their_refusals_apart(self):
        self.import_("-", input=b"one", status=REFUSED)
        self.import_("-", input=b"two", status=REFUSED)
        self.import_("-", input=b"two", status=REFUSED)
        self.assert_totals(refused=2, sources=2)

    def test_a_pipe_by_name(self):
        path = self.write("e.json", event())
        done = subprocess.run(["bash", "-c", '"$0" import "$1" <(cat "$2")', driftfs(),
                               str(self.history), str(path)], capture_output=True, check=False)
        self.assertEqual(done.stdout, b"1 event in 1 file, 0 refused\n", done.stderr)

    def test_a_folder_holds_its_history(self):
        self.write("e.json", event())
        self.import_(self.folder)
        self.assertEqual(self.import_(self.folder)[0], "nothing new, 1 file unchanged, 0 refused")
        self.assertEqual(self.import_(self.history, status=FAILED)[1],
                         f"driftfs: {self.history}: is the history itself\n")

    def test_odd_entries_of_a_folder(self):
        self.write("in/e.json", event())
        self.write("elsewhere/f.json", event(2))
        os.mkfifo(self.folder / "in/pipe")
        os.symlink("../elsewhere", self.folder / "in/away")
        os.symlink("e.json", self.folder / "in/near")
        os.symlink("..", self.folder / "in/.up")
        line, err = self.import_("in", status=REFUSED)
        self.assertEqual(line, "1 event in 1 file, 3 refused")
        self.assertEqual(sorted(err.splitlines()), [
            "driftfs: in/.up: is a symbolic link that leads out of the folder; not followed",
            "driftfs: in/away: is a symbolic link that leads out of the folder; not followed",
            "driftfs: in/pipe: is a pipe, not a file"])

    def test_names_of_any_bytes(self):
        path = os.fsencode(self.folder) + b"/in"
        os.mkdir(path)
        with open(path + b"/a\n\x1b[31m\xff", "wb") as file:
            file.write(b"no JSON")
        line, err = self.import_("in", status=REFUSED)
        self.assertEqual(line, "nothing new, 1 refused")
        self.assertEqual(err.count("\n"), 1)
        self.assertNotIn("\x1b", err)
        self.assertNotIn("\x1b", self.run_program("status", self.history)[0])
        self.assert_totals(refused=1)

    def test_what_is_not_there(self):
        self.write("e.json", event())
        missing = "driftfs: {}: cannot be read: No such file or directory\n".format
        out, err = self.import_("nothing", "neither", status=FAILED)
        self.assertEqual(err, missing("nothing") + missing("neither"))
        self.assertEqual(out, "")
        self.assertFalse(self.history.exists(), "no history is made for a mistyped word")
        line, err = self.import_("nothing", "e.json", "neither", status=FAILED)
        self.assertEqual(line, "1 event in 1 file, 0 refused, 2 sources not read")
        self.assertEqual(err, missing("nothing") + missing("neither"))
        self.assert_totals(refused=0, sources=1)
        # It hides behind no refusal, and is told of again.
        self.write("bad", b"no JSON")
        self.assertEqual(self.import_("nothing", "bad", status=FAILED)[0],
                         "nothing new, 1 refused, 1 source not read")
        self.assertEqual(self.import_("nothing", "e.json", "bad", status=FAILED)[0],
                         "nothing new, 2 files unchanged, 0 refused, 1 source not read")
        (self.folder / "bad").unlink()
        # It is tried again another time. One that has gone since takes nothing with it.
        self.write("nothing", event(2))
        self.assertEqual(self.import_("nothing", "e.json")[0],
                         "1 event in 1 file, 1 file unchanged, 0 refused")
        (self.folder / "nothing").unlink()
        self.import_("nothing", "e.json", status=FAILED)
        self.assert_totals(refused=1, events=2, sources=3)

    def test_what_is_no_source(self):
        self.write("e.json", event())
        line, err = self.import_("/dev/zero", "e.json", status=FAILED)
        self.assertEqual(line, "1 event in 1 file, 0 refused, 1 source not read")
        self.assertEqual(err, "driftfs: /dev/zero: is a device, not a file\n")

    def test_many_files_in_order(self):
        # The first one wins where two tell different things of one event.
        for n in range(200):
            self.write(f"in/{n:03}.json", trail_file([event(1, n=n), event(n + 10)]))
        for jobs in ("1", "8"):
            self.history.unlink(missing_ok=True)
            line, _ = self.import_("in", status=REFUSED, options=("-j", jobs))
            self.assertEqual(line, "201 events in 200 files, 199 refused")
            sources = {r[0] for r in self.refusals()}
            self.assertEqual(sources, {f"{n:03}.json" for n in range(1, 200)})


class Talk(Case):
    def test_wrong_usage(self):
        for args in ([], ["h.db"], ["--nonsense", "h.db", "x"], ["-j", "0", "h.db", "x"],
                     ["-j", "many", "h.db", "x"]):
            with self.subTest(args):
                out, err = self.run_program("import", *args, status=USAGE)
                self.assertEqual(out, "")
                self.assertIn("usage: driftfs import", err)
        self.assertFalse(self.history.exists())

    def test_help(self):
        out, err = self.run_program("import", "--help")
        self.assertIn("--no-wait", out)
        self.assertEqual(err, "")

    def test_refusals_are_named(self):
        self.write("bad.json", trail_file([event(n, eventTime="never") for n in range(30)]))
        line, err = self.import_("bad.json", status=REFUSED)
        lines = err.splitlines()
        self.assertEqual(line, "nothing new, 30 refused")
        self.assertEqual(len(lines), 21)
        self.assertRegex(lines[0], r"^driftfs: bad\.json:\d+: eventTime: not a time$")
        self.assertIn("10 more", lines[20])
        self.history.unlink()
        err = self.import_("bad.json", status=REFUSED, options=["--verbose"])[1]
        self.assertEqual(len(err.splitlines()), 30)

    def test_refused_offsets_point_at_the_bytes(self):
        data = json.dumps(trail_file([event(1), event(2, eventTime="never"), event(3)])).encode()
        self.write("bad.json.gz", data)
        self.import_("bad.json.gz", status=REFUSED)
        (_, offset, field, _), = self.refusals()
        self.assertEqual(field, "eventTime")
        self.assertTrue(data[offset:].startswith(b'"never"'), data[offset:offset + 40])

    def test_a_bar_on_a_terminal(self):
        for n in range(300):
            self.write(f"in/{n}.json", trail_file([event(n * 1000 + k) for k in range(100)]))
        leader, follower = pty.openpty()
        with subprocess.Popen([driftfs(), "import", self.history, "in"], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=follower) as p:
            os.close(follower)
            shown = b""
            try:
                while block := os.read(leader, 4096):
                    shown += block
            except OSError:
                pass # how a terminal says that nobody is there any more
            out = p.stdout.read()
        os.close(leader)
        self.assertEqual(p.returncode, DONE)
        self.assertEqual(out, b"30,000 events in 300 files, 0 refused\n")
        self.assertIn(b"%", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), "the bar is gone at the end")

    def test_standard_output_that_is_full(self):
        self.write("e.json", event())
        with open("/dev/full", "wb") as full:
            done = subprocess.run([driftfs(), "import", str(self.history), "e.json"],
                                  cwd=self.folder, stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b"standard output: No space left on device", done.stderr)


class Histories(Case):
    def test_what_is_no_history(self):
        import sqlite3
        self.write("e.json", event())
        self.history.write_bytes(b"a text of mine\n" * 100)
        err = self.import_("e.json", status=FAILED)[1]
        self.assertRegex(err, r"^driftfs: .*h\.db: is not a driftfs history.*\n$")
        self.assertEqual(self.history.read_bytes(), b"a text of mine\n" * 100)
        self.history.unlink()
        with sqlite3.connect(self.history) as db:
            db.execute("CREATE TABLE mine(a)")
        db.close()
        before = self.history.read_bytes()
        self.assertIn("not a driftfs history", self.import_("e.json", status=FAILED)[1])
        self.assertEqual(self.history.read_bytes(), before)

    def test_where_none_can_be_made(self):
        self.write("e.json", event())
        for path, word in (("none/h.db", "No such file or directory"), (".", "directory"),
                           ("e.json/h.db", "Not a directory")):
            out, err = self.run_program("import", path, "e.json", status=FAILED)
            self.assertEqual(out, "")
            self.assertEqual(err.count("\n"), 1)
            self.assertIn(word, err)

    def test_only_its_owner_reads_it(self):
        self.write("e.json", event())
        self.import_("e.json")
        self.assertEqual(self.history.stat().st_mode & 0o777, 0o600)

    def test_two_at_once(self):
        self.write("e.json", event(1))
        with subprocess.Popen([driftfs(), "import", self.history, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as first:
            while not self.history.exists() or pathlib.Path(self.history).stat().st_size == 0:
                time.sleep(0.01)
            err = self.import_("e.json", status=FAILED, options=["--no-wait"])[1]
            self.assertIn("another import is writing", err)
            self.assertEqual(err.count("\n"), 1)
            with subprocess.Popen([driftfs(), "import", self.history, self.folder / "e.json"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE) as second:
                said = second.stderr.readline().decode()
                self.assertIn(f"another import is writing to {self.history}; waiting", said)
                self.assertIsNone(second.poll())
                out, err = first.communicate(json.dumps(event(2)).encode(), timeout=60)
                self.assertEqual((out, err), (b"1 event in 1 file, 0 refused\n", b""))
                out, err = second.communicate(timeout=60)
                self.assertEqual((out, err), (b"1 event in 1 file, 0 refused\n", b""))
        self.assert_totals(events=2)

    def test_a_reader_meanwhile(self):
        self.write("e.json", trail_file([event(1)]))
        self.import_("e.json")
        with subprocess.Popen([driftfs(), "import", self.history, "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            writer.stdin.write(json.dumps(event(2)).encode())
            writer.stdin.flush()
            self.assert_totals(events=1)
            writer.communicate(timeout=60)
        self.assert_totals(events=2)
        self.assertEqual(self.ls("resources"), [])


class Together(Case):
    def test_a_change_finds_its_cause(self):
        before = item(time="2024-05-01T10:00:00.000Z", configuration={"ipPermissions": []})
        after = item(time="2024-05-01T10:15:00.123Z", configuration={"ipPermissions": [
            {"fromPort": 22, "ipRanges": ["0.0.0.0/0"]}]})
        call = event(1, requestParameters={"groupId": "sg-1", "ipPermissions": {"items": [
            {"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}})
        self.write("items.json", history_file([before, after]))
        self.write("trail.json", trail_file([call]))
        self.import_("items.json", "trail.json")
        lines = [json.loads(line) for line in
                 self.cat(f"{GROUPS}/sg-1/changes.jsonl").splitlines()]
        self.assertEqual([line["changeType"] for line in lines], ["CREATE", "UPDATE"])
        self.assertEqual([c["eventID"] for c in lines[1]["causes"]], [call["eventID"]])

    def test_whatever_comes_first(self):
        documents = {"1": history_file([item(time=f"2024-05-01T10:{m:02}:00.000Z",
                                             configuration={"n": m}) for m in range(20)]),
                     "2": trail_file([event(m, time=f"2024-05-01T10:{m:02}:30Z",
                                            requestParameters={"groupId": "sg-1", "n": m})
                                      for m in range(20)]),
                     "3": alarm(time="2024-05-01T10:10:10Z")}
        for name, document in documents.items():
            self.write(name, document)
        stories = []
        for order in ("123", "321", "213"):
            self.history.unlink(missing_ok=True)
            for name in order:
                self.import_(name)
            stories.append((self.ls(f"{GROUPS}/sg-1"), self.cat(f"{GROUPS}/sg-1/changes"),
                            self.cat(f"{GROUPS}/sg-1/changes.jsonl")))
        self.assertEqual(stories[0], stories[1])
        self.assertEqual(stories[0], stories[2])
